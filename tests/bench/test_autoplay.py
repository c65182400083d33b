"""The rows of an hour of autoplay: what moves within a scene is no leak, what grows is one."""

from __future__ import annotations

from bench.autoplay_bench import Sample, rows
from bench.row import Row


def descriptors(counts: list[int]) -> Row:
    """The row about descriptors for these, in 5 s steps."""
    samples = [Sample(5.0 * n, 1 << 26, 1 << 26, count, 4, 2) for n, count in enumerate(counts)]
    (found,) = [row for row in rows(samples, 3) if "descriptors" in row.what]
    return found


def test_descriptors_that_come_and_go_hold_and_the_note_says_how_far() -> None:
    row = descriptors([20, 24, 30, 22] * 25)
    assert row.held and (row.value, row.reference) == (30, 30)
    assert "from 20 to 30" in row.note


def test_one_more_at_its_highest_is_chance_and_one_more_a_scene_is_a_leak() -> None:
    assert descriptors([20, 30] * 40 + [20, 31] * 10).held
    assert not descriptors([20 + n // 8 for n in range(100)]).held


def test_a_child_of_the_moment_does_not_count_for_the_engine_and_growth_does() -> None:
    def engine(early: int, late: int) -> Row:
        """Every other sample has a child; towards the end, all but every fifth."""
        samples = [
            Sample(5.0 * n, 1 << 26, (early if n < 50 else late) + 30 * child, 20, 4, 2 + child)
            for n in range(100)
            for child in [n % 2 if n < 80 else int(n % 5 > 0)]
        ]
        (found,) = [row for row in rows(samples, 3) if "engine" in row.what]
        return found

    assert engine(77 << 20, 77 << 20).held
    assert not engine(77 << 20, 90 << 20).held
