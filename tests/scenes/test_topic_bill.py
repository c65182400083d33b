"""The topic bill: whether fork's times lie near a line, which a busy machine's do not."""

from __future__ import annotations

import pytest

from scenes.evidence import Evidence
from scenes.measures import Figures
from scenes.topics.bill import Bill, Forked

PAGES = (1024, 8192, 32768)


def evidence(*usecs: int) -> Evidence:
    """Forks of the sizes, of each size a slow one besides."""
    gathered = Evidence(topics=["bill"])
    for pages, usec in zip(PAGES, usecs, strict=False):
        gathered.of(Bill).forks += [Forked(usec * 9, 1, pages), Forked(usec, 1, pages)]
    return gathered


@pytest.mark.parametrize(
    ("usecs", "word"),
    [
        ((500, 1200, 3700), "lies near it"),
        ((500, 2300, 3700), "lies near it"),
        ((15_645, 2_273, 4_000), "do not rely on it"),
        ((500, 15_645, 3_700), "do not rely on it"),
        ((3_000, 3_000, 3_000), "do not rely on it"),
    ],
)
def test_times_of_a_busy_machine_are_taken_for_no_line(usecs: tuple[int, ...], word: str) -> None:
    assert word in str(Figures(evidence(*usecs), {})["line_remark"])


def test_two_sizes_are_no_line() -> None:
    assert Figures(evidence(500, 1200), {})["line_remark"] is None
    assert Figures(Evidence(topics=["bill"]), {})["line_remark"] is None
