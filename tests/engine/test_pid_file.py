"""The pid file is there while the engine runs, and what can't be written keeps nobody away."""

from __future__ import annotations

from pathlib import Path

from engine import pid_file
from tests.whole.running import engine


def test_it_is_there_while_the_engine_runs(tmp_path: Path) -> None:
    path = tmp_path / "engine.pid"
    with engine(tmp_path, "--pidfile", str(path)) as running:
        assert path.read_text() == f"{running.process.pid}\n"
        assert running.stop() == 0
        assert "* Removing the pid file." in running.log.read_text()
    assert not path.exists()


def test_one_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = str(tmp_path / "none" / "pid")
    lines: list[tuple[str, str]] = []
    pid_file.write(path, lambda level, text: lines.append((level, text)))
    assert lines == [("#", f"Can't write the pid file {path}: No such file or directory")]
    pid_file.remove("", lambda level, text: lines.append((level, text)))
    assert len(lines) == 1
