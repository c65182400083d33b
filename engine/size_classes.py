"""Slot sizes: how records of many lengths share pages without crossing them.

A page holds slots of one size. Small sizes step by 16 bytes; above 128 bytes a size is chosen so
that a whole number of slots fills the page, each size about an eighth larger than the one before.
"""

from __future__ import annotations

FREE_PAGE = 0
"""Page class of a page that belongs to nobody."""
CHUNK = 128
"""Added to a slot class: the page holds chunks of collections, which no walk cuts into records."""
CHUNK_RUN = 253
"""Page class of the first page of a run that is one chunk."""
CONTINUED = 254
"""Page class of the pages of a run after its first."""
RUN = 255
"""Page class of the first page of a run: one record larger than a slot can be."""

_GRAIN = 8
_GROWTH = 1.12


def slot_sizes(page_size: int) -> list[int]:
    """All slot sizes in bytes, ascending; the last one is the page itself."""
    sizes = list(range(16, 129, 16))
    for count in range(page_size // 129, 0, -1):
        size = page_size // count // _GRAIN * _GRAIN
        if size >= sizes[-1] * _GROWTH or count == 1:
            sizes.append(size)
    return sizes


class SizeClasses:
    """Maps record lengths to page classes (1, 2 ...) for one page size."""

    def __init__(self, page_size: int, *, one_value_a_page: bool = False) -> None:
        sizes = [page_size] if one_value_a_page else slot_sizes(page_size)
        self.sizes = [0, *sizes]
        """Slot size in bytes by class; class 0 is no class, and CHUNK adds nothing."""
        table = bytearray()
        for page_class, size in enumerate(self.sizes):
            table.extend(page_class.to_bytes(1, "little") * (size // _GRAIN + 1 - len(table)))
        self.sizes += [0] * (CHUNK - len(self.sizes)) + self.sizes
        self.by_grain = bytes(table)
        """Class by (length + 7) >> 3, for lengths of at most one page."""

    def class_of(self, length: int) -> int:
        """The smallest class whose slots hold `length` bytes; the length is at most a page."""
        return self.by_grain[(length + _GRAIN - 1) // _GRAIN]
