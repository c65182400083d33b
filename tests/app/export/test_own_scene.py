"""A recording of an author's own scene is exported when the folder of the scene has gone."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.export.export import export
from scenes import skeleton
from scenes.headless import record
from scenes.recording import opened


def test_a_recording_outlives_its_scenes_folder(tmp_path: Path) -> None:
    folder = skeleton.make(str(tmp_path / "my-scene"))
    toml = (folder / "scene.toml").read_text()
    (folder / "scene.toml").write_text(toml.replace('number = "00"', 'number = "04"'))
    made = str(tmp_path / "made.cowscope")
    assert record(str(folder), made, date="2026-01-02", pace=50.0) == 0
    shutil.rmtree(folder)

    export(made, str(tmp_path / "page.html"), size=(80, 24))
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<h1>04 · my-scene</h1>" in page and "The same key again" in page
    export(made, str(tmp_path / "again.cowscope"), size=(80, 24))
    assert opened(str(tmp_path / "again.cowscope")).scene_files() == opened(made).scene_files()
