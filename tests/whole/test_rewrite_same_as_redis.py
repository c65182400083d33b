"""BGREWRITEAOF and its relatives beside a real redis-server: replies, INFO, files, log lines."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from tests.engine.redis_reference import REDIS_SERVER, REFERENCE_VERSION, redis_version
from tests.whole.running import engine, free_port

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)

FIELDS = (
    "aof_enabled", "aof_rewrite_in_progress", "aof_rewrite_scheduled", "aof_rewrites",
    "aof_last_bgrewrite_status", "aof_rewrites_consecutive_failures", "rdb_bgsave_in_progress",
    "aof_pending_rewrite",
)  # fmt: skip
LEFT_BY_REDIS = "temp-appendonly.aof.incr"
"""It forgets this file when the AOF is turned off again; it is truncated before its next use."""
LIMIT = 60.0
SLOW = 2_000_000


@dataclass
class Side:
    """One of the two servers."""

    client: redis.Redis
    pid: int
    folder: Path
    log: Path

    def say(self, line: str) -> object:
        try:
            return repr(self.client.execute_command(*line.split(" ")))
        except redis.ResponseError as error:
            return str(error)

    def transaction(self, *lines: str) -> object:
        self.client.execute_command("MULTI")
        for line in lines:
            self.say(line)
        return self.say("EXEC")

    def info(self) -> dict[str, object]:
        found = self.client.info("persistence")
        return {name: found.get(name) for name in FIELDS}

    def child(self) -> int:
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])

    def kill(self) -> None:
        os.kill(self.child(), signal.SIGKILL)

    def idle(self) -> None:
        deadline = time.monotonic() + LIMIT
        while True:
            info = self.info()
            busy = [name for name in info if name.endswith(("in_progress", "scheduled"))]
            if not any(info[name] for name in busy):
                return
            assert time.monotonic() < deadline, info
            time.sleep(0.01)

    def wait(self, field: str, value: object) -> None:
        deadline = time.monotonic() + LIMIT
        while self.info()[field] != value:
            assert time.monotonic() < deadline, self.info()
            time.sleep(0.01)

    def files(self) -> list[str]:
        names = [name for _, _, names in os.walk(self.folder) for name in names]
        found = sorted(_plain(name) for name in names if name.startswith(("append", "temp-")))
        return [name for name in found if name != LEFT_BY_REDIS]

    def manifest(self) -> str:
        path = self.folder / "appendonlydir" / "appendonly.aof.manifest"
        return path.read_text() if path.exists() else ""

    def lines(self) -> list[str]:
        """What parent and child log of AOF and rewrite, without moments and numbers."""
        found = re.findall(r"^\d+:(\w) [^-*#]*([-*#] .*)$", self.log.read_text(), re.MULTILINE)
        found.sort(key=lambda line: line[0])  # both write at the same time
        wanted = ("AOF", "ppend only", "terminated by", "Writing initial", "shut down")
        never = ("on server start", "- Fork CoW", "the step create-increment")
        return [
            _plain(line)
            for _, line in found
            if any(word in line for word in wanted) and not any(word in line for word in never)
        ]


def _plain(text: str) -> str:
    """Without process ids and sizes."""
    return re.sub(r"\b\d{3,}\b|\d+ MB|\d+(?=% growth|us$)", "N", text)


def _wait(client: redis.Redis) -> None:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        with contextlib.suppress(redis.ConnectionError, redis.BusyLoadingError):
            client.ping()
            return
        time.sleep(0.02)


@contextlib.contextmanager
def both(folder: Path, *options: str) -> Iterator[list[Side]]:
    options = ("--enable-debug-command", "yes", "--loglevel", "verbose", *options)
    theirs = folder / "theirs"
    theirs.mkdir()
    (folder / "ours").mkdir()
    port = free_port()
    assert REDIS_SERVER is not None
    process = subprocess.Popen(
        [
            REDIS_SERVER, "--port", str(port), "--dir", str(theirs), "--save", "",
            "--logfile", str(folder / "theirs.log"), *options,
        ],
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with engine(folder / "ours", *options) as running:
            client = redis.Redis(port=port, protocol=2, single_connection_client=True)
            _wait(client)
            mine = running.client(single_connection_client=True)
            yield [
                Side(mine, running.process.pid, running.folder, running.log),
                Side(client, process.pid, theirs, folder / "theirs.log"),
            ]
    finally:
        process.kill()
        process.wait(10)


def scenario_plain(side: Side) -> list[object]:
    said = [side.say("SET a 1"), side.say("BGREWRITEAOF"), side.info()]
    side.idle()
    return [*said, side.info(), side.say("BGREWRITEAOF x")]


def scenario_conflicts(side: Side) -> list[object]:
    said = [side.say("SET a 1"), side.say(f"CONFIG SET rdb-key-save-delay {SLOW}")]
    said += [side.say("BGREWRITEAOF"), side.say("BGREWRITEAOF"), side.say("BGSAVE")]
    said += [side.say("BGSAVE SCHEDULE"), side.info(), side.say("FLUSHALL"), side.info()]
    said += [side.transaction("BGREWRITEAOF")]
    side.kill()
    side.wait("rdb_bgsave_in_progress", 1)
    said += [side.info(), side.say("BGREWRITEAOF"), side.say("BGREWRITEAOF"), side.info()]
    side.say("CONFIG SET rdb-key-save-delay 0")
    side.idle()
    return [*said, side.info()]


def scenario_in_a_transaction(side: Side) -> list[object]:
    said: list[object] = [side.transaction("SET a 1", "BGREWRITEAOF", "SET b 2")]
    side.wait("aof_rewrites", 1)
    side.idle()
    return [*said, side.info()]


def scenario_killed(side: Side) -> list[object]:
    said = [side.say("SET a 1"), side.say(f"CONFIG SET rdb-key-save-delay {SLOW}")]
    for failures in range(1, 5):
        said.append(side.say("BGREWRITEAOF"))
        side.kill()
        side.wait("aof_rewrites_consecutive_failures", failures)
        side.idle()
    said.append(side.info())
    side.say("CONFIG SET rdb-key-save-delay 0")
    said += [side.manifest(), side.say("BGREWRITEAOF")]
    side.idle()
    return [*said, side.info()]


def scenario_cancelled(side: Side) -> list[object]:
    side.say("SET a 1")
    side.say(f"CONFIG SET rdb-key-save-delay {SLOW}")
    said = [side.say("BGREWRITEAOF")]
    os.kill(side.child(), signal.SIGUSR1)
    side.idle()
    return [*said, side.info()]


def scenario_keep_history(side: Side) -> list[object]:
    said = [side.say("CONFIG SET aof-disable-auto-gc yes")]
    for _ in range(2):
        said += [side.say("SET a 1"), side.say("BGREWRITEAOF")]
        side.idle()
    said += [side.manifest(), side.files()]
    return [*said, side.say("CONFIG SET aof-disable-auto-gc no")]


def scenario_off(side: Side) -> list[object]:
    said = [side.say("SET a 1"), side.say("CONFIG SET appendonly no"), side.info()]
    said += [side.say("SET b 1"), side.say("BGREWRITEAOF"), side.info()]
    side.idle()
    return [*said, side.info()]


def scenario_on_again(side: Side) -> list[object]:
    said = [side.say("SET a 1"), side.say("CONFIG SET appendonly no"), side.say("SET b 1")]
    said += [side.say("CONFIG SET appendonly yes"), side.info(), side.say("SET c 1")]
    side.idle()
    return [*said, side.info(), side.say("CONFIG GET appendonly")]


def scenario_on_without_a_folder(side: Side) -> list[object]:
    said = [side.say("CONFIG SET appendonly no")]
    folder = side.folder / "appendonlydir"
    moved = folder.rename(folder.with_suffix(".moved"))
    folder.touch()
    said += [side.say("CONFIG SET appendonly yes"), side.say("CONFIG GET appendonly")]
    folder.unlink()
    moved.rename(folder)
    return [*said, side.say("SET a 1")]


def scenario_on_and_off(side: Side) -> list[object]:
    side.say("SET a 1")
    side.say(f"CONFIG SET rdb-key-save-delay {SLOW}")
    said = [side.say("CONFIG SET appendonly no"), side.say("CONFIG SET appendonly yes")]
    said += [side.say("SET b 1"), side.say("SHUTDOWN"), side.info()]
    return [*said, side.say("CONFIG SET appendonly no"), side.info()]


def scenario_on_and_killed(side: Side) -> list[object]:
    side.say("SET a 1")
    side.say(f"CONFIG SET rdb-key-save-delay {SLOW}")
    said = [side.say("CONFIG SET appendonly no"), side.say("CONFIG SET appendonly yes")]
    side.say("CONFIG SET rdb-key-save-delay 0")
    said += [side.say("SET b 1"), side.info()]
    side.kill()
    side.wait("aof_rewrites", 2)
    side.idle()
    return [*said, side.info()]


def scenario_on_while_saving(side: Side) -> list[object]:
    side.say("SET a 1")
    said = [side.say("CONFIG SET appendonly no"), side.info()]
    side.say(f"CONFIG SET rdb-key-save-delay {SLOW // 4}")
    said += [side.say("BGSAVE"), side.say("CONFIG SET appendonly yes"), side.say("SET b 1")]
    said.append(side.info())
    side.say("CONFIG SET rdb-key-save-delay 0")
    side.idle()
    return [*said, side.info()]


def scenario_on_while_rewriting(side: Side) -> list[object]:
    side.say("SET a 1")
    said = [side.say("CONFIG SET appendonly no")]
    side.say(f"CONFIG SET rdb-key-save-delay {SLOW}")
    said.append(side.say("BGREWRITEAOF"))
    side.say("CONFIG SET rdb-key-save-delay 0")
    said += [side.say("CONFIG SET appendonly yes"), side.say("SET b 1")]
    side.idle()
    return [*said, side.info()]


def scenario_on_in_a_transaction(side: Side) -> list[object]:
    side.say("CONFIG SET appendonly no")
    said: list[object] = [side.transaction("SET a 1", "CONFIG SET appendonly yes", "SET b 2")]
    side.wait("aof_rewrites", 1)
    side.idle()
    return [*said, side.info()]


def scenario_growth(side: Side) -> list[object]:
    side.say("CONFIG SET auto-aof-rewrite-min-size 4kb")
    side.say("CONFIG SET appendfsync always")
    for _ in range(30):
        side.client.set("a", "x" * 200)
    side.wait("aof_rewrites", 1)
    side.idle()
    side.say("CONFIG SET auto-aof-rewrite-percentage 0")
    for _ in range(60):
        side.client.set("a", "x" * 200)
    time.sleep(0.3)
    return [side.info()]


SCENARIOS = {
    name.removeprefix("scenario_"): run
    for name, run in list(globals().items())
    if name.startswith("scenario_")
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same(tmp_path: Path, name: str) -> None:
    run: Callable[[Side], list[object]] = SCENARIOS[name]
    with both(tmp_path, "--appendonly", "yes") as sides:
        mine, theirs = (run(side) for side in sides)
        assert mine == theirs
        ours, redis_side = sides
        assert ours.manifest() == redis_side.manifest()
        assert ours.files() == redis_side.files()
        assert ours.lines() == redis_side.lines()
        digests = {side.say("DEBUG DIGEST") for side in sides}
        assert len(digests) == 1
