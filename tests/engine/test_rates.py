"""The mean growth of a counter."""

from __future__ import annotations

from engine.rates import Rate
from engine.stats import Stats


def test_nothing_is_known_before_two_looks() -> None:
    rate = Rate()
    rate.look(1.0, 500)
    assert rate.per_second() == 0.0


def test_the_last_sixteen_looks_count() -> None:
    rate = Rate()
    for look in range(17):
        rate.look(look / 10, 100 * look)
    assert round(rate.per_second()) == 1000
    rate.look(1.7, 1600)
    assert round(rate.per_second()) == 1000 - 1000 // 16
    for look in range(16):
        rate.look(2.0 + look, 1600)
    assert rate.per_second() == 0.0


def test_a_reset_begins_anew() -> None:
    stats = Stats(commands=1000)
    stats.look(1.0)
    stats.reset()
    stats.look(2.0)
    assert stats.commands_rate.per_second() == 0.0
    stats.commands = 50
    stats.look(2.5)
    assert stats.commands_rate.per_second() == 100.0
