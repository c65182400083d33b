from __future__ import annotations

from pathlib import Path

import pytest

from engine import events
from engine.dirty_watch import DirtyWatch
from tests.whole.listening import Listener
from tests.whole.running import engine

FORKED = 7


def test_only_changes_after_the_fork_remain() -> None:
    watch = DirtyWatch()
    watch.begin(FORKED)
    watch.look(FORKED + 2)
    watch.look(FORKED + 5)
    assert watch.verdict(5) is None
    assert watch.verdict(0) == "dirty is 0 after a BGSAVE, but 5 changes came after its fork"
    assert watch.verdict(FORKED + 5) is not None


def test_a_counter_that_falls_while_the_child_writes_is_found() -> None:
    watch = DirtyWatch()
    watch.begin(FORKED)
    watch.look(FORKED + 2)
    watch.look(0)
    assert watch.verdict(0 - FORKED) is not None


@pytest.mark.parametrize("reset", ["", "DEBUG LOADAOF", "DEBUG RELOAD"])
def test_dirty_is_right_whatever_happens_beside_the_child(tmp_path: Path, reset: str) -> None:
    options = ("--appendonly", "yes", "--cowscope-check-invariants", "yes")
    with (
        engine(tmp_path, *options, "--enable-debug-command", "yes") as running,
        running.client() as client,
        Listener(running.port) as listener,
    ):
        client.mset({"a": 1, "b": 2, "c": 3})
        client.execute_command("COWSCOPE HOLD")
        client.bgsave()
        client.mset({"a": 4, "d": 5})
        if reset:
            client.execute_command(reset)
            client.set("e", 6)
        listener.wait_for(events.Hold, lambda event: event.state == "held")
        client.execute_command("COWSCOPE RELEASE")
        listener.wait_for(events.ChildExit)
        assert client.info("persistence")["rdb_changes_since_last_save"] == (1 if reset else 2)
        assert "Invariant broken" not in running.log.read_text()
