"""The two servers that the lab can crash: this project's engine, and an installed Redis."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

import msgspec

from scenes import process
from scenes.errors import SceneError
from scenes.lab.wording import judged
from scenes.last_words import ERRORS, LOG, explained, last_words
from scenes.process import EngineProcess
from scenes.refusals import crash_word

COWSCOPE, REDIS = "cowscope", "redis"
START_SECONDS = 30.0
_POLL_SECONDS = 0.01
_ATTEMPTS = 5
_LOADED = re.compile(r"DB loaded from (?:append only file|disk): (\d+\.\d+) seconds")
_LOADING = "Running mode=standalone"
_SERVING = "Ready to accept connections"


class Server(msgspec.Struct, frozen=True):
    """A server program and how it is started."""

    kind: str
    name: str
    """As the table calls it, with its version where it is not ours."""
    command: tuple[str, ...]


class NotStartedError(SceneError):
    """The server did not come up on what it found; `said` is its log."""

    said = ""


def cowscope(command: Sequence[str] = ()) -> Server:
    """The engine; `command` runs another one that takes the same options."""
    return Server(COWSCOPE, "cowscope", (*(command or (sys.executable, *process.ENGINE)),))


def redis() -> Server:
    """The installed redis-server or valkey-server; raises SceneError where there is none."""
    for program in ("redis-server", "valkey-server"):
        path = shutil.which(program)
        if path is not None:
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
            version = re.search(r"v=(\S+)", said.stdout)
            name = f"{program.partition('-')[0]} {version[1] if version else ''}".strip()
            return Server(REDIS, name, (path,))
    raise SceneError(judged("needs.server"))


class Running:
    """A started server, and what its log has said since it was started."""

    def __init__(self, engine: EngineProcess, log: Path, log_from: int, began: float) -> None:
        self.engine = engine
        self.began = began
        """CLOCK_MONOTONIC seconds just before it was started."""
        self._log = log
        self._log_from = log_from

    @property
    def port(self) -> int:
        return self.engine.port

    @property
    def pid(self) -> int:
        """Also its process group's."""
        return self.engine.pid

    def said(self) -> str:
        """Its log since its start."""
        try:
            with open(self._log, "rb") as file:
                file.seek(self._log_from)
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    @property
    def load_ms(self) -> float:
        """How long it says that it loaded; 0 where there was nothing to load."""
        found = _LOADED.search(self.said())
        return float(found[1]) * 1000 if found else 0.0

    @property
    def loads(self) -> bool:
        """Whether, by its log, it is loading at this moment."""
        said = self.said()
        return _LOADING in said and _SERVING not in said and _LOADED.search(said) is None

    def children(self) -> list[int]:
        """Pids of its living children."""
        try:
            path = f"/proc/{self.pid}/task/{self.pid}/children"
            with open(path, encoding="ascii") as file:
                return [int(pid) for pid in file.read().split()]
        except OSError:
            return []

    async def ready(self) -> None:
        """Returns when it has loaded and answers; raises NotStartedError with its last words."""
        deadline = monotonic() + START_SECONDS
        while self.engine.alive and monotonic() < deadline:
            if await process.is_ready(self.engine):
                return
            await asyncio.sleep(_POLL_SECONDS)
        silent = judged("trouble.silent", seconds=f"{START_SECONDS:g}")
        how = silent if self.engine.alive else crash_word(self.engine.end())
        await self.kill()
        said = explained(last_words(self.engine.folder)) or judged("trouble.nothing")
        raise NotStartedError(judged("trouble.not_started", how=how, said=said))

    async def kill(self) -> None:
        """SIGKILL to the whole group, its save child included; returns when it is gone."""
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            self.engine.kill_group()
        await self.engine.process.wait()


class Place(msgspec.Struct, frozen=True):
    """Where a server keeps its files."""

    data: Path
    """As the lab reads it."""
    inside: str
    """As the server names it: in another mount namespace, perhaps."""
    logs: Path
    """A folder that no crash touches."""
    enter: tuple[str, ...] = ()
    """Command that runs the server where `inside` can be seen."""


async def start(
    server: Server, place: Place, directives: Mapping[str, str], *, wait: bool = True
) -> Running:
    """Start it on a free port; returns when it serves, or with `wait` false when it is started.

    Raises NotStartedError where it does not come up.
    """
    for attempt in range(_ATTEMPTS):
        running = await _spawned(server, place, directives)
        if not wait:
            return running
        try:
            await running.ready()
        except NotStartedError as error:
            error.said = running.said()
            if attempt < _ATTEMPTS - 1 and "ddress already in use" in error.said:
                continue
            raise
        return running
    raise AssertionError("unreachable")


async def _spawned(server: Server, place: Place, directives: Mapping[str, str]) -> Running:
    port = process.free_port()
    log = place.logs / LOG
    given = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": place.inside,
        "logfile": str(log),
        "save": "",
        **_own(server),
        **directives,
    }
    if server.kind == REDIS:
        given.pop("aof-rewrite-mode", None)
    argv = [*place.enter, *_dying_with_us(server), *server.command]
    for name, value in given.items():
        argv += [f"--{name}", value]
    log_from = log.stat().st_size if log.exists() else 0
    began = monotonic()
    with open(place.logs / ERRORS, "wb") as errors:
        started = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
    return Running(EngineProcess(started, port, place.logs), log, log_from, began)


def _own(server: Server) -> dict[str, str]:
    """Directives that only one of the two knows."""
    if server.kind == COWSCOPE:
        return {"arena-pages": "8192", "cowscope-parent-pid": str(os.getpid())}
    return {"daemonize": "no"}


def _dying_with_us(server: Server) -> list[str]:
    """The engine looks after its parent itself; for Redis the kernel does (prctl(2))."""
    path = shutil.which("setpriv")
    return [path, "--pdeathsig", "KILL"] if server.kind == REDIS and path else []
