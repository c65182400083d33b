"""The history of a live run: every event, and the view after any of them.

Memory for an hour of play stays flat. The newest events and views stay as they are; older events
lie packed (zlib over their JSON), the oldest of them in a nameless file, and so do checkpoints of
the view and of the evidence: any moment costs at most the folding of `KEPT_EVERY` events.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence

import msgspec

from engine.events import AnyEvent
from scenes import checkpoint
from scenes.evidence import Evidence
from scenes.fold import reduce
from scenes.keeping import CannotKeepError
from scenes.marks import Mark as Mark  # handed on
from scenes.marks import Marker
from scenes.sayings import trouble
from scenes.scene import Card
from scenes.seeking import Seeking
from scenes.spool import Spool
from scenes.view import View

BLOCK = 256
"""Events between checkpoints in memory, and in one packed block."""
LOOSE_BLOCKS = 16
"""Newest blocks that stay unpacked."""
PACKED_BLOCKS = 64
"""Packed blocks kept in memory; older ones lie in a file without a name."""
CHECKPOINTS = 32
"""Newest checkpoints of the view that stay in memory."""
KEPT_EVERY = 1024
"""Events between checkpoints that are kept for good, in the nameless file."""
UNPACKED_BLOCKS = 32
"""Old blocks kept unpacked after they were looked at."""

_blocks: msgspec.json.Decoder[list[AnyEvent]] = msgspec.json.Decoder(list[AnyEvent])
_pack = msgspec.json.Encoder().encode


class History(Seeking):
    """Events 0, 1, 2 ... of a run that grows; `view_at(i)` is the view after event `i`."""

    def __init__(self, cards: Sequence[Card] = ()) -> None:
        super().__init__(cards)
        self.gathered: Callable[[], Evidence] | None = None
        """The evidence of all events so far, whenever one is about to be appended."""
        self._marker = Marker()
        self._now = View()
        self._length = 0
        self._spooled = Spool()
        self._packed: list[bytes] = []
        self._loose: list[list[AnyEvent]] = [[]]
        self._unpacked: dict[int, list[AnyEvent]] = {}
        self._checkpoints: dict[int, View] = {-1: self._now}
        self._views = Spool()
        """Number n: the view after KEPT_EVERY * (n + 1) events."""
        self._evidences = Spool()
        """The same of the evidence; empty bytes where it could not be kept."""

    def __len__(self) -> int:
        return self._length

    @property
    def now(self) -> View:
        """The view after the last event."""
        return self._now

    def append(self, event: AnyEvent) -> View:
        """Fold `event` in; the view after it."""
        index = self._length
        if index and index % KEPT_EVERY == 0:
            self._keep()
        self._now = reduce(self._now, event, self.cards)
        mark = self._marker.hear(index, event)
        if mark is not None:
            self.marks.append(mark)
        self._loose[-1].append(event)
        self._length += 1
        if len(self._loose[-1]) == BLOCK:
            self._begin_block(index)
        return self._now

    def event(self, index: int) -> AnyEvent:
        """Event `index`; raises IndexError outside 0 .. len - 1."""
        if not 0 <= index < self._length:
            raise IndexError(
                trouble("history.no_event", index=str(index), held_events=str(self._length))
            )
        block, offset = divmod(index, BLOCK)
        return self._block(block)[offset]

    def between(self, start: int, stop: int) -> Iterator[AnyEvent]:
        """Block by block."""
        for number in range(start // BLOCK, -(-stop // BLOCK)):
            first = number * BLOCK
            yield from self._block(number)[max(start - first, 0) : stop - first]

    def view_at(self, index: int) -> View:
        """The view after event `index`, folded again from the nearest checkpoint before it."""
        return self._now if index >= self._length - 1 else super().view_at(index)

    def checkpoint_view(self, index: int) -> tuple[int, View]:
        """One in memory, or one from the file."""
        at = index - (index + 1) % BLOCK
        if at in self._checkpoints:
            return at, self._checkpoints[at]
        number = (index + 1) // KEPT_EVERY
        if not number:
            return -1, View()
        return number * KEPT_EVERY - 1, checkpoint.unpacked_view(self._views[number - 1])

    def checkpoint_evidence(self, index: int, after: int) -> tuple[int, bytes] | None:
        """One from the file."""
        number = min((index + 1) // KEPT_EVERY, len(self._evidences))
        while number and number * KEPT_EVERY - 1 > after:
            if data := self._evidences[number - 1]:
                return number * KEPT_EVERY - 1, data
            number -= 1
        return None

    def _keep(self) -> None:
        """Put the view and the evidence, as they are before an event is taken, into the file."""
        self._views.append(checkpoint.packed_view(self._now))
        data = b""
        if self.gathered is not None:
            try:
                data = checkpoint.packed_evidence(self.gathered())
            except CannotKeepError:  # it is gathered from an earlier checkpoint, or the start
                data = b""
        self._evidences.append(data)

    def _begin_block(self, index: int) -> None:
        """Event `index` has filled a block: what is old goes where it takes less room."""
        self._checkpoints[index] = self._now
        if len(self._checkpoints) > CHECKPOINTS:
            del self._checkpoints[next(iter(self._checkpoints))]
        self._loose.append([])
        if len(self._loose) > LOOSE_BLOCKS:
            self._packed.append(zlib.compress(_pack(self._loose.pop(0)), 1))
            if len(self._packed) > PACKED_BLOCKS:
                self._spooled.append(self._packed.pop(0))

    def _block(self, number: int) -> list[AnyEvent]:
        spooled = len(self._spooled)
        packed = spooled + len(self._packed)
        if number >= packed:
            return self._loose[number - packed]
        block = self._unpacked.pop(number, None)
        if block is None:
            bare = self._spooled[number] if number < spooled else self._packed[number - spooled]
            block = _blocks.decode(zlib.decompress(bare))
        self._unpacked[number] = block  # the youngest is last
        if len(self._unpacked) > UNPACKED_BLOCKS:
            del self._unpacked[next(iter(self._unpacked))]
        return block
