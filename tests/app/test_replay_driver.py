"""A recording on the screen: its own pace, waits for the learner, and no engine."""

from pathlib import Path

import pytest

from app.driver import REFUSE_PAST_REPLAY, REFUSE_REPLAY, status_words
from app.glyphs import ASCII
from app.lines import texts
from app.replay_driver import CUT, OVER, ReplayDriver
from app.said import said as phrase
from app.words_panel import question_lines
from engine import events
from engine.events import AnyEvent
from scenes.errors import SceneError
from scenes.fold import reduce
from scenes.loader import load
from scenes.progress import Answer, Progress
from scenes.view import View
from tests.app.fake import fork, start, writes

LESSON = load("04")
QUESTION = next(stage.question for stage in LESSON.scene.stages if stage.question)


def step(at: float, name: str) -> events.Step:
    return events.Step(at=at, scene="04", step=name, title=name)


RECORDED: list[AnyEvent] = [
    *start(),
    step(100.5, "trickle"),
    *writes(10, 101.0, 48_310),
    step(103.0, "tail"),
    *writes(10, 103.5, 50_000, seed=5),
    step(110.0, "fork"),
    *fork(110.5),
    step(120.0, "hot"),
    events.Question(at=120.1, id=QUESTION.id, choices=["none", "one", "twenty"], right=-1),
    events.Answer(at=124.0, id=QUESTION.id, choice=1),
    events.Question(at=126.0, id=QUESTION.id, choices=["none", "one", "twenty"], right=0),
]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def playing(autoplay: bool = False) -> tuple[ReplayDriver, Clock]:
    clock = Clock()
    driver = ReplayDriver(LESSON, RECORDED, autoplay=autoplay, clock=clock)
    await driver.start()
    return driver, clock


def passes(driver: ReplayDriver, clock: Clock, seconds: float) -> None:
    clock.now += seconds
    driver.tick()


async def test_events_come_at_their_own_pace() -> None:
    driver, clock = await playing()
    passes(driver, clock, 0.6)
    assert driver.view.step == "trickle" and driver.view.commands == 0
    passes(driver, clock, 0.7)
    assert 0 < driver.view.commands < 10
    driver.pace(1)
    assert driver.pace_factor == 1.5


async def test_it_waits_before_each_beat_for_the_learner() -> None:
    driver, clock = await playing()
    passes(driver, clock, 1000)
    assert driver.view.step == "trickle" and driver.stage().beat == 0
    driver.next()
    assert driver.view.step == "tail"
    driver.next()
    assert driver.refusal == "This step is still happening."
    driver.pause()
    driver.next()
    assert driver.refusal == "The recording is paused: z lets it go on."
    driver.pause()
    passes(driver, clock, 1000)
    driver.next()
    assert driver.view.step == "fork" and driver.view.at == 110.0


async def test_the_learners_answer_replaces_the_recorded_one() -> None:
    driver, clock = await playing()
    for _ in range(3):
        passes(driver, clock, 1000)
        driver.next()
    passes(driver, clock, 1000)
    driver.next()
    assert "Predict first" in driver.refusal
    driver.answer(2)
    passes(driver, clock, 1000)
    question = driver.view.question
    assert question is not None
    assert (question.chosen, question.right) == (2, 0)
    assert set(driver.answered) == {QUESTION.id}
    assert "over" in driver.notice


async def test_an_answer_that_was_jumped_over_is_called_the_recordings() -> None:
    driver, _ = await playing(autoplay=True)
    driver.show_to(len(RECORDED) - 1)
    question = driver.view.question
    assert question is not None and question.chosen == 1 and not driver.answered
    for recorded, whose in ((True, "recorded answer"), (False, "your answer")):
        lines = question_lines(QUESTION, question, driver.text, ASCII, 60, recorded)
        assert f"({whose})" in "\n".join(texts(lines))


async def test_autoplay_waits_for_nobody() -> None:
    driver, clock = await playing(autoplay=True)
    passes(driver, clock, 1000)
    assert driver.head == len(RECORDED) - 1


async def test_the_past_of_a_recording_can_be_walked() -> None:
    driver, clock = await playing(autoplay=True)
    passes(driver, clock, 1000)
    driver.back()
    assert driver.is_past and driver.view.step == "fork"
    driver.back()
    assert driver.view.step == "tail" and driver.view.commands == 20
    driver.next()
    assert driver.view.step == "fork"
    driver.mark(-1)
    assert driver.view.child is not None
    driver.to_now()
    assert not driver.is_past
    driver.seek(0)
    driver.back()
    assert driver.refusal == "This is the first step."
    driver.scrub(-1)
    assert driver.refusal == "This is the first event."


async def test_the_words_of_the_past_have_the_figures_of_the_past() -> None:
    driver, clock = await playing(autoplay=True)
    passes(driver, clock, 1000)
    assert "{" not in driver.text("tail.text")
    now = driver.text("tail.text")
    driver.seek(12)
    assert driver.text("tail.text") != now
    driver.to_now()
    assert driver.text("tail.text") == now


