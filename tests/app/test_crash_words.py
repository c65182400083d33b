"""A crash in words: of how many writes it tells, and of which bytes."""

from __future__ import annotations

from app.crash_words import crash_lines
from app.lines import plain
from scenes.view import CensusView, CrashView, View


def told(lost: int, left_out: int, has_log: bool = True) -> str:
    census = CensusView(100, 100 - lost, lost, 0, 0, left_out, (), (), (), 1, "measured")
    crash = CrashView(
        kind="kill -9",
        at=2.0,
        acked=0,
        written=0,
        fsynced=0,
        has_log=has_log,
        recovered_keys=7,
        survived=0,
        lost=0,
        census=census,
    )
    return " ".join(plain(one) for one in crash_lines(View(crash=crash), 200))


def test_where_not_all_writes_are_remembered_the_last_ones_are_meant() -> None:
    assert "kill -9: 3 of 100 acknowledged writes lost" in told(3, 0)
    assert "kill -9: 3 of the last 100 acknowledged writes lost" in told(3, 5)
    assert "kill -9: the last 100 acknowledged writes are all there" in told(0, 5)


def test_without_a_log_there_are_no_bytes_of_it_to_tell_of() -> None:
    assert "7 keys: 0 bytes survived" in told(3, 0)
    assert "It came back with 7 keys (measured)." in told(3, 0, has_log=False)


def test_where_rows_are_few_the_key_to_the_ladder_stands_behind_a_line() -> None:
    def lines(cells: int, *, tight: bool) -> list[str]:
        census = CensusView(100, 97, 3, 0, 0, 0, (), (), (), 1, "measured")
        crash = CrashView(
            kind="kill -9", at=2.0, acked=9, written=9, fsynced=9, recovered_keys=7, survived=9,
            lost=0, census=census,
        )  # fmt: skip
        found = crash_lines(View(crash=crash), cells, tight=tight)
        return [plain(one).rstrip() for one in found]

    headline, found, ladder = lines(100, tight=False)
    assert ladder.startswith("r ")
    assert lines(100, tight=True) == [headline, f"{found}  r the ladder"]
    assert lines(len(found), tight=True) == [f"{headline}  r the ladder", found]
