"""A session with the list of its events, in a cache of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from engine.events import AnyEvent
from scenes.loader import load
from scenes.session import Session

LESSON = load("04")


class Watched:
    """A session with the list of its events, in a cache of its own."""

    def __init__(self, **options: object) -> None:
        self.events: list[AnyEvent] = []
        self._news = asyncio.Event()
        options.setdefault("arena_pages", 256)
        self.session = Session(LESSON, on_event=self._take, **options)  # type: ignore[arg-type]

    def _take(self, event: AnyEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, wanted: Callable[[AnyEvent], bool]) -> AnyEvent:
        """The first event, past or to come, that is wanted."""
        async with asyncio.timeout(60):
            place = 0
            while True:
                for event in self.events[place:]:
                    if wanted(event):
                        return event
                place = len(self.events)
                self._news.clear()
                await self._news.wait()


@contextlib.asynccontextmanager
async def watching(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    """A session that runs, and must leave no file behind."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    watched = Watched()
    async with watched.session:
        yield watched
    assert not any((folder / "cowscope").iterdir()), "the session left files behind"


def of(kind: type[AnyEvent]) -> Callable[[AnyEvent], bool]:
    return lambda event: isinstance(event, kind)
