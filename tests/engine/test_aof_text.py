from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.aof_text import cell_width, cut, resp_text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"*1\r\n$4\r\nPING\r\n", "*1\\r\\n$4\\r\\nPING\\r\\n"),
        (b"a\x00\x1b[31m\x7f\xff", "a\\x00\\x1b[31m\\x7f\\xff"),
        (b"back\\slash", "back\\\\slash"),
        ("快照".encode(), "快照"),
        ("\u202eevil".encode(), "\\xe2\\x80\\xaeevil"),
        (b"", ""),
    ],
)
def test_resp_as_text(data: bytes, text: str) -> None:
    assert resp_text(data) == text


def test_cut_to_cells() -> None:
    assert resp_text(b"0123456789", 10) == "0123456789"
    assert resp_text(b"01234567890", 10) == "012345678…"
    assert resp_text("快照快照".encode(), 5) == "快照…"
    assert resp_text("快照快照".encode(), 4) == "快…"
    assert resp_text(b"abc", 1) == "…"
    assert cut("abc", 0) == ""


def test_a_huge_value_is_not_read_to_its_end() -> None:
    assert resp_text(b"x" * 10_000_000, 8) == "xxxxxxx…"
    assert resp_text(("e" + "\u0301" * 1000).encode(), 8).endswith("…")


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.binary(max_size=60), st.integers(1, 30))
def test_one_printable_line_within_the_cells(data: bytes, cells: int) -> None:
    text = resp_text(data, cells)
    assert text.isprintable()
    assert sum(map(cell_width, text)) <= cells
    whole = resp_text(data)
    assert text == whole or whole.startswith(text.removesuffix("…"))
