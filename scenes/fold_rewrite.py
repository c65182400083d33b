"""The fold of a rewrite: its stages, the folder's files, and what is kept in memory for it.

Sizes come from stat(2) at each stage; between two stages a file grows by the writes and by the
child's own reports.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine.events import AofAppend, AofFile, AofWrite, Rewrite, SnapshotProgress, State
from scenes.rewrite_view import COLLECTS, RewriteView, StageView
from scenes.view import View

_STAGES = 64


def state(view: View, event: State) -> View:
    """The whole state: these are the files."""
    return replace(view, rewrite=replace(view.rewrite, files=tuple(event.aof_files)))


def rewrite(view: View, event: Rewrite) -> View:
    """A stage was reached; the first after an end begins another rewrite.

    But for history that is deleted later: that belongs to the rewrite that has ended.
    """
    before = view.rewrite
    if before.stages and not before.running and event.stage in COLLECTS:
        *earlier, end = before.stages
        stages = (*_with(tuple(earlier), event), end)[-_STAGES:]
        files = tuple(event.files) or before.files
        return replace(view, rewrite=replace(before, files=files, stages=stages))
    if not before.running:
        before = RewriteView(files=before.files)
    sent = before.sent + (event.bytes if event.stage == "diff-sent" else 0)
    return replace(
        view,
        rewrite=replace(
            before,
            files=tuple(event.files) or before.files,
            stages=_with(before.stages, event)[-_STAGES:],
            child=event.child or before.child,
            sent=sent,
            buffered=event.buffered,
            most_buffered=max(before.most_buffered, event.buffered),
        ),
    )


def died(before: RewriteView) -> RewriteView:
    """After a crash: a rewrite under way dies with its engine, the files stay."""
    return RewriteView(files=before.files) if before.running else before


def _with(stages: tuple[StageView, ...], event: Rewrite) -> tuple[StageView, ...]:
    if event.stage == "diff-buffered":  # a level, not a stage
        return stages
    stage = StageView(event.stage, event.at, event.bytes)
    if event.stage == "diff-sent":
        for place, known in enumerate(stages):
            if known.name == event.stage:
                joined = replace(
                    stage, bytes=known.bytes + event.bytes, times=known.times + 1, at=event.at
                )
                return (*stages[:place], *stages[place + 1 :], joined)
    return (*stages, stage)


def append(view: View, event: AofAppend) -> View:
    """Bytes for the old file; with pipes they go into the rewrite buffer as well."""
    now = view.rewrite
    if not now.feeds_child:
        return view
    size = event.end - event.start
    buffered = now.buffered + size
    return replace(
        view,
        rewrite=replace(
            now,
            diff=now.diff + size,
            buffered=buffered,
            most_buffered=max(now.most_buffered, buffered),
        ),
    )


def write(view: View, event: AofWrite) -> View:
    """The file that is appended to has grown."""
    files = view.rewrite.files
    if not files:
        return view
    name = event.file.partition(" (")[0]  # one file, called anew after each rewrite
    for place, file in enumerate(files):
        if file.name == name:
            grown = replace(file, bytes=event.end)
            files = (*files[:place], grown, *files[place + 1 :])
            return replace(view, rewrite=replace(view.rewrite, files=files))
    return view


def progress(view: View, event: SnapshotProgress) -> View:
    """The child's file has grown, or is there now."""
    child = view.child
    if child is None or child.purpose != "aof" or not view.rewrite.running:
        return view
    name = f"temp-rewriteaof-{event.child}.aof"
    files = view.rewrite.files
    known = next((file for file in files if str(event.child) in file.name), None)
    if known is None:
        files = (*files, AofFile(name, "temporary", event.bytes))
    else:
        grown = replace(known, bytes=max(known.bytes, event.bytes))
        files = tuple(grown if file is known else file for file in files)
    return replace(view, rewrite=replace(view.rewrite, files=files))
