"""The prediction: its choices are the moment's figures, its answer is what was counted."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from scenes.prediction import How, none_of_these, predict, right
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


def test_what_is_safe_now_may_be_lost_by_the_crash_and_can_be_chosen() -> None:
    safe = replace(TAIL, pending=(), unsafe=0, written=900, fsynced=900)
    view = replace(VIEW, tail=safe, dirty=52_803)
    cut, killed = predict("power", view), predict("kill", view)
    assert [guess.what for guess in cut.guesses] == ["none", "unsynced", "unsaved", "all"]
    assert [guess.what for guess in killed.guesses] == ["none", "buffer", "unsynced", "unsaved"]
    happened = replace(
        crash(192), acked=7_000, written=7_000, fsynced=900, unsaved=52_995, lost=6_100,
        rungs=(RungView(0, 0), RungView(192, 6_100), RungView(9, 900)),
    )  # fmt: skip
    assert cut.guesses[right(cut, happened)].what == "unsynced"


def test_without_a_log_it_is_about_the_last_save() -> None:
    asked = predict("kill", replace(VIEW, tail=TailView(enabled=False)))
    assert [guess.what for guess in asked.guesses] == ["none", "unsaved", "all"]
    assert "400 changes since the last save" in asked.text
    without = replace(crash(60), has_log=False)
    assert asked.guesses[right(asked, without)].what == "unsaved"
    nothing_there = replace(without, unsaved=20, recovered_keys=0)
    assert asked.guesses[right(asked, nothing_there)].what == "all"


@pytest.mark.parametrize(("how", "scripted"), [("kill", "none"), ("power", "unsynced")])
def test_autoplay_makes_the_scripted_choice(how: How, scripted: str) -> None:
    asked = predict(how, VIEW)
    assert asked.guesses[asked.scripted].what == scripted


@pytest.mark.parametrize(("lost", "what"), [(100, "buffer"), (400, "unsynced"), (350, "unsynced")])
def test_the_logs_own_bytes_decide_where_there_is_a_log(lost: int, what: str) -> None:
    """The clients found most of the values again, by other writes: that is no other law."""
    asked = predict("power", VIEW)
    counted = replace(crash(2), lost=lost)
    assert asked.guesses[right(asked, counted)].what == what


def test_nothing_acknowledged_lost_is_none_of_it() -> None:
    asked = predict("power", VIEW)
    assert asked.guesses[right(asked, replace(crash(0), lost=400))].what == "none"


@pytest.mark.parametrize("lost", [0, 600])
def test_what_is_no_choice_is_none_of_them_and_never_the_nearest(lost: int) -> None:
    """The log has all its bytes back, or fewer than an fsync had covered."""
    asked = predict("power", VIEW)
    answer = right(asked, replace(crash(380), lost=lost))
    assert answer == len(asked.guesses) and none_of_these(answer, asked.choices)


def test_a_cut_of_a_full_buffer_alone_is_of_what_no_fsync_covered() -> None:
    tail = replace(TAIL, pending=((900, 3),), unsafe=3, fsynced=800)
    asked = predict("power", replace(VIEW, tail=tail))
    assert [guess.what for guess in asked.guesses] == ["none", "unsynced", "unsaved", "all"]
    answer = right(asked, replace(crash(3), fsynced=800, lost=100))
    assert asked.guesses[answer].what == "unsynced"


def test_before_the_census_nothing_is_right() -> None:
    assert right(predict("kill", VIEW), replace(crash(0), census=None)) == -1
