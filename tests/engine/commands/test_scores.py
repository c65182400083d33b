"""Scores as words: what C's strtod() would make of them, and what Redis refuses."""

from __future__ import annotations

import ctypes
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands.scores import ScoreRange, score_of, score_range, strtod
from engine.replies import CommandError

C = ctypes.CDLL(None)
C.strtod.restype = ctypes.c_double
PIECES = st.sampled_from(
    ["0", "1", "9", ".", "e", "E", "+", "-", "x", "0x", "p", "a", "f", "inf", "inity", "nan", " ",
     "\t", "_", "e-", "308", "(", "400"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=7).map("".join))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_numbers_are_read_as_c_reads_them(text: str) -> None:
    if "nan(" in text:
        return  # it may name a kind of NaN, which is refused anyway
    data = ctypes.create_string_buffer(text.encode())
    end = ctypes.c_char_p()
    theirs = C.strtod(data, ctypes.byref(end))
    number, size = strtod(text.encode())
    assert size == len(text) - len(end.value or b"")
    assert number == theirs or (math.isnan(number) and math.isnan(theirs))


@pytest.mark.parametrize(
    "word",
    [b"", b" 1", b"1 ", b"x", b"1x", b"nan", b"1_0", b"1e400", b"1e-400", b"0x1p-9999", b"("],
)
def test_what_is_no_score(word: bytes) -> None:
    with pytest.raises(CommandError, match="not a valid float"):
        score_of(word)


@pytest.mark.parametrize(
    ("word", "score"),
    [(b"-0", -0.0), (b"0e-999", 0.0), (b"1e-310", 1e-310), (b"0x1P3", 8.0), (b"-inF", -math.inf),
     (b"1234567890123456789", 1.2345678901234568e18), (b".5", 0.5), (b"+5.", 5.0)],
)  # fmt: skip
def test_what_is_a_score(word: bytes, score: float) -> None:
    assert (score_of(word), math.copysign(1, score_of(word))) == (score, math.copysign(1, score))


def test_bounds() -> None:
    assert score_range(b"(1", b" 2") == ScoreRange(1.0, 2.0, above_low=True)
    assert score_range(b"", b"(") == ScoreRange(0.0, 0.0, below_high=True)
    for word in (b"nan", b"(nan", b"((1", b"1(", b" "):
        with pytest.raises(CommandError, match="min or max is not a float"):
            score_range(word, b"1")
