"""Every name that an event has for a thing has a word in each language."""

from __future__ import annotations

import typing

import pytest

from engine import faults, pipes_steps, rewrite_steps
from engine.events import AnyEvent, Crash, Fault, Fork, Rewrite
from scenes import event_words
from scenes.refusals import played
from scenes.told_lines import ToldLines

BETWEEN = (
    *(pipes_steps.DIFF_BUFFERED, pipes_steps.DIFF_SENT, pipes_steps.CHILD_ASKS),
    *(pipes_steps.PARENT_AGREES, pipes_steps.DIFF_APPENDED, "finished", "failed"),
)
STAGES = {*rewrite_steps.NAMES.values(), *pipes_steps.NAMES.values(), *BETWEEN}
PURPOSES = set(typing.get_args(typing.get_type_hints(Fork)["purpose"]))
NAMES = {"stage": STAGES, "purpose": PURPOSES, "fault": set(faults.KINDS)}


@pytest.mark.parametrize("table", NAMES)
def test_in_english_the_words_are_the_names(table: str) -> None:
    assert NAMES[table]
    english, chinese = (played.words(language).texts for language in ("en", "zh"))
    for name in NAMES[table]:
        key = f"{table}.{name.replace('-', '_')}"
        assert english[key] == name
        assert key in chinese


def test_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    assert event_words.stage_word("open-pipes") == "打开管道"
    assert event_words.purpose_word("aof") == "重写 AOF"
    assert event_words.fault_word("fsync-delay") == "fsync 变慢"
    assert event_words.stage_word("not-yet-known") == "not-yet-known"


EVENTS: list[AnyEvent] = [
    Crash(kind="power cut", acked=9, written=9, fsynced=0, source="modelled"),
    Crash(kind="kill -9, scripted cut of 9 bytes", acked=9, written=9, fsynced=0),
    Fork(pid=6, child=7, usec=900, purpose="lesson", page_table_kb=1),
    Rewrite(stage="residual-written", child=7, bytes=0),
    Fault(kind="short-write", value="100"),
]


@pytest.mark.parametrize("topics", [[], ["persistence"], ["fsync"], ["trials"], ["rewrite_pipes"]])
def test_lines_of_events_have_no_english_names_in_chinese(
    topics: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    lines = " ".join(ToldLines(topics, verbose=True).line(event) for event in EVENTS)
    for word in ("power cut", "scripted", "modelled", "lesson", "residual", "short"):
        assert word not in lines
