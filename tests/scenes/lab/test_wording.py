"""The lab's verdicts are whole in both languages; a broken promise is told in the one spoken."""

from __future__ import annotations

import re

import pytest

from scenes.lab import promises
from scenes.lab.plan import Wish, rows
from scenes.lab.promises import PROMISES
from scenes.lab.rows import line
from scenes.lab.servers import Server, cowscope
from scenes.lab.wording import judged
from tests.scenes.lab.made import facts

ENGLISH, CHINESE = judged.words("en").texts, judged.words("zh").texts
NAMES = {"always", "everysec", "kill", "fsync", "write", "no", "COWSCOPE", "FAULT", "root", "ext4"}


def test_both_languages_have_the_same_phrases_with_the_same_figures() -> None:
    assert ENGLISH.keys() == CHINESE.keys()
    for key, text in ENGLISH.items():
        places = [sorted(re.findall(r"\{\w+\}", one)) for one in (text, CHINESE[key])]
        assert places[0] == places[1], key


def test_every_promise_has_its_words() -> None:
    assert {f"promise.{one.key}" for one in PROMISES} == {
        key for key in ENGLISH if key.startswith("promise.")
    }


def test_a_broken_promise_is_told_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    bad = facts("always", "kill", survivors={0}, holes=[3], fillers_missing=2)
    told = promises.broken(bad)
    assert len(told) >= 4
    assert (
        told[0]
        == "always：已确认的写入不会丢失：已确认的写入丢失：7 次（写入编号 1, 2, 3, 4, 5 ...）"
    )
    assert not set(re.findall(r"[A-Za-z]\w+", " ".join(told))) - NAMES


def test_what_a_row_needs_and_its_fault_are_told_in_chinese(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    redis = Server("redis", "redis 7.0.15", ("redis-server",))
    found = rows(Wish(hows=("power", "slow-disk", "disk-full")), [cowscope(), redis])
    told = {row.why_not for row in found} | {line(row, [], []).fault for row in found}
    assert {"需要 root", "no 从不等待 fsync"} < told
    assert not set(re.findall(r"[A-Za-z]\w+", " ".join(told))) - NAMES
