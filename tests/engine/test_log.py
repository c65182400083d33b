"""Lines of the log are Redis' to the letter, whole, and the child's too."""

from __future__ import annotations

import locale
import os
import re
import time
from pathlib import Path

import pytest

from engine.log import FROM_HANDLER, Logger

LINE = re.compile(
    r"(\d+):([MC]) (\d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d\.\d{3}) ([.\-*#]) (.*)"
)


def test_a_line_is_that_of_redis(tmp_path: Path) -> None:
    path = tmp_path / "log"
    before = time.time()
    Logger(str(path)).notice("Ready to accept connections")
    match = LINE.fullmatch(path.read_text().rstrip("\n"))
    assert match is not None
    assert match.group(1, 2, 4, 5) == (str(os.getpid()), "M", "*", "Ready to accept connections")
    logged = time.mktime(time.strptime(match[3][:-4], "%d %b %Y %H:%M:%S"))
    assert 0 <= logged + float(match[3][-4:]) - before + 0.001 < 5


def test_a_line_from_a_signal_handler_has_no_date_and_is_always_written(tmp_path: Path) -> None:
    logger = Logger(str(tmp_path / "log"), "warning")
    before = int(time.time())
    logger.log(FROM_HANDLER, "Received SIGTERM scheduling shutdown...")
    pid, seconds, text = re.fullmatch(
        r"(\d+):signal-handler \((\d+)\) (.*)\n", (tmp_path / "log").read_text()
    ).groups()  # type: ignore[union-attr]
    assert (int(pid), text) == (os.getpid(), "Received SIGTERM scheduling shutdown...")
    assert before <= int(seconds) <= time.time()
    assert [line[1:] for line in logger.ring()] == [("#", text)]


def test_the_time_is_the_local_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.9876)
    monkeypatch.setenv("TZ", "XXX-5:30")
    time.tzset()
    try:
        Logger(str(tmp_path / "log")).notice("x")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert " 15 Nov 2023 03:43:20.987 * x" in (tmp_path / "log").read_text()


def test_months_are_english_in_every_locale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
    known = locale.setlocale(locale.LC_ALL)
    for name in ("zh_CN.UTF-8", "de_DE.UTF-8", "C.UTF-8"):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        try:
            Logger(str(tmp_path / "log")).notice("x")
        finally:
            locale.setlocale(locale.LC_ALL, known)
    assert all(" Nov 2023 " in line for line in (tmp_path / "log").read_text().splitlines())


def test_levels_below_the_chosen_one_are_dropped(tmp_path: Path) -> None:
    logger = Logger(str(tmp_path / "log"), "notice")
    for level in ".-*#":
        logger.log(level, "x")
    logger.loglevel = "debug"
    logger.debug("y")
    logger.loglevel = "warning"
    logger.notice("z")
    logger.warning("z")
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[-2:] for line in lines] == [
        *(["*", "x"], ["#", "x"], [".", "y"], ["#", "z"])
    ]
    assert [(level, text) for _, level, text in logger.ring()] == [
        *(("*", "x"), ("#", "x"), (".", "y"), ("#", "z"))
    ]


def test_the_file_may_be_rotated(tmp_path: Path) -> None:
    logger = Logger(str(tmp_path / "log"))
    logger.notice("old")
    (tmp_path / "log").rename(tmp_path / "log.1")
    logger.notice("new")
    assert (tmp_path / "log.1").read_text().endswith("* old\n")
    assert (tmp_path / "log").read_text().endswith("* new\n")


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    logger = Logger(str(tmp_path / "nowhere" / "log"))
    logger.notice("x")
    assert [text for _, _, text in logger.ring()] == ["x"]


def test_standard_output_is_the_default(capfd: pytest.CaptureFixture[str]) -> None:
    Logger().warning("\udcff is no text")
    assert capfd.readouterr().out.endswith("# \\udcff is no text\n")


def test_lines_are_heard_and_the_last_100_kept(tmp_path: Path) -> None:
    logger = Logger(str(tmp_path / "log"))
    heard: list[tuple[str, str]] = []
    logger.on_line = lambda level, text: heard.append((level, text))
    start = time.monotonic()
    for number in range(120):
        logger.notice(str(number))
    assert heard[-1] == ("*", "119")
    ring = logger.ring()
    assert [text for _, _, text in ring] == [str(number) for number in range(20, 120)]
    times = [at for at, _, _ in ring]
    assert start <= times[0] <= times[-1] <= time.monotonic()
    assert times == sorted(times)


def test_the_child_says_that_it_is_one(tmp_path: Path) -> None:
    logger = Logger(str(tmp_path / "log"))
    heard: list[str] = []
    logger.on_line = lambda _level, text: heard.append(text)
    child = os.fork()
    if child == 0:
        try:
            logger.notice("from the child")
            os._exit(1 if heard else 0)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert f"{child}:C " in (tmp_path / "log").read_text()
    assert logger.ring() == []
