"""One line for an event, in two measures: what one seed always brings, and all there is.

The first is the lesson: forks, dumps, crashes, settings. The second is every write, fsync and
reading of the pages besides, which another run merges and times otherwise. A topic adds lines of
its own in `LINES`: event type -> text of the event, or "" for none.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

from engine import events
from engine.events import AnyEvent, type_name
from scenes import lesson_words
from scenes.event_words import fault_word, purpose_word, stage_word
from scenes.phrases import PhraseBook
from scenes.refusals import crash_word
from scenes.topics import Registry

told = PhraseBook(Path(__file__).parent / "told")
_NONE: dict[str, Callable[[AnyEvent], str]] = {}
LINES = Registry("LINES", _NONE)


class ToldLines:
    """The lines of one engine's events."""

    def __init__(self, topics: list[str], verbose: bool = False) -> None:
        self._verbose = verbose
        self._of_topics = LINES.known_to(topics)
        self._began = False
        self._stages: set[tuple[int, str]] = set()
        self._faults: dict[str, str] = {}
        self._last_pages = ""
        self._last_quarter = (0, 0)

    def line(self, event: AnyEvent) -> str:
        """What there is to say of an event; empty for nothing."""
        own = self._of_topics.get(type_name(type(event)))
        if own is not None and (said := own(event)):
            return said
        return self._lesson(event) or (self._all(event) if self._verbose else "")

    def _lesson(self, event: AnyEvent) -> str:
        match event:
            case events.State():
                return self._state(event)
            case events.Fork():
                return told(
                    "event.fork",
                    child=str(event.child),
                    usec=event.usec,
                    purpose=purpose_word(event.purpose),
                )
            case events.ChildExit():
                key = "event.exit_signal" if event.signal else "event.exit_status"
                return told(
                    key,
                    child=str(event.child),
                    status=event.status,
                    signal=event.signal,
                    usec=event.usec,
                )
            case events.RdbSaved():
                return told("event.saved", path=event.path, keys=event.keys, bytes=event.bytes)
            case events.Config():
                return told("event.config", name=event.name, old=event.old, new=event.new)
            case events.Latency(done=True):
                return told("event.done", client=event.client)
            case events.Crash():
                return told(
                    "event.crash",
                    kind=crash_word(event.kind),
                    acked=event.acked,
                    written=event.written,
                    fsynced=event.fsynced,
                    source=told(f"source.{event.source}"),
                )
            case events.Recovered():
                return told("event.recovered", keys=event.keys, lost=event.lost)
            case events.Rewrite(stage="diff-buffered"):
                return ""  # a level; how often it is told is a matter of time
            case events.Rewrite() if (event.child, event.stage) not in self._stages:
                self._stages.add((event.child, event.stage))
                return told("event.rewrite", stage=stage_word(event.stage))
            case events.LessonSide():
                return lesson_words.side(event, counts=self._verbose)
            case events.LessonValue():
                return lesson_words.value(event, places=self._verbose)
            case events.LessonPages():
                return lesson_words.touched(event)
            case events.Walk(stage="begun" | "ended" | "given up"):
                return lesson_words.walk(event)
            case events.Contents():
                return lesson_words.contents(event)
            case events.Clock():
                return told("event.clock", scale=str(event.scale))
            case events.Fault() if self._faults.get(event.kind) != event.value:
                self._faults[event.kind] = event.value
                return told("event.fault", kind=fault_word(event.kind), value=event.value)
            case events.Reply():
                return told("event.reply", line=" ".join(event.argv), text=event.text)
            case events.Gap():
                return told("event.gap", missed=event.missed)
            case events.Log(level="#"):
                return told("event.log", text=event.text)
            case _:
                return ""

    def _state(self, event: events.State) -> str:
        """The first one; a later one is no news to a reader."""
        if self._began:
            return ""
        self._began = True
        policy = f"appendfsync {event.aof_policy}" if event.aof_enabled else told("no_aof")
        return told(
            "event.engine",
            pid=str(event.pid),
            keys=event.keys,
            pages=event.arena_pages,
            kb=event.page_size // 1024,
            policy=policy,
        ) + (f"; redis-cli -p {event.port}" if self._verbose else "")

    def _all(self, event: AnyEvent) -> str:
        match event:
            case events.Command():
                return self._command(event)
            case events.AofFsync():
                return self._fsync(event)
            case events.Pages():
                return self._pages(event)
            case events.Frames():
                return lesson_words.frames(event)
            case events.Census():
                return told(
                    "event.census",
                    asked=event.acknowledged,
                    lost=event.lost,
                    survived=event.survived,
                    source=told(f"source.{event.source}"),
                )
            case events.Hold():
                return told("event.hold", state=told(f"hold_state.{event.state}"))
            case events.SnapshotProgress():
                return self._progress(event)
            case events.AofDelayed():
                return told("event.delayed", usec=event.waited_usec)
            case _:
                return ""

    def _command(self, event: events.Command) -> str:
        words = textwrap.shorten(" ".join(event.argv), 40, placeholder=" ...")
        pages = sorted({page for page, _ in event.pages})
        named = ", ".join(map(str, pages[:4])) + (" ..." if len(pages) > 4 else "")
        several = told("event.several", count=event.merged) + " " if event.merged > 1 else ""
        line = told("event.write", several=several, line=words)
        return line + ("  " + told("event.pages_named", pages=named) if pages else "")

    def _fsync(self, event: events.AofFsync) -> str:
        line = told(
            "event.fsync",
            end=event.end,
            usec=event.usec,
            thread=told("thread.main" if event.thread == "main" else "thread.background"),
            policy=event.policy,
        )
        return line + (told("event.merged", count=str(event.merged)) if event.merged > 1 else "")

    def _progress(self, event: events.SnapshotProgress) -> str:
        """A line for each quarter of the keys: the child reports thirty times a second."""
        quarter = (event.child, event.keys * 4 // max(1, event.total_keys))
        if quarter == self._last_quarter:
            return ""
        self._last_quarter = quarter
        return told("event.dump", keys=event.keys, total=event.total_keys, bytes=event.bytes)

    def _pages(self, event: events.Pages) -> str:
        line = told(
            "event.pages",
            shared=event.shared,
            copied=event.copied,
            new=event.new,
            private=event.private,
            free=event.free,
        )
        if line == self._last_pages:
            return ""
        self._last_pages = line
        return line
