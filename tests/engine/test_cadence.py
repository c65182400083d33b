"""The probe's cadence under an injected clock."""

from __future__ import annotations

import pytest

from engine.cadence import Cadence


def test_writes_beside_a_child_are_read_every_20_ms() -> None:
    cadence = Cadence()
    cadence.pages_read(at=100.0, cost=0.0005)
    assert cadence.pages_due(child=True, kicked=True) == pytest.approx(100.02)


def test_a_costly_reading_is_at_most_a_tenth_of_the_time() -> None:
    cadence = Cadence()
    cadence.pages_read(at=100.0, cost=0.015)
    assert cadence.pages_due(child=True, kicked=True) == pytest.approx(100.15)
    assert cadence.pages_due(child=True, kicked=False) == pytest.approx(100.3)


def test_the_childs_own_writes_are_looked_for_ten_times_a_second() -> None:
    cadence = Cadence()
    cadence.pages_read(at=100.0, cost=0.001)
    assert cadence.pages_due(child=True, kicked=False) == pytest.approx(100.1)


def test_without_a_child_writes_are_read_twice_a_second_and_nothing_else_is() -> None:
    cadence = Cadence()
    cadence.pages_read(at=100.0, cost=0.001)
    assert cadence.pages_due(child=False, kicked=True) == pytest.approx(100.5)
    assert cadence.pages_due(child=False, kicked=False) is None


@pytest.mark.parametrize(
    "used, cost, pause", [(1 << 20, 0.001, 0.1), (1 << 20, 0.004, 0.2), (1 << 30, 0.001, 1.0)]
)
def test_smaps_is_read_rarely_and_rarer_when_it_costs(used: int, cost: float, pause: float) -> None:
    cadence = Cadence()
    cadence.smaps_read(at=100.0, cost=cost)
    assert cadence.smaps_due(used) == pytest.approx(100.0 + pause)


def test_the_first_reading_is_due_at_once() -> None:
    cadence = Cadence()
    due = cadence.pages_due(child=False, kicked=True)
    assert due is not None and due < 0
    assert cadence.smaps_due(0) < 0


def test_pages_that_the_kernel_may_change_are_read_again_without_a_write() -> None:
    cadence = Cadence()
    cadence.pages_read(10.0, 0.001)
    assert cadence.pages_due(child=False, kicked=False) is None
    assert cadence.pages_due(child=False, kicked=False, restless=True) == 11.0
