"""The doctor's words: what is there, and what is shown instead where something is not."""

from pathlib import Path

from app.doctor_report import lines
from app.said import said
from engine.doctor import Finding, examine


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
    assert max(map(len, report)) <= 100


def test_a_long_path_keeps_its_end_and_the_width() -> None:
    path = "/home/somebody/" + "a-very-long-folder/" * 8 + "cowscope"
    report = lines([Finding("disk", True, f"ext4 under {path}", "fsync works.", "nothing")])
    assert max(map(len, report)) <= 100
    assert any(row.endswith("cowscope") for row in report)


def test_the_phrases_that_are_translated_are_the_engines(tmp_path: Path) -> None:
    english = said.words("en").texts
    for finding in examine(str(tmp_path)):
        name = finding.name.strip("/").replace(" ", "_")
        assert english[f"doctor.{name}_means"] == finding.means
        assert english.get(f"doctor.{name}_instead", finding.instead) == finding.instead
