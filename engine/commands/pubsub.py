"""Publish and subscribe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.commands.table import command, container, subcommand
from engine.events import CHANNEL
from engine.glob import matcher
from engine.journal import CHANNEL as JOURNAL
from engine.replies import CommandError, array, bulk, bulks, integer, push

if TYPE_CHECKING:
    from engine.client import Client

_EVENTS = CHANNEL.encode()
_OWN = (_EVENTS, JOURNAL.encode())


def _each(
    client: Client, kind: bytes, names: list[bytes], change: Callable[[Client, bytes], bool]
) -> bytes:
    """Change one subscription after the other; each is answered with the count so far."""
    replies = []
    for name in names:
        change(client, name)
        replies.append(_answer(client, kind, name))
    _subscriptions_changed(client)
    return b"".join(replies)


def _answer(client: Client, kind: bytes, name: bytes | None) -> bytes:
    count = len(client.channels) + len(client.patterns)
    named = client.null if name is None else bulk(name)
    return push(client.resp, [bulk(kind), named, integer(count)])


def _subscriptions_changed(client: Client) -> None:
    client.update_guard()
    client.server.update_watching()


@command(
    "subscribe",
    -2,
    "pubsub noscript loading stale",
    group="pubsub",
    since="2.0.0",
    syntax="channel [channel ...]",
    summary="Hears channels from now on.",
)
def subscribe(client: Client, argv: list[bytes]) -> bytes:
    """SUBSCRIBE."""
    return _each(client, b"subscribe", argv[1:], client.server.pubsub.subscribe)


@command(
    "unsubscribe",
    -1,
    "pubsub noscript loading stale",
    group="pubsub",
    since="2.0.0",
    syntax="[channel [channel ...]]",
    summary="Hears channels, or all of them, no more.",
)
def unsubscribe(client: Client, argv: list[bytes]) -> bytes:
    """UNSUBSCRIBE."""
    names = argv[1:] or sorted(client.channels)
    if not names:
        return _answer(client, b"unsubscribe", None)
    return _each(client, b"unsubscribe", names, client.server.pubsub.unsubscribe)


@command(
    "psubscribe",
    -2,
    "pubsub noscript loading stale",
    group="pubsub",
    since="2.0.0",
    syntax="pattern [pattern ...]",
    summary="Hears all channels whose names match a pattern.",
)
def psubscribe(client: Client, argv: list[bytes]) -> bytes:
    """PSUBSCRIBE."""
    return _each(client, b"psubscribe", argv[1:], client.server.pubsub.psubscribe)


@command(
    "punsubscribe",
    -1,
    "pubsub noscript loading stale",
    group="pubsub",
    since="2.0.0",
    syntax="[pattern [pattern ...]]",
    summary="Hears patterns, or all of them, no more.",
)
def punsubscribe(client: Client, argv: list[bytes]) -> bytes:
    """PUNSUBSCRIBE."""
    names = argv[1:] or sorted(client.patterns)
    if not names:
        return _answer(client, b"punsubscribe", None)
    return _each(client, b"punsubscribe", names, client.server.pubsub.punsubscribe)


@command(
    "publish",
    3,
    "pubsub loading stale fast",
    group="pubsub",
    since="2.0.0",
    syntax="channel message",
    summary="Sends a message to a channel and answers how many heard it.",
)
def publish(client: Client, argv: list[bytes]) -> bytes:
    """PUBLISH: the engine's own channel is closed to clients, for events must have happened."""
    if argv[1] in _OWN:
        raise CommandError(
            f"ERR {argv[1].decode()} carries what the engine measured;"
            " use COWSCOPE NOTE to say something"
        )
    return integer(client.server.pubsub.publish(argv[1], argv[2]))


container(
    "pubsub",
    group="pubsub",
    since="2.8.0",
    summary="Asks who hears what.",
)


@subcommand(
    "pubsub",
    "channels",
    -2,
    "pubsub loading stale",
    syntax="[pattern]",
    summary="The channels that somebody hears.",
)
def pubsub_channels(client: Client, argv: list[bytes]) -> bytes:
    """PUBSUB CHANNELS."""
    pattern = argv[2] if len(argv) > 2 else b"*"
    return bulks(client.server.pubsub.channels(matcher(pattern)))


@subcommand(
    "pubsub",
    "numsub",
    -2,
    "pubsub loading stale",
    syntax="[channel [channel ...]]",
    summary="How many clients hear each channel.",
)
def pubsub_numsub(client: Client, argv: list[bytes]) -> bytes:
    """PUBSUB NUMSUB."""
    pubsub = client.server.pubsub
    items = []
    for channel in argv[2:]:
        items += [bulk(channel), integer(len(list(pubsub.subscribers(channel))))]
    return array(items)


@subcommand("pubsub", "numpat", 2, "pubsub loading stale", summary="How many patterns are heard.")
def pubsub_numpat(client: Client, argv: list[bytes]) -> bytes:
    """PUBSUB NUMPAT."""
    return integer(client.server.pubsub.pattern_count)
