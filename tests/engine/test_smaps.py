"""smaps: sums inside and outside an address range, from stored text and from real memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import smaps
from engine.errors import ProbeError
from engine.proc import ProcessGoneError
from engine.smaps import SmapsFile, parse
from tests.engine.page_watching import FIXTURE, filled, needs_proc, sharing_child, touch_new, write

ARENA = 0x7F0000001000, 0x7F0000401000
TEXT = (Path(FIXTURE) / "self" / "smaps").read_bytes()


def test_sums_inside_the_arena_and_outside_of_it() -> None:
    found = SmapsFile("self", FIXTURE).read()
    inside, outside = found.inside(*ARENA), found.outside(*ARENA)
    assert (inside.private_dirty_kb, inside.private_clean_kb, inside.private_kb) == (40, 8, 48)
    assert (inside.shared_dirty_kb, inside.anon_huge_kb, inside.swap_kb) == (3992, 2048, 12)
    assert inside.rss_kb + outside.rss_kb == 1800 + 3000 + 4040 + 512 + 60
    assert outside.private_kb == 100 + 2600 + 60
    assert outside.shared_dirty_kb == 400 + 512


def test_names_are_paths_brackets_or_nothing() -> None:
    names = parse(TEXT).names
    assert names[:3] == ["/usr/bin/python3.11", "[heap]", ""]
    assert names[5] == "/dev/zero (deleted)"


def test_a_range_that_nothing_is_mapped_in_is_empty() -> None:
    assert parse(TEXT).inside(0x1000, 0x2000).rss_kb == 0


@pytest.mark.parametrize("start, end", [(0x7F0000002000, ARENA[1]), (ARENA[0], 0x7F0000400000)])
def test_a_mapping_that_straddles_the_range_is_an_error(start: int, end: int) -> None:
    with pytest.raises(ProbeError, match="straddles"):
        parse(TEXT).inside(start, end)


@pytest.mark.parametrize("text", [b"\n", b"hello\n", TEXT.replace(b"Private_Dirty", b"Privat", 1)])
def test_text_of_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(ProbeError, match="Can't understand smaps"):
        parse(text)


def test_a_file_longer_than_the_buffer_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smaps, "_FIRST_BUFFER", 100)
    assert SmapsFile("self", FIXTURE).read() == parse(TEXT)


def test_without_smaps_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="does not offer it"):
        SmapsFile("self", str(tmp_path)).read()


mappings = st.lists(
    st.tuples(st.integers(1, 50), st.integers(1, 50), st.lists(st.integers(0, 9999), min_size=7)),
    min_size=1,
    max_size=30,
)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(mappings=mappings, cut=st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_inside_and_outside_add_up(
    mappings: list[tuple[int, int, list[int]]], cut: tuple[int, int]
) -> None:
    text, at, spans = "", 0x1000, []
    for gap, pages, values in mappings:
        start, at = at + gap * 4096, at + (gap + pages) * 4096
        spans.append((start, at, values[2]))
        text += f"{start:x}-{at:x} rw-p 00000000 00:00 0 \n"
        text += "".join(
            f"{name + ':':16} {kb:7} kB\n" for name, kb in zip(smaps._FIELDS, values, strict=False)
        )
        text += "VmFlags: rd wr\n"
    first, last = sorted(min(c, len(spans)) for c in cut)
    chosen = spans[first:last]
    start, end = (chosen[0][0], chosen[-1][1]) if chosen else (0, 0)
    found = parse(text.encode())
    assert found.inside(start, end).private_dirty_kb == sum(kb for *_, kb in chosen)
    whole = found.inside(0, 1 << 62).private_dirty_kb
    assert found.outside(start, end).private_dirty_kb == whole - sum(kb for *_, kb in chosen)


@needs_proc
def test_both_processes_weigh_the_same_copies() -> None:
    arena = filled(32)
    page_kb = arena.page_size // 1024
    ends = arena.base, arena.base + arena.pages * arena.page_size
    own = SmapsFile()
    assert own.read().inside(*ends).private_kb == 32 * page_kb
    with sharing_child() as child:
        assert own.read().inside(*ends).private_kb == 0
        write(arena, 1, 2, 30)
        touch_new(arena)
        assert own.read().inside(*ends).private_kb == (3 + 1) * page_kb
        assert SmapsFile(child.pid).read().inside(*ends).private_kb == 3 * page_kb


@needs_proc
def test_a_process_that_has_ended_has_no_smaps() -> None:
    with sharing_child() as child:
        file = SmapsFile(child.pid)
        child.let_go()
        with pytest.raises(ProcessGoneError, match="has ended"):
            file.read()
        child.reap()
        with pytest.raises(ProcessGoneError, match="no such process"):
            file.read()
