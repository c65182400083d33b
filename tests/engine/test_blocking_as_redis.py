"""Clients that wait for keys, here and in a redis-server: who gets what, and what is logged."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hiredis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.commands.offline import OfflineServer
from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version
from tests.whole.running import engine

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)
DIRTY = re.compile(rb"rdb_changes_since_last_save:(\d+)")
BLOCKED = re.compile(rb"blocked_clients:(\d+)")
OPTIONS = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The folders of this engine and of redis-server, each with its socket and AOF."""
    folder: Path = tmp_path_factory.mktemp("redis")
    server = RedisServer(folder, *OPTIONS[:4])
    try:
        with engine(
            tmp_path_factory.mktemp("ours"), "--unixsocket", "redis.sock", *OPTIONS
        ) as running:
            yield running.folder, folder
    finally:
        server.stop()


def aof(folder: Path) -> bytes:
    return next(folder.glob("appendonlydir/*.incr.aof")).read_bytes()


def logged(data: bytes) -> list[list[bytes]]:
    reader = hiredis.Reader()
    reader.feed(data)
    return list(iter(reader.gets, False))


def changes(wire: Wire) -> int:
    found = DIRTY.search(wire.call(b"INFO", b"persistence"))
    assert found is not None
    return int(found[1])


def play(folder: Path, lines: list[str]) -> list[object]:
    """Each line is `client: words`; `client?` reads a reply, `client!` hangs up; what was seen."""
    path = str(folder / "redis.sock")
    own = Wire(path)
    own.call(b"FLUSHALL")
    before, dirty = len(aof(folder)), changes(own)
    wires: dict[str, Wire] = {}
    seen: list[object] = []
    for line in lines:
        name, act, words = line[0], line[1], line[3:].split()
        if name not in wires:
            wires[name] = Wire(path)
        wire = wires[name]
        if act == "?":
            seen.append((line, wire.receive()))
        elif act == "!":
            wires.pop(name).close()
            await_blocked(own, sum(map(int, words)))
        elif act == "~":  # `client~ how many wait then: words`, which are not answered yet
            wire.send(*(word.encode() for word in words[1:]))
            await_blocked(own, int(words[0]))
        else:
            reply = wire.call(*(word.encode() for word in words))
            if words[0] != "HELLO":  # it tells the client's number
                seen.append((line, reply))
    for wire in wires.values():
        wire.close()
    await_blocked(own, 0)
    seen += [changes(own) - dirty, logged(aof(folder)[before:])]
    own.close()
    return seen


def await_blocked(wire: Wire, count: int) -> None:
    """Until so many clients wait (a command was read, or an end noticed)."""
    for _ in range(2000):
        found = BLOCKED.search(wire.call(b"INFO", b"clients"))
        if found is not None and int(found[1]) == count:
            return
    raise AssertionError(f"never {count} blocked clients")