async def test_a_recording_that_breaks_off_says_so_at_its_end() -> None:
    clock = Clock()
    driver = ReplayDriver(LESSON, RECORDED, autoplay=True, note="damaged", end=CUT, clock=clock)
    await driver.start()
    assert not driver.is_over and driver.notice == "damaged"
    assert status_words(driver) == "replay, no engine"
    passes(driver, clock, 1000)
    assert driver.is_over and driver.notice == phrase(CUT) != phrase(OVER)
    assert status_words(driver) == "replay, at its end"
    driver.next()
    assert driver.refusal == phrase(CUT)
    driver.back()
    assert not driver.is_over and status_words(driver) == "replay, past"
    driver.answer(0)
    assert driver.refusal == phrase(REFUSE_PAST_REPLAY)


async def test_the_timeline_is_the_whole_recording_and_seeks_ahead() -> None:
    driver, clock = await playing()
    assert driver.length == len(RECORDED)
    assert [mark.label for mark in driver.marks if mark.kind == "step"][-2:] == ["fork", "hot"]
    ahead = driver.history.step_end("fork")
    assert ahead is not None
    driver.seek(ahead)
    assert not driver.is_past and driver.cursor == driver.head == ahead
    assert driver.view.step == "fork" and driver.view.child is not None
    view = View()
    for event in RECORDED[: ahead + 1]:
        view = reduce(view, event, driver.scene.cards)
    assert driver.view == view
    driver.seek(3)
    assert driver.is_past and driver.cursor == 3
    driver.mark(1)
    driver.to_now()
    assert driver.cursor == ahead  # to where the recording has come
    passes(driver, clock, 1000)
    driver.next()
    assert driver.view.step == "hot"
    driver.seek(10_000)
    assert driver.is_over
    for look_ahead in (driver.scrub, driver.mark):
        look_ahead(1)
        assert driver.refusal == phrase(OVER)


async def test_figures_ahead_and_back_are_those_of_the_moment() -> None:
    driver, _ = await playing()
    texts = []
    for index in range(0, len(RECORDED), 9):
        driver.seek(index)
        texts.append((index, driver.text("tail.text")))
    for index, text in reversed(texts):
        driver.seek(index)
        assert driver.text("tail.text") == text
    assert len({text for _, text in texts}) > 2


async def test_a_mark_or_an_event_ahead_is_a_key_away() -> None:
    driver, _ = await playing()
    driver.scrub(1)
    assert driver.cursor == driver.head == 0
    driver.mark(1)
    assert driver.view.step == "trickle" and not driver.is_past


async def test_nothing_can_be_sent() -> None:
    driver, _ = await playing()
    driver.key("b")
    assert driver.refusal == phrase(REFUSE_REPLAY)
    assert isinstance(await driver.execute("SET a 1"), SceneError)
    assert driver.offered == frozenset() and driver.status == "replay"


async def test_it_starts_again() -> None:
    driver, clock = await playing(autoplay=True)
    passes(driver, clock, 1000)
    driver.restart()
    assert driver.head < len(RECORDED) - 1
    passes(driver, clock, 1000)
    assert driver.head == len(RECORDED) - 1


async def test_an_empty_recording_is_refused() -> None:
    with pytest.raises(SceneError, match="no event"):
        await ReplayDriver(LESSON, []).start()


async def test_what_was_seen_and_answered_is_kept_as_a_replays(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p.json")
    progress.entered(LESSON, "emerald")
    clock = Clock()
    driver = ReplayDriver(LESSON, RECORDED, clock=clock, progress=progress)
    await driver.start()
    passes(driver, clock, 1000)
    assert progress.of(LESSON).replayed.steps_seen == 1
    for _ in range(3):
        driver.next()
        passes(driver, clock, 1000)
    steps = [stage.id for stage in LESSON.scene.stages]
    replayed = Progress(tmp_path / "p.json").of(LESSON).replayed
    assert (replayed.steps_seen, replayed.finished) == (steps.index("hot") + 1, 0)
    driver.answer(2)
    passes(driver, clock, 1000)
    past = Progress(tmp_path / "p.json").of(LESSON)
    assert past.replayed.answers == {QUESTION.id: Answer(2, 0)} and past.replayed.right == 0
    assert past.replayed.finished == 1
    assert (past.step, past.steps_seen, past.answers) == ("emerald", 2, {}), "the live one's stays"


async def test_recorded_answers_and_a_broken_end_do_not_count(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p.json")
    clock = Clock()
    driver = ReplayDriver(LESSON, RECORDED, autoplay=True, end=CUT, clock=clock, progress=progress)
    await driver.start()
    passes(driver, clock, 1000)
    past = progress.of(LESSON).replayed
    assert driver.is_over and past.steps_seen > 5 and not past.answers and not past.finished
    assert not progress.of(LESSON).steps_seen


async def test_a_recording_cannot_branch_and_says_what_does() -> None:
    driver, clock = await playing()
    passes(driver, clock, 1000)
    driver.next()
    driver.branch()
    assert "cowscope play 04 --step tail" in driver.refusal
