"""What the screen benchmark draws: a scene under steady page changes, or a grid alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Protocol

from textual.app import App, ComposeResult

from app.cursor import Cursor
from app.driver import Status
from app.grid import PageGrid
from engine import events
from scenes.history import History
from scenes.loader import load
from scenes.measures import Figures
from scenes.view import COPIED, SHARED, View

HELD = 0.9
Ranges = list[tuple[int, int]]


class Source(Protocol):
    """Tells the next frame's changes."""

    def following(self) -> tuple[Ranges, Ranges]: ...


class LoadDriver(Cursor):
    """A forked child over `pages` shared pages; a `pages` event a frame."""

    notice = ""
    pace_factor = 1.0
    status: Status = "live"
    offered = frozenset("bwfh")

    def __init__(self, pages: int, changes: Source) -> None:
        lesson = load("04")
        super().__init__(lesson.scene, lesson.words)
        self._history = History(lesson.scene.cards)
        self._changes, self._pages = changes, pages
        at = monotonic()
        first = [
            events.EngineReady(at=at, pid=1, port=6379, version="7.4.0", kernel="x", page_size=4096,
                               arena_pages=pages, thp=False),
            events.Step(at=at, scene="04", step="gauge", title="The gauge climbs"),
            events.Fork(at=at, pid=1, child=2, usec=2_000, purpose="rdb", page_table_kb=200),
            events.Pages(at=at, child=2, shared=pages, copied=0, new=0,
                         newly_shared=[(0, pages - 1)]),
        ]  # fmt: skip
        for event in first:
            self._history.append(event)

    @property
    def history(self) -> History:
        """Grows by an event a frame."""
        return self._history

    def now_figures(self) -> Figures:
        """None were gathered."""
        return Figures(self.fresh_evidence(), self.scene.values)

    def tick(self) -> None:
        """The next frame's changes."""
        copied, shared = self._changes.following()
        count = self._history.now.counts[COPIED]
        self._history.append(
            events.Pages(
                at=monotonic(),
                child=2,
                shared=self._pages - count,
                copied=count,
                new=0,
                newly_copied=copied,
                newly_shared=shared,
                private_dirty_kb=4 * count,
                smaps_at=int(monotonic()),
            )
        )

    def clock(self) -> float:
        """Live."""
        return monotonic()

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def execute(self, line: str) -> Any:
        """Nobody answers."""

    def commands(self) -> Sequence[str]:
        """None."""
        return ()

    def _nothing(self, *arguments: object) -> None:
        """No key does anything here."""

    next = answer = key = pause = pace = restart = _nothing


class GridApp(App[None]):
    """The page grid alone, one page a cell, over a bytearray."""

    def __init__(self, pages: int, changes: Source, hertz: int) -> None:
        super().__init__()
        self.model = bytearray([SHARED]) * pages
        self.changes, self.hertz = changes, hertz
        self.grid = PageGrid()
        self.paint: Callable[[], None] = self._frame

    def compose(self) -> ComposeResult:
        yield self.grid

    def on_mount(self) -> None:
        """Start the frames."""
        self.set_interval(1 / self.hertz, self.paint)

    def _frame(self) -> None:
        copied, shared = self.changes.following()
        for ranges, state in ((copied, COPIED), (shared, SHARED)):
            for first, last in ranges:
                self.model[first : last + 1] = bytes([state]) * (last - first + 1)
        pages = bytes(self.model)
        counts = (0, 0, pages.count(SHARED), pages.count(COPIED), 0)
        self.grid.show(View(pages=pages, counts=counts))
