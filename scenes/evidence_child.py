"""The evidence of one child: its life, the pages it shares, and what writes made of them."""

from __future__ import annotations

from collections import Counter

import msgspec

from engine import events
from scenes import cells
from scenes.evidence_state import Told
from scenes.sayings import detail


class Reading(msgspec.Struct, frozen=True, gc=False):
    """The figures of one `pages` event while a child lived."""

    at: float
    shared: int
    copied: int
    new: int
    private_dirty_kb: int
    new_kb: int
    child_private_dirty_kb: int
    smaps_at: float
    last: bool


class Snapshot:
    """One child's life, from its fork to the dump."""

    def __init__(self, fork: events.Fork, held: bytes) -> None:
        self.fork = fork
        self.held = bytearray(held)
        """1 where a page held data at the fork."""
        self.touched: Counter[int] = Counter()
        """Writes a page since the fork, as the commands reported them."""
        self.touched_more = 0
        self.touched_at = 0.0
        self.page_of: dict[str, int] = {}
        """Key -> the page it was last written on."""
        self.copied_times: Counter[int] = Counter()
        """How often a page turned copied, as the page tables were read."""
        self.new_pages: set[int] = set()
        self.latest: Reading | None = None
        self.copied_figures: set[int] = set()
        self.first_reading: events.Pages | None = None
        self.dirty = 0
        self.process: events.Process | None = None
        self.progress: events.SnapshotProgress | None = None
        self.exit: events.ChildExit | None = None
        self.lost = False
        """Its engine died, or no longer knows it: nobody will report its exit."""
        self.saved: events.RdbSaved | None = None
        self.after_exit: events.Pages | None = None
        self.state_after: Told | None = None
        self.dirty_at_state = 0

    def add(self, event: events.Event) -> str:
        """Take in what is told of the child; what contradicts its fork, in words."""
        match event:
            case events.Process() if event.pid == self.fork.child:
                self.process = event
            case events.SnapshotProgress() if event.child == self.fork.child:
                self.progress = event
            case events.ChildExit():
                self.exit = event
                if event.child != self.fork.child:
                    return detail(
                        "evidence_child.another_child_left",
                        left_child=str(event.child),
                        forked_child=str(self.fork.child),
                    )
            case events.RdbSaved() if self.saved is None:
                self.saved = event
            case _:
                pass
        return ""

    def command(self, event: events.Command) -> None:
        """A command was executed since the fork."""
        self.dirty += event.dirty
        if self.exit is not None:
            return
        for page, key in event.pages:
            self.touched[page] += 1
            self.page_of[key] = page
        self.touched_more += event.pages_more
        self.touched_at = event.at

    def state(self, event: events.State) -> None:
        """A whole state: without a child this one is gone, saved or lost."""
        if not event.child:
            self.lost = self.exit is None
        if self.saved is not None and self.state_after is None:
            self.state_after = Told.by(event)
            self.dirty_at_state = self.dirty

    def read(self, event: events.Pages) -> None:
        """The page tables were read while the child lived."""
        size = len(self.held)
        # Pages written just before the fork are first seen by the reading after it.
        cells.paint(self.held, event.newly_shared, 1)
        for start, stop in cells.clipped(event.newly_copied, size):
            self.copied_times.update(range(start, stop))
        for start, stop in cells.clipped(event.newly_new, size):
            self.new_pages.update(range(start, stop))
        self.first_reading = self.first_reading or event
        self.copied_figures.add(event.copied)
        self.latest = Reading(
            at=event.at,
            shared=event.shared,
            copied=event.copied,
            new=event.new,
            private_dirty_kb=event.private_dirty_kb,
            new_kb=event.new_kb,
            child_private_dirty_kb=event.child_private_dirty_kb,
            smaps_at=event.smaps_at,
            last=event.last,
        )

    def copies_due(self) -> set[int]:
        """Pages that held data at the fork and were written since: the kernel must copy these."""
        return {page for page in self.touched if page < len(self.held) and self.held[page]}

    def new_due(self) -> set[int]:
        """Pages written since the fork that held nothing at it."""
        return {page for page in self.touched if page < len(self.held) and not self.held[page]}
