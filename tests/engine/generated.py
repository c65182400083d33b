"""Generated data of all five types, the same for this engine and for a real redis-server.

`generated` makes keys; `commands` are what a server needs to have one, `put` gives it to a
keyspace without any command. `REGIMES` force redis-server's encodings: a key takes the encoding of
the regime under which it is created.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from engine.keyspace import Keyspace
from engine.values.encodings import DefaultLimits, note_loaded
from engine.values.hashes import Hash
from engine.values.lists import List
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet
from tests.engine.redis_reference import Wire

KINDS = ("string", "list", "set", "hash", "zset")
_HOUR = 3_600_000
_AT_ONCE = 50
_SETTINGS = (
    b"hash-max-listpack-entries",
    b"hash-max-listpack-value",
    b"set-max-intset-entries",
    b"zset-max-listpack-entries",
    b"zset-max-listpack-value",
    b"list-max-listpack-size",
    b"list-compress-depth",
)
REGIMES: tuple[tuple[int, ...], ...] = (
    (512, 64, 512, 128, 64, -2, 0),  # the defaults
    (0, 64, 0, 0, 64, 1, 0),  # nothing compact, a node for each list element
    (5000, 1 << 20, 5000, 5000, 1 << 20, -5, 0),  # all in one piece
    (512, 64, 512, 128, 64, 3, 1),  # list nodes inside are LZF
    (512, 1, 2, 128, 1, -1, 2),
)
"""Values of `_SETTINGS`."""
PACKED_THRESHOLDS = (b"0", b"0", b"0", b"50b", b"100b")
"""By regime: elements from this size on are list nodes of their own; 0 is the default."""


class Item(NamedTuple):
    """One key."""

    db: int
    key: bytes
    kind: str
    words: list[bytes]
    """The string; elements in order; field, value, field, value; member, score, member, score."""
    expire_ms: int
    """Unix milliseconds, 0 for never."""


Words = Callable[[Item], list[list[bytes]]]


def generated(seed: int, count: int, now_ms: int) -> list[Item]:
    """`count` keys in 16 databases; those that expire do so in more than an hour.

    No score is -0, for its sign depends on the encoding.
    """
    chance = random.Random(seed)
    items = []
    for number in range(count):
        key = chance.choice(
            [
                b"key:%d" % number,
                b"%d" % (number - 99),
                chance.randbytes(12),
                b"k" * (number % 90) + b"%d" % number,
            ]
        )
        kind = KINDS[(number + number // len(REGIMES)) % len(KINDS)]
        expire_ms = chance.choice([0, 0, now_ms + _HOUR + chance.randrange(10**9)])
        items.append(Item(number // 5 % 16, key, kind, _words(chance, kind), expire_ms))
    assert len({(item.db, item.key) for item in items}) == count
    return items


def _words(chance: random.Random, kind: str) -> list[bytes]:
    if kind == "string":
        return [_word(chance, 20_000)]
    most = chance.choices([1, 3, 10, 30, 150, 700], [20, 60, 80, 30, 6, 1])[0]
    numbers_only = chance.random() < 0.4
    longest = chance.choices([64, 400, 5000], [16, 3, 1])[0]
    names = [
        _integer(chance) if numbers_only else _word(chance, longest)
        for _ in range(chance.randint(1, most))
    ]
    if kind == "list":
        return names
    names = list(dict.fromkeys(names))
    if kind == "set":
        return names
    others = (_word(chance, longest) if kind == "hash" else _score(chance) for _ in names)
    return [word for pair in zip(names, others, strict=True) for word in pair]


def _integer(chance: random.Random) -> bytes:
    bits = chance.choice([2, 4, 7, 8, 12, 13, 15, 16, 23, 24, 31, 32, 40, 62])
    edge = chance.choice([-1, 1]) * (1 << bits) + chance.choice([-1, 0, 1])
    return b"%d" % chance.choice([edge, chance.randrange(-(1 << bits), 1 << bits)])


def _word(chance: random.Random, longest: int) -> bytes:
    shape = chance.randrange(9)
    size = min(chance.choice([0, 1, 5, 20, 63, 64, 65, 254, 300, 4096, 20_000]), longest)
    if shape < 3:
        return _integer(chance)
    if shape < 5:
        return b"text %d that repeats itself " % chance.randrange(10**6) * (size // 25)
    if shape == 5:
        return chance.choice([b"", b"007", b"-0", b"+1", b"1.5", b"9223372036854775808"])
    return chance.randbytes(chance.randint(0, size))


def _score(chance: random.Random) -> bytes:
    return chance.choice(
        [
            b"%d" % chance.randrange(-9, 9),
            _integer(chance),
            b"%.17g" % chance.uniform(-1e6, 1e6),
            b"%.17g" % struct.unpack("<d", b"%b\x42" % chance.randbytes(7)),
            chance.choice([b"inf", b"-inf", b"1e-310", b"0.1", b"1.7976931348623157e308"]),
        ]
    )


def commands(item: Item) -> list[list[bytes]]:
    """What a server executes to have the key, its database being selected."""
    key, words = item.key, item.words
    if item.kind == "zset":
        words = [word for at in range(0, len(words), 2) for word in (words[at + 1], words[at])]
    name = {"string": b"SET", "list": b"RPUSH", "set": b"SADD", "hash": b"HSET", "zset": b"ZADD"}
    found = [[name[item.kind], key, *words]]
    if item.expire_ms:
        found.append([b"PEXPIREAT", key, b"%d" % item.expire_ms])
    return found


def changes(item: Item) -> list[list[bytes]]:
    """Commands that change the key's value and leave something of it."""
    key, first = item.key, item.words[0]
    if item.kind == "string":
        return [[b"APPEND", key, b" and more"]]
    if item.kind == "list":
        return [
            [b"LPUSH", key, b"new", b"first"],
            [b"RPOP", key],
            [b"LINSERT", key, b"AFTER", b"first", b"between"],
            [b"LSET", key, b"0", b"set"],
            [b"LREM", key, b"1", first],
        ]
    if item.kind == "set":
        return [[b"SADD", key, b"new", first], [b"SPOP", key, b"1"], [b"SADD", key, b"last"]]
    if item.kind == "hash":
        return [
            [b"HINCRBYFLOAT", key, b"a sum", b"1.25"],
            [b"HSET", key, b"new", b"v", first, b"other"],
            [b"HDEL", key, first],
        ]
    return [
        [b"ZINCRBY", key, b"2.5", first],
        [b"ZADD", key, b"1", b"new", b"-7", b"other"],
        [b"ZPOPMIN", key],
        [b"ZADD", key, b"GT", b"9", b"new"],
    ]


