"""One engine a folder: whoever writes dumps or an AOF there holds the lock on `cowscope.lock`.

What counts is the kernel's lock (flock(2)), which ends with its holder, however that ends: a file
that a killed engine has left behind is free. The pid in it is only for words. Forked children close
the descriptor, so that none of them keeps the lock beyond its parent. A redis-server in the same
folder neither takes nor heeds it.

1. open the file, made if need be   2. lock it   3. it is still the one of that name: its last
holder may have removed it between 1 and 2   4. write the pid. Leaving: remove it, then unlock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable

from engine.errors import EngineError

NAME = "cowscope.lock"
PATIENCE = 2.0
"""Seconds to wait for a holder that is dying: it gives its memory back before its locks."""
GRACE = 0.25
"""Seconds that a holder must be seen alive before it is believed: it may just have been killed."""
_POLL = 0.01
_PF_EXITING = 0x4
_SIGKILL = 1 << signal.SIGKILL - 1


class FolderLock:
    """The lock of one folder."""

    def __init__(self, directory: str, log: Callable[[str, str], None]) -> None:
        self._directory = directory
        self._path = os.path.join(directory, NAME)
        self._log = log
        self._fd = -1
        self._given_up = False

    @property
    def held(self) -> bool:
        """Whether this process has it."""
        return self._fd >= 0

    def take(self, grace: float = 0.0) -> None:
        """Have the lock, from now on if not before; raises EngineError if another engine has it.

        `grace` is for who can wait: GRACE at a start, which may follow a kill -9 at once. Where no
        file can be written, or locked, there is no lock: one line of the log says so.
        """
        if self.held or self._given_up:
            return
        began = time.monotonic()
        try:
            while not self._taken():
                pid = self._holder()
                if time.monotonic() - began >= (grace if _uses(pid) else PATIENCE):
                    raise EngineError(
                        f"Another engine (pid {pid or 'unknown'}) uses the folder "
                        f"{self._directory}: both would write the same files. Stop it first, or "
                        "choose another --dir."
                    )
                time.sleep(_POLL)
        except OSError as error:
            self._given_up = True
            self._log(
                "#",
                f"WARNING: can't lock {self._path}: {error.strerror}. Nothing keeps a second "
                "engine out of this folder.",
            )

    def release(self) -> None:
        """Remove the file and let the lock go; does nothing without it."""
        if not self.held:
            return
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        os.close(self._fd)
        self._fd = -1

    def _taken(self) -> bool:
        """Whether it is ours now; False where another has it. Raises OSError."""
        fd, ours = _opened(self._path)
        try:
            if not (_locked(fd) and _is_named(fd, self._path)):
                os.close(fd)
                return False
            before = _pid_in(fd)
            if ours:
                os.ftruncate(fd, 0)
                os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        except OSError:
            with contextlib.suppress(OSError):
                os.close(fd)
            raise
        if before:
            self._log("*", f"The engine with pid {before} is gone: its lock {NAME} is taken over.")
        self._fd = fd
        return True

    def _holder(self) -> int:
        """The pid that the file names; 0 if it names none."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return 0
        try:
            return _pid_in(fd)
        finally:
            os.close(fd)


def _opened(path: str) -> tuple[int, bool]:
    """A descriptor, and whether it may write: a file of another user can be locked all the same."""
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o644), True
    except PermissionError:
        if not os.path.lexists(path):
            raise
        return os.open(path, flags | os.O_RDONLY), False


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_named(fd: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _pid_in(fd: int) -> int:
    text = os.pread(fd, 32, 0).strip()
    return int(text) if text.isdigit() else 0


def _uses(pid: int) -> bool:
    """Whether this process lives and is not about to end (proc_pid_stat(5), proc_pid_status(5))."""
    if not pid:
        return False
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        with open(f"/proc/{pid}/status", "rb") as file:
            pending = [line.split()[1] for line in file if line.startswith((b"SigPnd", b"ShdPnd"))]
    except OSError:
        return False
    killed = any(int(mask, 16) & _SIGKILL for mask in pending)
    return fields[0] not in b"ZX" and not killed and not int(fields[6]) & _PF_EXITING
