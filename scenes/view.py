"""What the screen is drawn from: an immutable view, folded from events and from nothing else.

Pages are bytes, one state a page, so that a grid can be searched, counted and compared in C.
A view never looks at a clock: `at` is the time of the last event folded into it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import immutables

from engine.events import AnsweredBy, Source
from scenes.rewrite_view import RewriteView
from scenes.view_part import ViewPart

FREE, PRIVATE, SHARED, COPIED, NEW = range(5)
"""States of a page of the parent's arena; they partition the grid."""
PAGE_STATES = ("free", "private", "shared", "copied", "new")

ABSENT, TO_COME, WRITING, WRITTEN = range(4)
"""States of a page in the child's grid: no data at the fork, unread, read just now, read before."""
CHILD_STATES = ("absent", "to come", "being written", "written")

Rung: TypeAlias = Literal["buffer", "cache", "disk"]


class Touch(ViewPart, frozen=True):
    """One write that touched a page."""

    at: float
    key: str
    command: str
    """The command's name and first words, as the event had it."""


class PageNote(ViewPart, frozen=True):
    """What is known of one page: its keys and its history."""

    keys: tuple[str, ...] = ()
    keys_more: int = 0
    last_touch: Touch | None = None
    copied_at: float = 0.0
    """0 while not copied in the current (or last) snapshot."""
    copied_by: Touch | None = None
    """The first write after the fork: the one that made the kernel copy the page."""


class EngineView(ViewPart, frozen=True):
    pid: int = 0
    port: int = 0
    version: str = ""
    kernel: str = ""
    page_size: int = 4096
    arena_pages: int = 0
    thp: bool = False
    alive: bool = False


class ChildView(ViewPart, frozen=True):
    """A snapshot child, living or just gone."""

    pid: int
    purpose: str
    forked_at: float
    fork_usec: int
    page_table_kb: int
    alive: bool = True
    hold: str = "released"
    keys: int = 0
    total_keys: int = 0
    bytes: int = 0
    exit_status: int = 0
    exit_signal: int = 0
    cow_kb: int = 0
    saved_path: str = ""
    saved_bytes: int = 0
    ended_at: float = 0.0
    dirty_at_fork: int = 0
    """Redis' `dirty_before_bgsave`: what a successful save takes off `dirty`."""


class CowSample(ViewPart, frozen=True):
    """One reading of the gauge."""

    at: float
    extra_kb: int
    """Parent's witness: private KiB of the arena that are copies (new pages not counted)."""
    child_kb: int


class GaugeView(ViewPart, frozen=True):
    """Extra memory of the running (or last) snapshot."""

    extra_kb: int = 0
    """The witness smaps: the parent's private KiB of the arena that are copies, at `smaps_at`."""
    copied_kb: int = 0
    """The witness pagemap: copied pages in KiB, at the last `pages` event."""
    child_private_dirty_kb: int = 0
    private_dirty_kb: int = 0
    new_kb: int = 0
    huge_kb: int = 0
    """The parent's AnonHugePages over the arena: what it maps by 2 MiB, also with no child."""
    child_huge_kb: int = 0
    interpreter_kb: int = 0
    child_interpreter_kb: int = 0
    page_table_kb: int = 0
    full_copy_kb: int = 0
    """What copying every held page at the fork would have cost."""
    smaps_at: float = 0.0
    samples: tuple[CowSample, ...] = ()
    """Of the running or last snapshot, thinned to at most 600."""
    final: bool = False
    """The snapshot is over: these are its last figures, and the extra memory is 0 by now."""


class TailEntry(ViewPart, frozen=True):
    """A command (or several, merged) on the AOF's tail."""

    start: int
    end: int
    text: str
    merged: int
    at: float
    ends: tuple[int, ...] = ()
    """Where the last of the merged commands end; a single command ends at `end`."""


