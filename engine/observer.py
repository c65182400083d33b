"""What the engine notes while somebody watches; with nobody there it does not exist.

It traces the arena's writes, turns facts into events and keeps the probe running. The engine asks
for it by `server.observer is not None`, so that an unwatched engine pays one comparison a write.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from engine.aof_text import resp_text
from engine.burst import MAX_PAIRS, printable, text_of
from engine.cache_watch import CacheWatch
from engine.events import (
    AofAppend,
    AofDelayed,
    AofDirty,
    AofFsync,
    AofWrite,
    Command,
    Pages,
    Policy,
)
from engine.probe import Probe, Reading
from engine.publisher import FLUSH_SECONDS, Publisher

if TYPE_CHECKING:
    from engine.client import Client
    from engine.commands.table import CommandSpec
    from engine.server import Server

_ONE_KEY = (1, 1, 1)
_TEXT_CELLS = 400


class Observer:
    """Turns what happens into events, from the first subscriber to the last."""

    def __init__(self, server: Server, publisher: Publisher) -> None:
        self._server = server
        self._arena = server.keyspace.arena
        self.publisher = publisher
        self.probe = Probe(self._arena)
        self._flush_planned = False
        self.cache_watch = CacheWatch(server.persistence.aof.dirty_pages, self.dirty)
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
        self._server.noted += 1
        number = self._server.noted
        stored = self._arena.stored_pages
        burst = self.publisher.burst()
        if burst is not None:
            pages = burst.command(client.label, argv, changes, nanoseconds, number)
            if spec.keys == _ONE_KEY:
                key = argv[1]
                for page in stored:
                    pages[page] = key
            else:
                pages.update(self._keys_of(client, spec, argv, stored))
        else:
            named = self._keys_of(client, spec, argv, stored)
            pairs = [(page, text_of(key)) for page, key in list(named.items())[:MAX_PAIRS]]
            self.publisher.publish(
                Command(
                    client=client.label,
                    argv=printable(argv),
                    usec=nanoseconds // 1000,
                    dirty=changes,
                    pages=pairs,
                    pages_more=max(0, len(named) - MAX_PAIRS),
                    number=number,
                )
            )
        stored.clear()
        self.probe.kick()

    def _keys_of(
        self, client: Client, spec: CommandSpec, argv: list[bytes], stored: list[int]
    ) -> dict[int, bytes]:
        """Stored page -> key: the page of a key's record bears that key's name."""
        if not stored:
            return {}
        keys = spec.keys_in(argv)
        names = dict.fromkeys(stored, keys[0] if keys else b"")
        if len(keys) > 1:
            find = client.db.keys.get
            for key in keys:
                offset = find(key)
                if offset is not None and (page := self._arena.page_of(offset)) in names:
                    names[page] = key
        elif not keys and len(names) <= MAX_PAIRS:
            for page in names:
                found, _ = self._server.keyspace.keys_on_page(page, 1)
                names[page] = found[0] if found else b""
        return names

    def appended(self, file: str, start: int, end: int, data: bytes) -> None:
        """Bytes entered aof_buf."""
        burst = self.publisher.burst_of(file)
        if burst is not None:
            burst.append(file, start, end, data)
        else:
            text = resp_text(data, _TEXT_CELLS)
            self.publisher.publish(AofAppend(file=file, start=start, end=end, text=text))

    def written(self, file: str, start: int, end: int, usec: int) -> None:
        """write(2) of the AOF returned."""
        burst = self.publisher.burst_of(file)
        if burst is not None:
            burst.write(file, start, end, usec)
        else:
            self.publisher.publish(AofWrite(file=file, start=start, end=end, usec=usec))

    def fsynced(
        self, file: str, start: int, end: int, usec: int, policy: Policy, thread: str, dirty: int
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

    def dirty(self, pages: int) -> None:
        """The kernel counted the pages of the AOF that it still has to write."""
        file = self._server.persistence.aof.policy.file
        self.publisher.publish(AofDirty(file=file, dirty_pages=pages))
        self.wants_flush()

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
    figures = {name: getattr(reading, name) for name in _PAGES_FIELDS}
    return Pages(**figures, read_at=reading.at)


_PAGES_FIELDS = tuple(
    name
    for name in Pages.__struct_fields__
    if name not in {"seq", "engine", "run", "source", "at", "read_at"}
)
