"""A second count of what `dirty` must be after a snapshot: the changes since its fork.

The dump holds what was there at the fork, so of the changes only the later ones still have to be
saved. The debug mode (cowscope-check-invariants) watches the counter grow while the child is at
work, and compares once the save is done. Source: backgroundSaveDoneHandlerDisk() in rdb.c.
"""

from __future__ import annotations


class DirtyWatch:
    """Adds up what it sees `dirty` grow by."""

    def __init__(self) -> None:
        self._seen = 0
        self._grown = 0

    def begin(self, dirty: int) -> None:
        """A fork; or everything has just been saved, or loaded, and `dirty` is 0."""
        self._seen, self._grown = dirty, 0

    def look(self, dirty: int) -> None:
        """Take note of the counter; one that falls meanwhile adds nothing."""
        self._grown += max(dirty - self._seen, 0)
        self._seen = dirty

    def verdict(self, dirty: int) -> str | None:
        """What is wrong with `dirty` after the snapshot's success, None if it is right."""
        if dirty == self._grown:
            return None
        return f"dirty is {dirty} after a BGSAVE, but {self._grown} changes came after its fork"
