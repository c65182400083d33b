"""A recording is shown with its own scene, wherever its author's folder is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scenes.errors import SceneError
from scenes.loader import load, own_files
from scenes.recorded_lesson import lesson_of
from scenes.recording import RecordingWriter, opened
from scenes.stored import Header
from tests.scenes.authored import copied
from tests.scenes.streams import tale


def recorded(path: Path, files: dict[str, str], scene: str = "04") -> str:
    with RecordingWriter(str(path), Header(scene=scene), files=files) as writer:
        for event in tale():
            writer.append(event)
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """The skeleton's files as a recording has them, with two words of Chinese; the folder goes."""
    folder = copied(tmp_path / "gone")
    (folder / "zh.toml").write_text('[fork]\ntitle = "分叉"\n', encoding="utf-8")
    found = own_files(load(str(folder)))
    shutil.rmtree(folder)
    return found


def test_a_scene_of_ones_own_needs_no_folder(tmp_path: Path, files: dict[str, str]) -> None:
    path = recorded(tmp_path / "r", files)
    english = lesson_of(opened(path), path)
    assert english.scene.slug == "NAME" and english.words.text("fork.title") == "A fork"
    chinese = lesson_of(opened(path), path, "zh")
    assert chinese.words.text("fork.title") == "分叉"
    assert chinese.words.text("dump.title") == "The dump"


def test_a_scene_of_the_course_is_found_by_its_number(tmp_path: Path) -> None:
    assert own_files(load("04")) == {}
    path = recorded(tmp_path / "r", {})
    assert lesson_of(opened(path), path).scene == load("04").scene


def test_to_show_it_asks_no_engine(tmp_path: Path, files: dict[str, str]) -> None:
    path = recorded(tmp_path / "r", files)
    code = (
        "import sys\nfrom scenes.recorded_lesson import lesson_of\n"
        "from scenes.recording import opened\n"
        f"lesson_of(opened({path!r}), {path!r})\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] == 'engine'))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "engine.events" in found.stdout
    assert not {"engine.config", "engine.commands", "engine.server"} & set(found.stdout.split())


def test_what_this_program_does_not_know_is_said_in_one_line(
    tmp_path: Path, files: dict[str, str]
) -> None:
    of_tomorrow = files["scene.toml"].replace('"dump_is_whole"', '"dump_is_perfect"')
    path = recorded(tmp_path / "r", {**files, "scene.toml": of_tomorrow})
    with pytest.raises(SceneError, match=r"cannot show the scene in it: .*dump_is_perfect"):
        lesson_of(opened(path), path)
    path = recorded(tmp_path / "r", {"scene.toml": of_tomorrow})
    with pytest.raises(SceneError, match=r"a scene without its en\.toml"):
        lesson_of(opened(path), path)
