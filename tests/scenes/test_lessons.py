"""The lessons that ship: their words and code fit where they are shown."""

from __future__ import annotations

import textwrap

import pytest

from scenes.loader import Lesson, known, load
from scenes.scene import Stage

LESSONS = [load(scene.number) for scene in known()]
CODE_CELLS = 42


def said(lesson: Lesson) -> list[tuple[Stage, str]]:
    """Every text that a step may say, in whatever state."""
    scene = lesson.scene
    return [
        (stage, text)
        for stage in scene.stages
        for text in (stage.text, *(o.text for o in (*stage.otherwise, *scene.otherwise)))
    ]


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.scene.number for lesson in LESSONS])
@pytest.mark.parametrize(("cells", "lines"), [(46, 10), (76, 6)])
def test_the_words_of_a_step_fit_their_panel(lesson: Lesson, cells: int, lines: int) -> None:
    for stage, text in said(lesson):
        keys = [text]
        if stage.question is not None:
            keys += [stage.question.text, *(choice.text for choice in stage.question.choices)]
        figures = {name: 99_999 for key in keys for name in lesson.words.figures_in(key)}
        shown = [
            line for key in keys for line in textwrap.wrap(lesson.words.text(key, figures), cells)
        ]
        assert len(shown) <= lines, stage.id


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.scene.number for lesson in LESSONS])
def test_the_code_of_a_card_fits_its_panel(lesson: Lesson) -> None:
    for card in lesson.scene.cards:
        assert max(map(len, card.code.splitlines())) <= CODE_CELLS, card.name
        assert "\t" not in card.code


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.scene.number for lesson in LESSONS])
def test_a_scene_has_what_the_format_asks_for(lesson: Lesson) -> None:
    scene = lesson.scene
    assert max(stage.beat for stage in scene.stages) >= 9
    assert any(stage.question for stage in scene.stages)
    assert any(stage.expect for stage in scene.stages)
    for stage in scene.stages:
        if stage.question is not None:  # the scripted answer is a misconception, worth explaining
            values = [(c.value, c.least, c.most) for c in stage.question.choices]
            assert len(set(values)) == len(values)


DAY = 24 * 60 * 60


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.scene.number for lesson in LESSONS])
def test_no_key_of_a_lesson_dies_while_somebody_thinks(lesson: Lesson) -> None:
    """An expiry would enter the log as a DEL, in the middle of what the scene measures."""
    for stage in lesson.scene.stages:
        asked = stage.question
        reveals = [asked.reveal, *(one.reveal for one in asked.choices)] if asked else []
        for action in (one for actions in (stage.do, *reveals) for one in actions):
            argv = [word.upper() for word in action.send or []]
            lives = int(argv[argv.index("EX") + 1]) if "EX" in argv else DAY
            assert lives >= DAY and not {"PX", "EXPIRE", "PEXPIRE", "SETEX"} & {*argv}, stage.id
