"""What a step needs of the child before it begins."""

from __future__ import annotations

from msgspec.structs import replace

from engine import events
from scenes.actions import Action
from scenes.effects import (
    Enter,
    Send,
)
from scenes.player import Player
from scenes.scene import EngineSetup
from tests.scenes.stages import CRASH, FORK, STATE, WRITE, kinds, scene, stage


def test_a_step_that_wants_to_be_alone_lets_the_child_go_first() -> None:
    player = Player(scene(stage("a", 1, alone=True, do=[Action(send=["BGSAVE"])])))
    player.feed_event(FORK)
    assert player.start(6.0)[:2] == [Enter("a"), Send(("COWSCOPE", "RELEASE"))]
    gone = events.ChildExit(child=2, status=0, signal=0, usec=1, cow_kb=0, at=7.0)
    assert player.feed_event(gone)[0] == Send(("BGSAVE",))


def test_a_step_over_a_held_child_forks_one_where_none_lives() -> None:
    player = Player(scene(stage("a", 1, held=True, do=[Action(send=["PING"])])))
    fork = [Send(("COWSCOPE", "HOLD")), Send(("BGSAVE",))]
    assert player.start(0.0)[:3] == [Enter("a"), *fork]
    assert player.feed_event(events.Hold(state="armed", child=0)) == []
    assert player.feed_event(FORK) == []
    assert Send(("PING",)) in player.feed_event(events.Hold(state="held", child=2))


def test_a_step_over_a_held_child_takes_the_one_that_lives() -> None:
    player = Player(scene(stage("a", 1, held=True, do=[Action(send=["PING"])])))
    for event in (FORK, events.Hold(state="held", child=2)):
        player.feed_event(event)
    assert player.start(0.0)[:2] == [Enter("a"), Send(("PING",))]


def test_a_step_over_a_held_rewrite_has_one_in_every_engine() -> None:
    """One child is held already, one dumps (and is let go first), so only one has to be forked."""
    a, b = EngineSetup("a"), EngineSetup("b")
    needs = stage("x", 1, held=True, held_for="aof", do=[Action(send=["PING"])])
    player = Player(replace(scene(needs), engines=[a, b]))
    rewrite = replace(FORK, purpose="aof")
    for event in (
        replace(rewrite, engine="a"),
        events.Hold(state="held", child=2, engine="a"),
        replace(FORK, engine="b"),
    ):
        player.feed_event(event)
    assert player.start(0.0)[:2] == [Enter("x"), Send(("COWSCOPE", "RELEASE"), "b")]
    gone = events.ChildExit(child=2, status=0, signal=0, usec=1, cow_kb=0, engine="b")
    hold, fork = player.feed_event(gone)
    assert hold == Send(("COWSCOPE", "HOLD"), "b")
    assert isinstance(fork, Send) and (fork.argv, fork.engine) == (("BGREWRITEAOF",), "b")
    assert fork.needless.startswith("ERR Background append only file rewriting already")
    player.feed_event(replace(rewrite, engine="b"))
    assert Send(("PING",)) in player.feed_event(events.Hold(state="held", child=2, engine="b"))


def test_a_child_that_leaves_before_it_is_held_is_replaced_once() -> None:
    player = Player(scene(stage("a", 1, held=True)))
    player.feed_event(FORK)
    assert player.start(0.0)[1] == Send(("COWSCOPE", "HOLD"))
    gone = events.ChildExit(child=2, status=0, signal=0, usec=1, cow_kb=0)
    assert player.feed_event(gone) == [Send(("COWSCOPE", "HOLD")), Send(("BGSAVE",))]
    assert player.feed_event(WRITE) == []


LESSON = replace(FORK, purpose="lesson")
GONE_CHILD = events.ChildExit(child=2, status=0, signal=0, usec=1, cow_kb=0)
FORK_LESSON = Send(("COWSCOPE", "FORK"))
END_LESSON = Send(("COWSCOPE", "CHILD", "EXIT"))


def test_a_step_over_a_lessons_child_forks_one_where_none_lives() -> None:
    player = Player(scene(stage("a", 1, lesson=True, do=[Action(send=["PING"])])))
    assert player.start(1.0)[:2] == [Enter("a"), FORK_LESSON]
    assert Send(("PING",)) in player.feed_event(LESSON)


def test_a_step_over_a_lessons_child_takes_the_one_that_lives() -> None:
    player = Player(scene(stage("a", 1, lesson=True, do=[Action(send=["PING"])])))
    player.feed_event(LESSON)
    assert player.start(1.0)[:2] == [Enter("a"), Send(("PING",))]


def test_a_snapshots_child_is_let_go_for_a_lesson() -> None:
    player = Player(scene(stage("a", 1, lesson=True, do=[Action(send=["PING"])])))
    player.feed_event(FORK)
    assert player.start(1.0)[:2] == [Enter("a"), Send(("COWSCOPE", "RELEASE"))]
    assert FORK_LESSON in player.feed_event(GONE_CHILD)
    assert Send(("PING",)) in player.feed_event(replace(LESSON, child=3))


def test_a_lessons_child_is_told_to_leave_where_a_step_wants_none() -> None:
    for wanted in ("alone", "held"):
        player = Player(scene(stage("a", 1, do=[Action(send=["PING"])], **{wanted: True})))
        player.feed_event(LESSON)
        assert player.start(1.0)[:2] == [Enter("a"), END_LESSON]
        after = player.feed_event(GONE_CHILD)
        assert (Send(("PING",)) in after) is (wanted == "alone")
        assert (Send(("BGSAVE",)) in after) is (wanted == "held")


def test_lessons_children_that_do_not_stay_end_the_scene() -> None:
    player = Player(scene(stage("a", 1, lesson=True)))
    player.start(1.0)
    for _ in range(3):
        player.feed_event(replace(LESSON, purpose="aof"))
        player.feed_event(GONE_CHILD)
    assert "needs a lesson's child, and none stays" in player.failed


def test_where_no_child_can_be_held_the_step_says_so() -> None:
    """With no keys a child leaves before it could be held."""
    player = Player(scene(stage("a", 1, held=True)))
    effects = player.start(0.0)
    for child in (2, 3):
        effects += player.feed_event(replace(FORK, child=child))
        effects += player.feed_event(
            events.ChildExit(child=child, status=0, signal=0, usec=1, cow_kb=0)
        )
    assert kinds(effects) == ["Enter", "Send", "Send", "Send", "Send", "Failed"]
    assert "needs a held child, and 2 left at once" in player.failed


def test_a_crash_takes_the_child_along() -> None:
    player = Player(scene(stage("a", 1, alone=True, do=[Action(send=["BGSAVE"])])))
    for event in (FORK, CRASH, replace(STATE, run=2)):
        player.feed_event(event)
    assert player.start(9.0)[:2] == [Enter("a"), Send(("BGSAVE",))]
