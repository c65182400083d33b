"""What was left is kept as it lay there, and laid out elsewhere; locks and logs are no data."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenes import beginnings
from scenes.beginnings import Files


def left(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_come_back_as_they_were(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    (one / "appendonlydir").mkdir(parents=True)
    two.mkdir()
    (one / "dump.rdb").write_bytes(b"REDIS" * 1000)
    (one / "appendonlydir" / "appendonly.aof.1.incr.aof").write_bytes(b"*1\r\n" * 9)
    meant = left(one)
    for name in ("lock", "cowscope.lock", "engine.log"):
        (one / name).write_bytes(b"not data")
    files = Files.of(one)
    assert files is not None
    (one / "dump.rdb").write_bytes(b"later")
    files.lay_out(two)
    assert left(two) == meant
    files.lay_out(two)  # as often as one branches
    assert left(two) == meant


def test_too_much_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dump.rdb").write_bytes(b"x" * 100)
    monkeypatch.setattr(beginnings, "MOST_BYTES", 99)
    assert Files.of(tmp_path) is None
