"""Writes a keyspace as commands: the base of an AOF where `aof-use-rdb-preamble` is no.

The walk is the dump's (`rdb_writer.walk`): in address order over the arena, no dictionary looked
at. A string is a SET; a collection is RPUSH, SADD, ZADD or HMSET with at most 64 elements each; an
expiry follows as PEXPIREAT.
Source: rewriteAppendOnlyFileRio() in aof.c (Redis 7.0.15).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from engine.aof_format import encode
from engine.arena import Arena
from engine.errors import EngineError
from engine.keyspace import Keyspace
from engine.rdb_writer import Dump, Pace, walk
from engine.records import HEADER, HEADER_SIZE, KIND_SHIFT, OPCODE_EXPIRETIME_MS, read_length
from engine.values.chunks import HEAD_BIT, LINK, Chain
from engine.values.hashes import Hash
from engine.values.lists import List
from engine.values.sets import Set
from engine.values.sorted_sets import SCORE, SortedSet

ITEMS_A_COMMAND = 64
"""AOF_REWRITE_ITEMS_PER_CMD."""
_EXPIRY_SIZE = 9


def write_commands(dump: Dump, keyspace: Keyspace, pace: Pace) -> None:
    """Add the commands that make every key; raises EngineError if the walk misses any."""
    arena = keyspace.arena
    selected = -1
    for page in walk(arena):
        index = arena.page_db[page.first]
        if index != selected:
            selected = index
            dump.add_opcode(encode([b"SELECT", b"%d" % index]))
        for record in page.records:
            _add(dump, pace, _string(bytes(record)))
        for head in page.heads:
            _add(dump, pace, _collection(arena, head))
        pace.after_page(dump, page.first, page.last)
    if dump.keys != len(keyspace):
        raise EngineError(
            f"the arena's pages hold {dump.keys} records, the keyspace {len(keyspace)} keys: "
            "this file would not be the data, so it is given up"
        )


def _add(dump: Dump, pace: Pace, commands: Iterator[bytes]) -> None:
    pace.before_record(dump)
    first = next(commands)
    dump.add([first], len(first))
    for command in commands:
        dump.add_piece(command)
    pace.after_record(dump)


def _string(record: bytes) -> Iterator[bytes]:
    expire_ms, key, at = _start(record)
    _, at = read_length(record, at)
    yield encode([b"SET", key, record[at:]])
    if expire_ms:
        yield _expiry(key, expire_ms)


def _collection(arena: Arena, head: int) -> Iterator[bytes]:
    memory = arena.memory
    length, word = HEADER.unpack_from(memory, head)
    links_at = head + HEADER_SIZE + length
    expire_ms, key, _ = _start(memory[head + HEADER_SIZE : links_at])
    name, words_of = _COMMANDS[word >> KIND_SHIFT]
    elements = _elements(arena, Chain.LINKS.unpack_from(memory, links_at)[1], words_of)
    while batch := list(islice(elements, ITEMS_A_COMMAND)):
        yield encode([name, key, *(word for words in batch for word in words)])
    if expire_ms:
        yield _expiry(key, expire_ms)


def _elements(
    arena: Arena, at: int, words_of: Callable[[bytes, int], tuple[list[bytes], int]]
) -> Iterator[list[bytes]]:
    memory = arena.memory
    while not at & HEAD_BIT:
        following, start, end = LINK.unpack_from(memory, at)
        data = memory[at + start : at + end]
        position = 0
        while position < len(data):
            words, position = words_of(data, position)
            yield words
        at = following


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_length(data, at)
    return data[at : at + length], at + length


def _one(data: bytes, at: int) -> tuple[list[bytes], int]:
    text, at = _text(data, at)
    return [text], at


def _pair(data: bytes, at: int) -> tuple[list[bytes], int]:
    field, at = _text(data, at)
    value, at = _text(data, at)
    return [field, value], at


def _scored(data: bytes, at: int) -> tuple[list[bytes], int]:
    member, at = _text(data, at)
    (score,) = SCORE.unpack_from(data, at)
    return [b"%.17g" % score, member], at + SCORE.size


_COMMANDS: dict[int, tuple[bytes, Callable[[bytes, int], tuple[list[bytes], int]]]] = {
    List.KIND: (b"RPUSH", _one),
    Set.KIND: (b"SADD", _one),
    SortedSet.KIND: (b"ZADD", _scored),
    Hash.KIND: (b"HMSET", _pair),
}


def _start(record: bytes) -> tuple[int, bytes, int]:
    """(expiry in Unix ms or 0, key, offset behind it) of a record's bytes."""
    at = expire_ms = 0
    if record[0] == OPCODE_EXPIRETIME_MS:
        expire_ms = int.from_bytes(record[1:_EXPIRY_SIZE], "little", signed=True)
        at = _EXPIRY_SIZE
    key, at = _text(record, at + 1)
    return expire_ms, key, at


def _expiry(key: bytes, expire_ms: int) -> bytes:
    return encode([b"PEXPIREAT", key, b"%d" % expire_ms])
