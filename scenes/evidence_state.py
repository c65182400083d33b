"""The evidence of a whole state: what the engine said of itself, as far as anybody asks for it."""

from __future__ import annotations

import msgspec

from engine import events


class Told(msgspec.Struct, frozen=True, gc=False):
    """What checks and measures want of one COWSCOPE STATE; its page map is theirs by other ways."""

    dirty: int
    lastsave: int
    keys: int
    config: dict[str, str]
    aof_has_disk: bool
    most_keys: int
    """On the fullest page."""

    @classmethod
    def by(cls, event: events.State) -> Told:
        """What this state says."""
        return cls(
            dirty=event.dirty,
            lastsave=event.lastsave,
            keys=event.keys,
            config=event.config,
            aof_has_disk=event.aof_has_disk,
            most_keys=max((count for _, _, count in event.page_keys), default=0),
        )
