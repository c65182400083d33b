"""The fold of the heap: pages by state, the child that froze them, and what the copies cost."""

from __future__ import annotations

from typing import Any

import immutables
from msgspec.structs import replace

from engine.events import ChildExit, Command, Fork, Hold, Pages, RdbSaved, SnapshotProgress
from scenes import cells
from scenes.view import (
    ABSENT,
    COPIED,
    FREE,
    NEW,
    PRIVATE,
    SHARED,
    TO_COME,
    WRITING,
    WRITTEN,
    ChildView,
    CowSample,
    GaugeView,
    PageNote,
    Touch,
    View,
)

KEYS_NAMED = 8
"""Keys remembered a page; the rest is counted."""
SAMPLES = 600
"""Readings kept of one snapshot's gauge."""
WORDS = 60
"""Characters of a command that a page's note keeps."""

_HELD = bytes.maketrans(bytes((FREE, PRIVATE, SHARED, COPIED, NEW)), bytes((0, 1, 1, 1, 1)))
assert (ABSENT, TO_COME) == (0, 1)
_ALONE = bytes.maketrans(
    bytes((FREE, PRIVATE, SHARED, COPIED, NEW)), bytes((FREE, PRIVATE, PRIVATE, PRIVATE, PRIVATE))
)
"""The states of the same pages once no child lives."""


def command(view: View, event: Command) -> View:
    """A write: the overlay, the pages' notes, and the counters. States come from `pages` alone."""
    size = len(view.changed)
    child_alive = view.child is not None and view.child.alive
    words = " ".join(event.argv)[:WORDS]
    name = event.argv[0] if event.argv else ""
    with view.notes.mutate() as notes:
        for page, key in event.pages:
            if not 0 <= page < size:
                continue
            # A merged event knows the last command's words only; the others were the same kind.
            touch = Touch(event.at, key, words if event.merged == 1 else f"{name} {key}"[:WORDS])
            note = _with_key(notes.get(page) or PageNote(), key)
            first = child_alive and note.copied_by is None and _waits_for_its_copy(view, page)
            notes[page] = replace(
                note, last_touch=touch, copied_by=touch if first else note.copied_by
            )
        mapped = notes.finish()
    return replace(
        view,
        changed=_marked(view.changed, event),
        changed_since_fork=_marked(view.changed_since_fork, event),
        notes=mapped,
        dirty=view.dirty + event.dirty,
        commands=view.commands + event.merged,
    )


def _marked(overlay: bytes, event: Command) -> bytes:
    """An overlay with the event's pages in it: the same one where they are in it already."""
    size = len(overlay)
    fresh = [page for page, _ in event.pages if 0 <= page < size and not overlay[page]]
    if not fresh:
        return overlay
    grid = bytearray(overlay)
    for page in fresh:
        grid[page] = 1
    return bytes(grid)


def _waits_for_its_copy(view: View, page: int) -> bool:
    """Held at the fork and not copied before: by an unseen write, or with a huge page."""
    held = page < len(view.child_pages) and view.child_pages[page] != ABSENT
    return held and view.pages[page] != COPIED


def _with_key(note: PageNote, key: str) -> PageNote:
    if key in note.keys:
        return note
    if len(note.keys) < KEYS_NAMED:
        return replace(note, keys=(*note.keys, key))
    return note if note.keys_more else replace(note, keys_more=1)


def fork(view: View, event: Fork) -> View:
    """fork(2) returned: a child appears; which pages it shares is for the next `pages` to say."""
    child = ChildView(
        pid=event.child,
        purpose=event.purpose,
        forked_at=event.at,
        fork_usec=event.usec,
        page_table_kb=event.page_table_kb,
        hold="held" if view.hold == "held" else "released",
        dirty_at_fork=view.dirty,
    )
    copied_before = [(p, n) for p, n in view.notes.items() if n.copied_at or n.copied_by]
    with view.notes.mutate() as notes:
        for page, note in copied_before:
            notes[page] = replace(note, copied_at=0.0, copied_by=None)
        mapped = notes.finish()
    held = view.pages.translate(_HELD)
    return replace(
        view,
        child=child,
        child_pages=held,
        changed_since_fork=bytes(len(view.pages)),
        notes=mapped,
        gauge=GaugeView(
            interpreter_kb=view.gauge.interpreter_kb,
            huge_kb=view.gauge.huge_kb,
            page_table_kb=event.page_table_kb,
            full_copy_kb=_full_copy_kb(held, view.engine.page_size),
            samples=(CowSample(event.at, 0, 0),),
        ),
    )


