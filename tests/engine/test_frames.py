"""Frame numbers: root's own, or made up so that they tell shared pages from others."""

from __future__ import annotations

import os

from engine.frames import Entry, are_hidden, entries, made_up
from tests.engine.page_watching import filled, needs_proc, sharing_child, write

SHARED, OWN, NONE = Entry(True, False, 0), Entry(True, True, 0), Entry(False, False, 0)


def test_the_one_who_wrote_first_has_the_new_frame() -> None:
    parent = [SHARED, OWN, OWN, OWN, NONE]
    child = [SHARED, OWN, OWN, NONE, NONE]
    mine, its = made_up(parent, child, child_wrote={2}, first=0)
    assert mine[0] == its[0] == 1
    assert its[1] == 2 and mine[1] > 5  # the parent wrote page 1
    assert mine[2] == 3 and its[2] > 5  # the child wrote page 2
    assert mine[3] == 4 and its[3] == 0
    assert (mine[4], its[4]) == (0, 0)
    assert len({*mine, *its} - {0}) == 6


@needs_proc
def test_a_write_parts_what_a_fork_shared() -> None:
    arena = filled(4)
    with sharing_child() as child:
        write(arena, 2)
        mine = entries(arena.base, 5, arena.page_size)
        its = entries(arena.base, 5, arena.page_size, child.pid)
    assert [entry.exclusive for entry in mine] == [False, False, True, False, False]
    assert [entry.exclusive for entry in its] == [False, False, True, False, False]
    assert [entry.present for entry in mine] == [True, True, True, True, False]
    if are_hidden(mine):
        assert os.geteuid()
    else:
        assert [a.frame == b.frame for a, b in zip(mine, its, strict=True)] == [
            True, True, False, True, True,
        ]  # fmt: skip
