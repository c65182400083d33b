"""What the engine notes while somebody watches; with nobody there it does not exist.

It traces the arena's writes, turns facts into events and keeps the probe running. The engine asks
for it by `server.observer is not None`, so that an unwatched engine pays one comparison a write.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from engine.events import AofAppend, AofDelayed, AofFsync, AofWrite, Command, Pages
from engine.probe import Probe, Reading
from engine.publisher import FLUSH_SECONDS, Publisher

if TYPE_CHECKING:
    from engine.client import Client
    from engine.commands.table import CommandSpec
    from engine.server import Server

_MAX_ARGUMENT = 64
_MAX_ARGUMENTS = 8
_MAX_PAIRS = 4096
_SECRET = frozenset({"auth", "hello", "acl"})


class Observer:
    """Turns what happens into events, from the first subscriber to the last."""

    def __init__(self, server: Server, publisher: Publisher) -> None:
        self._server = server
        self._arena = server.keyspace.arena
        self.publisher = publisher
        self.probe = Probe(self._arena)
        self._flush_planned = False
        self._arena.trace(True)
        self.probe.start(self.pages, server.loop.call_soon_threadsafe, self._probe_gave_up)

    def stop(self) -> None:
        """Nobody watches any more."""
        self.probe.stop()
        self._arena.trace(False)

    # -- facts ---------------------------------------------------------------------------------

    def wrote(
        self, client: Client, spec: CommandSpec, argv: list[bytes], changes: int, nanoseconds: int
    ) -> None:
        """A command changed data; the arena has traced the pages it stored to."""
        stored = self._arena.stored_pages
        pages = self._keys_of(client, spec, argv, stored)
        stored.clear()
        more = max(0, len(pages) - _MAX_PAIRS)
        self.publisher.command(
            Command(
                client=client.label,
                argv=printable(argv),
                usec=nanoseconds // 1000,
                dirty=changes,
                pages=pages[:_MAX_PAIRS],
                pages_more=more,
            )
        )
        self.probe.kick()

    def _keys_of(
        self, client: Client, spec: CommandSpec, argv: list[bytes], stored: list[int]
    ) -> list[tuple[int, str]]:
        """(page, key) of every stored page: the page of a key's record bears that key's name."""
        if not stored:
            return []
        keys = spec.keys_in(argv)
        first = _text(keys[0]) if keys else ""
        names = dict.fromkeys(stored, first)
        if len(keys) > 1:
            find = client.db.keys.get
            for key in keys:
                offset = find(key)
                if offset is not None and (page := self._arena.page_of(offset)) in names:
                    names[page] = _text(key)
        elif not keys and len(names) <= _MAX_PAIRS:
            for page in names:
                found, _ = self._server.keyspace.keys_on_page(page, 1)
                names[page] = _text(found[0]) if found else ""
        return list(names.items())

    def appended(self, file: str, start: int, end: int, text: str, at: float) -> None:
        """Bytes entered aof_buf."""
        self.publisher.append(AofAppend(file=file, start=start, end=end, text=text, at=at))

    def written(self, file: str, start: int, end: int, usec: int) -> None:
        """write(2) of the AOF returned."""
        self.publisher.write(AofWrite(file=file, start=start, end=end, usec=usec))

    def fsynced(
        self, file: str, start: int, end: int, usec: int, policy: str, thread: str, dirty: int
    ) -> None:
        """fdatasync(2) of the AOF returned."""
        self.publisher.publish(
            AofFsync(
                file=file,
                start=start,
                end=end,
                usec=usec,
                policy=policy,
                thread="main" if thread == "main" else "bio",
                dirty_pages_after=dirty,
            )
        )
        self.wants_flush()

    def delayed(self, waited_usec: int) -> None:
        """A write was made although an fsync was still running."""
        self.publisher.publish(AofDelayed(waited_usec=waited_usec))

    # -- the probe -----------------------------------------------------------------------------

    def _probe_gave_up(self, why: str) -> None:
        self._server.log("#", f"The pages can't be measured any more: {why}")

    def pages(self, reading: Reading) -> None:
        """A reading of the page tables, as an event."""
        if self._server.observer is self:
            self.publisher.publish(pages_event(reading))
            self.wants_flush()

    # -- sending -------------------------------------------------------------------------------

    def wants_flush(self) -> None:
        """Have what has collected sent, now or a moment after the last time."""
        if self._flush_planned or not self.publisher.waiting():
            return
        self._flush_planned = True
        wait = self.publisher.flushed_at + FLUSH_SECONDS - monotonic()
        self._server.loop.call_later(max(0.0, wait), self._flush)

    def _flush(self) -> None:
        self._flush_planned = False
        self.publisher.flush()


def pages_event(reading: Reading) -> Pages:
    """The `pages` event of a probe's reading."""
    return Pages(**{name: getattr(reading, name) for name in _PAGES_FIELDS})


_PAGES_FIELDS = tuple(
    name for name in Pages.__struct_fields__ if name not in {"seq", "engine", "run", "source"}
)


def printable(argv: list[bytes]) -> list[str]:
    """A command's words for a screen: few, short, and never a password."""
    if argv[0].decode("latin-1").lower() in _SECRET:
        return [_text(argv[0]), "(redacted)"]
    words = [_text(word) for word in argv[:_MAX_ARGUMENTS]]
    if len(argv) > _MAX_ARGUMENTS:
        words.append(f"... ({len(argv) - _MAX_ARGUMENTS} more)")
    return words


def _text(word: bytes) -> str:
    text = word[:_MAX_ARGUMENT].decode("utf-8", "backslashreplace")
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return text if len(word) <= _MAX_ARGUMENT else f"{text}... ({len(word)} bytes)"
