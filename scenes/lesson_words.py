"""A line each for what a lesson's fork, its frames and a naive walk have shown."""

from __future__ import annotations

from engine.events import Contents, Frames, LessonPages, LessonSide, LessonValue, PageRange, Walk
from scenes.folding import cells
from scenes.refusals import played

_SHOWN = 8


def side(event: LessonSide, *, counts: bool = True) -> str:
    """What fork(2) returned to one side; with counts that depend on who watches."""
    if event.returned < 0:
        return played("lesson.refused", error=event.error)
    said = played(
        "lesson.side", pid=str(event.pid), ppid=str(event.ppid), returned=str(event.returned)
    )
    if counts:
        said += played("lesson.counts", threads=event.threads, files=event.descriptors)
    return _led(event.who, said)


def value(event: LessonValue, *, places: bool = True) -> str:
    """A key as one side sees it; with the address and the frame it lies at, other in each run."""
    if not event.exists:
        return _led(event.who, played("lesson.absent", key=event.key))
    does = "lesson.sets" if event.about == "set" else "lesson.reads"
    said = _led(event.who, played(does, key=event.key, value=event.value))
    if not places:
        return said
    place = "lesson.at_frame" if event.frame else "lesson.at"
    return f"{said} {played(place, address=f'{event.address:#x}', frame=str(event.frame))}"


def touched(event: LessonPages) -> str:
    """Pages that the child has read or written, or objects that it has looked at."""
    if event.about == "objects":
        return _led("child", played("lesson.looked", objects=event.objects))
    does = "lesson.has_read" if event.about == "read" else "lesson.has_written"
    copied = event.exclusive_after - event.exclusive_before
    return _led("child", played(does, pages=count(event.page_ranges), copied=copied))


def frames(event: Frames) -> str:
    """The frames behind some pages: `=` where both have one, else the parent's and the child's."""
    pairs = list(zip(event.parent_frames, event.child_frames, strict=False))
    words = [f"{mine}=" if mine == its else f"{mine}/{its}" for mine, its in pairs[:_SHOWN]]
    more = " ..." if len(pairs) > _SHOWN else ""
    return played(
        "lesson.frames",
        source=played(f"source.{event.source}"),
        first=str(event.first),
        frames=" ".join(words) + more,
    )


def walk(event: Walk) -> str:
    """The naive walk's beginning and end."""
    if event.stage == "begun":
        return played("lesson.walk_begun", keys=event.total_keys)
    if event.stage == "given up":
        return played("lesson.walk_given_up", keys=event.keys)
    return played(
        "lesson.walk_ended",
        keys=event.keys,
        bytes=event.bytes,
        usec=event.usec,
        changes=event.changes,
    )


def contents(event: Contents) -> str:
    """What a file adds up to."""
    if event.problem:
        return played("lesson.contents", what=event.problem)
    groups = ", ".join(
        played("lesson.group", count=count, name=name, total=total)
        for name, count, total in event.groups
    )
    what = "lesson.of_log" if event.path.endswith(".aof") else "lesson.of_dump"
    return played(what, path=event.path, count=event.keys, groups=groups)


def _led(who: str, said: str) -> str:
    """`who` in ten cells before the rest; a lesson names the two processes, and no others."""
    name = played(f"lesson.{who}") if who in ("parent", "child") else who
    return name + " " * max(10 - cells(name), 1) + said


def count(ranges: list[PageRange]) -> int:
    """Pages of some runs."""
    return sum(last - first + 1 for first, last in ranges)
