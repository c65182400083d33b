from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events
from scenes import recording as module
from scenes.errors import SceneError
from scenes.loader import load
from scenes.recording import DamagedRecordingError, RecordingWriter, opened, read, read_header
from scenes.stored import Header, StoredEvents
from tests.scenes.streams import any_stream, tale

HEADER = Header(scene="04", kernel="6.18", date="2026-01-02", seed=4, arena_pages=16)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a short stream has many."""
    monkeypatch.setattr(module, "CHUNK", 4)


def written(
    path: Path,
    stream: list[events.AnyEvent],
    scene: str = "",
    files: dict[str, str] | None = None,
) -> str:
    about = load(scene).scene if scene else None
    with RecordingWriter(str(path), HEADER, about, files) as writer:
        for event in stream:
            writer.append(event)
    return str(path)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(any_stream)
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, stream: list[events.AnyEvent]
) -> None:
    path = written(tmp_path_factory.mktemp("r") / "r.cowscope", stream)
    recording = read(path)
    assert recording.header == HEADER == read_header(path)
    assert recording.events == stream


def test_the_same_events_make_the_same_bytes(tmp_path: Path) -> None:
    one = Path(written(tmp_path / "one", tale(), "04")).read_bytes()
    assert one == Path(written(tmp_path / "two", tale(), "04")).read_bytes()


def test_the_first_line_tells_what_it_is(tmp_path: Path) -> None:
    line = Path(written(tmp_path / "r", tale())).read_bytes().splitlines()[0]
    assert line.startswith(b'{"magic":"cowscope-recording","version":2,"scene":"04"')


def test_a_scene_of_ones_own_lies_in_the_file(tmp_path: Path) -> None:
    files = {"scene.toml": "x = 1\n", "zh.toml": 'a = "写时复制"\n'}
    path = Path(written(tmp_path / "r", tale(), "04", files))
    recording = read(str(path))
    assert recording.header.version == 3 and recording.events == tale()
    assert opened(str(path)).scene_files() == files
    assert opened(written(tmp_path / "without", tale(), "04")).scene_files() == {}
    data = path.read_bytes()
    at = data.index(b"\n") + 40  # in the scene
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(SceneError, match=r"damaged at offset \d+; 0 events"):
        opened(str(path))


def test_events_are_read_one_by_one_and_in_slices(tmp_path: Path) -> None:
    stored = opened(written(tmp_path / "r", tale())).events
    assert isinstance(stored, StoredEvents) and len(stored) == len(tale())
    for index in (*reversed(range(len(stored))), -1):
        assert stored[index] == tale()[index]
    assert stored[2:11:3] == tale()[2:11:3]
    for index in (len(stored), -len(stored) - 1):
        with pytest.raises(IndexError, match="the recording holds"):
            stored[index]


def test_marks_lie_in_the_file(tmp_path: Path) -> None:
    stored = opened(written(tmp_path / "r", tale())).events
    assert isinstance(stored, StoredEvents)
    assert [mark.kind for mark in stored.marks] == ["fsync", "fork", "child.exit", "rdb.saved"]
    assert all(type(tale()[m.index]).__name__.lower() == m.kind.replace("child.exit", "childexit")
               for m in stored.marks if m.kind in ("fork", "child.exit"))  # fmt: skip


def test_a_recording_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(b"older")
    writer = RecordingWriter(str(path), HEADER)
    assert path.read_bytes() == b"older"
    writer.close()
    writer.close()
    assert read(str(path)).events == [] and list(tmp_path.iterdir()) == [path]


def test_a_place_held_for_nothing_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_bytes(b"older")
    with RecordingWriter(str(path)):
        assert len(list(tmp_path.iterdir())) == 2
    assert path.read_bytes() == b"older" and list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_file_to_record_to(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"cannot record to .*: it is a folder; name a file"):
        RecordingWriter(str(tmp_path))


def test_replay_times_never_go_back(tmp_path: Path) -> None:
    stream = tale()
    stream[3] = msgspec.structs.replace(stream[3], at=0.0)
    recording = read(written(tmp_path / "r", stream))
    times = [at for at, _ in recording.timed(pace=2.0)]
    assert times[0] == 0.0 and times == sorted(times)
    assert times[-1] == recording.seconds / 2


def test_a_recording_cut_anywhere_is_a_prefix_and_says_where(tmp_path: Path) -> None:
    path = Path(written(tmp_path / "r", tale(), "04"))
    data = path.read_bytes()
    most = 0
    for keep in itertools.chain(range(0, 400, 7), range(400, len(data), 53), [len(data) - 1]):
        path.write_bytes(data[:keep])
        with pytest.raises(SceneError, match=r"at offset [\d,]+") as caught:
            read(str(path))
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
        if isinstance(caught.value, DamagedRecordingError):
            kept = caught.value.events
            assert kept == tale()[: len(kept)] and len(kept) >= most
            most = len(kept)
    assert most == len(tale())  # only the end was missing


def test_a_file_that_is_recorded_to_can_be_read_meanwhile(tmp_path: Path) -> None:
    writer = RecordingWriter(str(tmp_path / "r"), HEADER)
    for event in tale()[:10]:
        writer.append(event)
    part = opened(str(tmp_path / "r.part"))
    assert list(part.events) == tale()[:8] and "breaks off at offset" in part.damage
    writer.close()


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.data())
def test_any_flipped_byte_is_one_clear_error_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = Path(written(tmp_path_factory.mktemp("r") / "r", tale(), "04"))
    damaged = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(damaged)
    with pytest.raises(SceneError) as caught:
        read(str(path))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert "offset" in str(caught.value) or "has version" in str(caught.value)


def test_events_that_are_missing_leave_a_gap_in_their_place(tmp_path: Path) -> None:
    stream = tale()
    recording = read(written(tmp_path / "r", [*stream[2:6], *stream[9:]]))
    assert [event.seq for event in recording.events if isinstance(event, events.Gap)] == [2, 9]
    assert recording.missing == 5
    assert [e for e in recording.events if not isinstance(e, events.Gap)] == [
        *stream[2:6],
        *stream[9:],
    ]
    assert read(written(tmp_path / "whole", stream)).missing == 0


def line(path: Path, *lines: str) -> str:
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    return str(path)


def test_foreign_files_are_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("hello")
    with pytest.raises(SceneError, match="is no recording: it ends or is binary at offset 5"):
        read(str(path))
    path.write_text("hello\n")
    with pytest.raises(SceneError, match="its first line, at offset 0, is no header"):
        read(str(path))
    with pytest.raises(SceneError, match="first line, at offset 0, is no header"):
        read(line(path, "hello"))
    with pytest.raises(SceneError, match="its header says 'x'"):
        read(line(path, '{"magic": "x"}'))
    path.write_text('{"version": 2, "width": 80, "height": 24}\n[0.1, "o", "x"]\n')
    with pytest.raises(SceneError, match="is no recording: its header says '', at offset 0"):
        read(str(path))
    path.write_text('{"magic": "cowscope-recording", "version": 0}\n')
    with pytest.raises(SceneError, match="its header says 'version 0', at offset 0"):
        read(str(path))
    with pytest.raises(SceneError, match="has version 99, at offset 0"):
        read(line(path, '{"magic": "cowscope-recording", "version": 99}'))
    first = '{"magic": "cowscope-recording", "version": 1}'
    with pytest.raises(SceneError, match=r"before offset \d+, line 3; 1 event before"):
        read(line(path, first, '{"type": "gap", "missed": 1}', '{"x":1}'))
    with pytest.raises(SceneError, match="no version 2 looks so"):
        read(line(path, '{"magic": "cowscope-recording", "version": 2}'))
    with pytest.raises(SceneError, match="No such file"):
        read(str(tmp_path / "none"))
    with pytest.raises(SceneError, match="is a folder"):
        read(str(tmp_path))
    with pytest.raises(SceneError, match="cannot record to"):
        RecordingWriter(str(tmp_path / "no" / "r"), HEADER)
