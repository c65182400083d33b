"""Filling a server over its socket: the same seeded data for every server of a comparison."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

_CHUNK = 1 << 20
_ELEMENTS = 100
"""Elements a command when a collection is filled."""

KINDS = ("list", "hash", "set", "zset")


def strings(
    keys: range, value_bytes: int, name: bytes = b"key:%d", seed: int = 1
) -> Iterator[bytes]:
    """SETs of the keys numbered so, with random values, which no compression shortens."""
    chance = random.Random(seed + keys.start)
    for number in keys:
        yield command(b"SET", name % number, chance.randbytes(value_bytes))


def collection(kind: str, elements: int, seed: int = 1) -> Iterator[bytes]:
    """One list, hash, set or sorted set of `elements` elements of 20 random bytes and a number."""
    chance = random.Random(seed)
    for start in range(0, elements, _ELEMENTS):
        numbers = range(start, min(start + _ELEMENTS, elements))
        names = [b"%d:%s" % (number, chance.randbytes(20)) for number in numbers]
        if kind == "list":
            yield command(b"RPUSH", b"list", *names)
        elif kind == "set":
            yield command(b"SADD", b"set", *names)
        elif kind == "hash":
            pairs = [word for name in names for word in (name, b"value")]
            yield command(b"HSET", b"hash", *pairs)
        else:
            scored = [word for name in names for word in (b"%d" % chance.getrandbits(30), name)]
            yield command(b"ZADD", b"zset", *scored)


def command(*words: bytes) -> bytes:
    """One RESP request."""
    parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"*%d\r\n%s" % (len(words), b"".join(parts))


def fill(port: int, requests: Iterator[bytes]) -> int:
    """Send requests answered by one line each, a MiB ahead of the answers; how many there were.

    Raises RuntimeError with the first error answered.
    """
    sent = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for batch in _batches(requests):
            connection.sendall(b"".join(batch))
            _expect(connection, len(batch))
            sent += len(batch)
    return sent


def _batches(requests: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for request in requests:
        batch.append(request)
        size += len(request)
        if size >= _CHUNK:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _expect(connection: socket.socket, lines: int) -> None:
    left = lines
    while left:
        data = connection.recv(1 << 16)
        if not data:
            raise RuntimeError("the server closed the connection while it was filled")
        if b"-" in data:  # neither +OK nor a count holds one
            raise RuntimeError(f"the server answered {data[data.index(b'-') :].splitlines()[0]!r}")
        left -= data.count(b"\n")
