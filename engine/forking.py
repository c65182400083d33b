"""Forks a child that works and leaves: the rules that make fork(2) sound beside an event loop.

A forked child is a copy of a process with threads, an event loop, signal handlers and open
sockets, of which only the calling thread is alive. It stays safe by touching none of them:

    1. fork on the main thread only, with every signal blocked, so that no handler runs in between
    2. die with the parent: PR_SET_PDEATHSIG, then a look whether it is gone already
    3. reset signal handlers and the wakeup descriptor, which belong to the parent's loop
    4. close every inherited descriptor that is not named (listeners, clients, the loop's epoll):
       with close(2) alone, because the loop's own methods would take them from the parent
    5. take a name, so that ps and top say what this process does
    6. do the work, and leave by _exit(2): no atexit, no flush of inherited buffers

CPython 3.12 and later warn of threads at fork, because one of them may hold a lock for ever. Here
the child runs only Python code of this thread and libc's allocator, whose lock glibc resets in the
child; it imports nothing new, logs with a bare write(2) and takes no lock that a thread shares.
Source: fork(2), prctl(2), signal-safety(7) (Linux 6.18).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import itertools
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from engine.errors import EngineError
from engine.log import FROM_HANDLER

CANCELLED_STATUS = 255
"""Exit status after SIGUSR1: cancelled, which is no error (SERVER_CHILD_NOERROR_RETVAL)."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_DESCRIPTORS = "/proc/self/fd"
_STANDARD = (0, 1, 2)

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ForkError(EngineError):
    """The kernel refused to fork."""


@dataclass(frozen=True, slots=True)
class Forked:
    """A child that was just forked."""

    pid: int
    usec: int
    """Wall time of fork(2) in the parent."""
    at: float
    """CLOCK_MONOTONIC seconds when fork(2) returned."""


def fork(
    work: Callable[[], int],
    *,
    name: str,
    keep: Iterable[int] = (),
    log: Callable[[str, str], None],
    on_return: Callable[[int], None] = lambda _returned: None,
) -> Forked:
    """Fork; the child runs `work` and exits with what it returns, the parent returns at once.

    `on_return` hears what fork(2) returned, in both processes.
    The child keeps standard input, output and error and the descriptors in `keep`. An exception in
    `work` is one line of the log and exit status 1. Raises ForkError with the kernel's reason.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ForkError("fork refused: only the main thread may fork, because it alone survives")
    parent = os.getpid()
    with _signals_blocked() as unblocked, _no_thread_warning():
        started = time.perf_counter_ns()
        try:
            pid = os.fork()
        except OSError as error:
            raise ForkError(f"fork: {error.strerror}") from error
        if pid == 0:

            def begin() -> int:
                on_return(pid)
                return work()

            _be_a_child(parent, begin, name, {*keep, *_STANDARD}, unblocked, log)
        usec = (time.perf_counter_ns() - started) // 1000
        at = time.monotonic()
        on_return(pid)
        return Forked(pid, usec, at)


def _be_a_child(
    parent: int,
    work: Callable[[], int],
    name: str,
    keep: set[int],
    unblocked: set[signal.Signals | int],
    log: Callable[[str, str], None],
) -> NoReturn:
    status = 1
    try:
        gc.disable()  # a collection writes to every container's header: it would copy the heap
        _die_with(parent)
        _reset_signals(unblocked, log)
        _close_all_but(keep)
        set_process_name(name)
        status = work()
    except BaseException as error:  # whatever it is, the parent's code must not go on in the child
        with contextlib.suppress(BaseException):
            log("#", f"The child {name} failed: {type(error).__name__}: {error}")
    finally:
        os._exit(status)


def _die_with(parent: int) -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the call above
        os._exit(1)


def _reset_signals(unblocked: set[signal.Signals | int], log: Callable[[str, str], None]) -> None:
    def cancel(_number: int, _frame: object) -> None:
        with contextlib.suppress(Exception):  # whatever becomes of the line, the child leaves
            log(FROM_HANDLER, "Received SIGUSR1 in child, exiting now.")
        os._exit(CANCELLED_STATUS)

    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    # Ctrl-C reaches the whole foreground group, a service manager's SIGTERM every process of the
    # service; what becomes of the child is the parent's decision (as in Redis, where its handler
    # merely notes the wish).
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, cancel)
    signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)


def _close_all_but(keep: set[int]) -> None:
    try:
        open_now = [int(fd) for fd in os.listdir(_DESCRIPTORS)]
    except OSError:
        borders = sorted({-1, *keep, os.sysconf("SC_OPEN_MAX")})
        for before, after in itertools.pairwise(borders):
            if after > before + 1:  # an empty range from 0 on would close everything
                os.closerange(before + 1, after)
        return
    for fd in open_now:
        if fd not in keep:
            with contextlib.suppress(OSError):  # the listing's own descriptor is closed already
                os.close(fd)


def set_process_name(name: str) -> None:
    """What ps and top call this process; at most 15 bytes are kept."""
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()), 0, 0, 0)


@contextlib.contextmanager
def _signals_blocked() -> Iterator[set[signal.Signals | int]]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _no_thread_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
