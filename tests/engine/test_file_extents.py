from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from engine.file_extents import LIVE, PAGE, SECTOR, Content, Extent, live
from engine.partial_survival import partly

SIZE = 60
LIVE_BYTES = bytes(range(1, SIZE + 1))
KEPT = bytes(range(101, 101 + SIZE))

steps = st.lists(
    st.tuples(
        st.sampled_from(["without", "having", "sized"]), st.integers(0, SIZE), st.integers(0, SIZE)
    ),
    max_size=8,
)


def bytes_of(content: Content, file: bytes = LIVE_BYTES, kept: bytes = KEPT) -> bytes:
    """The content as a file would have it."""
    data = bytearray(content.size)
    for start, length, source, at in content.extents:
        assert length > 0 and start + length <= content.size
        data[start : start + length] = (file if source == LIVE else kept)[at : at + length]
    return bytes(data)


@given(st.integers(0, SIZE), steps)
def test_the_extents_do_to_offsets_what_is_done_to_bytes(
    size: int, steps: list[tuple[str, int, int]]
) -> None:
    content, data = live(size), bytearray(LIVE_BYTES[:size])
    for step, one, other in steps:
        first, end = sorted((one, other))
        match step:
            case "without":
                content = content.without(first, end)
                data[first:end] = bytes(max(0, min(end, len(data)) - first))
            case "having":
                if first == end:
                    continue
                content = content.having([Extent(first, end - first, "kept", first)])
                data.extend(bytes(max(0, end - len(data))))
                data[first:end] = KEPT[first:end]
            case "sized":
                content = content.sized(one)
                data = bytearray(bytes(data[:one]).ljust(one, b"\0"))
        assert bytes_of(content) == bytes(data)
        ends = [0, *(extent.end for extent in content.extents)]
        starts = [extent.start for extent in content.extents]
        assert all(end <= start for end, start in zip(ends, starts, strict=False))


@given(st.integers(0, SIZE), st.integers(0, SIZE))
def test_a_truncation_moves_what_it_cuts_off_to_the_kept_file(size: int, cut: int) -> None:
    content = live(size).kept(cut, "kept")
    assert bytes_of(content, LIVE_BYTES[:cut], LIVE_BYTES[cut:]) == LIVE_BYTES[:size]
    assert content.missing_of(cut) == ([] if size >= cut else [(size, cut)])


def test_a_seed_keeps_the_durable_bytes_and_any_pages_of_the_rest() -> None:
    durable, size = 5000, 9 * PAGE + 100
    seen_sizes = set()
    for seed in range(300):
        content = partly(live(durable), size, random.Random(seed))
        assert content.extents[0].start == 0 and content.extents[0].length >= durable
        assert content.size <= size
        for extent in content.extents[:-1]:
            assert extent.end % PAGE == 0 or extent.end == durable
        whole = content.size == size or content.size % SECTOR == 0 or content.size == durable
        assert whole, content
        seen_sizes.add(content.size)
    assert durable in seen_sizes and size in seen_sizes and len(seen_sizes) > 12
