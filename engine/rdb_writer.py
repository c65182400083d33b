"""Writes a keyspace as an RDB dump, by walking the arena's pages in address order.

Theory of operation. A record's bytes in the arena already are its bytes in a dump, so the walk
encodes nothing: it reads the headers of a page in one slice, cuts the records out behind them and
joins a quarter MiB of them into one checksum and one write(2). A collection's head leads to its
chunks, which are joined the same way wherever they lie. No dictionary is looked at, and nothing is
kept but the batch, because in a forked child every reference count is a write that copies a page.
Databases alternate as pages do: SELECTDB is repeated at every change.

The same walk serves SAVE in the foreground, the snapshot child and the base of an AOF. A `Pace`
may slow it: `rdb-key-save-delay` here, a hold in `child_control`.
Source: rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import NamedTuple

from engine import rdb_format
from engine.arena import Arena
from engine.disk import Disk, write_all
from engine.errors import EngineError
from engine.keyspace import Keyspace
from engine.records import FIRST_COLLECTION, HEADER, HEADER_SIZE, rdb_length
from engine.size_classes import CHUNK, CONTINUED, FREE_PAGE, RUN
from engine.values.chunks import HEAD_BIT, LINK, Chain

BATCH = 256 << 10
"""Bytes of arena pages that are joined for one write(2)."""


class Dump:
    """A dump that is being written: batches records, counts keys, bytes and the checksum."""

    def __init__(self, disk: Disk, fd: int, *, checksum: bool = True) -> None:
        self.keys = 0
        """Records added."""
        self.bytes = 0
        """Bytes that write(2) has taken; what is still in the batch does not count."""
        self._disk = disk
        self._fd = fd
        self._with_checksum = checksum
        self._crc = 0
        self._batch: list[bytes | memoryview] = []
        self._pending = 0

    @property
    def produced(self) -> int:
        """Bytes, near enough, with those that are still in the batch."""
        return self.bytes + self._pending

    def add(self, records: list[bytes | memoryview], size: int) -> None:
        """Add whole records; `size` is the room they take in memory, near enough for a batch."""
        if size >= BATCH:
            self.flush()
        self.keys += len(records)
        self._batch += records
        self._pending += size
        if self._pending >= BATCH:
            self.flush()

    def add_piece(self, data: bytes) -> None:
        """Add bytes of a record whose start has been added."""
        self._batch.append(data)
        self._pending += len(data)
        if self._pending >= BATCH:
            self.flush()

    def add_opcode(self, data: bytes) -> None:
        """Add bytes that are no record."""
        self._batch.append(data)

    def flush(self) -> None:
        """Write the batch; raises the OSError of write(2)."""
        if not self._batch:
            return
        data = self._batch[0] if len(self._batch) == 1 else b"".join(self._batch)
        self._batch.clear()
        self._pending = 0
        with memoryview(data) as view:
            for at in range(0, len(data), BATCH):
                piece = view[at : at + BATCH]
                if self._with_checksum:
                    self._crc = rdb_format.crc64(piece, self._crc)
                write_all(self._disk, self._fd, piece)
                self.bytes += len(piece)

    def finish(self) -> None:
        """Write what is left, the EOF opcode and the checksum."""
        self.add_opcode(bytes((rdb_format.EOF,)))
        self.flush()
        write_all(self._disk, self._fd, rdb_format.pack_checksum(self._crc))
        self.bytes += 8


class Pace:
    """How fast a dump may grow: `rdb-key-save-delay`, in microseconds a key.

    A negative delay of -n sleeps one microsecond every n keys on average, as in Redis.
    """

    def __init__(self, key_delay_usec: int = 0) -> None:
        self.key_delay_usec = key_delay_usec

    def is_record_by_record(self) -> bool:
        """Whether the next page's records go one by one, with a look around before each."""
        return self.key_delay_usec != 0

    def before_record(self, dump: Dump) -> None:
        """May wait."""

    def after_record(self, dump: Dump) -> None:
        """Sleep as configured."""
        delay = self.key_delay_usec
        if delay < 0:
            delay = int(random.randrange(-delay) == 0)
        if delay:
            time.sleep(delay / 1_000_000)

    def after_page(self, dump: Dump, first: int, last: int) -> None:
        """All records of pages `first` to `last` have been added."""