def _full_copy_kb(child_pages: bytes, page_size: int) -> int:
    return (len(child_pages) - child_pages.count(ABSENT)) * page_size // 1024


def pages(view: View, event: Pages) -> View:
    """A reading of the page tables: the changed cells, then both witnesses of the copies."""
    grid, counts = bytearray(view.pages), list(view.counts)
    for ranges, state in (
        (event.newly_free, FREE),
        (event.newly_private, PRIVATE),
        (event.newly_shared, SHARED),
        (event.newly_copied, COPIED),
        (event.newly_new, NEW),
    ):
        if ranges:
            cells.paint_counted(grid, counts, ranges, state)
    view = replace(
        view,
        pages=bytes(grid),
        counts=(counts[FREE], counts[PRIVATE], counts[SHARED], counts[COPIED], counts[NEW]),
    )
    if event.newly_copied or event.newly_free:
        view = replace(view, notes=_notes_after(view, event))
    if event.child and view.child is not None and event.child == view.child.pid:
        alive = view.child.alive
        view = _held_seen_late(view, event)
        if not alive:  # a reading that was taken before its end
            view = replace(view, **_alone(view))
        return replace(view, gauge=_gauge(view, event))
    return replace(view, gauge=_gauge_at_rest(view.gauge, event))


def _notes_after(view: View, event: Pages) -> immutables.Map[int, PageNote]:
    size = len(view.pages)
    notes = view.notes.mutate()
    for start, stop in cells.clipped(event.newly_copied, size):
        for page in range(start, stop):
            note = notes.get(page) or PageNote()
            if not note.copied_at:
                notes[page] = replace(note, copied_at=event.at)
    for start, stop in cells.clipped(event.newly_free, size):
        for page in range(start, stop):
            if page in notes:
                notes[page] = replace(notes[page], keys=(), keys_more=0)
    return notes.finish()


def _held_seen_late(view: View, event: Pages) -> View:
    """Pages written just before the fork are first seen after it: they are the child's, too."""
    if not (event.newly_shared or event.newly_copied):
        return view
    child_pages = bytearray(view.child_pages)
    for start, stop in cells.clipped((*event.newly_shared, *event.newly_copied), len(child_pages)):
        child_pages[start:stop] = cells.replaced(bytes(child_pages[start:stop]), ABSENT, TO_COME)
    if child_pages == view.child_pages:
        return view
    held = bytes(child_pages)
    full = _full_copy_kb(held, view.engine.page_size)
    return replace(view, child_pages=held, gauge=replace(view.gauge, full_copy_kb=full))


def _gauge(view: View, event: Pages) -> GaugeView:
    assert view.child is not None
    gauge = replace(
        view.gauge,
        copied_kb=event.copied * view.engine.page_size // 1024,
        interpreter_kb=event.interpreter_kb,
        child_interpreter_kb=event.child_interpreter_kb,
        page_table_kb=event.page_table_kb or view.gauge.page_table_kb,
        final=event.last or not view.child.alive,
    )
    if event.smaps_at < view.child.forked_at or event.smaps_at <= gauge.smaps_at:
        return gauge  # smaps is read more rarely than the page tables; this one is old news
    extra = max(0, event.private_dirty_kb - event.new_kb)
    sample = CowSample(event.smaps_at, extra, event.child_private_dirty_kb)
    return replace(
        gauge,
        extra_kb=extra,
        private_dirty_kb=event.private_dirty_kb,
        child_private_dirty_kb=event.child_private_dirty_kb,
        new_kb=event.new_kb,
        huge_kb=event.huge_kb,
        child_huge_kb=event.child_huge_kb,
        smaps_at=event.smaps_at,
        samples=_thinned((*gauge.samples, sample)),
    )


