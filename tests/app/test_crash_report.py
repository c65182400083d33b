from __future__ import annotations

import json
import subprocess
import sys

import pytest

from app import crash_report
from scenes.lab import real_disk
from scenes.lab.plan import Row
from scenes.lab.rows import Line, line
from scenes.lab.servers import Server, cowscope
from tests.scenes.lab.made import facts

REDIS = Server("redis", "redis 7.0.15", ("redis-server",))


def lines() -> list[Line]:
    lost = facts("everysec", "real", survivors={0, 1}, covered={0, 1}, repaired=9)
    of_redis = facts("everysec", "real", survivors={0, 1}, covered=None)
    return [
        line(Row(cowscope(), "kill", "load", "always"), [facts()], []),
        line(Row(REDIS, "kill", "load", "always"), [facts(covered=None)], []),
        line(Row(cowscope(), "real", "load", "everysec"), [lost], []),
        line(Row(REDIS, "real", "load", "everysec"), [of_redis], []),
        line(Row(cowscope(), "real", "load", "no", (), "needs root"), [], []),
    ]


def test_the_table_fits_a_projector_and_reads_by_itself() -> None:
    text = crash_report.table(lines())
    assert max(map(len, text.splitlines())) <= 110
    rows = text.splitlines()
    assert rows[3:6] == [
        "kill -9",
        "  always    cowscope         1        1        8       10        0        10     0       0"
        "       -     5",
        "  always    redis 7.0.15     1        1        8       10        -        10     0       0"
        "       -     5",
    ]
    assert rows[7] == "power cut, real"
    assert "      2     8       6      75     5" in rows[8]
    assert rows[10] == "  no        cowscope  needs root"
    told = " ".join(text.split())
    assert "volatile cache of its own" in told
    assert "redis-check-aof --fix" in told
    assert "modelled" not in text  # no such row, no such legend
    assert rows[-1] == "No promise was broken in 4 crashes."


def test_in_80_columns_the_figures_stand_below_the_words() -> None:
    rows = crash_report.table(lines(), 80).splitlines()
    assert max(map(len, rows)) <= 80
    assert rows[4:7] == ["kill -9", "  always    cowscope", rows[6]]
    assert rows[6].split() == ["1", "1", "8", "10", "0", "10", "0", "0", "-", "5"]
    assert rows[1].index("survived") + 8 == rows[6].rindex("10") + 2
    assert "  no        cowscope  needs root" in rows


def test_a_disk_that_only_plays_full_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row(cowscope(), "kill", "disk-full", "no")
    monkeypatch.setattr(real_disk, "why_not", lambda: "")
    assert "disk full: a real ext4" in crash_report.table([line(row, [facts("no")], [])])
    monkeypatch.setattr(real_disk, "why_not", lambda: "needs root")
    assert "disk full: not a real one" in crash_report.table([line(row, [facts("no")], [])])


def test_a_broken_promise_is_the_last_word() -> None:
    bad = facts("always", "kill", survivors={0})
    text = crash_report.table([line(Row(cowscope(), "kill", "load", "always"), [bad], [])])
    assert "BROKEN  kill -9, always, cowscope: run with seed 1: always: no ack" in text
    assert "No promise was broken" not in text


def test_a_run_as_json_says_where_its_figures_come_from() -> None:
    run = facts("no", "modelled", survivors=set(), covered=set())
    row = Row(cowscope(), "modelled", "load", "no")
    told = json.loads(crash_report.json_line("run", crash_report.run_of(row, run)))
    assert (told["type"], told["source"], told["policy"]) == ("run", "modelled", "no")
    assert told["acknowledged_and_lost"] == 8
    assert told["broken"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--times", "0"], "no whole number from 1 on"),
        (["--rate", "-1"], "no number from 0"),
        (["--rate", "nan"], "no number from 0"),
        (["--how", "fire"], "invalid choice"),
        (["--policy", "sometimes"], "invalid choice"),
    ],
)
def test_what_it_cannot_read_is_one_line(options: list[str], words: str) -> None:
    command = [sys.executable, "-P", "-m", "app.cli", "crash", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_the_lab_tore_off_itself_is_said() -> None:
    torn = line(Row(cowscope(), "kill", "torn-tail", "always"), [facts()], [])
    assert "no promise covers it" in " ".join(crash_report.table([torn]).split())
    assert "no promise covers it" not in crash_report.table(lines())
