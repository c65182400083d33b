"""Bytes at once on one connection, here and to a real redis-server: the same bytes, the same end.

For what single replies can't show: commands that are not answered, that wait, or that close.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, redis_version
from tests.whole.running import engine

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)
QUIET = 0.4
"""Seconds after which an open connection has said what it has to say."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The sockets of this engine and of redis-server."""
    folder: Path = tmp_path_factory.mktemp("redis")
    server = RedisServer(folder)
    try:
        with engine(tmp_path_factory.mktemp("ours"), "--unixsocket", "engine.sock") as running:
            yield str(running.folder / "engine.sock"), server.path
    finally:
        server.stop()


def ask(path: str, data: bytes) -> tuple[bytes, bool]:
    """All that comes back, and whether the connection was closed."""
    got = b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(QUIET)
        connection.connect(path)
        connection.sendall(data)
        try:
            while piece := connection.recv(65536):
                got += piece
        except TimeoutError:
            return got, False
        except ConnectionResetError:
            pass
        return got, True


@pytest.mark.parametrize(
    "lines",
    [
        "POST / HTTP/1.1|Host: a|",
        "PING|post x|PING",
        "hOsT: y",
        "GET / HTTP/1.1|Host: x|",
        "MULTI|POST",
        "*1|$4|POST",
        "PING|CLIENT REPLY OFF|PING|NOPE|CLIENT REPLY ON|PING",
        "CLIENT REPLY SKIP|PING|ECHO a",
        "CLIENT REPLY OFF|CLIENT REPLY SKIP|PING|PING",
        "CLIENT REPLY SKIP|CLIENT REPLY SKIP|PING|ECHO a",
        "CLIENT REPLY foo|CLIENT REPLY|CLIENT REPLY ON x",
        "CLIENT REPLY OFF|SUBSCRIBE x",
        "MULTI|MONITOR|EXEC|PING",
        "MONITOR|GET a|SET a 1|DEL a",
        "CLIENT REPLY OFF|RESET|PING",
        "CLIENT REPLY SKIP|RESET|PING",
        "CLIENT REPLY SKIP|NOPE|PING",
        "CLIENT PAUSE|CLIENT PAUSE a|CLIENT PAUSE -1|CLIENT PAUSE 1 foo|CLIENT PAUSE 1 WRITE x",
        "CLIENT UNPAUSE x|CLIENT UNPAUSE|CLIENT PAUSE 0|PING|CLIENT PAUSE 99999999999999999999",
        "CLIENT PAUSE 9223372036854775807 WRITE|GET x|CLIENT UNPAUSE|PING",
        "CLIENT PAUSE 100|PING|ECHO a",
        "CLIENT PAUSE 100 WRITE|GET a|PUBLISH a b|ECHO a",
        "CLIENT PAUSE 100 WRITE|MULTI|SET a 1|GET a|EXEC|ECHO 2",
        "MULTI|SET a 1|CLIENT PAUSE 60000 WRITE|EXEC|SET a 2",
        "CLIENT UNPAUSE",
        "CLIENT PAUSE 60000 WRITE|SET a 3",
        "CLIENT UNPAUSE|GET a",
        "CLIENT PAUSE 50 ALL|NOPE|GET|CLIENT PAUSE 50 ALL|NOPE",
        "CLIENT PAUSE 100|PING|*1|$x",
        "EXEC x",
        "WATCH a|MULTI|EXEC x|EXEC",
        "MULTI|SET|EXEC x|DISCARD",
        "MULTI|MULTI x|WATCH|DISCARD x|EXEC",
        "CLIENT TRACKINGINFO|CLIENT CACHING yes|CLIENT GETREDIR|CLIENT TRACKING off",
        "ACL LIST|ACL USERS|ACL WHOAMI|ACL CAT|ACL CAT nope|ACL CAT a b|ACL GETUSER|ACL nope",
        "ACL GETUSER default|ACL GETUSER nope",
        "AUTH x|AUTH a b|AUTH default b|AUTH a b c|AUTH",
        "CONFIG SET requirepass secret|ACL LIST|ACL GETUSER default|PING",
        "PING|ACL WHOAMI|AUTH wrong|AUTH other secret|MULTI|EXEC|ECHO a|QUIT",
        "*2000000|$1",
        "*1|$20000|",
        "HELLO 3|HELLO 2 AUTH default wrong|AUTH default secret|CONFIG SET requirepass ''|PING",
        "CONFIG SET dir /|CONFIG SET dbfilename x|CONFIG SET appenddirname x",
        "CONFIG SET enable-protected-configs yes|CONFIG SET enable-debug-command yes",
        "CONFIG SET tcp-keepalive -1|CONFIG SET timeout -1|CONFIG SET maxclients 0",
        "CONFIG SET proto-max-bulk-len 1|CONFIG SET client-query-buffer-limit 1",
        "CONFIG SET proto-max-bulk-len 1mb",
        "*2|$4|ECHO|$1048577|",
        "CONFIG SET proto-max-bulk-len 512mb|PING",
        "CLUSTER INFO|CLUSTER NODES|READONLY|READWRITE|ASKING",
    ],
)
def test_the_same_bytes_and_the_same_end(both: tuple[str, str], lines: str) -> None:
    data = lines.replace("|", "\r\n").encode() + b"\r\n"
    with ThreadPoolExecutor(2) as together:
        ours, theirs = together.map(ask, both, (data, data))
    assert ours == theirs


def test_monitor_tells_the_same(both: tuple[str, str]) -> None:
    ours, theirs = (_monitored(path) for path in both)
    assert ours == theirs
    assert len(ours) > 20


def _monitored(path: str) -> list[bytes]:
    lines = [
        "SET a 1", "CONFIG GET hz", "CONFIG SET masterauth pw", "CLIENT ID", "CLIENT SETNAME x",
        "CLIENT LIST", "CLIENT NOPE", "DEBUG SLEEP 0", "ACL WHOAMI", "ACL LIST", "AUTH default pw",
        "AUTH pw", "HELLO 2 AUTH default pw", "HELLO 9", "NOPE x", "GET", "GET a b", "LASTSAVE",
        "ROLE", "SLOWLOG LEN", "LATENCY LATEST", "COMMAND COUNT", "INFO server", "MULTI", "SET q 1",
        "CONFIG GET hz", "AUTH pw", "EXEC", "MULTI", "SET d 1", "DISCARD", "MULTI", "NOPE", "EXEC",
        "SELECT 3", "SUBSCRIBE c", "UNSUBSCRIBE c", "PING a b", "INCR x", "QUIT",
    ]  # fmt: skip
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(10)
        monitor.connect(path)
        monitor.sendall(b"MONITOR\r\n")
        told = monitor.recv(5)
        ask(path, "".join(f"{line}\r\n" for line in lines).encode())
        while b'"QUIT"' not in told:
            told += monitor.recv(65536)
    told = re.sub(rb"\+\d+\.\d{6} \[(\d+) [^]]*\]", rb"[\1]", told)
    return told.split(b"\r\n")
