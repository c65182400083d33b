"""Replies are what hiredis reads back, and errors are Redis 7.0.15's own words."""

from __future__ import annotations

import math

import hiredis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import replies
from engine.replies import CommandError


def decoded(reply: bytes) -> object:
    reader = hiredis.Reader()
    reader.feed(reply)
    return reader.gets()


@pytest.mark.parametrize("number", [0, 1, 1023, 1024, -1, 2**63 - 1, -(2**63)])
def test_integers(number: int) -> None:
    assert replies.integer(number) == b":%d\r\n" % number


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.lists(st.binary(max_size=40)))
def test_strings_of_any_bytes_come_back(items: list[bytes]) -> None:
    assert decoded(replies.bulks(items)) == items
    assert decoded(replies.array([replies.bulk(item) for item in items])) == items


def test_both_versions_say_the_same_differently() -> None:
    pair = [(replies.bulk(b"proto"), replies.integer(3))]
    assert replies.map_(3, pair) == b"%1\r\n$5\r\nproto\r\n:3\r\n"
    assert replies.map_(2, pair) == b"*2\r\n$5\r\nproto\r\n:3\r\n"
    assert (replies.null(3), replies.null(2)) == (b"_\r\n", b"$-1\r\n")
    assert (replies.null_array(3), replies.null_array(2)) == (b"_\r\n", b"*-1\r\n")
    assert (replies.set_(3, [b":1\r\n"]), replies.set_(2, [])) == (b"~1\r\n:1\r\n", b"*0\r\n")
    assert (replies.push(3, [b":1\r\n"]), replies.push(2, [])) == (b">1\r\n:1\r\n", b"*0\r\n")
    assert (replies.boolean(3, True), replies.boolean(2, False)) == (b"#t\r\n", b":0\r\n")
    assert replies.verbatim(3, b"abc") == b"=7\r\ntxt:abc\r\n"
    assert replies.verbatim(2, b"abc") == replies.bulk(b"abc")
    assert replies.bulk(None) == replies.NULL_BULK


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3.0, b"3"),
        (0.1, b"0.10000000000000001"),
        (1e100, b"1e+100"),
        (-0.0, b"-0"),
        (math.inf, b"inf"),
        (-math.inf, b"-inf"),
    ],
)
def test_doubles_have_17_digits(number: float, text: bytes) -> None:
    assert replies.double(3, number) == b"," + text + b"\r\n"
    assert replies.double(2, number) == replies.bulk(text)
    assert float(text) == number


def test_errors_are_one_line_and_keep_foreign_bytes() -> None:
    assert replies.error("ERR a\r\nb\nc") == b"-ERR a  b c\r\n"
    assert replies.unknown_command([b"\xff"]).reply.startswith(b"-ERR unknown command '\xff',")
    assert str(CommandError(replies.SYNTAX)) == "ERR syntax error"


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        ([b"FOO"], ""),
        ([b"FOO", b"a", b"b", b"c"], "'a' 'b' 'c' "),
        ([b"FOO", b"a'b", b"z" * 200], "'a'b' '" + "z" * 122 + "' "),
        ([b"FOO", *[b"abcdefghi"] * 20], "'abcdefghi' " * 10 + "'abcdefgh' "),
    ],
)
def test_unknown_command_shows_128_bytes_of_arguments(argv: list[bytes], shown: str) -> None:
    assert (
        str(replies.unknown_command(argv))
        == f"ERR unknown command 'FOO', with args beginning with: {shown}"
    )


def test_unknown_command_shows_128_bytes_of_the_name() -> None:
    assert str(replies.unknown_command([b"X" * 200])) == (
        f"ERR unknown command '{'X' * 128}', with args beginning with: "
    )


def test_errors_that_name_the_command() -> None:
    assert str(replies.wrong_arity("CONFIG|GET")) == (
        "ERR wrong number of arguments for 'config|get' command"
    )
    assert str(replies.unknown_subcommand("config", b"FOO")) == (
        "ERR unknown subcommand 'FOO'. Try CONFIG HELP."
    )
    assert str(replies.invalid_expire("SET")) == "ERR invalid expire time in 'set' command"
