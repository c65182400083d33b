"""MEMORY: what keys and the engine cost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from engine import info
from engine.commands.numbers import integer_of
from engine.commands.table import container, subcommand
from engine.replies import OK, SYNTAX, CommandError, bulk, integer, map_, verbatim

if TYPE_CHECKING:
    from engine.client import Client

_ENTRY = 104
"""Bytes that a dict of CPython takes for one entry, growth included."""

container("memory", group="server", since="4.0.0", summary="Asks what memory is used for.")


@subcommand(
    "memory",
    "usage",
    -3,
    "readonly",
    keys=(2, 2, 1),
    syntax="key [SAMPLES count]",
    summary="Bytes that a key costs: its slot in the arena, and its entry in the dict.",
)
def memory_usage(client: Client, argv: list[bytes]) -> bytes:
    """MEMORY USAGE."""
    if len(argv) > 3:
        if len(argv) != 5 or argv[3].upper() != b"SAMPLES":
            raise CommandError(SYNTAX)
        if integer_of(argv[4]) < 0:
            raise CommandError(SYNTAX)
    offset = client.db.find(argv[2])
    if offset is None:
        return client.null
    slot = client.server.keyspace.arena.capacity(offset)
    return integer(slot + sys.getsizeof(argv[2]) + _ENTRY)


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
