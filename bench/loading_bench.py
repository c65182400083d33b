"""Loading beside redis-server: an RDB that each of the two wrote, and an AOF of SETs.

The seconds are those that each server logs; beside them, from exec to the first PONG.

python -m bench.loading_bench
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.filling import fill, strings
from bench.row import Row, compared, growth, median, table
from bench.scale import scaled
from bench.servers import BOTH, OURS, REDIS, fresh_folder, missing, running

VALUE_BYTES = 100
SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5
_LOADED = re.compile(r"DB loaded from (?:disk|append only file): ([0-9.]+) seconds")
_AOF = {"appendonly": "yes", "appendfsync": "no"}


@dataclass(frozen=True, slots=True)
class Starts:
    """One server's starts on the same files, in seconds."""

    loading: list[float] = field(default_factory=list)
    """What its log says that loading took: the start of a process is too uneven to subtract."""
    ready: list[float] = field(default_factory=list)
    """From exec to the first PONG, by our clock."""


def measure() -> list[Row]:
    """Both servers on the same files, start by start in turn."""
    if reason := missing():
        return [Row.skipped("loading beside redis-server", reason)]
    rows = []
    sizes = [scaled(keys, 100) for keys in SIZES]
    ours: dict[str, dict[int, list[float]]] = {"RDB": {}, "AOF": {}}
    for keys in sizes:
        last = keys == sizes[-1]
        for writer in BOTH:
            found = starts(keys, writer, {})
            what = f"loading an RDB of {keys:,} keys, written by {writer}"
            rows.append(_row(what, found, 4.0 if last else None))
            if writer == REDIS:
                ours["RDB"][keys] = found[OURS].loading
        found = starts(keys, REDIS, _AOF)
        rows.append(_row(f"loading an AOF of {keys:,} SETs", found, 2.0 if last else None))
        ours["AOF"][keys] = found[OURS].loading
    return rows + [growth(f"loading an {kind}", "s", found) for kind, found in ours.items()]


def starts(keys: int, writer: str, settings: Mapping[str, str]) -> dict[str, Starts]:
    """Let one server write the files, then start each on them in turn."""
    found = {what: Starts() for what in BOTH}
    with fresh_folder() as folder:
        with running(writer, settings, folder) as server:
            fill(server.port, strings(range(keys), VALUE_BYTES))
            if not settings:
                server.client.save()
        for _ in range(ROUNDS):
            for what in BOTH:
                _start(what, settings, folder, keys, found[what])
    return found


def _start(what: str, settings: Mapping[str, str], folder: Path, keys: int, found: Starts) -> None:
    with running(what, settings, folder) as server:
        if (loaded := server.client.dbsize()) != keys:
            raise RuntimeError(f"{what} loaded {loaded} of {keys} keys")
        seconds = loading_seconds(server.log.read_text())
    if seconds > server.ready_seconds:
        raise RuntimeError(f"{what} says it loaded {seconds} s, but was ready before that")
    found.loading.append(seconds)
    found.ready.append(server.ready_seconds)


def loading_seconds(log: str) -> float:
    """What the line of the whole load says; RuntimeError where there is none."""
    if match := _LOADED.search(log):
        return float(match[1])
    raise RuntimeError(f"no line of a finished load in the log: {log[-300:]!r}")


def _row(what: str, found: Mapping[str, Starts], at_most: float | None) -> Row:
    ready = " / ".join(f"{median(found[server].ready):.2g}" for server in BOTH)
    return compared(
        what, "s", found[OURS].loading, found[REDIS].loading, at_most=at_most,
        note=f"(from exec to PONG: {ready} s)",
    )  # fmt: skip


if __name__ == "__main__":
    print(table(measure()))