class TailView(ViewPart, frozen=True):
    """The AOF's last bytes on the three rungs."""

    enabled: bool = False
    file: str = ""
    policy: str = "everysec"
    appended: int = 0
    written: int = 0
    fsynced: int = 0
    entries: tuple[TailEntry, ...] = ()
    """The last 256, oldest first; each lies on one rung, see `rung`."""
    seen: int = 0
    """Commands appended to this file since the view began."""
    unsafe: int = 0
    """Commands acknowledged but not covered by a completed fsync."""
    pending: tuple[tuple[int, int], ...] = ()
    """(end offset, commands) of what `unsafe` counts, oldest first."""
    last_fsync_at: float = 0.0
    last_fsync_usec: int = 0
    last_fsync_thread: str = ""
    last_fsync_bytes: int = 0
    fsyncs: int = 0
    dirty_pages: int = -1
    """cachestat's count after the last fsync, or at `dirty_at`; -1: this machine cannot tell."""
    dirty_at: float = 0.0
    """When the pages were counted, if that was since the last fsync; else 0."""
    delayed: int = 0
    has_disk: bool = True
    """False on tmpfs: fsync returns, but no disk is behind the file."""

    def rung(self, entry: TailEntry) -> Rung:
        """Where the whole of an entry is."""
        if entry.end <= self.fsynced:
            return "disk"
        return "cache" if entry.end <= self.written else "buffer"

    def rungs(self, entry: TailEntry) -> list[tuple[Rung, int]]:
        """How many of an entry's commands are on which rung, oldest (safest) first.

        Those whose end is not known count as far as the next known end has come: never too safe.
        """
        ends = entry.ends[-entry.merged :] or (entry.end,)
        unknown = entry.merged - len(ends)
        counts: dict[Rung, int] = {}
        for place, end in enumerate(ends):
            rung: Rung = "buffer"
            if end <= self.written:
                rung = "disk" if end <= self.fsynced else "cache"
            counts[rung] = counts.get(rung, 0) + (1 + unknown if place == 0 else 1)
        return list(counts.items())


class Lit(ViewPart, frozen=True):
    """The line of a card that ran last, and those that the same event has shown to run."""

    line: int
    at: float
    seq: int
    source: str
    also: tuple[int, ...] = ()


class QuestionView(ViewPart, frozen=True):
    id: str
    choices: tuple[str, ...]
    right: int
    """-1 until this run has measured the answer."""
    chosen: int = -1
    by: AnsweredBy = ""
    """Whose choice it is."""
    at: float = 0.0
    answered_at: float = 0.0
    with_child: bool = True
    """A child that had been forked by the answer still lived when the right choice was known."""
    source: Source = "scripted"
    """Where the right choice is known from; the choices are the author's."""


class RungView(ViewPart, frozen=True):
    """What stands on one rung."""

    commands: int
    """Of those seen since this view, or the file, began."""
    bytes: int


class CensusView(ViewPart, frozen=True):
    """What is left of the session's own writes, by real GETs: see `engine.events.Census`."""

    acknowledged: int
    survived: int
    lost: int
    in_flight: int
    in_flight_survived: int
    left_out: int
    lost_names: tuple[tuple[str, str], ...]
    in_flight_names: tuple[tuple[str, str], ...]
    survivors: tuple[tuple[str, str], ...]
    usec: int
    source: str


class CrashView(ViewPart, frozen=True):
    kind: str
    at: float
    acked: int
    written: int
    fsynced: int
    source: str = "measured"
    """`modelled` for a power cut that a disk's model made."""
    rungs: tuple[RungView, ...] = ()
    """aof_buf, page cache, disk, by the engine's last event."""
    has_log: bool = True
    """appendonly was on."""
    unsaved: int = 0
    """Changes since the last save."""
    keys: int = 0
    census: CensusView | None = None
    recovered_at: float = 0.0
    recovered_from: str = ""
    """The file that was loaded."""
    load_usec: int = 0
    recovered_keys: int = -1
    survived: int = -1
    lost: int = -1
    truncated_bytes: int = 0


