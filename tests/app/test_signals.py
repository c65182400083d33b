"""Signals without a terminal: whoever presses the keys is ended, not left with a dead screen."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PRESSES_ON = """
import asyncio, os, signal
from app.application import CowscopeApp
from tests.app.fake import FakeDriver

async def main():
    signal.signal(signal.{name}, signal.SIG_DFL)  # nohup has SIGHUP ignored
    async with CowscopeApp(FakeDriver(status="live"), ascii_only=True).run_test() as pilot:
        os.kill(os.getpid(), signal.{name})
        await pilot.pause(0.1)
        await pilot.press("z")
        print("pressed a key on a screen that has left")

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_what_drives_a_screen_without_a_terminal(name: str) -> None:
    """`timeout` ended a long run so: the keys did nothing any more, and nothing said why."""
    script = [sys.executable, "-c", PRESSES_ON.format(name=name)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60)
    assert done.returncode in (-signal.Signals[name], 128 + signal.Signals[name])
    assert done.stdout == ""
