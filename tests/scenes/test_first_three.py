"""Scenes 01, 02 and 03 are played for real: they pass, their figures are this run's; lies fail."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from engine import events
from engine.events import AnyEvent, decode
from scenes.fold import reduce
from scenes.loader import load
from scenes.proofreading import unlit_lines
from scenes.scene import actions_of
from scenes.view import View
from tests.scenes.test_headless import Done, together

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)
PACE = 10.0
NUMBERS = ("01", "02", "03")
LIES = [
    ("01", "shared_arena", "fork_shared_everything|one_address_two_values"),
    ("02", "faked_child_writes", "copied_by_whoever_wrote|writer_has_the_new_frame"),
    ("03", "consistent_walk", "walk_is_torn"),
    ("03", "shared_arena", "file_is_exact|late_writes_are_not_in_it"),
]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Each scene as it is, with another seed and arena as JSON, and with lying engines."""
    here = Path(__file__).parent / "sabotage"
    calls = {}
    for number in NUMBERS:
        calls[number] = f"run({number!r}, pace={PACE})"
        calls[f"{number} json"] = (
            f"run({number!r}, json=True, pace={PACE}, seed=77, arena_pages=2048)"
        )
    for number, lie, _ in LIES:
        command = (sys.executable, "-P", str(here / f"{lie}.py"))
        calls[f"{number} {lie}"] = f"run({number!r}, pace={PACE}, command={command!r})"
    return together(tmp_path_factory.mktemp("first-three"), calls)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("how", ["", " json"])
def test_a_sound_run_passes_and_leaves_nothing(
    done: dict[str, Done], number: str, how: str
) -> None:
    run = done[number + how]
    assert (run.code, run.err, run.left) == (0, "", []), run.out[-3000:]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_transcript_tells_the_scene(done: dict[str, Done], number: str) -> None:
    scene, lines = load(number).scene, done[number].out.splitlines()
    headings = [line for line in lines if re.match(r"(opening|beat \d+) · ", line)]
    assert len(headings) == len(scene.stages)
    questions = sum(stage.question is not None for stage in scene.stages)
    assert questions >= 2
    answers = [line for line in lines if re.match(r"  (measured|modelled): ", line)]
    assert len(answers) == questions
    assert "…" not in done[number].out  # every figure was measured by then


def stream(done: dict[str, Done], number: str) -> list[AnyEvent]:
    return [decode(line) for line in done[f"{number} json"].out.splitlines()]


@pytest.mark.parametrize("number", NUMBERS)
def test_every_line_of_every_card_is_lit_by_what_happened(
    done: dict[str, Done], number: str
) -> None:
    cards, view = load(number).scene.cards, View()
    lit: dict[str, set[int]] = {card.name: set() for card in cards}
    for event in stream(done, number):
        view = reduce(view, event, cards)
        for name, light in view.lights.items():
            lit[name] |= {light.line, *light.also}
    assert lit == {card.name: {rule.line for rule in card.lights} for card in cards}
    assert not any(unlit_lines(card) for card in cards)


def test_the_right_answer_changes_with_the_run(done: dict[str, Done]) -> None:
    """Twice the pages and as many writes: less than half of them are copied, not two thirds."""
    asked = [e for e in stream(done, "02") if isinstance(e, events.Question) and e.right >= 0]
    assert {e.id: e.right for e in asked}["how-many"] == 2
    assert "  measured: more than half, but far from all" in done["02"].out


def test_figures_are_this_runs(done: dict[str, Done]) -> None:
    sums = [e for e in stream(done, "03") if isinstance(e, events.Contents)]
    assert [e.groups[0][1] for e in sums] == [1200] * 4
    assert "600 account: sum 60,000" in done["03"].out
    sides = [e for e in stream(done, "01") if isinstance(e, events.LessonSide)]
    assert [e.returned for e in sides if e.who == "child"] == [0] * 3
    assert sum(e.returned == -1 for e in sides) == 1


def test_a_child_that_replaced_a_killed_one_still_sees_another_value_than_its_parent() -> None:
    """It was forked after the step before: what the parent sets now must not have been set yet."""
    sets: list[tuple[str, str]] = []
    for stage in load("01").scene.stages:
        own = [a.send for a in actions_of(stage) if a.send and a.send[0] == "SET"]
        if stage.id == "address":
            assert [(key, value) in sets for _, key, value in own] == [False]
            break
        sets += [(key, value) for _, key, value in own]
    assert len(sets) == 3


def test_what_is_modelled_says_so(done: dict[str, Done]) -> None:
    """Frame numbers are root's to read: others get a model of them, and are told."""
    wanted = "measured" if os.geteuid() == 0 else "modelled"
    frames = [event for event in stream(done, "02") if isinstance(event, events.Frames)]
    assert frames and {event.source for event in frames} == {wanted}
    asked = [e for e in stream(done, "02") if isinstance(e, events.Question) and e.right >= 0]
    sources = {event.id: event.source for event in asked}
    assert (sources["parents-write"], sources["childs-write"]) == (wanted, wanted)
    assert sources["how-many"] == "measured"
    assert f"  {wanted}: the parent's: it has written" in done["02"].out


@pytest.mark.parametrize(("number", "lie", "found_by"), LIES)
def test_a_lying_engine_is_found_out(
    done: dict[str, Done], number: str, lie: str, found_by: str
) -> None:
    run = done[f"{number} {lie}"]
    assert run.code == 1 and run.left == [], run.out[-2000:]
    said = [line for line in run.err.splitlines() if re.search(found_by, line)]
    assert said, run.err
    assert all("expected" in line for line in said)
