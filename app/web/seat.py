"""A seat: one browser tab's own program, with its own engine, gone when the tab is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from typing import Any

from textual_serve.app_service import AppService

from app.web.keyboard import Keyboard

LEAVE_SECONDS = 8.0
"""What a program has to stop its engine; then it is killed, and the engine sees it go."""


class Seat(AppService):
    """textual-serve's program, started without a shell and never left behind."""

    def __init__(self, argv: Sequence[str], **options: Any) -> None:
        super().__init__("", **options)
        self._argv = argv
        self.keyboard = Keyboard()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._build_environment(width, height)
        environment["LINES"] = str(height)
        self._process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._stdin = self._process.stdin
        return self._process

    async def stop(self) -> None:
        """Ask the program to leave, and see to it that it does."""
        process = self._process
        if process is None:
            return
        # No asyncio.timeout: textual-serve's task swallows the cancellation that one is made of.
        leaving = asyncio.create_task(self._left(process))
        try:
            await asyncio.wait([leaving], timeout=LEAVE_SECONDS)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            # A grandchild may hold a pipe for longer than the loop lives, which then complains.
            transport = getattr(process, "_transport", None)
            if transport is not None:
                transport.close()
        await asyncio.wait([leaving], timeout=LEAVE_SECONDS)
        leaving.cancel()

    async def _left(self, process: Process) -> None:
        await super().stop()
        await process.wait()
