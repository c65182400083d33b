"""The fold of the engine itself: starts, settings, whole states, processes and log."""

from __future__ import annotations

import immutables
from msgspec.structs import replace

from engine.events import (
    Clock,
    Config,
    EngineReady,
    Fault,
    Gap,
    Latency,
    Log,
    Process,
    SavePoint,
    State,
)
from scenes import cells
from scenes.fold_crash import POWER_CUT
from scenes.fold_tail import at_risk
from scenes.view import (
    COPIED,
    FREE,
    NEW,
    PRIVATE,
    SHARED,
    TO_COME,
    WRITTEN,
    ChildView,
    ClientView,
    CowSample,
    EngineView,
    GaugeView,
    LogLine,
    PageNote,
    ProcessView,
    TailView,
    View,
)

LOG_LINES = 200


def ready(view: View, event: EngineReady) -> View:
    """An engine accepts connections; after a restart all that was in its memory is gone."""
    engine = EngineView(
        pid=event.pid,
        port=event.port,
        version=event.version,
        kernel=event.kernel,
        page_size=event.page_size,
        arena_pages=event.arena_pages,
        thp=event.thp,
        alive=True,
    )
    if event.run > view.run or len(view.pages) != event.arena_pages:
        view = _fresh_process(view, event.arena_pages)
    return replace(view, engine=engine)


def _fresh_process(view: View, arena_pages: int) -> View:
    """`view` without what a process takes with it; what happened in its time stays."""
    return replace(
        view,
        pages=bytes(arena_pages),
        changed=bytes(arena_pages),
        changed_since_fork=b"",
        child_pages=b"",
        counts=(arena_pages, 0, 0, 0, 0),
        notes=immutables.Map(),
        child=None,
        hold="released",
        processes=immutables.Map(),
        gauge=GaugeView(),
        tail=_left_behind(view),
        faults=immutables.Map(),
        clock_scale=1,
        dirty=0,
        keys=0,
    )


def _left_behind(view: View) -> TailView:
    """The tail that a process leaves to the next: a kill -9 leaves what no fsync has covered."""
    tail, old = TailView(has_disk=view.tail.has_disk), view.tail
    if view.crash is None or view.crash.kind == POWER_CUT:
        return tail
    return replace(tail, file=old.file, pending=old.pending, unsafe=old.unsafe)


def config(view: View, event: Config) -> View:
    """A directive changed at run time."""
    view = replace(view, config=view.config.set(event.name, event.new))
    if event.name == "appendfsync":
        return replace(view, tail=replace(view.tail, policy=event.new))
    if event.name == "arena-thp":
        return replace(view, engine=replace(view.engine, thp=event.new == "yes"))
    if event.name == "appendonly":
        return replace(view, tail=replace(view.tail, enabled=event.new == "yes"))
    return view


def fault(view: View, event: Fault) -> View:
    """The disk was given a fault, or is rid of one."""
    faults = {**view.faults, event.kind: event.value}
    left = {kind: value for kind, value in faults.items() if value != "off"}
    return replace(view, faults=immutables.Map(left))


def state(view: View, event: State) -> View:
    """All that the engine knows of itself, at once; what it does not know is kept."""
    if event.run > view.run or len(view.pages) != event.arena_pages:
        view = _fresh_process(view, event.arena_pages)
    grid = bytearray(event.arena_pages)
    for ranges, page_state in (
        (event.held_pages, PRIVATE),
        (event.shared_ranges, SHARED),
        (event.copied_ranges, COPIED),
        (event.new_ranges, NEW),
    ):
        cells.paint(grid, ranges, page_state)
    counts = cells.count(bytes(grid), 5)
    notes = view.notes.update(
        {
            page: replace(
                view.notes.get(page) or PageNote(),
                keys=tuple(keys),
                keys_more=max(0, total - len(keys)),
            )
            for page, keys, total in event.page_keys
        }
    )
    return replace(
        _with_child(view, event),
        engine=EngineView(
            pid=event.pid,
            port=event.port,
            version=event.version,
            kernel=event.kernel,
            page_size=event.page_size,
            arena_pages=event.arena_pages,
            thp=event.thp,
            alive=True,
        ),
        pages=bytes(grid),
        counts=(counts[FREE], counts[PRIVATE], counts[SHARED], counts[COPIED], counts[NEW]),
        notes=notes,
        hold=event.hold,
        tail=_tail(view.tail, event),
        config=view.config.update(event.config),
        faults=immutables.Map(event.faults),
        clock_scale=event.clock_scale,
        disk_modelled=event.disk_modelled,
        dirty=event.dirty,
        keys=event.keys,
        log=_log(view, event),
    )


