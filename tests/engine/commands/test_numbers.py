"""Numbers as Redis takes and prints them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands.numbers import (
    MAX,
    MIN,
    add_long_doubles,
    format_long_double,
    int_of,
    long_double_of,
    parse_integer,
)
from engine.replies import CommandError


@given(st.integers(MIN, MAX))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_what_redis_prints_it_reads(number: int) -> None:
    assert parse_integer(b"%d" % number) == number


@pytest.mark.parametrize(
    "word", [b"", b" 1", b"1 ", b"+1", b"01", b"-0", b"1_0", b"0x1", b"1.0", b"9" * 5000]
)
def test_anything_else_is_no_integer(word: bytes) -> None:
    assert parse_integer(word) is None


def test_int_has_32_bits() -> None:
    assert int_of(b"2147483647") == 2**31 - 1
    with pytest.raises(CommandError, match="value must between -2147483648 and 2147483647"):
        int_of(b"2147483648")


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        (b"0.1", b"0.2", b"0.3"),
        (b"10.5", b"0.1", b"10.6"),
        (b"3.0e3", b"200", b"3200"),
        (b"1", b"-1", b"0"),
        (b"-0.5", b"0.4", b"-0.1"),
        (b"0x1p4", b"0.25", b"16.25"),
        (b"1e-30", b"0", b"0"),
    ],
)
def test_sums_have_no_noise(first: bytes, second: bytes, total: bytes) -> None:
    result = add_long_doubles(long_double_of(first), long_double_of(second))
    assert format_long_double(result) == total


def test_too_large_a_sum_is_refused() -> None:
    huge = Fraction(1 << 16383)
    with pytest.raises(CommandError, match="NaN or Infinity"):
        add_long_doubles(huge, huge)
