from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats import BlobError, intset, listpack, ziplist, zipmap
from tests.engine import blobs

EDGES = [
    sign * ((1 << bits) + more)
    for bits in (0, 3, 6, 7, 8, 12, 13, 15, 16, 23, 24, 31, 32, 62)
    for sign in (1, -1)
    for more in (-1, 0, 1)
]
INTEGERS = st.one_of(st.sampled_from(EDGES), st.integers(-(1 << 63), (1 << 63) - 1))
WORDS = st.one_of(
    INTEGERS.map(lambda number: b"%d" % number),
    st.sampled_from([b"", b"-0", b"007", b"+1", b"9223372036854775808", b"inf"]),
    st.sampled_from([0, 62, 63, 64, 124, 125, 253, 254, 4095, 4096, 16383, 16384]).map(
        lambda size: b"x" * size
    ),
    st.binary(max_size=40),
)
LISTS = st.lists(WORDS, max_size=40)
PAIRS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=20).map(
    lambda pairs: [word for pair in pairs for word in pair]
)

Read = Callable[[bytes], list[bytes]]
READERS: list[Read] = [intset.strings, listpack.strings, ziplist.strings, zipmap.strings]

proven = settings(deadline=None, derandomize=True, max_examples=150)


@proven
@given(LISTS)
def test_listpack_and_ziplist_give_what_was_put_in(words: list[bytes]) -> None:
    assert listpack.strings(blobs.listpack(words)) == words
    assert ziplist.strings(blobs.ziplist(words)) == words


@proven
@given(PAIRS, st.integers(0, 4))
def test_zipmap_gives_what_was_put_in(words: list[bytes], unused: int) -> None:
    assert zipmap.strings(blobs.zipmap(words, unused)) == words


@proven
@given(st.sets(INTEGERS, min_size=1, max_size=40))
def test_intset_gives_what_was_put_in(numbers: set[int]) -> None:
    members = [b"%d" % number for number in sorted(numbers)]
    assert intset.strings(blobs.intset(members)) == members


@pytest.mark.parametrize("count", [65534, 65535, 70000])
def test_more_entries_than_the_header_can_say(count: int) -> None:
    words = [b"%d" % number for number in range(count)]
    assert listpack.strings(blobs.listpack(words)) == words
    assert ziplist.strings(blobs.ziplist(words)) == words


def test_a_zipmap_of_many_pairs() -> None:
    words = [b"%d" % number for number in range(600)]
    assert zipmap.strings(blobs.zipmap(words)) == words


def test_a_ziplist_may_have_long_sizes_for_short_entries() -> None:
    body = b"\x00\x01a" + b"\xfe\x03\x00\x00\x00\x01b"
    blob = b"\x15\x00\x00\x00\x0d\x00\x00\x00\x02\x00" + body + b"\xff"
    assert ziplist.strings(blob) == [b"a", b"b"]


WORDS_OF_ALL_KINDS = [b"a" * 70, b"-5", b"500", b"70000", b"-9000000", b"3000000000", b"b", b"7"]
BLOBS: list[tuple[Read, bytes]] = [
    (intset.strings, blobs.intset([b"1", b"5", b"-40000"])),
    (listpack.strings, blobs.listpack(WORDS_OF_ALL_KINDS)),
    (ziplist.strings, blobs.ziplist(WORDS_OF_ALL_KINDS)),
    (zipmap.strings, blobs.zipmap(WORDS_OF_ALL_KINDS, 1)),
]
names = pytest.mark.parametrize(
    ("read", "blob"), BLOBS, ids=["intset", "listpack", "ziplist", "zipmap"]
)


@names
def test_every_truncation_is_refused(read: Read, blob: bytes) -> None:
    for length in range(len(blob)):
        with pytest.raises(BlobError) as caught:
            read(blob[:length])
        assert 0 <= caught.value.at <= length


@names
def test_what_follows_is_refused(read: Read, blob: bytes) -> None:
    for more in (b"\0", b"\xff", blob[-4:]):
        with pytest.raises(BlobError):
            read(blob + more)


@names
@settings(deadline=None, derandomize=True, max_examples=100)
@given(data=st.data())
def test_damage_is_refused_or_reads_as_something_else(
    read: Read, blob: bytes, data: st.DataObject
) -> None:
    broken = bytearray(blob)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    _reads_or_refuses(read, bytes(broken))


@pytest.mark.parametrize("read", READERS)
@settings(deadline=None, derandomize=True, max_examples=100)
@given(garbage=st.binary(max_size=80))
def test_garbage_is_refused_or_reads(read: Read, garbage: bytes) -> None:
    _reads_or_refuses(read, garbage)
    size = len(garbage) + 7
    _reads_or_refuses(read, size.to_bytes(4, "little") + b"\xff\xff" + garbage + b"\xff")
    size += 4
    head = size.to_bytes(4, "little") + b"\x0a\0\0\0\xff\xff"
    _reads_or_refuses(read, head + garbage + b"\xff")


def _reads_or_refuses(read: Read, blob: bytes) -> None:
    try:
        found: Sequence[bytes] = read(blob)
    except BlobError as error:
        assert 0 <= error.at <= len(blob)
    else:
        assert sum(map(len, found)) <= 20 * len(blob)


@pytest.mark.parametrize(
    ("read", "blob", "what"),
    [
        (intset.strings, b"\x03\0\0\0\x01\0\0\0abc", "integers of 3 bytes"),
        (intset.strings, b"\x02\0\0\0\x02\0\0\0\x05\0\x05\0", "do not rise"),
        (intset.strings, b"\x02\0\0\0\x00\0\0\0", "for 0 members"),
        (listpack.strings, b"\x09\0\0\0\x01\0\xf5\x01\xff", "begins with 0xf5"),
        (listpack.strings, b"\x09\0\0\0\x02\0\x05\x01\xff", "has 1 entries and says 2"),
        (listpack.strings, b"\x09\0\0\0\x01\0\x05\x02\xff", "size behind it is wrong"),
        (listpack.strings, b"\x09\0\0\0\x01\0\x8a\x02\xff", "longer than the listpack"),
        (ziplist.strings, blobs.ziplist([b"a"]).replace(b"\x01a", b"\x81a"), "encoded as 0x81"),
        (ziplist.strings, b"\x0d\0\0\0\x0a\0\0\0\x01\0\x03\xf1\xff", "the one before it"),
        (ziplist.strings, b"\x0d\0\0\0\x0b\0\0\0\x01\0\x00\xf1\xff", "last entry is at 10"),
        (ziplist.strings, b"\x0d\0\0\0\x0a\0\0\0\x09\0\x00\xf1\xff", "says 9"),
        (zipmap.strings, b"\x02\x01a\x01\0b\xff", "has 1 pairs and says 2"),
        (zipmap.strings, b"\x01\x01a\xff", "ends within a pair"),
        (zipmap.strings, b"\x00\xff", "is empty"),
    ],
)
def test_what_is_wrong_is_named(read: Read, blob: bytes, what: str) -> None:
    with pytest.raises(BlobError, match=what):
        read(blob)
