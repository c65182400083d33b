"""What a scene tells with its own seed is what its golden file says, but for times and pids."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scenes.loader import LESSONS
from tests.scenes.golden import FOLDER, as_far_as_measured, masked, told

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)


SCENES = sorted(folder.name for folder in LESSONS.iterdir() if (folder / "scene.toml").exists())


def test_the_course_has_ten_scenes_and_each_its_golden_file() -> None:
    assert len(SCENES) == 10
    assert sorted(file.stem for file in FOLDER.glob("*.txt")) == SCENES


@pytest.mark.parametrize("number", SCENES)
def test_a_run_tells_what_its_golden_file_says(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    golden = (FOLDER / f"{number}.txt").read_text(encoding="utf-8")
    code, text, err = told(number)
    assert (code, err) == (0, "")
    assert as_far_as_measured(text, golden) == as_far_as_measured(golden, golden)


def test_times_and_pids_are_masked_and_nothing_else() -> None:
    text = "    1.234 s  fork      child pid 77, 1,491 µs, for rdb\n"
    text += "  | 12 pages of 700\n  | in 3 ms.\n"
    wanted = "  fork      child pid P, T µs, for rdb\n  | 12 pages of 700 in T ms.\n"
    assert masked(text) == wanted


def test_another_figure_is_another_story() -> None:
    assert masked("  | 12 pages\n") != masked("  | 13 pages\n")
    assert as_far_as_measured("  FAILED a: b\n", "  held     a: c\n") == "  FAILED a: b\n"
