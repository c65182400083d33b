"""The directives that a session's engines are started with: the scene's, scaled to its arena."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.free_memory import default_arena_pages
from scenes.errors import SceneError
from scenes.room import least_arena
from scenes.sayings import trouble
from scenes.scene import Scene, actions_of

_PREPARED_WITH = {"appendfsync": "always", "rdb-key-save-delay": "0"}
"""While the population is written, so that all of it is on disk and dumped when all begins."""
_OTHERWISE = {"appendfsync": "everysec", "rdb-key-save-delay": "0"}
"""What a scene means that does not say."""
_KEY_DELAY = "rdb-key-save-delay"


class Directives:
    """Those of one session: what the scene says, what this engine says of its own, what changed."""

    def __init__(
        self, scene: Scene, *, arena_pages: int | None = None, own: Mapping[str, str] | None = None
    ) -> None:
        """Raises SceneError for an arena that is too small for the scene or too large for here."""
        self.arena_pages = scene.arena_pages if arena_pages is None else arena_pages
        least = least_arena(scene)
        if self.arena_pages < least:
            raise SceneError(
                trouble(
                    "directives.arena_too_small",
                    arena_pages=str(self.arena_pages),
                    scene=scene.number,
                    least_pages=str(least),
                )
            )
        most = max(default_arena_pages(), scene.arena_pages)
        if self.arena_pages > most:
            raise SceneError(
                trouble("directives.arena_too_large", arena_pages=self.arena_pages, most_pages=most)
            )
        self.population = scene.populate * self.arena_pages // scene.arena_pages
        """Keys, in proportion to the arena."""
        self.keeps_ledger = loses_power(scene)
        """Whether the disk keeps a ledger, so that its power can be cut."""
        self._scene = scene
        self._own = dict(own or {})
        self._changed: dict[str, str] = {}
        """Those that a step has changed by a restart."""

    def of_scene(self) -> dict[str, str]:
        """The scene's: with more keys each delays less, so that a walk takes as long."""
        engine = {**self._scene.engine, **self._own}
        delay = int(engine.get(_KEY_DELAY, "0"))
        if delay > 0 and self.population > self._scene.populate:
            engine[_KEY_DELAY] = str(max(delay * self._scene.populate // self.population, 1))
        return engine

    def now(self, ledger: Path) -> dict[str, str]:
        """All that an engine is started with; `ledger` is for the disk's ledger, if any is kept."""
        return {
            **self.of_scene(),
            "arena-pages": str(self.arena_pages),
            "enable-debug-command": "local",
            **({"cowscope-disk-ledger": str(ledger)} if self.keeps_ledger else {}),
            **self._changed,
        }

    def prepared(self, ledger: Path) -> dict[str, str]:
        """The same for the engine that the population is written to."""
        return {**self.now(ledger), **_PREPARED_WITH}

    def once_prepared(self) -> dict[str, str]:
        """What is to be set when the population is written: as the scene means it."""
        meant = {**_OTHERWISE, **self.of_scene()}
        return {name: meant[name] for name in _PREPARED_WITH}

    @property
    def appenddirname(self) -> str:
        """The folder of a multi-part AOF, by its name."""
        own = {**self.of_scene(), **self._changed}
        return own.get("appenddirname", "appendonlydir")

    def with_arena(self, directives: Mapping[str, str]) -> dict[str, str]:
        """An arena of "x1" is the session's own; one that is too large raises SceneError."""
        changed, pages = dict(directives), directives.get("arena-pages", "")
        if pages.startswith("x"):
            changed["arena-pages"] = str(self.arena_pages * int(pages[1:]))
        most = default_arena_pages()
        if pages and int(changed["arena-pages"]) > max(most, self.arena_pages):
            raise SceneError(
                trouble(
                    "directives.step_wants_too_large",
                    arena_pages=int(changed["arena-pages"]),
                    most_pages=most,
                )
            )
        return changed

    @property
    def changed(self) -> dict[str, str]:
        """Those that a step has changed by a restart."""
        return dict(self._changed)

    def change(self, changed: Mapping[str, str]) -> None:
        """Start engines with these from now on."""
        self._changed.update(changed)


def loses_power(scene: Scene) -> bool:
    """Whether a scene may cut the power: then its disk keeps a ledger."""
    actions = [action for stage in scene.stages for action in actions_of(stage)]
    offered = any("P" in stage.keys for stage in scene.stages)
    return offered or any(action.crash == "power" for action in actions)
