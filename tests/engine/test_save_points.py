"""A save point: strictly more seconds, at least as many changes, patience after a failure."""

import pytest

from engine.save_points import SavePoint, due

POINTS = ((300, 10), (60, 10_000))


def ask(**changed: int | bool) -> SavePoint | None:
    state = {"now": 301, "lastsave": 0, "dirty": 10, "last_ok": True, "last_try": 0, **changed}
    return due(POINTS, **state)  # type: ignore[arg-type]


def test_fires_after_strictly_more_than_its_seconds() -> None:
    assert ask(now=300) is None
    assert ask(now=301) == SavePoint(300, 10)


def test_needs_at_least_its_changes() -> None:
    assert ask(dirty=9) is None


def test_first_matching_point_wins() -> None:
    assert ask(dirty=10_000) == SavePoint(300, 10)
    assert ask(dirty=10_000, now=61) == SavePoint(60, 10_000)


@pytest.mark.parametrize(("now", "fires"), [(305, False), (306, True)])
def test_waits_more_than_five_seconds_after_a_failure(now: int, fires: bool) -> None:
    assert (ask(now=now, last_ok=False, last_try=300) is not None) is fires
