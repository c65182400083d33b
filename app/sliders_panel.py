"""The sliders of the sandbox: up and down choose one, left and right move it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from app.exhibit import Exhibit
from app.glyphs import Glyphs
from app.lines import Line, Span, line
from app.said import said
from scenes.sliders import SLIDERS, Slider
from scenes.view import View

LABELS = {"fsync-delay": "delay", "appendfsync": ""}
"""Slider -> its phrase, where that has another name; empty: the slider's name is its label."""
UNITS = ("rate", "size", "fsync-delay")
SWITCHES = ("off", "yes", "no")
LABEL = 12


class SlidersPanel(Exhibit, can_focus=True):
    """Draws the sliders' places, which come down from the driver; moves go up as messages."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("left", "slide(-1)", show=False),
        Binding("right", "slide(1)", show=False),
    ]

    class Moved(Message):
        """The learner moves a slider."""

        def __init__(self, name: str, by: int) -> None:
            super().__init__()
            self.name = name
            self.by = by

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.places: Mapping[str, int] = {}
        self.chosen = 0
        self._view = View()

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """A row for each."""
        self._view = view
        return slider_lines(self.places, self.chosen, self.glyphs, cells)

    def titles(self) -> tuple[str, ...]:
        """In the language spoken."""
        return said("sliders.title"), said("sliders.title_short")

    def source(self, view: View) -> str:
        """What the learner sets is nobody's measurement."""
        return said("sliders.source")

    def action_choose(self, by: int) -> None:
        """Another slider."""
        self.chosen = max(0, min(self.chosen + by, len(SLIDERS) - 1))
        self.show(self._view)

    def action_slide(self, by: int) -> None:
        """Another value."""
        self.post_message(self.Moved(SLIDERS[self.chosen].name, by))

    def on_click(self, event: events.Click) -> None:
        """Pick the slider under the pointer."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 <= offset.y + self.top < len(SLIDERS):
            self.chosen = offset.y + self.top
            self.show(self._view)


def slider_lines(places: Mapping[str, int], chosen: int, glyphs: Glyphs, cells: int) -> list[Line]:
    """The sliders, the chosen one marked by colour and by sign."""
    return [
        _slider(slider, places.get(slider.name, slider.at_first), place == chosen, glyphs, cells)
        for place, slider in enumerate(SLIDERS)
    ]


def _slider(slider: Slider, place: int, here: bool, glyphs: Glyphs, cells: int) -> Line:
    phrase = LABELS.get(slider.name, slider.name)
    label = said(f"sliders.{phrase}") if phrase else slider.name
    value = slider.values[place]
    if value in SWITCHES and slider.name != "appendfsync":  # its values are Redis' words
        told = said(f"sliders.{value}")
    elif slider.name in UNITS:
        told = said(f"sliders.{phrase}_unit", value=value)
    else:
        told = value
    room = min(max(cells - LABEL - 17, len(slider.values)), 32)
    at = place * (room - 1) // (len(slider.values) - 1)
    spans: list[Span] = [
        (f"{glyphs.lit if here else ' '} ", "bold"),
        (set_cell_size(label, LABEL), "bold" if here else "text"),
        (glyphs.track * at, "dim"),
        (glyphs.bar, "bold"),  # a full block shows nothing of its ground
        (glyphs.track * (room - 1 - at), "dim"),
        (f" {told}", "bold" if here else "text"),
    ]
    return line(*spans)
