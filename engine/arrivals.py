"""What has arrived from clients since the last turn: bytes, handed out as commands.

A client only leaves its bytes here; all that a turn has brought is framed and executed in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING

from engine.commands.table import COMMANDS

if TYPE_CHECKING:
    from engine.client import Client
    from engine.framer import Request
    from engine.stats import Stats


class Arrivals:
    """The reads of a turn, in the order in which they came."""

    def __init__(self) -> None:
        self.reads: list[tuple[Client, bytes]] = []
        self.served: Client | None = None
        """The client whose commands were handed out last."""
        self._reads = frozenset(name for name, spec in COMMANDS.items() if not spec.writes)

    def take(self, stats: Stats) -> Iterator[tuple[Client, Iterable[Request]]]:
        """Each client with its complete commands, which it executes before the next one's turn.

        An iterator that was left in the middle goes on with the client after `served`.
        """
        reads, self.reads = self.reads, []
        stats.reads += len(reads)
        stats.net_input_bytes += sum([len(data) for _, data in reads])
        for client, data in reads:
            if client.closing:
                continue
            self.served = client
            framer = client.framer
            if client.postponed or client.wait is not None:
                framer.feed(data)
                client.look_at_rest(complete=False)
            elif (run := framer.run_of(data, self._reads)) is not None:
                yield client, run
            else:
                framer.feed(data)
                if commands := framer.commands():
                    yield client, zip(commands, repeat(b""))
                client.look_at_rest(complete=bool(commands))
        self.served = None
