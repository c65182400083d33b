"""Where the files that ship beside the code are: recordings."""

from __future__ import annotations

from pathlib import Path

_IN_WHEEL = Path(__file__).parent / "assets"
_IN_CHECKOUT = Path(__file__).parent.parent / "assets"


def recording(scene: str) -> Path | None:
    """The recording of a scene, by number, that ships; None if there is none."""
    for folder in (_IN_WHEEL, _IN_CHECKOUT):
        path = folder / "recordings" / f"{scene}.cowscope"
        if path.is_file():
            return path
    return None
