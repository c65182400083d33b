"""Which events of scene 04 light which line: only what an event proves."""

from __future__ import annotations

import pytest

from engine import events
from engine.events import AnyEvent
from scenes.actions import Match
from scenes.fold import reduce
from scenes.loader import load
from scenes.scene import Card, Lights
from scenes.view import View

CARDS = load("04").scene.cards
HELD = events.Hold(state="held", child=11)
NOTHING_YET = events.SnapshotProgress(child=11, keys=0, total_keys=8, bytes=96, page_ranges=[])
RECORD = events.SnapshotProgress(child=11, keys=1, total_keys=8, bytes=117, page_ranges=[])
EXIT = events.ChildExit(child=11, status=0, signal=0, usec=1, cow_kb=0)
KILLED = events.ChildExit(child=11, status=0, signal=9, usec=1, cow_kb=0)
SAVED = events.RdbSaved(path="dump.rdb", bytes=1, keys=8, usec=1)


def fork(purpose: str = "rdb") -> AnyEvent:
    return events.Fork(pid=10, child=11, usec=1, purpose=purpose, page_table_kb=1)  # type: ignore[arg-type]


def fsync(thread: str, policy: str) -> AnyEvent:
    return events.AofFsync(
        file="a", start=0, end=1, usec=1, policy=policy, thread=thread,  # type: ignore[arg-type]
        dirty_pages_after=0,
    )  # fmt: skip


def lit(card: str, *stream: AnyEvent) -> int | None:
    view = View()
    for event in stream:
        view = reduce(view, event, CARDS)
    return view.lights[card].line if card in view.lights else None


@pytest.mark.parametrize(
    ("stream", "line"),
    [
        ((SAVED,), None),  # SAVE in the foreground forks nobody
        ((fork("aof"), RECORD, EXIT), None),
        ((fork(),), 2),
        ((fork(), NOTHING_YET), 3),  # the child runs, nothing is written
        ((fork(), NOTHING_YET, HELD), 4),  # held before its first record
        ((fork(), NOTHING_YET, HELD, RECORD), 5),
        ((fork("aof"), HELD), None),
        ((fork(), RECORD, KILLED), 5),
        ((fork(), RECORD, EXIT), 7),
        ((fork(), RECORD, EXIT, SAVED), 6),  # the parent reports the exit, then the dump
        ((fork(), RECORD, KILLED, SAVED), 5),
        ((fork(), RECORD, EXIT, SAVED, SAVED, fork("aof"), SAVED), 6),
    ],
)
def test_bgsave(stream: tuple[AnyEvent, ...], line: int | None) -> None:
    assert lit("Server.bgsave", *stream) == line


def test_a_save_in_the_foreground_does_not_light_bgsave_again() -> None:
    view = View()
    for event in (fork(), RECORD, EXIT, SAVED):
        view = reduce(view, event, CARDS)
    before = view.lights["Server.bgsave"]
    assert reduce(view, SAVED, CARDS).lights["Server.bgsave"] is before


@pytest.mark.parametrize(
    ("thread", "policy", "write", "flush"),
    [
        ("main", "always", 7, None),
        ("main", "everysec", None, None),  # at a change of policy, at the end
        ("bio", "everysec", None, 9),
        ("bio", "always", None, 9),  # queued under the policy before
    ],
)
def test_an_fsync_lights_the_line_of_its_thread(
    thread: str, policy: str, write: int | None, flush: int | None
) -> None:
    event = fsync(thread, policy)
    assert (lit("Server.handleWrite", event), lit("aofFlushBackground", event)) == (write, flush)


def test_all_lines_that_an_event_shows_to_run_are_lit_and_no_other() -> None:
    view, cards = View(), load("03").scene.cards
    view = reduce(view, fork(), cards)
    lit = view.lights["bgsave"]
    assert (lit.line, lit.also) == (2, (6,))
    lit = reduce(view, RECORD, cards).lights["bgsave"]
    assert (lit.line, lit.also) == (4, (3,))


def test_clients_write_beside_a_child_or_a_walk_only_while_there_is_one() -> None:
    command = events.Command(client="c", argv=["SET"], usec=1, dirty=1, pages=[(1, "a")])
    cards = load("03").scene.cards
    view = reduce(View(), command, cards)
    assert not view.lights
    beside = reduce(reduce(view, fork(), cards), command, cards)
    assert beside.lights["bgsave"].line == 7
    for event in (fork(), EXIT, SAVED, command):
        view = reduce(view, event, cards)
    assert view.lights["bgsave"].line == 5


def test_replies_have_left_once_a_client_reports_them() -> None:
    none = events.Latency(client="trickle", count=0, p50_usec=0, p99_usec=0, max_usec=0)
    some = events.Latency(client="trickle", count=9, p50_usec=1, p99_usec=1, max_usec=1)
    assert (lit("Server.handleWrite", none), lit("Server.handleWrite", some)) == (None, 8)


def lines(rules: list[Lights], *stream: AnyEvent) -> list[int]:
    """The lines lit one after the other by a card with these rules."""
    cards, view, found = [Card(name="c", title="", code="", lights=rules)], View(name="a"), []
    for event in stream:
        view = reduce(view, event, cards)
        if "c" in view.lights and found[-1:] != [view.lights["c"].line]:
            found.append(view.lights["c"].line)
    return found


def stage(name: str, engine: str = "a") -> AnyEvent:
    return events.Rewrite(stage=name, child=0, bytes=0, engine=engine)


def test_events_that_look_alike_are_told_apart_by_the_line_before() -> None:
    rules = [
        Lights(line=1, on=Match(event="rewrite", where={"stage": "install-base"})),
        Lights(line=2, on=Match(event="rewrite", where={"stage": "persist-manifest"}), after=1),
    ]
    assert lines(rules, stage("persist-manifest")) == []
    assert lines(rules, stage("install-base"), stage("persist-manifest")) == [1, 2]


def test_another_engines_event_lights_no_line() -> None:
    rules = [Lights(line=1, on=Match(event="rewrite", engine="a"))]
    assert lines(rules, stage("fork", engine="b")) == []
    assert lines(rules, stage("fork")) == [1]


def test_a_line_of_the_log_is_known_by_its_beginning() -> None:
    rules = [Lights(line=1, on=Match(event="log", begins={"text": "Starting automatic "}))]
    assert lines(rules, events.Log(level="*", text="Background AOF rewrite")) == []
    assert lines(rules, events.Log(level="*", text="Starting automatic rewriting")) == [1]
