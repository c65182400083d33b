"""Actions that wait for an event, and choices that are tried one after the other."""

from __future__ import annotations

import pytest

from engine import events
from scenes.actions import Action, Match
from scenes.effects import Answered, Ask, Enter, Failed, Refused, Send
from scenes.player import Player
from scenes.scene import Choice, Question, Stage, actions_of
from scenes.waits import endless
from tests.scenes.stages import FORK, WRITE, kinds, scene, stage

FORKED = Action(until=Match("fork"))


def sends(word: str) -> Action:
    return Action(send=[word])


def reply(text: str) -> events.Reply:
    return events.Reply(name="said", argv=["GET"], text=text, at=6.0)


def test_what_stands_behind_an_until_waits_for_its_event() -> None:
    player = Player(scene(stage("a", 1, do=[sends("BGSAVE"), FORKED, sends("PING")])))
    assert player.start(0.0)[:2] == [Enter("a"), Send(("BGSAVE",))]
    assert player.feed_event(WRITE) == [] and player.phase == "waiting"
    assert isinstance(player.feed_key("next", 1.0)[0], Refused)
    assert player.feed_event(FORK)[0] == Send(("PING",)) and player.phase == "resting"


def test_the_steps_own_wait_begins_with_its_last_action() -> None:
    player = Player(scene(stage("a", 1, do=[FORKED, FORKED, sends("PING")], wait=Match("fork"))))
    player.start(0.0)
    phases = []
    for _ in range(3):
        player.feed_event(FORK)
        phases.append(player.phase)
    assert phases == ["waiting", "waiting", "resting"]


def test_each_until_has_the_steps_time() -> None:
    player = Player(scene(stage("a", 1, do=[FORKED, FORKED], timeout=3.0)))
    player.start(0.0)
    player.feed_event(FORK)  # at 5.0
    assert kinds(player.feed_clock(7.9)) == []
    (failed,) = player.feed_clock(8.0)
    assert isinstance(failed, Failed) and "for the event 'fork'" in failed.reason


def trying(*reveals: bool) -> Stage:
    """A step whose choices say `a`, `b` and `c`; each is tried by sending its name."""
    choices = [
        Choice("t", "w", value=name, reveal=[sends(name)] if has else [])
        for name, has in zip("abc", reveals, strict=True)
    ]
    question = Question(
        id="q",
        text="t",
        measure="reply",
        args={"name": "said"},
        choices=choices,
        reveal=[sends("common")],
        wait=Match("reply"),
        settle=0.0,
    )
    return stage("a", 1, question=question)


@pytest.mark.parametrize(
    ("key", "said", "sent", "right"),
    [
        ("answer-2", ["b"], "b", 1),
        ("answer-2", ["no", "a"], "ba", 0),
        ("answer-3", ["no", "no", "b"], "cab", 1),
        ("answer-1", ["c"], "a", 2),
    ],
)
def test_the_chosen_one_is_tried_first_and_others_until_one_is_right(
    key: str, said: list[str], sent: str, right: int
) -> None:
    player = Player(scene(trying(True, True, True)))
    player.start(0.0)
    effects = player.feed_key(key, 1.0)
    assert effects[0] == Answered("q", "123".index(key[-1]))
    for text in said:
        effects += player.feed_event(reply(text))
        effects += player.feed_clock(6.1)
    names = [effect.argv[0] for effect in effects if isinstance(effect, Send)]
    assert names == [word for name in sent for word in (name, "common")]
    assert [e.right for e in effects if isinstance(e, Ask)] == [right]
    assert player.right == right


def test_when_none_of_those_tried_is_right_the_scene_says_so() -> None:
    player = Player(scene(trying(True, True, False)))
    player.start(0.0)
    player.feed_key("answer-1", 1.0)
    for _ in range(2):
        player.feed_event(reply("no"))
        player.feed_clock(6.1)
    assert "measured no (reply), which none of its choices says" in player.failed


def test_an_until_that_nothing_brings_is_endless() -> None:
    found = list(endless(scene(stage("a", 1, do=[FORKED]), trying(True, True, True))))
    assert found[0][1].startswith("goes on after the event 'fork', but nothing forks up to here")
    assert "the reveal waits for 'reply'" in found[1][1]


def test_all_that_a_step_may_do_is_known() -> None:
    sent = [action.send for action in actions_of(trying(True, False, True))]
    assert sent == [["common"], ["a"], ["c"]]
