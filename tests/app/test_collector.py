"""The collector: held back while much is made at once, and not looking at what stays anyway."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from app.application import CowscopeApp
from scenes import collector
from tests.app.fake import FakeDriver


def test_it_is_on_again_afterwards_and_stays_off_where_it_was_off() -> None:
    assert gc.isenabled()
    with collector.held_back():
        assert not gc.isenabled()
        with collector.held_back():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_loaded_is_left_out() -> None:
    says = "import gc; from scenes import collector; import app.scene_screen\n"
    says += "collector.leave_out_loaded(); print(gc.get_freeze_count())"
    done = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, timeout=60)
    assert int(done.stdout) > 10_000, done.stderr


@pytest.mark.parametrize(("is_headless", "times"), [(False, 1), (True, 0)])
def test_an_app_on_a_terminal_does_so_once(
    is_headless: bool, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out: list[str] = []
    monkeypatch.setattr(collector, "leave_out_loaded", lambda: left_out.append("all"))
    monkeypatch.setattr(CowscopeApp, "is_headless", is_headless)
    app = CowscopeApp(FakeDriver(status="live"), ascii_only=True)
    for _ in range(2):
        app._leave_out_loaded()
    assert len(left_out) == times
