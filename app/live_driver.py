"""Drives the screen from a live scene: a real engine, its player and their history."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from app.assets import recording
from app.cursor import Cursor
from app.driver import Status, offered_at
from app.learner import Learner
from app.said import said
from scenes.effects import CatchingUp, CaughtUp, Checked, Effect, Finished, Refused
from scenes.errors import SceneError
from scenes.loader import Lesson
from scenes.refusals import played
from scenes.view import View

if TYPE_CHECKING:  # the first frame need not wait for these
    from scenes.evidence import Evidence
    from scenes.history import History
    from scenes.live import Live
    from scenes.measures import Figures
    from scenes.prediction import Prediction
    from scenes.progress import Progress

NOTHING_MISSED = ("", "", 0.0)
MISSED = 20.0
"""Seconds for which it is said that an expectation did not hold; a key's own news come before."""


class LiveDriver(Cursor):
    """Plays `lesson`; the session is imported when it starts, after the first frame."""

    def __init__(
        self,
        lesson: Lesson,
        *,
        seed: int | None = None,
        arena_pages: int | None = None,
        autoplay: bool = False,
        command: Sequence[str] = (),
        progress: Progress | None = None,
        start_at: str = "",
    ) -> None:
        super().__init__(lesson.scene, lesson.words)
        self._learner = Learner(lesson, progress)
        self._start_at = start_at
        self.lesson = lesson
        self._seed, self._arena_pages = seed, arena_pages
        self._autoplay = autoplay
        self._command = command
        self._live: Live | None = None
        self._ready = False
        self._last: History | None = None
        """The history when nothing plays: an empty one, or that of the run that was stopped."""
        self._chosen: int | None = None
        """A timeline that a branch left, while that is looked at."""
        self._shown: History | None = None
        self._over = False
        self._missed = NOTHING_MISSED
        """(step, expected and measured, when) of the last expectation that did not hold."""
        shipped = recording(lesson.scene.number) is not None
        self._replay = f"cowscope replay {lesson.scene.number}" if shipped else ""
        self._names: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # -- life ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the engine and the scene."""
        from scenes.live import Live

        self._live = Live(
            self.lesson,
            seed=self._seed,
            arena_pages=self._arena_pages,
            autoplay=self._autoplay,
            start_at=self._start_at,
            earlier=self._learner.earlier,
            on_effect=self._effect,
            command=self._command,
        )
        await self._live.start()
        self._ready = True
        task = asyncio.create_task(self._learn_commands())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _learn_commands(self) -> None:
        """The command table, for completion."""
        assert self._live is not None
        with contextlib.suppress(SceneError):
            reply = await self._live.session.execute(["COMMAND"])
            if isinstance(reply, list):
                names = (entry[0] for entry in reply if isinstance(entry, list) and entry)
                self._names = [n.decode() for n in names if isinstance(n, bytes)]

    async def stop(self) -> None:
        """Stop the engine and everything else."""
        for task in self._tasks:
            task.cancel()
        if self._live is not None:
            live, self._live = self._live, None
            self._last = live.history
            await live.stop()

    def _effect(self, effect: Effect) -> None:
        self._learner.hear(effect)
        if isinstance(effect, Refused):
            self.refusal = sentence(effect.reason)
        elif isinstance(effect, Finished):
            self._over = True
        elif isinstance(effect, Checked) and not effect.held and not effect.early:
            self._missed = (self.now_view.step, effect.detail, monotonic())
        elif isinstance(effect, CatchingUp):
            self._missed = NOTHING_MISSED
        elif isinstance(effect, CaughtUp):  # on the way there nobody could read it
            self._missed = (effect.stage, self._missed[1], monotonic())

    # -- looking -------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        """The run so far; after a restart another one."""
        chosen, left = self._chosen, self._live.left if self._live else []
        if chosen is not None and chosen < len(left):  # a restart forgets them all
            return left[chosen].history
        return self._running

    @property
    def _running(self) -> History:
        if self._live is not None:
            return self._live.history
        if self._last is None:
            from scenes.history import History

            self._last = History(self.scene.cards)
        return self._last

    @property
    def now_view(self) -> View:
        return self._running.now

    @property
    def is_past(self) -> bool:
        return self._chosen is not None or super().is_past

    @property
    def timelines(self) -> int:
        return 1 + (len(self._live.left) if self._live else 0)

    @property
    def timeline(self) -> int:
        return self.timelines - 1 if self._chosen is None else self._chosen

    def now_figures(self) -> Figures:
        """The player's figures."""
        from scenes.measures import Figures

        if self._live is None:
            return Figures(self.fresh_evidence(), self.scene.values)
        return self._live.player.figures

    def fresh_evidence(self) -> Evidence:
        """One that knows this session's population."""
        return self._live.session.evidence() if self._live else super().fresh_evidence()

    @property
    def status(self) -> Status:
        if self.is_past:
            return "past"
        live = self._live
        if live is None or not self._ready or not self.length:
            return "starting"
        if not self.now_view.engine.alive:
            return "crashed"
        if live.player.failed:
            return "failed"
        if live.player.paused:
            return "paused"
        return "catching_up" if live.player.catching_up else "live"

    @property
    def notice(self) -> str:
        live = self._live
        if live is None or not self._ready:
            return said("live.starts")
        if not self.now_view.engine.alive and self.length:
            how = f" ({live.session.ended})" if live.session.ended else ""
            return said("live.gone", how=how)
        if live.player.failed:
            key = "live.stopped_replay" if self._replay else "live.stopped"
            return said(key, replay=self._replay, why=live.notice)
        if busy := live.busy_seconds:
            return said("live.busy", seconds=f"{busy:,.0f}")
        if live.notice:
            return live.notice
        if way := live.player.catching_up:
            number = way.number(live.player.position)
            return said("live.catching_up", step=way.step, number=number, steps=way.steps)
        if live.player.asleep:
            return said("live.asleep")
        step, detail, at = self._missed
        if detail and step == self.now_view.step and monotonic() - at < MISSED:
            key = "live.unlike_replay" if self._replay else "live.unlike"
            return said(key, replay=self._replay, detail=detail.rstrip("."))
        return said("live.over") if self._over else ""

    @property
    def pace_factor(self) -> float:
        return self._live.player.pace if self._live else 1.0

    @property
    def autoplay(self) -> bool:
        return self._live.player.autoplay if self._live else self._autoplay

    @property
    def offered(self) -> frozenset[str]:
        if self._live is not None and not self.is_past:
            return self._live.player.offered
        return offered_at(self.scene, self.stage())

    def clock(self) -> float | None:
        return None if self.status in ("past", "starting", "crashed") else monotonic()

    def tick(self) -> None:
        """A new history (after a restart) is looked at from its now.

        Raises what went wrong in the playing itself.
        """
        if self._live is not None and self._live.bug is not None:
            raise self._live.bug
        if self._live is not None:
            player = self._live.player
            if player.phase == "resting" and player.following is None:
                self._learner.has_seen_all()
        if self._shown is not self._running:
            self._shown = self._running
            self._over, self._missed = False, NOTHING_MISSED
            self.forget()

    def commands(self) -> Sequence[str]:
        return self._names

    # -- acting --------------------------------------------------------------------------------

    def _press(self, name: str) -> None:
        if self._live is None or not self._ready:
            self.refusal = said("refuse.not_ready")
        elif not self.refuses_past():
            self._missed = NOTHING_MISSED  # what comes of the key is newer
            self._live.key(name)

    def next(self) -> None:
        """Go on; in the past, to the following step's picture."""
        if self.is_past:
            self.forward()
        else:
            self._press("next")

    def _jump_ahead(self, step: str) -> None:
        """The player goes there; a step that lies behind it was passed over, or never played."""
        places = {stage.id: place for place, stage in enumerate(self.scene.stages)}
        if self._chosen is not None:
            self.refuses_past()
        elif places[step] < places.get(self.now_view.step, 0):
            self.refusal = said("refuse.passed_over")
        else:
            super().to_now()
            self.refusal = ""
            self._press(f"jump:{step}")

    def stay(self) -> None:
        """Where the player catches up: go on from the step that plays, at the learner's pace."""
        if self._live is not None and self._live.player.catching_up:
            self._live.key("stay")

    def answer(self, choice: int) -> None:
        self._press(f"answer-{choice + 1}")

    def key(self, name: str) -> None:
        self._press(name)

    def slide(self, name: str, by: int) -> None:
        """Move a slider of the sandbox."""
        if self._live is None or not self._ready:
            self.refusal = said("refuse.not_ready")
        elif not self.refuses_past():
            self._live.slide(name, by)

    @property
    def slider_places(self) -> dict[str, int]:
        """Where the sandbox's sliders stand; none in other scenes."""
        sliders = self._live.player.sliders if self._live is not None else None
        return sliders.standing(self.view) if sliders is not None else {}

    def crash(self, name: str, prediction: Prediction, choice: int) -> None:
        """A crash key whose prediction was made."""
        if self._live is None or not self._ready:
            self.refusal = said("refuse.not_ready")
        elif not self.refuses_past():
            self._live.crash(name, prediction, choice)

    def pause(self) -> None:
        self._press("pause")

    def pace(self, by: int) -> None:
        self._press("faster" if by > 0 else "slower")

    def toggle_autoplay(self) -> None:
        """Refused in a sandbox: without a script nothing could go on by itself."""
        if self.scene.sliders:
            self.refusal = said("refuse.autoplay_sandbox")
        else:
            self._press("autoplay")

    def restart(self) -> None:
        """With a fresh engine; in the past nobody means the run that goes on behind it."""
        self._press("restart")

    def forget(self) -> None:
        super().forget()
        self._chosen = None

    def to_now(self) -> None:
        super().to_now()
        self._chosen = None

    def other_timeline(self) -> None:
        """From the last one, the run, to the first that a branch left, and so on."""
        if self.timelines == 1:
            super().other_timeline()
            return
        following = (self.timeline + 1) % self.timelines
        self.forget()
        self._chosen = following if following < self.timelines - 1 else None

    def branch(self) -> None:
        """From the past on show: a fresh engine is brought to it, then the scene goes on live."""
        if not self.is_past:
            self.refusal = said("refuse.branch_now")
        elif self._live is not None:
            try:
                self._live.branch(self.history, self.cursor)
            except SceneError as error:
                text = str(error)
                self.refusal = sentence(text)

    async def execute(self, line: str) -> Any:
        """Send a typed command; refused in the past."""
        if self.is_past:
            return SceneError(self.refusal_in_past())
        if self._live is None or not self._ready:
            return SceneError(said("refuse.not_ready"))
        if self._live.player.catching_up:
            return SceneError(played("refuse.catching_up"))
        return await self._live.session.execute_line(line)


def sentence(reason: str) -> str:
    """A reason of the player's as a sentence of its own."""
    ended = reason[-1:] in ".。"
    return f"{reason[:1].upper()}{reason[1:]}{'' if ended else said('refuse.stop')}"
