"""INFO: what the engine says of itself, in sections of `name:value` lines.

Names and order are Redis 7.0.15's, for tools read them. A field that this engine has no figure for
is left out rather than made up. Bytes, unless the name says otherwise.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from engine.commands.table import CommandSpec, specs
from engine.rdb_format import REDIS_VERSION

if TYPE_CHECKING:
    from engine.keyspace import Keyspace
    from engine.server import Server

Fields: TypeAlias = "list[tuple[str, object]]"

_DEFAULT = (
    "server",
    "clients",
    "memory",
    "persistence",
    "stats",
    "replication",
    "cpu",
    "modules",
    "errorstats",
    "cluster",
    "keyspace",
)
_EVERYTHING = (*_DEFAULT[:7], "modules", "commandstats", *_DEFAULT[8:])
_KEY_OBJECT = 56
"""Bytes of a typical key as a bytes object of CPython."""
_SAMPLE = 100


def info(server: Server, wanted: Iterable[str] = ()) -> bytes:
    """The text of the sections wanted: names, `default`, `all` or `everything`."""
    names = {name.lower() for name in wanted} or {"default"}
    if names & {"all", "everything"}:
        names.update(_EVERYTHING)
    if "default" in names:
        names.update(_DEFAULT)
    sections = [_section(server, name) for name in _EVERYTHING if name in names]
    return "\r\n".join(sections).encode("utf-8", "replace")


def _section(server: Server, name: str) -> str:
    title, fields_of = _SECTIONS[name]
    lines = [f"# {title}", *(f"{field}:{value}" for field, value in fields_of(server))]
    return "".join(f"{line}\r\n" for line in lines)


def _server(server: Server) -> Fields:
    uptime = server.uptime
    return [
        ("redis_version", REDIS_VERSION),
        ("cowscope_version", server.version),
        ("redis_mode", "standalone"),
        ("os", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("arch_bits", sys.maxsize.bit_length() + 1),
        ("python_version", platform.python_version()),
        ("multiplexing_api", type(server.loop).__module__.partition(".")[0]),
        ("process_id", os.getpid()),
        ("process_supervised", "no"),
        ("run_id", server.run_id),
        ("tcp_port", server.port),
        ("server_time_usec", time.time_ns() // 1000),
        ("uptime_in_seconds", uptime),
        ("uptime_in_days", uptime // 86400),
        ("hz", server.config.hz),
        ("configured_hz", server.config.hz),
        ("lru_clock", server.unix_seconds() & 0xFFFFFF),
        ("executable", sys.executable),
        ("config_file", server.config.path),
        ("io_threads_active", 0),
    ]


def _clients(server: Server) -> Fields:
    clients = server.clients.values()
    return [
        ("connected_clients", len(clients)),
        ("cluster_connections", 0),
        ("maxclients", server.config.maxclients),
        ("blocked_clients", len(server.pause.waiting) + len(server.blocking.clients)),
        ("tracking_clients", 0),
        (
            "clients_in_timeout_table",
            sum(wait.timer is not None for wait in server.blocking.clients.values()),
        ),
        ("pubsub_clients", sum(bool(c.channels or c.patterns) for c in clients)),
        ("watching_clients", sum(c.watch is not None for c in clients)),
        ("monitor_clients", len(server.monitors)),
    ]


def arena_overhead(keyspace: Keyspace) -> int:
    """Bytes that the dictionaries over the arena take: their tables, and about the keys."""
    tables = sum(sys.getsizeof(d.keys) + sys.getsizeof(d.expires) for d in keyspace.databases)
    return tables + len(keyspace) * _KEY_OBJECT


def used_memory(server: Server) -> int:
    """Bytes of the arena's slots and of the dictionaries over it."""
    return server.keyspace.arena.used_bytes + arena_overhead(server.keyspace)


