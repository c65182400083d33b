"""The witness: hears what a session's own clients send and are answered, and counts after a crash.

What others write to the same keys it learns from the engine's events, and leaves out.
"""

from __future__ import annotations

from collections.abc import Collection
from time import monotonic

from engine import events
from scenes import census
from scenes.acknowledged import Acknowledged
from scenes.resp import Connection, Reply


class Witness:
    """The ledger of one session, from its beginning or the last crash on."""

    def __init__(self) -> None:
        self.ledger = Acknowledged()
        self._prompt_follows = True
        """The prompt is in database 0, where the ledger is."""
        self._strangers = False
        """Somebody else writes, too."""

    async def call(self, connection: Connection, argv: list[bytes]) -> Reply:
        """Send a command, and hear its answer."""
        number = self.ledger.sent(argv, monotonic())
        reply = await connection.call(argv)
        self.ledger.answered(number, reply, monotonic())
        return reply

    async def call_at_prompt(self, connection: Connection, argv: list[bytes]) -> Reply:
        """The same over the prompt's connection, which may be in another database."""
        if argv[0].upper() == b"SELECT":
            self._prompt_follows = argv[1:] == [b"0"]
        if not self._prompt_follows:
            return await connection.call(argv)
        return await self.call(connection, argv)

    def note(self, event: events.Command, own: Collection[str]) -> None:
        """Keys that somebody else wrote are not this session's to count any more.

        Merged commands name their last client only: once there are strangers they may be theirs.
        """
        is_own = event.client in own
        self._strangers |= not is_own
        if not is_own or (event.merged > 1 and self._strangers):
            words = [*event.argv, *(key for _, key in event.pages)]
            self.ledger.forget([word.encode() for word in words])

    def died(self) -> None:
        """The engine is dead: what is sent from now on reaches nobody."""
        self.ledger.close()

    async def count(self, port: int, source: events.Source) -> events.Census:
        """What is left in the engine that was started on the rest; then the ledger begins anew.

        Raises SceneError when the engine refuses to be read.
        """
        try:
            return await census.take(port, self.ledger, source)
        finally:
            self.ledger.begin_anew()
            self._prompt_follows = True
