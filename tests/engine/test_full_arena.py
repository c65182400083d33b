"""A full arena: the command is refused, and nothing of it is in memory or on its way to the AOF."""

from __future__ import annotations

import random
from collections import Counter

from engine.digest import digest
from tests.engine.commands.offline import Connection, OfflineServer

REFUSED = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"

FORMS = """\
SET s v
SET s v GET
SETEX s 1000 v
GETSET s v
MSET s v+
MSETNX new v+
APPEND s v
SETRANGE s offset v
SETBIT s offset 1
BITOP OR s s s
INCR new
INCRBYFLOAT new 1.5
GETEX s EX 1000
RPUSH l v+
LPUSH l v+
RPUSHX l v+
LSET l 0 v
LMOVE l l LEFT RIGHT
SORT l ALPHA STORE l
HSET h e v+
HMSET h e v+
HSETNX h e v
HINCRBY h e 1
HINCRBYFLOAT h e 1.5
SADD t v+
SMOVE t t e
SUNIONSTORE t t t
ZADD z 1 v+
ZINCRBY z 2 e
ZUNIONSTORE z 2 z z
ZRANGESTORE z z 0 -1
COPY s new
COPY l new
COPY h new
RENAME l new
RENAME s new
MOVE s 1
MOVE h 1
DEL s
DEL l h
SPOP t 3
LPOP l
""".splitlines()
OFTEN_REFUSED = (
    "SET MSET MSETNX APPEND SETRANGE SETBIT BITOP RPUSH LPUSH HSET HMSET SADD ZADD COPY RENAME MOVE"
)


def word(draw: random.Random, form: str) -> bytes:
    match form:
        case "s" | "l" | "h" | "t" | "z":
            return b"%b%d" % (form.encode(), draw.randrange(3))
        case "v":
            return b"v" * draw.choice([1, 20, 100, 700, 2500, 5000, 9000])
        case "e":
            return b"e%d" % draw.randrange(50) + b"x" * draw.choice([0, 0, 30, 400])
        case "new":
            return b"new:%d" % draw.randrange(10**6) + b"longer" * draw.choice([1, 30])
        case "offset":
            return b"%d" % draw.choice([0, 10, 5000, 90_000])
        case _:
            return form.encode()


def command(draw: random.Random) -> list[bytes]:
    """One of the forms; what ends in `+` comes once or often, of some commands in pairs."""
    forms = draw.choice(FORMS).split()
    if not forms[-1].endswith("+"):
        return [word(draw, form) for form in forms]
    pair = forms[0] in ("MSET", "MSETNX", "HSET", "HMSET", "ZADD")
    head, group = (forms[:-2], forms[-2:]) if pair else (forms[:-1], forms[-1:])
    words = [word(draw, form) for form in head]
    for _ in range(draw.choice([1, 2, 5, 40])):
        words += [word(draw, form.removesuffix("+")) for form in group]
    return words


def state(server: OfflineServer) -> tuple[object, ...]:
    """All that a command may change."""
    return (
        digest(server.keyspace),
        [dict(database.expires) for database in server.keyspace.databases],
        server.keyspace.dirty,
        len(server.log_of_changes),
    )


def session(seed: int, refusals: Counter[str]) -> None:
    draw = random.Random(seed)
    server = OfflineServer(pages=draw.choice([8, 12, 20]))
    client = server.connect()
    client.line("CONFIG SET save ''")
    for _ in range(200):
        argv = command(draw)
        before = state(server)
        if client.call(*argv) == REFUSED:
            refusals[argv[0].decode()] += 1
            assert state(server) == before, (seed, [bytes(each[:20]) for each in argv])
    assert_no_slot_is_lost(server, client)


def assert_no_slot_is_lost(server: OfflineServer, client: Connection) -> None:
    for database in server.keyspace.databases:
        client.call("SELECT", database.index)
        for key in list(database.keys):
            client.call("DEL", key)
    assert server.keyspace.arena.used_bytes == 0


def test_what_does_not_fit_leaves_everything_as_it_was() -> None:
    refusals: Counter[str] = Counter()
    for seed in range(30):
        session(seed, refusals)
    assert min(refusals[name] for name in OFTEN_REFUSED.split()) > 5, refusals


def test_inside_a_transaction_the_rest_of_it_goes_on() -> None:
    client = OfflineServer(pages=8).connect()
    for line in ("MULTI", "SET a 1", f"SET b {'x' * 50_000}", "SET c 3"):
        client.line(line)
    assert client.line("EXEC") == b"*3\r\n+OK\r\n" + REFUSED + b"+OK\r\n"
    assert client.line("MGET a b c") == b"*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n3\r\n"
