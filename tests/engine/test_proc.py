"""Small files of /proc: page tables, mounts, and a child's memory that goes before the child."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine import proc
from engine.errors import ProbeError
from engine.proc import AddressSpace, Mount, mount_of, mounts, page_table_kb, parse_mountinfo
from tests.engine.page_watching import FIXTURE, needs_proc, sharing_child


def test_page_tables_are_a_field_of_status() -> None:
    assert page_table_kb("self", FIXTURE) == 228


def test_page_tables_are_0_where_nobody_tells() -> None:
    assert page_table_kb(1 << 30, FIXTURE) == 0


def test_a_missing_field_is_none() -> None:
    assert proc.parse_status_kb(b"Name:\tx\nVmPTE:\t1 kB\n", "VmSwap") is None


GROWTH = """
from engine.arena import Arena
from engine.proc import page_table_kb
arena = Arena(4096)
before = page_table_kb()
for page in range(4096):
    arena.store(arena.offset_of(page), b"x")
print(page_table_kb() - before)
"""


@needs_proc
def test_page_tables_grow_with_the_arena() -> None:
    # In a process of its own: elsewhere a garbage collection may give tables back meanwhile.
    said = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, check=True)
    assert int(said.stdout) >= 4096 * 8 // 1024 - 4


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
