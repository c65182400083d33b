"""Glob patterns; the comparison with a real server is in test_same_as_redis."""

from __future__ import annotations

import pytest

from engine.glob import matches


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (b"*", b""),
        (b"*", b"any\nthing"),
        (b"user:?", b"user:1"),
        (b"[a-c]x", b"bx"),
        (b"[c-a]x", b"bx"),
        (b"[^a]x", b"bx"),
        (b"[\\]]", b"]"),
        (b"\\*", b"*"),
        (b"a\\", b"a\\"),
        (b"[ab", b"b"),
        (b"[^]", b"x"),
        (b"a**b", b"axxb"),
        (b"*ab", b"aab"),
        (b"a*b*c", b"abbcbc"),
    ],
)
def test_matches(pattern: bytes, text: bytes) -> None:
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (b"", b"x"),
        (b"?", b""),
        (b"?", b"xy"),
        (b"[a-c]", b"d"),
        (b"[^a]", b"a"),
        (b"[]", b"x"),
        (b"\\*", b"x"),
        (b"a.c", b"abc"),
        (b"abc", b"ABC"),
    ],
)
def test_does_not_match(pattern: bytes, text: bytes) -> None:
    assert not matches(pattern, text)


def test_case_can_be_ignored() -> None:
    assert matches(b"APPEND*", b"appendfsync", ignore_case=True)


def test_many_stars_take_no_exponential_time() -> None:
    assert not matches(b"*a" * 40 + b"b", b"a" * 4000)
