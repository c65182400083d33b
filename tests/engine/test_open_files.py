"""maxclients against the limit of open files."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from engine import open_files
from engine.config import Configuration
from engine.replies import CommandError


class FakeLimit:
    """RLIMIT_NOFILE of a process that is not ours."""

    def __init__(self, soft: int, hard: int) -> None:
        self.now = (soft, hard)

    def get(self, _which: int) -> tuple[int, int]:
        return self.now

    def set(self, _which: int, limits: tuple[int, int]) -> None:
        if limits[0] > limits[1]:
            raise ValueError("not allowed to raise maximum limit")
        self.now = limits


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLimit]:
    fake = FakeLimit(1024, 4096)
    monkeypatch.setattr(resource, "getrlimit", fake.get)
    monkeypatch.setattr(resource, "setrlimit", fake.set)
    yield fake


def test_the_limit_is_raised_for_the_clients(limit: FakeLimit) -> None:
    config, lines = Configuration(), list[str]()
    config.maxclients = 2000
    open_files.adjust(config, lambda level, text: lines.append(level + text))
    assert limit.now == (2032, 4096)
    assert config.maxclients == 2000
    assert lines == [
        "*Increased maximum number of open files to 2032 (it was originally set to 1024)."
    ]


def test_fewer_clients_where_the_limit_does_not_give(limit: FakeLimit) -> None:
    config, lines = Configuration(), list[str]()
    open_files.adjust(config, lambda _level, text: lines.append(text))
    assert config.maxclients == 4096 - 32
    assert lines[0] == (
        "You requested maxclients of 10000 requiring at least 10032 max file descriptors."
    )
    assert "maxclients has been reduced to 4064" in lines[1]


def test_config_set_refuses_what_does_not_fit(limit: FakeLimit) -> None:
    config = Configuration()
    config.maxclients = 100
    open_files.adjust(config, lambda _level, _text: None)
    with pytest.raises(CommandError, match="number of clients, try with 4064"):
        config.set([("maxclients", "5000")])
    assert config.maxclients == 100
    config.set([("maxclients", "4000")])
    assert config.maxclients == 4000
