"""SORT: weights at a double's edge, and a result that does not fit."""

from __future__ import annotations

import pytest

from tests.engine.commands.offline import OfflineServer


@pytest.mark.parametrize(
    "weight", ["1e400", "-1e400", "1e-400", "4.9e-324", "nan", "1x", "0x1p2000"]
)
def test_a_weight_that_is_no_double_is_refused(weight: str) -> None:
    client = OfflineServer().connect()
    client.line(f"SADD s 1 {weight}")
    assert client.line("SORT s") == b"-ERR One or more scores can't be converted into double\r\n"
    assert client.line("SORT s BY x_*").startswith(b"*2\r\n")


@pytest.mark.parametrize("weight", ["2.3e-308", "0x1p-1074", "0e-999", "-inf", " 0", "1.7e308"])
def test_a_weight_at_the_edge_is_taken(weight: str) -> None:
    client = OfflineServer().connect()
    client.call("SADD", "s", "1", weight)
    assert client.line("SORT s").startswith(b"*2\r\n")


def test_a_result_that_does_not_fit_leaves_what_was_there() -> None:
    client = OfflineServer(pages=8).connect()
    client.call("SADD", "s", *(b"x" * 900 + b"%d" % number for number in range(20)))
    client.line("SADD target before")
    before = client.line("DEBUG DIGEST")
    used = client.server.keyspace.arena.used_bytes
    assert client.line("SORT s ALPHA STORE target").startswith(b"-OOM ")
    assert client.line("DEBUG DIGEST") == before
    assert client.server.keyspace.arena.used_bytes == used
    assert client.changes("SORT s ALPHA LIMIT 0 1 STORE target") != []
    assert client.line("TYPE target") == b"+list\r\n"