def _resident() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _memory(server: Server) -> Fields:
    arena = server.keyspace.arena
    tail = server.persistence.tail(time.monotonic())
    overhead = arena_overhead(server.keyspace)
    used = used_memory(server)
    most = max(used, server.stats.memory_peak)
    clients = sum(
        client.unsent() + client.framer.buffered + sum(map(len, client.replies))
        for client in server.clients.values()
    )
    resident = _resident()
    peak = max(resident, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    system = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return [
        ("used_memory", used),
        ("used_memory_human", human(used)),
        ("used_memory_rss", resident),
        ("used_memory_rss_human", human(resident)),
        ("used_memory_rss_peak", peak),
        ("used_memory_rss_peak_human", human(peak)),
        ("used_memory_peak", most),
        ("used_memory_peak_human", human(most)),
        ("used_memory_peak_perc", f"{used / most * 100 if most else 0:.2f}%"),
        ("used_memory_overhead", overhead),
        ("used_memory_dataset", arena.used_bytes),
        ("used_memory_dataset_perc", f"{arena.used_bytes / used * 100 if used else 0:.2f}%"),
        ("total_system_memory", system),
        ("total_system_memory_human", human(system)),
        ("maxmemory", server.config.maxmemory),
        ("maxmemory_human", human(server.config.maxmemory)),
        ("maxmemory_policy", server.config.maxmemory_policy),
        ("mem_fragmentation_ratio", f"{resident / used if used else 0:.2f}"),
        ("mem_fragmentation_bytes", resident - used),
        ("mem_clients_normal", clients),
        ("mem_aof_buffer", tail.appended - tail.written),
        ("mem_allocator", "arena"),
        ("active_defrag_running", 0),
        ("lazyfree_pending_objects", 0),
        ("arena_page_size", arena.page_size),
        ("arena_pages", arena.pages),
        ("arena_high_water_pages", arena.high_water),
        ("arena_capacity", arena.pages * arena.page_size),
    ]


def human(number: int) -> str:
    """Bytes for people, as Redis writes them: 1.50K, 2.00G."""
    if number < 1024:
        return f"{number}B"
    power = min((number.bit_length() - 1) // 10, 5)
    return f"{number / 1024**power:.2f}{' KMGTP'[power]}"


def _persistence(server: Server) -> Fields:
    return list(server.persistence.info())


def _stats(server: Server) -> Fields:
    stats = server.stats
    return [
        ("total_connections_received", stats.connections),
        ("total_commands_processed", stats.commands),
        ("instantaneous_ops_per_sec", round(stats.commands_rate.per_second())),
        ("total_net_input_bytes", stats.net_input_bytes),
        ("total_net_output_bytes", stats.net_output_bytes),
        ("instantaneous_input_kbps", f"{stats.input_rate.per_second() / 1024:.2f}"),
        ("instantaneous_output_kbps", f"{stats.output_rate.per_second() / 1024:.2f}"),
        ("rejected_connections", stats.rejected_connections),
        ("sync_full", 0),
        ("sync_partial_ok", 0),
        ("sync_partial_err", 0),
        ("expired_keys", stats.expired_keys),
        ("expire_cycle_cpu_milliseconds", stats.expire_nanoseconds // 1_000_000),
        ("evicted_keys", 0),
        ("evicted_clients", 0),
        ("keyspace_hits", stats.keyspace_hits),
        ("keyspace_misses", stats.keyspace_misses),
        ("pubsub_channels", server.pubsub.channel_count),
        ("pubsub_patterns", server.pubsub.pattern_count),
        ("pubsubshard_channels", 0),
        ("latest_fork_usec", stats.latest_fork_usec),
        ("total_forks", stats.total_forks),
        ("slave_expires_tracked_keys", 0),
        ("tracking_total_keys", 0),
        ("total_error_replies", sum(stats.errors.values())),
        ("total_reads_processed", stats.reads),
        ("total_writes_processed", stats.writes),
        ("io_threaded_reads_processed", 0),
        ("io_threaded_writes_processed", 0),
    ]


def _replication(server: Server) -> Fields:
    return [
        ("role", "master"),
        ("connected_slaves", 0),
        ("master_failover_state", "no-failover"),
        ("master_replid", server.run_id),
        ("master_replid2", "0" * 40),
        ("master_repl_offset", 0),
        ("second_repl_offset", -1),
        ("repl_backlog_active", 0),
    ]


def _cpu(server: Server) -> Fields:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    main = resource.getrusage(resource.RUSAGE_THREAD)
    return [
        ("used_cpu_sys", f"{own.ru_stime:.6f}"),
        ("used_cpu_user", f"{own.ru_utime:.6f}"),
        ("used_cpu_sys_children", f"{children.ru_stime:.6f}"),
        ("used_cpu_user_children", f"{children.ru_utime:.6f}"),
        ("used_cpu_sys_main_thread", f"{main.ru_stime:.6f}"),
        ("used_cpu_user_main_thread", f"{main.ru_utime:.6f}"),
    ]


def _commandstats(server: Server) -> Fields:
    called = [spec for spec in _all_specs() if spec.calls or spec.failed_calls]
    return [(f"cmdstat_{spec.name}", _calls(spec)) for spec in called]


def _all_specs() -> Iterable[CommandSpec]:
    """Containers stand for nothing of their own: their subcommands are counted."""
    for spec in specs():
        yield from spec.subcommands.values() if spec.subcommands else (spec,)


def _calls(spec: CommandSpec) -> str:
    usec = spec.nanoseconds // 1000
    each = usec / spec.calls if spec.calls else 0.0
    return (
        f"calls={spec.calls},usec={usec},usec_per_call={each:.2f},"
        f"rejected_calls=0,failed_calls={spec.failed_calls}"
    )


def _errorstats(server: Server) -> Fields:
    return [
        (f"errorstat_{code}", f"count={count}")
        for code, count in sorted(server.stats.errors.items())
    ]


def _keyspace(server: Server) -> Fields:
    now = server.keyspace.now_ms()
    fields: Fields = []
    for database in server.keyspace.databases:
        if database.keys:
            sample = [due - now for due in islice(database.expires.values(), _SAMPLE)]
            mean = max(0, sum(sample) // len(sample)) if sample else 0
            count = f"keys={len(database)},expires={len(database.expires)},avg_ttl={mean}"
            fields.append((f"db{database.index}", count))
    return fields


_SECTIONS: dict[str, tuple[str, Callable[[Server], Fields]]] = {
    "server": ("Server", _server),
    "clients": ("Clients", _clients),
    "memory": ("Memory", _memory),
    "persistence": ("Persistence", _persistence),
    "stats": ("Stats", _stats),
    "replication": ("Replication", _replication),
    "cpu": ("CPU", _cpu),
    "modules": ("Modules", lambda server: []),
    "commandstats": ("Commandstats", _commandstats),
    "errorstats": ("Errorstats", _errorstats),
    "cluster": ("Cluster", lambda server: [("cluster_enabled", 0)]),
    "keyspace": ("Keyspace", _keyspace),
}
