"""The history of a run: every event, and the view after any of them.

Views are kept at checkpoints; any other one is folded again from the checkpoint before it. Memory
for an hour of play stays modest: older events lie packed (zlib over their JSON), the oldest of them
in a nameless file, and when there are too many checkpoints every second one goes, so that seeking
costs a little more and no more.
"""

from __future__ import annotations

import bisect
import zlib
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from engine import events
from engine.events import AnyEvent
from scenes.fold import reduce
from scenes.scene import Card
from scenes.spool import Spool
from scenes.view import View

BLOCK = 256
"""Events between checkpoints, and in one packed block."""
LOOSE_BLOCKS = 16
"""Newest blocks that stay unpacked."""
PACKED_BLOCKS = 64
"""Packed blocks kept in memory; older ones lie in a file without a name."""
CHECKPOINTS = 128
UNPACKED_BLOCKS = 8
"""Old blocks kept unpacked after they were looked at."""
BURST_GAP = 0.5
"""Seconds without an fsync after which the next one starts a burst and gets a mark."""

MarkKind: TypeAlias = Literal[
    "step", "fork", "fsync", "child.exit", "rdb.saved", "crash", "question"
]


class Mark(msgspec.Struct, frozen=True):
    """A moment worth jumping to: the event at `index`."""

    index: int
    label: str
    kind: MarkKind


_blocks: msgspec.json.Decoder[list[AnyEvent]] = msgspec.json.Decoder(list[AnyEvent])
_pack = msgspec.json.Encoder().encode


class History:
    """Events 0, 1, 2 ... of a run; `view_at(i)` is the view after event `i`, -1 the empty one."""

    def __init__(self, cards: Sequence[Card] = ()) -> None:
        self.cards = cards
        self.marks: list[Mark] = []
        self._now = View()
        self._length = 0
        self._spooled = Spool()
        self._packed: list[bytes] = []
        self._loose: list[list[AnyEvent]] = [[]]
        self._unpacked: dict[int, list[AnyEvent]] = {}
        self._checkpoints: dict[int, View] = {-1: self._now}
        self._spacing = BLOCK
        self._last_seen: tuple[int, View] = (-1, self._now)
        self._last_fsync_at = float("-inf")
        self._policy = ""

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[AnyEvent]:
        for index in range(self._length):
            yield self.event(index)

    @property
    def now(self) -> View:
        """The view after the last event."""
        return self._now

    def append(self, event: AnyEvent) -> View:
        """Fold `event` in; the view after it."""
        index = self._length
        self._now = reduce(self._now, event, self.cards)
        self._note_mark(index, event)
        self._loose[-1].append(event)
        self._length += 1
        if len(self._loose[-1]) == BLOCK:
            self._loose.append([])
            if len(self._loose) > LOOSE_BLOCKS:
                self._packed.append(zlib.compress(_pack(self._loose.pop(0)), 1))
                if len(self._packed) > PACKED_BLOCKS:
                    self._spooled.append(self._packed.pop(0))
        if self._length % self._spacing == 0:
            self._checkpoints[index] = self._now
            if len(self._checkpoints) > CHECKPOINTS:
                self._thin_checkpoints()
        return self._now

    def event(self, index: int) -> AnyEvent:
        """Event `index`; raises IndexError outside 0 .. len - 1."""
        if not 0 <= index < self._length:
            raise IndexError(f"event {index}: the history holds {self._length}")
        block, offset = divmod(index, BLOCK)
        return self._block(block)[offset]

    def view_at(self, index: int) -> View:
        """The view after event `index`, folded again from the nearest checkpoint before it."""
        index = max(-1, min(index, self._length - 1))
        if index == self._length - 1:
            return self._now
        at = index - (index + 1) % self._spacing
        view = self._checkpoints[at]
        seen, seen_view = self._last_seen
        if at <= seen <= index:
            at, view = seen, seen_view
        for following in range(at + 1, index + 1):
            view = reduce(view, self.event(following), self.cards)
        self._last_seen = (index, view)
        return view

    def next_mark(self, index: int) -> Mark | None:
        """The first mark after event `index`."""
        place = bisect.bisect_right(self.marks, index, key=lambda mark: mark.index)
        return self.marks[place] if place < len(self.marks) else None

    def previous_mark(self, index: int) -> Mark | None:
        """The last mark before event `index`."""
        place = bisect.bisect_left(self.marks, index, key=lambda mark: mark.index)
        return self.marks[place - 1] if place else None

    def step_index(self, step: str) -> int | None:
        """Where `step` was entered last; None if it never was."""
        for mark in reversed(self.marks):
            if mark.kind == "step" and mark.label == step:
                return mark.index
        return None

    def step_end(self, step: str) -> int | None:
        """The last event of `step`, as it was entered last: the step's finished picture."""
        start = self.step_index(step)
        if start is None:
            return None
        later = (m.index for m in self.marks if m.kind == "step" and m.index > start)
        return next(later, self._length) - 1

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

    def _thin_checkpoints(self) -> None:
        self._spacing *= 2
        self._checkpoints = {
            index: view
            for index, view in self._checkpoints.items()
            if (index + 1) % self._spacing == 0
        }

    def _note_mark(self, index: int, event: AnyEvent) -> None:
        match event:
            case events.Step():
                self._mark(index, event.step, "step")
            case events.Fork():
                self._mark(index, f"fork {event.child}", "fork")
            case events.ChildExit():
                self._mark(index, f"exit {event.child}", "child.exit")
            case events.RdbSaved():
                self._mark(index, "dump saved", "rdb.saved")
            case events.Crash():
                self._mark(index, event.kind, "crash")
            case events.Question() if event.right < 0:
                self._mark(index, event.id, "question")
            case events.AofFsync():
                # `always` syncs every turn: only the first after a silence gets a mark.
                fresh = event.at - self._last_fsync_at > BURST_GAP
                if fresh or event.policy != self._policy:
                    self._mark(index, f"fsync {event.policy}", "fsync")
                self._last_fsync_at, self._policy = event.at, event.policy
            case _:
                pass

    def _mark(self, index: int, label: str, kind: MarkKind) -> None:
        self.marks.append(Mark(index, label, kind))
