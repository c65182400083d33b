"""The fold of the AOF's tail: three rungs, and what is acknowledged but not yet on disk.

Offsets are bytes of one file and only grow; a new file starts a new tail.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine.events import AofAppend, AofDelayed, AofDirty, AofFsync, AofWrite, Rewrite
from scenes.view import TailEntry, TailView, View

ENTRIES = 256
"""Commands kept on the tail."""
PENDING = 1024
"""Unsafe batches remembered one by one; older ones are joined, which never undercounts."""


def append(view: View, event: AofAppend) -> View:
    """Bytes entered aof_buf: process memory, the lowest rung."""
    tail = _tail_of(view.tail, event.file, event.start)
    entry = TailEntry(event.start, event.end, event.text, event.merged, event.at, tuple(event.ends))
    # Sums of tuples: a starred display would copy these hundreds three times over.
    pending = tail.pending + ((event.end, event.merged),)  # noqa: RUF005
    if len(pending) > PENDING:
        pending = _joined(pending)
    tail = replace(
        tail,
        appended=max(tail.appended, event.end),
        entries=tail.entries[-(ENTRIES - 1) :] + (entry,),  # noqa: RUF005
        pending=pending,
        seen=tail.seen + event.merged,
        unsafe=tail.unsafe + event.merged,
    )
    return replace(view, tail=tail)


def _joined(pending: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The older half in pairs; a pair counts until its later end is on disk."""
    half = len(pending) // 2 & ~1
    pairs = zip(pending[:half:2], pending[1:half:2], strict=True)
    return (*((max(a[0], b[0]), a[1] + b[1]) for a, b in pairs), *pending[half:])


def write(view: View, event: AofWrite) -> View:
    """write(2) returned: the bytes are in the page cache and survive the process."""
    tail = _tail_of(view.tail, event.file, event.start)
    written = max(tail.written, event.end)
    tail = replace(tail, written=written, appended=max(tail.appended, written))
    return replace(view, tail=tail)


def rewrite(view: View, event: Rewrite) -> View:
    """A stage of a rewrite: the AOF may go on in another file, of which no write tells yet."""
    if not event.file or event.file == view.tail.file:
        return view
    start = event.bytes if event.stage == "switched" else 0
    return replace(view, tail=replace(_tail_of(view.tail, event.file, start), fsynced=0))


def fsync(view: View, event: AofFsync) -> View:
    """fdatasync(2) returned: the bytes survive a power cut."""
    tail = _tail_of(view.tail, event.file, event.start)
    fsynced = max(tail.fsynced, event.end)
    tail = replace(
        at_risk(tail, fsynced),
        fsynced=fsynced,
        written=max(tail.written, fsynced),
        appended=max(tail.appended, fsynced),
        last_fsync_at=event.at,
        last_fsync_usec=event.usec,
        last_fsync_thread=event.thread,
        last_fsync_bytes=max(0, event.end - event.start),
        fsyncs=tail.fsyncs + event.merged,
        dirty_pages=event.dirty_pages_after,
        dirty_at=0.0,
    )
    return replace(view, tail=tail)


def died(tail: TailView, written: int) -> TailView:
    """The process is gone: what it had not written by `write(2)` is in no file."""
    written = max(tail.written, written)
    return replace(
        at_risk(tail, 0, written),
        appended=written,
        written=written,
        entries=tuple(entry for entry in tail.entries if entry.end <= written),
    )


def at_risk(tail: TailView, fsynced: int, written: int | None = None) -> TailView:
    """`tail` with the batches alone that end behind `fsynced`, and not behind `written`."""
    pending = tuple(
        batch
        for batch in tail.pending
        if fsynced < batch[0] and (written is None or batch[0] <= written)
    )
    return replace(tail, pending=pending, unsafe=sum(commands for _, commands in pending))


def delayed(view: View, event: AofDelayed) -> View:
    """A write no longer waited for a running fsync."""
    return replace(view, tail=replace(view.tail, delayed=view.tail.delayed + 1))


def dirty(view: View, event: AofDirty) -> View:
    """The kernel's count, with no fsync: evidence, which moves no byte to another rung."""
    if event.file != view.tail.file:
        return view
    return replace(view, tail=replace(view.tail, dirty_pages=event.dirty_pages, dirty_at=event.at))


def _tail_of(tail: TailView, file: str, start: int) -> TailView:
    if file == tail.file:
        return tail if tail.enabled else replace(tail, enabled=True)
    return replace(
        tail,
        enabled=True,
        file=file,
        appended=start,
        written=start,
        fsynced=start,
        entries=(),
        pending=(),
        seen=0,
        unsafe=0,
    )
