"""MEMORY: what keys and the engine cost."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

from engine import info
from engine.commands.numbers import integer_of
from engine.commands.table import container, subcommand
from engine.replies import OK, SYNTAX, CommandError, bulk, integer, map_, verbatim
from engine.values.chunks import Chunk
from engine.values.collection import NamedCollection

if TYPE_CHECKING:
    from engine.client import Client
    from engine.values.collection import Collection

_ENTRY = 104
"""Bytes that a dict of CPython takes for one entry, growth included."""
_SAMPLES = 5
_ELEMENT = 16
"""Bytes that an element's size and name take in the lists of its chunk."""
_CHUNK = sys.getsizeof(Chunk(0, 0, 0)) + 2 * sys.getsizeof([])

container("memory", group="server", since="4.0.0", summary="Asks what memory is used for.")


@subcommand(
    "memory",
    "usage",
    -3,
    "readonly",
    keys=(2, 2, 1),
    syntax="key [SAMPLES count]",
    summary="Bytes that a key costs: its slots in the arena, and its entries in dicts.",
)
def memory_usage(client: Client, argv: list[bytes]) -> bytes:
    """MEMORY USAGE."""
    samples = _SAMPLES
    if len(argv) > 3:
        if len(argv) != 5 or argv[3].upper() != b"SAMPLES":
            raise CommandError(SYNTAX)
        samples = integer_of(argv[4])
        if samples < 0:
            raise CommandError(SYNTAX)
    key = argv[2]
    offset = client.db.find(key)
    if offset is None:
        return client.null
    collection = client.db.collections.get(key)
    if collection is None:
        value = client.server.keyspace.arena.capacity(offset)
    else:
        value = collection.arena_size() + _overhead(collection, samples)
    return integer(value + sys.getsizeof(key) + _ENTRY)


def _overhead(collection: Collection, samples: int) -> int:
    """Bytes that a collection takes in Python; names' sizes by samples, 0 for all of them."""
    count = len(collection)
    size = sys.getsizeof(collection) + len(collection.chain.pool) * _CHUNK + count * _ELEMENT
    if isinstance(collection, NamedCollection):
        looked_at = list(islice(collection.names(), samples or None))
        names = sum(map(sys.getsizeof, looked_at)) * count // len(looked_at)
        size += names + count * _ENTRY
    return size


@subcommand("memory", "stats", 2, summary="The same for the whole engine.")
def memory_stats(client: Client, argv: list[bytes]) -> bytes:
    """MEMORY STATS."""
    keyspace = client.server.keyspace
    arena = keyspace.arena
    figures = [
        ("keys.count", len(keyspace)),
        ("dataset.bytes", arena.used_bytes),
        ("overhead.total", info.arena_overhead(keyspace)),
        ("arena.page-size", arena.page_size),
        ("arena.pages", arena.pages),
        ("arena.high-water-pages", arena.high_water),
    ]
    pairs = [(bulk(name.encode()), integer(figure)) for name, figure in figures]
    return map_(client.resp, pairs)


@subcommand("memory", "doctor", 2, summary="Says what is wrong.")
def memory_doctor(client: Client, argv: list[bytes]) -> bytes:
    """MEMORY DOCTOR."""
    arena = client.server.keyspace.arena
    left = arena.pages - arena.high_water
    if left * 10 < arena.pages:
        text = (
            f"The arena has {left} of {arena.pages} pages left. Delete keys, or start the engine "
            "with a larger arena-pages.\n"
        )
    else:
        text = "I find no trouble in this engine's memory.\n"
    return verbatim(client.resp, text.encode())


@subcommand("memory", "purge", 2, summary="Does nothing: pages go back to the kernel by FLUSHALL.")
def memory_purge(client: Client, argv: list[bytes]) -> bytes:
    """MEMORY PURGE."""
    return OK
