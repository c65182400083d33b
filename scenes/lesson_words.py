"""A line each for what a lesson's fork, its frames and a naive walk have shown."""

from __future__ import annotations

from engine.events import Contents, Frames, LessonPages, LessonSide, LessonValue, PageRange, Walk

_SHOWN = 8


def side(event: LessonSide, *, counts: bool = True) -> str:
    """What fork(2) returned to one side; with counts that depend on who watches."""
    if event.returned < 0:
        return f"refused   fork returned -1: {event.error}"
    said = f"{event.who:9} pid {event.pid}, parent {event.ppid}: fork returned {event.returned}"
    return f"{said}; {event.threads} threads, {event.descriptors} open files" if counts else said


def value(event: LessonValue, *, places: bool = True) -> str:
    """A key as one side sees it; with the address and the frame it lies at, other in each run."""
    if not event.exists:
        return f"{event.who:9} {event.key} is not there"
    does = "sets" if event.about == "set" else "reads"
    said = f"{event.who:9} {does} {event.key} = {event.value}"
    if not places:
        return said
    frame = f", frame {event.frame}" if event.frame else ""
    return f"{said} at {event.address:#x}{frame}"


def touched(event: LessonPages) -> str:
    """Pages that the child has read or written, or objects that it has looked at."""
    if event.about == "objects":
        return f"child     looked at {event.objects:,} Python objects"
    does = "read" if event.about == "read" else "wrote"
    copied = event.exclusive_after - event.exclusive_before
    return f"child     {does} {count(event.page_ranges):,} pages, which copied {copied:,}"


def frames(event: Frames) -> str:
    """The frames behind some pages: `=` where both have one, else the parent's and the child's."""
    pairs = list(zip(event.parent_frames, event.child_frames, strict=False))
    words = [f"{mine}=" if mine == its else f"{mine}/{its}" for mine, its in pairs[:_SHOWN]]
    more = " ..." if len(pairs) > _SHOWN else ""
    return f"frames    ({event.source}) from page {event.first}: {' '.join(words)}{more}"


def walk(event: Walk) -> str:
    """The naive walk's beginning and end."""
    if event.stage == "begun":
        return f"walk      begun: {event.total_keys:,} keys, no fork"
    if event.stage == "given up":
        return f"walk      given up after {event.keys:,} keys"
    return (
        f"walk      ended: {event.keys:,} keys, {event.bytes:,} bytes, {event.usec:,} µs;"
        f" {event.changes:,} changes came meanwhile"
    )


def contents(event: Contents) -> str:
    """What a file adds up to."""
    if event.problem:
        return f"contents  {event.problem}"
    groups = ", ".join(f"{count:,} {name} sum {total:,}" for name, count, total in event.groups)
    what = "commands" if event.path.endswith(".aof") else "keys"
    return f"contents  {event.path}: {event.keys:,} {what}; {groups}"


def count(ranges: list[PageRange]) -> int:
    """Pages of some runs."""
    return sum(last - first + 1 for first, last in ranges)
