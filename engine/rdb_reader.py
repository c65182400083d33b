"""Reads a dump: into a keyspace, or key by key as a witness of what it holds.

A plain string's bytes in the file are its record in the arena but for the header, so loading is
cutting and placing. Keys that have expired are left out of a plain dump and kept in an AOF's base,
whose later commands may depend on them.
Source: rdbLoadRioWithLoadingCtx() in rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.disk import Disk
from engine.errors import CorruptFileError
from engine.keyspace import Keyspace
from engine.page_filler import DuplicateKeyError, PageFiller
from engine.rdb_parser import RdbParser
from engine.records import HEADER, HEADER_SIZE


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did."""

    keys: int
    """Keys that are in the keyspace now."""
    expired: int
    """Keys that were left out because their time had come."""
    bytes: int
    """Bytes of the dump, its checksum included: what follows in the file is not its own."""
    usec: int


def load(
    path: str,
    keyspace: Keyspace,
    *,
    disk: Disk | None = None,
    keep_expired: bool = False,
    verify_checksum: bool = True,
    key_delay_usec: int = 0,
    log: Callable[[str, str], None] = lambda level, text: None,
    on_progress: Callable[[int], None] = lambda offset: None,
) -> LoadResult:
    """Add a dump's keys to `keyspace`, which must not have them yet.

    `keep_expired` is for an AOF's base; `on_progress` hears the offset about once a MiB. Raises
    CorruptFileError, ArenaFullError, or OSError where the file can't be read. The keyspace then has
    the keys read so far: the caller must give it up.
    """
    started = time.perf_counter_ns()
    parser = RdbParser(path, disk, verify_checksum=verify_checksum, on_window=on_progress)
    filler = PageFiller(keyspace)
    pack_header = HEADER.pack
    now = keyspace.now_ms()
    loaded = expired = 0
    told = False
    try:
        for db, key, record, value_at, expire_ms in parser.entries():
            if not told:
                told = True
                _tell_origin(parser, now, log)
            if expire_ms:
                if expire_ms < now and not keep_expired:
                    expired += 1
                    continue
                keyspace.databases[db].expires[key] = expire_ms
            filler.add(db, key, pack_header(len(record), HEADER_SIZE + value_at) + record)
            loaded += 1
            if key_delay_usec:
                time.sleep(max(key_delay_usec, 0) / 1_000_000)
        filler.finish()
    except DuplicateKeyError as error:
        raise CorruptFileError(
            path, parser.offset, f"RDB has {error}", "Restore the file from a backup"
        ) from error
    if not told:
        _tell_origin(parser, now, log)
    if not parser.has_checksum:
        log("*", "RDB file was saved with checksum disabled: no check performed.")
    log("*", f"Done loading RDB, keys loaded: {loaded}, keys expired: {expired}.")
    usec = (time.perf_counter_ns() - started) // 1000
    return LoadResult(loaded, expired, parser.end, usec)


def _tell_origin(parser: RdbParser, now_ms: int, log: Callable[[str, str], None]) -> None:
    aux = parser.aux
    if "redis-ver" in aux:
        log("*", f"Loading RDB produced by version {aux['redis-ver']}")
    if aux.get("ctime", "").isdigit():
        log("*", f"RDB age {max(now_ms // 1000 - int(aux['ctime']), 0)} seconds")
    if aux.get("used-mem", "").isdigit():
        log("*", f"RDB memory usage when created {int(aux['used-mem']) / (1 << 20):.2f} Mb")
    if aux.get("aof-base") == "1":
        log("*", "RDB is base AOF")
    for name, value in aux.items():
        if name.startswith("%"):
            log("*", f"RDB '{name}': {value}")


def read(path: str, disk: Disk | None = None) -> Iterator[tuple[int, bytes, bytes, int]]:
    """(database, key, value, expiry in Unix ms or 0) of every key; a witness of its own.

    The checksum is verified at the end; raises CorruptFileError or OSError.
    """
    for entry in RdbParser(path, disk).entries():
        yield entry.db, entry.key, entry.record[entry.value_at :], entry.expire_ms


def count_keys(path: str, disk: Disk | None = None) -> int:
    """How many keys a dump holds, every byte of it read and its checksum verified."""
    return sum(1 for _ in RdbParser(path, disk).entries())