def write_keyspace(dump: Dump, keyspace: Keyspace, pace: Pace) -> None:
    """Write every key with its expiry; raises EngineError if the walk misses any."""
    arena = keyspace.arena
    announced: set[int] = set()
    selected = -1
    told = bytearray(arena.high_water)
    for page in walk(arena):
        index = arena.page_db[page.first]
        if index != selected:
            selected = index
            dump.add_opcode(rdb_format.select_database(index))
            if index not in announced:
                announced.add(index)
                database = keyspace.databases[index]
                dump.add_opcode(
                    rdb_format.resize_database(len(database.keys), len(database.expires))
                )
        if pace.is_record_by_record():
            for record in page.records:
                pace.before_record(dump)
                dump.add([record], page.size // len(page.records))
                pace.after_record(dump)
        elif page.records:
            dump.add(page.records, page.size)
        for head in page.heads:
            pace.before_record(dump)
            for first, last in _write_collection(dump, arena, head):
                if not told[first]:
                    told[first] = 1
                    pace.after_page(dump, first, last)
            pace.after_record(dump)
        pace.after_page(dump, page.first, page.last)
    if dump.keys != len(keyspace):
        raise EngineError(
            f"the arena's pages hold {dump.keys} records, the keyspace {len(keyspace)} keys: "
            "this dump would not be the data, so it is given up"
        )


class Page(NamedTuple):
    """A page, or a run of pages, that has records."""

    first: int
    last: int
    records: list[bytes | memoryview]
    """Of strings: their bytes are what a dump holds."""
    heads: list[int]
    """Where the head records of collections lie."""
    size: int
    """Bytes of memory."""


def walk(arena: Arena) -> Iterator[Page]:
    """All pages with records, in address order; pages of chunks are reached through the heads."""
    memory = arena.memory
    classes = arena.page_class
    sizes = arena.classes.sizes
    page_size = arena.page_size
    with memoryview(memory) as view, view.cast("I") as words:
        page = 0
        while page < arena.high_water:
            page_class = classes[page]
            first = page
            page += 1
            if page_class == FREE_PAGE or (page_class >= CHUNK and page_class != RUN):
                continue
            start = arena.offset_of(first)
            if page_class == RUN:
                while page < arena.high_water and classes[page] == CONTINUED:
                    page += 1
                length, word = HEADER.unpack_from(memory, start)
                if word >= FIRST_COLLECTION:
                    yield Page(first, page - 1, [], [start], length)
                elif length:
                    at = start + HEADER_SIZE
                    yield Page(first, page - 1, [view[at : at + length]], [], length)
                continue
            size = sizes[page_class]
            count = page_size // size
            at, step = start >> 2, size >> 2
            end = at + count * step
            lengths = words[at:end:step].tolist()
            places = range(start + HEADER_SIZE, start + page_size, size)
            heads: list[int] = []
            kinds = words[at + 1 : end : step].tolist()
            if max(kinds) >= FIRST_COLLECTION:
                for number, kind in enumerate(kinds):
                    if kind >= FIRST_COLLECTION and lengths[number]:
                        heads.append(start + number * size)
                        lengths[number] = 0
            records: list[bytes | memoryview] = [
                memory[at : at + length]
                for at, length in zip(places, lengths, strict=False)
                if length
            ]
            if records or heads:
                yield Page(first, first, records, heads, page_size)


def _write_collection(dump: Dump, arena: Arena, head: int) -> Iterator[tuple[int, int]]:
    """Add a collection's record; the (first, last) pages of each chunk, once it is added."""
    memory = arena.memory
    length, _ = HEADER.unpack_from(memory, head)
    links_at = head + HEADER_SIZE + length
    count, at = Chain.LINKS.unpack_from(memory, links_at)
    dump.add([memory[head + HEADER_SIZE : links_at] + rdb_length(count)], length)
    while not at & HEAD_BIT:
        following, start, end = LINK.unpack_from(memory, at)
        dump.add_piece(memory[at + start : at + end])
        yield arena.page_of(at), arena.page_of(at + end - 1)
        at = following


def add_key(dump: Dump, arena: Arena, offset: int) -> list[int]:
    """Add the one record at `offset`, as it is now; the pages that it lies on."""
    memory = arena.memory
    length, word = HEADER.unpack_from(memory, offset)
    first, last = arena.page_of(offset), arena.page_of(offset + HEADER_SIZE + length - 1)
    pages = list(range(first, last + 1))
    if word >= FIRST_COLLECTION:
        for start, end in _write_collection(dump, arena, offset):
            pages += range(start, end + 1)
    else:
        at = offset + HEADER_SIZE
        dump.add([memory[at : at + length]], length)
    return pages


class _Buffer(Disk):
    """A disk that keeps what is written."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, fd: int, data: bytes | memoryview) -> int:
        self.data += bytes(data)
        return len(data)


def empty_base(*, now: int | None = None) -> bytes:
    """The bytes of a valid dump without a key, as the base of a new AOF."""
    buffer = _Buffer()
    dump = Dump(buffer, -1)
    seconds = int(time.time()) if now is None else now
    dump.add_opcode(
        rdb_format.header(rdb_format.aux_fields(now=seconds, used_memory=0, aof_base=True))
    )
    dump.finish()
    return buffer.data
