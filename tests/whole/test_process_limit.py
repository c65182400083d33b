"""An engine that gets no thread and no child: it says so, serves on, and always ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from engine.events import CHANNEL
from tests.whole.running import engine, free_port

_NOBODY_ELSE = 61_234
"""A user id that runs nothing: its limit counts the engine alone."""
_KEPT = "-all,+dac_override,+dac_read_search"
_ALONE = (
    "setpriv", f"--reuid={_NOBODY_ELSE}", f"--regid={_NOBODY_ELSE}", "--clear-groups",
    f"--bounding-set={_KEPT}", f"--inh-caps={_KEPT}", f"--ambient-caps={_KEPT}",
    "prlimit", "--nproc=1:1",
)  # fmt: skip


def _can_be_limited() -> bool:
    if os.geteuid() or not shutil.which("setpriv") or not shutil.which("prlimit"):
        return False
    fork = "import os; os.waitpid(os.fork() or os._exit(0), 0)"
    done = subprocess.run([*_ALONE, sys.executable, "-c", fork], capture_output=True, timeout=20)
    return b"BlockingIOError" in done.stderr


pytestmark = pytest.mark.skipif(
    not _can_be_limited(), reason="only root can give a process a user of its own and its limit"
)


def test_without_the_syncing_thread_the_start_ends_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *_ALONE, sys.executable, "-P", "-m", "engine", "--port", str(free_port()),
            "--dir", str(tmp_path), "--arena-pages", "1024", "--appendonly", "yes",
        ],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 1 and done.stderr == ""
    last = done.stdout.splitlines()[-1]
    assert "Can't start the thread bio_aof_fsync" in last and "ulimit -u" in last
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_fork_and_a_probe_refused_are_told_and_the_engine_serves_on(
    tmp_path: Path, host: str
) -> None:
    with engine(tmp_path, "--bind", host, before=_ALONE) as running:
        with running.client() as client, running.client() as watching:
            client.set("key", "value")
            events = watching.pubsub()
            events.subscribe(CHANNEL)
            assert events.get_message(timeout=30) is not None
            with pytest.raises(redis.ResponseError, match=r"^$"):  # Redis says `-ERR` and no more
                client.bgsave()
            assert client.get("key") == b"value"
            events.close()
        assert running.stop() == 0
        log = running.log.read_text()
    assert "# Can't save in background: fork: Resource temporarily unavailable" in log
    assert "# The pages can't be measured any more: can't start new thread; raise the" in log
    assert "Bug:" not in log
