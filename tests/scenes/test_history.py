from __future__ import annotations

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from engine import events
from scenes import history as module
from scenes.checkpoint import packed_evidence
from scenes.evidence import Evidence
from scenes.fold import reduce
from scenes.history import History
from scenes.seeking import EvidenceAt
from scenes.view import View
from tests.scenes.streams import any_stream, tale


def test_every_view_of_the_past_is_the_view_it_was() -> None:
    history = History()
    live = [history.append(event) for event in tale()]
    assert [history.view_at(i) for i in range(len(history))] == live
    assert history.view_at(-1) == View()
    assert history.now == live[-1]


@settings(deadline=None, derandomize=True, max_examples=25)
@given(any_stream)
def test_a_long_history_packs_its_events_and_seeks_all_the_same(
    stream: list[events.AnyEvent],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", 4)
        patch.setattr(module, "LOOSE_BLOCKS", 2)
        patch.setattr(module, "PACKED_BLOCKS", 1)
        patch.setattr(module, "CHECKPOINTS", 2)
        patch.setattr(module, "KEPT_EVERY", 8)
        patch.setattr(module, "UNPACKED_BLOCKS", 2)
        history, view, live = History(), View(), []
        evidence, kept = Evidence(), []
        history.gathered = lambda: evidence
        for event in stream:
            history.append(event)
            evidence.add(event)
            view = reduce(view, event)
            live.append(view)
            kept.append(packed_evidence(evidence))
        assert list(history) == stream
        for index in reversed(range(len(live))):
            assert history.view_at(index) == live[index]
        assert len(history._checkpoints) <= 2
        looked = EvidenceAt(history, Evidence)
        for index in (*reversed(range(len(kept))), *range(len(kept))):
            assert packed_evidence(looked.after(index)) == kept[index]


def test_marks_name_the_moments_to_jump_to() -> None:
    history = History()
    for event in [events.Step(scene="04", step="fork", title="t"), *tale()]:
        history.append(event)
    kinds = [mark.kind for mark in history.marks]
    assert kinds == ["step", "fsync", "fork", "child.exit", "rdb.saved"]
    first = history.next_mark(-1)
    assert first is not None and first.label == "fork" and first.index == 0
    fsync = history.next_mark(first.index)
    assert fsync is not None and fsync.kind == "fsync"
    assert history.previous_mark(fsync.index) == first
    assert history.next_mark(len(history)) is None
    assert history.step_index("fork") == 0 and history.step_index("none") is None
    assert history.step_end("fork") == len(history) - 1


def test_a_burst_of_fsyncs_gets_one_mark() -> None:
    history = History()
    sync = events.AofFsync(
        file="a", start=0, end=1, usec=1, policy="always", thread="main", dirty_pages_after=0
    )
    for n in range(50):
        history.append(replace(sync, at=n * 0.01, end=n))
    history.append(replace(sync, at=9.0))
    assert [mark.index for mark in history.marks] == [0, 50]


def test_an_event_that_is_not_there_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="holds 0"):
        History().event(0)
