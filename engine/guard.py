"""What stands between a command and its execution: passwords, MULTI, subscriptions, refusals.

Only looked at while a client or the server is `guarded`, so that the ordinary command pays for
none of it. The order of the checks and their words are Redis' (processCommand(), 7.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import memory_limit
from engine.replies import (
    LOADING,
    NO_AUTH,
    NOT_IN_TRANSACTION,
    QUEUED,
    CommandError,
    exec_abort,
    not_while_subscribed,
)

if TYPE_CHECKING:
    from engine.client import Client
    from engine.commands.table import CommandSpec

_WITHOUT_PASSWORD = frozenset({"auth", "hello", "quit", "reset"})
_WHILE_SUBSCRIBED = frozenset(
    {"subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ping", "quit", "reset"}
)
_LEAVES_MULTI = frozenset({"exec", "discard", "quit", "reset"})
_RUN_AT_ONCE_IN_MULTI = frozenset({"exec", "discard", "multi", "watch", "quit", "reset"})


def refuse(client: Client, spec: CommandSpec, argv: list[bytes]) -> bytes | None:
    """A reply that stands for execution (QUEUED), or None to go on.

    Raises CommandError, and PostponedError where the command waits for the end of a pause.
    """
    try:
        return _refuse(client, spec, argv)
    except CommandError as problem:
        if spec.name == "exec":
            raise abort_exec(client, problem) from None
        raise


def abort_exec(client: Client, why: CommandError) -> CommandError:
    """An EXEC that can't be taken gives its transaction up (execCommandAbort()); the error."""
    client.transaction = None
    if client.watch is not None:
        client.watch.forget()
        client.watch = None
    client.update_guard()
    return exec_abort(why)


def _refuse(client: Client, spec: CommandSpec, argv: list[bytes]) -> bytes | None:
    server = client.server
    if not client.authenticated and spec.name not in _WITHOUT_PASSWORD:
        raise CommandError(NO_AUTH)
    run = _executed(client, spec)
    if not client.replaying:
        stays = client.transaction is not None and spec.name not in _LEAVES_MULTI
        memory_limit.check(server, run, queueing=stays)
    if spec.name == "ping" or any(each.writes for each in run):
        _refuse_by_persistence(client)
    subscribed = client.resp == 2 and bool(client.channels or client.patterns)
    if subscribed and spec.name not in _WHILE_SUBSCRIBED:
        raise not_while_subscribed(spec.full_name(argv))
    if server.loading and "loading" not in spec.flags and not client.replaying:
        raise CommandError(LOADING)
    if client.monitoring and any(each.writes or "readonly" in each.flags for each in run):
        raise CommandError("ERR Replica can't interact with the keyspace")
    if not client.replaying:
        server.pause.check(client, run)
    if client.transaction is not None and spec.name not in _RUN_AT_ONCE_IN_MULTI:
        if "no_multi" in spec.flags:
            raise CommandError(NOT_IN_TRANSACTION)
        client.transaction.queue(spec, argv)
        return QUEUED
    return None


def _executed(client: Client, spec: CommandSpec) -> list[CommandSpec]:
    """The commands that run now: the one that is asked for or, for EXEC, those of its queue."""
    if spec.name == "exec" and client.transaction is not None:
        return [queued for queued, _ in client.transaction.commands]
    return [spec]


def _refuse_by_persistence(client: Client) -> None:
    refusal = client.server.persistence.refusal()
    if refusal and not client.replaying:
        raise CommandError(refusal)
