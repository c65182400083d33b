"""Writes a keyspace as an RDB dump, by walking the arena's pages in address order.

Theory of operation. A record's bytes in the arena already are its bytes in a dump, so the walk
encodes nothing: it reads the headers of a page in one slice, cuts the records out behind them and
joins a quarter MiB of them into one checksum and one write(2). No dictionary is looked at, and
nothing is kept but the batch, because in a forked child every reference count is a write that
copies a page. Databases alternate as pages do: SELECTDB is repeated at every change.

The same walk serves SAVE in the foreground, the snapshot child and the base of an AOF. A `Pace`
may slow it: `rdb-key-save-delay` here, a hold in `child_control`.
Source: rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from engine import rdb_format
from engine.arena import Arena
from engine.disk import Disk, write_all
from engine.errors import EngineError
from engine.keyspace import Keyspace
from engine.records import FIRST_COLLECTION, HEADER, HEADER_SIZE, KIND_SHIFT
from engine.size_classes import CONTINUED, FREE_PAGE, RUN

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

    def add(self, records: list[bytes | memoryview], size: int) -> None:
        """Add whole records; `size` is the room they take in memory, near enough for a batch."""
        if size >= BATCH:
            self.flush()
        self.keys += len(records)
        self._batch += records
        self._pending += size
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
    for first, last, records, size in walk(arena):
        index = arena.page_db[first]
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
            for record in records:
                pace.before_record(dump)
                dump.add([record], size // len(records))
                pace.after_record(dump)
        else:
            dump.add(records, size)
        pace.after_page(dump, first, last)
    if dump.keys != len(keyspace):
        raise EngineError(
            f"the arena's pages hold {dump.keys} records, the keyspace {len(keyspace)} keys: "
            "this dump would not be the data, so it is given up"
        )


def walk(arena: Arena) -> Iterator[tuple[int, int, list[bytes | memoryview], int]]:
    """(first page, last page, records, bytes of memory) of every page or run that has records."""
    memory = arena.memory
    classes = arena.page_class
    sizes = arena.classes.sizes
    page_size = arena.page_size
    with memoryview(memory) as view, view.cast("I") as words:
        page = 0
        while page < arena.high_water:
            page_class = classes[page]
            if page_class in (FREE_PAGE, CONTINUED):
                page += 1
                continue
            first = page
            page += 1
            start = arena.offset_of(first)
            if page_class == RUN:
                while page < arena.high_water and classes[page] == CONTINUED:
                    page += 1
                length, word = HEADER.unpack_from(memory, start)
                if length:
                    _refuse_collections(word, first)
                    at = start + HEADER_SIZE
                    yield first, page - 1, [view[at : at + length]], length
                continue
            size = sizes[page_class]
            count = page_size // size
            at, step = start >> 2, size >> 2
            end = at + count * step
            lengths = words[at:end:step].tolist()
            _refuse_collections(max(words[at + 1 : end : step].tolist()), first)
            places = range(start + HEADER_SIZE, start + page_size, size)
            records: list[bytes | memoryview] = [
                memory[at : at + length]
                for at, length in zip(places, lengths, strict=False)
                if length
            ]
            if records:
                yield first, first, records, page_size


def _refuse_collections(word: int, page: int) -> None:
    """The one place where a record's kind matters: a string's bytes are its RDB record."""
    if word >= FIRST_COLLECTION:
        raise EngineError(f"page {page} has a record of kind {word >> KIND_SHIFT}: unknown")


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
