"""INFO's small parts; the whole text is read by real clients in test_real_clients."""

from __future__ import annotations

import pytest

from engine.info import arena_overhead, human
from tests.engine.commands.offline import OfflineServer


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0B"),
        (1023, "1023B"),
        (1024, "1.00K"),
        (1536, "1.50K"),
        (1 << 20, "1.00M"),
        (3 << 30, "3.00G"),
        (5 << 40, "5.00T"),
    ],
)
def test_bytes_for_people(number: int, text: str) -> None:
    assert human(number) == text


def test_overhead_grows_with_the_keys() -> None:
    server = OfflineServer()
    before = arena_overhead(server.keyspace)
    server.connect().line("DEBUG POPULATE 1000")
    assert arena_overhead(server.keyspace) > before + 1000 * 50
