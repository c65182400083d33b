"""Which pages a fork freezes: those with data, and what huge pages map beside them.

Without huge pages the arena knows by itself: a page is mapped when it is first written. With them
the kernel fills 2 MiB at once, so that pages which nothing has written are mapped, too, are shared
by a fork and copied at the first write to them; only the page tables know those.
"""

from __future__ import annotations

from engine.arena import Arena
from engine.errors import ProbeError
from engine.page_states import EXCLUSIVE_BIT, PRESENT_BIT, SWAPPED_BIT
from engine.pagemap import Pagemap


def _is_own(status: int) -> bool:
    if status & PRESENT_BIT:
        return bool(status & EXCLUSIVE_BIT)  # else it is the kernel's page of zeros
    return bool(status & SWAPPED_BIT)


_OWN = bytes(_is_own(status) for status in range(256))


def held_pages(arena: Arena, proc: str = "/proc") -> bytes:
    """1 for every page (from page 0 on) that a fork at this moment would share.

    /proc is read only if huge pages were ever asked for; where it can't be, the arena's own word
    has to do. Call it on the thread that writes, right before the fork.
    """
    touched = bytes(arena.touched[: arena.mapped_end])
    if not arena.huge_pages:
        return touched
    try:
        pagemap = Pagemap("self", proc)
        try:
            status = pagemap.read(arena.base, arena.mapped_end, arena.page_size)
        finally:
            pagemap.close()
    except ProbeError:
        return touched
    own = int.from_bytes(status.translate(_OWN), "little")
    return (own | int.from_bytes(touched, "little")).to_bytes(len(touched), "little")
