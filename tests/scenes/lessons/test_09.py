"""Scene 09 is played for real on two engines: it passes with its own figures; a lie fails."""

from __future__ import annotations

import re
import sys

import pytest

from engine import events
from engine.events import decode
from scenes.fold import reduce
from scenes.loader import load
from scenes.rewrite_view import MULTIPART, PIPES
from scenes.view import View
from tests.scenes.lessons.playing import lines_with_rules, lit_lines, played
from tests.scenes.test_headless import Done

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)
LIE = "old_increment"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Another seed and arena as JSON, and a lying engine; the golden file is of its own seed."""
    folder = tmp_path_factory.mktemp("scene-09")
    return played("09", folder, arena_pages=2048, lies=[LIE])


@pytest.fixture(scope="module")
def stream(done: dict[str, Done]) -> list[events.AnyEvent]:
    return [decode(line) for line in done["json"].out.splitlines()]


def test_another_seed_and_arena_pass_too(done: dict[str, Done]) -> None:
    run = done["json"]
    assert (run.code, run.err, run.left) == (0, "", [])


def test_the_right_answers_are_measured(stream: list[events.AnyEvent]) -> None:
    asked = [e for e in stream if isinstance(e, events.Question) and e.right >= 0]
    assert {e.id: e.right for e in asked} == {"where": 1, "left": 0, "bytes": 1, "kind": 1}


def test_each_line_of_a_card_is_the_lit_one_at_some_time(stream: list[events.AnyEvent]) -> None:
    cards = load("09").scene.cards
    assert lit_lines(stream, cards) == lines_with_rules(cards)


def test_figures_are_this_runs(stream: list[events.AnyEvent]) -> None:
    """Twice the arena: twice the keys, and the start after the crash finds them all."""
    back = [e.keys for e in stream if isinstance(e, events.Recovered)]
    assert back == [600 + 2 + 40]


def test_each_engine_moves_through_its_own_stages(stream: list[events.AnyEvent]) -> None:
    cards, view = load("09").scene.cards, View()
    ended: dict[str, tuple[str, ...]] = {}
    roles: dict[str, list[str]] = {}
    for event in stream:
        view = reduce(view, event, cards)
        if isinstance(event, events.Rewrite) and event.stage == "finished":
            own = view if event.engine == view.name else view.others[event.engine]
            ended[event.engine] = tuple(stage.name for stage in own.rewrite.stages)
            roles[event.engine] = [file.role for file in own.rewrite.files]
    assert ended == {"multipart": MULTIPART, "pipes": PIPES}
    assert roles == {"multipart": ["manifest", "base", "increment"], "pipes": ["log"]}
    assert set(view.lights) == {card.name for card in cards}


def test_history_that_was_kept_is_seen_and_then_deleted(stream: list[events.AnyEvent]) -> None:
    """Deleting it later is no other rewrite: the one that has ended gets the stages."""
    view, later = View(), 0
    seen: list[tuple[str, ...]] = [()]
    for event in stream:
        view = reduce(view, event)
        if isinstance(event, events.Rewrite) and event.engine == view.name:
            roles = tuple(file.role for file in view.rewrite.files)
            seen += [roles] if roles != seen[-1] else []
            if event.stage == "remove-files" and not view.rewrite.running:
                later = len(view.rewrite.stages)
    kept = ("manifest", "base", "history", "history", "increment")
    assert later == len(MULTIPART) - 1  # all but the last manifest, which comes next
    assert kept in seen and seen[seen.index(kept) + 1] == ("manifest", "base", "increment")


def test_a_switch_that_was_none_is_found_out(done: dict[str, Done]) -> None:
    run = done[LIE]
    assert run.code == 1 and run.left == []
    found = [line for line in run.err.splitlines() if re.search("written_where_told", line)]
    assert found and all("expected" in line for line in found), run.err
