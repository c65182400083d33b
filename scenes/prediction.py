"""The prediction before a crash: what will it take? Choices come from the figures of the moment.

Which choice is right, this run's crash says: none if nothing acknowledged was lost, else the one
whose figure, at the crash, is closest to what was lost: in bytes of the log where there is one. The
clients' count would not do there: it asks for values, and a value may be left by another write.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from scenes.refusals import played
from scenes.view import CrashView, View

PREDICTION = "crash-"
"""Questions whose names begin so are about a crash, not a step's own."""

How: TypeAlias = Literal["kill", "power"]
What: TypeAlias = Literal["none", "buffer", "unsynced", "unsaved", "all"]
HOW: dict[str, How] = {"K": "kill", "P": "power"}
"""What the crash keys do."""
KIND: dict[How, str] = {"kill": "kill -9", "power": "power cut"}
"""What a `crash` event calls them."""
LOGS: frozenset[What] = frozenset({"buffer", "unsynced"})
"""What is about the log alone."""
MOST_CHOICES = 4
LEAST_CHOICES = 3


class Guess(msgspec.Struct, frozen=True):
    """A choice: what it says is lost, and how much that is at the moment of asking."""

    what: What
    figure: int
    text: str


class Prediction(msgspec.Struct, frozen=True):
    """A question about a crash that has not happened yet."""

    id: str
    how: How
    text: str
    guesses: tuple[Guess, ...]
    scripted: int
    """The choice of autoplay and headless runs."""

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(guess.text for guess in self.guesses)


def predict(how: How, view: View) -> Prediction:
    """The question about a crash at this moment; what is 0 now is no choice beside none."""
    tail = view.tail
    unsynced = tail.unsafe if tail.enabled else 0
    buffered = sum(count for end, count in tail.pending if end > tail.written)
    buffered = buffered if tail.enabled else 0
    guesses = [Guess("none", 0, played("predict.none"))]
    if buffered and buffered != unsynced:
        guesses.append(
            Guess("buffer", buffered, played("predict.buffer", commands=_commands(buffered)))
        )
    if unsynced:
        text = played("predict.unsynced", commands=_commands(unsynced))
        guesses.append(Guess("unsynced", unsynced, text))
    if view.dirty and view.dirty != unsynced:
        text = played(
            "predict.unsaved" if view.dirty != 1 else "predict.unsaved_one", changes=view.dirty
        )
        guesses.append(Guess("unsaved", view.dirty, text))
    if len(guesses) < LEAST_CHOICES:
        guesses.append(Guess("all", max(view.keys, view.commands), played("predict.all")))
    guesses = guesses[:MOST_CHOICES]
    scripted = next((n for n, one in enumerate(guesses) if one.what == "unsynced"), 0)
    return Prediction(
        id=f"{PREDICTION}{how}-{view.seq}",
        how=how,
        text=_question(how, view, unsynced - buffered, buffered),
        guesses=tuple(guesses),
        scripted=scripted if how == "power" else 0,
    )


def right(prediction: Prediction, crash: CrashView) -> int:
    """The choice that this crash proved right; -1 while nothing has been counted."""
    if crash.census is None:
        return -1
    none = next(n for n, guess in enumerate(prediction.guesses) if guess.what == "none")
    if not crash.census.lost:
        return none
    offered = [(n, guess.what) for n, guess in enumerate(prediction.guesses) if n != none]
    lost, figures = crash.census.lost, _commands_at(crash)
    if crash.lost > 0 and LOGS & {what for _, what in offered}:
        lost, figures = crash.lost, _bytes_at(crash)
    return min((abs(figures[what] - lost), n) for n, what in offered if what in figures)[1]


def _bytes_at(crash: CrashView) -> dict[What, int]:
    """What each choice about the log meant at the moment of the crash, in its bytes."""
    return {
        "buffer": crash.acked - crash.written,
        "unsynced": crash.acked - crash.fsynced,
        "all": crash.acked,
    }


def _commands_at(crash: CrashView) -> dict[What, int]:
    """The same in commands, and of data that no log has."""
    buffered = crash.rungs[0].commands if crash.rungs else 0
    cached = crash.rungs[1].commands if crash.rungs else 0
    return {
        "none": 0,
        "buffer": buffered,
        "unsynced": buffered + cached,
        "unsaved": crash.unsaved,
        "all": max(crash.keys, crash.unsaved),
    }


def _question(how: How, view: View, cached: int, buffered: int) -> str:
    what = played(f"predict.{how}")
    if not view.tail.enabled:
        return played("predict.ask_no_log", changes=view.dirty, what=what)
    return played(
        "predict.ask",
        buffered=_commands(buffered),
        cached=cached,
        policy=view.tail.policy,
        what=what,
    )


def _commands(count: int) -> str:
    return played("predict.commands" if count != 1 else "predict.command", count=count)
