"""The rewrite with real processes: under load, killed in the middle, on a full disk."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from engine.events import AofAppend, AofFsync, Rewrite
from tests.engine.redis_reference import REDIS_SERVER, RedisServer
from tests.whole.listening import Listener
from tests.whole.running import Engine, engine

CHECK_AOF = shutil.which("redis-check-aof")
LIMIT = 60.0
"""Seconds in which what must happen has happened."""


class Writer:
    """A client that counts in its own thread; `acknowledged` is the last number that was."""

    def __init__(self, running: Engine) -> None:
        self.acknowledged = 0
        self._client = running.client(socket_timeout=LIMIT, retry=Retry(NoBackoff(), 0))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(LIMIT)
        self._client.close()

    def _write(self) -> None:
        with contextlib.suppress(redis.RedisError):
            while not self._stop.is_set():
                number = self.acknowledged + 1
                pipe = self._client.pipeline(transaction=number % 5 == 0)
                pipe.incr("count").append("list", f"{number},")
                pipe.set(f"key:{number % 50}", "x" * (number % 300), ex=1000)
                self.acknowledged = pipe.execute()[0]


def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


def info(client: redis.Redis) -> dict[str, object]:
    found = client.info("persistence")
    assert isinstance(found, dict)
    return found


def rewritten(client: redis.Redis) -> None:
    until(lambda: not info(client)["aof_rewrite_in_progress"], "the rewrite never ended")


def children(running: Engine) -> list[int]:
    pid = running.process.pid
    return [int(pid) for pid in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def options(**more: str) -> list[str]:
    words = {"appendonly": "yes", "enable-debug-command": "yes", **more}
    return [word for name, value in words.items() for word in ("--" + name, value)]


def assert_written_once(client: redis.Redis, at_least: int) -> None:
    """The list is 1, 2, 3 ... as far as the counter says, and no shorter than was promised."""
    count = int(client.get("count") or 0)
    assert count >= at_least
    found = [int(word) for word in (client.get("list") or b"").split(b",")[:-1]]
    assert found == list(range(1, len(found) + 1))
    assert abs(len(found) - count) <= 1  # a pipeline may have been cut in the middle


def assert_valid(running: Engine) -> None:
    if CHECK_AOF is not None:
        manifest = running.folder / "appendonlydir" / "appendonly.aof.manifest"
        done = subprocess.run([CHECK_AOF, manifest], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_under_load_nothing_is_lost_or_doubled(tmp_path: Path, preamble: str) -> None:
    with engine(tmp_path, *options(**{"aof-use-rdb-preamble": preamble})) as running:
        with running.client() as client:
            client.mset({f"of:{number}": number for number in range(3000)})
            with Writer(running) as writer:
                for number in range(3):
                    seen = writer.acknowledged
                    until(lambda seen=seen: writer.acknowledged > seen + 20, "nobody writes")
                    client.config_set("appendfsync", ["everysec", "no", "always"][number])
                    client.config_set("aof-timestamp-enabled", ["no", "yes", "yes"][number])
                    client.bgrewriteaof()
                    client.config_set("appendfsync", ["always", "everysec", "no"][number])
                    rewritten(client)
                    assert info(client)["aof_rewrites"] == number + 1
                    assert info(client)["aof_last_bgrewrite_status"] == "ok"
            digest = client.execute_command("DEBUG", "DIGEST")
        assert running.stop() == 0
        assert_valid(running)
        names = {path.name for path in (running.folder / "appendonlydir").iterdir()}
        base = f"appendonly.aof.4.base.{'rdb' if preamble == 'yes' else 'aof'}"
        begins = (running.folder / "appendonlydir" / base).read_bytes()[:5]
        assert begins.startswith(b"REDIS" if preamble == "yes" else b"#TS:")
        assert names == {base, "appendonly.aof.4.incr.aof", "appendonly.aof.manifest"}
    with engine(tmp_path, *options()) as again, again.client() as client:
        assert client.execute_command("DEBUG", "DIGEST") == digest
        assert_written_once(client, writer.acknowledged)
    if REDIS_SERVER is not None:
        server = RedisServer(tmp_path / "data", "--appendonly", "yes")
        try:
            wire = server.connect()
            assert wire.call(b"DEBUG", b"DIGEST").strip() == b"+" + digest
            wire.close()
        finally:
            server.stop()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGUSR1])
def test_a_killed_child_leaves_everything_loadable(tmp_path: Path, number: int) -> None:
    with engine(tmp_path, *options()) as running, running.client() as client:
        client.mset({f"of:{number}": number for number in range(500)})
        with Writer(running) as writer:
            client.config_set("rdb-key-save-delay", 20_000)
            for _ in range(2):
                client.bgrewriteaof()
                until(lambda: list(running.folder.glob("temp-rewriteaof-*")), "no child writes")
                os.kill(children(running)[0], number)
                rewritten(client)
        assert not list(running.folder.glob("temp-*"))
        wanted = "ok" if number == signal.SIGUSR1 else "err"
        assert info(client)["aof_last_bgrewrite_status"] == wanted
        digest = client.execute_command("DEBUG", "DIGEST")
        assert running.stop() == 0
        assert_valid(running)
    with engine(tmp_path, *options()) as again, again.client() as client:
        assert client.execute_command("DEBUG", "DIGEST") == digest
        assert_written_once(client, writer.acknowledged)


@pytest.mark.parametrize("seed", range(2))
def test_an_engine_killed_in_a_rewrite_keeps_its_word(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    promised = 0
    for round_number in range(3):
        more = {"appendfsync": "always", "aof-use-rdb-preamble": chance.choice(["yes", "no"])}
        with engine(tmp_path, *options(**more)) as running, running.client() as client:
            if round_number:
                assert_written_once(client, promised)
                assert not list(running.folder.glob("temp-rewriteaof-*"))
                client.execute_command("DEL", "count", "list")
            client.mset({f"of:{number}": round_number for number in range(2000)})
            with Writer(running) as writer:
                until(lambda: writer.acknowledged > 5, "nobody writes")
                client.bgrewriteaof()
                time.sleep(chance.random() * 0.15)
                running.kill_group()
            promised = writer.acknowledged
    assert_valid(running) if not _torn(running) else None
    with engine(tmp_path, *options()) as again, again.client() as client:
        assert_written_once(client, promised)


def _torn(running: Engine) -> bool:
    """Whether the kill came in the middle of a write: then the tail is the loader's to cut."""
    increments = sorted((running.folder / "appendonlydir").glob("*.incr.aof"))
    return any(path.stat().st_size and not _ends(path.read_bytes()) for path in increments)


