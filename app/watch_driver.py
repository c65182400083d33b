"""Drives the screen from a scene that its author is writing: saved files are played at once."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from app.live_driver import LiveDriver
from scenes.errors import SceneError
from scenes.loader import load

LOOK_SECONDS = 0.5
"""How often the files are looked at."""

Stamps = dict[Path, tuple[int, int]]


class WatchDriver(LiveDriver):
    """Plays a scene; when its files change it begins again, at the same step where there is one."""

    _stamps: Stamps | None = None
    _looked_at = 0.0
    _broken = ""
    """What is wrong with the files as they are now, in one line; the edition before plays on."""

    def tick(self) -> None:
        """Look at the files now and then."""
        super().tick()
        if monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = monotonic()
            self.look()

    def look(self) -> None:
        """Play what has been saved since the last look, or say what is wrong with it."""
        stamps = stamps_of(self.lesson.folder)
        if self._stamps is None:
            self._stamps = stamps
        if stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            lesson = load(str(self.lesson.folder), self.lesson.language)
        except SceneError as error:
            self._broken = str(error)
            return
        self._broken = ""
        self.lesson, self.scene, self.words = lesson, lesson.scene, lesson.words
        if self._live is not None:
            way = self._live.player.catching_up
            step = way.step if way is not None else self.now_view.step
            known = any(stage.id == step for stage in lesson.scene.stages)
            self._live.reload(lesson, step if known else "")

    @property
    def notice(self) -> str:
        """What is wrong with the files comes first."""
        return self._broken or super().notice


def stamps_of(folder: Path) -> Stamps:
    """When each of a scene's files was saved last, and its size."""
    found: Stamps = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            seen = path.stat()
        except OSError:
            continue  # between an editor's removal and its rename
        found[path] = (seen.st_mtime_ns, seen.st_size)
    return found
