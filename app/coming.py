"""What stands where panels will be that have not entered yet, so that the room is no riddle."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textual.geometry import Region

from app.driver import panels_at
from app.layout import TABS
from app.lines import Line, line
from app.lines_panel import LinesPanel
from scenes.scene import Scene, Stage

NAMES = {
    "sliders": "the sliders",
    "engines": "the engines side by side",
    "grid": "the parent's pages",
    "child": "the snapshot child's",
    "gauge": "what the snapshot costs",
    "processes": "the two processes",
    "frames": "pages and frames",
    "curve": "copies against writes",
    "latency": "how long clients wait",
    "files": "the AOF's files and the stages of a rewrite",
    "tail": "the AOF",
    "code": "the code",
}


class Coming(LinesPanel):
    """A faint list of the panels to come, in their place."""

    def show(self, scene: Scene, stage: Stage, missing: Collection[str]) -> None:
        """Name them with the beats in which they enter."""
        self.put(coming(scene, stage, missing))


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
            by_beat.setdefault(entrance.beat, []).append(NAMES[name])
    if not by_beat:
        return []
    found = [line(""), line(("  Later here:", "dim"))]
    for beat, names in by_beat.items():
        when = "in a moment" if beat == stage.beat else f"beat {beat}"
        found.append(line((f"  {when:<11} {', '.join(names)}", "dim")))
    return found


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
