"""Random sessions sent to a running engine and to a redis-server: the same replies and data.

`test_same_sessions_as_redis` has more of them, and asks more, but of commands in this process; here
they pass through sockets, and what they leave through both servers' dumps and append-only files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.random_sessions import Step, sessions
from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version
from tests.engine.test_same_sessions_as_redis import Twin
from tests.whole.running import engine

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)

SEQUENCES = int(os.environ.get("SEQUENCES", "0"))
AOF = ("--appendonly", "yes", "--appendfsync", "no", "--enable-debug-command", "yes")


class TwinByWire(Twin):
    """One client of each server. Ranges by name are left out: nobody sees whether they have any."""

    def _has_no_names(self, key: bytes, argv: list[bytes]) -> bool:
        return True


class Both:
    """The two servers."""

    def __init__(self, ours: str, theirs: RedisServer) -> None:
        self._address, self._redis = ours, theirs
        self.control = Wire(ours), theirs.connect()
        for wire in self.control:
            wire.call(b"DEBUG", b"SET-ACTIVE-EXPIRE", b"0")

    def twin(self, resp: int) -> TwinByWire:
        return TwinByWire(Wire(self._address), self._redis.connect(), resp)

    def compare(self, *argv: bytes) -> None:
        ours, theirs = (wire.call(*argv) for wire in self.control)
        assert ours == theirs, argv


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder: Path = tmp_path_factory.mktemp("sessions")
    (folder / "redis").mkdir()
    address = str(folder / "socket")
    with ExitStack() as stack:
        stack.enter_context(engine(folder, *AOF, "--unixsocket", address))
        server = RedisServer(folder / "redis", *AOF)
        stack.callback(server.stop)
        found = Both(address, server)
        for wire in found.control:
            stack.callback(wire.close)
        yield found


@settings(
    max_examples=SEQUENCES or 40,
    derandomize=not SEQUENCES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(sessions(), st.sampled_from([2, 3]))
def test_a_random_session_leaves_the_same(both: Both, steps: list[Step], resp: int) -> None:
    both.compare(b"FLUSHALL")
    twins = [both.twin(resp), both.twin(2)]
    try:
        for step in steps:
            twins[step.client].step(step.argv)
        for twin in twins:
            twin.compare([b"DISCARD"])
    finally:
        for twin in twins:
            twin.ours.close()
            twin.theirs.close()
    both.compare(b"DEBUG", b"DIGEST")
    for way in (b"RELOAD", b"LOADAOF"):
        both.compare(b"DEBUG", way)
        both.compare(b"DEBUG", b"DIGEST")
