"""Pictures of the whole screen from injected events, compared with those that were looked at.

After a wanted change: pytest tests/app/test_snapshots.py --snapshot-update, and look at them.
"""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from app.application import CowscopeApp
from tests.app.fake import FakeDriver
from tests.app.seen import settled

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _fixed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TEXTUAL_THEME", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)


def still(**options: Any) -> CowscopeApp:
    """An app without animations."""
    app = CowscopeApp(FakeDriver(), **options)
    app.animation_level = "none"
    return app


async def at_rest(pilot: Pilot[Any]) -> None:
    """Every panel is drawn with its final size."""
    await settled(pilot)


def test_large_and_dark(snap_compare: Compare) -> None:
    assert snap_compare(still(), terminal_size=(160, 48), run_before=at_rest)


def test_middle_and_light(snap_compare: Compare) -> None:
    assert snap_compare(still(dark=False), terminal_size=(120, 36), run_before=at_rest)


def test_small(snap_compare: Compare) -> None:
    assert snap_compare(still(), terminal_size=(80, 24), run_before=at_rest)


def test_ascii_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(still(ascii_only=True), terminal_size=(160, 48), run_before=at_rest)


def test_details_over_the_past(snap_compare: Compare) -> None:
    async def look_back(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("left_square_bracket", "i")
        await settled(pilot)

    assert snap_compare(still(), terminal_size=(120, 36), run_before=look_back)
