"""What views are made of: frozen parts that are packed as bare lists, without their fields' names.

They are made by the thousand where a view is folded or unpacked. Nothing in them can lead back to
them, so that the garbage collector need not look at them.
"""

from __future__ import annotations

import msgspec


class ViewPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of a view; its fields' order is the format of a checkpoint."""
