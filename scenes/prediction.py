"""The prediction before a crash: what will it take? Choices come from the figures of the moment.

Every kind of loss is offered that can be the answer by the time of the crash, also where its
figure is 0 at the asking: writes go on meanwhile. Which one is right, this run's crash says, by the
kind of loss and by the figures of its own moment: none if nothing acknowledged was lost, else the
kind that was. Where there is a log, its bytes say which; the clients' count would not do there: it
asks for values, and a value may be left by another write. What is none of the choices is called so,
never the nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
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
MOST_CHOICES = 4


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
    """The question about a crash at this moment."""
    tail = view.tail
    buffered = sum(count for end, count in tail.pending if end > tail.written)
    guesses = [Guess("none", 0, played("predict.none"))]
    if tail.enabled:
        # A kill takes aof_buf alone; a power cut takes that only together with the page cache.
        if how == "kill" or buffered not in (0, tail.unsafe):
            guesses.append(_of_log("buffer", buffered))
        guesses.append(_of_log("unsynced", tail.unsafe))
    if view.dirty or not tail.enabled:
        key = "predict.unsaved" if view.dirty != 1 else "predict.unsaved_one"
        guesses.append(Guess("unsaved", view.dirty, played(key, changes=view.dirty)))
    guesses.append(Guess("all", max(view.keys, view.commands), played("predict.all")))
    guesses = guesses[:MOST_CHOICES]
    scripted = next((n for n, one in enumerate(guesses) if one.what == "unsynced"), 0)
    return Prediction(
        id=f"{PREDICTION}{how}-{view.seq}",
        how=how,
        text=_question(how, view, tail.unsafe - buffered, buffered),
        guesses=tuple(guesses),
        scripted=scripted if how == "power" else 0,
    )


def right(prediction: Prediction, crash: CrashView) -> int:
    """The choice that this crash proved right; -1 while nothing has been counted.

    The number of the choices, which is past the last one, where what was lost is none of them.
    """
    if crash.census is None:
        return -1
    found: tuple[What, ...] = ("none",)
    if crash.census.lost:
        found = _kind_of_log_lost(crash) if crash.has_log else (_kind_of_data_lost(crash),)
    offered = [guess.what for guess in prediction.guesses]
    return next((offered.index(what) for what in found if what in offered), len(offered))


def none_of_these(right: int, choices: Sequence[str]) -> bool:
    """What was counted is none of the choices."""
    return right == len(choices)


def _kind_of_log_lost(crash: CrashView) -> tuple[What, ...]:
    """What the lost end of the log was, the exact kind first; () where it is no kind offered.

    In bytes: nothing that an fsync had covered is gone, or nothing that a write(2) had handed over.
    """
    if crash.lost <= 0:
        return ()
    survived = crash.acked - crash.lost
    if survived >= crash.written:
        # All that no fsync covered is gone with a power cut, even if all of it was in aof_buf.
        whole = crash.kind == KIND["power"] and survived == crash.fsynced
        return ("unsynced", "buffer") if whole else ("buffer", "unsynced")
    if survived >= crash.fsynced:
        return ("unsynced",)
    return ("all",) if not survived else ()


def _kind_of_data_lost(crash: CrashView) -> What:
    """The same without a log: the last dump is there, or nothing is."""
    lost = crash.census.lost if crash.census else 0
    if lost <= crash.unsaved or crash.recovered_keys > 0:  # the engine's last events may be missing
        return "unsaved"
    return "all"


def _of_log(what: What, count: int) -> Guess:
    return Guess(what, count, played(f"predict.{what}", commands=_commands(count)))


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
