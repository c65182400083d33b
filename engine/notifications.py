"""Keyspace notifications: what happened to a key, told to whoever subscribed to it.

`__keyspace@0__:name` carries the events of a key, `__keyevent@0__:del` the keys of an event. Which
classes are told is the directive notify-keyspace-events; empty means that nobody is asked to tell.
Source: notify.c (Redis 7.0.15).
"""

from __future__ import annotations

from engine.config import Configuration
from engine.keyspace import Keyspace
from engine.pubsub import PubSub

_KEYSPACE, _KEYEVENT = "K", "E"
NEW = "n"
"""The class of the event `new`: a key that did not exist."""


class Notifications:
    """Hears the keyspace's events while the directive asks for any, and publishes them."""

    def __init__(self, config: Configuration, keyspace: Keyspace, pubsub: PubSub) -> None:
        self._config = config
        self._keyspace = keyspace
        self._pubsub = pubsub
        self._classes: frozenset[str] = frozenset()
        config.on_change("notify-keyspace-events", lambda _change: self._apply())
        self._apply()

    def _apply(self) -> None:
        self._classes = self._config.notify_keyspace_events
        channels = {_KEYSPACE, _KEYEVENT}
        wanted = bool(self._classes & channels and self._classes - channels)
        self._keyspace.listen(self._tell if wanted else None, new_keys=NEW in self._classes)

    def _tell(self, db: int, kind: str, event: str, key: bytes) -> None:
        if kind not in self._classes:
            return
        name = event.encode()
        if _KEYSPACE in self._classes:
            self._pubsub.publish(b"__keyspace@%d__:%b" % (db, key), name)
        if _KEYEVENT in self._classes:
            self._pubsub.publish(b"__keyevent@%d__:%b" % (db, name), key)
