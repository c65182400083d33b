"""The arithmetic of the table."""

from __future__ import annotations

import pytest

from bench.row import Row, compared, growth, table


def test_two_servers_are_compared_by_their_medians() -> None:
    row = compared("SET", "requests/s", [60, 1, 90], [80, 100, 3000], at_least=0.7)
    assert row.ratio == 0.6
    assert row.held is False
    assert "| 60 requests/s | 100 (redis-server) | 0.60 | >= 0.7 | missed |" in table([row])


@pytest.mark.parametrize(("ratio", "held"), [(1.9, True), (2.0, True), (2.1, False)])
def test_a_cost_must_not_pass_its_target(ratio: float, held: bool) -> None:
    assert compared("BGSAVE", "s", [ratio], [1.0], at_most=2).held is held


def test_growth_is_measured_between_the_two_largest_sizes() -> None:
    linear = growth("BGSAVE", "s", {1_000_000: [1.0], 100_000: [0.1], 10_000: [0.09]})
    assert linear.ratio == pytest.approx(1.0)
    assert linear.held
    square = growth("BGSAVE", "s", {1_000_000: [10.0], 100_000: [0.1], 10_000: [0.001]})
    assert square.ratio == pytest.approx(10.0)
    assert square.held is False


def test_what_was_not_measured_has_no_figure_and_keeps_no_target() -> None:
    for row in (Row.skipped("fakeredis", "not installed"), growth("fork", "s", {1: [0], 10: [1]})):
        assert row.held is None
        assert "nan" not in table([row])
        assert "not measured: " in table([row])


def test_nothing_is_held_beside_a_time_too_short_to_tell() -> None:
    row = compared("loading", "s", [0.001], [0.0], at_most=4)
    assert row.held is None
    assert "redis-server: too short to tell" in table([row])
