"""`cowscope serve`: the engine process, from its command line to its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from engine import __version__, insistence, open_files
from engine.config import Configuration
from engine.errors import ConfigError, EngineError
from engine.log import FROM_HANDLER, Logger
from engine.server import Server

USAGE = """\
Usage: cowscope serve [/path/to/redis.conf] [--directive value ...]
       cowscope serve --version

Directives are redis.conf's: --port 6379 --dir . --appendonly yes
--appendfsync everysec --save "60 1000". The engine listens on 127.0.0.1 unless
--bind says otherwise.
"""


def main(argv: list[str], told: Callable[[str], str] = str) -> int:
    """Run an engine until it is told to stop; the process' exit code.

    `told` is how a configuration that cannot be used is said to whoever started it.
    """
    if argv and argv[0] in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    if argv and argv[0] in ("-v", "--version"):
        print(
            f"Cowscope engine v={__version__} speaks=redis-7.0.15 "
            f"python={platform.python_version()}"
        )
        return 0
    if not sys.platform.startswith("linux"):
        print(
            f"cowscope serve: the engine needs Linux (fork and /proc/self/smaps); this is "
            f"{platform.system()}. `cowscope replay` shows a recording anywhere.",
            file=sys.stderr,
        )
        return 1
    try:
        config = Configuration.from_arguments(argv)
    except ConfigError as error:
        print(told(str(error)), file=sys.stderr)
        return 1
    logger = Logger(config.logfile, config.loglevel)
    _be_scheduled_normally()
    _collect_rarely()
    try:
        _enter_directory(config.dir)
        return _runner()(_serve(config, logger))
    except EngineError as error:
        logger.log("#", str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 1


def _be_scheduled_normally() -> None:
    """Whatever the starting process gave up for itself (SCHED_BATCH), and a short GIL interval:
    the probe's thread may keep the commands waiting for half a millisecond, not for five."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    sys.setswitchinterval(0.0005)


def _collect_rarely() -> None:
    """Few of an engine's objects are cycles, and a walk over all of them is felt as latency."""
    gc.set_threshold(100_000, 50, 100)


def _enter_directory(path: str) -> None:
    try:
        os.chdir(path)
    except OSError as error:
        raise EngineError(f"Can't chdir to '{path}': {error.strerror}") from error


def _runner() -> Callable[[Coroutine[Any, Any, int]], int]:
    """uvloop's runner where it is installed, asyncio's elsewhere."""
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.run
    return asyncio.run


async def _serve(config: Configuration, logger: Logger) -> int:
    server = Server(config, logger)
    logger.log("#", "oO0OoO0OoO0Oo Cowscope is starting oO0OoO0OoO0Oo")
    logger.log(
        "#", f"Cowscope version={__version__}, bits=64, modified=0, pid={os.getpid()}, just started"
    )
    logger.log("*", f"Running mode=standalone, port={config.port}. PID: {os.getpid()}")
    open_files.adjust(config, logger.log)
    for warning in config.warnings:
        logger.log("#", f"WARNING: {warning}")
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: _log_bug(logger, context))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, server, number)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would keep waitpid from children
    try:
        with insistence.handled(functools.partial(_leave_while_loading, server)):
            await server.start()
        await server.serve_until_stopped()
    finally:
        server.persistence.folder_lock.release()
    return 0


def _log_bug(logger: Logger, context: dict[str, Any]) -> None:
    """One line for what should not have happened; the engine goes on serving the others."""
    error = context.get("exception")
    where = ""
    if error is not None and error.__traceback__ is not None:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f" ({os.path.basename(frame.filename)}, line {frame.lineno})"
    logger.log("#", f"Bug: {type(error).__name__}: {error or context.get('message')}{where}")


def _leave_while_loading(server: Server, _number: int, _frame: object) -> None:
    """Nothing is lost by leaving before anything was loaded; later on the loop hears of it."""
    if server.loading:
        server.log(FROM_HANDLER, "Received shutdown signal during loading, exiting now.")
        server.persistence.folder_lock.release()
        os._exit(0)


def _on_signal(server: Server, number: int) -> None:
    name = "SIGTERM" if number == signal.SIGTERM else "SIGINT"
    server.log(FROM_HANDLER, f"Received {name} scheduling shutdown...")
    server.shutdown(by_signal=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
