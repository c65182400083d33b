"""Free runs of pages: best fit, neighbours joined."""

from __future__ import annotations

from sortedcontainers import SortedSet


class PageRuns:
    """The free pages below the high-water mark, as maximal runs."""

    def __init__(self) -> None:
        self._by_length: SortedSet = SortedSet()
        self._starts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self.pages = 0
        """Free pages in all runs."""

    def put(self, start: int, count: int) -> None:
        """Give `count` pages from `start` back; they join the runs they touch."""
        self.pages += count
        before = self._ends.get(start)
        if before is not None:
            self._forget(before, start - before)
            start, count = before, count + start - before
        after = self._starts.get(start + count)
        if after is not None:
            self._forget(start + count, after)
            count += after
        self._remember(start, count)

    def take(self, count: int) -> int | None:
        """Start of `count` free pages in the shortest run that has them, or None."""
        at = self._by_length.bisect_left((count, -1))
        if at == len(self._by_length):
            return None
        length, start = self._by_length[at]
        self._forget(start, length)
        if length > count:
            self._remember(start + count, length - count)
        self.pages -= count
        return int(start)

    def runs(self) -> list[tuple[int, int]]:
        """(start, count) of every run, in address order."""
        return sorted(self._starts.items())

    def clear(self) -> None:
        """Forget all runs."""
        self.__init__()  # type: ignore[misc]

    def _remember(self, start: int, count: int) -> None:
        self._by_length.add((count, start))
        self._starts[start] = count
        self._ends[start + count] = start

    def _forget(self, start: int, count: int) -> None:
        self._by_length.remove((count, start))
        del self._starts[start]
        del self._ends[start + count]
