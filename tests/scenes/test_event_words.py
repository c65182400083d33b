"""Every name that an event has for a thing has a word in each language."""

from __future__ import annotations

import typing

import pytest

from engine import faults, pipes_steps, rewrite_steps
from engine.events import Fork
from scenes import event_words
from scenes.refusals import played

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
