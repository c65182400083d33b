"""INFO persistence: every field that Redis 7.0 prints, in its order, from what was measured."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.server import Server


def fields(server: Server) -> list[tuple[str, str]]:
    """(name, value) of every field; bytes, whole seconds, 0/1 and ok/err as in Redis."""
    persistence = server.persistence
    saves = persistence.saves
    rewrites = persistence.rewrites
    child = persistence.children.running
    saving = saves.snapshot is not None
    now = monotonic()
    total = child.total_keys if child else 0
    done = child.keys if child else 0
    found: list[tuple[str, object]] = [
        ("loading", int(server.loading)),
        ("async_loading", 0),
        ("current_cow_peak", child.cow_peak_kb * 1024 if child else 0),
        ("current_cow_size", child.cow_kb * 1024 if child else 0),
        ("current_cow_size_age", int(now - child.cow_at) if child else 0),
        ("current_fork_perc", f"{done / total * 100 if total else 0:.2f}"),
        ("current_save_keys_processed", done),
        ("current_save_keys_total", total),
        ("rdb_changes_since_last_save", server.keyspace.dirty),
        ("rdb_bgsave_in_progress", int(saving)),
        ("rdb_last_save_time", saves.lastsave),
        ("rdb_last_bgsave_status", "ok" if saves.last_ok else "err"),
        ("rdb_last_bgsave_time_sec", saves.last_seconds),
        (
            "rdb_current_bgsave_time_sec",
            server.unix_seconds() - saves.started_at if saving else -1,
        ),
        ("rdb_saves", saves.attempts),
        ("rdb_last_cow_size", saves.last_cow_bytes),
        ("rdb_last_load_keys_expired", persistence.recovery.expired),
        ("rdb_last_load_keys_loaded", persistence.recovery.keys),
        ("aof_enabled", int(persistence.aof.enabled or rewrites.waits_for_base)),
        ("aof_rewrite_in_progress", int(rewrites.child is not None)),
        ("aof_rewrite_scheduled", int(rewrites.scheduled)),
        ("aof_last_rewrite_time_sec", rewrites.last_seconds),
        (
            "aof_current_rewrite_time_sec",
            server.unix_seconds() - rewrites.started_at if rewrites.child else -1,
        ),
        ("aof_last_bgrewrite_status", "ok" if rewrites.last_ok else "err"),
        ("aof_rewrites", rewrites.count),
        ("aof_rewrites_consecutive_failures", rewrites.failures),
        ("aof_last_write_status", "err" if persistence.aof.policy.refusal else "ok"),
        ("aof_last_cow_size", rewrites.last_cow_bytes),
        ("module_fork_in_progress", 0),
        ("module_fork_last_cow_size", 0),
    ]
    if persistence.aof.enabled or rewrites.waits_for_base:
        tail = persistence.tail(now)
        found += [
            ("aof_current_size", tail.current_size),
            ("aof_base_size", tail.base_size),
            ("aof_pending_rewrite", int(rewrites.scheduled)),
            ("aof_buffer_length", tail.buffer_length),
            *rewrites.more_fields(),
            ("aof_pending_bio_fsync", tail.pending_bio_fsync),
            ("aof_delayed_fsync", tail.delayed_fsync),
        ]
    return [(name, str(value)) for name, value in found]
