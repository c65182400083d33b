"""Lines are split as Redis 7.0 splits inline requests and redis.conf."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.inline import quote, split_arguments


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        (b"", []),
        (b" \t\v\f ", []),
        (b"SET k v", [b"SET", b"k", b"v"]),
        (b"  SET\tk   v  ", [b"SET", b"k", b"v"]),
        (b'SET "a b" ""', [b"SET", b"a b", b""]),
        (rb'"\x41\n\r\t\b\a\q\\\""', [b'A\n\r\t\b\aq\\"']),
        (rb'"\xzz\x4"', [b"xzzx4"]),
        (rb"'\x41\n'", [rb"\x41\n"]),
        (rb"'it\'s'", [b"it's"]),
        (b'foo"bar baz" x', [b"foobar baz", b"x"]),
        (b"foo'bar baz'", [b"foobar baz"]),
        (b"a\vb", [b"a\vb"]),
        (b'"a"\vb', [b"a", b"b"]),
        (b"a\0b", [b"a\0b"]),
        (b"\xff\xfe", [b"\xff\xfe"]),
    ],
)
def test_splits_like_redis(line: bytes, arguments: list[bytes]) -> None:
    assert split_arguments(line) == arguments


@pytest.mark.parametrize(
    "line",
    [b'"', b"'", b'"a', b"'a", b'"a"b', b"'a'b", b'"a""b"', rb'"a\"', rb"'a\'", b'x "', b'"\\'],
)
def test_unbalanced_quotes_are_none(line: bytes) -> None:
    assert split_arguments(line) is None


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.binary(max_size=20)))
def test_quoted_arguments_come_back(arguments: list[bytes]) -> None:
    assert split_arguments(b" ".join(map(quote, arguments))) == arguments


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.text(alphabet=" \t\v\"'\\xn4a", max_size=30))
def test_any_line_splits_or_is_refused(line: str) -> None:
    arguments = split_arguments(line.encode())
    assert arguments is None or all(isinstance(argument, bytes) for argument in arguments)
