"""BGSAVE beside redis-server: its time, what the child copies while nobody writes, memory a key.

python -m bench.snapshot_bench
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from bench.filling import KINDS, collection, fill, strings
from bench.row import Row, compared, growth, table
from bench.saving import own_copies, save_seconds
from bench.scale import scaled
from bench.servers import Running, missing, pair

VALUE_BYTES = 100
SIZES = (10_000, 100_000, 1_000_000)
ELEMENTS = 1_000_000
ROUNDS = 5
MIB = 1 << 20
COPIES_MIB = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """One server with one keyspace."""

    memory: int
    """Bytes that its RSS grew by."""
    copies: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """By the setting of rdbcompression."""


def measure() -> list[Row]:
    """Keyspaces of strings in three sizes, then one collection of each kind."""
    if reason := missing():
        return [Row.skipped("BGSAVE beside redis-server", reason)]
    sizes = [scaled(keys, 100) for keys in SIZES]
    samples = {keys: side_by_side(partial(strings, range(keys), VALUE_BYTES)) for keys in sizes}
    rows = [row for keys in sizes for row in rows_of(keys, *samples[keys], keys == sizes[-1])]
    rows += growth_rows({keys: ours for keys, (ours, _theirs) in samples.items()})
    for kind in KINDS:
        elements = scaled(ELEMENTS, 100)
        ours, theirs = side_by_side(partial(collection, kind, elements))
        rows += collection_rows(kind, elements, ours, theirs)
    return rows


def side_by_side(requests: Callable[[], Iterator[bytes]]) -> tuple[Sample, Sample]:
    """Fill both servers alike and save in turn."""
    with pair() as servers:
        memory = [_filled(server, requests()) for server in servers]
        seconds: list[dict[str, list[float]]] = [{"yes": [], "no": []} for _ in servers]
        for _ in range(ROUNDS):
            for compression in ("yes", "no"):
                for server, found in zip(servers, seconds, strict=True):
                    server.client.config_set("rdbcompression", compression)
                    found[compression].append(save_seconds(server))
        copies = [own_copies(server) for server in servers]
        ours, theirs = (Sample(*found) for found in zip(memory, copies, seconds, strict=True))
    return ours, theirs


def _filled(server: Running, requests: Iterator[bytes]) -> int:
    before = server.rss()
    fill(server.port, requests)
    return server.rss() - before


def rows_of(keys: int, ours: Sample, theirs: Sample, largest: bool) -> list[Row]:
    """One size's rows; times and memory have targets at the largest only."""
    size = f"{keys:,} keys of {VALUE_BYTES} bytes"
    return [
        compared(
            f"BGSAVE of {size}, defaults", "s", ours.seconds["yes"], theirs.seconds["yes"],
            at_most=1.0 if largest else None,
        ),
        compared(
            f"BGSAVE of {size}, rdbcompression no", "s", ours.seconds["no"], theirs.seconds["no"],
            at_most=2.0 if largest else None,
        ),
        _copies_row(size, ours, theirs),
        Row(
            f"memory a key, {size}", ours.memory / keys, "bytes", theirs.memory / keys,
            "redis-server", at_most=1.6 if largest else None,
        ),
    ]  # fmt: skip


def collection_rows(kind: str, elements: int, ours: Sample, theirs: Sample) -> list[Row]:
    """One collection's rows; only the child's copies have a target."""
    size = f"a {kind} of {elements:,} elements"
    return [
        compared(f"BGSAVE of {size}, defaults", "s", ours.seconds["yes"], theirs.seconds["yes"]),
        _copies_row(size, ours, theirs),
        Row(
            f"memory an element, {size}", ours.memory / elements, "bytes",
            theirs.memory / elements, "redis-server",
        ),
    ]  # fmt: skip


def _copies_row(size: str, ours: Sample, theirs: Sample) -> Row:
    return Row(
        f"the child's own copies, {size}", ours.copies / MIB, "MiB", at_most=COPIES_MIB,
        note=f"(redis-server's child: {theirs.copies / MIB:.2g} MiB)",
    )  # fmt: skip


def growth_rows(samples: dict[int, Sample]) -> list[Row]:
    """How the engine's figures go on from each size to the next."""
    sizes: Sequence[int] = sorted(samples)
    seconds = {keys: samples[keys].seconds["yes"] for keys in sizes}
    memory = {keys: [float(samples[keys].memory)] for keys in sizes}
    rows = [growth("BGSAVE", "s", seconds), growth("memory", "bytes", memory)]
    first, last = sizes[0], sizes[-1]
    rows.append(
        Row(
            f"the child's own copies at {last:,} keys", samples[last].copies / MIB, "MiB",
            samples[first].copies / MIB, f"at {first:,}", at_most=1.5,
        )
    )  # fmt: skip
    return rows


if __name__ == "__main__":
    print(table(measure()))
