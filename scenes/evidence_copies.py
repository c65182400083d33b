"""Copies since the learner's last answer: those that writes after it brought about.

A page that was touched before the answer may be read as copied only after it: that is no news.
"""

from __future__ import annotations

from collections import Counter

from engine import events
from scenes import cells


class CopiesSinceAnswer:
    """Pages that turned copied or new since the last answer, as the page tables were read."""

    def __init__(self) -> None:
        self.copied = 0
        self.by_page: Counter[int] = Counter()
        """The same by page."""
        self.new = 0
        self._unread: dict[int, float] = {}
        """Page -> when a command touched it, while no reading has come since."""
        self._owed: set[int] = set()
        """Touched before the answer and not read until after it: no news since the answer."""

    def forked(self) -> None:
        """A child was forked: what was touched before is shared again."""
        self._unread.clear()
        self._owed.clear()

    def answered(self) -> None:
        """The learner has answered: counting begins."""
        self.copied = self.new = 0
        self.by_page.clear()
        self._owed = set(self._unread)

    def touched(self, event: events.Command) -> None:
        """A command has written on its pages."""
        for page, _ in event.pages:
            self._unread[page] = event.at

    def read(self, event: events.Pages, size: int) -> None:
        """The page tables were read; of `size` pages the child shared."""
        for start, stop in cells.clipped(event.newly_copied, size):
            since = [page for page in range(start, stop) if page not in self._owed]
            self.copied += len(since)
            self.by_page.update(since)
        for start, stop in cells.clipped(event.newly_new, size):
            self.new += sum(page not in self._owed for page in range(start, stop))
        self._unread = {page: at for page, at in self._unread.items() if at > event.at}
        self._owed &= self._unread.keys()
