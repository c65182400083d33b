"""The plain face of a run: readable lines, one a change, with the scene's words between them.

Two runs of one seed tell the same but for times and pids; times stand at the beginning of a line,
as seconds since the first event, and pids are named as such, so that a comparison can mask both.
With `verbose` every write, fsync and reading is told as well, and the figures behind each check.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

from engine.events import AnyEvent
from scenes.conditions import text_of, why_of
from scenes.effects import (
    Answered,
    Ask,
    CatchingUp,
    CaughtUp,
    Checked,
    Effect,
    Enter,
    Failed,
    Finished,
    Refused,
)
from scenes.expect import CHECKS
from scenes.folding import fold
from scenes.live import Live
from scenes.loader import Lesson
from scenes.phrases import language
from scenes.sayings import detail
from scenes.scene import Question, Stage
from scenes.told_lines import ToldLines, told
from scenes.words import Words

WIDTH = 96
_INDENT = "  "


class Transcript:
    """Writes what happens, line by line, through `write`."""

    def __init__(
        self, lesson: Lesson, write: Callable[[str], None], *, verbose: bool = False
    ) -> None:
        self._lesson = lesson
        self._tell = write
        self._silent = False
        """Steps are played on the way to the one with which the telling begins."""
        self._verbose = verbose
        self._began = 0.0
        self._said: set[str] = set()
        self._verdicts: list[Checked] = []
        """Those of the step, told in the order of their names: evidence arrives in any."""
        self._lines: dict[str, ToldLines] = {}
        self._side_by_side: dict[str, list[str]] = {
            setup.name: [] for setup in lesson.scene.engines
        }
        """Lines of engines that run side by side: told one engine after the other."""

    def heading(self) -> None:
        """Number, title, thesis, and what came before."""
        scene, words = self._lesson.scene, self._lesson.words
        self._write(f"{scene.number} · {words.text(scene.title)}")
        self._write(words.text(scene.thesis))
        self._write("")
        self._write(told("previously"))
        self._paragraph(self._plain(scene.previously, words))

    def _write(self, line: str) -> None:
        if not self._silent:
            self._tell(line)

    # Events

    def event(self, event: AnyEvent) -> None:
        """One line for an event that changes something a reader can follow."""
        self._began = self._began or event.at
        lines = self._lines.get(event.engine)
        if lines is None:
            lines = self._lines[event.engine] = ToldLines(self._lesson.scene.topics, self._verbose)
        line = lines.line(event)
        if not line or self._silent:
            return
        # A reading of the pages may be a little older than the event before it.
        timed = f"{max(0.0, event.at - self._began):9.3f} s  "
        beside = self._side_by_side.get(event.engine)
        if beside is None:
            self._write(timed + line)
        else:
            beside.append(f"{timed}[{event.engine}] {line}")

    def _flush(self) -> None:
        for lines in self._side_by_side.values():
            for line in lines:
                self._write(line)
            lines.clear()

    # The player

    def effect(self, effect: Effect, live: Live) -> None:
        """A step's heading, its question, its verdicts, and its words once it is over."""
        stage = live.player.stage
        if isinstance(
            effect, Enter | Ask | Answered | CaughtUp | Checked | Failed | Refused | Finished
        ):
            self._flush()
        if isinstance(effect, Enter | Failed | Finished):
            self._judged()
        match effect:
            case CatchingUp(name, steps):
                self._write("")
                self._write(told("catching_up", step=name, steps=steps))
                self._silent = True
            case CaughtUp():
                self._judged()
                self._said.update(mark.label for mark in live.history.marks if mark.kind == "step")
                self._silent = False
            case Enter(name):
                self._conclude(live)
                entered = next(s for s in live.lesson.scene.stages if s.id == name)
                beat = told("beat", beat=entered.beat) if entered.beat else told("opening")
                self._write("")
                self._write(f"{beat} · {self._words(entered.title, live)}")
            case Ask(right=-1) if stage and stage.question:
                self._say(stage, live)
                self._question(stage.question, live)
            case Ask(right=right, source=source) if stage and stage.question:
                choice = stage.question.choices[right]
                answer = self._words(choice.text, live)
                self._write(_INDENT + told(source, answer=answer))
                asked = live.history.now.question
                why = why_of(choice, asked) if asked else choice.why
                self._paragraph(self._words(why, live))
            case Answered(name, choice) if stage and stage.question and stage.question.id == name:
                text = self._words(stage.question.choices[choice].text, live)
                self._write(_INDENT + told("answered", number=choice + 1, answer=text))
            case Checked():
                self._verdicts.append(effect)
            case Failed(reason) | Refused(reason):
                self._tell(f"{_INDENT}{told('failed'):8} {reason}")
            case Finished():
                self._conclude(live)
                self._summary(live)
            case _:
                pass

    def _conclude(self, live: Live) -> None:
        """The words of the last step, whose figures are all measured by now."""
        steps = [mark.label for mark in live.history.marks if mark.kind == "step"]
        for stage in live.lesson.scene.stages:
            if stage.id in steps[:-1] or (stage.id in steps and live.player.phase == "over"):
                self._say(stage, live)

    def _say(self, stage: Stage, live: Live) -> None:
        if stage.id not in self._said:
            self._said.add(stage.id)
            end = live.history.step_end(stage.id)
            view = live.history.now if end is None else live.history.view_at(end)
            key = text_of(live.lesson.scene, stage, view)
            self._paragraph(self._words(key, live))

    def _words(self, key: str, live: Live) -> str:
        """The words of `key` for a face without colours, places and keys."""
        return live.text(live.lesson.words.plain(key))

    def _question(self, question: Question, live: Live) -> None:
        self._write(f"{_INDENT}? {self._words(question.text, live)}")
        for number, choice in enumerate(question.choices, 1):
            self._write(f"{_INDENT}  {number}) {self._words(choice.text, live)}")

    def _judged(self) -> None:
        for checked in sorted(self._verdicts, key=lambda verdict: verdict.check):
            self._checked(checked)
        self._verdicts.clear()

    def _checked(self, checked: Checked) -> None:
        """What held by its meaning, for its figures are another run's; a miss by its figures."""
        word = told("skipped" if checked.skipped else "held" if checked.held else "failed")
        plain = checked.held and not checked.skipped and not self._verbose
        detail = meaning(checked.check) if plain else checked.detail
        write = self._write if checked.held else self._tell
        write(f"{_INDENT}{word:8} {checked.check}: {detail}")

    def _summary(self, live: Live) -> None:
        self._closing(live)
        verdicts = live.player.verdicts
        failed = [v.check for v in verdicts if not v.held]
        skipped = sum(verdict.skipped for verdict in verdicts)
        held = len(verdicts) - len(failed) - skipped
        self._write("")
        said = told("summary", held=held, skipped=skipped, failed=len(failed))
        self._write(said + (f": {', '.join(failed)}" if failed else ""))

    def _closing(self, live: Live) -> None:
        scene = self._lesson.scene
        if scene.takeaways:
            self._write("")
            self._write(told("takeaways"))
        for key in scene.takeaways:
            self._paragraph(self._words(key, live))
        if scene.open_questions:
            self._write("")
            self._write(told("open_questions"))
        for one in scene.open_questions:
            self._paragraph("? " + self._words(one.ask, live))
            self._paragraph(self._words(one.answer, live))
        if scene.further:
            self._write("")
            self._write(told("further"))
        for further in scene.further:
            what = f": {self._words(further.text, live)}" if further.text else ""
            self._paragraph(further.where + what)

    def _plain(self, key: str, words: Words) -> str:
        return words.text(words.plain(key))

    def _paragraph(self, text: str) -> None:
        for line in fold(text, WIDTH - 2 * len(_INDENT)):
            self._write(f"{_INDENT}| {line}")


def meaning(check: str) -> str:
    """What a check holds a run against: in English the first line of its docstring."""
    words, key = detail.words(language()), f"meaning.{check}"
    if key in words:
        return words.text(key)
    lines = (inspect.getdoc(CHECKS[check]) or "").splitlines()
    return lines[0] if lines else "as expected"