class ProcessView(ViewPart, frozen=True):
    """A process of the session, as psutil saw it last."""

    pid: int
    ppid: int
    name: str
    state: str
    rss_kb: int
    pss_kb: int
    uss_kb: int
    at: float


class LogLine(ViewPart, frozen=True):
    at: float
    level: str
    text: str


class Wait(ViewPart, frozen=True):
    """The longest that a client waited for an answer in an interval that ended at `at`."""

    at: float
    usec: int
    client: str


class ClientView(ViewPart, frozen=True):
    """What a client reported last that had been answered something."""

    name: str
    at: float
    count: int
    usec: int
    """What they took."""
    p50_usec: int
    p99_usec: int
    done: bool

    @property
    def per_second(self) -> int:
        """Commands a second; 0 where it is not known."""
        return self.count * 10**6 // self.usec if self.usec else 0


class LessonView(ViewPart, frozen=True):
    """What only some scenes show: frames, copies against writes, clients' waits."""

    address: int = 0
    """Virtual address of the arena's first page, the same in parent and child."""
    frames_first: int = 0
    frames_source: str = ""
    before: tuple[int, ...] = ()
    """The parent's frames from page `frames_first` on, as first seen since the fork."""
    parent_frames: tuple[int, ...] = ()
    child_frames: tuple[int, ...] = ()
    """The same now, in both; 0 where nothing is mapped."""
    commands_at_fork: int = 0
    curve: tuple[tuple[int, int], ...] = ()
    """(writes since the fork, copied pages), thinned."""
    waits: tuple[Wait, ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
    """(at, word) of forks and finished files, for an axis of time."""


class View(ViewPart, frozen=True):
    """All that one engine's screen shows, at one moment of the stream."""

    seq: int = 0
    at: float = 0.0
    run: int = 1
    engine: EngineView = EngineView()
    pages: bytes = b""
    """One of FREE, PRIVATE, SHARED, COPIED, NEW for every page of the arena."""
    changed: bytes = b""
    """Overlay: 1 where a page was written since the last save."""
    changed_since_fork: bytes = b""
    """The same since the last fork for a dump: becomes `changed` when that dump is complete."""
    child_pages: bytes = b""
    """One of ABSENT, TO_COME, WRITING, WRITTEN; empty before the first fork."""
    counts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """Cells of `pages` by state, in the order of PAGE_STATES: grid and legend always agree."""
    notes: immutables.Map[int, PageNote] = immutables.Map()
    child: ChildView | None = None
    hold: str = "released"
    """`armed`, `held` or `released`."""
    processes: immutables.Map[int, ProcessView] = immutables.Map()
    gauge: GaugeView = GaugeView()
    tail: TailView = TailView()
    lesson: LessonView = LessonView()
    rewrite: RewriteView = RewriteView()
    config: immutables.Map[str, str] = immutables.Map()
    faults: immutables.Map[str, str] = immutables.Map()
    """The disk's scripted faults by kind, with what is left of them; empty: a disk as it is."""
    clock_scale: int = 1
    """How many times faster than the real one the save points' clock runs, as a scene wants it."""
    disk_modelled: bool = False
    """A ledger is kept of what is durable: a power cut will be a modelled one."""
    dirty: int = 0
    lastsave_at: float = 0.0
    keys: int = 0
    commands: int = 0
    latency_p99_usec: int = 0
    client: ClientView | None = None
    step: str = ""
    step_at: float = 0.0
    question: QuestionView | None = None
    prediction: QuestionView | None = None
    """What the learner said that the last crash would take; its choices are words."""
    lights: immutables.Map[str, Lit] = immutables.Map()
    """Card name -> the line that ran last."""
    log: tuple[LogLine, ...] = ()
    """The last 200 lines."""
    crash: CrashView | None = None
    missed: int = 0
    """Events lost by this subscriber, as gaps said."""
    name: str = ""
    """The engine on show: that of the first event."""
    others: immutables.Map[str, View] = immutables.Map()
    """The other engines of a scene that runs several, by name."""
