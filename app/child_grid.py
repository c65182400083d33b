"""The child's grid: the frozen pages, and how far the child has written them to the dump."""

from __future__ import annotations

from app.cells import LEVEL, child_cell
from app.glyphs import Glyphs
from app.grid import Look, PageGrid, counted
from app.lines import Line, flow, grouped, line
from scenes.view import ABSENT, CHILD_STATES, TO_COME, WRITING, WRITTEN, ChildView, View

NEVER = "never written"
"""What is still to come when the child has gone."""

HELD = "has data since the fork"
LESSON = "writes no file: it does what it is asked to"


class ChildGrid(PageGrid):
    """Draws the pages as they were at the fork, at the places they have in the parent's grid."""

    SOURCE = "measured: the child's reports"

    def empty(self) -> str:
        """What will appear here, and which key brings it, if one does now."""
        key = " (b)" if "b" in self.acting else ""
        return (
            f"No child yet. A BGSAVE{key} forks one: here its frozen copy of the pages will"
            " appear, and how far it has written them to the dump."
        )

    def pages_of(self, view: View) -> bytes:
        """The child's states, one byte a page."""
        return view.child_pages

    def sources(self, view: View) -> tuple[str, ...]:
        """Where the states come from."""
        return (self.SOURCE,)

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
        items = [counted(looks[state], names[state], pages.count(state), size) for state in shown]
        each = self.cells.shape.per_cell
        if each > 1:
            bar = "" if TO_COME in shown[:1] else "; bar: share written"
            items.append(line((f"{each} pages a cell{bar}", "dim")))
        return flow(items, self.size.width)

    def pointed(self, view: View) -> list[Line]:
        """The child's progress (the parent's grid names the page under the cursor)."""
        if view.child is None:
            return [(), ()]
        if view.child.purpose == "lesson":
            return [line((LESSON if view.child.alive else "the child is gone", "dim")), ()]
        return list(child_words(view.child, view.engine.alive, self.acting))


def child_words(child: ChildView, engine_alive: bool, acting: frozenset[str]) -> tuple[Line, Line]:
    """What holds the child or became of it (or nothing), and how far it is or was."""
    wrote = f"{grouped(child.keys)} of {grouped(child.total_keys)} keys"
    if child.alive and engine_alive:
        key = " (h lets go)" if "h" in acting else ""
        held = {"held": f"held{key}", "armed": "hold armed"}.get(child.hold, "")
        first = line((held, "child")) if held else ()
        return first, line(f"{wrote}, {_kib(child.bytes)}")
    if child.alive:
        return line(("gone with the engine: the old dump stays", "lost")), line(wrote)
    if child.exit_signal:
        why = f"killed by signal {child.exit_signal}: the old dump stays"
        return line((why, "lost")), line(wrote)
    if child.exit_status:
        why = f"failed, status {child.exit_status}: the old dump stays"
        return line((why, "lost")), line(wrote)
    if child.saved_path:
        name = child.saved_path.rsplit("/", 1)[-1]
        saved = f"{wrote}, {_kib(child.saved_bytes)}"
        return line((f"{name} complete", "disk text"), "; the child is gone"), line(saved)
    return line("the child is gone"), line(wrote)


def _kib(size: int) -> str:
    return f"{size / 1024:,.1f} KiB"
