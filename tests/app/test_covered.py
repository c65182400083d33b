"""No question finds its answer on a card or in a panel; once it is answered, it is there."""

from __future__ import annotations

import pytest

from app.covered import SIGN, covered_words
from app.driver import card_at
from app.lines import texts
from app.scene_screen import SceneScreen
from scenes.covers import NOW
from scenes.loader import load
from scenes.scene import Scene, Stage
from tests.app.stepping import SCENES, Moment, moments, stage
from tests.app.whole import part

LARGE = (160, 48)
COVERING = [
    number
    for number in SCENES
    if any(one.question and one.question.covers for one in load(number).scene.stages)
]


def asked(scene: Scene, moment: Moment) -> Stage:
    return next(one for one in scene.stages if one.id == moment.step)


def secrets(scene: Scene, step: Stage, screen: SceneScreen) -> list[str]:
    """What the card on show has to say of the question and of no later one: code and remarks."""
    card = next(one for one in scene.cards if one.name == card_at(scene, step))
    steps = scene.stages[scene.stages.index(step) :]
    own, *later = ([c for c in of.question.covers if c.card == card.name]
                   for of in steps if of.question is not None)  # fmt: skip
    waits = {number for covers in later for one in covers for number in (*one.lines, *one.remarks)}
    code, found = card.code.strip("\n").splitlines(), []
    for cover in own:
        found += [code[number - 1].strip() for number in cover.lines]
        remarks = {*cover.lines, *cover.remarks} - waits
        keys = [card.corrections.get(str(number), "") for number in remarks]
        found += [screen.driver.text(key) for key in keys if key]
    return found


def asked_later(scene: Scene, step: Stage, panel: str) -> bool:
    """Whether a later question covers something of a panel, too."""
    later = scene.stages[scene.stages.index(step) + 1 :]
    covers = [cover for one in later if one.question for cover in one.question.covers]
    return any(cover.panel == panel for cover in covers)


def told(screen: SceneScreen) -> str:
    """All that the card says, also below its last row, without its folds."""
    return "".join("".join(texts(screen.card_panel.lines)).split())


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_what_is_asked_is_told_by_no_card_and_no_panel_before(language: str) -> None:
    checked = 0
    async with stage(LARGE, language) as shown:
        for number in COVERING:
            scene = load(number).scene
            async with shown.scene(number) as screen:
                for moment in moments(number):
                    step = asked(scene, moment)
                    if step.question is None or not step.question.covers:
                        continue
                    rows = await shown.at(screen, moment)
                    for secret in secrets(scene, step, screen):
                        is_told = "".join(secret.split()) in told(screen)
                        assert is_told is not moment.asks, f"{number} {moment}: {secret}"
                        checked += 1
                    for cover in (one for one in step.question.covers if one.panel):
                        panel = "\n".join(part(rows, screen.panels()[cover.panel].region))
                        waits = asked_later(scene, step, cover.panel) and not moment.asks
                        sign = covered_words(NOW) if waits else SIGN
                        assert (sign in panel) is moment.asks, f"{number} {moment}: {panel}"
                        checked += 1
    assert checked >= 2 * 25


async def test_the_real_source_waits_for_the_answer_as_well() -> None:
    async with stage(LARGE) as shown, shown.scene("06") as screen:
        at_rest = next(one for one in moments("06") if one.step == "tags")
        await shown.at(screen, at_rest)
        assert "def due(" not in "\n".join(await shown.pressed("c")), "beats 4 and 12 ask for it"
        await shown.pressed("c")
        asks, answered = (one for one in moments("06") if one.step == "retry")
        await shown.at(screen, asks)
        rows = "\n".join(await shown.pressed("c"))
        assert "real source after the answer" in rows and "def due(" not in rows
        rows = "\n".join(await shown.at(screen, answered))
        assert "def due(" in rows
