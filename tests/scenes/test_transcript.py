"""What is played on the way to a later step is not told, but for what went wrong there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from engine import events
from scenes.effects import CatchingUp, CaughtUp, Checked, Effect, Enter, Failed
from scenes.history import History
from scenes.loader import load
from scenes.transcript import Transcript

LESSON = load("04")
TITLES = {stage.id: LESSON.words.text(stage.title) for stage in LESSON.scene.stages}


def told(*effects: Effect) -> list[str]:
    """The lines of a run in which these effects are done, one after the other."""
    lines: list[str] = []
    transcript, history = Transcript(LESSON, lines.append), History(LESSON.scene.cards)
    player = SimpleNamespace(stage=None, phase="waiting", verdicts=[])
    live: Any = SimpleNamespace(
        lesson=LESSON, history=history, player=player, text=lambda key: LESSON.words.text(key)
    )
    for effect in effects:
        if isinstance(effect, Enter):
            step = events.Step(scene="04", step=effect.stage, title=TITLES[effect.stage])
            history.append(step)
            transcript.event(step)
        transcript.effect(effect, live)
        if isinstance(effect, Enter):
            transcript.event(events.Log(level="#", text=f"logged in {effect.stage}"))
    return lines


def test_the_steps_on_the_way_are_one_line() -> None:
    held = Checked("fork_shared_everything", True, "")
    way = (CatchingUp("spreading", 2), Enter("trickle", True), held, Enter("emerald", True))
    lines = told(*way, held, CaughtUp("spreading"), Enter("spreading"))
    assert [line for line in lines if line] == [
        "catching up: 2 steps are played quickly first, and not told, to begin with 'spreading'",
        f"opening · {TITLES['spreading']}",
        "    0.000 s  log       logged in spreading",
    ]
    later = told(*way, CaughtUp("spreading"), Enter("spreading"), held, Enter("tail"))
    assert sum(line.startswith("  held ") for line in later) == 1
    assert not any(LESSON.words.text("emerald.text")[:30] in line for line in later)


def test_what_goes_wrong_on_the_way_is_told() -> None:
    missed = Checked("fork_shared_everything", False, "expected 700, measured 0")
    lines = told(
        CatchingUp("tail", 3),
        Enter("trickle", True),
        missed,
        Enter("emerald", True),
        Failed("step 'emerald' waited 10 s"),
    )
    assert lines[-2:] == [
        "  FAILED   fork_shared_everything: expected 700, measured 0",
        "  FAILED   step 'emerald' waited 10 s",
    ]
