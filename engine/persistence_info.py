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
    child = saves.snapshot
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
        ("rdb_bgsave_in_progress", int(child is not None)),
        ("rdb_last_save_time", saves.lastsave),
        ("rdb_last_bgsave_status", "ok" if saves.last_ok else "err"),
        ("rdb_last_bgsave_time_sec", saves.last_seconds),
        (
            "rdb_current_bgsave_time_sec",
            server.unix_seconds() - saves.started_at if child else -1,
        ),
        ("rdb_saves", saves.attempts),
        ("rdb_last_cow_size", saves.last_cow_bytes),
        ("rdb_last_load_keys_expired", persistence.recovery.expired),
        ("rdb_last_load_keys_loaded", persistence.recovery.keys),
        ("aof_enabled", int(persistence.aof.enabled)),
        ("aof_rewrite_in_progress", 0),
        ("aof_rewrite_scheduled", 0),
        ("aof_last_rewrite_time_sec", -1),
        ("aof_current_rewrite_time_sec", -1),
        ("aof_last_bgrewrite_status", "ok"),
        ("aof_rewrites", 0),
        ("aof_rewrites_consecutive_failures", 0),
        ("aof_last_write_status", "err" if persistence.aof.policy.refusal else "ok"),
        ("aof_last_cow_size", 0),
        ("module_fork_in_progress", 0),
        ("module_fork_last_cow_size", 0),
    ]
    if persistence.aof.enabled:
        tail = persistence.tail(now)
        found += [
            ("aof_current_size", tail.current_size),
            ("aof_base_size", tail.base_size),
            ("aof_pending_rewrite", 0),
            ("aof_buffer_length", tail.buffer_length),
            ("aof_pending_bio_fsync", tail.pending_bio_fsync),
            ("aof_delayed_fsync", tail.delayed_fsync),
        ]
    return [(name, str(value)) for name, value in found]
