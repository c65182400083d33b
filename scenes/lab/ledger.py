"""The ledger: what the clients sent, and what was acknowledged to them, with the times of both."""

from __future__ import annotations

import msgspec

NEVER = 0.0


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One numbered write as its client knows it; times are CLOCK_MONOTONIC seconds."""

    number: int
    connection: int
    sent: float
    acked: float = NEVER
    """When a reply was read that was no error; NEVER if none came."""
    refused: str = ""
    """The error that came instead."""
    answered: float = NEVER
    """When either was read."""


class Ledger(msgspec.Struct, frozen=True):
    """The writes of one run, in the order of their numbers."""

    entries: list[Entry] = []

    @property
    def sent(self) -> set[int]:
        """Every number that left a client."""
        return {entry.number for entry in self.entries}

    @property
    def acked(self) -> set[int]:
        """The numbers that were acknowledged."""
        return {entry.number for entry in self.entries if entry.acked}

    @property
    def refused(self) -> set[int]:
        """The numbers that were answered with an error: they may not survive."""
        return {entry.number for entry in self.entries if entry.refused}

    @property
    def unanswered(self) -> set[int]:
        """In flight at the end: nobody knows, and nothing was promised."""
        return self.sent - self.acked - self.refused

    def acked_before(self, moment: float) -> set[int]:
        """The numbers acknowledged by then."""
        return {entry.number for entry in self.entries if entry.acked and entry.acked <= moment}

    def sent_after(self, moment: float) -> set[int]:
        """The numbers sent from then on."""
        return {entry.number for entry in self.entries if entry.sent >= moment}

    def oldest_ack(self, numbers: set[int]) -> float:
        """When the first of these was acknowledged; NEVER if none was."""
        times = [entry.acked for entry in self.entries if entry.number in numbers and entry.acked]
        return min(times, default=NEVER)

    def of_connection(self, connection: int) -> list[Entry]:
        """A connection's writes in the order in which it sent them."""
        return [entry for entry in self.entries if entry.connection == connection]

    def until(self, moment: float) -> Ledger:
        """What the clients had heard by then: a later reply comes from a server without a disk.

        A process lives on for some milliseconds behind a real cut, which a power cut would not let
        it; an fsync that the cut breaks into may even return 0 (jbd2_complete_transaction).
        """
        return Ledger(
            [
                msgspec.structs.replace(entry, acked=NEVER, refused="")
                if entry.answered > moment
                else entry
                for entry in self.entries
                if entry.sent <= moment
            ]
        )


class Order(msgspec.Struct, frozen=True):
    """What the process that keeps the ledger is asked to do: one line of JSON each."""

    do: str
    """`write`: begin. `stop`: send no more and wait for replies. `report`: wait until the server
    is gone (or stopped), then hand the ledger over. `leave`: end."""
    port: int = 0
    connections: int = 1
    rate: float = 0.0
    """Writes a second over all connections; 0 sends the next when the last was answered."""
    first: int = 0
    """Number of the first write."""
    tell_after: int = 0
    """Acknowledgements after which to answer `reached`; 0: never."""


class Answer(msgspec.Struct, frozen=True):
    """A line from that process."""

    what: str
    """`connected`, `reached`, `stopped` or `ledger`."""
    entries: list[Entry] = []
