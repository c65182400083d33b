"""The player: the way through a scene, its keys, its pace."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import events
from scenes.actions import Action, Match, Workload
from scenes.effects import (
    Checked,
    Enter,
    Finished,
    Refused,
    Restart,
    Send,
    ShowStep,
    StartWorkload,
    StopWorkload,
    WaitUntil,
)
from scenes.evidence import Evidence
from scenes.player import Player
from scenes.refusals import GONE, played
from scenes.scene import EngineSetup, Expectation
from scenes.verdict import Verdict
from tests.scenes.stages import CRASH, FORK, QUESTION, STATE, WRITE, kinds, scene, stage, wake


def test_a_step_does_waits_and_rests() -> None:
    player = Player(
        scene(
            stage("a", 1, do=[Action(hold=True), Action(send=["BGSAVE"])], wait=Match("fork")),
            stage("b", 2),
        )
    )
    effects = player.start(1.0)
    assert effects[:3] == [Enter("a"), Send(("COWSCOPE", "HOLD")), Send(("BGSAVE",))]
    assert wake(effects) == 11.0
    assert isinstance(player.feed_key("next", 2.0)[0], Refused)
    assert player.feed_event(WRITE) == [] and player.phase == "waiting"
    player.feed_event(FORK)
    assert player.phase == "resting"
    assert kinds(player.feed_key("next", 6.0)) == ["Enter"]
    assert kinds(player.feed_key("next", 7.0)) == ["Finished"]
    assert isinstance(player.feed_key("next", 8.0)[0], Refused)


def test_the_opening_plays_by_itself_and_the_first_key_starts_beat_1() -> None:
    stages = (stage("o1", 0, dwell=2.0), stage("o2", 0, dwell=2.0), stage("one", 1))
    player = Player(scene(*stages))
    assert wake(player.start(0.0)) == 2.0
    assert kinds(player.feed_clock(2.0)) == ["Enter"]
    assert player.stage is not None and player.stage.id == "o2"
    assert kinds(player.feed_clock(60.0)) == []  # the last one waits for the key
    assert player.feed_key("next", 61.0)[0] == Enter("one")

    eager = Player(scene(*stages))
    eager.start(0.0)
    assert eager.feed_key("next", 0.1)[0] == Enter("one")


def test_an_engine_that_is_gone_ends_the_steps_until_another_one_is_there() -> None:
    player = Player(scene(stage("a", 1, dwell=1.0), stage("b", 2)), autoplay=True)
    player.start(0.0)
    player.feed_event(CRASH)
    assert player.feed_key("next", 1.0) == [Refused(played(GONE))] and len(played(GONE)) <= 78
    assert player.feed_clock(50.0) == []
    player.feed_event(replace(STATE, run=2))
    assert player.feed_key("next", 51.0)[0] == Enter("b")


def test_pause_stops_dwell_and_writers() -> None:
    load = Workload(name="w", rate=20)
    player = Player(
        scene(stage("a", 0, do=[Action(start=load)], dwell=5.0), stage("b", 0)), autoplay=True
    )
    assert player.start(0.0)[1] == StartWorkload(load, 20)
    player.feed_clock(2.0)
    assert player.feed_key("pause", 2.0) == [StopWorkload("w")]
    assert player.feed_clock(100.0) == []
    resumed = player.feed_key("pause", 100.0)
    assert resumed == [StartWorkload(load, 20), WaitUntil(103.0)]
    assert player.feed_clock(103.0)[0] == Enter("b")


def test_a_paused_step_that_cannot_go_on_names_the_key_that_lets_it() -> None:
    player = Player(scene(stage("a", 1, wait=Match("fork")), stage("b", 2)))
    player.start(0.0)
    player.feed_key("pause", 1.0)
    (refused,) = player.feed_key("next", 2.0)
    assert isinstance(refused, Refused) and "paused: z" in refused.reason


def test_pace_scales_dwell_and_writers() -> None:
    load = Workload(name="w", rate=20)
    player = Player(scene(stage("a", 1, do=[Action(start=load)], dwell=6.0)), autoplay=True)
    player.start(0.0)
    faster = player.feed_key("faster", 0.0)
    assert faster == [StartWorkload(load, 30), WaitUntil(4.0)]
    for _ in range(10):
        last = player.feed_key("slower", 0.0)
    assert isinstance(last[0], Refused) and player.hand.pace == 0.25


def test_back_and_restart() -> None:
    load = Workload(name="w", rate=20)
    player = Player(scene(stage("a", 1, do=[Action(start=load)]), stage("b", 2)))
    player.start(0.0)
    assert isinstance(player.feed_key("back", 0.0)[0], Refused)
    player.feed_key("next", 1.0)
    assert player.feed_key("back", 2.0) == [ShowStep("a")]
    assert player.feed_key("restart", 3.0) == [StopWorkload("w"), Restart()]
    assert player.feed_key("next", 4.0)[0] == Enter("a")


def test_autoplay_answers_from_the_script_and_comes_to_the_end() -> None:
    player = Player(scene(stage("a", 1, question=QUESTION, dwell=1.0)), autoplay=True)
    effects = player.start(0.0)
    effects += player.feed_clock(1.0)
    effects += player.feed_event(events.Answer(id="q", choice=0, at=1.0))
    effects += player.feed_event(WRITE)
    effects += player.feed_clock(8.0)
    effects += player.feed_clock(9.5)
    assert kinds(effects) == ["Enter", "Ask", "Answered", "Send", "Ask", "Finished"]


def test_autoplay_turned_on_at_a_question_answers_it_and_turned_off_waits_again() -> None:
    player = Player(scene(stage("a", 1, question=QUESTION, dwell=1.0)))
    player.start(0.0)
    assert player.phase == "asking" and not kinds(player.feed_clock(5.0))
    assert player.feed_key("autoplay", 6.0) == [WaitUntil(7.0)]
    player.feed_key("autoplay", 6.5)
    assert not kinds(player.feed_clock(9.0)) and player.phase == "asking"
    player.feed_key("autoplay", 10.0)
    assert "Answered" in kinds(player.feed_clock(11.0))


KEYS = [
    *("next", "back", "restart", "pause", "faster", "slower", "autoplay"),
    *("answer-1", "answer-2", "answer-3", "answer-4", "nonsense"),
]


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.one_of(st.sampled_from(KEYS), st.floats(0, 20), st.just(FORK), st.just(WRITE))))
def test_whatever_comes_the_player_keeps_its_order(inputs: list[object]) -> None:
    player = Player(
        scene(
            stage("o", 0, dwell=1.0),
            stage("a", 1, wait=Match("fork"), expect=[Expectation("c")]),
            stage("b", 2, question=QUESTION, alone=True),
            stage("c", 3),
        ),
        evidence=Evidence(),
        judged_by=lambda expectation, evidence: Verdict.of(bool(evidence.commands), ""),
    )
    now, order = 0.0, [s.id for s in player.scene.stages]
    last = -1
    player.start(now)
    for given_input in inputs:
        match given_input:
            case str():
                effects = player.feed_key(given_input, now)
            case float():
                now += given_input
                effects = player.feed_clock(now)
            case events.Event():
                effects = player.feed_event(given_input)
        if any(isinstance(e, Restart) for e in effects):
            last = -1
        for effect in effects:
            assert not (isinstance(effect, WaitUntil) and effect.at == float("inf"))
            if isinstance(effect, Enter):
                assert order.index(effect.stage) > last
                last = order.index(effect.stage)
            if isinstance(effect, Finished):
                assert last == len(order) - 1


SETS = Action(config={"appendfsync": "no"})
ENDLESS = Action(start=Workload(name="trickle", rate=20))
ENDS = Action(start=Workload(name="burst", rate=20, count=3))


def test_a_branch_begins_at_its_step_with_what_lasts_of_the_others() -> None:
    steps = scene(
        stage("a", 1, do=[SETS, ENDLESS, ENDS, Action(hold=True)]),
        stage("b", 2, wait=Match("fork")),
        stage("c", 3),
    )
    player = Player(steps, start_at="b", branched=True)
    assert kinds(player.start(0.0)) == ["Send", "StartWorkload", "Enter"]
    assert player.stage is not None and player.stage.id == "b" and not player.catching_up
    player.feed_key("restart", 1.0)
    assert kinds(player.start(2.0))[:1] == ["Enter"] and player.position == 0


def test_what_a_branch_has_left_out_is_skipped_not_missed() -> None:
    """Where all was played, the same miss counts; and what holds, holds however one came."""
    expect = [Expectation("figures_agree", needs=["a"]), Expectation("offsets_only_grow")]
    steps = scene(stage("a", 1), stage("b", 2, expect=expect, settle=1.0))

    def verdicts(start_at: str, holds: bool) -> list[tuple[str, bool, bool]]:
        judge = lambda wanted, _: Verdict.of(holds, wanted.check)  # noqa: E731
        player = Player(steps, start_at=start_at, branched=True, judged_by=judge)
        effects = player.start(0.0)
        if player.stage is not None and player.stage.id == "a":
            effects += player.feed_key("next", 0.5)
        effects += player.feed_clock(5.0)
        return [(e.check, e.held, e.skipped) for e in effects if isinstance(e, Checked)]

    grow = ("offsets_only_grow", False, False)
    assert verdicts("b", holds=False) == [("figures_agree", True, True), grow]
    assert verdicts("", holds=False) == [("figures_agree", False, False), grow]
    assert verdicts("b", holds=True)[0] == ("figures_agree", True, False)


def test_a_writer_to_all_engines_is_done_when_it_is_on_each() -> None:
    both = replace(scene(stage("a", 1)), engines=[EngineSetup("main"), EngineSetup("other")])
    player = Player(both)
    player.start(0.0)
    player.hand.perform([replace(ENDS, engine="*")])
    done = events.Latency(client="burst", count=3, p50_usec=1, p99_usec=1, max_usec=1, done=True)
    player.feed_event(done)
    assert kinds(player.feed_key("pause", 1.0)) == ["StopWorkload"]
    player.feed_event(replace(done, engine="other"))
    assert not player.hand.workloads