def _ends(data: bytes) -> bool:
    return data.endswith(b"\r\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not mounted:
        pytest.skip("mounting a small tmpfs needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_base_that_does_not_fit_changes_nothing(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(small_disk)
    with engine(tmp_path, *options()) as running, running.client() as client:
        for number in range(60):
            client.set(f"key:{number}", os.urandom(3000))
        client.bgrewriteaof()
        rewritten(client)
        assert info(client)["aof_last_bgrewrite_status"] == "ok"
        for number in range(60):
            client.set(f"key:{number}", os.urandom(2000))
        client.bgrewriteaof()
        rewritten(client)
        assert info(client)["aof_last_bgrewrite_status"] == "err"
        assert "No space left on device" in running.log.read_text()
        assert not list(small_disk.glob("temp-*"))
        client.set("after", "1")
        digest = client.execute_command("DEBUG", "DIGEST")
        assert running.stop() == 0
    with engine(tmp_path, *options()) as again, again.client() as client:
        assert client.execute_command("DEBUG", "DIGEST") == digest


def test_turned_on_under_load(tmp_path: Path) -> None:
    with engine(tmp_path, *options(appendonly="no")) as running, running.client() as client:
        with Writer(running) as writer:
            until(lambda: writer.acknowledged > 20, "nobody writes")
            client.config_set("appendonly", "yes")
            seen = writer.acknowledged
            until(lambda: writer.acknowledged > seen + 20, "nobody writes")
            until(lambda: info(client)["aof_rewrites"] == 1, "no rewrite")
            rewritten(client)
            seen = writer.acknowledged
            until(lambda: writer.acknowledged > seen + 20, "nobody writes")
        assert running.stop() == 0
        assert_valid(running)
    with engine(tmp_path, *options()) as again, again.client() as client:
        assert_written_once(client, writer.acknowledged)


STAGES = {
    "rewrite": [
        "settle-old-increment", "create-increment", "persist-manifest", "switch-increment", "fork",
        "install-base", "persist-manifest", "remove-files", "persist-manifest", "finished",
    ],
    "turned on": [
        "create-increment", "switch-increment", "fork", "install-base", "settle-old-increment",
        "list-increment", "persist-manifest", "remove-files", "persist-manifest", "finished",
    ],
}  # fmt: skip


@pytest.mark.parametrize("way", STAGES)
def test_every_stage_is_told_and_offsets_only_grow(tmp_path: Path, way: str) -> None:
    with engine(tmp_path, *options()) as running, running.client() as client:
        if way == "turned on":
            client.config_set("appendonly", "no")
        with Listener(running.port) as listener, Writer(running) as writer:
            until(lambda: writer.acknowledged > 5, "nobody writes")
            if way == "turned on":
                client.config_set("appendonly", "yes")
            else:
                client.bgrewriteaof()
            listener.wait_for(Rewrite, lambda event: event.stage == "finished")
            seen = writer.acknowledged
            until(lambda: writer.acknowledged > seen + 20, "nobody writes")
            listener.wait_for(AofAppend, lambda event: event.file == "appendonly.aof.2.incr.aof")
        assert [event.stage for event in listener.of(Rewrite)] == STAGES[way]
        sizes = {event.stage: event.bytes for event in listener.of(Rewrite)}
        assert sizes["install-base"] == sizes["finished"] > 0
        ends: dict[str, int] = {}
        for event in listener.of(AofAppend):
            assert event.start == ends.get(event.file, event.start)
            ends[event.file] = event.end
        current = list(ends)[-1]
        assert current == "appendonly.aof.2.incr.aof"
        for fsync in listener.of(AofFsync):
            assert fsync.end <= ends[fsync.file]
        files = [event.file for event in listener.of(AofAppend)]
        assert len(list(itertools.groupby(files))) == len(set(files)), "the tail went back"
