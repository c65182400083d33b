"""The files panel: what is drawn of files, memory and stages, at several widths."""

from __future__ import annotations

import immutables
from msgspec.structs import replace

from app.files_panel import FilesPanel, files_lines
from app.lines import plain, width
from engine.events import AofFile
from scenes.rewrite_view import RewriteView, StageView
from scenes.view import TailView, View

PIPES = View(
    name="pipes",
    tail=TailView(appended=1200, written=1000),
    rewrite=RewriteView(
        files=(
            AofFile("appendonly.aof", "log", 123_456),
            AofFile("temp-rewriteaof-77.aof", "temporary", 99),
        ),
        stages=(
            StageView("open-pipes", 1.0, 0),
            StageView("fork", 1.0, 0),
            StageView("diff-sent", 1.1, 4096),
        ),
        child=77,
        buffered=20_000,
        sent=4096,
    ),
)
PARTS = View(
    name="multipart",
    rewrite=RewriteView(files=(AofFile("appendonly.aof.1.base.rdb", "base", 88),)),
)


def test_files_and_memory_stand_beside_the_stages() -> None:
    lines = [plain(one) for one in files_lines(PIPES, 100, 20)]
    assert "> appendonly.aof" in lines[0] and "123,456" in lines[0] and "+ open-pipes" in lines[0]
    assert any("aof_buf" in text and " 200 " in text for text in lines)
    assert any("rewrite buffer" in text and "20,000" in text for text in lines)
    assert any("> diff-sent 4,096" in text for text in lines)


def test_a_small_panel_shows_the_stages_around_the_last_reached() -> None:
    lines = files_lines(PIPES, 40, 9)
    assert all(width(one) <= 40 for one in lines)
    assert any("> diff-sent" in plain(one) for one in lines)


def test_a_name_that_is_too_long_keeps_its_end() -> None:
    (first, *_) = files_lines(PARTS, 28, 9)
    assert ".1.base.rdb " in plain(first) and "…" in plain(first)
    assert plain(first).rstrip().endswith("88") and width(first) == 28


def test_several_engines_stand_side_by_side() -> None:
    view = replace(PARTS, others=immutables.Map(pipes=PIPES))
    lines = [plain(one) for one in FilesPanel().picture(view, 100, 20)]
    assert "multipart" in lines[0] and "pipes" in lines[0]
    assert "base" in lines[1] and "appendonly.aof " in lines[1]


def test_without_files_there_is_nothing_to_draw() -> None:
    assert FilesPanel().picture(View(), 80, 10) == []


def test_what_the_child_left_is_not_told_as_the_size_at_the_end() -> None:
    """Pipes: the parent appends a residual, so the log is larger than the child's file."""
    stages = (StageView("switched", 2.0, 1300), StageView("finished", 2.1, 1000))
    view = replace(PIPES, rewrite=replace(PIPES.rewrite, stages=stages))
    told = [plain(one) for one in files_lines(view, 100, 20)]
    assert any("+ switched 1,300" in text for text in told)
    assert any(text.endswith("> finished") for text in told)


def test_what_a_beat_asks_of_the_diff_has_no_name_and_no_figure() -> None:
    lines = [plain(one) for one in files_lines(PIPES, 100, 20, {"diff": 7})]
    text = "\n".join(lines)
    for told in ("rewrite buffer", "pipe 1", "20,000", "4,096", "diff", "residual"):
        assert told not in text
    assert text.count("? asked in beat 7") == 5 and "> ? asked in beat 7" in text
    assert "parent-agrees" in text and " 200 " in text


def test_what_a_beat_asks_of_pipe_1_has_no_figure() -> None:
    text = "\n".join(plain(one) for one in files_lines(PIPES, 100, 20, {"sent": 0}))
    assert "20,000" not in text and "4,096" not in text
    assert "> fork" in text and "  diff-sent" in text  # that it was reached would tell, too
    assert "sent to the child by pipe 1" in text


def test_stages_to_come_that_a_beat_asks_for_are_one_line() -> None:
    text = "\n".join(plain(one) for one in files_lines(PIPES, 100, 20, {"stages": 2}))
    assert "diff-sent 4,096" in text and "parent-agrees" not in text
    assert text.count("? asked in beat 2") == 1


def test_bytes_that_a_beat_asks_for_stand_behind_no_stage() -> None:
    text = "\n".join(plain(one) for one in files_lines(PIPES, 100, 20, {"written": 8}))
    assert "diff-sent ?" in text and "diff-sent 4,096" not in text
