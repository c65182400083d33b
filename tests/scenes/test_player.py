from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import events
from scenes.actions import Action, Match, Workload
from scenes.effects import (
    Answered,
    Ask,
    Asleep,
    Checked,
    Effect,
    Enter,
    Failed,
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
from scenes.player import ASLEEP_AFTER, GONE, Player
from scenes.refusals import played
from scenes.scene import Choice, EngineSetup, Expectation, Question, Scene, Stage
from scenes.verdict import Verdict
from tests.scenes.streams import tale


def stage(name: str, beat: int, **fields: object) -> Stage:
    return Stage(id=name, beat=beat, title="t", text="t", **fields)  # type: ignore[arg-type]


QUESTION = Question(
    id="q",
    text="t",
    measure="copied_since_answer",
    choices=[Choice("t", "w", 1), Choice("t", "w", 0)],
    reveal=[Action(send=["SET", "{hot}", "x"])],
    wait=Match("command"),
    settle=2.0,
    scripted=0,
)


def scene(*stages: Stage) -> Scene:
    return Scene(
        number="99",
        slug="s",
        title="t",
        thesis="t",
        previously="t",
        diagram="t",
        minutes=1,
        cards=[],
        stages=list(stages),
        values={"hot": "user:42"},
    )


def kinds(effects: list[Effect]) -> list[str]:
    return [type(e).__name__ for e in effects if not isinstance(e, WaitUntil)]


def wake(effects: list[Effect]) -> float | None:
    """When the last effect wants the clock to be fed."""
    last = [e.at for e in effects if isinstance(e, WaitUntil)]
    return last[-1] if last else None


STATE = tale()[0]
CRASH = events.Crash(kind="kill -9", acked=1, written=1, fsynced=1, at=7.0)
FORK = events.Fork(pid=1, child=2, usec=1, purpose="rdb", page_table_kb=1, at=5.0)
WRITE = events.Command(client="", argv=["SET"], usec=1, dirty=1, pages=[(1, "k")], at=6.0)


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


def test_a_busy_engines_time_is_not_the_steps() -> None:
    player = Player(scene(stage("a", 1, wait=Match("fork"), timeout=3.0)))
    player.start(0.0)
    assert player.feed_busy(2.0, 2.5) == []
    assert player.feed_clock(60.0) == [] and not player.failed
    assert wake(player.feed_busy(0.0, 62.0)) == 63.0
    assert kinds(player.feed_clock(62.9)) == [] and kinds(player.feed_clock(63.0)) == ["Failed"]


def test_a_wait_that_runs_out_fails_with_one_line() -> None:
    player = Player(scene(stage("a", 1, wait=Match("fork"), timeout=3.0)))
    player.start(0.0)
    assert kinds(player.feed_clock(2.9)) == []
    (failed,) = player.feed_clock(3.0)
    assert isinstance(failed, Failed)
    assert failed.reason == "step 'a' waited 3 s for the event 'fork', which did not come"


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
    assert revealed[0] == Ask("q", ("t", "t"), 1)
    assert (player.chosen, player.right) == (0, 1)


def test_a_figure_that_no_choice_says_fails_the_scene() -> None:
    question = Question(id="q", text="t", measure="appended", choices=[Choice("t", "w", 7)] * 2)
    player = Player(scene(stage("a", 1, question=question)))
    player.start(0.0)
    player.feed_key("answer-1", 0.0)
    (failed,) = player.feed_clock(1.0)
    assert isinstance(failed, Failed) and "measured 0 (appended)" in failed.reason


def test_an_expectation_is_asked_until_it_holds() -> None:
    verdicts = iter([Verdict.missed("no"), Verdict.missed("no"), Verdict.of(True, "yes")])
    player = Player(
        scene(stage("a", 1, expect=[Expectation("c")], settle=20.0)),
        judged_by=lambda e, v: next(verdicts),
    )
    assert kinds(player.start(0.0)) == ["Enter"]
    assert kinds(player.feed_event(WRITE)) == []
    checked = player.feed_event(WRITE)
    assert checked[0] == Checked("c", True, "yes") and player.phase == "resting"


def test_an_expectation_that_never_holds_fails_when_its_time_is_up() -> None:
    player = Player(
        scene(stage("a", 1, expect=[Expectation("c")], settle=3.0), stage("b", 2)),
        judged_by=lambda e, v: Verdict.missed("expected 1, measured 0"),
    )
    player.start(0.0)
    assert kinds(player.feed_clock(2.0)) == []
    assert player.feed_clock(3.0)[0] == Checked("c", False, "expected 1, measured 0")
    assert player.verdicts[0].held is False
    assert player.feed_key("next", 4.0)[0] == Enter("b")


def test_going_on_early_judges_at_once() -> None:
    player = Player(
        scene(stage("a", 1, expect=[Expectation("c")]), stage("b", 2)),
        judged_by=lambda e, v: Verdict.missed("no"),
    )
    player.start(0.0)
    early = Checked("c", False, "no", early=True)
    assert player.feed_key("next", 0.5)[:2] == [early, Enter("b")]


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
    forks = [Send(("COWSCOPE", "HOLD"), "b"), Send(("BGREWRITEAOF",), "b")]
    assert player.feed_event(gone) == forks
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


def test_an_engine_that_is_gone_ends_the_steps_until_another_one_is_there() -> None:
    player = Player(scene(stage("a", 1, dwell=1.0), stage("b", 2)), autoplay=True)
    player.start(0.0)
    player.feed_event(CRASH)
    assert player.feed_key("next", 1.0) == [Refused(played(GONE))] and len(played(GONE)) <= 78
    assert player.feed_clock(50.0) == []
    player.feed_event(replace(STATE, run=2))
    assert player.feed_key("next", 51.0)[0] == Enter("b")


def test_a_crash_takes_the_child_along() -> None:
    player = Player(scene(stage("a", 1, alone=True, do=[Action(send=["BGSAVE"])])))
    for event in (FORK, CRASH, replace(STATE, run=2)):
        player.feed_event(event)
    assert player.start(9.0)[:2] == [Enter("a"), Send(("BGSAVE",))]


def test_writers_sleep_when_nobody_presses_a_key_and_wake_with_one() -> None:
    load = Workload(name="w", rate=20)
    player = Player(scene(stage("a", 1, do=[Action(start=load)]), stage("b", 2)))
    assert wake(player.start(0.0)) == ASLEEP_AFTER
    assert kinds(player.feed_clock(ASLEEP_AFTER - 1)) == []
    assert kinds(player.feed_clock(ASLEEP_AFTER)) == ["StopWorkload", "Asleep"] and player.asleep
    assert player.feed_clock(5 * ASLEEP_AFTER) == []  # no further call, no further event
    woken = player.feed_key("next", 6 * ASLEEP_AFTER)
    assert woken[:2] == [StartWorkload(load, 20), Enter("b")] and not player.asleep


def test_autoplay_does_not_sleep() -> None:
    player = Player(scene(stage("a", 1, dwell=1000.0)), autoplay=True)
    player.start(0.0)
    assert not [e for e in player.feed_clock(2 * ASLEEP_AFTER) if isinstance(e, Asleep)]


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
    assert Ask("q", ("t", "t"), 1) in player.feed_clock(7.0)  # none of that page


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


# -- beginning elsewhere, and answers that are words ----------------------------------------------

SETS = Action(config={"appendfsync": "no"})
ENDLESS = Action(start=Workload(name="trickle", rate=20))
ENDS = Action(start=Workload(name="burst", rate=20, count=3))


def test_a_scene_may_begin_at_any_step_with_what_lasts_of_the_others() -> None:
    steps = scene(
        stage("a", 1, do=[SETS, ENDLESS, ENDS, Action(hold=True)]),
        stage("b", 2, wait=Match("fork")),
        stage("c", 3),
    )
    player = Player(steps, start_at="b")
    assert kinds(player.start(0.0)) == ["Send", "StartWorkload", "Enter"]
    assert player.stage is not None and player.stage.id == "b"
    player.feed_key("restart", 1.0)
    assert kinds(player.start(2.0))[:1] == ["Enter"] and player.position == 0


def test_a_jump_leaves_out_what_a_step_waits_for() -> None:
    player = Player(
        scene(stage("a", 1, wait=Match("fork")), stage("b", 2, do=[SETS]), stage("c", 3))
    )
    player.start(0.0)
    assert player.feed_key("jump:c", 1.0)[:2] == [
        Send(("CONFIG", "SET", "appendfsync", "no")),
        Enter("c"),
    ]
    assert kinds(player.feed_key("jump:a", 2.0)) == ["Enter"]
    assert isinstance(player.feed_key("jump:z", 3.0)[0], Refused)


def test_what_a_left_out_step_would_have_shown_is_skipped_not_missed() -> None:
    """Where all was played, the same miss counts; and what holds, holds however one came."""
    expect = [Expectation("figures_agree", needs=["a"]), Expectation("offsets_only_grow")]
    steps = scene(stage("a", 1), stage("b", 2, expect=expect, settle=1.0))

    def verdicts(start_at: str, holds: bool) -> list[tuple[str, bool, bool]]:
        judge = lambda wanted, _: Verdict.of(holds, wanted.check)  # noqa: E731
        player = Player(steps, start_at=start_at, judged_by=judge)
        effects = player.start(0.0)
        if player.stage is not None and player.stage.id == "a":
            effects += player.feed_key("next", 0.5)
        effects += player.feed_clock(5.0)
        return [(e.check, e.held, e.skipped) for e in effects if isinstance(e, Checked)]

    grow = ("offsets_only_grow", False, False)
    assert verdicts("b", holds=False) == [("figures_agree", True, True), grow]
    assert verdicts("", holds=False) == [("figures_agree", False, False), grow]
    assert verdicts("b", holds=True)[0] == ("figures_agree", True, False)


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


def test_a_wait_for_all_engines_is_over_when_each_has_been_heard() -> None:
    both = replace(
        scene(stage("a", 1, wait=Match("fork", engine="*"))),
        engines=[EngineSetup("main"), EngineSetup("other")],
    )
    player = Player(both)
    player.start(0.0)
    player.feed_event(FORK)
    player.feed_event(FORK)
    assert player.phase == "waiting"
    player.feed_event(replace(FORK, engine="other"))
    assert player.phase == "resting"
    assert set(player.evidence.engines()) == {"main", "other"}


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
