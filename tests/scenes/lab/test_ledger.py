from __future__ import annotations

from scenes.lab.census import holes
from scenes.lab.ledger import NEVER, Entry, Ledger
from tests.scenes.lab.made import facts, ledger


def test_a_write_is_acknowledged_refused_or_unanswered() -> None:
    kept = Ledger(
        [
            Entry(1, 0, 10.0, 10.1, "", 10.1),
            Entry(2, 0, 10.2, NEVER, "MISCONF", 10.3),
            Entry(3, 1, 10.4),
        ]
    )
    assert (kept.sent, kept.acked, kept.refused, kept.unanswered) == ({1, 2, 3}, {1}, {2}, {3})


def test_what_was_answered_behind_a_cut_was_answered_by_nobody() -> None:
    kept = Ledger(
        [
            Entry(1, 0, 10.0, 10.1, "", 10.1),
            Entry(2, 0, 10.2, 10.6, "", 10.6),
            Entry(3, 1, 10.4, NEVER, "EIO", 10.6),
            Entry(4, 1, 10.7, NEVER, "EIO", 10.8),
        ]
    ).until(10.5)
    assert (kept.acked, kept.refused, kept.unanswered) == ({1}, set(), {2, 3})


def test_holes_are_survivors_behind_a_lost_write_of_the_same_connection() -> None:
    kept = ledger()  # connection 0 has 0 1 4 5 8 9, connection 1 has 2 3 6 7
    assert holes(kept, set(range(10))) == []
    assert holes(kept, {0, 1, 2, 3, 6}) == []
    assert holes(kept, {0, 4, 2, 3, 7}) == [4, 7]


def test_the_window_is_from_the_oldest_lost_acknowledgement_to_the_crash() -> None:
    run = facts("no", "real", survivors={0, 1, 2, 3})
    assert run.acked_and_lost == {4, 5, 6, 7}
    assert run.lost == {4, 5, 6, 7, 8, 9}
    assert round(run.window_ms) == 55
    assert facts().window_ms == 0.0
