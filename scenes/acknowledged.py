"""The acknowledged: what this session's own clients wrote, and which of it was answered.

Kept on the clients' side, so that it outlives the engine. After a crash every write is asked for
again, and `count` says which are left. A write is left when its key holds what it wrote, or what a
later write wrote; two writes that were on their way at the same time are each later than the other.
Only what can be asked back exactly is followed (SET, MSET, INCR and its kin, HSET, SADD); whatever
else changes a key, or somebody else's write, makes the ledger forget what it knew of that key.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from scenes.resp import Reply

MOST = 10_000
"""Writes remembered; older ones are counted and not asked for."""
NEVER = 0.0

Kind: TypeAlias = Literal["string", "field", "member"]
Slot: TypeAlias = tuple[Kind, bytes, bytes]
"""A place that holds one value: (kind, key, field or member; nothing of a string)."""
Found: TypeAlias = Mapping[Slot, bytes | None]
"""What a slot holds; None: nothing."""

_SETS = frozenset({b"SET", b"MSET", b"HSET", b"SADD"})
_COUNTS = frozenset({b"INCR", b"DECR", b"INCRBY", b"DECRBY"})
_SWEEPS = frozenset({b"FLUSHALL", b"FLUSHDB", b"SWAPDB", b"MOVE", b"EXEC"})
"""They change what they do not name."""
_READS = frozenset(
    {
        *(b"GET", b"MGET", b"STRLEN", b"GETRANGE", b"EXISTS", b"TYPE", b"TTL", b"PTTL", b"OBJECT"),
        *(b"HGET", b"HMGET", b"HGETALL", b"HLEN", b"HKEYS", b"HVALS", b"HEXISTS", b"SCARD"),
        *(b"SISMEMBER", b"SMISMEMBER", b"SMEMBERS", b"DUMP", b"SCAN", b"HSCAN", b"SSCAN", b"DEBUG"),
        *(b"MEMORY", b"TOUCH", b"WATCH", b"CONFIG", b"COWSCOPE"),
    }
)
"""They may name a key, and change none."""


class Write(msgspec.Struct, frozen=True):
    """One write of one value; times are CLOCK_MONOTONIC seconds of the client."""

    number: int
    slot: Slot
    value: bytes
    sent: float
    acked: float = NEVER
    """NEVER: no answer has come."""


class Count(msgspec.Struct, frozen=True):
    """What became of the writes."""

    survived: tuple[Write, ...] = ()
    """Acknowledged and left, in the order of their answers."""
    lost: tuple[Write, ...] = ()
    """Acknowledged and not left."""
    in_flight_survived: tuple[Write, ...] = ()
    """Sent, never answered, left all the same."""
    in_flight_lost: tuple[Write, ...] = ()
    left_out: int = 0
    """Acknowledged writes that are too old to be remembered."""


class Acknowledged:
    """The ledger of one session, from its beginning or the last crash on."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._number = 0
        self.begin_anew()

    def begin_anew(self) -> None:
        """After a count: what is left is as it is, what is lost is lost."""
        self._open: dict[int, tuple[Sequence[bytes], float]] = {}
        self._writes: deque[Write] = deque()
        self._live: Counter[bytes] = Counter()
        """Remembered writes by key."""
        self._void: dict[bytes, int] = {}
        """Key -> number up to which nothing is known of it."""
        self._kinds: dict[bytes, Kind] = {}
        self._left_out = 0
        self._closed = False

    def close(self) -> None:
        """The engine is dead: what is sent from now on reaches nobody and is no write."""
        self._closed = True

    def __len__(self) -> int:
        return len(self._writes)

    def sent(self, argv: Sequence[bytes], at: float) -> int:
        """A command is on its way; the number to give its answer with."""
        self._number += 1
        if not self._closed:
            self._open[self._number] = (argv, at)
        return self._number

    def answered(self, number: int, reply: Reply, at: float) -> None:
        """The answer to it: an error acknowledges nothing, and changes nothing."""
        argv, sent = self._open.pop(number, ((), 0.0))
        if not argv or isinstance(reply, Exception):
            return
        places = written_by(argv, reply)
        if places is None:
            self.forget(argv)
            return
        for slot, value in places:
            self._add(Write(number, slot, value, sent, at))

    def forget(self, argv: Iterable[bytes]) -> None:
        """Somebody changed what these words name: nothing is known of it any more."""
        words = list(argv)
        if words and words[0].upper() in _SWEEPS:
            words = list(self._live)
        for word in words:
            if word in self._live:
                self._void[word] = self._number

    def count(self, found: Found) -> Count:
        """Compare what was written with what the slots hold now."""
        lost: list[Write] = []
        survived: list[Write] = []
        flying_lost: list[Write] = []
        flying_survived: list[Write] = []
        last_match = self._last_match(found)
        for write in self._known():
            is_left = write.value == found.get(write.slot)
            is_left |= last_match.get(write.slot, float("-inf")) >= write.sent
            if write.acked:
                (survived if is_left else lost).append(write)
            else:
                (flying_survived if is_left else flying_lost).append(write)
        return Count(
            tuple(survived), tuple(lost), tuple(flying_survived), tuple(flying_lost), self._left_out
        )

    def slots(self) -> list[Slot]:
        """The places to ask for, each once."""
        return list(dict.fromkeys(write.slot for write in self._known()))

    def _add(self, write: Write) -> None:
        kind, key, _ = write.slot
        if self._kinds.get(key, kind) != kind:
            self._void[key] = write.number - 1
        self._kinds[key] = kind
        self._writes.append(write)
        self._live[key] += 1
        if len(self._writes) > self._most:
            self._left_out += 1
            gone = self._writes.popleft().slot[1]
            self._live[gone] -= 1
            if not self._live[gone]:
                del self._live[gone]
                self._void.pop(gone, None)
                self._kinds.pop(gone, None)

    def _known(self) -> Iterator[Write]:
        """What is remembered and not void, the unanswered last."""
        for write in self._writes:
            if write.number > self._void.get(write.slot[1], 0):
                yield write
        for number, (argv, sent) in self._open.items():
            for slot, value in written_by(argv, None) or ():
                yield Write(number, slot, value, sent)

    def _last_match(self, found: Found) -> dict[Slot, float]:
        """When the latest write that a slot may hold was answered; never answered: for ever."""
        latest: dict[Slot, float] = {}
        for write in self._known():
            if write.value == found.get(write.slot):
                at = write.acked or float("inf")
                latest[write.slot] = max(latest.get(write.slot, at), at)
        return latest


def written_by(argv: Sequence[bytes], reply: Reply) -> list[tuple[Slot, bytes]] | None:
    """The values that a command leaves behind; None: it may change anything that it names.

    With no reply (None) a count's value is not known: then nothing is.
    """
    name, rest = argv[0].upper(), list(argv[1:])
    if reply == "QUEUED" or reply == b"QUEUED":
        return None
    if name == b"SET" and len(rest) == 2:
        return [(("string", rest[0], b""), rest[1])]
    if name == b"MSET" and rest and len(rest) % 2 == 0:
        pairs = zip(rest[::2], rest[1::2], strict=True)
        return [(("string", key, b""), value) for key, value in pairs]
    if name in _COUNTS:
        known = isinstance(reply, int)
        return [(("string", rest[0], b""), b"%d" % reply)] if known and rest else []  # type: ignore[str-format]
    if name == b"HSET" and len(rest) > 2 and len(rest) % 2:
        pairs = zip(rest[1::2], rest[2::2], strict=True)
        return [(("field", rest[0], field), value) for field, value in pairs]
    if name == b"SADD" and len(rest) > 1:
        return [(("member", rest[0], member), b"1") for member in rest[1:]]
    return [] if name in _READS else None
