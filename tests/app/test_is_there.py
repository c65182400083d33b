"""`record` and `export` replace no file unless they are told to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import app.export.export
import scenes.headless
from app import cli
from app.said import said


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were written, by what would write them."""
    found: list[str] = []

    def writes(answer: object) -> Callable[..., object]:
        return lambda source, target, **options: found.append(target) or answer

    monkeypatch.setattr(scenes.headless, "record", writes(0))
    monkeypatch.setattr(app.export.export, "export", writes("done"))
    monkeypatch.setattr("app.commands.missing_here", lambda: "")
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("record", "a.cowscope"),
        ("record", "a"),
        ("export", "a.cowscope"),
        ("export", "a.cast"),
        ("export", "a.html"),
    ],
)
def test_a_file_that_is_there_is_spared(
    command: str,
    name: str,
    language: str,
    tmp_path: Path,
    written: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = (command, "04", str(tmp_path / name), "--lang", language)
    assert cli.main(words) == 0
    assert written == [str(tmp_path / name)]
    (tmp_path / name).write_bytes(b"precious")
    capsys.readouterr()
    assert cli.main(words) == 1 and len(written) == 1
    told = capsys.readouterr().err
    assert told == f"cowscope: {said('cli.is_there', path=str(tmp_path / name))}\n"
    assert "--force" in told
    assert cli.main((*words, "--force")) == 0 and len(written) == 2


def test_a_folders_stills_are_spared_too(
    tmp_path: Path, written: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "stills"
    folder.mkdir()
    (folder / "notes.txt").write_bytes(b"mine")
    words = ("export", "04", str(folder))
    assert cli.main(words) == 0 and written == [str(folder)]
    (folder / "01-a.svg").write_bytes(b"precious")
    assert cli.main(words) == 1 and len(written) == 1
    assert "--force" in capsys.readouterr().err
    assert cli.main((*words, "--force")) == 0 and len(written) == 2


@pytest.mark.parametrize("name", ["y.html", "y.cast", "y.cowscope", "stills"])
def test_no_folder_is_made_that_nobody_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "nonexist" / name
    assert cli.main(("export", "02", str(target))) == 1
    assert "No such file or directory" in capsys.readouterr().err
    assert not target.parent.exists()


def test_what_is_left_of_a_failed_attempt_is_in_nobodys_way(
    tmp_path: Path, written: list[str]
) -> None:
    (tmp_path / "a.cowscope.part").write_bytes(b"half")
    assert cli.main(("record", "04", str(tmp_path / "a.cowscope"))) == 0 and written
