from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import events
from engine.events import AnyEvent
from scenes.stream import Stream
from tests.scenes.streams import tale

STATE = tale()[0]
assert isinstance(STATE, events.State)


def log(seq: int) -> events.Log:
    return events.Log(seq=seq, at=float(seq), level="*", text=str(seq))


def begun(last_seq: int = 0) -> tuple[Stream, list[AnyEvent]]:
    out: list[AnyEvent] = []
    stream = Stream(out.append)
    assert isinstance(STATE, events.State)
    stream.begin(replace(STATE, last_seq=last_seq), run=1)
    out.clear()
    return stream, out


def test_what_the_first_state_contains_is_dropped() -> None:
    stream, out = begun(last_seq=5)
    for seq in (4, 5, 6):
        stream.engine(log(seq))
    assert [event.text for event in out if isinstance(event, events.Log)] == ["6"]
    assert [event.seq for event in out] == [3]  # after engine.ready and the state


def test_what_comes_just_before_the_first_state_is_taken_is_not_missed() -> None:
    """The state is answered on one connection, the events come by another: they may overtake it."""
    out: list[AnyEvent] = []
    stream = Stream(out.append)
    for event in (log(5), log(6), replace(log(6), run=2)):
        stream.engine(event)
    assert isinstance(STATE, events.State)
    stream.begin(replace(STATE, last_seq=5), run=1)
    stream.engine(log(7))
    assert [type(event).__name__ for event in out] == ["EngineReady", "State", "Log", "Log"]


def test_a_jump_in_the_numbers_is_a_gap_in_the_stream() -> None:
    stream, out = begun()
    assert stream.engine(log(1)) == 0
    assert stream.engine(log(5)) == 3
    assert stream.engine(events.Gap(seq=5, missed=3)) == 0  # the engine's own word for the same
    assert [type(event).__name__ for event in out] == ["Log", "Gap", "Log"]


def test_a_later_state_waits_for_the_events_it_contains() -> None:
    stream, out = begun()
    assert isinstance(STATE, events.State)
    stream.state(replace(STATE, last_seq=2))
    stream.engine(log(1))
    assert [type(event).__name__ for event in out] == ["Log"]
    stream.engine(log(2))
    assert [type(event).__name__ for event in out] == ["Log", "Log", "State"]
    stream.state(replace(STATE, last_seq=2))
    assert isinstance(out[-1], events.State) and len(out) == 4


def test_a_state_that_events_have_overtaken_is_past() -> None:
    stream, _ = begun()
    assert isinstance(STATE, events.State)
    for number in (1, 2, 3):
        stream.engine(log(number))
    assert stream.is_past(replace(STATE, last_seq=2))
    assert not stream.is_past(replace(STATE, last_seq=3))
    assert not stream.is_past(replace(STATE, last_seq=4))


def test_own_events_take_part_in_the_numbering_and_carry_the_run() -> None:
    stream, out = begun()
    stream.own(events.Step(scene="04", step="a", title="t"))
    assert isinstance(STATE, events.State)
    stream.end()
    stream.engine(log(1))  # a last word from a dead engine
    stream.begin(replace(STATE, last_seq=0), run=2)
    stream.own(events.Answer(id="q", choice=1))
    assert [(event.seq, event.run) for event in out] == [(3, 1), (4, 2), (5, 2), (6, 2)]
    assert all(event.at for event in out)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.integers(1, 40)), st.integers(0, 10))
def test_the_numbers_have_no_gap_and_nothing_comes_twice(seqs: list[int], last_seq: int) -> None:
    stream, out = begun(last_seq)
    for seq in seqs:
        stream.engine(log(seq))
    assert [event.seq for event in out] == list(range(3, 3 + len(out)))
    texts = [int(event.text) for event in out if isinstance(event, events.Log)]
    assert texts == sorted(set(texts)) and all(text > last_seq for text in texts)
    missed = sum(event.missed for event in out if isinstance(event, events.Gap))
    if texts:
        assert missed == texts[-1] - last_seq - len(texts)
