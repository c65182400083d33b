"""CLIENT KILL: close connections, chosen by address or by filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.client_line import kind_of
from engine.commands.client_command import type_of
from engine.commands.numbers import parse_integer
from engine.commands.table import subcommand
from engine.replies import OK, SYNTAX, CommandError, integer

if TYPE_CHECKING:
    from engine.client import Client


@dataclass(slots=True)
class _KillFilter:
    tests: list[Callable[[Client], bool]]
    skip_me: bool = True


@subcommand(
    "client",
    "kill",
    -3,
    "admin noscript loading stale",
    syntax="ip:port | [ID client-id] [TYPE type] [USER username] [ADDR ip:port] "
    "[LADDR ip:port] [SKIPME yes | no]",
    summary="Closes connections.",
)
def client_kill(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT KILL: by address, or by filters that must all hold."""
    others = list(client.server.clients.values())
    if len(argv) == 3:
        address = argv[2].decode("utf-8", "surrogateescape")
        for other in others:
            if other.address == address:
                _kill(client, other)
                return OK
        raise CommandError("ERR No such client")
    wanted = _kill_filter(argv[2:])
    killed = 0
    for other in others:
        is_spared = other is client and wanted.skip_me
        if not is_spared and all(test(other) for test in wanted.tests):
            _kill(client, other)
            killed += 1
    return integer(killed)


def _kill(by: Client, client: Client) -> None:
    if client is by:
        client.close_after_reply()
    else:
        client.abort()


def _kill_filter(words: list[bytes]) -> _KillFilter:
    wanted = _KillFilter([])
    if len(words) % 2:
        raise CommandError(SYNTAX)
    for name, word in zip(words[::2], words[1::2], strict=True):
        _add_filter(wanted, name.upper(), word)
    return wanted


def _add_filter(wanted: _KillFilter, name: bytes, word: bytes) -> None:
    text = word.decode("utf-8", "surrogateescape")
    if name == b"ID":
        number = parse_integer(word)
        if number is None or number < 1:
            raise CommandError("ERR client-id should be greater than 0")
        wanted.tests.append(lambda other: other.id == number)
    elif name == b"TYPE":
        kind = type_of(word)
        wanted.tests.append(lambda other: kind_of(other) == kind)
    elif name == b"ADDR":
        wanted.tests.append(lambda other: other.address == text)
    elif name == b"LADDR":
        wanted.tests.append(lambda other: other.local_address == text)
    elif name == b"USER":
        if text != "default":
            raise CommandError(f"ERR No such user '{text}'")
    elif name == b"SKIPME" and word.lower() in (b"yes", b"no"):
        wanted.skip_me = word.lower() == b"yes"
    else:
        raise CommandError(SYNTAX)