def execute(wire: Wire, items: Sequence[Item], words: Words) -> None:
    """Have a server execute the `words` of every item, in its database; no reply is an error."""
    for at in range(0, len(items), _AT_ONCE):
        sent = []
        for item in items[at : at + _AT_ONCE]:
            for argv in [[b"SELECT", b"%d" % item.db], *words(item)]:
                wire.send(*argv)
                sent.append(argv)
        for argv in sent:
            reply = wire.receive()
            assert not reply.startswith(b"-"), (argv, reply)


def give(wire: Wire, items: Sequence[Item]) -> None:
    """Have a redis-server create `items`, a share of them under each regime."""
    for number, (regime, threshold) in enumerate(zip(REGIMES, PACKED_THRESHOLDS, strict=True)):
        for name, value in zip(_SETTINGS, regime, strict=True):
            assert wire.call(b"CONFIG", b"SET", name, b"%d" % value) == b"+OK\r\n"
        assert wire.call(b"DEBUG", b"QUICKLIST-PACKED-THRESHOLD", threshold) == b"+OK\r\n"
        execute(wire, items[number :: len(REGIMES)], commands)


def put(keyspace: Keyspace, item: Item) -> None:
    """Give a keyspace the key."""
    database = keyspace.databases[item.db]
    key, words, expire_ms = item.key, item.words, item.expire_ms
    pairs = list(zip(words[::2], words[1::2], strict=False))
    if item.kind == "string":
        database.set(key, words[0], expire_ms)
        return
    if item.kind == "list":
        elements = database.create(key, List, expire_ms)
        for word in words:
            elements.push_right(word)
    elif item.kind == "set":
        members = database.create(key, Set, expire_ms)
        for word in words:
            members.add(word)
    elif item.kind == "hash":
        fields = database.create(key, Hash, expire_ms)
        for field, value in pairs:
            fields.set(field, value)
    else:
        scored = database.create(key, SortedSet, expire_ms)
        for member, score in pairs:
            scored.set(member, float(score))
    note_loaded(DefaultLimits(), database.collections[key], is_compact=False)
