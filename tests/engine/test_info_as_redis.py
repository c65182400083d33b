"""The names of INFO and CLIENT LIST, and their order, as a redis-server has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version
from tests.whole.running import engine

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)
LEFT_OUT = {
    "server": "redis_git_sha1 redis_git_dirty redis_build_id monotonic_clock atomicvar_api "
    "gcc_version",
    "clients": "client_recent_max_input_buffer client_recent_max_output_buffer",
    "stats": "total_net_repl_input_bytes total_net_repl_output_bytes "
    "instantaneous_input_repl_kbps instantaneous_output_repl_kbps expired_stale_perc "
    "expired_time_cap_reached_count total_eviction_exceeded_time current_eviction_exceeded_time "
    "migrate_cached_sockets active_defrag_hits active_defrag_misses active_defrag_key_hits "
    "active_defrag_key_misses total_active_defrag_time current_active_defrag_time "
    "tracking_total_items tracking_total_prefixes unexpected_error_replies "
    "dump_payload_sanitizations reply_buffer_shrinks reply_buffer_expands",
    "replication": "repl_backlog_size repl_backlog_first_byte_offset repl_backlog_histlen",
}
"""What this engine has no figure for."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wire, Wire]]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    try:
        with engine(tmp_path_factory.mktemp("ours"), "--unixsocket", "engine.sock") as running:
            wires = Wire(str(running.folder / "engine.sock")), server.connect()
            yield wires
            for wire in wires:
                wire.close()
    finally:
        server.stop()


def names(wire: Wire, section: str) -> list[str]:
    wire.call(b"SET", b"a", b"1", b"EX", b"100")
    wire.call(b"NOSUCH")
    lines = wire.call(b"INFO", section.encode()).decode().split("\r\n")[1:]
    return [line.partition(":")[0] for line in lines if line]


@pytest.mark.parametrize(
    "section",
    [
        *("server", "clients", "persistence", "stats", "replication", "cpu", "modules"),
        *("errorstats", "cluster", "keyspace"),
    ],
)
def test_the_fields_of_a_section(both: tuple[Wire, Wire], section: str) -> None:
    ours, theirs = (names(wire, section) for wire in both)
    left_out = LEFT_OUT.get(section, "").split()
    assert [name for name in theirs if name not in left_out] == [n for n in ours if n in theirs]
    assert not set(left_out) & set(ours)


def test_the_fields_of_a_connection(both: tuple[Wire, Wire]) -> None:
    lines = [wire.call(b"CLIENT", b"LIST").split(b"\r\n")[1] for wire in both]
    ours, theirs = ([field.partition(b"=")[0] for field in line.split()] for line in lines)
    assert ours == [*theirs, b"lib-name", b"lib-ver"]
    assert all(b" cmd=client|list " in line for line in lines)


def test_figures_move(both: tuple[Wire, Wire]) -> None:
    ours = both[0]

    def figures() -> dict[str, str]:
        lines = ours.call(b"INFO", b"everything").decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    before = figures()
    ours.call(b"SET", b"big", b"x" * 100_000)
    ours.call(b"GET", b"big")
    after = figures()

    def grown(name: str) -> int:
        return int(after[name]) - int(before[name])

    assert grown("total_net_input_bytes") > 100_000
    assert grown("total_net_output_bytes") > 100_000
    assert grown("total_reads_processed") >= 3
    assert grown("total_writes_processed") == 3
    assert grown("used_memory") >= 100_000
    assert int(after["used_memory_peak"]) >= int(after["used_memory"])
