"""What a disk holds of one file: runs of bytes, holes between them, and a size.

A byte of an older state may be gone from the file by now (it was truncated); then it lies in a
*kept* file. So an extent says where its bytes are to be had: in the file itself, at the place where
they belong, or in a kept one.
"""

from __future__ import annotations

from typing import NamedTuple

PAGE = 4096
"""Bytes that the kernel writes back as one."""
SECTOR = 512
"""Bytes that a disk writes in one step."""

LIVE = ""
"""The source of bytes that are in the file itself, at their own offset."""


class Extent(NamedTuple):
    """`length` bytes at `start` of the file, to be found at `at` of `source`."""

    start: int
    length: int
    source: str
    at: int

    @property
    def end(self) -> int:
        return self.start + self.length


class Content(NamedTuple):
    """Extents in order, without overlap; all else below `size` is zeros."""

    extents: tuple[Extent, ...] = ()
    size: int = 0

    @property
    def bytes(self) -> int:
        """Bytes that are not a hole."""
        return sum(extent.length for extent in self.extents)

    @property
    def live_bytes(self) -> int:
        """Those of them that the file itself has."""
        return sum(extent.length for extent in self.extents if extent.source == LIVE)

    def without(self, start: int, end: int) -> Content:
        """The same with a hole from `start` to `end`."""
        pieces = (
            piece
            for extent in self.extents
            for piece in (_between(extent, 0, start), _between(extent, end, extent.end))
            if piece is not None
        )
        return Content(tuple(pieces), self.size)

    def having(self, extents: list[Extent]) -> Content:
        """The same with these bytes, in order and without overlap, over what was there."""
        rest: list[Extent] = []
        at = 0
        for start, end in [*((extent.start, extent.end) for extent in extents), (None, 0)]:
            for extent in self.extents:
                piece = _between(extent, at, extent.end if start is None else start)
                if piece is not None:
                    rest.append(piece)
            at = end
        size = max([self.size, *(extent.end for extent in extents)])
        return Content(tuple(sorted([*rest, *extents])), size)._joined()

    def sized(self, size: int) -> Content:
        """The same, cut off or continued by a hole."""
        return Content(self.without(size, max(size, self.size)).extents, size)

    def kept(self, size: int, source: str) -> Content:
        """The same once the file itself was cut to `size` and what it had behind is in `source`."""
        moved: list[Extent] = []
        for extent in self.extents:
            if extent.source != LIVE or extent.end <= size:
                moved.append(extent)
                continue
            cut = max(extent.start, size)
            if extent.start < size:
                moved.append(extent._replace(length=size - extent.start))
            moved.append(Extent(cut, extent.end - cut, source, cut - size))
        return Content(tuple(moved), self.size)

    def missing_of(self, size: int) -> list[tuple[int, int]]:
        """Ranges of the file's first `size` bytes that are not among the live extents."""
        missing, at = [], 0
        for extent in self.extents:
            if extent.source != LIVE or extent.start >= size:
                continue
            if extent.start > at:
                missing.append((at, extent.start))
            at = extent.end
        if at < size:
            missing.append((at, size))
        return missing

    def _joined(self) -> Content:
        joined: list[Extent] = []
        for extent in self.extents:
            last = joined[-1] if joined else None
            if (
                last is not None
                and last.end == extent.start
                and last.source == extent.source
                and last.at + last.length == extent.at
            ):
                joined[-1] = last._replace(length=last.length + extent.length)
            else:
                joined.append(extent)
        return Content(tuple(joined), self.size)


def _between(extent: Extent, start: int, end: int) -> Extent | None:
    """The part of the extent that lies there, None if none does."""
    first, last = max(extent.start, start), min(extent.end, end)
    if first >= last:
        return None
    return Extent(first, last - first, extent.source, extent.at + first - extent.start)


def live(size: int) -> Content:
    """The file's first `size` bytes as they are."""
    return Content((Extent(0, size, LIVE, 0),) if size else (), size)
