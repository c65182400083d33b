"""Which unsynced bytes of a file survive a power cut by chance.

Whole pages, in whatever order the kernel wrote them back; where one is missing, zeros. Of the last
one perhaps only some sectors, and the last sector torn.
"""

from __future__ import annotations

import random

from engine.file_extents import LIVE, PAGE, SECTOR, Content, Extent


def partly(durable: Content, size: int, chance: random.Random) -> Content:
    """The durable bytes of a file that has `size` bytes by now, and some that are not durable."""
    content = durable
    if size < durable.size and chance.random() < 0.5:
        content = content.sized(size)  # the truncation was written by chance
    likely = chance.choice((0.0, 0.5, 0.9, 1.0))
    survivors: list[Extent] = []
    for first, end in durable.missing_of(size):
        for page in range(first // PAGE, (end - 1) // PAGE + 1):
            start = page * PAGE
            if survivors and survivors[-1].start == start:
                continue  # a page with two ranges that are not durable
            if chance.random() < likely:
                survivors.append(Extent(start, min(PAGE, size - start), LIVE, start))
    content = content.having(survivors)
    if not survivors or content.size != survivors[-1].end or chance.random() < 0.5:
        return content
    last = survivors[-1]
    ends = (extent.end for extent in durable.extents if extent.start < last.end)
    safe = max([last.start, *(min(end, last.end) for end in ends)])
    torn = chance.randint(safe, last.end)
    return content.without(torn, last.end).sized(min(-(-torn // SECTOR) * SECTOR, last.end))
