from __future__ import annotations

import pytest

from scenes.typed import refusal


@pytest.mark.parametrize(
    "line",
    [
        *("subscribe c", "PSUBSCRIBE *", "MONITOR", "SYNC", "PSYNC ? -1", "BLPOP a 0"),
        *("XREAD block 0 STREAMS s $", "WAIT 1 0", "HELLO 3", "RESET", "client reply OFF"),
    ],
)
def test_what_takes_a_connection_over_is_refused_with_a_way_out(line: str) -> None:
    said = refusal(line.split(), 7001)
    assert said.startswith(line.split()[0].upper()) and "\n" not in said
    assert said.endswith("redis-cli -p 7001") and len(said) <= 110


def test_quit_names_the_key_that_leaves() -> None:
    assert "Esc" in refusal(["quit"], 7001)


@pytest.mark.parametrize("line", ["GET monitor", "CLIENT LIST", "XREAD STREAMS s 0", "SHUTDOWN"])
def test_everything_else_is_sent(line: str) -> None:
    assert refusal(line.split(), 7001) == ""
