"""The digests of a real redis-server 7.0.15 for the same data, written down."""

from __future__ import annotations

from engine.arena import Arena
from engine.digest import digest, digest_value
from engine.keyspace import Keyspace


def keyspace() -> Keyspace:
    return Keyspace(Arena(64))


def test_no_data_is_zeros() -> None:
    assert digest(keyspace()) == bytes(20)
    assert digest_value(keyspace().databases[0], b"none") == bytes(20)


def test_redis_own_figures() -> None:
    data = keyspace()
    data.databases[0].set(b"a", b"1")
    assert digest(data).hex() == "943d800368fb9c0e951138f1bc0e313ac769d91f"
    data.databases[3].set(b"b c", b"xyz", data.now_ms() + 100_000)
    assert digest(data).hex() == "4c2b244320761c86303d4ea46b4430847c0c9843"
    values = [
        digest_value(data.databases[index], key).hex() for index, key in ((0, b"a"), (3, b"b c"))
    ]
    assert values == [
        "b4fc66738120fba0b5aa500ab5c2bf89cea1c5da",
        "56c84b94eec67961205b4c8ad864248193bb824c",
    ]


def test_neither_order_nor_time_matters() -> None:
    one, two = keyspace(), keyspace()
    for data, order in ((one, (1, 2, 3)), (two, (3, 1, 2))):
        for number in order:
            due = data.now_ms() + 1000 * order[0] if number == 2 else 0
            data.databases[0].set(b"k%d" % number, b"v%d" % number, due)
    assert digest(one) == digest(two)
    two.databases[0].set_expiry(b"k2", 0)
    assert digest(one) != digest(two)