SCENES = {
    "served in order": """\
a~ 1 BLPOP k 0
b~ 2 BRPOP k 0
c: RPUSH k x y z
a?
b?
c: LRANGE k 0 -1""",
    "one element, one client": """\
a~ 1 BLPOP k 0
b~ 2 BLPOP k 0
c: RPUSH k x
a?
c: RPUSH k y
b?""",
    "move": """\
a~ 1 BLMOVE k m LEFT RIGHT 0
b~ 2 BLPOP m 0
d~ 3 BRPOPLPUSH k m 0
c: RPUSH k x y z
a?
b?
d?
c: LRANGE m 0 -1""",
    "rotate": """\
a~ 1 BLMOVE k k left right 0
b~ 2 BLPOP k 0
c: RPUSH k x
a?
b?""",
    "many": """\
a~ 1 BLMPOP 0 2 z k LEFT COUNT 2
b~ 2 BLMPOP 0 2 k z RIGHT COUNT 9
c: RPUSH k x y z
a?
b?""",
    "sorted sets": """\
a~ 1 BZPOPMIN k 0
b~ 2 BZPOPMAX j k 0
d~ 3 BZMPOP 0 1 k MIN COUNT 2
c: ZADD k 1 a 2 b 3 c 4.5 d
a?
b?
d?""",
    "RESP3": """\
a: HELLO 3 SETNAME x
a: SELECT 1
a~ 1 BZPOPMIN k 0
c: SELECT 1
c: ZADD k 1.5 a
a?
c: EXISTS k""",
    "the target is no list": """\
c: SET s 1
a~ 1 BLMOVE k s LEFT RIGHT 0
b~ 2 BLPOP k 0
c: RPUSH k x
a?
b?""",
    "another type does not wake": """\
a~ 1 BLPOP k 0
b~ 2 BZPOPMIN k 0
c: SADD k x
c: DEL k
c: ZADD k 1 z
b?
c: DEL k
c: SET k x
c: DEL k
c: RPUSH k x
a?""",
    "after the transaction": """\
a~ 1 BLPOP k j 0
c: MULTI
c: RPUSH j 1
c: RPUSH k 2
c: EXEC
a?
a~ 1 BLPOP n 0
c: MULTI
c: RPUSH n 1
c: DEL n
c: EXEC
c: MULTI
c: RPUSH n 1
c: LPUSH n 2
c: EXEC
a?""",
    "in a transaction nobody waits": """\
a: MULTI
a: BLPOP k 0
a: BLMOVE k j LEFT LEFT 0
a: BZPOPMIN k 0
a: BLMPOP 0 1 k LEFT
a: EXEC""",
    "the same key twice": """\
a~ 1 BLPOP k k 0
c: RPUSH k x
a?
c: RPUSH k y
c: LLEN k""",
    "keys that come by other ways": """\
a~ 1 BLPOP k 0
c: RPUSH z x y
c: RENAME z k
a?
c: DEL k
a~ 1 BLPOP k 0
c: RPUSH z x y
c: COPY z k
a?
c: DEL k
a~ 1 BLPOP k 0
c: SORT z ALPHA STORE k
a?
c: DEL k
a~ 1 BLPOP k 0
c: SELECT 1
c: RPUSH k x y
c: MOVE k 0
a?
c: RPUSH j x y
a~ 1 BLPOP j 0
c: SWAPDB 0 1
a?
a~ 1 BZPOPMIN u 0
c: SELECT 0
c: SADD set x y
c: ZUNIONSTORE u 1 set
a?""",
    "those who leave": """\
a~ 1 BLPOP k 0
b~ 2 BLPOP k 0
a! 1
c: RPUSH k x
b?""",
    "what is sent behind waits": """\
a~ 1 BLPOP k 0
a~ 1 SET after 1
a~ 1 BLPOP k 0
a~ 1 PING
c: GET after
c: RPUSH k x
a?
a?
c: GET after
c: RPUSH k y
a?
a?""",
    "no reply wanted": """\
a: CLIENT REPLY ON
a~ 0 CLIENT REPLY SKIP
a~ 1 BLPOP k 0
c: RPUSH k x
a: PING""",
    "time is over": """\
a: BLPOP k 0.01
a: BLMOVE k s LEFT RIGHT 0.01
a: BRPOPLPUSH k s 0.01
a: BLMPOP 0.01 1 k LEFT
a: BZPOPMIN k 0.01
a: BZMPOP 0.01 1 k MIN
a: HELLO 3 SETNAME y
a: BLPOP k 1e-5
a: BLMOVE k s LEFT RIGHT 0.01
a: BZMPOP 0.01 1 k MIN
c: RPUSH k x
c: LLEN k""",
    "expired is not there": """\
a~ 1 BLPOP k 0
c: MULTI
c: RPUSH k x
c: PEXPIREAT k 1
c: EXEC
c: RPUSH k y
a?""",
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_the_same_clients_get_the_same(both: tuple[Path, Path], scene: str) -> None:
    with ThreadPoolExecutor(2) as together:
        ours, theirs = together.map(play, both, [scene.splitlines()] * 2)
    assert ours == theirs


def woken(folder: Path, *how: bytes) -> list[bytes]:
    """What CLIENT UNBLOCK and CLIENT KILL do to a client that waits."""
    path = str(folder / "redis.sock")
    own, waiting = Wire(path), Wire(path)
    number = waiting.call(b"CLIENT", b"ID")[1:-2]
    waiting.send(b"BLPOP", b"k", b"0")
    await_blocked(own, 1)
    lines = own.call(b"CLIENT", b"LIST", b"ID", number)
    seen = [re.findall(rb"flags=[a-z]+", lines)[0], re.findall(rb"cmd=\S+", lines)[0]]
    seen.append(own.call(*(number if word == b"#" else word for word in how)))
    await_blocked(own, 0)
    with contextlib.suppress(ValueError):  # killed: there is no line to read
        seen.append(waiting.receive())
    seen.append(own.call(b"CLIENT", b"UNBLOCK", number))
    own.close()
    waiting.close()
    return seen


@pytest.mark.parametrize(
    "how",
    [
        "CLIENT UNBLOCK #",
        "CLIENT UNBLOCK # TIMEOUT",
        "CLIENT UNBLOCK # error",
        "CLIENT KILL ID #",
    ],
)
def test_others_may_end_the_wait(both: tuple[Path, Path], how: str) -> None:
    ours, theirs = (woken(folder, *how.encode().split()) for folder in both)
    assert ours == theirs
    assert ours[0] == b"flags=b"


def at_once(folder: Path, data: bytes) -> bytes:
    """Everything in one write; what comes back until the connection's end."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(folder / "redis.sock"))
        connection.sendall(data)
        got = b""
        while piece := connection.recv(65536):
            got += piece
        return got


@pytest.mark.parametrize(
    "lines",
    [
        "BLPOP k 0.05|PING|QUIT",
        "PING|BLPOP k 0.05|RPUSH k x|BLPOP k 0|*1|$x",
        "BLPOP k 0.05|BLPOP k 0.05|BZPOPMIN k 0.05|QUIT",
        "CLIENT REPLY SKIP|BLPOP k 0.02|PING|QUIT",
        "MULTI|BLPOP k 0|EXEC|BLPOP k 0.02|QUIT",
    ],
)
def test_pipelines_keep_their_order(both: tuple[Path, Path], lines: str) -> None:
    data = lines.replace("|", "\r\n").encode() + b"\r\n"
    ours, theirs = (at_once(folder, data) for folder in both)
    assert ours == theirs


KEYS = st.sampled_from([b"a", b"b", b"c"])
SIDES = st.sampled_from([b"LEFT", b"RIGHT"])
VALUES = st.lists(st.sampled_from([b"x", b"y", b"z"]), min_size=1, max_size=3)
POPS = st.sampled_from([b"BLPOP", b"BRPOP", b"BZPOPMIN", b"BZPOPMAX"])
COMMANDS = st.one_of(
    st.tuples(st.sampled_from([b"LPUSH", b"RPUSH"]), KEYS, VALUES).map(lambda t: [*t[:2], *t[2]]),
    st.tuples(POPS, KEYS, KEYS).map(lambda t: [*t, b"0"]),
    st.tuples(KEYS, KEYS, SIDES, SIDES).map(lambda t: [b"BLMOVE", *t, b"0"]),
    st.tuples(KEYS, KEYS, SIDES).map(lambda t: [b"BLMPOP", b"0", b"2", *t, b"COUNT", b"2"]),
    st.tuples(KEYS, VALUES).map(lambda t: [b"ZADD", t[0], *(w for v in t[1] for w in (b"1", v))]),
    st.tuples(st.sampled_from([b"DEL", b"SMEMBERS"]), KEYS).map(list),
    st.tuples(st.just(b"RENAME"), KEYS, KEYS).map(list),
    st.sampled_from([[b"MULTI"], [b"EXEC"]]),
)
STEPS = st.lists(st.tuples(st.integers(0, 3), COMMANDS), min_size=10, max_size=40)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(STEPS)
def test_any_crowd_gets_the_same(
    both: tuple[Path, Path], steps: list[tuple[int, list[bytes]]]
) -> None:
    path = str(both[1] / "redis.sock")
    server = OfflineServer()
    own, theirs = Wire(path), [Wire(path) for _ in range(4)]
    ours = [server.connect() for _ in theirs]
    own.call(b"FLUSHALL")
    for who, argv in steps:
        if ours[who].client.wait is not None:
            continue
        replies = {who: ours[who].call(*argv)}
        replies.update((at, client.received()) for at, client in enumerate(ours) if at != who)
        theirs[who].send(*argv)
        await_blocked(own, len(server.blocking.clients))
        for at, reply in replies.items():
            assert not reply or theirs[at].receive() == reply, (at, argv)
    for wire in theirs:
        wire.close()
    await_blocked(own, 0)
    assert own.call(b"DEBUG", b"DIGEST") == server.connect().line("DEBUG DIGEST")
    own.close()
