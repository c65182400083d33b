"""Pages onto frames: the same virtual address in both processes, and what lies behind it."""

from __future__ import annotations

from typing import ClassVar

from app.exhibit import Exhibit
from app.lines import Line, Span, line, width
from app.said import said
from scenes.view import LessonView, View


class FramesPanel(Exhibit):
    """Draws the frames of `View.lesson`."""

    TITLE: ClassVar[tuple[str, ...]] = (
        "frames.title",
        "frames.title_short",
        "frames.title_shortest",
    )
    EMPTY_WORDS: ClassVar[str] = "frames.empty"

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """A line a page."""
        return frames_lines(view.lesson, view.engine.page_size, cells, rows, stale_rows(view))

    def source(self, view: View) -> str:
        """Root sees the kernel's numbers; for others they are made up."""
        measured = view.lesson.frames_source == "measured"
        lives = view.child is not None and view.child.alive
        words = said("frames.measured" if measured else "frames.modelled")
        if later := len(stale_rows(view)):
            words = said("frames.before" if later > 1 else "frames.before_one", count=later)
        if lives or not view.lesson.parent_frames:
            return words
        return said("frames.past", source=words)


def stale_rows(view: View) -> frozenset[int]:
    """The pages whose row shows one frame, though a copy was made since the frames were read."""
    lesson = view.lesson
    both = enumerate(zip(lesson.parent_frames, lesson.child_frames, strict=False))
    shared = (lesson.frames_first + place for place, (mine, its) in both if mine == its)
    return frozenset(
        page
        for page in shared
        if (note := view.notes.get(page)) is not None and (note.copied_at or note.copied_by)
    )


def frames_lines(
    lesson: LessonView,
    page_size: int,
    cells: int,
    rows: int = 99,
    stale: frozenset[int] = frozenset(),
) -> list[Line]:
    """For each page its address and the frame in the parent and in the child.

    Where not all fit into `rows`, those with two frames come first. Rows of `stale` pages say that
    they were read before a copy.
    """
    if not lesson.parent_frames:
        return []
    numbers = (*lesson.parent_frames, *lesson.child_frames)
    size = max(len(f"{number:x}") for number in numbers)
    pairs = list(enumerate(zip(lesson.parent_frames, lesson.child_frames, strict=False)))
    if len(pairs) > rows:
        first = lesson.frames_first
        pairs.sort(key=lambda pair: pair[1][0] == pair[1][1] and first + pair[0] not in stale)
    pointers = {
        place: line(
            *(
                _stale(mine, size)
                if lesson.frames_first + place in stale
                else _pointers(mine, its, _before(lesson, place), size)
            )
        )
        for place, (mine, its) in pairs
    }
    room = cells - max(width(one) for one in pointers.values())
    lines = []
    for place, _ in pairs:
        page = lesson.frames_first + place
        address = f"{lesson.address + page * page_size:#x}"
        lines.append(line((_start(page, address, room), "dim"), *pointers[place]))
    return lines


def _start(page: int, address: str, room: int) -> str:
    """A page and its address; of that the last digits, where there is room for no more."""
    starts = [f"{page:>4} {one} " for one in (address, f"..{address[-6:]}", f"..{address[-4:]}")]
    return next((one for one in starts if len(one) <= room), f"{page:>2} ..{address[-4:]} ")


def _stale(frame: int, size: int) -> list[Span]:
    """What both had when somebody looked: one of them has another frame by now."""
    return [
        (f"{said('frames.both')} {frame:>{size}x} ", "dim"),
        (said("frames.copied_since"), "copied text"),
    ]


def _before(lesson: LessonView, place: int) -> int:
    return lesson.before[place] if place < len(lesson.before) else 0


def _pointers(mine: int, its: int, old: int, size: int) -> list[Span]:
    if mine == its:
        return [
            (f"{said('frames.both')} ", "text"),
            ("---> ", "dim"),
            (f"{mine:>{size}x}", "shared"),
        ]
    return [
        (f"{said('frames.parent')} ", "text"),
        (f"{mine:>{size}x}", _role(mine, old)),
        (_new(mine, old), "dim"),
        (f" {said('frames.child')} ", "child"),
        (f"{its:>{size}x}", _role(its, old)),
        (_new(its, old), "dim"),
    ]


def _role(frame: int, old: int) -> str:
    return "shared" if frame == old else "copied text"


def _new(frame: int, old: int) -> str:
    return "" if frame == old else "*" if frame else " "
