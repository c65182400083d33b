"""Publish and subscribe among several clients."""

from __future__ import annotations

from engine.events import CHANNEL
from tests.engine.commands.offline import OfflineServer


def test_channels_and_patterns_both_hear() -> None:
    server = OfflineServer()
    direct, pattern, sender = server.connect(), server.connect(), server.connect()
    direct.line("SUBSCRIBE news")
    pattern.line("HELLO 3")
    assert pattern.line("PSUBSCRIBE n*") == b">3\r\n$10\r\npsubscribe\r\n$2\r\nn*\r\n:1\r\n"
    assert sender.line("PUBLISH news hi") == b":2\r\n"
    assert direct.received() == b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
    expected = b">4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
    assert pattern.received() == expected


def test_who_leaves_hears_no_more() -> None:
    server = OfflineServer()
    listener, sender = server.connect(), server.connect()
    listener.line("SUBSCRIBE a b")
    listener.line("UNSUBSCRIBE")
    assert sender.line("PUBLISH a x") == b":0\r\n"
    listener.line("SUBSCRIBE a")
    server.pubsub.forget(listener.client)
    assert sender.line("PUBLISH a x") == b":0\r\n"
    assert server.pubsub.channel_count == 0


def test_a_resp3_client_may_do_other_things() -> None:
    client = OfflineServer().connect()
    client.line("HELLO 3")
    client.line("SUBSCRIBE a")
    assert client.line("SET k v") == b"+OK\r\n"


def test_a_resp2_client_may_not() -> None:
    client = OfflineServer().connect()
    client.line("SUBSCRIBE a")
    assert client.line("SET k v").startswith(b"-ERR Can't execute 'set'")


def test_nobody_may_publish_events() -> None:
    client = OfflineServer().connect()
    assert client.call("PUBLISH", CHANNEL, "{}").startswith(b"-ERR cowscope:events carries")


def test_subscribing_to_events_is_being_watched() -> None:
    server = OfflineServer()
    client = server.connect()
    client.call("SUBSCRIBE", CHANNEL)
    assert server.watched
    client.call("UNSUBSCRIBE", CHANNEL)
    assert not server.watched
