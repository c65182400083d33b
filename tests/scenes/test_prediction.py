"""The prediction: its choices are the moment's figures, its answer is what was counted."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from scenes.prediction import How, predict, right
from scenes.view import CensusView, CrashView, RungView, TailView, View

TAIL = TailView(
    enabled=True, policy="no", appended=900, written=800, fsynced=500,
    pending=((600, 40), (800, 20), (900, 3)), unsafe=63,
)  # fmt: skip
VIEW = View(seq=7, tail=TAIL, dirty=400, keys=700)


def crash(lost: int, kind: str = "power cut") -> CrashView:
    census = CensusView(
        acknowledged=63, survived=63 - lost, lost=lost, in_flight=0, in_flight_survived=0,
        left_out=0, lost_names=(), in_flight_names=(), survivors=(), usec=1, source="measured",
    )  # fmt: skip
    rungs = (RungView(3, 100), RungView(60, 300), RungView(9, 500))
    return CrashView(
        kind=kind, at=1.0, acked=900, written=800, fsynced=500, rungs=rungs, unsaved=400,
        keys=700, census=census,
    )  # fmt: skip


def test_the_choices_are_what_stands_where_at_the_moment() -> None:
    asked = predict("kill", VIEW)
    assert [(guess.what, guess.figure) for guess in asked.guesses] == [
        ("none", 0), ("buffer", 3), ("unsynced", 63), ("unsaved", 400),
    ]  # fmt: skip
    assert "3 commands in aof_buf, 60 in the page cache" in asked.text and "kill -9" in asked.text


def test_where_all_is_safe_there_is_still_something_to_choose() -> None:
    safe = replace(TAIL, pending=(), unsafe=0, written=900, fsynced=900)
    asked = predict("power", replace(VIEW, tail=safe, dirty=0))
    assert [guess.what for guess in asked.guesses] == ["none", "all"]


def test_without_a_log_it_is_about_the_last_save() -> None:
    asked = predict("kill", replace(VIEW, tail=TailView(enabled=False)))
    assert [guess.what for guess in asked.guesses] == ["none", "unsaved", "all"]
    assert "400 changes since the last save" in asked.text


@pytest.mark.parametrize(("how", "scripted"), [("kill", "none"), ("power", "unsynced")])
def test_autoplay_makes_the_scripted_choice(how: How, scripted: str) -> None:
    asked = predict(how, VIEW)
    assert asked.guesses[asked.scripted].what == scripted


@pytest.mark.parametrize(
    ("lost", "what"),
    [(0, "none"), (1, "buffer"), (3, "buffer"), (60, "unsynced"), (66, "unsynced"),
     (380, "unsaved")],
)  # fmt: skip
def test_right_is_what_is_closest_to_what_was_counted(lost: int, what: str) -> None:
    asked = predict("power", VIEW)
    assert asked.guesses[right(asked, crash(lost))].what == what


@pytest.mark.parametrize(("lost", "what"), [(100, "buffer"), (400, "unsynced"), (350, "unsynced")])
def test_the_logs_own_bytes_decide_where_there_is_a_log(lost: int, what: str) -> None:
    """The clients found most of the values again, by other writes: that is no other law."""
    asked = predict("power", VIEW)
    counted = replace(crash(2), lost=lost)
    assert asked.guesses[right(asked, counted)].what == what


def test_before_the_census_nothing_is_right() -> None:
    assert right(predict("kill", VIEW), replace(crash(0), census=None)) == -1
