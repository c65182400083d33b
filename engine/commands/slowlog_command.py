"""SLOWLOG: the commands that took long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.numbers import integer_of
from engine.commands.table import container, subcommand
from engine.replies import OK, CommandError, array, bulk, bulks, integer
from engine.slowlog import SlowCommand

if TYPE_CHECKING:
    from engine.client import Client

_FLAGS = "admin loading stale"
_DEFAULT_COUNT = 10

container("slowlog", group="server", since="2.2.12", summary="Asks what was slow.")


@subcommand(
    "slowlog",
    "get",
    -2,
    _FLAGS,
    syntax="[count]",
    summary="The newest entries, 10 of them unless told; -1 for all.",
)
def slowlog_get(client: Client, argv: list[bytes]) -> bytes:
    """SLOWLOG GET."""
    if len(argv) > 3:
        raise CommandError(
            f"ERR unknown subcommand or wrong number of arguments for '{argv[1].decode()}'. "
            "Try SLOWLOG HELP."
        )
    count = _DEFAULT_COUNT
    if len(argv) == 3:
        too_small = "ERR count should be greater than or equal to -1"
        count = integer_of(argv[2], too_small)
        if count < -1:
            raise CommandError(too_small)
    return array([_entry(entry) for entry in client.server.slowlog.newest(count)])


def _entry(entry: SlowCommand) -> bytes:
    return array(
        [
            integer(entry.id),
            integer(entry.time),
            integer(entry.usec),
            bulks(entry.argv),
            bulk(entry.address.encode()),
            bulk(entry.client_name.encode()),
        ]
    )


@subcommand("slowlog", "len", 2, _FLAGS, summary="How many entries there are.")
def slowlog_len(client: Client, argv: list[bytes]) -> bytes:
    """SLOWLOG LEN."""
    return integer(len(client.server.slowlog))


@subcommand("slowlog", "reset", 2, _FLAGS, summary="Drops all entries.")
def slowlog_reset(client: Client, argv: list[bytes]) -> bytes:
    """SLOWLOG RESET."""
    client.server.slowlog.reset()
    return OK
