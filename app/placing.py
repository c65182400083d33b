"""What stands where on the screen, in words: for who does not see it, or sees it read aloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from functools import reduce
from itertools import groupby

from textual.geometry import Region

from app.layout import TABS, Mode
from app.said import said

_RIGHT = ("words", "code")
"""The panels beside the left column; without one they share the screen."""


def placed_words(
    places: Mapping[str, Region], entered: Set[str], ever: Set[str], mode: Mode
) -> str:
    """The panels that have entered by their places, then what is behind a key or comes later."""
    told = [_tabs(entered)] if mode == "small" else [_columns(places, entered)]
    if mode == "middle" and "code" in ever and "code" not in places:
        told.append(said("places.code_key"))
    later = [name for name in TABS if name in ever - entered]
    if mode == "middle" and "code" not in places:
        later = [name for name in later if name != "code"]
    if later:
        told.append(said("places.later", names=_list(later)))
    return _joined("gap", told)


def _tabs(entered: Set[str]) -> str:
    names = [name for name in TABS if name in entered]
    if not names:
        return said("places.alone", names=said("places.words"))
    return said("places.small" if len(names) > 1 else "places.small_one", names=_list(names))


def _columns(places: Mapping[str, Region], entered: Set[str]) -> str:
    here = {name: place for name, place in places.items() if name in entered}
    left = {name: place for name, place in here.items() if name not in _RIGHT}
    right = {name: place for name, place in here.items() if name in _RIGHT}
    if not left:
        return said("places.alone", names=_rows(right))
    return said("places.columns", left=_rows(left), right=_rows(right))


def _rows(places: Mapping[str, Region]) -> str:
    """Row below row, and what stands beside each other in one."""
    ordered = sorted(places, key=lambda name: (places[name].y, places[name].x))
    rows = groupby(ordered, key=lambda name: places[name].y)
    return _joined("below", (_joined("beside", map(_name, names)) for _, names in rows))


def _list(names: list[str]) -> str:
    return _joined("and", map(_name, names))


def _joined(how: str, parts: Iterable[str]) -> str:
    return reduce(lambda one, other: said(f"places.{how}", one=one, other=other), parts)


def _name(panel: str) -> str:
    return said("places.words" if panel == "words" else f"tabs.{panel}")
