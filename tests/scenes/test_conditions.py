from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine import events
from engine.events import AnyEvent
from scenes.conditions import text_of, why_of
from scenes.fold import reduce
from scenes.loader import load
from scenes.view import View
from tests.scenes.streams import tale

SCENE = load("04").scene
EXIT = events.ChildExit(child=11, status=0, signal=0, usec=1, cow_kb=0, at=300.0)
FORK = events.Fork(pid=10, child=12, usec=1, purpose="rdb", page_table_kb=1, at=400.0)
ALWAYS = events.Config(name="appendfsync", old="everysec", new="always", at=300.0)
OFF = events.Config(name="appendonly", old="yes", new="no", at=300.0)
CRASH = events.Crash(kind="kill -9", acked=1, written=1, fsynced=1, at=300.0)
ENDED = (events.ChildExit, events.RdbSaved)


def said(step: str, *more: AnyEvent) -> str:
    """The text's key after a run with a living child, its step, and then `more`."""
    living = [event for event in tale() if not isinstance(event, ENDED)]
    entered = events.Step(scene="04", step=step, title="t", at=200.0)
    view = View()
    for event in (*living, entered, *more):
        view = reduce(view, event)
    return text_of(SCENE, next(stage for stage in SCENE.stages if stage.id == step), view)


@pytest.mark.parametrize(
    ("step", "more", "text"),
    [
        ("copies", (), "copies.text"),
        ("copies", (EXIT,), "gone.child"),
        ("copies", (EXIT, FORK), "copies.text"),
        ("spreading", (EXIT,), "gone.child"),
        ("walk", (EXIT,), "walk.text"),
        ("walk", (replace(EXIT, signal=10),), "walk.failed"),
        ("after", (), "after.again"),
        ("after", (EXIT,), "after.text"),
        ("after", (EXIT, FORK), "after.again"),
        ("always", (), "always.other"),
        ("always", (ALWAYS,), "always.text"),
        ("no", (ALWAYS,), "no.other"),
        ("tail", (), "tail.text"),
        ("tail", (OFF,), "gone.aof"),
        ("tail", (OFF, CRASH), "gone.engine"),
    ],
)
def test_a_fact_that_a_learner_ended_is_not_said(
    step: str, more: tuple[AnyEvent, ...], text: str
) -> None:
    assert said(step, *more) == text


def asked(*meanwhile: AnyEvent) -> str:
    """The reason given for `none` where `meanwhile` happened after the answer."""
    question = next(stage.question for stage in SCENE.stages if stage.question)
    put = events.Question(id=question.id, choices=["0", "1", "20"], right=-1, at=210.0)
    living = [event for event in tale() if not isinstance(event, ENDED)]
    answer = events.Answer(id=question.id, choice=1, at=220.0)
    known = replace(put, right=0, at=500.0)
    view = View()
    for event in (*living, put, answer, *meanwhile, known):
        view = reduce(view, event)
    assert view.question is not None and view.question.right == 0
    return why_of(question.choices[0], view.question)


def test_a_reason_that_needs_a_child_is_not_given_without_one() -> None:
    assert asked() == "hot.none.why"
    assert asked(EXIT) == asked(EXIT, FORK) == asked(CRASH) == "hot.none.alone"


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        ((0, 40, 70, 90, 100, 100), "gauge.text"),
        ((0, 25, 50, 75, 100, 100), "gauge.straight"),
        ((0, 10, 30, 60, 100, 100), "gauge.straight"),
        ((0, 90, 100), "gauge.straight"),
    ],
)
def test_the_curve_is_said_to_bend_only_where_it_does(figures: tuple[int, ...], text: str) -> None:
    readings = [
        events.Pages(child=11, shared=1, copied=n, new=0, private_dirty_kb=kb, at=at, smaps_at=at)
        for n, kb in enumerate(figures)
        for at in [201.0 + n]
    ]
    assert said("gauge", *readings) == text


@pytest.mark.parametrize("stage", SCENE.stages, ids=lambda stage: stage.id)
def test_no_step_speaks_for_an_engine_that_is_gone(stage: object) -> None:
    assert said(stage.id, CRASH) == "gone.engine"  # type: ignore[attr-defined]
