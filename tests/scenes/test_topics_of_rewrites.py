"""What the rewrites' gatherers make of events between two stages."""

from __future__ import annotations

from engine import events
from engine.events import AofFile
from scenes.gathered.rewrites import REWRITES, Rewrites
from scenes.topics.multipart import MEASURES, Parts


class Only:
    """Evidence of one gatherer."""

    def __init__(self, gathered: object) -> None:
        self._gathered = gathered

    def of(self, _: type) -> object:
        return self._gathered


def pipes(*first: str) -> Rewrites:
    """300 bytes appended behind a fork, 100 of them sent at once, no stage after that."""
    gathered = Rewrites()
    for stage in (*first, "fork"):
        gathered.add(events.Rewrite(stage=stage, child=7, bytes=0))
    gathered.add(events.AofAppend(file="a", start=0, end=100, text=""))
    gathered.add(events.Rewrite(stage="diff-sent", child=7, bytes=100))
    gathered.add(events.AofAppend(file="a", start=100, end=300, text=""))
    return gathered


def test_the_rewrite_buffers_peak_is_known_between_two_stages() -> None:
    last = pipes("open-pipes").last
    assert last is not None and (last.buffered, last.most_buffered) == (0, 200)


def test_without_pipes_nothing_is_buffered() -> None:
    last = pipes("create-increment").last
    assert last is not None and last.most_buffered == 0


def test_an_increment_is_as_large_as_what_was_written_to_it() -> None:
    parts = Parts()
    files = [AofFile("x.1.base.rdb", "base", 88), AofFile("x.1.incr.aof", "increment", 10)]
    parts.add(events.Rewrite(stage="finished", child=0, bytes=88, files=files))
    parts.add(events.AofWrite(file="x.1.incr.aof", start=10, end=500, usec=1))
    measured = {name: MEASURES[f"mp_{name}_bytes"](Only(parts)) for name in ("base", "increment")}
    assert measured == {"base": 88, "increment": 500}


def test_a_rewrite_whose_engine_was_killed_is_not_counted_with_the_next() -> None:
    gathered = pipes("open-pipes")
    gathered.add(events.Crash(kind="kill -9", acked=0, written=0, fsynced=0, at=2.0))
    gathered.add(events.AofAppend(file="a", start=300, end=900, text=""))
    gathered.add(events.Rewrite(stage="open-pipes", child=0, bytes=0))
    killed, last = gathered.done
    assert (killed.finished, killed.diff) == (False, 300)
    assert (last.diff, last.stages) == (0, ["open-pipes"])


def test_of_very_many_rewrites_the_newest_and_the_busiest_are_kept() -> None:
    gathered = pipes("open-pipes")
    for number in range(3 * REWRITES):
        gathered.add(events.Rewrite(stage="finished", child=0, bytes=0, at=1.0 + number))
        gathered.add(events.Rewrite(stage="open-pipes", child=number, bytes=0))
    assert len(gathered.done) == REWRITES
    assert gathered.busiest is gathered.done[0] and gathered.done[0].diff == 300
    assert [one.child for one in gathered.done[-2:]] == [3 * REWRITES - 2, 3 * REWRITES - 1]
