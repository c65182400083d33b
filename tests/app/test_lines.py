"""Lines: widths are cells, never characters."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from app.lines import (
    crop,
    cut,
    duration,
    fitting,
    flow,
    fold,
    grouped,
    in_ascii,
    line,
    plain,
    shortened,
    spread,
    strip_of,
    visible,
    width,
    wrap,
)
from app.theme import DARK

WORDS = st.text(st.sampled_from("ab 中文é\n"), max_size=80)


@given(WORDS, st.integers(2, 40))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_folding_loses_no_word_and_keeps_the_width(text: str, cells: int) -> None:
    folded = wrap(text, cells)
    assert all(cell_len(found) <= cells for found in folded)
    assert "".join("".join(folded).split()) == "".join(text.split())


@given(WORDS, st.integers(0, 40))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_row_fills_its_cells_exactly(text: str, cells: int) -> None:
    found = line(text.replace("\n", " "), ("值", "dim"))
    assert strip_of(found, cells, DARK).cell_length == cells
    assert width(crop(found, cells)) <= cells
    assert width(shortened(found, cells)) <= cells


def test_cutting_says_that_something_is_missing() -> None:
    assert cut("fdatasync", 6) == "fdata…"
    assert cut("fork", 4) == "fork"
    assert cut("值值值", 5) == "值值…"


def test_the_right_end_keeps_its_place() -> None:
    assert plain(spread(line("left"), line("right"), 12)) == "left   right"
    assert plain(spread(line("a long left end"), line("right"), 12)) == "a lon… right"


@given(st.text(max_size=60))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_nothing_that_a_terminal_obeys_is_drawn(text: str) -> None:
    drawn = strip_of(line(text, ("\x1b[31m\r\u202e", "dim")), 40, DARK)
    assert drawn.text.isprintable()
    assert drawn.cell_length == 40


def test_escapes_are_spelled_out() -> None:
    assert visible("a\x1b[31m\u202e\x00") == "a\\x1b[31m\\u202e\\x00"
    assert visible("值 🎉") == "值 🎉"


@given(WORDS, st.integers(4, 40))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_folded_line_keeps_roles_letters_and_width(text: str, cells: int) -> None:
    of = line((text.replace("\n", " "), "dim"), "值 end")
    folded = fold(of, cells, 3)
    assert all(width(one) <= cells for one in folded)
    assert "".join(map(plain, folded)).replace(" ", "") == plain(of).replace(" ", "")
    assert {role for one in folded for _, role in one} <= {"dim", "text"}


def test_of_several_wordings_the_first_that_fits_is_taken() -> None:
    assert fitting(("Implementation", "Code"), 6) == "Code"
    assert fitting(("Implementation", "Code"), 3) == "Co…"


def test_items_flow_into_lines() -> None:
    items = [line("aaaa"), line("bbbb"), line("cccc")]
    assert [plain(of) for of in flow(items, 10)] == ["aaaa  bbbb", "cccc"]


def test_figures_have_groups_and_units() -> None:
    assert grouped(1234567, 11) == "  1,234,567"
    assert [duration(n) for n in (312, 1_912, 2_500_000)] == ["312 µs", "1.9 ms", "2.50 s"]


def test_ascii_has_the_same_width() -> None:
    text = "a · b — c … µ → 值"
    assert cell_len(in_ascii(text)) == cell_len(text)
    assert in_ascii("a · b — µs") == "a | b - us"


def test_chinese_fills_its_rows_and_no_row_begins_with_what_closes_a_sentence() -> None:
    text = "fork 复制的是页表，不是内存。所以它快，也所以它仍随堆的大小增长（实测：2 ms）。"
    for cells in range(10, 60):
        for rows in (
            wrap(text, cells),
            [plain(one) for one in fold((("", "dim"), (text, "text")), cells)],
        ):
            assert all(cells - 8 < cell_len(row) <= cells for row in rows[:-1]), (cells, rows)
            assert not [row for row in rows if row[0] in "，。）："], (cells, rows)
            assert "".join(rows).replace(" ", "") == text.replace(" ", "")


def test_a_unit_stays_on_the_row_of_its_number() -> None:
    assert wrap("it took about 80 ms, or 4 KiB", 16) == ["it took about", "80 ms, or 4 KiB"]
    assert wrap("那是整个时间的 37 %。", 18) == ["那是整个时间的", "37 %。"]
    assert wrap("all 80 minutes", 7) == ["all 80", "minutes"]