def _with_child(view: View, event: State) -> View:
    child = view.child
    if not event.child:
        if child is None or not child.alive:
            return view
        gone = replace(child, alive=False, hold="released", ended_at=event.at)
        return replace(view, child=gone, gauge=replace(view.gauge, final=True))
    known = child is not None and child.pid == event.child
    child_pages = bytearray(event.arena_pages)
    cells.paint(child_pages, (*event.shared_ranges, *event.copied_ranges), TO_COME)
    held_kb = child_pages.count(TO_COME) * event.page_size // 1024
    cells.paint(child_pages, event.written_ranges, WRITTEN)
    start = CowSample(event.child_forked_at, 0, 0)
    gauge = view.gauge if known else GaugeView(samples=(start,))
    return replace(
        view,
        child_pages=bytes(child_pages),
        changed_since_fork=view.changed_since_fork if known else bytes(event.arena_pages),
        gauge=replace(gauge, full_copy_kb=held_kb, page_table_kb=event.page_table_kb),
        child=ChildView(
            pid=event.child,
            purpose=event.child_purpose,
            forked_at=event.child_forked_at,
            fork_usec=event.fork_usec,
            page_table_kb=event.page_table_kb,
            hold=event.hold,
            keys=event.child_keys,
            total_keys=event.child_total_keys,
            bytes=event.child_bytes,
            dirty_at_fork=child.dirty_at_fork if known and child is not None else 0,
        ),
    )


def _tail(tail: TailView, event: State) -> TailView:
    """The tail at the engine's offsets; commands known from before stay on it."""
    same_file = tail.file == event.aof_file
    return replace(
        at_risk(tail if same_file else replace(tail, pending=()), event.aof_fsynced),
        enabled=event.aof_enabled,
        file=event.aof_file,
        policy=event.aof_policy,
        appended=event.aof_appended,
        written=event.aof_written,
        fsynced=event.aof_fsynced,
        entries=tail.entries if same_file else (),
        has_disk=event.aof_has_disk,
    )


def _log(view: View, event: State) -> tuple[LogLine, ...]:
    """The engine's last lines, where the view has not seen them already."""
    newest = view.log[-1].at if view.log else float("-inf")
    lines = (LogLine(at, level, text) for at, level, text in event.log if at > newest)
    return (*view.log, *lines)[-LOG_LINES:]


def latency(view: View, event: Latency) -> View:
    """What a workload's client measured."""
    view = replace(view, latency_p99_usec=event.p99_usec)
    if not event.count and not event.total:
        return view
    whole = bool(event.total)
    client = ClientView(
        name=event.client,
        at=event.at,
        count=event.total if whole else event.count,
        usec=event.total_usec if whole else event.usec,
        p50_usec=event.total_p50_usec if whole else event.p50_usec,
        p99_usec=event.total_p99_usec if whole else event.p99_usec,
        done=event.done,
    )
    return replace(view, client=client)


def process(view: View, event: Process) -> View:
    """One process of the session."""
    seen = ProcessView(
        pid=event.pid,
        ppid=event.ppid,
        name=event.name,
        state=event.state,
        rss_kb=event.rss_kb,
        pss_kb=event.pss_kb,
        uss_kb=event.uss_kb,
        at=event.at,
    )
    return replace(view, processes=view.processes.set(event.pid, seen))


def clock(view: View, event: Clock) -> View:
    """The save points' clock was scaled by a scene, or runs as the real one again."""
    return replace(view, clock_scale=event.scale)


def savepoint(view: View, event: SavePoint) -> View:
    """A save point's condition held; it carries Redis' own count of changes."""
    return replace(view, dirty=event.dirty)


def log(view: View, event: Log) -> View:
    """A line of Redis' log."""
    line = LogLine(event.at, event.level, event.text)
    return replace(view, log=(*view.log[-(LOG_LINES - 1) :], line))


def gap(view: View, event: Gap) -> View:
    """Events that this subscriber lost."""
    return replace(view, missed=view.missed + event.missed)
