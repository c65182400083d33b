from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scenes.folding import cells, fold


def test_wide_signs_take_two_cells() -> None:
    assert (cells("abc"), cells("写时复制"), cells("fork，")) == (3, 8, 6)


def test_rows_break_at_spaces_and_between_wide_signs() -> None:
    assert fold("one two three", 7) == ["one two", "three"]
    assert fold("子进程与父进程共享同一些页", 8) == ["子进程与", "父进程共", "享同一些", "页"]
    assert fold("页表，写时复制。", 6) == ["页表，", "写时复", "制。"]
    assert fold("unbreakable word", 4) == ["unbreakable", "word"]
    assert fold("  ", 4) == []


@given(st.text(alphabet="ab c子进程，。（）1", max_size=60), st.integers(8, 30))
def test_nothing_is_lost_and_no_row_is_too_wide(text: str, width: int) -> None:
    rows = fold(text, width)
    assert "".join("".join(rows).split()) == "".join(text.split())
    for row in rows:
        assert cells(row) <= width or " " not in row.strip()
