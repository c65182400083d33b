from __future__ import annotations

import pytest

from scenes.errors import SceneError
from scenes.typed import arguments, refusal


@pytest.mark.parametrize(
    "line",
    [
        *("subscribe c", "PSUBSCRIBE *", "MONITOR", "SYNC", "PSYNC ? -1", "BLPOP a 0"),
        *("XREAD block 0 STREAMS s $", "WAIT 1 0", "HELLO 3", "RESET", "client reply OFF"),
    ],
)
def test_what_takes_a_connection_over_is_refused_with_a_way_out(line: str) -> None:
    said = refusal(line.encode().split(), 7001)
    assert said.startswith(line.split()[0].upper()) and "\n" not in said
    assert said.endswith("redis-cli -p 7001") and len(said) <= 110


def test_quit_names_the_key_that_leaves() -> None:
    assert "Esc" in refusal([b"quit"], 7001)


@pytest.mark.parametrize("line", ["GET monitor", "CLIENT LIST", "XREAD STREAMS s 0", "SHUTDOWN"])
def test_everything_else_is_sent(line: str) -> None:
    assert refusal(line.encode().split(), 7001) == ""


def test_a_line_is_read_as_redis_cli_reads_it() -> None:
    assert arguments(r"""SET "a b" "\x1b[31m\r\n" 'it\'s' 值""") == [
        *(b"SET", b"a b", b"\x1b[31m\r\n", b"it's", "值".encode()),
    ]
    assert arguments("  ") == []


@pytest.mark.parametrize("line", ['SET a "b', "SET a 'b", 'SET "a"b'])
def test_quotes_that_do_not_balance_are_refused(line: str) -> None:
    with pytest.raises(SceneError, match="do not balance"):
        arguments(line)
