"""With nobody subscribed, nothing is probed: strace sees no file of /proc opened for it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
import redis

from engine.events import ChildExit
from tests.whole.listening import Listener
from tests.whole.running import Engine, engine

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

_PROBED = re.compile(r'"/proc/(?:self|\d+)/(?:pagemap|smaps|status|statm)"')


def _saves(running: Engine, client: redis.Redis) -> None:
    """A snapshot and writes beside it."""
    saved = client.info("persistence")["rdb_saves"]
    client.bgsave()
    client.set("a", "1")
    deadline = time.monotonic() + 60
    while client.info("persistence")["rdb_bgsave_in_progress"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client.info("persistence")["rdb_saves"] == saved + 1


def test_only_a_subscriber_has_pages_read(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = ("strace", "-f", "-e", "trace=openat,open", "-o", str(trace))
    with engine(tmp_path, before=command) as running:
        client = running.client()
        pid = int(client.info("server")["process_id"])
        before = _probes(trace)
        _saves(running, client)
        unwatched = _probes(trace)
        with Listener(running.port) as listener:
            client.bgsave()
            listener.wait_for(ChildExit)
        watched = _probes(trace)
        client.close()
        os.kill(pid, signal.SIGKILL)
        running.process.wait(timeout=60)
    assert unwatched == before
    assert len(watched) > len(unwatched)


def _probes(trace: Path) -> list[str]:
    """What was opened to measure memory, but for the child's own figure, as Redis reads it."""
    return [line for line in trace.read_text().splitlines() if _PROBED.search(line)]
