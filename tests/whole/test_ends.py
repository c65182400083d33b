"""However the screen or a run without one ends: no process, no file and no altered terminal stays.

The ends by keys and signals are in `test_terminal`; here are those that nobody planned.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.whole.running import engine
from tests.whole.test_insistence import until
from tests.whole.test_terminal import RESTORED, fork_held, is_joinable
from tests.whole.tmux import Terminal, wait_until_gone

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the live engine needs Linux"
)
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

PLANTED = """
import sys
if "app.cli" in sys.orig_argv:
    import app.application
    import scenes.session

    def in_the_app(self):
        raise RuntimeError("planted in the app")

    async def in_the_run(self, effect):
        raise RuntimeError("planted in the run")

    app.application.CowscopeApp.action_help_quit = in_the_app
    if "run" in sys.orig_argv:
        scenes.session.Session.perform = in_the_run
"""


@needs_tmux
def test_an_exception_inside_the_app_restores_the_terminal_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "sitecustomize.py").write_text(PLANTED)
    environment = {"PYTHONPATH": str(tmp_path)}
    with Terminal(tmp_path, "play", "04", environment=environment) as terminal:
        terminal.wait_for(is_joinable)
        processes = fork_held(terminal)

        terminal.press("C-c")

        assert terminal.note("code") == "1"
        assert terminal.note("after") == terminal.note("before")
        assert terminal.format("#{alternate_on} #{mouse_any_flag} #{cursor_flag}") == RESTORED
        said = " ".join(line.strip() for line in terminal.screen().splitlines()).strip()
        assert said.startswith(
            "cowscope: the screen ended by a bug: RuntimeError: planted in the app (sitecus"
        )
        assert "Traceback" not in said
        wait_until_gone(processes)
        assert list(tmp_path.glob("cache/cowscope/*")) == []


class Headless:
    """`cowscope run 04`, once its engine runs."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        environment["PYTHONPATH"] = str(folder)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.cli", "run", "04"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self.cache = folder / "cache" / "cowscope"

    def family(self) -> list[psutil.Process]:
        """Its engine, and what that has forked."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := psutil.Process(self.process.pid).children(recursive=True):
                return found
            time.sleep(0.01)
        raise AssertionError("no engine was started")


@pytest.fixture
def headless(tmp_path: Path) -> Iterator[Headless]:
    running = Headless(tmp_path)
    yield running
    running.process.kill()
    running.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_a_run(headless: Headless, number: signal.Signals) -> None:
    family = headless.family()
    headless.process.send_signal(number)
    _, said = headless.process.communicate(timeout=60)
    assert headless.process.returncode == 128 + number
    assert b"Traceback" not in said
    wait_until_gone(family)
    assert list(headless.cache.glob("*")) == []


def test_a_killed_run_takes_its_engine_along_and_the_next_one_cleans(
    headless: Headless, tmp_path: Path
) -> None:
    family = headless.family()
    headless.process.kill()
    headless.process.communicate(timeout=60)
    wait_until_gone(family)
    left = list(headless.cache.glob("*"))  # nobody was there to remove them
    assert left
    following = Headless(tmp_path)
    try:
        following.family()
        assert not any(path.exists() for path in left)
        following.process.terminate()
        following.process.communicate(timeout=60)
        assert list(headless.cache.glob("*")) == []
    finally:
        following.process.kill()


def test_an_exception_inside_a_run_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(PLANTED)
    broken = Headless(tmp_path)
    family = broken.family()
    _, said = broken.process.communicate(timeout=30)
    assert broken.process.returncode == 1
    assert b"planted in the run" in said and b"Traceback" not in said
    wait_until_gone(family)
    assert list(broken.cache.glob("*")) == []


@pytest.mark.parametrize("mode", ["multipart", "pipes"])
def test_after_the_engine_s_own_sigkill_the_next_start_cleans(tmp_path: Path, mode: str) -> None:
    options = ("--appendonly", "yes", "--aof-rewrite-mode", mode)
    with engine(tmp_path, *options) as running, running.client() as client:
        client.set("k", "v")
        client.execute_command("COWSCOPE", "HOLD")
        client.bgrewriteaof()
        until(lambda: list(running.folder.glob("temp-rewriteaof-*.aof")), "no child writes")
        running.kill_group()
    folder = tmp_path / "data"
    dead = subprocess.Popen(["true"])
    dead.wait()
    unfinished = [f"temp-{dead.pid}.rdb", f"temp-rewriteaof-bg-{dead.pid}.aof"]
    kept = [f"temp-{os.getpid()}.rdb", "temp-of-mine.rdb", "something.aof"]
    if mode == "multipart":
        unfinished += [
            "appendonlydir/temp-appendonly.aof.manifest",
            "appendonlydir/temp-appendonly.aof.incr",
            f"appendonlydir/temp-rewriteaof-{dead.pid}.aof",
        ]
        kept += ["appendonlydir/appendonly.aof.7.incr.aof"]
    for name in (*unfinished, *kept):
        (folder / name).write_bytes(b"x")
    with engine(tmp_path, *options) as running, running.client() as client:
        assert client.get("k") == b"v"
        assert {name for name in kept if (folder / name).exists()} == set(kept)
        left = {str(path.relative_to(folder)) for path in folder.rglob("*temp-*")}
        assert left == {f"temp-{os.getpid()}.rdb", "temp-of-mine.rdb"}
        running.stop()


def test_history_that_a_crash_has_left_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    options = ("--appendonly", "yes")
    with engine(tmp_path, *options, "--aof-disable-auto-gc", "yes") as running:
        manifest = running.folder / "appendonlydir" / "appendonly.aof.manifest"
        with running.client() as client:
            client.set("k", "v")
            client.bgrewriteaof()
            until(lambda: b"type h" in manifest.read_bytes(), "the rewrite never ended")
        running.kill_group()  # as if in the moment before it would have been deleted
    history = [line.split()[1] for line in manifest.read_bytes().splitlines() if b"type h" in line]
    assert len(history) == 2
    with engine(tmp_path, *options) as running, running.client() as client:
        assert client.get("k") == b"v"
        until(lambda: b"type h" not in manifest.read_bytes(), "history stays listed")
        folder = os.fsencode(manifest.parent)
        until(lambda: not set(os.listdir(folder)) & set(history), "history stays")
