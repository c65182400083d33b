from __future__ import annotations

import pytest

from engine.rewrite_triggers import RetryLimit, growth_due


@pytest.mark.parametrize(
    ("current", "base", "due"),
    [(200, 100, 100), (199, 100, None), (500, 100, 400), (64, 0, None), (65, 0, 6400)],
)
def test_growth(current: int, base: int, due: int | None) -> None:
    assert growth_due(current, base, percentage=100, min_size=64) == due


def test_zero_percent_is_never() -> None:
    assert growth_due(1 << 40, 1, percentage=0, min_size=0) is None


def test_two_failures_are_no_reason_to_wait() -> None:
    assert RetryLimit().must_wait(2, 1000) == (False, 0)


def test_the_wait_doubles_up_to_an_hour() -> None:
    limit = RetryLimit()
    now, waits = 1000, []
    for _ in range(9):
        wait, minutes = limit.must_wait(3, now)
        assert wait and minutes
        waits.append(minutes)
        assert limit.must_wait(3, now + minutes * 60 - 1) == (True, 0)
        now += minutes * 60
        assert limit.must_wait(3, now) == (False, 0), "one try, then the next wait"
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_success_forgets_the_wait() -> None:
    limit = RetryLimit()
    limit.must_wait(3, 1000)
    limit.must_wait(0, 1001)
    assert limit.must_wait(3, 1002) == (True, 1)