def _gauge_at_rest(gauge: GaugeView, event: Pages) -> GaugeView:
    """With no child the figures of the last snapshot stay, marked final."""
    return replace(
        gauge,
        interpreter_kb=event.interpreter_kb or gauge.interpreter_kb,
        huge_kb=event.huge_kb if event.smaps_at else gauge.huge_kb,
        page_table_kb=event.page_table_kb or gauge.page_table_kb,
        final=bool(gauge.samples),
    )


def _thinned(samples: tuple[CowSample, ...]) -> tuple[CowSample, ...]:
    """At most SAMPLES readings: every second one of the older three quarters goes."""
    if len(samples) <= SAMPLES:
        return samples
    old = SAMPLES * 3 // 4
    return samples[:old:2] + samples[old:]


def hold(view: View, event: Hold) -> View:
    """The hold was armed, has stopped the child, or has let it go."""
    child = view.child
    if child is not None and event.child == child.pid:
        child = replace(child, hold=event.state)
    return replace(view, hold=event.state, child=child)


def progress(view: View, event: SnapshotProgress) -> View:
    """The child has read some more pages: they are `being written`, those before are written."""
    child_pages = bytearray(cells.replaced(view.child_pages, WRITING, WRITTEN))
    cells.paint(child_pages, event.page_ranges, WRITING)
    child = view.child
    if child is not None and child.pid == event.child:
        child = replace(child, keys=event.keys, total_keys=event.total_keys, bytes=event.bytes)
    return replace(view, child=child, child_pages=bytes(child_pages))


def child_exit(view: View, event: ChildExit) -> View:
    """waitpid(2) returned the child: what is mapped is the parent's alone from this moment on."""
    if view.child is None or view.child.pid != event.child:
        return view
    child = replace(
        view.child,
        alive=False,
        hold="released",
        exit_status=event.status,
        exit_signal=event.signal,
        cow_kb=event.cow_kb,
        ended_at=event.at,
    )
    return replace(
        view,
        child=child,
        **_alone(view),
        hold="armed" if view.hold == "armed" else "released",
        child_pages=cells.replaced(view.child_pages, WRITING, WRITTEN),
        gauge=replace(view.gauge, final=True),
        processes=view.processes.delete(event.child)
        if event.child in view.processes
        else view.processes,
    )


def _alone(view: View) -> dict[str, Any]:
    """Pages and counts without a child: free or private, nothing else."""
    free = view.counts[FREE]
    counts = (free, sum(view.counts) - free, 0, 0, 0)
    return {"pages": view.pages.translate(_ALONE), "counts": counts}


def rdb_saved(view: View, event: RdbSaved) -> View:
    """A dump is complete: what changed since its fork stays changed, the rest is saved."""
    child = view.child
    by_child = (
        child is not None
        and child.purpose == "rdb"
        and not child.saved_path
        and not child.exit_status
        and not child.exit_signal
    )
    if child is None or not by_child:  # SAVE in the foreground: everything is in it
        return replace(
            view,
            changed=bytes(len(view.changed)),
            changed_since_fork=bytes(len(view.changed_since_fork)),
            dirty=0,
            lastsave_at=event.at,
        )
    child = replace(child, saved_path=event.path, saved_bytes=event.bytes, keys=event.keys)
    written = cells.replaced(view.child_pages, WRITING, WRITTEN)
    return replace(
        view,
        child=child,
        child_pages=cells.replaced(written, TO_COME, WRITTEN),
        changed=view.changed_since_fork or view.changed,
        dirty=max(0, view.dirty - child.dirty_at_fork),
        lastsave_at=event.at,
    )
