"""The evidence of a run: what its events prove, gathered one event at a time.

Checks and measures look at nothing else, so that a figure on the screen and the verdict about it
come from the same stream. What is kept grows with the pages, not with commands or snapshots.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from engine import events
from scenes import cells
from scenes.errors import SceneError
from scenes.prediction import PREDICTION
from scenes.topics import Gatherer, gatherers

G = TypeVar("G")

KEPT = 4096
"""fsync events and gauge readings kept."""
SNAPSHOTS = 4
"""Newest snapshots kept; an hour of save points must not fill the memory."""
SPANS = 16
"""Newest spans of a policy kept."""


class Reading(msgspec.Struct, frozen=True):
    """The figures of one `pages` event while a child lived."""

    at: float
    shared: int
    copied: int
    new: int
    private_dirty_kb: int
    new_kb: int
    child_private_dirty_kb: int
    smaps_at: float
    last: bool


class Snapshot:
    """One child's life, from its fork to the dump."""

    def __init__(self, fork: events.Fork, held: bytes) -> None:
        self.fork = fork
        self.held = bytearray(held)
        """1 where a page held data at the fork."""
        self.touched: Counter[int] = Counter()
        """Writes a page since the fork, as the commands reported them."""
        self.touched_more = 0
        self.touched_at = 0.0
        self.page_of: dict[str, int] = {}
        """Key -> the page it was last written on."""
        self.copied_times: Counter[int] = Counter()
        """How often a page turned copied, as the page tables were read."""
        self.new_pages: set[int] = set()
        self.readings: deque[Reading] = deque(maxlen=KEPT)
        self.copied_figures: set[int] = set()
        self.first_reading: events.Pages | None = None
        self.dirty = 0
        self.process: events.Process | None = None
        self.progress: events.SnapshotProgress | None = None
        self.exit: events.ChildExit | None = None
        self.lost = False
        """Its engine died, or no longer knows it: nobody will report its exit."""
        self.saved: events.RdbSaved | None = None
        self.after_exit: events.Pages | None = None
        self.state_after: events.State | None = None
        self.dirty_at_state = 0

    @property
    def latest(self) -> Reading | None:
        return self.readings[-1] if self.readings else None

    def copies_due(self) -> set[int]:
        """Pages that held data at the fork and were written since: the kernel must copy these."""
        return {page for page in self.touched if page < len(self.held) and self.held[page]}

    def new_due(self) -> set[int]:
        """Pages written since the fork that held nothing at it."""
        return {page for page in self.touched if page < len(self.held) and not self.held[page]}


class PolicySpan:
    """The time under one appendfsync policy."""

    def __init__(self, policy: str, at: float) -> None:
        self.policy = policy
        self.at = at
        self.appends = 0
        self.first_start = -1
        self.last_end = 0
        self.fsyncs: deque[events.AofFsync] = deque(maxlen=KEPT)
        self.acknowledged_early = 0
        """Batches that were written, but not synced, when the next one began."""


