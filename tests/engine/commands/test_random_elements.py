"""Random choice: every element is as likely, what is popped is gone and logged."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.engine.commands.offline import Connection, OfflineServer

MEMBERS = [b"m%d" % number for number in range(10)]
ROUNDS = 4000


@pytest.fixture
def client() -> Connection:
    random.seed(7)
    client = OfflineServer().connect()
    client.call("SADD", "s", *MEMBERS)
    client.call("HSET", "h", *(word for member in MEMBERS for word in (member, b"v" + member)))
    return client


def strings(reply: bytes) -> list[bytes]:
    return reply.split(b"\r\n")[2:-1:2]


@pytest.mark.parametrize("line", ["SRANDMEMBER s", "HRANDFIELD h"])
def test_every_element_is_as_likely(client: Connection, line: str) -> None:
    found = Counter(client.line(line).split(b"\r\n")[1] for _ in range(ROUNDS))
    assert sorted(found) == MEMBERS
    assert all(0.8 < count * len(MEMBERS) / ROUNDS < 1.2 for count in found.values()), found


@pytest.mark.parametrize("count", [1, 3, 7, 9])
def test_a_positive_count_answers_different_ones(client: Connection, count: int) -> None:
    found: Counter[bytes] = Counter()
    for _ in range(ROUNDS // count):
        chosen = strings(client.line(f"SRANDMEMBER s {count}"))
        assert len(set(chosen)) == count
        found.update(chosen)
    expected = ROUNDS // count * count / len(MEMBERS)
    assert all(0.8 < each / expected < 1.2 for each in found.values()), found


def test_a_negative_count_answers_as_many_as_were_asked_for(client: Connection) -> None:
    chosen = strings(client.line("SRANDMEMBER s -200"))
    assert len(chosen) == 200
    assert set(chosen) == set(MEMBERS)
    pairs = strings(client.line("HRANDFIELD h -50 WITHVALUES"))
    assert len(pairs) == 100
    assert all(value == b"v" + field for field, value in zip(pairs[::2], pairs[1::2], strict=True))


def test_a_count_that_would_fill_memory_is_refused(client: Connection) -> None:
    assert client.line("SRANDMEMBER s -10000001").startswith(b"-ERR value is out of range")


def test_popped_members_are_gone_and_logged(client: Connection) -> None:
    for count in (1, 2, 3):
        client.server.log_of_changes.clear()
        line = "SPOP s" if count == 1 else f"SPOP s {count}"
        reply = client.line(line)
        popped = strings(reply) if count > 1 else [reply.split(b"\r\n")[1]]
        logged = [argv for _, argv in client.server.log_of_changes]
        assert logged == [[b"SREM", b"s", member] for member in popped]
        assert all(client.call("SISMEMBER", "s", member) == b":0\r\n" for member in popped)
    assert client.line("SCARD s") == b":4\r\n"
    assert client.changes("SPOP s 4") == [b"DEL s"]


def test_popping_one_by_one_takes_every_member_once() -> None:
    client = OfflineServer().connect()
    members = {b"member:%d" % number for number in range(3000)}
    client.call("SADD", "s", *members)
    popped = [client.line("SPOP s").split(b"\r\n")[1] for _ in range(3000)]
    assert set(popped) == members
    assert client.line("EXISTS s") == b":0\r\n"


def test_what_popping_empties_is_given_back(client: Connection) -> None:
    members = [b"member:%d" % number for number in range(3000)]
    client.call("SADD", "large", *members)
    arena = client.server.keyspace.arena
    before = arena.used_bytes
    for _ in range(2700):
        client.line("SPOP large")
    assert arena.used_bytes < before * 0.4
    left = strings(client.line("SMEMBERS large"))
    assert len(left) == 300
    assert set(left) < set(members)
    assert client.call("SREM", "large", *left) == b":300\r\n"
