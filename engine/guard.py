"""What stands between a command and its execution: passwords, MULTI, subscriptions, refusals.

Only looked at while a client or the server is `guarded`, so that the ordinary command pays for
none of it. The order of the checks and their words are Redis' (processCommand(), 7.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.replies import QUEUED, CommandError, not_while_subscribed

if TYPE_CHECKING:
    from engine.client import Client
    from engine.commands.table import CommandSpec

_WITHOUT_PASSWORD = frozenset({"auth", "hello", "quit", "reset"})
_WHILE_SUBSCRIBED = frozenset(
    {"subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ping", "quit", "reset"}
)
_RUN_AT_ONCE_IN_MULTI = frozenset({"exec", "discard", "multi", "watch", "quit", "reset"})


def refuse(client: Client, spec: CommandSpec, argv: list[bytes]) -> bytes | None:
    """A reply that stands for execution (QUEUED), or None to go on; raises CommandError."""
    server = client.server
    if not client.authenticated and spec.name not in _WITHOUT_PASSWORD:
        raise CommandError("NOAUTH Authentication required.")
    if spec.writes or spec.name == "ping":
        _refuse_by_persistence(client)
    subscribed = client.resp == 2 and bool(client.channels or client.patterns)
    if subscribed and spec.name not in _WHILE_SUBSCRIBED:
        raise not_while_subscribed(spec.full_name(argv))
    if server.loading and "loading" not in spec.flags and not client.replaying:
        raise CommandError("LOADING Redis is loading the dataset in memory")
    if server.monitors and not spec.is_admin and not client.replaying:
        server.feed_monitors(client, argv)
    if client.transaction is not None and spec.name not in _RUN_AT_ONCE_IN_MULTI:
        if "no_multi" in spec.flags:
            raise CommandError("ERR Command not allowed inside a transaction")
        client.transaction.queue(spec, argv)
        return QUEUED
    return None


def _refuse_by_persistence(client: Client) -> None:
    refusal = client.server.persistence.refusal()
    if refusal and not client.replaying:
        raise CommandError(refusal)
