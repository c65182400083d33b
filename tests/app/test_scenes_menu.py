"""The menu knows what was played, and goes on with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.application import CowscopeApp
from app.driver import Driver
from app.menu import Choice, MenuScreen, entry_lines, menu_lines
from app.scenes_menu import choices
from scenes.errors import SceneError
from scenes.loader import Lesson, load
from scenes.progress import Progress
from tests.app.seen import settled

LESSON = load("04")


def first(progress: Progress | None) -> Choice:
    return next(choice for choice in choices("en", "", progress) if choice.number == "04")


def test_what_was_done_stands_beside_a_scene(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p.json")
    assert first(progress).note == "8 min" and first(progress).resume == ""
    progress.entered(LESSON, "fork")
    progress.answered(LESSON, "hot-page", 0, 0)
    questions = sum(stage.question is not None for stage in LESSON.scene.stages)
    place = [stage.id for stage in LESSON.scene.stages].index("fork") + 1
    assert (
        f"step {place} of {len(LESSON.scene.stages)}, 1 of {questions} predicted right"
        in first(progress).note
    )
    assert first(progress).resume == "fork"
    progress.entered(LESSON, LESSON.scene.stages[1].id)  # looked at again from the beginning
    again = first(progress)
    assert f"step 2 of {len(LESSON.scene.stages)} (furthest: {place})" in again.note
    assert again.resume == LESSON.scene.stages[1].id
    progress.finished(LESSON)
    progress.finished(LESSON)
    assert "played to the end 2 times" in first(progress).note and first(progress).resume == ""
    assert first(None).note == "8 min"


@pytest.mark.parametrize(
    ("key", "resumes", "replays"),
    [("enter", False, False), ("r", True, False), ("v", False, True), ("4", False, False)],
)
async def test_keys_begin_go_on_and_show_the_recording(
    tmp_path: Path, key: str, resumes: bool, replays: bool
) -> None:
    progress = Progress(tmp_path / "p.json")
    progress.entered(LESSON, "fork")
    opened: list[tuple[str, bool, bool]] = []

    def open_choice(chosen: MenuScreen.Chosen) -> Driver:
        opened.append((chosen.choice.resume, chosen.resume, chosen.replay))
        raise SceneError("enough is known")

    app = CowscopeApp(menu=[first(progress)], open_choice=open_choice, ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, MenuScreen)
        await pilot.press(key)
        await pilot.pause()
    assert opened == [("fork", resumes, replays)]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_menu_tells_of_a_damaged_progress_file(
    tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.phrases._language", language)
    (tmp_path / "p.json").write_text('{"04": {"finished": -3}}')
    progress = Progress(tmp_path / "p.json")
    app = CowscopeApp(menu=choices(language, "", progress), menu_notice=lambda: progress.trouble)
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await settled(pilot)
    told = "".join(row.strip(" │") for row in shown).replace(" ", "")
    assert "p.json.damaged" in told and "-3" not in told
    assert all(f" {number:02} " in "\n".join(shown) for number in range(11))


def scenes(count: int) -> list[Choice]:
    return [
        Choice(f"{n:02}", f"{n:02}", f"Title {n}", f"Thesis {n}", "note", recorded=True)
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("at", [0, 5, 10])
def test_ten_scenes_and_more_have_room_on_a_small_screen(at: int) -> None:
    lines = ["".join(text for text, _ in row) for row in menu_lines(scenes(11), at, 74, 20)]
    assert len(lines) <= 20
    assert all(any(f"Title {n}" in row for row in lines) for n in range(1, 12))
    assert [row.strip() for row in lines if "Thesis" in row] == [f"Thesis {at + 1}"]


def test_where_there_is_room_every_thesis_is_said() -> None:
    lines = ["".join(text for text, _ in row) for row in menu_lines(scenes(10), 3, 74, 44)]
    assert sum("Thesis" in row for row in lines) == 10


def test_without_an_engine_enter_shows_the_recording() -> None:
    found = choices("en", "no /proc here", None)
    assert found and all(choice.recorded and not choice.live for choice in found[:4])
    assert "no /proc here" in found[0].note
    row = "".join(text for line in entry_lines(found[0], True, 74) for text, _ in line)
    assert "Enter shows its recording" in row and " v " not in row


def test_a_scene_where_nothing_was_done_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def told(name: str, language: str) -> Lesson:
        read.append(name)
        return load(name, language)

    monkeypatch.setattr("app.scenes_menu.load", told)
    progress = Progress(tmp_path / "p.json")
    progress.entered(LESSON, "fork")
    assert len(choices("en", "", progress)) == 11
    assert read == ["04"]


def test_what_was_seen_in_a_recording_is_called_so(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p.json")
    progress.shown(LESSON, "fork")
    progress.answered_in_replay(LESSON, "hot-page", 0, 0)
    note = first(progress).note
    assert note == "8 min · recording: step 7 of 16, 1 of 3 predicted right"
    assert first(progress).resume == ""
    progress.watched(LESSON)
    assert "recording: watched to the end" in first(progress).note
    found = choices("en", "no /proc here", progress)
    assert "watched to the end" in found[3].note and not found[3].resume


def test_a_note_that_its_row_would_cut_is_told_whole_at_the_cursor(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p.json")
    progress.entered(LESSON, "fork")
    progress.shown(LESSON, "fork")
    rows = ["".join(text for text, _ in row) for row in entry_lines(first(progress), True, 72)]
    assert all(len(row) <= 72 for row in rows)
    told = " ".join(row.strip() for row in rows)
    assert "8 min · step 7 of 16 · recording: step 7 of 16" in told
