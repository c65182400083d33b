"""The events that the engine and its session publish: one typed, numbered struct a fact.

Every event says when (`at`, CLOCK_MONOTONIC seconds: one clock for all processes of a machine),
which engine (`engine`, `run`) and where its figures come from (`source`). The engine numbers its
own events (`seq` 1, 2, 3 ...); the session renumbers the one stream it writes.

`at` is when the engine took note, on its main thread, in the order of `seq`: along one engine's
events it never goes back. What a child, the probe or the syncing thread did is noted a little after
it happened; where the difference matters the event has a time of its own (`read_at`, `smaps_at`). A
fork is noted the moment fork(2) returns, and a burst when it ends. The session's own events (step,
question, answer, latency, process, crash, gap) stand where they joined the stream, with the time
at which they happened: an engine's events on their way then may be a moment older.

Units: `usec` microseconds, `*_kb` KiB as the kernel prints them, `bytes`, `start` and `end` bytes.
Bursts are merged before they are published: `merged` counts the facts that one event stands for.
"""

from __future__ import annotations

import functools
from typing import Literal, TypeAlias

import msgspec

CHANNEL = "cowscope:events"

Source: TypeAlias = Literal["measured", "modelled", "scripted"]
PageRange: TypeAlias = tuple[int, int]
"""First and last page of a run of pages, both included."""


Purpose: TypeAlias = Literal["rdb", "aof", "lesson"]
"""What a child was forked for."""

Side: TypeAlias = Literal["parent", "child"]
"""Which process of a fork speaks."""

HoldState: TypeAlias = Literal["armed", "held", "released"]
"""A child's hold: armed before a fork, held while the child waits."""

Policy: TypeAlias = Literal["always", "everysec", "no"]
"""appendfsync."""

FaultKind: TypeAlias = Literal["fsync-delay", "fsync-error", "full", "short-write"]
"""What a scene can have a disk do wrong."""

MultipartStage: TypeAlias = Literal[
    "settle-old-increment",
    "create-increment",
    "persist-manifest",
    "switch-increment",
    "fork",
    "install-base",
    "list-increment",
    "remove-files",
    "stop-writing",
]
"""The steps of a rewrite of several files (`engine/rewrite_steps.py`)."""

PipesStage: TypeAlias = Literal[
    "open-pipes",
    "fork",
    "diff-buffered",
    "diff-sent",
    "child-asks-stop",
    "parent-agrees",
    "child-diff-appended",
    "residual-written",
    "renamed",
    "switched",
    "old-file-closed",
]
"""Those of one with pipes (`engine/pipes_steps.py`)."""

RewriteStage: TypeAlias = MultipartStage | PipesStage | Literal["finished", "failed"]
"""Those of both, and how either ends."""

WalkStage: TypeAlias = Literal["begun", "progress", "ended", "given up"]
"""Those of the naive snapshot."""

FileRole: TypeAlias = Literal[
    "log", "manifest", "base", "history", "increment", "unlisted", "temporary"
]
"""`log` (the one file of Redis 3 to 6); `manifest`, `base`, `history`, `increment`, `unlisted`
(Redis 7); `temporary`: a child's."""

LogLevel: TypeAlias = Literal[".", "-", "*", "#"]
"""Redis' characters for debug, verbose, notice and warning."""

