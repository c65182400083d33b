"""The plain face of a run: readable lines, one a change, with the scene's words between them.

Times stand at the beginning of a line as seconds since the first event; pids are named as such, so
that a comparison of two runs can mask both.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from engine import events
from engine.events import AnyEvent
from scenes import lesson_words
from scenes.conditions import text_of, why_of
from scenes.effects import Answered, Ask, Checked, Effect, Enter, Failed, Finished, Refused
from scenes.live import Live
from scenes.loader import Lesson
from scenes.scene import Question, Stage

WIDTH = 96
_INDENT = "  "


class Transcript:
    """Writes what happens, line by line, through `write`."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._began = 0.0
        self._last_pages = ""
        self._last_quarter = (0, 0)
        self._said: set[str] = set()

    def heading(self, lesson: Lesson) -> None:
        """Number, title and thesis."""
        scene = lesson.scene
        self._write(f"{scene.number} · {lesson.words.text(scene.title)}")
        self._write(lesson.words.text(scene.thesis))

    # Events

    def event(self, event: AnyEvent) -> None:
        """One line for an event that changes something a reader can follow."""
        self._began = self._began or event.at
        line = self._line(event)
        if line:
            # A reading of the pages may be a little older than the event before it.
            self._write(f"{max(0.0, event.at - self._began):9.3f} s  {line}")

    def _line(self, event: AnyEvent) -> str:
        match event:
            case events.State():
                return (
                    f"engine    pid {event.pid}: {event.keys:,} keys in {event.arena_pages:,} pages"
                    f" of {event.page_size // 1024} KiB, appendfsync {event.aof_policy};"
                    f" redis-cli -p {event.port} joins"
                )
            case events.Command():
                return self._command(event)
            case events.AofFsync():
                return self._fsync(event)
            case events.Pages():
                return self._pages(event)
            case events.Fork():
                return f"fork      child pid {event.child}, {event.usec:,} µs, for {event.purpose}"
            case events.Hold():
                return f"hold      {event.state}"
            case events.SnapshotProgress():
                return self._progress(event)
            case events.ChildExit():
                how = f"signal {event.signal}" if event.signal else f"status {event.status}"
                return f"exit      child pid {event.child}, {how}, after {event.usec:,} µs"
            case events.RdbSaved():
                return f"saved     {event.path}: {event.keys:,} keys, {event.bytes:,} bytes"
            case events.Config():
                return f"config    {event.name}: {event.old} -> {event.new}"
            case events.LessonSide():
                return lesson_words.side(event)
            case events.LessonValue():
                return lesson_words.value(event)
            case events.LessonPages():
                return lesson_words.touched(event)
            case events.Frames():
                return lesson_words.frames(event)
            case events.Walk(stage="begun" | "ended" | "given up"):
                return lesson_words.walk(event)
            case events.Contents():
                return lesson_words.contents(event)
            case events.Clock():
                return f"clock     x{event.scale}, scripted: the save points' seconds"
            case events.Latency(done=True):
                return f"client    {event.client} is done"
            case events.Crash():
                return (
                    f"crash     {event.kind}: appended {event.acked:,}, written"
                    f" {event.written:,}, fsynced {event.fsynced:,} bytes"
                )
            case events.Recovered():
                return f"recovered {event.keys:,} keys, {event.lost:,} bytes lost"
            case events.AofDelayed():
                return f"delayed   a write waited {event.waited_usec:,} µs for an fsync"
            case events.Fault():
                return f"fault     the disk has {event.kind} {event.value} (scripted)"
            case events.Gap():
                return f"gap       {event.missed} events were missed"
            case events.Log(level="#"):
                return f"log       {event.text}"
            case _:
                return ""

    def _command(self, event: events.Command) -> str:
        words = textwrap.shorten(" ".join(event.argv), 40, placeholder=" ...")
        pages = sorted({page for page, _ in event.pages})
        named = ", ".join(map(str, pages[:4])) + (" ..." if len(pages) > 4 else "")
        count = f"{event.merged} commands, the last " if event.merged > 1 else ""
        return f"write     {count}{words}" + (f"  (page {named})" if pages else "")

    def _fsync(self, event: events.AofFsync) -> str:
        thread = "main thread" if event.thread == "main" else "background"
        return (
            f"fsync     on disk to {event.end:,}, {event.usec:,} µs, {thread}, {event.policy}"
            + (f", {event.merged} merged" if event.merged > 1 else "")
        )

    def _progress(self, event: events.SnapshotProgress) -> str:
        """A line for each quarter of the keys: the child reports thirty times a second."""
        quarter = (event.child, event.keys * 4 // max(1, event.total_keys))
        if quarter == self._last_quarter:
            return ""
        self._last_quarter = quarter
        return f"dump      {event.keys:,} of {event.total_keys:,} keys, {event.bytes:,} bytes"

    def _pages(self, event: events.Pages) -> str:
        line = (
            f"pages     shared {event.shared:,}  copied {event.copied:,}  new {event.new:,}"
            f"  private {event.private:,}  free {event.free:,}"
        )
        if line == self._last_pages:
            return ""
        self._last_pages = line
        return line

    # The player

    def effect(self, effect: Effect, live: Live) -> None:
        """A step's heading, its question, its verdicts, and its words once it is over."""
        stage = live.player.stage
        match effect:
            case Enter(name):
                self._conclude(live)
                entered = next(s for s in live.lesson.scene.stages if s.id == name)
                beat = f"beat {entered.beat}" if entered.beat else "opening"
                self._write("")
                self._write(f"{beat} · {self._words(entered.title, live)}")
            case Ask(right=-1) if stage and stage.question:
                self._say(stage, live)
                self._question(stage.question, live)
            case Ask(right=right) if stage and stage.question:
                choice = stage.question.choices[right]
                self._write(f"{_INDENT}measured: {self._words(choice.text, live)}")
                asked = live.history.now.question
                why = why_of(choice, asked) if asked else choice.why
                self._paragraph(self._words(why, live))
            case Answered(_, choice) if stage and stage.question:
                text = self._words(stage.question.choices[choice].text, live)
                self._write(f"{_INDENT}answered (scripted): {choice + 1}) {text}")
            case Checked():
                self._checked(effect)
            case Failed(reason) | Refused(reason):
                self._write(f"{_INDENT}FAILED   {reason}")
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

    def _checked(self, checked: Checked) -> None:
        word = "skipped" if checked.skipped else "held" if checked.held else "FAILED"
        self._write(f"{_INDENT}{word:8} {checked.check}: {checked.detail}")

    def _summary(self, live: Live) -> None:
        verdicts = live.player.verdicts
        failed = [v.check for v in verdicts if not v.held]
        skipped = sum(verdict.skipped for verdict in verdicts)
        self._write("")
        self._write(
            f"{len(verdicts) - len(failed) - skipped} expectations held, {skipped} skipped,"
            f" {len(failed)} failed" + (f": {', '.join(failed)}" if failed else "")
        )

    def _paragraph(self, text: str) -> None:
        for line in textwrap.wrap(text, WIDTH - 2 * len(_INDENT)):
            self._write(f"{_INDENT}| {line}")
