"""The timeline's row: marks, words where there is room for them, letters and their legend."""

from __future__ import annotations

import random

import pytest

from app import timeline
from app.glyphs import ASCII, DRAWN
from app.lines import plain
from app.timeline import LABELS, LEGEND_FROM, row
from scenes.marks import Mark


def shown(marks: list[Mark], length: int, width: int) -> str:
    return plain(row(marks, length - 1, length, width, "end", DRAWN, past=False)[0])


def test_it_marks_and_points() -> None:
    marks = [Mark(0, "a", "step"), Mark(50, "fork 7", "fork"), Mark(99, "x", "crash")]
    line, room = row(marks, 25, 100, 48, "end", ASCII, past=True)
    assert plain(line) == "|*---------^---------fork---------------c| end"
    assert room == 40


def test_a_long_run_keeps_its_forks_legible() -> None:
    fsyncs = [Mark(n * 10, "fsync everysec", "fsync") for n in range(100)]
    steps = [Mark(505, "a", "step"), Mark(510, "b", "step")]
    marks = [Mark(500, "fork 7", "fork"), Mark(800, "exit 7", "child.exit"),
             Mark(801, "dump saved", "rdb.saved"), *fsyncs, *steps]  # fmt: skip
    many = shown(marks, 1000, 60)
    assert "fork" in many and "dump" not in many and "exit" in many
    assert DRAWN.minor_mark not in many, "a wall of fsyncs is no information"
    assert DRAWN.minor_mark in shown(marks[:3] + fsyncs[:10], 1000, 60)


def test_words_do_not_touch_and_letters_are_explained() -> None:
    """Marks at random: a word is whole and by itself, and each letter's meaning stands beside."""
    chance = random.Random(5)
    kinds = list(LABELS)
    lettered = 0
    for _ in range(200):
        places = sorted(chance.sample(range(1000), chance.randrange(1, 12)))
        marks = [Mark(at, "", chance.choice(kinds)) for at in places]
        _, track, legend = shown(marks, 1000, 130).split("|")
        words = "".join(sign if sign.isalpha() else " " for sign in track).split()
        letters = {word for word in words if word not in ("crash", "fork", "exit", "dump")}
        assert set("".join(letters)) <= set(LABELS.values()), track
        explained = {sign for sign in LABELS.values() if f" {sign} " in legend}
        assert explained >= set("".join(letters)), (track, legend)
        lettered += bool(letters)
    assert lettered > 20


def test_a_narrow_row_has_no_legend() -> None:
    marks = [Mark(500, "", "child.exit"), Mark(520, "", "fork")]  # the fork's word has the room
    assert shown(marks, 1000, LEGEND_FROM - 1).endswith("| end")
    assert " e exit  " in shown(marks, 1000, LEGEND_FROM)


def test_seeking_to_and_fro_places_the_marks_once_a_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor's number is longer and shorter, and the track's room with it."""
    placed = 0

    def counted(index: int, length: int, room: int) -> int:
        nonlocal placed
        placed += 1
        return index * (room - 1) // (length - 1)

    monkeypatch.setattr(timeline, "_place", counted)
    marks = [Mark(at, "", "fork") for at in range(1000)]
    rounds = []
    for _ in range(3):
        for cursor in (5, 55, 555):
            row(marks, cursor, 1000, 130, f"event {cursor} of 1,000", DRAWN, past=True)
        rounds.append(placed)
    assert rounds[0] >= 3 * len(marks)
    assert rounds[2] - rounds[0] < 20, "only the cursor's own places"
