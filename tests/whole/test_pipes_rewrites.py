"""`aof-rewrite-mode pipes` with real processes and real pipes."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

from engine.events import AofAppend, Rewrite, SnapshotProgress
from tests.engine.redis_reference import REDIS_SERVER, RedisServer
from tests.whole import slow_cron
from tests.whole.listening import Listener
from tests.whole.running import Engine, engine
from tests.whole.test_rewrites import (
    CHECK_AOF,
    LIMIT,
    Writer,
    assert_written_once,
    children,
    info,
    options,
    rewritten,
    until,
)

PIPES = {"aof-rewrite-mode": "pipes"}


def only_file(running: Engine) -> Path:
    """The folder holds one file, and redis-check-aof likes it."""
    assert [path.name for path in running.folder.iterdir()] == ["appendonly.aof"]
    path = running.folder / "appendonly.aof"
    if CHECK_AOF is not None:
        done = subprocess.run([CHECK_AOF, path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    return path


def pipes(running: Engine) -> list[str]:
    """Those that the engine has open."""
    links = [os.readlink(fd) for fd in Path(f"/proc/{running.process.pid}/fd").iterdir()]
    return sorted(link for link in links if link.startswith("pipe:"))


@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_under_load_nothing_is_lost_or_doubled(tmp_path: Path, preamble: str) -> None:
    more = {**PIPES, "aof-use-rdb-preamble": preamble}
    with engine(tmp_path, *options(**more)) as running, running.client() as client:
        client.mset({f"of:{number}": number for number in range(3000)})
        with Listener(running.port) as listener, Writer(running) as writer:
            for number in range(3):
                seen = writer.acknowledged
                until(lambda seen=seen: writer.acknowledged > seen + 20, "nobody writes")
                client.config_set("appendfsync", ["everysec", "no", "always"][number])
                client.config_set("aof-timestamp-enabled", ["no", "yes", "yes"][number])
                client.config_set("rdb-key-save-delay", 50)  # so that there is a diff
                client.bgrewriteaof()
                client.config_set("appendfsync", ["always", "everysec", "no"][number])
                rewritten(client)
                assert info(client)["aof_rewrites"] == number + 1
                assert info(client)["aof_last_bgrewrite_status"] == "ok"
        sent = [event.bytes for event in listener.of(Rewrite) if event.stage == "diff-sent"]
        assert sum(sent) > 0
        digest = client.execute_command("DEBUG", "DIGEST")
        assert running.stop() == 0
        assert only_file(running).read_bytes().startswith(b"REDIS" if preamble == "yes" else b"#TS")
        assert len(re.findall("Concatenating ", running.log.read_text())) == 3
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    with engine(tmp_path, *options(**PIPES)) as again, again.client() as client:
        assert client.execute_command("DEBUG", "DIGEST") == digest
        assert_written_once(client, writer.acknowledged)
    if REDIS_SERVER is not None:
        server = RedisServer(tmp_path / "copy", "--appendonly", "yes")
        try:
            wire = server.connect()
            assert wire.call(b"DEBUG", b"DIGEST").strip() == b"+" + digest
            wire.close()
        finally:
            server.stop()


def test_every_stage_is_told_in_its_order(tmp_path: Path) -> None:
    with engine(tmp_path, *options(**PIPES)) as running, running.client() as client:
        client.mset({f"of:{number}": number for number in range(2000)})
        client.config_set("rdb-key-save-delay", 50)
        with Listener(running.port) as listener:
            with Writer(running) as writer:
                until(lambda: writer.acknowledged > 5, "nobody writes")
                client.bgrewriteaof()
                listener.wait_for(Rewrite, lambda event: event.stage == "finished")
                seen = writer.acknowledged
                until(lambda: writer.acknowledged > seen + 20, "nobody writes")
            told = listener.of(Rewrite)
            # how far the buffer fills is the load's matter
            stages = [event.stage for event in told if event.stage != "diff-buffered"]
            assert list(dict.fromkeys(stages)) == [
                "open-pipes", "fork", "diff-sent", "child-asks-stop", "parent-agrees",
                "child-diff-appended", "residual-written", "renamed", "switched",
                "old-file-closed", "finished",
            ]  # fmt: skip
            sent = sum(event.bytes for event in told if event.stage == "diff-sent")
            of = {event.stage: event.bytes for event in told}
            assert of["child-asks-stop"] == of["child-diff-appended"] == sent
            assert "diff-sent" not in stages[stages.index("child-asks-stop") :]
            assert of["switched"] == of["finished"] + of["residual-written"]
            appends = listener.of(AofAppend)
            for before, after in pairwise(appends):
                if before.file == after.file:
                    assert after.start == before.end
            again = "appendonly.aof (rewrite 1)"
            assert listener.wait_for(AofAppend, lambda event: event.file == again)


def test_all_keys_are_told_before_the_child_asks(tmp_path: Path) -> None:
    slow = [str(Path(slow_cron.__file__))]
    with engine(tmp_path, *options(**PIPES), program=slow) as running, running.client() as client:
        client.mset({f"of:{number}": number for number in range(2000)})
        with Listener(running.port) as listener:
            client.bgrewriteaof()
            listener.wait_for(Rewrite, lambda event: event.stage == "finished")
        told = [event for event in listener.events if isinstance(event, Rewrite | SnapshotProgress)]
        stages = [event.stage if isinstance(event, Rewrite) else "" for event in told]
        last = told[stages.index("child-asks-stop") - 1]
        assert isinstance(last, SnapshotProgress)
        assert last.keys == last.total_keys == 2000


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGUSR1])
def test_a_killed_child_leaves_the_old_file(tmp_path: Path, number: int) -> None:
    with engine(tmp_path, *options(**PIPES)) as running, running.client() as client:
        client.mset({f"of:{number}": number for number in range(500)})
        before = pipes(running)
        with Writer(running) as writer:
            client.config_set("rdb-key-save-delay", 20_000)
            for _ in range(2):
                client.bgrewriteaof()
                until(lambda: list(running.folder.glob("temp-rewriteaof-*")), "no child writes")
                os.kill(children(running)[0], number)
                rewritten(client)
                assert info(client)["aof_rewrite_buffer_length"] == 0
        wanted = "ok" if number == signal.SIGUSR1 else "err"
        assert info(client)["aof_last_bgrewrite_status"] == wanted
        digest = client.execute_command("DEBUG", "DIGEST")
        assert pipes(running) == before, "pipes are left open"
        assert running.stop() == 0
        only_file(running)
    with engine(tmp_path, *options(**PIPES)) as again, again.client() as client:
        assert client.execute_command("DEBUG", "DIGEST") == digest
        assert_written_once(client, writer.acknowledged)


@pytest.mark.parametrize("seed", range(2))
def test_an_engine_killed_in_a_rewrite_keeps_its_word(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    promised = 0
    more = {**PIPES, "appendfsync": "always"}
    for round_number in range(3):
        with engine(tmp_path, *options(**more)) as running, running.client() as client:
            if round_number:
                assert_written_once(client, promised)
                client.execute_command("DEL", "count", "list")
            client.mset({f"of:{number}": round_number for number in range(2000)})
            with Writer(running) as writer:
                until(lambda: writer.acknowledged > 5, "nobody writes")
                client.bgrewriteaof()
                time.sleep(chance.random() * 0.2)
                running.kill_group()
            promised = writer.acknowledged
    with engine(tmp_path, *options(**more)) as again, again.client() as client:
        assert_written_once(client, promised)


def test_turned_on_under_load(tmp_path: Path) -> None:
    more = options(**PIPES, appendonly="no")
    with engine(tmp_path, *more) as running, running.client() as client:
        with Writer(running) as writer:
            until(lambda: writer.acknowledged > 20, "nobody writes")
            client.config_set("appendonly", "yes")
            seen = writer.acknowledged
            until(lambda: writer.acknowledged > seen + 20, "nobody writes")
            rewritten(client)
            seen = writer.acknowledged
            until(lambda: writer.acknowledged > seen + 20, "nobody writes")
        assert running.stop() == 0
        only_file(running)
    with engine(tmp_path, *options(**PIPES)) as again, again.client() as client:
        assert_written_once(client, writer.acknowledged)


def test_a_rewrite_with_the_aof_off_makes_the_file(tmp_path: Path) -> None:
    more = options(**PIPES, appendonly="no")
    with engine(tmp_path, *more) as running, running.client() as client:
        for number in range(2):
            client.set("a", number)
            client.bgrewriteaof()
            rewritten(client)
            assert info(client)["aof_last_bgrewrite_status"] == "ok"
        assert running.stop() == 0
        only_file(running)
    with engine(tmp_path, *options(**PIPES)) as again, again.client() as client:
        assert client.get("a") == b"1"


def test_a_folder_of_the_other_layout_is_refused(tmp_path: Path) -> None:
    with engine(tmp_path, *options()) as running:
        assert running.stop() == 0
    with (
        pytest.raises(AssertionError, match=r"AOF in one file, but .*manifest says that here"),
        engine(tmp_path, *options(**PIPES)),
    ):
        pass
    log = (tmp_path / "engine.log").read_text()
    assert "Traceback" not in log


def test_a_child_that_gets_no_answer_gives_up(tmp_path: Path) -> None:
    with engine(tmp_path, *options(**PIPES)) as running:
        client = running.client(socket_timeout=LIMIT)
        client.set("a", "1")
        pipe = client.pipeline(transaction=False)
        pipe.execute_command("BGREWRITEAOF").execute_command("DEBUG", "SLEEP", "5.5")
        pipe.execute()
        rewritten(client)
        assert info(client)["aof_last_bgrewrite_status"] == "err"
        assert "does not agree to stop sending" in running.log.read_text()
        client.set("a", "2")
        client.close()
        assert running.stop() == 0
        only_file(running)
