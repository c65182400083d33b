"""The engine's process: started on a free port, watched, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scenes.errors import SceneError
from scenes.last_words import ERRORS, LOG, explained, last_words
from scenes.sayings import trouble

ENGINE = ("-P", "-m", "engine")
"""`-P`: a stranger's engine.py in the working folder is never picked up."""
START_SECONDS = 20.0
STOP_SECONDS = 5.0
ANSWER_SECONDS = 1.0
ATTEMPTS = 5


class EngineProcess:
    """One engine process, in a session and process group of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    def kill_group(self) -> None:
        """SIGKILL to the engine and its children at once."""
        if self.alive:  # as far as is known here: it may be gone already
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, some time to shut down, then SIGKILL to whatever is left of the group."""
        if self.alive:
            self.process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        # A child may outlive its parent: the whole group goes.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self.process.wait()

    def end(self) -> str:
        """How it ended, in a few words: as events name it, in English."""
        code = self.process.returncode
        if code is None:
            return "it runs"
        return f"killed by signal {-code}" if code < 0 else f"exit code {code}"

    def told_end(self) -> str:
        """The same for a reader."""
        code = self.process.returncode or 0
        if code < 0:
            return trouble("process.killed", signal=str(-code))
        return trouble("process.exited", code=str(code))

    def ending(self) -> str:
        """How it ended, with the last thing it said where it left by itself."""
        killed = (self.process.returncode or 0) < 0  # then what it said last explains nothing
        said = "" if killed else last_words(self.folder)
        last = trouble("process.last_words", said=explained(said)) if said else ""
        return self.told_end() + last


async def start(
    folder: Path,
    directives: Mapping[str, str],
    command: Sequence[str] = (),
    port: int | None = None,
) -> EngineProcess:
    """Start an engine on `port`, or else on a free one, and wait until it accepts connections.

    Raises SceneError with the engine's own last line when it does not come up.
    """
    for attempt in range(ATTEMPTS):
        engine = await _spawn(folder, port or free_port(), directives, command)
        try:
            await asyncio.wait_for(_accepts(engine), START_SECONDS)
        except TimeoutError:
            await engine.stop()
            raise SceneError(
                trouble(
                    "process.accepts_no_connections",
                    seconds=f"{START_SECONDS:g}",
                    last_words=explained(last_words(folder)) or trouble("process.said_nothing"),
                )
            ) from None
        except BaseException:
            await engine.stop()
            raise
        if engine.alive:
            return engine
        port, said = None, engine.ending()
        if "ddress already in use" not in said or attempt == ATTEMPTS - 1:
            raise SceneError(trouble("process.did_not_start", said=said))
    raise AssertionError("unreachable")


async def _spawn(
    folder: Path, port: int, directives: Mapping[str, str], command: Sequence[str]
) -> EngineProcess:
    argv = [*(command or (sys.executable, *ENGINE)), "--port", str(port), "--dir", str(folder)]
    given = {
        "bind": "127.0.0.1",
        "logfile": str(folder / LOG),
        "cowscope-parent-pid": str(os.getpid()),
        **directives,
    }
    for name, value in given.items():
        argv += [f"--{name}", value]
    with open(folder / ERRORS, "wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
    return EngineProcess(process, port, folder)


async def _accepts(engine: EngineProcess) -> None:
    """Returns when this very process answers and has loaded, or when it has ended."""
    while engine.alive:
        if await is_ready(engine):
            return
        await asyncio.sleep(0.02)
    await engine.process.wait()


async def is_ready(engine: EngineProcess) -> bool:
    """Whether INFO names its pid (somebody else may have the port) and that it has loaded."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", engine.port)
    except OSError:
        return False
    try:
        writer.write(b"INFO\r\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            size = int((await reader.readuntil(b"\r\n"))[1:])
            info = (await reader.readexactly(size)).decode("utf-8", "replace").split("\r\n")
    except (OSError, ValueError, EOFError, TimeoutError, asyncio.LimitOverrunError):
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return f"process_id:{engine.pid}" in info and "loading:0" in info


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port
