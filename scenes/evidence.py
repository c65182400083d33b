"""The evidence of a run: what its events prove, gathered one event at a time.

Checks and measures look at nothing else, so that a figure on the screen and the verdict about it
come from the same stream. What is kept grows with the pages, not with commands or snapshots: so it
is soon kept in a recording, and soon read back for a seek.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from engine import events
from scenes import cells
from scenes.errors import SceneError
from scenes.evidence_aof import AofEvidence
from scenes.evidence_child import Snapshot
from scenes.evidence_copies import CopiesSinceAnswer
from scenes.evidence_state import Told
from scenes.prediction import PREDICTION
from scenes.sayings import detail
from scenes.topics import Gatherer, gatherers

G = TypeVar("G")

MOST_BROKEN = 8
"""Contradictions kept."""


class Evidence:
    """Everything that checks and measures may know of a run."""

    def __init__(
        self,
        *,
        populate: int = 0,
        folder: str = "",
        cannot_prove_dirty: Callable[[], str] = lambda: detail("evidence.nobody_asked"),
        topics: Sequence[str] = (),
    ) -> None:
        self.name = ""
        """The engine it is about; that of the first event unless told."""
        self.others: dict[str, Evidence] = {}
        """What the events of the other engines prove, where a scene runs several."""
        self._topics = list(topics)
        self._gatherers = gatherers(self._topics)
        self.replies: dict[str, str] = {}
        """What the engine answered where a step keeps the answer, by its name."""
        self.populate = populate
        self.folder = folder
        self.cannot_prove_dirty = cannot_prove_dirty
        """Why cachestat proves nothing here; an empty text where it does."""
        self.state: Told | None = None
        self.first_lastsave: int | None = None
        """LASTSAVE as the engine first told it."""
        self.thp = False
        self.page_size = 4096
        self.arena_pages = 0
        self.held = bytearray()
        self.snapshot: Snapshot | None = None
        """The last one."""
        self.aof = AofEvidence()
        self.since_answer = CopiesSinceAnswer()
        self._broken: list[str] = []
        self.commands = 0
        self.engine_lives = True
        self.hold = "released"
        self.latencies: dict[str, events.Latency] = {}
        self.pages_events = 0
        self.sources: dict[str, events.Source] = {}
        """Type of event -> where the figures of the last one of it came from."""

    @property
    def broken(self) -> list[str]:
        """Figures that contradict themselves, in words; the first few."""
        return [*self._broken, *self.aof.broken]

    @property
    def child_lives(self) -> bool:
        snapshot = self.snapshot
        return snapshot is not None and snapshot.exit is None and not snapshot.lost

    @property
    def purpose(self) -> str:
        """What the last child was forked for; empty where there was none."""
        return self.snapshot.fork.purpose if self.snapshot is not None else ""

    @property
    def child_held(self) -> bool:
        """Whether a child that writes a dump lives and is held."""
        return self.holds("rdb")

    def holds(self, purpose: str) -> bool:
        """Whether a child lives that was forked for this, `rdb` or `aof`, and is held."""
        return self.purpose == purpose and self.child_lives and self.hold == "held"

    @property
    def lesson_lives(self) -> bool:
        """Whether a lesson's child lives."""
        return self.purpose == "lesson" and self.child_lives

    def copied_of(self, key: str) -> int:
        """Copies since the last answer of the page that `key` was last written on."""
        page = self.snapshot.page_of.get(key) if self.snapshot else None
        return 0 if page is None else self.since_answer.by_page[page]

    def of(self, kind: type[G]) -> G:
        """What a topic's gatherer has gathered; raises SceneError if the scene lists no such."""
        for gatherer in self._gatherers:
            if isinstance(gatherer, kind):
                return gatherer
        home = kind.__module__.rpartition(".")[2]
        raise SceneError(detail("evidence.not_gathered", gatherer=kind.__name__, topic=home))

    def engine(self, name: str) -> Evidence:
        """What is known of one engine; "" is the first. Raises SceneError for an unknown one."""
        if name in ("", self.name):
            return self
        if name not in self.others:
            raise SceneError(detail("evidence.no_engine", name=name))
        return self.others[name]

    def another(self, name: str) -> Evidence:
        """That of another engine: an empty one where nothing was heard of it yet."""
        if name not in self.others:
            self.others[name] = Evidence(populate=self.populate, topics=self._topics)
            self.others[name].cannot_prove_dirty = self.cannot_prove_dirty
        return self.others[name]

    @property
    def gathered(self) -> Sequence[Gatherer]:
        """The topics' gatherers, in the order of the topics."""
        return self._gatherers

    def take_gathered(self, gatherers: Sequence[Gatherer]) -> None:
        """Go on with these gatherers; raises SceneError if they are not those of the topics."""
        if [type(one) for one in gatherers] != [type(one) for one in self._gatherers]:
            raise SceneError(detail("evidence.other_gatherers"))
        self._gatherers = list(gatherers)

    def engines(self) -> dict[str, Evidence]:
        """All of them by name, the first one first."""
        return {self.name: self, **self.others}

    def add(self, event: events.Event) -> None:
        """Take one event in; a topic's gatherers hear of all engines, all else of its own."""
        if isinstance(event, events.Answer) and event.id.startswith(PREDICTION):
            return  # of a crash: no step's question was answered
        for gatherer in self._gatherers:
            gatherer.add(event)
        self.name = self.name or event.engine
        if event.engine != self.name:
            self.another(event.engine).add(event)
            return
        kind = type(event)
        self.sources[events.type_name(kind)] = event.source
        self.aof.add(event)
        take = _TAKERS.get(kind)
        if take is not None:
            take(self, event)

    def _config(self, event: events.Config) -> None:
        if event.name == "arena-thp":
            self.thp = event.new == "yes"

    def _fork(self, event: events.Fork) -> None:
        self.since_answer.forked()
        self.snapshot = Snapshot(event, bytes(self.held))

    def _crash(self, event: events.Crash) -> None:
        self.engine_lives, self.hold = False, "released"
        if self.snapshot is not None:
            self.snapshot.lost = True

    def _answer(self, event: events.Answer) -> None:
        self.since_answer.answered()

    def _hold(self, event: events.Hold) -> None:
        self.hold = event.state

    def _latency(self, event: events.Latency) -> None:
        self.latencies[event.client] = event

    def _reply(self, event: events.Reply) -> None:
        self.replies[event.name] = event.text

    def _of_child(self, event: events.Event) -> None:
        if self.snapshot is not None and (text := self.snapshot.add(event)):
            self._break(text)

    def _state(self, event: events.State) -> None:
        restarted = not self.engine_lives
        self.state, self.engine_lives, self.hold = Told.by(event), True, event.hold
        if self.first_lastsave is None:
            self.first_lastsave = event.lastsave
        self.thp, self.page_size, self.arena_pages = event.thp, event.page_size, event.arena_pages
        self.held = bytearray(event.arena_pages)
        for ranges in (event.held_pages, event.shared_ranges, event.copied_ranges):
            cells.paint(self.held, ranges, 1)
        cells.paint(self.held, event.new_ranges, 1)
        self.aof.state(event, restarted=restarted)
        if self.snapshot is not None:
            self.snapshot.state(event)

    def _command(self, event: events.Command) -> None:
        self.commands += event.merged
        size = len(self.held)
        for page, _ in event.pages:
            if 0 <= page < size:
                self.held[page] = 1
        if event.argv and event.argv[0].upper() == "FLUSHALL":
            # Pages that came and went between two readings are in none of them.
            self.held = bytearray(len(self.held))
        snapshot = self.snapshot
        if snapshot is None:
            return
        snapshot.command(event)
        if snapshot.exit is None:
            self.since_answer.touched(event)

    def _pages(self, event: events.Pages) -> None:
        self.pages_events += 1
        total = event.shared + event.copied + event.new + event.private + event.free
        if self.arena_pages and total != self.arena_pages:
            self._break(
                detail(
                    "evidence.pages_do_not_add_up",
                    counted_pages=str(total),
                    arena_pages=str(self.arena_pages),
                )
            )
        snapshot = self.snapshot
        if snapshot is not None and event.child == snapshot.fork.child:
            snapshot.read(event)
            self.since_answer.read(event, len(snapshot.held))
        elif snapshot is not None and not event.child and snapshot.exit is not None:
            snapshot.after_exit = event
        for ranges in (event.newly_private, event.newly_copied, event.newly_new):
            cells.paint(self.held, ranges, 1)
        cells.paint(self.held, event.newly_shared, 1)
        cells.paint(self.held, event.newly_free, 0)

    def _break(self, text: str) -> None:
        if len(self._broken) < MOST_BROKEN:
            self._broken.append(text)


_TAKERS: dict[type[events.Event], Callable[[Evidence, Any], None]] = {
    events.Command: Evidence._command,
    events.Pages: Evidence._pages,
    events.State: Evidence._state,
    events.Config: Evidence._config,
    events.Fork: Evidence._fork,
    events.Crash: Evidence._crash,
    events.Answer: Evidence._answer,
    events.Hold: Evidence._hold,
    events.Latency: Evidence._latency,
    events.Reply: Evidence._reply,
    events.Process: Evidence._of_child,
    events.SnapshotProgress: Evidence._of_child,
    events.ChildExit: Evidence._of_child,
    events.RdbSaved: Evidence._of_child,
}
"""Who takes which event: looked up, as a `match` would try one kind after another."""
