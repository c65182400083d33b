"""Who listens to what: channels and patterns, and the clients that subscribed to them.

A registry and nothing else: whoever has a `resp` and a `push` can subscribe.
Source: pubsub.c (Redis 7.0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from engine.glob import matcher
from engine.replies import bulk, push

if TYPE_CHECKING:
    from engine.client import Client


class PubSub:
    """Channels and patterns with their subscribers, in the order in which they came."""

    def __init__(self) -> None:
        self._channels: dict[bytes, dict[Client, None]] = {}
        self._patterns: dict[bytes, dict[Client, None]] = {}

    def subscribe(self, client: Client, channel: bytes) -> bool:
        """Have a client hear a channel; False if it did already."""
        client.channels.add(channel)
        return _add(self._channels, channel, client)

    def unsubscribe(self, client: Client, channel: bytes) -> bool:
        """The reverse; False if it did not hear the channel."""
        client.channels.discard(channel)
        return _remove(self._channels, channel, client)

    def psubscribe(self, client: Client, pattern: bytes) -> bool:
        """Have a client hear all channels that match a pattern; False if it did already."""
        client.patterns.add(pattern)
        return _add(self._patterns, pattern, client)

    def punsubscribe(self, client: Client, pattern: bytes) -> bool:
        """The reverse; False if it did not hear the pattern."""
        client.patterns.discard(pattern)
        return _remove(self._patterns, pattern, client)

    def forget(self, client: Client) -> None:
        """Drop everything a client has subscribed to: it is gone."""
        for channel in tuple(client.channels):
            self.unsubscribe(client, channel)
        for pattern in tuple(client.patterns):
            self.punsubscribe(client, pattern)

    def publish(self, channel: bytes, message: bytes) -> int:
        """Push a message to all who hear the channel; returns to how many subscriptions."""
        direct = self._channels.get(channel, {})
        _push_all(direct, [b"message", channel, message])
        reached = len(direct)
        for pattern, clients in self._patterns.items():
            if matcher(pattern)(channel):
                _push_all(clients, [b"pmessage", pattern, channel, message])
                reached += len(clients)
        return reached

    def subscribers(self, channel: bytes) -> Iterable[Client]:
        """The clients that subscribed to exactly this channel."""
        return self._channels.get(channel, {}).keys()

    def channels(self, fits: Callable[[bytes], object]) -> list[bytes]:
        """The channels that somebody hears, as far as `fits` is true for them."""
        return [channel for channel in self._channels if fits(channel)]

    @property
    def channel_count(self) -> int:
        """Channels that somebody hears."""
        return len(self._channels)

    @property
    def pattern_count(self) -> int:
        """Patterns that somebody hears, each counted once."""
        return len(self._patterns)


def _add(table: dict[bytes, dict[Client, None]], name: bytes, client: Client) -> bool:
    clients = table.setdefault(name, {})
    if client in clients:
        return False
    clients[client] = None
    return True


def _remove(table: dict[bytes, dict[Client, None]], name: bytes, client: Client) -> bool:
    clients = table.get(name)
    if clients is None or client not in clients:
        return False
    del clients[client]
    if not clients:
        del table[name]
    return True


def _push_all(clients: Iterable[Client], words: list[bytes]) -> None:
    items = [bulk(word) for word in words]
    encoded: dict[int, bytes] = {}
    for client in clients:
        version = client.resp
        if version not in encoded:
            encoded[version] = push(version, items)
        client.push(encoded[version])