ProcessState: TypeAlias = Literal[
    "running",
    "sleeping",
    "disk-sleep",
    "stopped",
    "tracing-stop",
    "zombie",
    "dead",
    "wake-kill",
    "waking",
    "idle",
    "locked",
    "waiting",
    "suspended",
    "parked",
    "?",
]
"""psutil's words for it; `?` for one that it, or we, have no word for."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """What all events carry; nothing in an event leads back to it (`gc`)."""

    seq: int = 0
    engine: str = "main"
    run: int = 1
    at: float = 0.0
    source: Source = "measured"


class EngineReady(Event, frozen=True, kw_only=True, tag="engine.ready"):
    """The engine accepts connections."""

    pid: int
    port: int
    version: str
    kernel: str
    page_size: int
    arena_pages: int
    thp: bool


class Config(Event, frozen=True, kw_only=True, tag="config"):
    """A directive changed at run time."""

    name: str
    old: str
    new: str


class Command(Event, frozen=True, kw_only=True, tag="command"):
    """A command that changed data (or several, merged: `argv` is then the last one's)."""

    client: str
    argv: list[str]
    usec: int
    dirty: int
    """Changes as Redis counts them, summed over the merged commands."""
    pages: list[tuple[int, str]]
    """(page, key) of every arena page that the writes touched."""
    pages_more: int = 0
    """Touched (page, key) pairs that were left out of `pages` for length."""
    merged: int = 1
    number: int = 0
    """How many such commands were noted by now, this one (of merged ones the last) included: its
    place in the journal (`engine/journal.py`); 0 in older recordings."""


class Latency(Event, frozen=True, kw_only=True, tag="latency"):
    """What a workload's client measured in the last interval."""

    client: str
    count: int
    p50_usec: int
    p99_usec: int
    max_usec: int
    usec: int = 0
    """What these took, from the first's sending or the report before to this one."""
    done: bool = False
    """The workload has come to its end."""
    total: int = 0
    """With `done`: all that it was answered, and what it took from the first to the last."""
    total_usec: int = 0
    total_p50_usec: int = 0
    total_p99_usec: int = 0


class Fork(Event, frozen=True, kw_only=True, tag="fork"):
    """fork(2) returned in the parent; `usec` is the wall time of the call."""

    pid: int
    child: int
    usec: int
    purpose: Purpose
    page_table_kb: int


class Process(Event, frozen=True, kw_only=True, tag="process"):
    """One process of the session as psutil sees it."""

    pid: int
    ppid: int
    name: str
    state: ProcessState
    rss_kb: int
    pss_kb: int
    uss_kb: int


class Pages(Event, frozen=True, kw_only=True, tag="pages"):
    """The parent's arena pages by state (pagemap) and both witnesses of the copies (smaps)."""

    child: int
    """Pid of the living child, 0 when there is none."""
    shared: int
    copied: int
    new: int
    private: int = 0
    free: int = 0
    newly_copied: list[PageRange] = []
    newly_new: list[PageRange] = []
    newly_private: list[PageRange] = []
    newly_free: list[PageRange] = []
    newly_shared: list[PageRange] = []
    """The pages whose state changed since the event before; the five counts are totals."""
    private_dirty_kb: int = 0
    """Parent's Private_Dirty + Private_Clean over the arena, last read at `smaps_at`."""
    child_private_dirty_kb: int = 0
    interpreter_kb: int = 0
    """Parent's private pages outside the arena."""
    child_interpreter_kb: int = 0
    page_table_kb: int = 0
    smaps_at: float = 0.0
    read_at: float = 0.0
    """CLOCK_MONOTONIC seconds of the reading, on the probe's thread; 0 in older recordings."""
    new_kb: int = 0
    """KiB of `private_dirty_kb` that are new pages, not copies, at `smaps_at`."""
    huge_kb: int = 0
    """Parent's AnonHugePages over the arena at `smaps_at`: pages of 2 MiB that it maps as one."""
    child_huge_kb: int = 0
    last: bool = False
    """The last reading before the child goes: taken while it waits."""


class Hold(Event, frozen=True, kw_only=True, tag="hold"):
    """The child's hold: armed before a fork, held while the child waits, released."""

    state: HoldState
    child: int


class SnapshotProgress(Event, frozen=True, kw_only=True, tag="snapshot.progress"):
    """What the save child has written so far."""

    child: int
    keys: int
    total_keys: int
    bytes: int
    page_ranges: list[PageRange]
    """The arena pages read since the progress event before this one."""


class ChildExit(Event, frozen=True, kw_only=True, tag="child.exit"):
    """waitpid(2) returned the child."""

    child: int
    status: int
    signal: int
    usec: int
    """Wall time since the fork."""
    cow_kb: int
    """The child's own last count of its private pages, 0 if it sent none."""


class RdbSaved(Event, frozen=True, kw_only=True, tag="rdb.saved"):
    """A dump is complete under its final name."""

    path: str
    bytes: int
    keys: int
    usec: int


class SavePoint(Event, frozen=True, kw_only=True, tag="savepoint"):
    """A save point's condition held and a BGSAVE was started for it."""

    seconds: int
    changes: int
    elapsed: int
    dirty: int
    clock_scale: int = 1
    """More than 1: `elapsed` was reckoned by a clock that a scene runs so many times faster."""


class Clock(Event, frozen=True, kw_only=True, tag="clock"):
    """The clock of the save points runs so many times faster from now on: a scene asked for it."""

    scale: int
    """1 is real time. The everysec timer, the cron and LASTSAVE stay real."""


class LessonSide(Event, frozen=True, kw_only=True, tag="lesson.side"):
    """One side of a lesson's fork, as that process sees itself right after the call."""

    who: Side
    pid: int
    ppid: int
    returned: int
    """What fork(2) returned to this side: the child's pid, 0 in the child, -1 if it was refused."""
    error: str = ""
    """Why it was refused."""
    name: str = ""
    """What ps and top call the process."""
    threads: int = 0
    descriptors: int = 0
    """Open files, sockets and pipes: the child's after it has closed what is the parent's."""
    handlers: list[str] = []
    """Signals that the process catches (SigCgt)."""
    cpu_usec: int = 0
    """CPU time that the process has used so far."""
    address: int = 0
    """Virtual address of the arena's first page."""


class LessonValue(Event, frozen=True, kw_only=True, tag="lesson.value"):
    """A key as one side of a lesson's fork sees it: looked up and measured by that process."""

    who: Side
    pid: int
    about: Literal["get", "set"]
    """`set`: as it is after this side has written it."""
    key: str
    exists: bool
    value: str = ""
    """Long values cut."""
    address: int = 0
    """Virtual address of the key's record in this process."""
    page: int = -1
    """The arena's page that it lies on."""
    frame: int = 0
    """The frame behind that page in this process; 0 where the kernel hides it (not root)."""
    exclusive: bool = False
    """No other process has this frame."""
    copied: bool = False
    """Writing it gave this side a frame of its own, which it had not before."""


class LessonPages(Event, frozen=True, kw_only=True, tag="lesson.pages"):
    """A lesson's child has read or written pages of its arena, and counted what that copied."""

    child: int
    about: Literal["read", "write", "objects"]
    """`objects`: it has looked at the names of all keys as Python objects, at no page."""
    page_ranges: list[PageRange]
    usec: int
    exclusive_before: int
    exclusive_after: int
    """Pages of the child's arena that no other process has, by its own pagemap."""
    copied_ranges: list[PageRange] = []
    """The pages that are among them only since."""
    private_dirty_kb: int = 0
    """The same arena by the child's own smaps, afterwards."""
    objects: int = 0
    """Python objects that it has looked at."""
    outside_before_kb: int = 0
    outside_after_kb: int = 0
    """The child's private memory outside the arena, by its own smaps: what the interpreter has
    copied (or made), before and after."""


class Frames(Event, frozen=True, kw_only=True, tag="frames"):
    """The frames behind a run of arena pages, in both processes at one moment.

    `measured`: the kernel's own frame numbers (root). `modelled`: the kernel says only whether a
    frame is shared; the numbers are made up so that shared pages have one and others two.
    """

    child: int
    first: int
    """The arena's page that the lists begin with."""
    parent_frames: list[int]
    child_frames: list[int]
    """0 where nothing is mapped."""


class Walk(Event, frozen=True, kw_only=True, tag="walk"):
    """The naive snapshot: the engine walks its keys between commands, without fork(2)."""

    stage: WalkStage
    keys: int
    total_keys: int
    """Keys written so far, and those there were when it began."""
    bytes: int
    changes: int
    """Changes that clients have made since it began: the file has some of them."""
    page_ranges: list[PageRange] = []
    """The arena pages read since the event before this one."""
    path: str = ""
    """The finished file."""
    usec: int = 0
    """Wall time since it began."""


class Contents(Event, frozen=True, kw_only=True, tag="contents"):
    """What the file reported last holds: the session has read it before the next took its name."""

    path: str
    keys: int
    groups: list[tuple[str, int, int]]
    """(first part of the keys' names, as `account:`; keys; sum of their whole numbers)."""
    problem: str = ""
    """Why it can't be read."""


class AofAppend(Event, frozen=True, kw_only=True, tag="aof.append"):
    """Bytes entered aof_buf (process memory): `start` and `end` are their future file offsets."""

    file: str
    start: int
    end: int
    text: str
    """The commands as text, the last ones when merged and long."""
    merged: int = 1
    ends: list[int] = []
    """Where the last of several merged commands end; empty for a single one."""


class AofWrite(Event, frozen=True, kw_only=True, tag="aof.write"):
    """write(2) returned: the bytes are in the page cache."""

    file: str
    start: int
    end: int
    usec: int
    merged: int = 1


class AofFsync(Event, frozen=True, kw_only=True, tag="aof.fsync"):
    """fdatasync(2) returned: everything in the file up to `end` is on disk."""

    file: str
    start: int
    end: int
    usec: int
    policy: Policy
    thread: Literal["main", "bio"]
    dirty_pages_after: int
    """cachestat's dirty + writeback pages of the file afterwards, -1 where it cannot tell."""
    merged: int = 1


class AofDelayed(Event, frozen=True, kw_only=True, tag="aof.delayed"):
    """A write was made although an fsync was still running (aof_delayed_fsync)."""

    waited_usec: int


class AofDirty(Event, frozen=True, kw_only=True, tag="aof.dirty"):
    """Under appendfsync no, about once a second: what the kernel still has to write by itself."""

    file: str
    dirty_pages: int
    """cachestat's dirty + writeback pages of the file."""


class Fault(Event, frozen=True, kw_only=True, tag="fault"):
    """The engine's disk was given a fault, or is rid of one; its figures come from the author."""

    source: Source = "scripted"
    kind: FaultKind
    value: str
    """As COWSCOPE FAULT takes it: ms, calls (or `on`), bytes; what is left of it; `off`."""
    struck: int = 0
    """Calls that it has slowed, failed or cut short since it was set."""


class AofFile(msgspec.Struct, frozen=True):
    """A file of the AOF's folder, as stat(2) gave it."""

    name: str
    role: FileRole
    bytes: int


class Rewrite(Event, frozen=True, kw_only=True, tag="rewrite"):
    """A stage of the AOF rewrite, by its name."""

    stage: RewriteStage
    child: int
    bytes: int
    file: str = ""
    """The file in which the AOF goes on from this stage on: an empty one, or, at `switched`, the
    rewritten one of `bytes` bytes."""
    files: list[AofFile] = []
    """The AOF's files after this stage; empty where a stage changes none."""
    buffered: int = 0
    """Bytes in the rewrite buffer after this stage (with pipes only)."""


class Crash(Event, frozen=True, kw_only=True, tag="crash"):
    """The engine is gone, or the power was cut; the session reports it.

    How far each rung had come, as bytes of the AOF: acknowledged, written, fsynced.
    """

    kind: str
    acked: int
    written: int
    fsynced: int


class Recovered(Event, frozen=True, kw_only=True, tag="recovered"):
    """A restarted engine has loaded what was left.

    After a crash the session fills in `survived` and `lost` as bytes of the AOF, like the crash's.
    """

    source_file: str
    keys: int
    truncated_bytes: int
    survived: int
    lost: int
    usec: int


class Census(Event, frozen=True, kw_only=True, tag="census"):
    """What is left of the writes that the session's own clients sent before a crash, by real GETs.

    Counted on the clients' side: what was acknowledged to them, and what was still on its way.
    """

    acknowledged: int
    """Writes that were answered and can be asked for: `survived` and `lost` together."""
    survived: int
    lost: int
    in_flight: int = 0
    """Sent, never answered: nobody was promised anything."""
    in_flight_survived: int = 0
    left_out: int = 0
    """Acknowledged too long ago: neither remembered nor asked for."""
    lost_names: list[tuple[str, str]] = []
    """(key, value) of the lost ones that were acknowledged, the first ones."""
    in_flight_names: list[tuple[str, str]] = []
    """The same of those on their way that are not there."""
    survivors: list[tuple[str, str]] = []
    """The same of the last ones that survived."""
    usec: int = 0
    """What asking took."""


class Step(Event, frozen=True, kw_only=True, tag="step"):
    """The player entered a step of the scene."""

    scene: str
    step: str
    title: str


class Question(Event, frozen=True, kw_only=True, tag="question"):
    """The player asked; `right` is the index of the right choice, computed from this run.

    `right` is -1 while the learner predicts; the same question comes again once it is measured.
    """

    id: str
    choices: list[str]
    right: int


class Answer(Event, frozen=True, kw_only=True, tag="answer"):
    """The learner chose; 0-based."""

    id: str
    choice: int


class Reply(Event, frozen=True, kw_only=True, tag="reply"):
    """What the engine answered a scene's command, where the scene keeps the answer."""

    name: str
    argv: list[str]
    text: str
    """As redis-cli would print it, without quotes; an error with its code."""
    failed: bool = False


class Log(Event, frozen=True, kw_only=True, tag="log"):
    """A line of Redis' log, with its level character (`.`, `-`, `*`, `#`)."""

    level: LogLevel
    text: str


class Gap(Event, frozen=True, kw_only=True, tag="gap"):
    """Events of one engine that this subscriber missed."""

    missed: int


class State(Event, frozen=True, kw_only=True, tag="state"):
    """The whole state, as `COWSCOPE STATE` answers it: where a subscriber starts or catches up."""

    pid: int
    port: int
    version: str
    kernel: str
    page_size: int
    arena_pages: int
    high_water_page: int
    thp: bool
    config: dict[str, str]
    held_pages: list[PageRange]
    """Pages that have data in the parent (present or swapped)."""
    page_keys: list[tuple[int, list[str], int]]
    """(page, some of its keys, number of keys on it) for the first pages of the arena."""
    keys: int
    dirty: int
    lastsave: int
    child: int = 0
    child_purpose: Purpose | Literal[""] = ""
    child_forked_at: float = 0.0
    fork_usec: int = 0
    page_table_kb: int = 0
    shared_ranges: list[PageRange] = []
    copied_ranges: list[PageRange] = []
    new_ranges: list[PageRange] = []
    written_ranges: list[PageRange] = []
    """Pages the save child has already read."""
    child_keys: int = 0
    child_total_keys: int = 0
    child_bytes: int = 0
    hold: HoldState = "released"
    aof_enabled: bool = False
    aof_file: str = ""
    aof_policy: Policy = "everysec"
    aof_appended: int = 0
    aof_written: int = 0
    aof_fsynced: int = 0
    """Byte offsets in `aof_file`; at equality nothing is at risk."""
    aof_next_fsync_at: float = 0.0
    aof_has_disk: bool = True
    aof_files: list[AofFile] = []
    disk_modelled: bool = False
    """A ledger of what is durable is kept, for a modelled power cut (cowscope-disk-ledger)."""
    faults: dict[str, str] = {}
    """The disk's faults by kind, as the `fault` event has them."""
    clock_scale: int = 1
    """How many times faster the clock of the save points runs: scripted by a scene."""
    fork_denied: bool = False
    """Forks are made to be refused (COWSCOPE FORK DENY)."""
    recovery: Recovered | None = None
    log: list[tuple[float, str, str]] = []
    """(at, level, text) of the last log lines, oldest first."""
    last_seq: int = 0
    """`seq` of the last event this state already contains."""
    last_command: int = 0
    """`number` of the last command that it contains."""


AnyEvent: TypeAlias = (
    EngineReady
    | Config
    | Command
    | Latency
    | Fork
    | Process
    | Pages
    | Hold
    | SnapshotProgress
    | ChildExit
    | RdbSaved
    | SavePoint
    | Clock
    | LessonSide
    | LessonValue
    | LessonPages
    | Frames
    | Walk
    | Contents
    | AofAppend
    | AofWrite
    | AofFsync
    | AofDelayed
    | AofDirty
    | Fault
    | Rewrite
    | Crash
    | Recovered
    | Census
    | Step
    | Question
    | Answer
    | Reply
    | Log
    | Gap
    | State
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """One event as JSON."""
    return _encoder.encode(event)


def decode(data: bytes | str) -> AnyEvent:
    """The event in a JSON message; raises msgspec.ValidationError for anything else."""
    return _decoder.decode(data)


@functools.cache
def type_name(cls: type[Event]) -> str:
    """The wire name of an event class: `type_name(Fork) == "fork"`."""
    tag = cls.__struct_config__.tag
    assert isinstance(tag, str)
    return tag
