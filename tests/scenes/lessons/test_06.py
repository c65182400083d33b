"""Scene 06, save points, is played for real: it passes, its figures are this run's, lies fail."""

from __future__ import annotations

import re
import sys

import pytest

from engine import events
from engine.events import AnyEvent, decode
from scenes.fold import reduce
from scenes.loader import load
from scenes.topics.save_points import Cron
from scenes.view import View
from tests.scenes.lessons.playing import played
from tests.scenes.test_headless import Done

LIES = [
    ("commands_for_changes", "three_members_are_three_changes"),
    ("impatient_cron", "saved_by_the_rule|cron_tried_again"),
]
GRANTED = "granted_forks"
"""No lie: a machine on which no fork can be refused."""
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the engine needs Linux")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Another seed and arena as JSON, and the lying engines; the golden file has the plain run."""
    folder = tmp_path_factory.mktemp("points")
    return played("06", folder, arena_pages=512, lies=[*(lie for lie, _ in LIES), GRANTED])


def stream(done: dict[str, Done]) -> list[AnyEvent]:
    return [decode(line) for line in done["json"].out.splitlines()]


@linux
def test_another_seed_and_arena_pass_with_figures_of_their_own(done: dict[str, Done]) -> None:
    run = done["json"]
    assert (run.code, run.err, run.left) == (0, "", [])
    saved = [event.keys for event in stream(done) if isinstance(event, events.RdbSaved)]
    assert saved == [152] * 6  # 300 keys in the scene's own arena
    asked = [e for e in stream(done) if isinstance(e, events.Question) and e.right >= 0]
    assert [(e.id, e.right) for e in asked] == [
        ("how-many", 1),
        ("when", 2),
        ("dirty-then", 1),
        ("one-second", 1),
        ("a-write", 1),
        ("who-tries", 2),
    ]
    members = {event.text for event in stream(done) if getattr(event, "name", "") == "members"}
    assert members != {"21"}  # what the scene's own seed draws


@linux
@pytest.mark.parametrize(
    ("question", "begins"), [("when", events.RdbSaved), ("who-tries", events.ChildExit)]
)
def test_what_is_timed_begins_after_the_answer(
    done: dict[str, Done], question: str, begins: type[events.Event]
) -> None:
    """However long a learner thinks: a save, or a failed one, of the reveal begins it."""
    told = stream(done)
    answered = next(
        n for n, e in enumerate(told) if isinstance(e, events.Answer) and e.id == question
    )
    since = told[answered:]
    ends = next(n for n, event in enumerate(since) if isinstance(event, events.SavePoint))
    assert [event for event in since[:ends] if isinstance(event, begins)]


@linux
def test_the_clock_is_scaled_for_one_rule_and_says_so(done: dict[str, Done]) -> None:
    points = [event for event in stream(done) if isinstance(event, events.SavePoint)]
    assert [(point.seconds, point.clock_scale) for point in points] == [(300, 30), (1, 1), (1, 1)]
    clocks = [event for event in stream(done) if isinstance(event, events.Clock)]
    assert {event.source for event in clocks} == {"scripted"}
    view, seen = View(), set()
    for event in stream(done):
        view = reduce(view, event)
        seen.add(view.clock_scale)
    assert seen == {1, 30} and view.clock_scale == 1


@linux
def test_every_card_is_lit(done: dict[str, Done]) -> None:
    cards, view, lit = load("06").scene.cards, View(), set()
    for event in stream(done):
        view = reduce(view, event, cards)
        lit |= {(name, one.line) for name, one in view.lights.items()}
    assert lit == {
        *(("cron", line) for line in (2, 7, 8)),
        *(("reap", line) for line in (2, 8, 9, 11)),
        *(("guard", line) for line in (4, 5)),
    }


def test_a_card_is_lit_only_by_what_it_shows() -> None:
    cards = load("06").scene.cards
    fork = events.Fork(pid=1, child=2, usec=1, purpose="rdb", page_table_kb=0)
    saved = events.RdbSaved(path="dump.rdb", bytes=1, keys=1, usec=1)
    killed = events.ChildExit(child=2, status=0, signal=9, usec=1, cow_kb=0)

    def refused(name: str) -> AnyEvent:
        return events.Reply(name=name, argv=["X"], text="ERR", failed=True)

    def lit(*stream: AnyEvent) -> dict[str, int]:
        view = View()
        for event in stream:
            view = reduce(view, event, cards)
        return {name: one.line for name, one in view.lights.items()}

    assert lit(saved) == {}  # SAVE: no child, nothing to reap
    assert lit(refused("bgsave")) == {}  # an error, not MISCONF
    assert lit(refused("set")) == {"guard": 4}
    assert lit(fork, killed) == {"cron": 2, "reap": 5}


@linux
@pytest.mark.parametrize(("lie", "found_by"), LIES)
def test_a_lying_engine_is_found_out(done: dict[str, Done], lie: str, found_by: str) -> None:
    run = done[lie]
    assert run.code == 1 and run.left == [], run.out[-2000:]
    assert all(re.search(found_by, line) for line in run.err.splitlines()) and run.err, run.err


@linux
def test_where_no_fork_can_be_refused_its_steps_are_skipped_with_the_reason(
    done: dict[str, Done],
) -> None:
    run = done[GRANTED]
    assert (run.code, run.err, run.left) == (0, "", []), run.out[-2000:]
    skipped = re.findall(r"^  skipped  (\w+): (.*)$", run.out, re.MULTILINE)
    reason = "this kernel refuses no fork to root: overcommit_memory grants every mapping"
    assert [name for name, _ in skipped] == ["writes_were_refused"] and reason in skipped[0][1]
    assert "A client SETs a key now" not in run.out and "BGSAVE -> ERR" not in run.out
    assert "held     writes_were_refused" in run.out  # with a full disk


def test_both_languages_say_all_of_it() -> None:
    assert load("06", "zh").words.missing() == []


def test_changes_are_counted_from_the_fork_on() -> None:
    """What a save in the foreground has is saved; what comes after a fork is not."""
    cron = Cron()

    def write(dirty: int) -> None:
        argv = ["SADD", "tags", "a"]
        cron.add(events.Command(client="c", argv=argv, usec=1, dirty=dirty, pages=[]))

    saved = events.RdbSaved(path="dump.rdb", bytes=1, keys=1, usec=1)
    write(3)
    cron.add(saved)
    assert cron.changes == 0
    write(4)
    cron.add(events.Fork(pid=1, child=2, usec=1, purpose="rdb", page_table_kb=0))
    write(5)
    cron.add(saved)
    assert (cron.changes, cron.tags, cron.child_saved) == (5, 12, saved)
