"""Scenes of a few steps, and events to feed a player with."""

from __future__ import annotations

from engine import events
from scenes.actions import Action, Match
from scenes.effects import (
    Effect,
    WaitUntil,
)
from scenes.scene import Choice, Question, Scene, Stage
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
