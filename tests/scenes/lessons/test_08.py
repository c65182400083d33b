"""Scene 08 is played for real: it passes, its figures are this run's, and a lost diff is found."""

from __future__ import annotations

import re
import sys

import pytest

from engine import events
from engine.events import decode
from scenes.fold import reduce
from scenes.loader import load
from scenes.rewrite_view import PIPES
from scenes.view import View
from tests.scenes.lessons.playing import lines_with_rules, lit_lines, played
from tests.scenes.test_headless import Done

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)
LIE = "lost_diff"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Another seed and arena as JSON, and a lying engine; the golden file is of its own seed."""
    folder = tmp_path_factory.mktemp("scene-08")
    return played("08", folder, arena_pages=2048, lies=[LIE])


@pytest.fixture(scope="module")
def stream(done: dict[str, Done]) -> list[events.AnyEvent]:
    return [decode(line) for line in done["json"].out.splitlines()]


def test_another_seed_and_arena_pass_too(done: dict[str, Done]) -> None:
    run = done["json"]
    assert (run.code, run.err, run.left) == (0, "", [])


def test_the_right_answers_are_measured(stream: list[events.AnyEvent]) -> None:
    asked = [e for e in stream if isinstance(e, events.Question) and e.right >= 0]
    assert {e.id: e.right for e in asked} == {
        "incrs": 0,
        "trigger": 1,
        "where": 1,
        "pipe-one": 1,
        "when": 1,
    }


def test_each_line_of_a_card_is_the_lit_one_at_some_time(stream: list[events.AnyEvent]) -> None:
    cards = load("08").scene.cards
    assert lit_lines(stream, cards) == lines_with_rules(cards)


def test_figures_are_this_runs(stream: list[events.AnyEvent]) -> None:
    """Twice the arena, twice the keys, all of them as SETs in the new file."""
    first = next(e for e in stream if isinstance(e, events.Contents))
    assert ("SET user:", 600) in [(name, count) for name, count, _ in first.groups]


def test_cards_and_stages_are_lit_by_what_happened(stream: list[events.AnyEvent]) -> None:
    cards, view = load("08").scene.cards, View()
    stages: tuple[str, ...] = ()
    most = 0
    for event in stream:
        view = reduce(view, event, cards)
        most = max(most, view.rewrite.most_buffered)
        if view.rewrite.reached("residual-written"):
            stages = tuple(stage.name for stage in view.rewrite.stages)
        if isinstance(event, events.Rewrite) and event.stage == "parent-agrees":
            # what the fold derives from the appended and the sent is what the engine counts
            assert view.rewrite.diff - view.rewrite.sent == event.buffered
    assert set(view.lights) == {card.name for card in cards}
    assert stages[-1] == "finished" and set(stages) <= set(PIPES)
    assert most > 100_000
    assert [file.role for file in view.rewrite.files] == ["log"]


def test_a_lost_diff_is_found_out(done: dict[str, Done]) -> None:
    run = done[LIE]
    assert run.code == 1 and run.left == []
    said = [line for line in run.err.splitlines() if re.search("new_file_adds_up", line)]
    assert said and all("expected" in line for line in said), run.err
