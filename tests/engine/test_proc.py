"""Small files of /proc: page tables, mounts, and a child's memory that goes before the child."""

from __future__ import annotations

import pytest

from engine import proc
from engine.errors import ProbeError
from engine.proc import AddressSpace, Mount, mount_of, mounts, page_table_kb, parse_mountinfo
from tests.engine.page_watching import FIXTURE, filled, needs_proc, sharing_child


def test_page_tables_are_a_field_of_status() -> None:
    assert page_table_kb("self", FIXTURE) == 228


def test_page_tables_are_0_where_nobody_tells() -> None:
    assert page_table_kb(1 << 30, FIXTURE) == 0


def test_a_missing_field_is_none() -> None:
    assert proc.parse_status_kb(b"Name:\tx\nVmPTE:\t1 kB\n", "VmSwap") is None


@needs_proc
def test_page_tables_grow_with_the_arena() -> None:
    before = page_table_kb()
    arena = filled(4096)
    assert page_table_kb() >= before + 4096 * 8 // 1024 - 4
    arena.memory.flush()


@pytest.mark.parametrize(
    "path, kind",
    [
        ("/", "ext4"),
        ("/home/someone", "ext4"),
        ("/dev/shm/x", "tmpfs"),
        ("/dev/shmx", "devtmpfs"),
        ("/srv/two words/data", "xfs"),
        ("/srv/covered", "tmpfs"),
    ],
)
def test_a_path_lies_on_the_last_of_the_longest_mounts(path: str, kind: str) -> None:
    mount = mount_of(path, mounts(FIXTURE))
    assert mount is not None
    assert mount.kind == kind


def test_a_path_outside_of_all_mounts_has_none() -> None:
    assert mount_of("/x", [Mount("/proc", "proc", "proc")]) is None


def test_a_line_of_another_form_is_refused() -> None:
    with pytest.raises(ProbeError, match="mountinfo: 'nonsense'"):
        parse_mountinfo("nonsense\n")


@needs_proc
def test_memory_is_gone_before_the_child_is_reaped() -> None:
    with sharing_child() as child:
        memory = AddressSpace(child.pid)
        assert memory.alive()
        child.let_go()
        assert not memory.alive()
        child.reap()
        assert not memory.alive()
        memory.close()


@needs_proc
def test_no_such_process() -> None:
    with sharing_child() as child:
        gone = child.pid
    with pytest.raises(proc.ProcessGoneError, match="no such process"):
        AddressSpace(gone)
