"""What is exported shows what the recording holds, and asks nobody for anything."""

from __future__ import annotations

import gzip
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import msgspec
import pytest

from app.assets import recording
from app.export.export import export
from app.export.film import frames
from app.export.stage import moments
from engine import events
from scenes.errors import SceneError
from scenes.loader import load
from scenes.recorded_history import RecordedHistory
from scenes.recording import Recording, RecordingWriter, opened, read, read_header
from scenes.stored import Header


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The shipped recording up to the fork of its opening, with a name of two cells a sign."""
    whole = read(str(recording("04")))
    kinds = [type(event) for event in whole.events]
    path = tmp_path_factory.mktemp("export") / "short.cowscope"
    with RecordingWriter(str(path), whole.header) as writer:
        for event in whole.events[: kinds.index(events.Fork) + 40]:
            if isinstance(event, events.AofAppend):
                event = events.AofAppend(
                    **{**_fields(event), "text": event.text.replace("user", "写时")}
                )
            writer.append(event)
    return str(path)


def _fields(event: events.AofAppend) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def asked(text: str) -> list[str]:
    """Addresses that a drawing or a page would fetch something from."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    return [url for url in re.findall(r"https?://[^\s\"<)]+", text) if "w3.org" not in url]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM", "TERM"):
        monkeypatch.setenv(name, "")


def test_stills_show_every_step(source: str, tmp_path: Path) -> None:
    said = export(source, str(tmp_path / "stills"), size=(120, 36))
    drawings = sorted((tmp_path / "stills").iterdir())
    assert f"{len(drawings)} pictures" in said
    assert [drawing.name for drawing in drawings][:2] == [
        "01-writes-acknowledged.svg",
        "02-once-a-second-the-disk.svg",
    ]
    text = drawings[0].read_text("utf-8")
    ElementTree.fromstring(text)
    assert "Persistence" in text and not asked(text)
    wide = re.search(r'textLength="([\d.]+)"[^>]*>[^<]*写时', text)
    assert wide is not None


def test_the_page_holds_its_pictures_and_words(source: str, tmp_path: Path) -> None:
    export(source, str(tmp_path / "page.html"), size=(80, 24))
    text = (tmp_path / "page.html").read_text("utf-8")
    assert text.count("<section ") == text.count("<svg") >= 4
    assert "until an fsync has taken it to the disk" in text
    assert not re.findall(r'(?:src|href)="(?!#)', text)
    assert not asked(text)
    assert "show(at, location.hash" in text, "title and thesis stay in sight when it is opened"


def test_a_film_has_the_recordings_times(source: str, tmp_path: Path) -> None:
    export(source, str(tmp_path / "film.cast"), size=(80, 24))
    lines = [json.loads(line) for line in (tmp_path / "film.cast").read_text("utf-8").splitlines()]
    assert (lines[0]["version"], lines[0]["width"], lines[0]["height"]) == (2, 80, 24)
    times = [time for time, _, _ in lines[1:]]
    assert times == sorted(times) and times[0] == 0
    assert times[-1] <= read(source).seconds + 0.001
    sent = "".join(data for _, _, data in lines[1:])
    assert "\x1b[" in sent and "38;2;" in sent and "写时" in sent


def test_frames_come_ten_a_second_and_end_with_the_last_event() -> None:
    stream = [events.Log(level="*", text="", seq=n, at=n / 100) for n in range(1, 1001)]
    shown = list(frames(Recording(Header(), list(stream))))
    assert 95 <= len(shown) <= 102
    assert shown[-1][1] == 999


def test_moments_are_the_ends_of_steps_and_what_forks_and_ends() -> None:
    whole, lesson = read(str(recording("04"))), load("04")
    found = moments(whole, lesson)
    steps = [event.step for event in whole.events if isinstance(event, events.Step)]
    assert [mark.label for mark in found if mark.kind == "step"] == steps
    forks = sum(isinstance(event, events.Fork) for event in whole.events)
    assert sum(mark.kind == "fork" for mark in found) == forks


def test_a_recording_is_written_anew_in_todays_format(tmp_path: Path) -> None:
    whole = read(str(recording("04")))
    lines = [msgspec.json.encode(msgspec.structs.replace(whole.header, version=1))]
    lines += map(events.encode, whole.events)
    old, new = tmp_path / "old.cowscope", str(tmp_path / "new.cowscope")
    old.write_bytes(gzip.compress(b"\n".join(lines) + b"\n"))
    assert f"{len(whole.events):,} events" in export(str(old), new, size=(80, 24))
    assert read(new).events == read(str(old)).events
    assert read_header(new).version == 2
    stored = opened(new).events
    assert RecordedHistory(stored, load("04").scene).has_checkpoints


def test_what_cannot_be_exported_is_one_clear_line(source: str, tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"must end in \.cast"):
        export(source, str(tmp_path / "film.gif"), size=(80, 24))
    (tmp_path / "file").write_text("")
    with pytest.raises(SceneError, match="cannot write"):
        export(source, str(tmp_path / "file" / "page.html"), size=(80, 24))


def test_a_page_in_chinese_has_no_english_of_ours(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    told = export(source, str(tmp_path / "page.html"), size=(80, 24), language="zh")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "幅画面" in told and '<html lang="zh-Hans">' in text
    words = re.sub(r"<(style|script|svg)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL)
    stays = {"fork", "appendfsync", "everysec", "always", "no", "kill", "write", "Linux", "aof_buf"}
    stays |= {"fsync", "fdatasync", "Ki", "fc-v"}  # of KiB, and of the kernel that was recorded
    found = set(re.findall(r"[A-Za-z][\w-]*[a-z]", words)) - stays
    assert {word for word in found if not word.isupper()} == set()
    assert '"@ / ' in text and not re.search(r"@[A-Z_]+@", text)
