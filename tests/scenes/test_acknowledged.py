"""The clients' ledger: what it knows, what it forgets, and what a crash must not hide from it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from scenes.acknowledged import Acknowledged, Slot, Write, written_by
from scenes.resp import Reply, ReplyError


def place(key: bytes) -> Slot:
    return ("string", key, b"")


class Client:
    """Writes into a ledger under a clock that ticks once a call."""

    def __init__(self, most: int = 10_000) -> None:
        self.ledger = Acknowledged(most)
        self.at = 0.0

    def send(self, *argv: bytes) -> int:
        self.at += 1
        return self.ledger.sent(argv, self.at)

    def write(self, *argv: bytes, reply: Reply = "OK") -> None:
        number = self.send(*argv)
        self.at += 1
        self.ledger.answered(number, reply, self.at)


def values(writes: Sequence[Write]) -> list[bytes]:
    return [write.value for write in writes]


def test_what_is_there_survived_and_what_is_not_is_lost() -> None:
    client = Client()
    client.write(b"SET", b"a", b"1")
    client.write(b"SET", b"b", b"2")
    count = client.ledger.count({place(b"a"): b"1", place(b"b"): None})
    assert values(count.survived) == [b"1"] and values(count.lost) == [b"2"]


def test_an_older_value_means_that_the_later_writes_are_lost() -> None:
    client = Client()
    for value in (b"1", b"2", b"3"):
        client.write(b"SET", b"a", value)
    count = client.ledger.count({place(b"a"): b"2"})
    assert values(count.survived) == [b"1", b"2"] and values(count.lost) == [b"3"]


def test_of_two_writes_on_their_way_at_once_either_may_have_been_the_later() -> None:
    client = Client()
    first, second = client.send(b"SET", b"a", b"1"), client.send(b"SET", b"a", b"2")
    client.ledger.answered(first, "OK", 3.0)
    client.ledger.answered(second, "OK", 4.0)
    assert not client.ledger.count({place(b"a"): b"1"}).lost
    assert not client.ledger.count({place(b"a"): b"2"}).lost


def test_a_refused_write_was_never_acknowledged() -> None:
    client = Client()
    client.write(b"SET", b"a", b"1", reply=ReplyError("MISCONF no"))
    assert client.ledger.count({}) == Acknowledged().count({})


def test_what_was_never_answered_is_counted_apart() -> None:
    client = Client()
    client.send(b"SET", b"a", b"1")
    client.send(b"SET", b"b", b"2")
    count = client.ledger.count({place(b"a"): b"1"})
    assert not count.survived and not count.lost
    assert values(count.in_flight_survived) == [b"1"] and values(count.in_flight_lost) == [b"2"]


def test_to_a_dead_engine_nothing_is_sent() -> None:
    client = Client()
    number = client.send(b"SET", b"a", b"1")
    client.ledger.close()
    client.send(b"SET", b"b", b"2")
    client.ledger.answered(number, "OK", 9.0)  # read from the socket after the death
    count = client.ledger.count({})
    assert values(count.lost) == [b"1"] and not count.in_flight_lost


def test_what_somebody_else_wrote_is_nobodys_loss() -> None:
    client = Client()
    client.write(b"SET", b"a", b"1")
    client.ledger.forget([b"SET", b"a", b"theirs"])
    assert not client.ledger.count({place(b"a"): b"theirs"}).lost
    client.write(b"SET", b"a", b"2")
    assert values(client.ledger.count({place(b"a"): b"theirs"}).lost) == [b"2"]


def test_flushall_is_a_write_of_everything() -> None:
    client = Client()
    client.write(b"SET", b"a", b"1")
    client.write(b"FLUSHALL")
    assert not client.ledger.slots()


def test_counters_fields_and_members_are_followed_and_reads_change_nothing() -> None:
    client = Client()
    client.write(b"INCR", b"n", reply=7)
    client.write(b"HSET", b"h", b"f", b"1", b"g", b"2", reply=2)
    client.write(b"SADD", b"s", b"x", reply=1)
    client.write(b"GET", b"n", reply=b"7")
    assert client.ledger.slots() == [
        place(b"n"), ("field", b"h", b"f"), ("field", b"h", b"g"), ("member", b"s", b"x"),
    ]  # fmt: skip
    assert values(client.ledger.count({place(b"n"): b"7"}).survived) == [b"7"]
    client.write(b"DEL", b"h", reply=1)
    client.write(b"SET", b"s", b"a string now")
    assert client.ledger.slots() == [place(b"n"), place(b"s")]


def test_in_a_transaction_nothing_is_known_before_exec() -> None:
    assert written_by([b"SET", b"a", b"1"], "QUEUED") is None
    assert written_by([b"SET", b"a", b"1", b"EX", b"9"], "OK") is None, "it may be gone by itself"


def test_only_so_many_are_remembered_and_the_rest_is_counted() -> None:
    client = Client(most=2)
    for number in range(5):
        client.write(b"SET", b"k%d" % number, b"v")
    count = client.ledger.count({})
    assert [write.slot[1] for write in count.lost] == [b"k3", b"k4"] and count.left_out == 3


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(b"abc"), st.integers(0, 3)), max_size=30), st.data())
def test_of_one_clients_writes_just_those_behind_the_cut_are_lost(
    written: list[tuple[int, int]], data: st.DataObject
) -> None:
    """A log cut anywhere: what stands before the cut is never called lost; of a key whose values
    do not repeat, all that stands behind it is."""
    client = Client()
    cut = data.draw(st.integers(0, len(written)))
    left: dict[Slot, bytes | None] = {}
    for number, (key, value) in enumerate(written):
        argv = (b"SET", b"%c" % key, b"%d.%d" % (number if value else 0, value))
        client.write(*argv)
        if number < cut:
            left[place(argv[1])] = argv[2]
    count = client.ledger.count(left)
    lost = {write.number for write in count.lost}
    assert not lost & set(range(1, cut + 1))
    repeats = {key for key, value in written if not value}
    unique = {n for n, (key, _) in enumerate(written, 1) if key not in repeats}
    assert lost >= unique & set(range(cut + 1, len(written) + 1))
