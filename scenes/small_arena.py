"""What a scene lacks in the smallest arena that a run of it may be given (`--arena-pages 128`).

The population shrinks with the arena (scenes/directives.py): a share of one that its own arena
holds always fits, but keys that a scene names may then be none of it any more. An arena in which a
step's client could not write its keys is no such one (scenes/room.py): no run is given it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from scenes.actions import Action
from scenes.room import least_arena
from scenes.sayings import remark
from scenes.scene import Scene

Words: TypeAlias = Iterator[tuple[str, str]]
"""(path as scenes.toml_lines writes it, a word that stands there)."""


def lacks(scene: Scene) -> Iterator[tuple[str, str]]:
    """(path, what is not as in the scene's own arena), in the order of the file."""
    least = least_arena(scene)
    if scene.populate < 1 or scene.arena_pages <= least:
        return
    keys = scene.populate * least // scene.arena_pages
    if not keys:
        yield "populate", remark("small_arena.no_population", pages=least)
        return
    name = re.compile(re.escape(scene.prefix) + r"(\d+)")
    for path, word in _words(scene):
        found = name.fullmatch(word)
        if found and keys <= int(found[1]) < scene.populate:
            yield path, remark("small_arena.no_such_key", key=word, keys=keys, pages=least)


def _words(scene: Scene) -> Words:
    """Every word that may name a key."""
    for name, word in scene.values.items():
        yield f"values.{name}", word
    for number, stage in enumerate(scene.stages):
        path = f"stages[{number}]"
        yield from _of_actions(stage.do, f"{path}.do")
        for place, one in enumerate(stage.expect):
            for name, value in one.args.items():
                yield f"{path}.expect[{place}].args.{name}", str(value)
        if stage.question is None:
            continue
        asked, path = stage.question, f"{path}.question"
        yield f"{path}.key", asked.key
        for name, value in asked.args.items():
            yield f"{path}.args.{name}", str(value)
        yield from _of_actions(asked.reveal, f"{path}.reveal")
        for place, choice in enumerate(asked.choices):
            yield from _of_actions(choice.reveal, f"{path}.choices[{place}].reveal")


def _of_actions(actions: list[Action], path: str) -> Words:
    for number, action in enumerate(actions):
        for kind in ("send", "fork"):
            for place, word in enumerate(getattr(action, kind) or ()):
                yield f"{path}[{number}].{kind}[{place}]", word
