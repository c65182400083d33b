"""An hour under load with snapshots and rewrites: memory, descriptors and threads are level after.

A paced load writes strings; a second client comes and goes and touches everything else; a third
listens to the events for twenty seconds, then stops for twenty. All that is stored has a fixed
size, so that whatever grows is the engine's own. BENCH_SCALE makes it shorter: 0.083 is five
minutes.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import redis

from bench.load import Result, paced_sets
from bench.row import Row, median
from bench.scale import scaled
from bench.servers import OURS, Running, running
from engine.events import CHANNEL

_SECONDS = 3600
_LEAST_SECONDS = 60
_WARM_UP = 30.0
"""Of the load alone, before what is at rest is counted for the first time."""
_RATE = 2000.0
_KEYS = 20_000
_COLLECTIONS, _LIST, _FIELDS, _MEMBERS = 100, 50, 100, 200
_EVERY = 1.0
_SETTINGS = {
    "appendonly": "yes",
    "save": "15 1",
    "auto-aof-rewrite-percentage": "100",
    "auto-aof-rewrite-min-size": "8mb",
    "arena-pages": "32768",
    "cowscope-check-invariants": "yes",
}


@dataclass(frozen=True)
class Sample:
    """The engine's process at one moment."""

    resident: int
    descriptors: int
    threads: int
    children: int


def measure() -> list[Row]:
    """Rows for the table: the end beside the beginning."""
    seconds = float(scaled(_SECONDS, _LEAST_SECONDS))
    with running(OURS, _SETTINGS) as server:
        _fill(server.client)
        _loaded(server, _WARM_UP)
        before = _at_rest(server)
        samples: list[Sample] = []
        with _sampled(server, samples):
            result = _loaded(server, seconds)
        after = _at_rest(server)
        return [*_rows(samples, before, after, result, server), *_remains(server)]


def _rows(
    samples: list[Sample], before: Sample, after: Sample, result: Result, server: Running
) -> list[Row]:
    if len(samples) < 10:
        raise RuntimeError(f"only {len(samples)} samples were taken")
    fifth = len(samples) // 5
    early, late = samples[fifth : 2 * fifth], samples[-fifth:]
    stats = server.client.info("everything")
    did = (
        f"({result.seconds:,.0f} s, {stats['total_commands_processed']:,} commands, "
        f"{stats['rdb_saves']} snapshots, {stats['aof_rewrites']} rewrites, "
        f"{stats['total_connections_received']:,} connections)"
    )
    if not stats["rdb_saves"] or not stats["aof_rewrites"]:
        raise RuntimeError(f"there was nothing to soak in: {did}")
    mib = float(1 << 20)
    return [
        Row(
            "soak: resident memory, median of the last fifth beside that of the second",
            median([sample.resident / mib for sample in late]), "MiB",
            median([sample.resident / mib for sample in early]), "early on", at_most=1.05, note=did,
        ),
        Row(
            "soak: resident memory at rest, after beside before",
            after.resident / mib, "MiB", before.resident / mib, "before", at_most=1.05,
        ),
        Row(
            "soak: open descriptors at rest, after beside before",
            after.descriptors, "", before.descriptors, "before", at_most=1.0,
            note=f"(at most {max(sample.descriptors for sample in samples)} under load)",
        ),
        Row(
            "soak: threads at rest, after beside before",
            after.threads, "", before.threads, "before", at_most=1.0,
            note=f"(at most {max(sample.threads for sample in samples)} under load)",
        ),
        Row(
            "soak: children left", after.children, "", at_most=0,
            note=f"(at most {max(sample.children for sample in samples)} under load)",
        ),
    ]  # fmt: skip


def _remains(server: Running) -> list[Row]:
    """What must not be there: temporary files, superseded AOF files, complaints in the log."""
    files = [path.name for path in server.folder.rglob("*") if path.is_file()]
    temporary = [name for name in files if name.startswith("temp-")]
    aof = [name for name in files if name.startswith("appendonly.aof") and "manifest" not in name]
    complaints = [
        line
        for line in server.log.read_text(errors="replace").splitlines()
        if any(word in line for word in ("Bug:", "Invariant broken", "error", "terminated by"))
    ]
    return [
        Row("soak: temporary files left", len(temporary), "", at_most=0, note=", ".join(temporary)),
        Row("soak: files of the AOF, a base and an increment", len(aof), "", at_most=2),
        Row(
            "soak: complaints in the log", len(complaints), "", at_most=0,
            note="".join(complaints[:1]),
        ),
    ]  # fmt: skip


