"""What stands where panels will be that have not entered yet, so that the room is no riddle."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce

from textual.geometry import Region

from app.driver import panels_at
from app.layout import TABS
from app.lines import Line, fold, line, padded
from app.lines_panel import LinesPanel
from app.said import said
from scenes.scene import Scene, Stage

NAMES_FROM = 14
"""Cells before the names of panels; what is folded goes on there."""


class Coming(LinesPanel):
    """A faint list of the panels to come, in their place."""

    def show(self, scene: Scene, stage: Stage, missing: Collection[str], cells: int) -> None:
        """Name them with the beats in which they enter, in so much room."""
        lines = coming(scene, stage, missing)
        self.put([own for one in lines for own in fold(one, cells - 1, NAMES_FROM)])


def coming(scene: Scene, stage: Stage, missing: Collection[str]) -> list[Line]:
    """A line for each beat in which some of the missing panels enter."""
    at = next(n for n, one in enumerate(scene.stages) if one.id == stage.id)
    by_beat: dict[int, list[str]] = {}
    for name in TABS:
        if name not in missing:
            continue
        later = (one for one in scene.stages[at + 1 :] if name in panels_at(scene, one))
        entrance = next(later, None)
        if entrance is not None:
            by_beat.setdefault(entrance.beat, []).append(said(f"coming.{name}"))
    if not by_beat:
        return []
    found = [line(""), line((f"  {said('coming.later')}", "dim"))]
    for beat, names in by_beat.items():
        soon = beat == stage.beat
        when = padded(
            said("coming.soon") if soon else said("coming.beat", beat=beat), NAMES_FROM - 3
        )
        found.append(line((f"  {when} {listed(names)}", "dim")))
    return found


def listed(names: list[str]) -> str:
    """The names in a row, as the language lists them."""
    return reduce(lambda one, more: said("coming.and", one=one, more=more), names)


def room_of(places: Mapping[str, Region], missing: Collection[str]) -> Region | None:
    """The room that the missing panels of the left column leave, None if there is none."""
    regions = [places[name] for name in missing if name in places and name != "code"]
    if not regions:
        return None
    room = Region.from_union(regions)
    taken = [place for name, place in places.items() if name not in missing]
    if any(room.overlaps(place) for place in taken):
        return max(regions, key=lambda region: region.area)
    return room
