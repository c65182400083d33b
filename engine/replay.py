"""Runs the AOF's commands at start: the same handlers, no clients, nothing logged again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.client import Client
from engine.commands.table import COMMANDS
from engine.errors import EngineError
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
        """Execute commands in order; an error reply is logged, as Redis does, and passed over."""
        client = self._client
        lookup = COMMANDS.get
        for argv in commands:
            spec = lookup(argv[0]) or COMMANDS[argv[0].upper()]
            try:
                spec.handler(client, argv)
            except CommandError as problem:
                self._server.log(
                    "#",
                    "== CRITICAL == This server is sending an error to its AOF-loading-client: "
                    f"'{problem}' after processing the command "
                    f"'{argv[0].decode('utf-8', 'replace').lower()}'",
                )
            except IndexError as error:
                raise EngineError(
                    f"the append only file has {argv[0]!r} with too few arguments"
                ) from error
        client.propagated = None
