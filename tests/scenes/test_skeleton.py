from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenes import skeleton
from scenes.errors import SceneError
from scenes.headless import Run
from scenes.loader import load

README = Path(skeleton.HERE).parent / "README.md"


@pytest.mark.parametrize("file", skeleton.FILES)
def test_the_worked_example_is_the_skeleton(file: str) -> None:
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"<!-- skeleton: {re.escape(file)} -->\n```toml\n(.*?)```", text, re.DOTALL)
    assert found and found[1] == (skeleton.HERE / file).read_text(encoding="utf-8")


def test_a_new_scene_is_called_by_its_name(tmp_path: Path) -> None:
    folder = skeleton.make(str(tmp_path / "My-Scene"))
    lesson = load(str(folder))
    assert lesson.scene.slug == lesson.words.text("title") == "my-scene"
    with pytest.raises(SceneError, match="is there already"):
        skeleton.make(str(folder))
    for name in ("...", "a b", "a_b", "-", "a\nb", "\u573a\u666f", "\u212a"):
        with pytest.raises(SceneError, match="is no name"):
            skeleton.make(str(tmp_path / name))
        assert not (tmp_path / name).exists() or name == "..."


async def test_a_new_scene_plays_and_all_that_it_expects_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    run = Run(load(str(skeleton.make(str(tmp_path / "mine")))), pace=100)
    await run.play()
    assert run.failures == []
    verdicts = run.live.player.verdicts
    assert len(verdicts) == 4 and all(verdict.held for verdict in verdicts)
