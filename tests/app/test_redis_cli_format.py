"""Replies: the lines that redis-cli prints for them on a terminal."""

import pytest

from app.prompt import completed
from app.redis_cli_format import formatted, quoted
from scenes.errors import SceneError


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        ("OK", ["OK"]),
        (None, ["(nil)"]),
        (7, ["(integer) 7"]),
        (b"bar", ['"bar"']),
        (b'a"\\\r\n\t\x00\xff', [r'"a\"\\\r\n\t\x00\xff"']),
        (True, ["(true)"]),
        (1.5, ["(double) 1.5"]),
        ([], ["(empty array)"]),
        ([b"a", 1, None], ['1) "a"', "2) (integer) 1", "3) (nil)"]),
        ([[b"a", b"b"], b"c"], ['1) 1) "a"', '   2) "b"', '2) "c"']),
        ({b"k": 1}, ['1# "k" => (integer) 1']),
        (SceneError("ERR unknown command"), ["(error) ERR unknown command"]),
    ],
)
def test_replies(reply: object, lines: list[str]) -> None:
    assert formatted(reply) == lines


def test_ten_items_are_aligned() -> None:
    assert formatted([b"x"] * 10)[0] == ' 1) "x"'


def test_info_is_printed_as_it_is() -> None:
    assert formatted(b"# Server\r\nredis_version:7\r\n", "INFO server") == [
        "# Server",
        "redis_version:7",
    ]
    assert formatted(b"a\r\nb", "GET x") == [r'"a\r\nb"']


def test_wide_characters_are_bytes() -> None:
    assert quoted("值".encode()) == r'"\xe5\x80\xbc"'


def test_completion_keeps_the_case_typed() -> None:
    names = ["BGSAVE", "GET", "GETRANGE"]
    assert completed("ge", names) == "get"
    assert completed("GETR", names) == "GETRANGE"
    assert completed("set k", names) is None
    assert completed("", names) is None and completed("zz", names) is None
