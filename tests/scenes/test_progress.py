from __future__ import annotations

from pathlib import Path

import pytest

from scenes.loader import load
from scenes.progress import Answer, Progress, ScenePast, name_of

LESSON = load("04")
STEPS = [stage.id for stage in LESSON.scene.stages]


def test_what_was_done_is_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "progress.json"
    progress = Progress(path)
    assert progress.of(LESSON) == ScenePast()
    progress.entered(LESSON, STEPS[0])
    progress.entered(LESSON, STEPS[8])
    progress.entered(LESSON, STEPS[2])  # back again: seen is seen
    progress.answered(LESSON, "hot-page", 1, 0)
    again = Progress(path).of(LESSON)
    assert again == ScenePast(
        step=STEPS[2], steps_seen=9, finished=0, answers={"hot-page": Answer(1, 0)}
    )
    assert again.right == 0
    progress.answered(LESSON, "hot-page", 0, 0)
    progress.finished(LESSON)
    last = Progress(path).of(LESSON)
    assert (last.step, last.finished, last.right) == ("", 1, 1)
    assert [file.name for file in path.parent.iterdir()] == ["progress.json"]


def test_two_scenes_played_beside_each_other_keep_both(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    one, two = Progress(path), Progress(path)
    other = load(str(Path(__file__).parents[2] / "scenes" / "skeleton"))
    one.entered(LESSON, STEPS[1])
    two.entered(other, "copy")
    found = Progress(path)
    assert (found.of(LESSON).step, found.of(other).step) == (STEPS[1], "copy")
    assert name_of(LESSON) == "04" and Path(name_of(other)).name == "skeleton"


@pytest.mark.parametrize("content", [b"", b"{", b'{"04": {"steps_seen": "many"}}', b"\xff"])
def test_a_damaged_file_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "progress.json"
    path.write_bytes(content)
    progress = Progress(path)
    assert progress.scenes == {}
    progress.entered(LESSON, STEPS[0])
    assert Progress(path).of(LESSON).steps_seen == 1


def test_where_nothing_can_be_written_the_scene_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    progress = Progress(tmp_path / "file" / "progress.json")
    progress.entered(LESSON, STEPS[0])
    assert progress.of(LESSON).steps_seen == 1


def test_it_lies_in_the_platforms_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/data")
    assert Progress().path == Path("/somewhere/data/cowscope/progress.json")
