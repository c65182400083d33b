"""maxmemory under noeviction: the same session here and in a redis-server, answer by answer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version
from tests.whole.running import engine as running_engine

needs_redis = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)

OOM = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
ABORTED = (
    b"-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > "
    b"'maxmemory'.\r\n"
)
SPOILED = b"-EXECABORT Transaction discarded because of previous errors.\r\n"

SESSION = [
    ("CONFIG SET maxmemory 100mb", b"+OK\r\n"),
    ("CONFIG GET maxmemory", b"*2\r\n$9\r\nmaxmemory\r\n$9\r\n104857600\r\n"),
    ("CONFIG SET maxmemory 1k", b"+OK\r\n"),
    ("CONFIG GET maxmemory", b"*2\r\n$9\r\nmaxmemory\r\n$4\r\n1000\r\n"),
    # What may need memory is refused, also where it would have freed some or done nothing.
    ("SET k v", OOM),
    ("SET k v XX", OOM),
    ("APPEND k v", OOM),
    ("INCR n", OOM),
    ("RPUSH l a", OOM),
    ("HSET h f v", OOM),
    ("SADD s a", OOM),
    ("ZADD z 1 a", OOM),
    ("SORT l STORE m", OOM),
    ("LMOVE l m LEFT LEFT", OOM),
    ("BLMOVE l m LEFT LEFT 1", OOM),
    ("GETSET kept v", OOM),
    ("SETRANGE kept 0 v", OOM),
    ("COPY kept k", OOM),
    # Wrong words are told before memory is asked for.
    ("SET k", b"-ERR wrong number of arguments for 'set' command\r\n"),
    ("NOSUCH k", b"-ERR unknown command 'NOSUCH', with args beginning with: 'k' \r\n"),
    # What reads, frees or only moves goes on.
    ("GET kept", b"$1\r\nv\r\n"),
    ("PING", b"+PONG\r\n"),
    ("EXPIRE kept 1000", b":1\r\n"),
    ("PERSIST kept", b":1\r\n"),
    ("RENAME kept kept2", b"+OK\r\n"),
    ("RENAME kept2 kept", b"+OK\r\n"),
    ("GETEX kept", b"$1\r\nv\r\n"),
    ("LPOP l", b"$-1\r\n"),
    ("DEL nothing", b":0\r\n"),
    ("PUBLISH c m", b":0\r\n"),
    # Queueing takes memory whatever is queued, and spoils the transaction; leaving it does not.
    ("MULTI", b"+OK\r\n"),
    ("SET k v", OOM),
    ("EXEC", SPOILED),
    ("MULTI", b"+OK\r\n"),
    ("GET kept", OOM),
    ("MULTI", OOM),
    ("WATCH k", OOM),
    ("DISCARD", b"+OK\r\n"),
    ("MULTI", b"+OK\r\n"),
    ("EXEC", b"*0\r\n"),
    # A queue that was full before the memory was: refused by what it holds.
    ("CONFIG SET maxmemory 0", b"+OK\r\n"),
    ("MULTI", b"+OK\r\n"),
    ("CONFIG SET maxmemory 1", b"+QUEUED\r\n"),
    ("SET k v", b"+QUEUED\r\n"),
    ("GET k", b"+QUEUED\r\n"),
    ("EXEC", b"*3\r\n+OK\r\n+OK\r\n$1\r\nv\r\n"),  # once it runs, it runs
    ("SET k w", OOM),
    ("GET k", b"$1\r\nv\r\n"),
    ("CONFIG SET maxmemory 1x", None),
    ("CONFIG SET maxmemory -1", None),
    ("CONFIG GET maxmemory-policy", b"*2\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n"),
    ("CONFIG SET maxmemory 0", b"+OK\r\n"),
    ("SET k w", b"+OK\r\n"),
]


@pytest.fixture(params=["here", pytest.param("redis", marks=needs_redis)])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Wire, Wire, Path]]:
    with contextlib.ExitStack() as stack:
        if request.param == "here":
            running = stack.enter_context(running_engine(tmp_path, "--unixsocket", "engine.sock"))
            path, log = str(running.folder / "engine.sock"), running.log
        else:
            log = tmp_path / "log"
            server = RedisServer(tmp_path, "--logfile", str(log))
            stack.callback(server.stop)
            path = server.path
        wires = Wire(path), Wire(path)
        for each in wires:
            stack.callback(each.close)
        yield *wires, log


def test_a_session(wire: tuple[Wire, Wire, Path]) -> None:
    connection, _, log = wire
    assert connection.call(b"SET", b"kept", b"v") == b"+OK\r\n"
    for line, expected in SESSION:
        reply = connection.call(*line.encode().split())
        if expected is None:
            expected = (
                b"-ERR CONFIG SET failed (possibly related to argument 'maxmemory') - "
                b"argument must be a memory value\r\n"
            )
        assert reply == expected, line
    assert "WARNING: the new maxmemory value set via CONFIG SET (1000) is smaller than the" in (
        log.read_text()
    )


def test_a_transaction_from_before_is_given_up_for_a_command_that_needs_memory(
    wire: tuple[Wire, Wire, Path],
) -> None:
    connection, other, _ = wire
    for words, last in ((b"SET k v", ABORTED), (b"GET k", b"*1\r\n$-1\r\n")):
        connection.call(b"MULTI")
        assert connection.call(*words.split()) == b"+QUEUED\r\n"
        assert other.call(b"CONFIG", b"SET", b"maxmemory", b"1") == b"+OK\r\n"
        assert connection.call(b"EXEC") == last
        assert connection.call(b"EXEC") == b"-ERR EXEC without MULTI\r\n"
        assert other.call(b"CONFIG", b"SET", b"maxmemory", b"0") == b"+OK\r\n"


def test_deleting_makes_room_again(wire: tuple[Wire, Wire, Path]) -> None:
    connection, _, _ = wire

    def used() -> int:
        text = connection.call(b"INFO", b"memory")
        return int(text.partition(b"used_memory:")[2].split()[0])

    connection.call(b"SET", b"big", b"x" * 2_000_000)
    limit = used() - 1_000_000
    assert connection.call(b"CONFIG", b"SET", b"maxmemory", b"%d" % limit) == b"+OK\r\n"
    assert b"maxmemory:%d\r\n" % limit in connection.call(b"INFO", b"memory")
    assert connection.call(b"SET", b"k", b"v") == OOM
    assert connection.call(b"DEL", b"big") == b":1\r\n"
    assert used() < limit
    assert connection.call(b"SET", b"k", b"v") == b"+OK\r\n"


def test_what_is_over_the_limit_is_loaded_all_the_same(tmp_path: Path) -> None:
    options = ("--appendonly", "yes", "--maxmemory", "1kb")
    with running_engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        client.mset({f"k{number}": "v" * 100 for number in range(100)})
        running.stop()
    with running_engine(tmp_path, *options) as running, running.client() as client:
        assert client.dbsize() == 100
        assert client.execute_command("DEL", "k1") == 1
