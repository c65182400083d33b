"""Reads a dump: into a keyspace, or key by key as a witness of what it holds.

A plain string's bytes in the file are its record in the arena but for the header, so loading is
cutting and placing; a collection's elements are, too. Keys that have expired are left out of a
plain dump and kept in an AOF's base, whose later commands may depend on them. Collections without
an element are left out, as Redis does.
Source: rdbLoadRioWithLoadingCtx() in rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.database import Database
from engine.disk import Disk
from engine.errors import CorruptFileError
from engine.inline import shown
from engine.keyspace import Keyspace
from engine.page_filler import DuplicateKeyError, PageFiller
from engine.rdb_parser import Entry, RdbParser
from engine.records import HEADER, HEADER_SIZE
from engine.values.collection import Collection
from engine.values.encodings import DefaultLimits, Limits, note_loaded
from engine.values.hashes import Hash
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet

_EMPTY_KEYS_TOLD = 10
_DEFAULT_LIMITS = DefaultLimits()
_TWICE: dict[type[Collection], str] = {
    Hash: "Duplicate hash fields detected",
    Set: "Duplicate set members detected",
    SortedSet: "Duplicate zset fields detected",
}


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did."""

    keys: int
    """Keys that are in the keyspace now."""
    expired: int
    """Keys that were left out because their time had come."""
    empty: int
    """Collections that were left out because they have no element."""
    bytes: int
    """Bytes of the dump, its checksum included: what follows in the file is not its own."""
    usec: int


def load(
    path: str,
    keyspace: Keyspace,
    *,
    disk: Disk | None = None,
    keep_expired: bool = False,
    replace: bool = False,
    verify_checksum: bool = True,
    key_delay_usec: int = 0,
    limits: Limits = _DEFAULT_LIMITS,
    log: Callable[[str, str], None] = lambda level, text: None,
    on_progress: Callable[[int], None] = lambda offset: None,
) -> LoadResult:
    """Add a dump's keys to `keyspace`, which must not have them yet, or loses them (`replace`).

    `keep_expired` is for an AOF's base; `limits` bound the encodings that OBJECT ENCODING names;
    `on_progress` hears the offset about once a MiB. Raises CorruptFileError, ArenaFullError, or
    OSError where the file can't be read. The keyspace then has the keys read so far: the caller
    must give it up.
    """
    started = time.perf_counter_ns()
    parser = RdbParser(path, disk, verify_checksum=verify_checksum, on_window=on_progress)
    filler = PageFiller(keyspace)
    pack_header = HEADER.pack
    now = keyspace.now_ms()
    loaded = expired = empty = 0
    told = False
    try:
        for entry in parser.entries():
            db, key, record, value_at, expire_ms, elements = entry
            if not told:
                told = True
                _tell_origin(parser, now, log)
            is_expired = 0 < expire_ms < now and not keep_expired
            if replace and not is_expired:
                keyspace.databases[db].delete(key)
            if elements is not None:
                database = None if is_expired else keyspace.databases[db]
                if not _load_collection(parser, entry, database, limits):
                    empty += 1
                    if empty <= _EMPTY_KEYS_TOLD:
                        log("*", f"rdbLoadObject skipping empty key: {shown(key)[1:-1]}")
                    continue
            if is_expired:
                expired += 1
                continue
            if elements is None:
                if expire_ms:
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
    _tell_end(parser, log)
    ending = f", empty keys skipped: {empty}." if empty else "."
    log(
        "#" if empty else "*",
        f"Done loading RDB, keys loaded: {loaded}, keys expired: {expired}{ending}",
    )
    usec = (time.perf_counter_ns() - started) // 1000
    return LoadResult(loaded, expired, empty, parser.end, usec)


def _load_collection(
    parser: RdbParser, entry: Entry, database: Database | None, limits: Limits
) -> bool:
    """Load a collection, or only look at it where `database` is None; whether it has an element."""
    elements = entry.elements
    assert elements is not None
    if database is None:
        return sum(map(len, elements)) > 0
    collection = None
    for batch in elements:
        if collection is None:
            if entry.key in database.keys:
                raise DuplicateKeyError(entry.db, entry.key)
            collection = database.create(entry.key, elements.kind, entry.expire_ms)
        try:
            collection.load(batch)
        except KeyError as error:
            what = f"key {shown(entry.key)} of DB {entry.db}: {_TWICE[elements.kind]}"
            raise CorruptFileError(
                parser.path, parser.offset, what, "Restore the file from a backup"
            ) from error
    if collection is not None:
        as_redis_keeps(limits, collection, is_compact=elements.is_compact)
    return collection is not None


def as_redis_keeps(limits: Limits, collection: Collection, *, is_compact: bool) -> None:
    """Note the encoding that a loaded collection has in Redis, and what that does to a score."""
    note_loaded(limits, collection, is_compact=is_compact)
    if isinstance(collection, SortedSet) and not is_compact:
        _forget_minus_zero(collection)


def _forget_minus_zero(scored: SortedSet) -> None:
    """Make -0 a 0, as Redis does where it takes a sorted set into its compact encoding."""
    if scored.is_large:
        return
    for member, score in list(scored.items()):
        if score == 0 and math.copysign(1, score) < 0:
            scored.discard(member)
            scored.set(member, 0.0)


def _tell_end(parser: RdbParser, log: Callable[[str, str], None]) -> None:
    for what, count in parser.left_out.items():
        log(
            "#",
            "The dump holds what this engine has nothing like; the next dump will be without it: "
            f"{count} x {what}",
        )
    if not parser.has_checksum:
        log("*", "RDB file was saved with checksum disabled: no check performed.")


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


Value = bytes | tuple[str, list[bytes]]
"""A string's bytes; of a collection its type's name, and each element's bytes in a plain dump."""


def read(path: str, disk: Disk | None = None) -> Iterator[tuple[int, bytes, Value, int]]:
    """(database, key, value, expiry in Unix ms or 0) of every key; a witness of its own.

    The checksum is verified at the end; raises CorruptFileError or OSError.
    """
    for entry in RdbParser(path, disk).entries():
        value: Value = entry.record[entry.value_at :]
        if entry.elements is not None:
            value = (entry.elements.kind.NAME, [item for batch in entry.elements for item in batch])
        yield entry.db, entry.key, value, entry.expire_ms


def count_keys(path: str, disk: Disk | None = None) -> int:
    """How many keys a dump holds, every byte of it read and its checksum verified."""
    return sum(1 for _ in RdbParser(path, disk).entries())
