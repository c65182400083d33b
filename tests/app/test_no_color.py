"""With NO_COLOR nothing but style differs: each state has a sign of its own, in every scene."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
from textual.strip import Strip

from app.glyphs import DRAWN, RUNGS
from app.scene_screen import SceneScreen
from app.sliders_panel import slider_lines
from scenes.sliders import SLIDERS
from tests.app.stepping import SCENES, moments, stage

LARGE = (160, 48)
STATES = set(DRAWN.every()) - {DRAWN.cursor, DRAWN.bar_rest, DRAWN.track}
SHOWN = set("·▪◆+▸▬█═-") | {f"rung {letter}" for letter in RUNGS.values()}
"""What the recordings are known to show: the test looked at them."""
PANELS = ("grid", "child", "gauge", "tail")


def fields(screen: SceneScreen, name: str) -> list[Strip]:
    """The rows of a panel inside its border, as drawn."""
    panel = screen.panels()[name]
    return [panel.render_line(y) for y in range(panel.size.height)]


def cells(strips: list[Strip]) -> list[tuple[str, str]]:
    """Each sign of the rows with its colour."""
    found = []
    for strip in strips:
        for text, style, _ in strip:
            found += [(sign, str(style and (style.color, style.bgcolor))) for sign in text]
    return found


def rungs(strips: list[Strip]) -> list[tuple[str, str]]:
    """The letters before what clients sent, with their colours."""
    found = []
    for strip in strips:
        head = re.match(r" *[\d,]* ?([BCD]) ", strip.text)
        if head:
            sign, colour = cells([strip])[head.start(1)]
            found.append((f"rung {sign}", colour))
    return found


async def every_picture(*, colour: bool) -> dict[str, list[str]]:
    pictures: dict[str, list[str]] = {}
    async with stage(LARGE) as shown:
        assert shown.app.no_color is not colour
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                for moment in moments(scene)[::2]:  # each costs two drawings
                    pictures[f"{scene} {moment}"] = await shown.at(screen, moment)
    return pictures


async def test_the_signs_are_the_same_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = await every_picture(colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = await every_picture(colour=False)
    assert plain.keys() == coloured.keys() and len(plain) > 80
    assert [moment for moment in plain if plain[moment] != coloured[moment]] == []


async def test_no_two_colours_share_a_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else only the colour would tell them apart."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    colours: dict[tuple[str, str], set[str]] = defaultdict(set)
    where: dict[tuple[str, str, str], str] = {}
    async with stage(LARGE) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                for moment in moments(scene):
                    await shown.at(screen, moment)
                    for name in (name for name in PANELS if screen.panels()[name].display):
                        rows = fields(screen, name)
                        for sign, colour in cells(rows) + rungs(rows if name == "tail" else []):
                            if sign in STATES or sign.startswith("rung "):
                                colours[name, sign].add(colour)
                                where.setdefault((name, sign, colour), f"{scene} {moment}")
    assert {sign for _, sign in colours} >= SHOWN
    shared = {key: found for key, found in colours.items() if len(found) > 1}
    assert {(*key, colour): where[*key, colour] for key in shared for colour in shared[key]} == {}


def test_the_knob_of_the_chosen_slider_is_seen() -> None:
    """A full block hides its ground: in the role `chosen` it would be as dark as the screen."""
    for chosen in range(len(SLIDERS)):
        for shown in slider_lines({}, chosen, DRAWN, 60):
            assert [role for text, role in shown if text == DRAWN.bar] == ["bold"]
