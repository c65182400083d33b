"""A subscription to an engine's events, over redis-py, as any other client would have one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import redis.asyncio
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from engine.events import CHANNEL, AnyEvent, decode
from engine.journal import CHANNEL as JOURNAL
from scenes.errors import SceneError
from scenes.sayings import trouble

CONFIRM_SECONDS = 5.0
READ_OUT_SECONDS = 1.0


def client(port: int, name: str | None = None) -> redis.asyncio.Redis:
    """A redis-py client of the engine on 127.0.0.1 that never retries: a lost engine is news.

    It waits for an answer as long as it takes: a busy engine is none that is gone. Events call it
    by its `name`: whose command it was, the scene's or somebody else's.
    """
    return redis.asyncio.Redis(
        host="127.0.0.1",
        port=port,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        client_name=name,
        socket_timeout=None,
    )


class Subscription:
    """Hands every event on as it arrives, until it is closed or the engine is gone.

    `on_journal` gets the messages of the journal, each before the events that it belongs to.
    """

    def __init__(
        self,
        port: int,
        on_event: Callable[[AnyEvent], None],
        on_journal: Callable[[bytes], None] | None = None,
    ) -> None:
        self._client = client(port)
        self._channel: PubSub = self._client.pubsub()
        self._on_event = on_event
        self._on_journal = on_journal
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def start(self) -> None:
        """Returns when the engine has confirmed; raises SceneError when it does not."""
        try:
            # At once: the journal begins with the first command that is an event.
            await self._channel.subscribe(CHANNEL, *([JOURNAL] if self._on_journal else []))
            confirmation = await self._channel.get_message(timeout=CONFIRM_SECONDS)
        except (RedisError, OSError) as err:
            raise SceneError(
                trouble("subscription.cannot_subscribe", channel=str(CHANNEL), why=str(err))
            ) from err
        if confirmation is None or confirmation["type"] != "subscribe":
            raise SceneError(trouble("subscription.not_confirmed", channel=CHANNEL))
        self._task = asyncio.create_task(self._listen(), name="subscription")

    async def _listen(self) -> None:
        while not self._closed:
            try:
                message = await self._channel.get_message(timeout=None)
            except (RedisError, OSError):
                return  # the engine is gone: whoever watches its process reports it
            if message is None or message["type"] != "message":
                continue
            if message["channel"] != JOURNAL.encode():
                self._on_event(decode(message["data"]))
            elif self._on_journal is not None:
                self._on_journal(message["data"])

    async def read_out(self) -> None:
        """Hand on what a dead engine had still published, at most for a moment."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=READ_OUT_SECONDS)

    async def close(self) -> None:
        """Stop listening and disconnect."""
        self._closed = True  # redis-py may swallow the cancellation
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):
            await self._channel.aclose()  # type: ignore[no-untyped-call]
            await self._client.aclose()
