"""A clock that is scaled goes on from where it was, and unscaled is the real one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.scaled_clock import ScaledClock


class Real:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def test_unscaled_it_is_the_real_clock_even_when_that_is_set_back() -> None:
    real = Real()
    clock = ScaledClock(real)
    clock.run(1)
    real.now -= 5000
    assert clock() == int(real.now)


def test_x30_makes_five_minutes_of_ten_seconds() -> None:
    real = Real()
    clock = ScaledClock(real)
    before = clock()
    clock.run(30)
    assert clock() == before
    real.now += 10
    assert clock() - before == 300


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 100)), max_size=8))
def test_it_never_jumps_when_the_scale_changes(moves: list[tuple[int, int]]) -> None:
    real = Real()
    clock = ScaledClock(real)
    start, expected = clock(), 0
    for scale, seconds in moves:
        before = clock()
        clock.run(scale)
        assert clock() == before
        real.now += seconds
        expected += scale * seconds
    assert clock() - start == expected
