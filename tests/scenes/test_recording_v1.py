"""Recordings of version 1: gzip over lines."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from engine import events
from scenes.errors import SceneError
from scenes.recording import DamagedRecordingError, opened, read, read_header
from scenes.stored import Header
from tests.scenes.streams import tale

HEADER = Header(version=1, scene="04", kernel="6.18", date="2026-01-02", seed=4, arena_pages=16)


def written(path: Path, stream: list[events.AnyEvent]) -> Path:
    lines = [msgspec.json.encode(HEADER), *map(events.encode, stream)]
    path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    return path


def test_it_is_read_as_before(tmp_path: Path) -> None:
    path = str(written(tmp_path / "r", tale()))
    assert read(path).header == read_header(path) == HEADER
    assert read(path).events == list(opened(path).events) == tale()


@pytest.mark.parametrize("keep", [0, 3, 12, 100, 0.5, 0.9, -8, -1])
def test_one_that_breaks_off_says_where(tmp_path: Path, keep: float) -> None:
    path = written(tmp_path / "r", tale())
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if 0 < keep < 1 else int(keep)])
    with pytest.raises(SceneError, match=r"at offset|before offset") as caught:
        read(str(path))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    if isinstance(caught.value, DamagedRecordingError):
        kept = caught.value.events
        assert kept == tale()[: len(kept)]
        if kept:
            assert list(opened(str(path)).events) == kept


def test_any_flipped_byte_is_one_clear_error_or_harmless(tmp_path: Path) -> None:
    path = written(tmp_path / "r", tale())
    data = path.read_bytes()
    for place in range(0, len(data), 11):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        try:
            assert read(str(path)).events == tale()
        except SceneError as err:
            assert str(path) in str(err) and "\n" not in str(err)
            assert "offset" in str(err)


def test_a_line_that_is_no_event_has_its_offset(tmp_path: Path) -> None:
    path = tmp_path / "r"
    lines = [msgspec.json.encode(HEADER), *map(events.encode, tale()[:3]), b'{"x": 1}']
    path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    with pytest.raises(
        SceneError, match=r"before offset \d+, line 5; 3 events before it are whole"
    ):
        read(str(path))
