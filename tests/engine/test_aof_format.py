from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.aof_format import FormatError, PieceParser, encode, parse_fast, parse_strict
from engine.command_shapes import SIGHTINGS

words = st.binary(max_size=12) | st.sampled_from(
    [b"\r\n*", b"$", b"\r", b"\n", b"*1\r\n", b"#TS:1"]
)
commands = st.lists(st.lists(words, min_size=1, max_size=6), max_size=8)


def strictly(data: bytes) -> tuple[list[list[bytes]], int]:
    found, used = [], 0
    for argv, start, after in parse_strict(data):
        assert start == used < after
        used = after
        if argv:
            found.append(argv)
    return found, used


def test_encode() -> None:
    assert encode([b"SET", b"k", b""]) == b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n"
    assert encode([b"PING"]) == b"*1\r\n$4\r\nPING\r\n"


@settings(deadline=None, derandomize=True, max_examples=100)
@given(commands)
def test_both_parsers_give_back_what_was_encoded(commands: list[list[bytes]]) -> None:
    data = b"".join(map(encode, commands))
    assert parse_fast(data) == commands
    assert strictly(data) == (commands, len(data))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(commands, st.data())
def test_a_parser_that_knows_a_shape_reads_every_piece_as_before(
    commands: list[list[bytes]], data: st.DataObject
) -> None:
    usual = encode(commands[0] if commands else [b"PING"])
    parser = PieceParser()
    for _ in range(SIGHTINGS):
        assert parser.parse(usual) == parse_fast(usual)
    pieces = st.sampled_from([usual * 3, b"".join(map(encode, commands)), usual[:-1], usual + b"*"])
    for piece in data.draw(st.lists(pieces, max_size=4)):
        assert parser.parse(piece) == parse_fast(piece)
        assert parser.parse(usual) == parse_fast(usual)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(commands, st.data())
def test_a_cut_file_holds_the_commands_before_the_cut(
    commands: list[list[bytes]], data: st.DataObject
) -> None:
    encoded = b"".join(map(encode, commands))
    cut = encoded[: data.draw(st.integers(0, len(encoded)))]
    found, used = strictly(cut)
    assert found == commands[: len(found)]
    assert b"".join(map(encode, found)) == cut[:used]
    assert parse_fast(cut) == (found if used == len(cut) else None)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.lists(
        words
        | st.sampled_from(
            [encode([b"SET", b"k", b"v"]), b"*2\r\n", b"$1\r\na", b"+OK\r\n", b":7\r\n", b"*-1\r\n"]
        ),
        max_size=8,
    ).map(b"".join)
)
@example(b"*1\r\n+PING\r\n")
@example(b"*1\r\n$4\r\nPINGxx")
@example(b"*1\r\n$04\r\nPING\r\n")
@example(b"*2\r\n$1\r\na\r\n:5\r\n")
@example(b"*1\r\n*1\r\n$1\r\na\r\n")
@example(b":0\r\n")
@example(b"_\r\n")
@example(b"$4\r\nPING\r\n")
@example(b"*0\r\n")
@example(b"*1\r\n$-1\r\n")
def test_what_the_fast_way_takes_the_strict_way_takes_too(data: bytes) -> None:
    fast = parse_fast(data)
    if fast is not None:
        assert strictly(data) == (fast, len(data))


@pytest.mark.parametrize("data", [b"*1000000000\r\n", b"*1\r\n%9000000000\r\n", b"~12345678\r\n"])
def test_an_announced_size_is_not_believed(data: bytes) -> None:
    assert parse_fast(data) is None


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"PING\r\n", 0),
        (encode([b"PING"]) + b"x", 14),
        (b"*1\r\n+PING\r\n", 4),
        (b"*0\r\n", 0),
        (b"*-1\r\n", 0),
        (b"*1\r\n$x\r\n", 4),
        (b"*1\r\n$\r\n", 4),
        (b"*1\r\n$-1\r\n", 4),
        (b"*" + b"1" * 2000, 0),
        (b"#" + b"1" * 2000, 0),
    ],
)
def test_damage_is_told_by_its_offset(data: bytes, offset: int) -> None:
    with pytest.raises(FormatError) as caught:
        list(parse_strict(data))
    assert caught.value.offset == offset


def test_annotations_are_told_apart() -> None:
    data = b"#TS:1\r\n" + encode([b"PING"]) + b"#TS:2"
    assert list(parse_strict(data)) == [([], 0, 7), ([b"PING"], 7, 21)]
