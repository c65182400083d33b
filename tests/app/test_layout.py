from __future__ import annotations

from itertools import chain, combinations

import pytest
from textual.geometry import Region

from app.layout import FOOTER_ROWS, HEADER_ROWS, TABS, arranged

SUBSETS = [
    frozenset(s) for s in chain.from_iterable(combinations(TABS, n) for n in range(len(TABS) + 1))
]


@pytest.mark.parametrize(("columns", "rows"), [(160, 48), (151, 45), (120, 36), (101, 33)])
@pytest.mark.parametrize("code", [True, False])
def test_the_panels_that_a_scene_has_share_all_of_the_room(
    columns: int, rows: int, code: bool
) -> None:
    for ever in SUBSETS:
        places = arranged(columns, rows, code=code, tab="grid", ever=ever)
        assert set(places) <= ever | {"words"}
        shown = list(places.values())
        assert sum(place.area for place in shown) == columns * (rows - HEADER_ROWS - FOOTER_ROWS)
        assert not any(one.overlaps(two) for one, two in combinations(shown, 2)), (ever, places)


def test_a_small_terminal_without_other_panels_shows_the_words_alone() -> None:
    places = arranged(80, 24, code=False, tab="tail", ever=frozenset({"words"}))
    assert places == {"words": Region(0, 0, 80, 19)}
