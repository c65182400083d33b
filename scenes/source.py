"""The real source behind a card: the engine's own code, as it was loaded, with its line numbers."""

from __future__ import annotations

import importlib
import inspect

import msgspec

from scenes.errors import SceneError
from scenes.sayings import remark
from scenes.scene import Card


class RealSource(msgspec.Struct, frozen=True):
    """One function of the engine."""

    module: str
    name: str
    file: str
    first_line: int
    """Its number in `file`, 1-based."""
    lines: tuple[str, ...]
    line_of: dict[int, int]
    """Line of the pseudo-code -> line number in `file`."""


def real_source(card: Card) -> RealSource | None:
    """The source of `card.real` (`module:qualified.name`), None for a card without one.

    Raises SceneError when the name leads nowhere or a mapped text is not in exactly one line.
    """
    if not card.real:
        return None
    module_name, _, qualified = card.real.partition(":")
    try:
        found: object = importlib.import_module(module_name)
        for name in qualified.split("."):
            found = getattr(found, name)
        text, first = inspect.getsourcelines(inspect.unwrap(found))  # type: ignore[arg-type]
        file = inspect.getsourcefile(found) or ""  # type: ignore[arg-type]
    except (ImportError, AttributeError, OSError, TypeError) as err:
        raise SceneError(
            remark("source.no_source", card=str(card.name), real=str(card.real), why=str(err))
        ) from err
    lines = tuple(line.rstrip("\n") for line in text)
    mapped = {}
    for pseudo, wanted in card.real_lines.items():
        places = [number for number, line in enumerate(lines, first) if wanted in line]
        if len(places) != 1:
            raise SceneError(
                remark(
                    "source.not_one_line",
                    card=card.name,
                    line=pseudo,
                    text=f"{wanted!r}",
                    times=str(len(places)),
                    real=card.real,
                )
            )
        mapped[int(pseudo)] = places[0]
    return RealSource(module_name, qualified, file, first, lines, mapped)
