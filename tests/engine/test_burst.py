"""What a burst still says, and what must never be said."""

from engine.burst import MAX_ENDS, Burst, printable, text_of
from engine.events import AofAppend, Command


def test_an_ended_burst_is_empty_and_has_counted_everything() -> None:
    burst = Burst()
    burst.command("a", [b"SET", b"k", b"1"], 1, 2_000)[3] = b"k"
    burst.command("b", [b"MSET", b"k", b"2", b"l", b"3"], 2, 3_000).update({3: b"k", 4: b"l"})
    (event,) = burst.end(7.5)
    assert isinstance(event, Command)
    assert (event.merged, event.dirty, event.usec, event.client) == (2, 3, 5, "b")
    assert event.pages == [(3, "k"), (4, "l")]
    assert burst.empty
    assert burst.end(7.5) == []


def test_a_password_is_never_printed() -> None:
    assert printable([b"AUTH", b"secret"]) == ["AUTH", "(redacted)"]
    assert "secret" not in " ".join(printable([b"hello", b"3", b"AUTH", b"me", b"secret"]))


def test_long_and_binary_words_are_cut_and_escaped() -> None:
    assert text_of(b"a" * 100) == "a" * 64 + "... (100 bytes)"
    assert text_of(b"\x00\n\xff") == "\\x00\\n\\xff"
    assert len(printable([b"DEL", *[b"k"] * 50])) == 9


def test_a_merged_append_tells_where_its_last_commands_end() -> None:
    def told(count: int) -> AofAppend:
        burst = Burst()
        for n in range(count):
            burst.append("a.aof", 46 * n, 46 * (n + 1), b"x" * 46)
        (event,) = burst.end(1.0)
        assert isinstance(event, AofAppend)
        return event

    assert told(1).ends == []
    assert told(3).ends == [46, 92, 138]
    assert (told(500).merged, len(told(500).ends), told(500).ends[-1]) == (500, MAX_ENDS, 23_000)
