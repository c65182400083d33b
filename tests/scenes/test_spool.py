from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from scenes.spool import Spool

PARTS = [b"one", b"", b"three" * 1000]


def test_what_was_appended_is_found_by_its_number(tmp_path: Path) -> None:
    spool = Spool()
    for part in PARTS:
        spool.append(part)
        assert spool[len(spool) - 1] == part  # reading does not disturb writing
    assert [spool[n] for n in range(len(spool))] == PARTS


def test_it_lies_in_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool = Spool()
    spool.append(PARTS[2])
    assert spool._file is not None and os.fstat(spool._file.fd).st_size == len(PARTS[2])
    assert not list(tmp_path.iterdir())


def test_without_a_place_for_files_memory_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no"))
    spool = Spool()
    for part in PARTS:
        spool.append(part)
    assert [spool[n] for n in range(len(spool))] == PARTS
