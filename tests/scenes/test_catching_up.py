"""On the way to a later step all before it is played: fast, asking nobody, and then no more."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from engine import events
from scenes.actions import Action, Match, Workload
from scenes.catching_up import PACE
from scenes.effects import (
    Answered,
    CatchingUp,
    CaughtUp,
    Checked,
    Effect,
    Enter,
    Failed,
    Refused,
    Restart,
    Send,
    ShowStep,
    StartWorkload,
    StopWorkload,
)
from scenes.player import Player
from scenes.refusals import played
from scenes.sandbox import press
from scenes.scene import Expectation, Scene
from scenes.verdict import Verdict
from scenes.view import EngineView, View
from tests.scenes.stages import CRASH, FORK, QUESTION, WRITE, kinds, scene, stage, wake

TRICKLE = Workload(name="trickle", rate=20)


def four() -> Scene:
    """An opening; a step that waits for a fork; one that asks and proves; and the one wanted."""
    return scene(
        stage("opening", 0, do=[Action(start=TRICKLE)], dwell=2.0),
        stage("forks", 1, do=[Action(send=["BGSAVE"])], wait=Match("fork"), dwell=4.0),
        stage("asks", 2, question=QUESTION, dwell=4.0, expect=[Expectation("c")]),
        stage("wanted", 3, question=replace(QUESTION, id="last"), dwell=4.0),
        stage("later", 4),
    )


def holds(expectation: Expectation, evidence: object) -> Verdict:
    return Verdict.of(True, expectation.check)


def on(player: Player, effects: list[Effect], *heard: events.Event) -> list[Effect]:
    """All that comes until it has caught up; each event as soon as it is waited for."""
    told, coming, now = list(effects), list(heard), 0.0
    while player.catching_up:
        due = wake(effects)
        assert due is not None
        if player.phase in ("waiting", "revealing") and coming and player.expects:
            effects = player.feed_event(replace(coming.pop(0), at=now))
        else:
            now = max(now, due)
            effects = player.feed_clock(now)
        told += effects
    return told


def entered(effects: Iterable[Effect]) -> list[tuple[str, bool]]:
    return [(e.stage, e.passing) for e in effects if isinstance(e, Enter)]


def test_all_steps_before_are_played_with_their_waits_and_reveals() -> None:
    player = Player(four(), start_at="wanted", judged_by=holds)
    told = on(player, player.start(0.0), FORK, WRITE)
    assert told[0] == CatchingUp("wanted", 3)
    assert entered(told) == [("opening", True), ("forks", True), ("asks", True), ("wanted", False)]
    assert Send(("BGSAVE",)) in told and Send(("SET", "user:42", "x")) in told
    assert [e for e in told if isinstance(e, Checked)] == [Checked("c", True, "c")]
    assert player.visited == ["opening", "forks", "asks", "wanted"]
    assert told.index(CaughtUp("wanted")) < told.index(Enter("wanted"))


def test_it_waits_for_events_and_for_no_key() -> None:
    player = Player(four(), start_at="wanted")
    player.start(0.0)
    player.feed_clock(0.11)  # the opening's 2 s, twenty times as fast
    assert player.stage is not None and player.stage.id == "forks"
    player.feed_clock(5.0)
    assert player.phase == "waiting", "the fork has not come"
    player.feed_event(FORK)
    player.feed_clock(5.21)
    assert player.stage.id == "asks" and player.phase == "asking"
    player.feed_clock(5.42)
    assert player.phase == "revealing"


def test_the_wanted_step_is_at_the_learners_pace_and_asks_the_learner() -> None:
    player = Player(four(), start_at="wanted", judged_by=holds)
    player.hand.pace = 2.0
    told = on(player, player.start(0.0), FORK, WRITE)
    rates = [e.rate for e in told if isinstance(e, StartWorkload)]
    assert rates == [20 * PACE, 40.0] and player.own_pace == player.pace == 2.0
    assert player.phase == "asking" and not player.autoplay
    assert not kinds(player.feed_clock(100.0)) and player.phase == "asking"
    assert Answered("last", 1) in player.feed_key("answer-2", 101.0)


def test_who_plays_by_itself_does_so_from_the_wanted_step_on() -> None:
    player = Player(four(), start_at="wanted", autoplay=True, judged_by=holds)
    on(player, player.start(0.0), FORK, WRITE)
    assert player.autoplay and player.pace == 1.0
    asked_at = player._clock.now
    assert not kinds(player.feed_clock(asked_at + 3.9))
    assert Answered("last", 0, "script") in player.feed_clock(asked_at + 4.1)


def test_questions_are_answered_as_the_learner_did_else_by_the_script() -> None:
    def answer(earlier: int) -> Answered:
        player = Player(
            four(), start_at="wanted", judged_by=holds, earlier=lambda question: earlier
        )
        told = on(player, player.start(0.0), FORK, WRITE)
        return next(e for e in told if isinstance(e, Answered))

    assert answer(1) == Answered("q", 1, "earlier")
    assert answer(-1) == Answered("q", QUESTION.scripted, "script")
    assert answer(3) == Answered("q", QUESTION.scripted, "script"), "another edition's choice"


def test_a_jump_plays_what_lies_between_from_the_running_step_on() -> None:
    player = Player(four(), judged_by=holds)
    player.start(0.0)
    player.feed_key("next", 1.0)
    began = player.feed_key("jump:wanted", 2.0)
    assert began[:2] == [CatchingUp("wanted", 2), StartWorkload(TRICKLE, 20 * PACE)]
    told = on(player, began, FORK, WRITE)
    assert entered(told) == [("asks", True), ("wanted", False)]
    assert player.feed_key("jump:forks", 50.0) == [ShowStep("forks")]
    assert isinstance(player.feed_key("jump:nowhere", 51.0)[0], Refused)


def test_from_a_step_that_rests_the_next_one_is_entered_at_once() -> None:
    player = Player(scene(stage("a", 1), stage("b", 2), stage("c", 3)))
    player.start(0.0)
    assert kinds(player.feed_key("jump:b", 1.0)) == ["Enter"] and not player.catching_up
    told = player.feed_key("jump:c", 2.0)
    assert kinds(told) == ["Enter"] and entered(told) == [("c", False)]


def test_a_jump_from_a_question_answers_it() -> None:
    player = Player(four(), judged_by=holds)
    player.start(0.0)
    for now, step in ((1.0, "forks"), (2.0, "asks")):
        player.feed_key("next", now)
        assert player.stage is not None and player.stage.id == step
        player.feed_event(replace(FORK, at=now))
    assert player.phase == "asking"
    told = on(player, player.feed_key("jump:wanted", 3.0), WRITE)
    assert Answered("q", 0, "script") in told and entered(told) == [("wanted", False)]


def test_stay_goes_on_from_the_step_that_plays() -> None:
    player = Player(four(), start_at="later", judged_by=holds)
    player.start(0.0)
    player.feed_clock(1.0)
    player.feed_event(replace(FORK, at=1.0))
    player.feed_clock(1.3)
    assert player.phase == "asking"
    assert kinds(player.feed_key("stay", 1.4)) == ["CaughtUp", "StartWorkload"]
    assert not player.catching_up and player.pace == 1.0 and not player.autoplay
    assert not kinds(player.feed_clock(60.0)) and player.phase == "asking"
    assert Answered("q", 1) in player.feed_key("answer-2", 61.0)
    assert player.feed_key("stay", 62.0) == []


def test_other_keys_are_refused_meanwhile_and_a_later_jump_goes_further() -> None:
    player = Player(four(), start_at="asks")
    player.start(0.0)
    refused = [Refused(played("refuse.catching_up"))]
    for key in ("next", "answer-1", "faster", "autoplay"):
        assert player.feed_key(key, 0.01) == refused
    assert press("b", player, View(engine=EngineView(pid=1, alive=True))) == refused
    assert player.feed_key("jump:later", 0.02)[0] == CatchingUp("later", 4)
    assert player.own_pace == 1.0 and player.catching_up is not None
    assert player.feed_key("pause", 0.03) == [StopWorkload("trickle")] and player.paused
    assert not kinds(player.feed_clock(50.0))
    assert kinds(player.feed_key("pause", 50.0)) == ["StartWorkload"]


def test_a_jump_on_the_way_may_go_less_far() -> None:
    player = Player(scene(*(stage(name, 1, dwell=4.0) for name in "abcd")), start_at="d")
    player.start(0.0)
    assert player.phase == "resting"
    assert entered(player.feed_key("jump:b", 0.1)) == [("b", False)]
    assert not player.catching_up and player.pace == 1.0


def test_a_restart_gives_the_learner_pace_and_keys_back() -> None:
    player = Player(four(), start_at="wanted")
    player.start(0.0)
    assert player.feed_key("restart", 0.1)[-1] == Restart()
    assert player.start(1.0)[0] == Enter("opening") and not player.catching_up
    assert player.pace == 1.0 and not player.autoplay


def test_a_step_that_fails_on_the_way_ends_it_with_its_reason() -> None:
    player = Player(four(), start_at="wanted")
    player.start(0.0)
    player.feed_clock(1.0)
    assert player.stage is not None and player.stage.id == "forks"
    (failed,) = player.feed_clock(20.0)
    assert isinstance(failed, Failed) and "step 'forks'" in failed.reason
    assert not player.catching_up and player.failed == failed.reason
    assert player.feed_key("stay", 21.0) == []


def test_an_engine_that_is_gone_stops_it() -> None:
    player = Player(four(), start_at="wanted")
    player.start(0.0)
    player.feed_event(CRASH)
    assert player.feed_clock(90.0) == [] and player.stage is not None
    assert player.stage.id == "opening"


def test_which_of_the_steps_plays_is_counted() -> None:
    player = Player(four(), start_at="wanted", judged_by=holds)
    told, numbers = player.start(0.0), []
    for heard in (None, FORK, None, WRITE):
        way = player.catching_up
        assert way is not None
        numbers.append((way.number(player.position), way.steps))
        now = player._clock.now
        told += player.feed_event(replace(heard, at=now)) if heard else []
        told += player.feed_clock(now + 0.5)
    assert numbers == [(1, 3), (2, 3), (3, 3), (3, 3)]
