"""Glyphs: one cell each, and one meaning each."""

from collections import Counter

import pytest
from rich.cells import cell_len

from app.glyphs import ASCII, DRAWN, RUNGS, Glyphs, chosen, probe

STATES = ("free", "private", "shared", "copied", "new", "to_come", "writing", "written", "lit")


@pytest.mark.parametrize("glyphs", [DRAWN, ASCII])
def test_each_takes_one_cell(glyphs: Glyphs) -> None:
    assert all(cell_len(glyph) == 1 for glyph in glyphs.every())
    assert (len(glyphs.levels), len(glyphs.curve)) == (7, 8)


@pytest.mark.parametrize("glyphs", [DRAWN, ASCII])
def test_no_two_states_share_one(glyphs: Glyphs) -> None:
    used = [getattr(glyphs, name) for name in STATES] + list(glyphs.levels) + list(RUNGS.values())
    assert [glyph for glyph, times in Counter(used).items() if times > 1] == []


def test_ascii_is_ascii() -> None:
    assert all(glyph.isascii() for glyph in ASCII.every())
    assert chosen(True) is ASCII and chosen(False) is DRAWN


def test_without_a_terminal_nothing_is_asked() -> None:
    assert probe() is None
