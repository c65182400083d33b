"""The child's grid: the frozen pages, and how far the child has written them to the dump."""

from __future__ import annotations

from app.cells import LEVEL, child_cell
from app.figures import rounded, rounded_count
from app.glyphs import Glyphs
from app.grid import Look, PageGrid, counted
from app.lines import Line, fitting, flow, fold, grouped, line
from app.page_words import state_name
from app.said import said
from scenes.view import ABSENT, CHILD_STATES, TO_COME, WRITING, WRITTEN, ChildView, View

NEVER = "never written"
"""What is still to come when the child has gone."""

HELD = "has data"
"""What a lesson's child has: it writes no dump."""


class ChildGrid(PageGrid):
    """Draws the pages as they were at the fork, at the places they have in the parent's grid."""

    SOURCE = "child.source"
    lesson = False
    """The scene's steps fork its children: no BGSAVE does."""

    def empty(self) -> str:
        """What will appear here, and what brings it: a key where one does now."""
        if self.lesson:
            return said("child.empty_lesson")
        key = " (b)" if "b" in self.acting else ""
        return said("child.empty", key=key)

    def pages_of(self, view: View) -> bytes:
        """The child's states, one byte a page."""
        return view.child_pages

    def sources(self, view: View) -> tuple[str, ...]:
        """Where the states come from."""
        return (said(self.SOURCE),)

    def overlay_of(self, view: View) -> bytes:
        """None: what changed since the save is the parent's matter."""
        return b""

    def combine(self, pages: bytes) -> int:
        """The code of a cell of several pages."""
        return child_cell(pages)

    def looks(self, glyphs: Glyphs) -> dict[int, Look]:
        """How the child's states are drawn."""
        states = (
            Look(glyphs.free, "absent"),
            Look(glyphs.to_come, "to come"),
            Look(glyphs.writing, "writing"),
            Look(glyphs.written, "written"),
        )
        levels = {LEVEL + n: Look(glyphs.levels[n - 1], "written") for n in range(1, 8)}
        return dict(enumerate(states)) | levels

    def legend(self, view: View) -> list[Line]:
        """Counts of the child's states, and the dump so far."""
        if not view.child_pages:
            return []
        pages, looks = view.child_pages, self.looks(self.glyphs)
        size = len(grouped(len(pages)))
        ended = view.child is None or not view.child.alive or not view.engine.alive
        names = [
            NEVER if ended and name == CHILD_STATES[TO_COME] else name for name in CHILD_STATES
        ]
        shown: tuple[int, ...] = (WRITTEN, WRITING, TO_COME, ABSENT)
        if view.child is not None and view.child.purpose == "lesson":
            names[TO_COME], shown = HELD, (TO_COME, ABSENT)
        items = [
            counted(looks[state], state_name(names[state]), pages.count(state), size)
            for state in shown
        ]
        each = self.cells.shape.per_cell
        if each > 1:
            key = "child.per_cell" if TO_COME in shown[:1] else "child.per_cell_bar"
            items.append(line((said(key, each=each), "dim")))
        return flow(items, self.size.width)

    def pointed(self, view: View) -> list[Line]:
        """The child's progress (the parent's grid names the page under the cursor)."""
        if view.child is None:
            return [(), ()]
        if view.child.purpose == "lesson":
            key = "child.lesson" if view.child.alive else "child.gone"
            told = fold(line((said(key), "dim")), self.size.width)
            return [*told, ()][:2]
        cells = self.size.width
        return list(child_words(view.child, view.engine.alive, self.acting, cells))


def child_words(
    child: ChildView, engine_alive: bool, acting: frozenset[str], cells: int
) -> tuple[Line, Line]:
    """What holds the child or became of it (or nothing), and how far it is or was."""
    wrote = said("child.wrote", keys=child.keys, total=child.total_keys)
    if child.alive and engine_alive:
        held = "child.held_h" if "h" in acting else "child.held"
        key = {"held": held, "armed": "child.armed"}.get(child.hold, "")
        first = line((said(key), "child")) if key else ()
        return first, line(_with_size(child, child.bytes, cells))
    if child.alive:
        return line((said("child.gone_too"), "lost")), line(wrote)
    if child.exit_signal:
        why = said("child.killed", signal=child.exit_signal)
        return line((why, "lost")), line(wrote)
    if child.exit_status:
        why = said("child.failed", status=child.exit_status)
        return line((why, "lost")), line(wrote)
    if child.saved_path:
        name = child.saved_path.rsplit("/", 1)[-1]
        saved = _with_size(child, child.saved_bytes, cells)
        complete = said("child.complete", name=name)
        return line((complete, "disk text"), f"; {said('child.gone')}"), line(saved)
    return line(said("child.gone")), line(wrote)


def _with_size(child: ChildView, size: int, cells: int) -> str:
    """How many keys in how many bytes, rounded where there is no room for all digits."""
    wrote = said("child.wrote", keys=child.keys, total=child.total_keys)
    keys, total = rounded_count(child.keys), rounded_count(child.total_keys)
    short = said("child.wrote", keys=keys, total=total)
    tried = (f"{wrote}, {_kib(size)}", f"{wrote}, {rounded(size)}", f"{short}, {rounded(size)}")
    return fitting((*tried, f"{keys} / {total}, {rounded(size)}"), cells)


def _kib(size: int) -> str:
    return f"{size / 1024:,.1f} KiB"
