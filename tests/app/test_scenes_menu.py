"""The menu knows what was played, and goes on with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.application import CowscopeApp
from app.driver import Driver
from app.menu import Choice, MenuScreen
from app.scenes_menu import choices
from scenes.errors import SceneError
from scenes.loader import load
from scenes.progress import Progress

LESSON = load("04")


def first(progress: Progress | None) -> Choice:
    return next(choice for choice in choices("en", "", progress) if choice.number == "04")


def test_what_was_done_stands_beside_a_scene(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p.json")
    assert first(progress).note == "about 8 minutes, live" and first(progress).resume == ""
    progress.entered(LESSON, "fork")
    progress.answered(LESSON, "hot-page", 0, 0)
    questions = sum(stage.question is not None for stage in LESSON.scene.stages)
    place = [stage.id for stage in LESSON.scene.stages].index("fork") + 1
    assert (
        f"step {place} of {len(LESSON.scene.stages)}, 1 of {questions} predicted right"
        in first(progress).note
    )
    assert first(progress).resume == "fork"
    progress.finished(LESSON)
    progress.finished(LESSON)
    assert "played to the end 2 times" in first(progress).note and first(progress).resume == ""
    assert first(None).note == "about 8 minutes, live"


@pytest.mark.parametrize(("key", "resumes"), [("enter", False), ("r", True)])
async def test_r_goes_on_and_enter_begins(tmp_path: Path, key: str, resumes: bool) -> None:
    progress = Progress(tmp_path / "p.json")
    progress.entered(LESSON, "fork")
    opened: list[tuple[str, bool]] = []

    def open_choice(choice: Choice, resume: bool) -> Driver:
        opened.append((choice.resume, resume))
        raise SceneError("enough is known")

    app = CowscopeApp(menu=[first(progress)], open_choice=open_choice, ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, MenuScreen)
        await pilot.press(key)
        await pilot.pause()
    assert opened == [("fork", resumes)]
