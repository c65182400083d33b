"""`cowscope crash`: parses what was asked, runs the lab, prints its table."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
from typing import TYPE_CHECKING

from app.said import said
from scenes.errors import SceneError

if TYPE_CHECKING:
    from scenes.lab.laboratory import Laboratory
    from scenes.lab.plan import Row
    from scenes.lab.rows import Line
    from scenes.lab.trial import Facts


def crash(options: argparse.Namespace) -> int:
    """0 when every promise was kept, else 1."""
    from app.commands import missing_here
    from scenes.lab import plan, servers
    from scenes.lab.trial import POLICIES

    missing = missing_here()
    if missing:
        raise SceneError(said("cli.no_lab", why=missing))
    wish = plan.Wish(
        policies=POLICIES if options.policy == "all" else (options.policy,),
        hows=(options.how,) if options.how else ("kill", "power"),
        times=options.times,
        rate=options.rate,
        seed=1 if options.seed is None else options.seed,
        partly=options.seed is not None,
        most_acks=max(20, min(1500, int(options.rate * 1.5) or 1500)),
    )
    which = [servers.cowscope(), *([servers.redis()] if options.server else [])]
    return report(plan.rows(wish, which), json=options.json)


def report(rows: list[Row], *, json: bool) -> int:
    """Carry the rows out and print them: a table, or a line of JSON a run and a row."""
    from app import crash_report
    from scenes.lab.laboratory import Laboratory

    total = sum(len(row.trials) for row in rows)
    shows = sys.stderr.isatty() and not json
    done = 0

    def on_result(row: Row, facts: Facts) -> None:
        nonlocal done
        done += 1
        if json:
            print(crash_report.json_line("run", crash_report.run_of(row, facts)), flush=True)
        elif shows:
            counted = said("lab.done", done=done, total=total)
            print(f"\r{counted} ", end="", file=sys.stderr, flush=True)

    lines, stopped = _run(Laboratory(rows, on_result=on_result))
    if shows:
        print("\r\x1b[K", end="", file=sys.stderr)
    if stopped:
        return stopped
    if json:
        for line in lines:
            print(crash_report.json_line("row", line))
    else:
        # to a file the whole table goes, to a terminal one that fits it
        width = shutil.get_terminal_size((0, 0)).columns
        print(crash_report.table(lines, width))
    return 1 if any(line.broken for line in lines) else 0


def _run(lab: Laboratory) -> tuple[list[Line], int]:
    """The filled rows; stopped by a signal, 128 plus its number, and everything is ended first."""
    lines: list[Line] = []
    stopped = 0

    async def work() -> None:
        nonlocal lines
        task = asyncio.current_task()
        assert task is not None

        def stop(number: int) -> None:
            nonlocal stopped
            stopped = 128 + number
            task.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop, number)
        with contextlib.suppress(asyncio.CancelledError):
            lines = await lab.run()

    asyncio.run(work())
    return lines, stopped
