"""The doctor's words: what is there, and what is shown instead where something is not."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from app.doctor_report import lines
from app.said import said
from engine.doctor import SEEN, Finding, examine
from scenes.words import fill

ONE_OR_MANY = re.compile(r"\{(\w+):[^|{}]+\|([^|{}]+)\}")
"""A catalogue's count with its word in both numbers: {pages:page|pages}."""


def test_what_is_missing_says_what_is_shown_instead() -> None:
    report = lines(
        [
            Finding("fork", True, "1.2 ms", "Snapshots are real.", "nothing"),
            Finding("cachestat", False, "ENOSYS", "Counts dirty pages.", "no count is shown"),
        ]
    )
    assert report[0] == "ok   fork       1.2 ms"
    assert report[2] == "no   cachestat  ENOSYS"
    assert "no count is shown" in report[3]
    assert report[-1].startswith("1 of 2")
    assert max(map(len, report)) <= 80


def test_a_long_path_keeps_its_end_and_the_width() -> None:
    path = "/home/somebody/" + "a-very-long-folder/" * 8 + "cowscope"
    report = lines([Finding("disk", True, f"ext4 under {path}", "fsync works.", "nothing")])
    assert max(map(len, report)) <= 80
    assert any(row.endswith("cowscope") for row in report)


def test_the_phrases_that_are_translated_are_the_engines(tmp_path: Path) -> None:
    english = said.words("en").texts
    for finding in examine(str(tmp_path)):
        name = finding.name.strip("/").replace(" ", "_")
        assert english[f"doctor.{name}_means"] == finding.means
        instead = fill(english.get(f"doctor.{name}_instead", finding.instead), finding.figures)
        assert instead == finding.instead


def test_what_can_be_found_has_the_engines_words() -> None:
    english = said.words("en").texts
    for case, text in SEEN.items():
        assert ONE_OR_MANY.sub(r"{\1} \2", english[f"found.{case}"]) == text


def test_in_chinese_the_columns_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    report = lines(
        [
            Finding("fork", True, "", "", "", "fork_refused"),
            Finding("huge pages", False, "", "", "", "huge_pages", {"setting": "always"}),
        ]
    )
    assert cell_len(report[0].partition("被拒绝")[0]) == cell_len(report[2].partition("always")[0])
    assert max(map(cell_len, report)) <= 80


@pytest.mark.parametrize("why", ["absent", "denied", "fork"])
def test_why_pagemap_cannot_be_read_is_said_in_chinese(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    told = {"problem": "Can't read /proc/self/pagemap: in English"}
    report = lines([Finding("pagemap", False, "", "", "", f"pagemap_{why}", told)])
    assert "English" not in "".join(report)
    assert ("fork 被拒绝" if why == "fork" else "读不到") in report[0]
