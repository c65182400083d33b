"""MULTI and what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import transactions
from engine.commands.table import command
from engine.replies import (
    DISCARD_WITHOUT_MULTI,
    EXEC_ABORT,
    EXEC_WITHOUT_MULTI,
    NESTED_MULTI,
    OK,
    WATCH_IN_MULTI,
    CommandError,
    error,
    null_array,
)

if TYPE_CHECKING:
    from engine.client import Client


@command(
    "multi",
    1,
    "noscript loading stale fast allow_busy",
    group="transactions",
    since="1.2.0",
    summary="Opens a transaction: the commands that follow wait for EXEC.",
)
def multi(client: Client, argv: list[bytes]) -> bytes:
    """MULTI."""
    if client.transaction is not None:
        return _harmless_error(client, NESTED_MULTI)
    client.transaction = transactions.Transaction(client)
    client.update_guard()
    return OK


@command(
    "exec",
    1,
    "noscript loading stale skip_slowlog",
    group="transactions",
    since="1.2.0",
    summary="Runs the commands of a transaction in one go.",
)
def exec_(client: Client, argv: list[bytes]) -> bytes:
    """EXEC."""
    transaction = client.transaction
    if transaction is None:
        raise CommandError(EXEC_WITHOUT_MULTI)
    called_off = client.watch is not None and client.watch.broken()
    unwatch_all(client)
    try:
        if not transaction.spoiled and not called_off:
            return transaction.execute()
    finally:
        leave_transaction(client)
    if transaction.spoiled:
        raise CommandError(EXEC_ABORT)
    return null_array(client.resp)


@command(
    "discard",
    1,
    "noscript loading stale fast allow_busy",
    group="transactions",
    since="2.0.0",
    summary="Gives a transaction up.",
)
def discard(client: Client, argv: list[bytes]) -> bytes:
    """DISCARD: watched keys are forgotten, too."""
    if client.transaction is None:
        raise CommandError(DISCARD_WITHOUT_MULTI)
    leave_transaction(client)
    unwatch_all(client)
    return OK


@command(
    "watch",
    -2,
    "noscript loading stale fast allow_busy",
    group="transactions",
    since="2.2.0",
    keys=(1, -1, 1),
    syntax="key [key ...]",
    summary="Lets the next EXEC do nothing if one of the keys changes before it.",
)
def watch(client: Client, argv: list[bytes]) -> bytes:
    """WATCH."""
    if client.transaction is not None:
        return _harmless_error(client, WATCH_IN_MULTI)
    if client.watch is None:
        client.watch = transactions.Watch()
    for key in argv[1:]:
        client.watch.add(client.db, key)
    return OK


@command(
    "unwatch",
    1,
    "noscript loading stale fast allow_busy",
    group="transactions",
    since="2.2.0",
    summary="Forgets all watched keys.",
)
def unwatch(client: Client, argv: list[bytes]) -> bytes:
    """UNWATCH."""
    unwatch_all(client)
    return OK


def unwatch_all(client: Client) -> None:
    """Forget the keys that a client watches."""
    if client.watch is not None:
        client.watch.forget()
        client.watch = None


def leave_transaction(client: Client) -> None:
    """No transaction is open any more."""
    client.transaction = None
    client.update_guard()


def _harmless_error(client: Client, text: str) -> bytes:
    """An error reply that does not spoil the transaction that is open."""
    client.server.stats.count_error(text)
    return error(text)