# -- looking ---------------------------------------------------------------------------------------


def _sample(process: psutil.Process) -> Sample:
    return Sample(
        process.memory_info().rss,
        process.num_fds(),
        process.num_threads(),
        len(process.children()),
    )


def _at_rest(server: Running) -> Sample:
    """Once nothing has been going on for a while, and no child is left."""
    process = psutil.Process(server.process.pid)
    server.client.config_set("save", "")
    deadline = time.monotonic() + 60
    while process.children() and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(2)
    found = _sample(process)
    server.client.config_set("save", _SETTINGS["save"])
    return found


@contextlib.contextmanager
def _sampled(server: Running, samples: list[Sample]) -> Iterator[None]:
    process = psutil.Process(server.process.pid)
    with _threads(lambda ended: _look(process, samples, ended)):
        yield


def _look(process: psutil.Process, samples: list[Sample], ended: threading.Event) -> None:
    while not ended.wait(_EVERY):
        samples.append(_sample(process))


# -- the load --------------------------------------------------------------------------------------


def _fill(client: redis.Redis) -> None:
    """Everything at its full size, so that the load only replaces."""
    with client.pipeline(transaction=False) as pipe:
        for first in range(0, _KEYS, 1000):
            pipe.mset({b"user:%05d" % n: b"0" * 64 for n in range(first, first + 1000)})
        for key in range(_COLLECTIONS):
            pipe.lpush(f"list:{key}", *[b"v" * 200] * _LIST)
            pipe.hset(f"hash:{key}", mapping={str(n): b"v" * 50 for n in range(_FIELDS)})
            pipe.sadd(f"set:{key}", *range(_MEMBERS))
            pipe.zadd(f"zset:{key}", {str(n): n / 7 for n in range(_MEMBERS)})
        pipe.execute()


def _loaded(server: Running, seconds: float) -> Result:
    with _threads(
        lambda ended: _come_and_go(server.port, ended), lambda ended: _listen(server.port, ended)
    ):
        return paced_sets(server.port, rate=_RATE, seconds=seconds, keys=_KEYS)


def _come_and_go(port: int, ended: threading.Event) -> None:
    """A new connection twenty times a second, each with a bit of everything."""
    draw = random.Random(2)
    while not ended.wait(0.05):
        with redis.Redis(port=port) as client, client.pipeline(transaction=True) as pipe:
            key = draw.randrange(_COLLECTIONS)
            pipe.lpush(f"list:{key}", b"v" * draw.randrange(1, 200))
            pipe.ltrim(f"list:{key}", 0, _LIST - 1)
            pipe.hset(f"hash:{key}", str(draw.randrange(_FIELDS)), b"v" * draw.randrange(1, 50))
            pipe.sadd(f"set:{key}", draw.randrange(_MEMBERS))
            pipe.zadd(f"zset:{key}", {str(draw.randrange(_MEMBERS)): draw.random()})
            pipe.set(f"soon:{draw.randrange(1000)}", "gone", px=500)
            pipe.publish("news", "v")
            pipe.execute()
            client.scan(count=100)
            client.info()


def _listen(port: int, ended: threading.Event) -> None:
    """As a screen would: every event, for some time, again and again."""
    while not ended.is_set():
        with redis.Redis(port=port) as client, client.pubsub() as events:
            events.subscribe(CHANNEL)
            until = time.monotonic() + 20
            while time.monotonic() < until and not ended.is_set():
                events.get_message(timeout=0.2)
        ended.wait(20)


@contextlib.contextmanager
def _threads(*works: Callable[[threading.Event], None]) -> Iterator[None]:
    """Each of these in a thread until the block ends; an exception in one is raised then."""
    ended = threading.Event()
    failed: list[Exception] = []

    def guarded(work: Callable[[threading.Event], None]) -> None:
        try:
            work(ended)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(60)
    if failed:
        raise RuntimeError(f"a part of the load failed: {failed[0]!r}")
