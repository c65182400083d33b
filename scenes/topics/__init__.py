"""Topics: a module each of checks, measures and conditions, found by lying in this folder.

A topic module may define

    CHECKS      name -> check(evidence, **args) -> Verdict
    MEASURES    name -> measure(evidence, **args) -> int, str or None
    SHOWN_BY    measure -> types of the events that show it, where those may also be modelled
    CONDITIONS  name -> condition(view) -> bool
    GATHERERS   classes with `add(event)`: what its checks and measures know of a run

and a scene that uses it lists it: `topics = ["fork"]`. Nothing else has to be edited.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any, Protocol, TypeVar

from engine.events import Event
from scenes.errors import SceneError
from scenes.sayings import trouble

T = TypeVar("T")


class Gatherer(Protocol):
    """Takes in a run's events, one at a time; made without arguments."""

    def add(self, event: Event) -> None: ...


class Registry(Mapping[str, T]):
    """What is known by name: the built-in ones, then those of all topics.

    Topics are imported when a name is not built in, so that a first frame need not wait for them.
    """

    def __init__(self, kind: str, builtin: Mapping[str, T]) -> None:
        self.kind = kind
        self.builtin = dict(builtin)

    def __getitem__(self, name: str) -> T:
        found = self.builtin.get(name)
        return self._all()[name] if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def known_to(self, topics: list[str]) -> dict[str, T]:
        """The built-in ones, and those of the topics that a scene lists."""
        found = dict(self.builtin)
        for name in topics:
            found.update(getattr(topic(name), self.kind, {}))
        return found

    def home(self, name: str) -> str:
        """The topic that defines `name`; empty where it is built in or unknown."""
        if name in self.builtin:
            return ""
        homes = (one for one in names() if name in getattr(topic(one), self.kind, {}))
        return next(homes, "")

    def _all(self) -> dict[str, T]:
        found = dict(self.builtin)
        for name in names():
            own: dict[str, Any] = getattr(topic(name), self.kind, {})
            twice = sorted(own.keys() & found.keys())
            if twice:
                raise SceneError(
                    trouble("topics.already_there", topic=name, kind=self.kind, name=twice[0])
                )
            found.update(own)
        return found


@cache
def names() -> tuple[str, ...]:
    """The topics there are, in alphabetical order."""
    import pkgutil  # a first frame need not wait for it

    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


def topic(name: str) -> ModuleType:
    """The module of a topic; raises SceneError for an unknown one."""
    if name not in names():
        raise SceneError(
            trouble(
                "topics.no_topic", name=name, topics=", ".join(names()) or trouble("topics.none")
            )
        )
    return importlib.import_module(f"{__name__}.{name}")


def gatherers(topics: list[str]) -> list[Gatherer]:
    """Fresh gatherers of these topics."""
    return [kind() for name in topics for kind in getattr(topic(name), "GATHERERS", ())]