class Evidence:
    """Everything that checks and measures may know of a run."""

    def __init__(
        self,
        *,
        populate: int = 0,
        folder: str = "",
        cannot_prove_dirty: Callable[[], str] = lambda: "nobody asked the kernel",
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
        self.state: events.State | None = None
        self.first_state: events.State | None = None
        self.thp = False
        self.page_size = 4096
        self.arena_pages = 0
        self.held = bytearray()
        self.snapshots: deque[Snapshot] = deque(maxlen=SNAPSHOTS)
        self.spans: deque[PolicySpan] = deque([PolicySpan("everysec", 0.0)], SPANS)
        self.fsyncs: deque[events.AofFsync] = deque(maxlen=KEPT)
        self.file = ""
        self.appended = self.written = self.fsynced = 0
        self.unsafe: deque[tuple[int, int, float]] = deque()
        """(end, commands, at) of batches that no fsync covers yet; very many: the oldest as one."""
        self.longest_amber = 0.0
        """Seconds that a batch waited for its fsync under everysec, at most."""
        self.broken: list[str] = []
        """Figures that contradict themselves, in words; the first few."""
        self.commands = 0
        self.engine_lives = True
        self.hold = "released"
        self.copied_since_answer = 0
        self.copies_since_answer: Counter[int] = Counter()
        """The same by page."""
        self.new_since_answer = 0
        self._unread: dict[int, float] = {}
        """Page -> when a command touched it, while no reading has come since."""
        self._owed: set[int] = set()
        """Touched before the answer and not read until after it: no news since the answer."""
        self.latencies: dict[str, events.Latency] = {}
        self.pages_events = 0

    @property
    def snapshot(self) -> Snapshot | None:
        return self.snapshots[-1] if self.snapshots else None

    @property
    def child_lives(self) -> bool:
        snapshot = self.snapshot
        return snapshot is not None and snapshot.exit is None and not snapshot.lost

    @property
    def child_held(self) -> bool:
        """Whether a child that writes a dump lives and is held."""
        return self.holds("rdb")

    def holds(self, purpose: str) -> bool:
        """Whether a child lives that was forked for this, `rdb` or `aof`, and is held."""
        meant = self.snapshot is not None and self.snapshot.fork.purpose == purpose
        return meant and self.child_lives and self.hold == "held"

    @property
    def lesson_lives(self) -> bool:
        """Whether a lesson's child lives."""
        return self.child_lives and self.snapshots[-1].fork.purpose == "lesson"

    def copied_of(self, key: str) -> int:
        """Copies since the last answer of the page that `key` was last written on."""
        page = self.snapshot.page_of.get(key) if self.snapshot else None
        return 0 if page is None else self.copies_since_answer[page]

    def of(self, kind: type[G]) -> G:
        """What a topic's gatherer has gathered; raises SceneError if the scene lists no such."""
        for gatherer in self._gatherers:
            if isinstance(gatherer, kind):
                return gatherer
        home = kind.__module__.rpartition(".")[2]
        raise SceneError(f"nobody gathers {kind.__name__}: the scene must list topics = ['{home}']")

    def engine(self, name: str) -> Evidence:
        """What is known of one engine; "" is the first. Raises SceneError for an unknown one."""
        if name in ("", self.name):
            return self
        if name not in self.others:
            raise SceneError(f"no engine called '{name}' was heard of")
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
            raise SceneError("the gatherers are not those of the scene's topics")
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
        match event:
            case events.Command():
                self._command(event)
            case events.Pages():
                self._pages(event)
            case events.AofAppend():
                self._append(event)
            case events.AofWrite():
                self._offset_file(event.file, event.start)
                self.written = self._grown("write", self.written, event.end, self.appended)
            case events.AofFsync():
                self._fsync(event)
            case events.State():
                self._state(event)
            case events.Rewrite() if event.file:
                self._offset_file(event.file, event.bytes if event.stage == "switched" else 0)
                self.fsynced = 0 if event.stage == "switched" else self.fsynced
            case events.Config(name="appendfsync"):
                self.spans.append(PolicySpan(event.new, event.at))
            case events.Config(name="arena-thp"):
                self.thp = event.new == "yes"
            case events.Fork():
                self._unread.clear()
                self._owed.clear()
                self.snapshots.append(Snapshot(event, bytes(self.held)))
            case events.Crash():
                self.engine_lives, self.hold = False, "released"
                if self.snapshot is not None:
                    self.snapshot.lost = True
            case events.Answer():
                self.copied_since_answer = self.new_since_answer = 0
                self.copies_since_answer.clear()
                self._owed = set(self._unread)
            case events.Hold():
                self.hold = event.state
            case events.Latency():
                self.latencies[event.client] = event
            case events.Reply():
                self.replies[event.name] = event.text
            case _:
                self._of_child(event)

    def _of_child(self, event: events.Event) -> None:
        snapshot = self.snapshot
        if snapshot is None:
            return
        match event:
            case events.Process() if event.pid == snapshot.fork.child:
                snapshot.process = event
            case events.SnapshotProgress() if event.child == snapshot.fork.child:
                snapshot.progress = event
            case events.ChildExit():
                if event.child != snapshot.fork.child:
                    self._break(f"child {event.child} exited, but {snapshot.fork.child} was forked")
                snapshot.exit = event
            case events.RdbSaved() if snapshot.saved is None:
                snapshot.saved = event
            case _:
                pass

    def _state(self, event: events.State) -> None:
        restarted = not self.engine_lives
        self.state, self.engine_lives, self.hold = event, True, event.hold
        self.first_state = self.first_state or event
        self.thp, self.page_size, self.arena_pages = event.thp, event.page_size, event.arena_pages
        self.held = bytearray(event.arena_pages)
        for ranges in (event.held_pages, event.shared_ranges, event.copied_ranges):
            cells.paint(self.held, ranges, 1)
        cells.paint(self.held, event.new_ranges, 1)
        if event.aof_policy != self.spans[-1].policy:
            self.spans.append(PolicySpan(event.aof_policy, event.at))
        if event.aof_file != self.file or restarted:
            self.file = ""
            self._offset_file(event.aof_file, event.aof_appended)
            self.written, self.fsynced = event.aof_written, event.aof_fsynced
        snapshot = self.snapshot
        if snapshot is not None and not event.child:
            snapshot.lost = snapshot.exit is None
        if snapshot is not None and snapshot.saved is not None and snapshot.state_after is None:
            snapshot.state_after = event
            snapshot.dirty_at_state = snapshot.dirty

    def _command(self, event: events.Command) -> None:
        self.commands += event.merged
        cells.paint(self.held, ((page, page) for page, _ in event.pages), 1)
        if event.argv and event.argv[0].upper() == "FLUSHALL":
            # Pages that came and went between two readings are in none of them.
            self.held = bytearray(len(self.held))
        snapshot = self.snapshot
        if snapshot is None:
            return
        snapshot.dirty += event.dirty
        if snapshot.exit is not None:
            return
        snapshot.touched.update(page for page, _ in event.pages)
        snapshot.page_of.update((key, page) for page, key in event.pages)
        snapshot.touched_more += event.pages_more
        snapshot.touched_at = event.at
        self._unread.update((page, event.at) for page, _ in event.pages)

    def _pages(self, event: events.Pages) -> None:
        self.pages_events += 1
        total = event.shared + event.copied + event.new + event.private + event.free
        if self.arena_pages and total != self.arena_pages:
            self._break(f"a reading counts {total} pages, the arena has {self.arena_pages}")
        snapshot = self.snapshot
        if snapshot is not None and event.child == snapshot.fork.child:
            self._reading(snapshot, event)
        elif snapshot is not None and not event.child and snapshot.exit is not None:
            snapshot.after_exit = event
        for ranges in (event.newly_private, event.newly_copied, event.newly_new):
            cells.paint(self.held, ranges, 1)
        cells.paint(self.held, event.newly_shared, 1)
        cells.paint(self.held, event.newly_free, 0)

    def _reading(self, snapshot: Snapshot, event: events.Pages) -> None:
        size = len(snapshot.held)
        # Pages written just before the fork are first seen by the reading after it.
        cells.paint(snapshot.held, event.newly_shared, 1)
        for start, stop in cells.clipped(event.newly_copied, size):
            snapshot.copied_times.update(range(start, stop))
            since = [page for page in range(start, stop) if page not in self._owed]
            self.copied_since_answer += len(since)
            self.copies_since_answer.update(since)
        for start, stop in cells.clipped(event.newly_new, size):
            snapshot.new_pages.update(range(start, stop))
            self.new_since_answer += sum(page not in self._owed for page in range(start, stop))
        self._unread = {page: at for page, at in self._unread.items() if at > event.at}
        self._owed &= self._unread.keys()
        snapshot.first_reading = snapshot.first_reading or event
        snapshot.copied_figures.add(event.copied)
        snapshot.readings.append(
            Reading(
                at=event.at,
                shared=event.shared,
                copied=event.copied,
                new=event.new,
                private_dirty_kb=event.private_dirty_kb,
                new_kb=event.new_kb,
                child_private_dirty_kb=event.child_private_dirty_kb,
                smaps_at=event.smaps_at,
                last=event.last,
            )
        )

    def _append(self, event: events.AofAppend) -> None:
        self._offset_file(event.file, event.start)
        if event.start != self.appended:
            self._break(f"{event.file}: an append starts at {event.start}, not {self.appended}")
        self.appended = self._grown("append", self.appended, event.end, event.end)
        span = self.spans[-1]
        span.appends += event.merged
        if span.first_start < 0:
            span.first_start = event.start
        # The commands of one turn are appended one by one, then written and synced together.
        if span.policy == "always" and self.written > max(self.fsynced, span.first_start):
            span.acknowledged_early += 1
        span.last_end = event.end
        self.unsafe.append((event.end, event.merged, event.at))
        if len(self.unsafe) > KEPT:
            (_, commands, at), (end, more, _) = self.unsafe.popleft(), self.unsafe.popleft()
            self.unsafe.appendleft((end, commands + more, at))

    def _fsync(self, event: events.AofFsync) -> None:
        self._offset_file(event.file, event.start)
        self.fsynced = self._grown("fsync", self.fsynced, event.end, self.written)
        self.fsyncs.append(event)
        self.spans[-1].fsyncs.append(event)
        while self.unsafe and self.unsafe[0][0] <= self.fsynced:
            waited = event.at - self.unsafe.popleft()[2]
            if event.policy == "everysec":
                self.longest_amber = max(self.longest_amber, waited)

    def _offset_file(self, file: str, start: int) -> None:
        if file != self.file:
            self.file = file
            self.appended = self.written = self.fsynced = start
            self.unsafe.clear()

    def _grown(self, what: str, before: int, end: int, limit: int) -> int:
        if end < before:
            self._break(f"{self.file}: {what} went back from {before} to {end}")
        if end > limit:
            self._break(f"{self.file}: {what} at {end} overtook {limit}")
        return max(before, end)

    def _break(self, text: str) -> None:
        if len(self.broken) < 8:
            self.broken.append(text)
