"""Predict, then reveal: the right choice is what this run measured."""

from __future__ import annotations

from msgspec.structs import replace

from engine import events
from scenes.effects import (
    Answered,
    Ask,
    Failed,
    Refused,
    Send,
    WaitUntil,
)
from scenes.player import Player
from scenes.scene import Choice, Question
from tests.scenes.stages import FORK, QUESTION, WRITE, scene, stage, wake


def test_predict_then_reveal() -> None:
    player = Player(scene(stage("a", 1, question=QUESTION)))
    asked = player.start(0.0)
    assert asked[1] == Ask("q", ("t", "t"), -1) and player.phase == "asking"
    assert isinstance(player.feed_key("next", 1.0)[0], Refused)
    assert isinstance(player.feed_key("answer-4", 1.0)[0], Refused)
    answered = player.feed_key("answer-1", 2.0)
    assert answered[:2] == [Answered("q", 0), Send(("SET", "user:42", "x"))]
    player.feed_event(events.Answer(id="q", choice=0, at=2.0))
    assert wake(player.feed_event(WRITE)) == 8.0  # its evidence takes a moment
    assert player.feed_clock(7.9) == [WaitUntil(8.0)]
    revealed = player.feed_clock(8.0)
    assert revealed[0] == Ask("q", ("t", "t"), 1, "measured")
    assert (player.chosen, player.right) == (0, 1)


def test_a_figure_that_no_choice_says_fails_the_scene() -> None:
    question = Question(id="q", text="t", measure="appended", choices=[Choice("t", "w", 7)] * 2)
    player = Player(scene(stage("a", 1, question=question)))
    player.start(0.0)
    player.feed_key("answer-1", 0.0)
    (failed,) = player.feed_clock(1.0)
    assert isinstance(failed, Failed) and "measured 0 (appended)" in failed.reason


def test_only_the_copies_of_the_questions_page_count() -> None:
    about = replace(QUESTION, key="k", wait=None, settle=1.0)
    player = Player(scene(stage("a", 1, question=about)))
    player.feed_event(FORK)
    player.feed_event(WRITE)  # k lies on page 1
    player.start(6.0)
    player.feed_key("answer-1", 6.0)
    player.feed_event(events.Answer(id="q", choice=0))
    others = events.Pages(child=2, shared=0, copied=3, new=0, newly_copied=[(2, 4)])
    player.feed_event(others)
    assert Ask("q", ("t", "t"), 1, "measured") in player.feed_clock(7.0)  # none of that page


def asked(measured: str, **fields: object) -> Player:
    """A player with an answered question whose measure is a reply that was kept."""
    choices = [Choice("t", "w", "always"), Choice("t", "w", least=10)]
    question = Question("q", "t", "reply", choices, args={"name": "r"}, settle=0.0)
    player = Player(scene(stage("a", 1, question=question)))
    player.start(0.0)
    player.feed_event(events.Reply(name="r", argv=["GET", "r"], text=measured, at=1.0))
    player.feed_key("answer-1", 2.0)
    player.feed_clock(3.0)
    return player


def test_an_answer_may_be_a_word() -> None:
    assert asked("always").right == 0
    assert "measured no (reply), which none of its choices says" in asked("no").failed
