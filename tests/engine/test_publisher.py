"""Events on their way out: order, numbering, merging, slow subscribers."""

from __future__ import annotations

import hiredis
from msgspec.structs import replace

from engine.events import (
    AnyEvent,
    AofAppend,
    AofWrite,
    Command,
    Fork,
    Gap,
    Log,
    decode,
)
from engine.publisher import ALONE_AT_ONCE, Publisher


class Listener:
    """A subscriber that keeps what it is sent."""

    resp = 2

    def __init__(self) -> None:
        self.reader = hiredis.Reader()
        self.waiting = 0

    def push(self, data: bytes) -> None:
        self.reader.feed(data)

    def unsent(self) -> int:
        return self.waiting

    def events(self) -> list[AnyEvent]:
        found = []
        while (message := self.reader.gets()) is not False:
            assert message[:2] == [b"message", b"cowscope:events"]
            found.append(decode(message[2]))
        return found


def fork() -> Fork:
    return Fork(pid=1, child=2, usec=3, purpose="rdb", page_table_kb=4)


def make() -> tuple[Publisher, Listener]:
    listener = Listener()
    return Publisher(lambda: [listener], "main", 1, clock=lambda: 1000.0), listener


def write(publisher: Publisher, page: int) -> None:
    """One write to a page, told as the observer tells it."""
    key = b"k%d" % page
    burst = publisher.burst()
    if burst is not None:
        burst.command("c", [b"SET", key], 1, 1000)[page] = key
    else:
        pages = [(page, key.decode())]
        publisher.publish(Command(client="c", argv=["SET"], usec=1, dirty=1, pages=pages))


def commands(listener: Listener) -> list[Command]:
    return [event for event in listener.events() if isinstance(event, Command)]


def test_numbers_events_without_a_gap_over_flushes() -> None:
    publisher, listener = make()
    publisher.publish(fork())
    publisher.flush()
    publisher.publish(fork())
    publisher.flush()
    assert [event.seq for event in listener.events()] == [1, 2]


def test_a_trickle_is_told_one_by_one() -> None:
    publisher, listener = make()
    for page in range(10):
        write(publisher, page)
    publisher.flush()
    assert [event.merged for event in commands(listener)] == [1] * 10


def test_a_burst_is_merged_and_nothing_is_lost_in_silence() -> None:
    publisher, listener = make()
    for page in range(1000):
        write(publisher, page)
    publisher.flush()
    told = commands(listener)
    assert len(told) == ALONE_AT_ONCE + 1
    assert sum(event.merged for event in told) == 1000
    assert sum(event.dirty for event in told) == 1000
    assert {page for event in told for page, _ in event.pages} == set(range(1000))


def test_commands_before_and_after_a_fork_are_never_merged() -> None:
    publisher, listener = make()
    for page in range(100):
        write(publisher, page)
    publisher.publish(fork())
    for page in range(100, 200):
        write(publisher, page)
    publisher.flush()
    events = listener.events()
    at = next(i for i, event in enumerate(events) if isinstance(event, Fork))
    told = [event for event in events[:at] if isinstance(event, Command)]
    assert {page for event in told for page, _ in event.pages} == set(range(100))


def test_offsets_of_merged_appends_and_writes_join_within_a_file() -> None:
    publisher, listener = make()
    for _ in range(30):
        write(publisher, 1)
    for start in range(0, 100, 10):
        burst = publisher.burst_of("a")
        assert burst is not None
        burst.append("a", start, start + 10, b"SET")
        burst.write("a", start, start + 10, 1)
    assert publisher.burst_of("b") is None  # another file: the run has ended
    publisher.flush()
    spans = [
        (type(event).__name__, event.file, event.start, event.end, event.merged)
        for event in listener.events()
        if isinstance(event, AofAppend | AofWrite)
    ]
    assert spans == [("AofAppend", "a", 0, 100, 10), ("AofWrite", "a", 0, 100, 10)]


def test_a_slow_subscriber_is_told_how_many_it_missed() -> None:
    publisher, listener = make()
    listener.waiting = 1 << 30
    publisher.publish(fork())
    publisher.publish(fork())
    publisher.flush()
    listener.waiting = 0
    publisher.publish(fork())
    publisher.flush()
    gap, event = listener.events()
    assert isinstance(gap, Gap)
    assert gap.missed == 2
    assert event.seq == 3


class Ticking:
    """A clock that goes on by a millisecond whenever it is asked."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def test_time_never_goes_back_and_a_fork_stands_where_it_happened() -> None:
    listener, clock = Listener(), Ticking()
    publisher = Publisher(lambda: [listener], "main", 1, clock=clock)
    for page in range(2 * ALONE_AT_ONCE):
        write(publisher, page)
    publisher.settle()
    forked_at = clock()
    publisher.publish(Log(level="*", text="Background saving started by pid 2"))
    publisher.publish(replace(fork(), at=forked_at))
    publisher.flush()
    events = listener.events()
    assert isinstance(events[-2], Fork) and events[-2].at == forked_at
    assert isinstance(events[-1], Log)
    assert isinstance(events[-3], Command) and events[-3].merged > 5
    times = [event.at for event in events]
    assert times == sorted(times)


def test_what_is_older_than_what_was_told_already_is_no_older_in_the_stream() -> None:
    listener, clock = Listener(), Ticking()
    publisher = Publisher(lambda: [listener], "main", 1, clock=clock)
    early = clock()
    publisher.publish(Log(level="*", text="told"))
    publisher.flush()
    publisher.publish(replace(fork(), at=early))
    listener.waiting = 1 << 30
    publisher.flush()
    listener.waiting = 0
    publisher.publish(fork())
    publisher.flush()
    times = [event.at for event in listener.events()]
    assert times == sorted(times) and len(times) == 3
