"""CLIENT PAUSE, UNPAUSE and REPLY: when commands run, and whether they are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.numbers import parse_integer
from engine.commands.table import subcommand
from engine.replies import OK, SYNTAX, CommandError

if TYPE_CHECKING:
    from engine.client import Client

_ADMIN = "admin noscript loading stale"
_ALL = -1
_ITSELF_AND_NEXT = 2
_MODES = {b"ALL": True, b"WRITE": False}


@subcommand(
    "client",
    "pause",
    -3,
    _ADMIN,
    since="2.9.50",
    syntax="timeout [WRITE | ALL]",
    summary="Lets commands wait for so many milliseconds.",
)
def client_pause(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT PAUSE."""
    if len(argv) > 4:
        raise CommandError(
            "ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."
        )
    everything = _MODES.get(argv[3].upper()) if len(argv) == 4 else True
    if everything is None:
        raise CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL")
    milliseconds = parse_integer(argv[2])
    if milliseconds is None:
        raise CommandError("ERR timeout is not an integer or out of range")
    if milliseconds < 0:
        raise CommandError("ERR timeout is negative")
    client.server.pause.start(milliseconds, everything=everything)
    return OK


@subcommand("client", "unpause", 2, _ADMIN, since="6.2.0", summary="Ends a pause.")
def client_unpause(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT UNPAUSE."""
    client.server.pause.end()
    return OK


@subcommand(
    "client",
    "reply",
    3,
    "noscript loading stale",
    since="3.2.0",
    syntax="ON | OFF | SKIP",
    summary="Chooses whether this connection's commands are answered.",
)
def client_reply(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT REPLY: only ON is answered itself."""
    mode = argv[2].upper()
    if mode == b"ON":
        client.unanswered = 0
        return OK
    if mode == b"OFF":
        client.unanswered = _ALL
    elif mode == b"SKIP":
        client.unanswered = client.unanswered if client.unanswered == _ALL else _ITSELF_AND_NEXT
    else:
        raise CommandError(SYNTAX)
    return b""
