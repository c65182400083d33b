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


DAMAGED = [
    b"",
    b"{bad",
    b"\xff",
    b"[" * 100_000,
    b'{"04": {"steps_seen": "many"}}',
    b'{"04": {"steps_seen": 1e99}}',
    b'{"04": {"finished": -3}}',
    b'{"04": {"finished": 99999999999999999999}}',
    b'{"04": {"replayed": {"finished": -1}}}',
    b'{"04": {"answers": {"hot-page": {"chosen": 0, "right": 4}}}}',
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_kept_and_told_of(tmp_path: Path, content: bytes) -> None:
    path, older = tmp_path / "progress.json", tmp_path / "progress.json.damaged"
    path.write_bytes(content)
    older.write_bytes(b"of an earlier time")
    progress = Progress(path)
    assert progress.scenes == {} and "\n" not in progress.trouble
    assert f"{path}, is damaged" in progress.trouble
    assert "kept as progress.json.damaged-2" in progress.trouble
    assert Progress(path).trouble == progress.trouble  # the same copy, not another one
    progress.entered(LESSON, STEPS[0])
    again = Progress(path)
    assert again.of(LESSON).steps_seen == 1 and not again.trouble
    assert older.read_bytes() == b"of an earlier time"
    assert (tmp_path / "progress.json.damaged-2").read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 3


def test_one_that_is_damaged_while_a_scene_plays_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    progress = Progress(path)
    progress.entered(LESSON, STEPS[0])
    path.write_bytes(b"{bad")
    progress.finished(LESSON)
    assert (tmp_path / "progress.json.damaged").read_bytes() == b"{bad"
    assert "is damaged" in progress.trouble and Progress(path).of(LESSON).finished == 1


def test_what_can_be_neither_read_nor_copied_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "progress.json"
    path.mkdir()  # root reads everything but this
    progress = Progress(path)
    progress.entered(LESSON, STEPS[0])
    assert "cannot be read" in progress.trouble and path.is_dir()
    path.rmdir()
    path.write_bytes(b"{bad")

    def refused(path: Path, data: bytes) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scenes.progress_file._holds", refused)
    progress = Progress(path)
    progress.entered(LESSON, STEPS[0])
    assert "no copy can be made (No space left on device)" in progress.trouble
    assert path.read_bytes() == b"{bad" and progress.of(LESSON).steps_seen == 1


def test_where_nothing_can_be_written_the_scene_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    progress = Progress(tmp_path / "file" / "progress.json")
    progress.entered(LESSON, STEPS[0])
    assert progress.of(LESSON).steps_seen == 1


def test_it_lies_in_the_platforms_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/data")
    assert Progress().path == Path("/somewhere/data/cowscope/progress.json")
