"""The sandbox's sliders: what can be set, how far each has been moved, and what moving it does.

Sans-IO like the player. Where the engine itself knows a setting (policy, disk, huge pages) the
slider stands where the engine's events say; of the client's it is the slider that knows.
"""

from __future__ import annotations

import msgspec

from scenes.actions import Workload
from scenes.effects import Effect, Send, StartWorkload, StopWorkload
from scenes.view import View

CLIENT = "sandbox"
PREFIX = "user"
AT_ONCE = 100
"""Keys in one command."""


class Slider(msgspec.Struct, frozen=True):
    """One setting and the values it may have, in order."""

    name: str
    values: tuple[str, ...]
    at_first: int = 0


SLIDERS = (
    Slider("rate", ("0", "5", "20", "100", "500", "2000"), 2),
    Slider("size", ("12", "100", "1000", "3000"), 3),
    Slider("keys", ("200", "1000", "2000", "3500"), 1),
    Slider("appendfsync", ("always", "everysec", "no"), 1),
    Slider("fsync-delay", ("off", "10", "300", "1500", "3000"), 0),
    Slider("thp", ("no", "yes"), 0),
)
NAMES = tuple(slider.name for slider in SLIDERS)


class Sliders:
    """How far they have been moved."""

    def __init__(self) -> None:
        self.places = {slider.name: slider.at_first for slider in SLIDERS}

    def place(self, name: str, view: View) -> int:
        """Where a slider stands, as an index into its values."""
        slider = SLIDERS[NAMES.index(name)]
        known = {
            "appendfsync": view.tail.policy,
            "fsync-delay": view.faults.get("fsync-delay", "off"),
            "thp": "yes" if view.engine.thp else "no",
        }
        if view.engine.pid and known.get(name) in slider.values:
            return slider.values.index(known[name])
        return self.places[name]

    def standing(self, view: View) -> dict[str, int]:
        """Where all of them stand."""
        return {name: self.place(name, view) for name in NAMES}

    def value(self, name: str) -> str:
        """What a client's slider stands at."""
        return SLIDERS[NAMES.index(name)].values[self.places[name]]

    def workload(self) -> Workload:
        """The writing client as the sliders want it."""
        return Workload(
            name=CLIENT,
            rate=float(self.value("rate")) or 1.0,
            keys=int(self.value("keys")),
            prefix=f"{PREFIX}:",
            value_bytes=int(self.value("size")),
        )

    def move(self, name: str, by: int, view: View, pace: float) -> list[Effect]:
        """Move a slider by so many values; nothing at its end."""
        slider = SLIDERS[NAMES.index(name)]
        before = self.place(name, view)
        place = max(0, min(before + by, len(slider.values) - 1))
        self.places[name] = place
        if place == before:
            return []
        value = slider.values[place]
        match name:
            case "rate" | "size":
                return self._client(pace)
            case "keys":
                return [*self._dataset(int(slider.values[before]), int(value)), *self._client(pace)]
            case "appendfsync":
                return [Send(("CONFIG", "SET", "appendfsync", value))]
            case "thp":
                return [Send(("CONFIG", "SET", "arena-thp", value))]
            case _:
                return [Send(("COWSCOPE", "FAULT", "fsync-delay", value))]

    def _client(self, pace: float) -> list[Effect]:
        if self.value("rate") == "0":
            return [StopWorkload(CLIENT)]
        load = self.workload()
        return [StopWorkload(CLIENT), StartWorkload(load, load.rate * pace)]

    def _dataset(self, before: int, after: int) -> list[Effect]:
        """Writes like any others: logged, and counted after a crash."""
        numbers = range(min(before, after), max(before, after))
        size = int(self.value("size"))
        effects: list[Effect] = []
        for start in range(0, len(numbers), AT_ONCE):
            batch = numbers[start : start + AT_ONCE]
            if after > before:
                pairs = ((f"{PREFIX}:{n}", f"{n}".ljust(size, ".")[:size]) for n in batch)
                effects.append(Send(("MSET", *(word for pair in pairs for word in pair))))
            else:
                effects.append(Send(("DEL", *(f"{PREFIX}:{n}" for n in batch))))
        return effects
