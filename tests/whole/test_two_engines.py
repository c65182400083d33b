"""Two engines on one folder: the second refuses, a dead one is no obstacle to the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from engine.folder_lock import NAME
from tests.engine.redis_reference import REDIS_SERVER, RedisServer
from tests.whole.running import Engine, engine, free_port
from tests.whole.test_insistence import until

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the live engine needs Linux"
)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def second(running: Engine, *options: str) -> subprocess.CompletedProcess[str]:
    """Another engine on the folder of one that runs."""
    return subprocess.run(
        [
            sys.executable, "-P", "-m", "engine", "--port", str(free_port()),
            "--dir", str(running.folder), "--arena-pages", "64", *options,
        ],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip


def told(running: Engine) -> str:
    return (
        f"Another engine (pid {running.process.pid}) uses the folder {running.folder}: both would "
        "write the same files. Stop it first, or choose another --dir."
    )


def test_the_second_refuses_and_the_first_does_not_notice(tmp_path: Path) -> None:
    with engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        client.set("k", "v")
        before = files(running.folder)
        for options in (("--appendonly", "yes"), ("--save", "60 1"), ()):
            refused = second(running, *options)
            assert refused.returncode == 1 and refused.stderr == ""
            assert refused.stdout.splitlines()[-1].endswith(f" # {told(running)}")
        assert files(running.folder) == before
        assert client.get("k") == b"v"
        assert running.stop() == 0
        assert not (running.folder / NAME).exists()
    with engine(tmp_path, "--appendonly", "yes") as again, again.client() as client:
        assert client.get("k") == b"v"


def test_one_that_writes_nothing_may_start_and_is_refused_when_it_wants_to(tmp_path: Path) -> None:
    (tmp_path / "reader").mkdir()
    with engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        client.set("k", "v")
        client.save()
        before = files(running.folder)
        with (
            engine(tmp_path / "reader", "--dir", str(running.folder)) as reader,
            reader.client() as reading,
        ):
            assert reading.get("k") == b"v"  # the dump's
            for words in (
                "SAVE", "BGSAVE", "BGSAVE SCHEDULE", "BGREWRITEAOF",
                "CONFIG SET appendonly yes", "CONFIG SET save 60\\ 1",
            ):  # fmt: skip
                argv = [word.replace("\\", " ") for word in words.replace("\\ ", "\\").split(" ")]
                with pytest.raises(redis.ResponseError) as refusal:
                    reading.execute_command(*argv)
                assert str(refusal.value).endswith(told(running)), words
            assert reading.config_get("appendonly", "save") == {"appendonly": "no", "save": ""}
            assert reading.set("k", "w")
            assert reader.stop() == 0
        assert files(running.folder) == before
        running.stop()


def test_a_killed_engine_is_no_obstacle(tmp_path: Path) -> None:
    with engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        client.set("k", "v")
        running.process.send_signal(signal.SIGKILL)
        pid = running.process.pid  # not waited for: the next one comes while it dies
        with engine(tmp_path, "--appendonly", "yes") as again, again.client() as next_client:
            assert next_client.get("k") == b"v"
            assert (again.folder / NAME).read_text() == f"{again.process.pid}\n"
            assert f"* The engine with pid {pid} is gone" in again.log.read_text()


def test_a_child_does_not_have_it(tmp_path: Path) -> None:
    with engine(tmp_path, "--save", "3600 1") as running, running.client() as client:
        client.execute_command("COWSCOPE", "HOLD")
        client.bgsave()
        (child,) = map(
            int,
            Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
            .read_text()
            .split(),
        )
        until(lambda: Path(f"/proc/{child}/comm").read_text() == "rdb-bgsave\n", "it never began")
        for pid, holds in ((running.process.pid, True), (child, False)):
            links = []
            for fd in os.listdir(f"/proc/{pid}/fd"):
                try:
                    links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
                except FileNotFoundError:
                    continue
            assert (str(running.folder / NAME) in links) is holds
        client.execute_command("COWSCOPE", "RELEASE")


@pytest.mark.skipif(REDIS_SERVER is None, reason="redis-server is not installed")
def test_redis_is_not_disturbed_by_the_file(tmp_path: Path) -> None:
    with engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        client.set("k", "ours")
        running.kill_group()
        assert (running.folder / NAME).exists()
        server = RedisServer(running.folder, "--appendonly", "yes")
        wire = server.connect()
        assert wire.call(b"GET", b"k") == b"$4\r\nours\r\n"
        assert wire.call(b"SET", b"k", b"theirs") == b"+OK\r\n"
        wire.close()
        server.stop()
    with engine(tmp_path, "--appendonly", "yes") as again, again.client() as client:
        assert client.get("k") == b"theirs"
