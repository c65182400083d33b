"""Every moment of a recording is the one that a plain fold makes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine import events
from scenes import recorded_history as module
from scenes import recording as recording_module
from scenes.checkpoint import packed_evidence
from scenes.evidence import Evidence
from scenes.fold import reduce
from scenes.loader import load
from scenes.recorded_history import RecordedHistory
from scenes.recording import RecordingWriter, opened
from scenes.seeking import EvidenceAt
from scenes.stored import Header, StoredEvents
from scenes.view import View
from tests.scenes.streams import tale

SCENE = load("04").scene
ANSWERED: list[events.AnyEvent] = [
    *tale(),
    events.Question(id="q", choices=["a", "b", "c"], right=-1, at=200.0),
    events.Answer(id="q", choice=1, at=201.0),
    events.Log(level="*", text="between", at=202.0),
    events.Question(id="q", choices=["a", "b", "c"], right=0, at=203.0),
    events.Log(level="*", text="after", at=204.0),
    events.Question(id="r", choices=["a", "b"], right=-1, at=205.0),
    *(events.Log(level="*", text="waits", at=206.0) for _ in range(5)),
    events.Answer(id="r", choice=0, at=207.0),
    *tale(),
]


def fresh() -> Evidence:
    return Evidence(populate=SCENE.populate, topics=SCENE.topics)


@pytest.fixture(params=["file", "other edition", "list"])
def history(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RecordedHistory:
    """With the file's checkpoints, with own ones, and of events from elsewhere."""
    monkeypatch.setattr(recording_module, "CHUNK", 3)
    monkeypatch.setattr(module, "SPACING", 4)
    monkeypatch.setattr(module, "CHECKPOINTS", 5)
    monkeypatch.setattr(module, "KEPT_EVERY", 8)
    if request.param == "list":
        return RecordedHistory(ANSWERED, SCENE)
    scene = SCENE if request.param == "file" else msgspec.structs.replace(SCENE, populate=7)
    with RecordingWriter(str(tmp_path / "r"), Header(scene="04"), scene) as writer:
        for event in ANSWERED:
            writer.append(event)
    stored = opened(str(tmp_path / "r")).events
    assert isinstance(stored, StoredEvents) and len(stored.views) > 4 and len(stored.evidences) > 2
    found = RecordedHistory(stored, SCENE)
    assert found.has_checkpoints == (request.param == "file")
    return found


def folded(stream: list[events.AnyEvent]) -> tuple[list[View], list[bytes]]:
    view, evidence, views, kept = View(), fresh(), [], []
    for event in stream:
        view = reduce(view, event, SCENE.cards)
        evidence.add(event)
        views.append(view)
        kept.append(packed_evidence(evidence))
    return views, kept


def test_any_moment_in_any_order_is_the_folds(history: RecordedHistory) -> None:
    views, kept = folded(ANSWERED)
    looked = EvidenceAt(history, fresh)
    order = [*range(len(views))] * 2
    random.Random(4).shuffle(order)
    for index in order:
        assert history.view_at(index) == views[index]
        assert packed_evidence(looked.after(index)) == kept[index]
    assert history.view_at(-1) == View()
    assert list(history) == ANSWERED


def test_the_learners_answers_stand_for_the_recorded_ones(history: RecordedHistory) -> None:
    assert history.view_at(len(history) - 1) == folded(ANSWERED)[0][-1]
    mine = list(ANSWERED)
    for index, event in enumerate(ANSWERED):
        if isinstance(event, events.Answer):
            history.answer(index, 2)
            mine[index] = msgspec.structs.replace(event, choice=2)
    views, _ = folded(mine)
    for index in (*range(len(views)), *reversed(range(len(views)))):
        assert history.view_at(index) == views[index], index
    assert list(history) == mine
    history.forget_answers()
    views, _ = folded(ANSWERED)
    assert [history.view_at(index) for index in range(len(views))] == views


def test_all_marks_are_there_from_the_start(history: RecordedHistory) -> None:
    kinds = [mark.kind for mark in history.marks]
    half = ["fsync", "fork", "child.exit", "rdb.saved"]
    assert kinds[:6] == [*half, "question", "question"] and kinds[6:8] == half[1:3]
    mark = history.next_mark(-1)
    assert mark is not None and isinstance(history.event(mark.index), events.AofFsync)


def test_a_seek_goes_on_from_the_chunk_it_falls_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the view nor the evidence is taken from further back, wherever one looks."""
    stream = [events.Log(level="*", text="line", at=float(at)) for at in range(5000)]
    with RecordingWriter(str(tmp_path / "r"), Header(scene="04"), SCENE) as writer:
        for event in stream:
            writer.append(event)
    history = RecordedHistory(opened(str(tmp_path / "r")).events, SCENE)
    looked, taken = EvidenceAt(history, fresh), []
    between = history.between

    def counted(start: int, stop: int) -> Iterator[events.AnyEvent]:
        taken.append(stop - start)
        return between(start, stop)

    monkeypatch.setattr(history, "between", counted)
    for index in random.Random(4).choices(range(5000), k=60):
        history.view_at(index)
        looked.after(index)
    assert 100 < max(taken) < recording_module.CHUNK < 1000
