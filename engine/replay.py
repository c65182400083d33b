"""Runs the AOF's commands at start: the same handlers, no clients, nothing logged again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.aof_loader import RefusedCommandError
from engine.burst import text_of
from engine.client import Client
from engine.commands.table import COMMANDS
from engine.errors import ArenaFullError
from engine.new_strings import store_new
from engine.replies import CommandError

if TYPE_CHECKING:
    from engine.server import Server


class Replay:
    """A client without a connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client = Client(server, replaying=True)

    @staticmethod
    def is_command(name: bytes) -> bool:
        """Whether the command table has it, in any case of letters."""
        return name in COMMANDS or name.upper() in COMMANDS

    def execute(self, commands: Sequence[list[bytes]]) -> None:
        """Execute commands in order; an error reply is logged, as Redis does, and passed over.

        Raises RefusedCommandError at one with too few or too many words, and where the arena is
        full: then what came before it is in memory, and the caller must give it up.
        """
        with self._server.keyspace.nothing_expires():
            self._execute(commands)

    def _execute(self, commands: Sequence[list[bytes]]) -> None:
        client = self._client
        if self._stored_at_once(commands):
            return
        lookup = COMMANDS.get
        for index, argv in enumerate(commands):
            spec = lookup(argv[0]) or COMMANDS[argv[0].upper()]
            if not spec.least <= len(argv) <= spec.most:
                raise _wrong_arity(index, argv)
            try:
                spec.handler(client, argv)
            except CommandError as problem:
                self._server.log(
                    "#",
                    "== CRITICAL == This server is sending an error to its AOF-loading-client: "
                    f"'{problem}' after processing the command "
                    f"'{argv[0].decode('utf-8', 'replace').lower()}'",
                )
            except ArenaFullError as error:
                raise RefusedCommandError(
                    index, error.what, "Start with a larger --arena-pages"
                ) from error
            except IndexError as error:
                raise _wrong_arity(index, argv) from error
        client.propagated = None

    def _stored_at_once(self, commands: Sequence[list[bytes]]) -> bool:
        """Whether they are plain SETs of new keys, and have been executed all together."""
        keyspace = self._server.keyspace
        if keyspace.on_event is not None or set(map(len, commands)) != {3}:
            return False
        names, keys, values = zip(*commands, strict=True)
        if set(names) != {b"SET"} or not store_new(self._client.db, keys, values):
            return False
        keyspace.dirty += len(commands)
        return True


def _wrong_arity(index: int, argv: list[bytes]) -> RefusedCommandError:
    return RefusedCommandError(
        index,
        f"Command '{text_of(argv[0])}' with a wrong number of arguments ({len(argv) - 1}) reading "
        "the append only file",
        "Restore the file from a backup",
    )
