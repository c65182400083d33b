"""`cowscope crash`: parses what was asked, runs the lab, prints its table."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from scenes.errors import SceneError

if TYPE_CHECKING:
    from scenes.lab.laboratory import Laboratory
    from scenes.lab.plan import Row
    from scenes.lab.rows import Line
    from scenes.lab.trial import Facts


def crash(options: argparse.Namespace) -> int:
    """0 when every promise was kept, else 1."""
    from app import crash_report
    from app.commands import missing_here
    from scenes.lab import plan, servers
    from scenes.lab.laboratory import Laboratory
    from scenes.lab.trial import POLICIES

    missing = missing_here()
    if missing:
        raise SceneError(f"the crash lab can't run: {missing}")
    wish = plan.Wish(
        policies=POLICIES if options.policy == "all" else (options.policy,),
        hows=(options.how,) if options.how else ("kill", "power"),
        times=options.times,
        rate=options.rate,
        seed=options.seed,
        most_acks=max(20, min(1500, int(options.rate * 1.5) or 1500)),
    )
    which = [servers.cowscope(), *([servers.redis()] if options.server else [])]
    rows = plan.rows(wish, which)
    total = sum(len(row.trials) for row in rows)
    done = 0

    def on_result(row: Row, facts: Facts) -> None:
        nonlocal done
        done += 1
        if options.json:
            print(crash_report.json_line("run", crash_report.run_of(row, facts)), flush=True)
        elif sys.stderr.isatty():
            print(f"\r{done} of {total} crashes ", end="", file=sys.stderr, flush=True)

    lines, stopped = _run(Laboratory(rows, on_result=on_result))
    if stopped:
        return stopped
    if not options.json and sys.stderr.isatty():
        print("\r" + " " * 30 + "\r", end="", file=sys.stderr)
    if options.json:
        for line in lines:
            print(crash_report.json_line("row", line))
    else:
        print(crash_report.table(lines))
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
