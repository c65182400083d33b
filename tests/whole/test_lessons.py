"""COWSCOPE FORK, CHILD, FRAMES, WALK and CLOCK on a real engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from engine.events import (
    ChildExit,
    Clock,
    Command,
    Fork,
    Hold,
    LessonPages,
    LessonSide,
    LessonValue,
    Pages,
    SavePoint,
    SnapshotProgress,
    State,
    Walk,
    decode,
)
from engine.rdb_reader import read
from tests.whole.listening import Listener
from tests.whole.running import Engine, engine

PAGE_KB = 4


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Engine]:
    with engine(
        tmp_path, "--enable-debug-command", "yes", "--arena-one-value-a-page", "yes",
        "--stop-writes-on-bgsave-error", "no",
    ) as started:  # fmt: skip
        with started.client() as client:
            client.execute_command("DEBUG", "POPULATE", 64, "key", 100)
        yield started


@pytest.fixture
def client(running: Engine) -> Iterator[redis.Redis]:
    with redis.Redis(port=running.port, protocol=3) as found:
        yield found


def ask(client: redis.Redis, line: str) -> Any:
    return named(client.execute_command(f"COWSCOPE {line}"))


def named(reply: Any) -> Any:
    """A reply with its text decoded."""
    if isinstance(reply, bytes):
        return reply.decode()
    if isinstance(reply, dict):
        return {named(name): named(value) for name, value in reply.items()}
    if isinstance(reply, list):
        return [named(item) for item in reply]
    return reply


def state(client: redis.Redis) -> State:
    found = decode(client.execute_command("COWSCOPE STATE"))
    assert isinstance(found, State)
    return found


def test_both_sides_say_what_fork_returned_and_who_they_are(
    running: Engine, client: redis.Redis
) -> None:
    with Listener(running.port) as listener:
        sides = ask(client, "FORK")
        parent, child = sides["parent"], sides["child"]
        assert parent["returned"] == child["pid"] != parent["pid"]
        assert child["returned"] == 0
        assert (parent["pid"], child["ppid"]) == (running.process.pid, running.process.pid)
        assert child["threads"] == 1
        assert child["descriptors"] == 5 < parent["descriptors"]  # 0, 1, 2 and its two pipes
        assert "SIGTERM" in parent["handlers"] and "SIGTERM" not in child["handlers"]
        assert child["cpu_usec"] < parent["cpu_usec"]
        assert child["address"] == parent["address"]
        fork = listener.wait_for(Fork)
        assert (fork.child, fork.purpose) == (child["pid"], "lesson")
        listener.wait_for(LessonSide, lambda side: side.who == "child")
        assert state(client).child_purpose == "lesson"
        comm = Path(f"/proc/{child['pid']}/comm").read_text()
        assert comm.strip() == child["name"] == "lesson"
        pages = listener.wait_for(Pages, lambda pages: pages.child == child["pid"])
        assert (pages.shared, pages.copied) == (64, 0)
        assert not listener.of(SnapshotProgress)


def test_one_address_two_values_whoever_writes(running: Engine, client: redis.Redis) -> None:
    client.set("k", "before")
    client.set("other", "before")
    ask(client, "FORK")
    client.set("k", "after")
    seen = ask(client, "CHILD GET k")
    assert (seen["parent"]["value"], seen["child"]["value"]) == ("after", "before")
    assert seen["parent"]["address"] == seen["child"]["address"] > 0
    written = ask(client, "CHILD SET other mine")
    assert (written["parent"]["value"], written["child"]["value"]) == ("before", "mine")
    assert written["child"]["copied"] == 1
    assert client.get("other") == b"before"
    again = ask(client, "CHILD SET other more")
    assert again["child"]["copied"] == 0
    gone = ask(client, "CHILD GET nothing")
    assert (gone["parent"]["exists"], gone["child"]["exists"]) == (0, 0)
    client.rpush("list", "a")
    assert ask(client, "CHILD GET list")["parent"]["value"] == "(list)"
    if seen["parent"]["frame"]:  # root may read them
        assert seen["parent"]["frame"] != seen["child"]["frame"]


def test_the_childs_reads_copy_nothing_and_its_first_writes_a_page_each(
    running: Engine, client: redis.Redis
) -> None:
    with Listener(running.port) as listener:
        ask(client, "FORK")
        looked = ask(client, "CHILD READ 0 40")
        assert looked["page_ranges"] == [[0, 40]]
        assert (looked["exclusive_before"], looked["exclusive_after"]) == (0, 0)
        wrote = ask(client, "CHILD WRITE 10 5")
        assert wrote["page_ranges"] == wrote["copied_ranges"] == [[5, 14]]
        assert (wrote["exclusive_after"], wrote["private_dirty_kb"]) == (10, 10 * PAGE_KB)
        copied = listener.wait_for(Pages, lambda pages: pages.copied == 10)
        assert copied.newly_copied == [(5, 14)]
        again = ask(client, "CHILD WRITE 10 5")
        assert (again["copied_ranges"], again["exclusive_after"]) == ([], 10)
        listener.wait_until(lambda: len(listener.of(LessonPages)) == 3)
        values = [client.get(f"key:{number}") for number in range(64)]
        assert all(value and value.startswith(b"value:") for value in values)


def test_frames_are_shared_until_somebody_writes(client: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError, match="no lesson's child"):
        ask(client, "FRAMES 0 7")
    key = ask(client, "PAGE 3")["keys"][0]
    ask(client, "FORK")
    ask(client, "CHILD WRITE 1 5")
    client.set(key, "x")
    found = ask(client, "FRAMES 0 7")
    mine, its = found["parent_frames"], found["child_frames"]
    assert [a != b for a, b in zip(mine, its, strict=True)] == [n in (3, 5) for n in range(8)]
    assert all(mine) and all(its)
    assert found["source"] == ("measured" if os.geteuid() == 0 else "modelled")


def test_it_leaves_with_its_status_and_the_last_reading_is_taken(
    running: Engine, client: redis.Redis
) -> None:
    with Listener(running.port) as listener:
        child = ask(client, "FORK")["child"]["pid"]
        ask(client, "CHILD WRITE 7")
        ask(client, "CHILD EXIT 9")
        ended = listener.wait_for(ChildExit)
        assert (ended.child, ended.status, ended.signal) == (child, 9, 0)
        assert ended.cow_kb > 0
        last = listener.wait_for(Pages, lambda pages: pages.last)
        assert (last.copied, last.child_private_dirty_kb) == (7, 7 * PAGE_KB)
        with pytest.raises(redis.ResponseError, match="no lesson's child"):
            ask(client, "CHILD GET k")


def test_while_it_lives_no_other_child_begins_and_a_hold_waits(
    running: Engine, client: redis.Redis
) -> None:
    with Listener(running.port) as listener:
        client.execute_command("COWSCOPE HOLD")
        ask(client, "FORK")
        with pytest.raises(redis.ResponseError, match="Another child process is active"):
            client.execute_command("BGSAVE")
        with pytest.raises(redis.ResponseError, match="only one"):
            ask(client, "FORK")
        with pytest.raises(redis.ResponseError, match="no snapshot child is held"):
            client.execute_command("COWSCOPE STEP 1")
        client.flushall()
        ask(client, "CHILD EXIT")
        listener.wait_for(ChildExit)
        client.set("k", "v")
        assert state(client).hold == "armed"
        client.execute_command("BGSAVE")
        listener.wait_for(Hold, lambda hold: hold.state == "held")


def test_one_that_is_killed_or_stopped_is_told_of(running: Engine, client: redis.Redis) -> None:
    with Listener(running.port) as listener:
        child = ask(client, "FORK")["child"]["pid"]
        os.kill(child, signal.SIGSTOP)
        with pytest.raises(redis.ResponseError, match="gone, or stopped"):
            ask(client, "CHILD GET k")
        os.kill(child, signal.SIGCONT)
        client.set("k", "now")  # the late answer to the first question is not the second's
        seen = ask(client, "CHILD GET key:1")["child"]
        assert (seen["key"], seen["exists"]) == ("key:1", 1)
        os.kill(child, signal.SIGKILL)
        ended = listener.wait_for(ChildExit)
        assert (ended.child, ended.signal) == (child, signal.SIGKILL)


def test_a_denied_fork_is_the_kernels_refusal(running: Engine, client: redis.Redis) -> None:
    with Listener(running.port) as listener:
        reason = ask(client, "FORK DENY")
        if reason.startswith("modelled: "):
            pytest.skip(reason)
        assert reason.startswith("fork: ")
        assert state(client).fork_denied
        with pytest.raises(redis.ResponseError, match=reason):
            ask(client, "FORK")
        refused = listener.wait_for(LessonSide)
        assert (refused.who, refused.returned, refused.error) == ("parent", -1, reason)
        with pytest.raises(redis.ResponseError):
            client.execute_command("BGSAVE")
        assert f"Can't save in background: {reason}" in running.log.read_text()
        assert not listener.of(Fork)
        assert ask(client, "FORK ALLOW") == "OK"
        assert ask(client, "FORK")["child"]["returned"] == 0
        assert not state(client).fork_denied


def test_a_server_that_leaves_takes_it_along(running: Engine, client: redis.Redis) -> None:
    child = ask(client, "FORK")["child"]["pid"]
    client.execute_command("COWSCOPE WALK 1 1")
    assert list(running.folder.glob("temp-walk-*"))
    assert running.stop() == 0
    assert not os.path.exists(f"/proc/{child}")
    assert not list(running.folder.glob("*walk*"))


def test_a_walk_beside_transfers_is_torn(running: Engine, client: redis.Redis) -> None:
    client.flushall()
    accounts = 40
    client.mset({f"account:{number}": 100 for number in range(accounts)})
    with Listener(running.port) as listener:
        client.execute_command("COWSCOPE WALK 1 200")
        with pytest.raises(redis.ResponseError, match="under way"):
            client.execute_command("COWSCOPE WALK")
        listener.wait_for(Walk, lambda walk: walk.keys >= accounts // 2)
        with client.pipeline(transaction=True) as transfer:  # from the first to the last
            transfer.decrby("account:0", 30).incrby(f"account:{accounts - 1}", 30).execute()
        ended = listener.wait_for(Walk, lambda walk: walk.stage == "ended")
    assert (ended.keys, ended.changes) == (accounts, 2)
    found = {entry[1]: int(entry[2]) for entry in read(ended.path)}  # type: ignore[call-overload]
    assert sum(found.values()) == accounts * 100 + 30
    assert sum(int(client.get(key) or 0) for key in client.keys("*")) == accounts * 100


def test_the_save_points_clock_is_scaled_and_says_so(running: Engine, client: redis.Redis) -> None:
    with Listener(running.port) as listener:
        lastsave = client.lastsave()
        client.execute_command("COWSCOPE CLOCK x1000")
        clock = listener.wait_for(Clock)
        assert (clock.scale, clock.source) == (1000, "scripted")
        assert state(client).clock_scale == 1000
        client.config_set("save", "300 10")
        client.mset({f"k{number}": "v" for number in range(10)})
        point = listener.wait_for(SavePoint)
        assert point.elapsed > 300 and point.clock_scale == 1000
        assert client.lastsave() == lastsave  # real time, and nothing is saved yet
        with pytest.raises(redis.ResponseError, match="1 to 1000"):
            client.execute_command("COWSCOPE CLOCK x0")
        client.execute_command("COWSCOPE CLOCK 1")
        assert state(client).clock_scale == 1


def test_looking_at_objects_copies_the_pages_that_they_lie_on(tmp_path: Path) -> None:
    """A reference count is in the object: 10,000 names of at least 33 bytes, written by reading."""
    names = 10_000
    arguments = ("--enable-debug-command", "yes", "--arena-pages", "2048")
    with (
        engine(tmp_path, *arguments) as started,
        redis.Redis(port=started.port, protocol=3) as client,
    ):
        client.execute_command("DEBUG", "POPULATE", names, "name", 8)
        ask(client, "FORK")
        slices = ask(client, "CHILD READ 0 100")
        looked = ask(client, "CHILD OBJECTS")
    assert looked["objects"] == names
    assert looked["exclusive_after"] == looked["exclusive_before"] == 0
    copied = [one["outside_after_kb"] - one["outside_before_kb"] for one in (slices, looked)]
    assert copied[1] > names * 33 / 1024 / 2 and copied[1] > copied[0]


def test_what_is_not_understood_is_refused_in_a_line(client: redis.Redis) -> None:
    lines = (
        "FORK NOW", "CHILD LEAVE", "CHILD GET", "CHILD WRITE 0", "CHILD READ 3 2",
        "CHILD EXIT 256", "CHILD OBJECTS 1",
        "FRAMES x", "FRAMES 0 99999", "WALK 0", "WALK 1 2 3", "CLOCK fast",
    )  # fmt: skip
    for line in lines:
        with pytest.raises(redis.ResponseError):
            client.execute_command(f"COWSCOPE {line}")
    assert client.ping()
    assert state(client).child == 0


def test_what_debug_populate_wrote_is_not_the_next_commands(
    running: Engine, client: redis.Redis
) -> None:
    with Listener(running.port) as listener:
        client.execute_command("DEBUG", "POPULATE", 5, "more", 12)
        client.set("key:5", "new")
        told = listener.wait_for(Command)
        assert [key for _, key in told.pages] == ["key:5"]


def test_the_values_of_both_sides_are_told(running: Engine, client: redis.Redis) -> None:
    with Listener(running.port) as listener:
        ask(client, "FORK")
        client.set("key:5", "new")
        ask(client, "CHILD GET key:5")
        listener.wait_until(lambda: len(listener.of(LessonValue)) == 2)
        told = {value.who: value for value in listener.of(LessonValue)}
        assert told["parent"].value == "new" and told["child"].value.startswith("value:5")
        assert told["parent"].pid != told["child"].pid
