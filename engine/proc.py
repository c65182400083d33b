"""Small files of /proc: page tables, mounts, and whether a process still has its memory.

Sources: proc_pid_status(5), proc_pid_statm(5), proc_pid_mountinfo(5). `proc` is where procfs is
mounted. What the kernel refuses becomes a ProbeError here and nowhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from engine.errors import NotOfferedError, NotPermittedError, ProbeError

Pid = int | Literal["self"]

_OCTAL = re.compile(r"\\([0-7]{3})")


class ProcessGoneError(ProbeError):
    """The process has ended, or has given up its memory."""


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Every OSError of reading `path` leaves as a ProbeError that says what to do."""
    try:
        yield
    except ProcessLookupError as error:
        raise ProcessGoneError(f"Can't read {path}: the process has ended.") from error
    except FileNotFoundError as error:
        process = os.path.dirname(path)
        if os.path.basename(process).isdecimal() and not os.path.exists(process):
            raise ProcessGoneError(f"Can't read {path}: there is no such process.") from error
        raise NotOfferedError(
            f"Can't read {path}: this kernel does not offer it. "
            "Cowscope's probes need Linux with /proc mounted; see `cowscope doctor`."
        ) from error
    except PermissionError as error:
        raise NotPermittedError(
            f"Can't read {path}: permission denied. "
            "Only the process' own user, or root, may look at its pages."
        ) from error
    except OSError as error:
        raise ProbeError(f"Can't read {path}: {error.strerror}.") from error


def read(path: str) -> bytes:
    """The whole file; raises ProbeError."""
    with reading(path), open(path, "rb", buffering=0) as file:
        return file.readall() or b""


# -- status --------------------------------------------------------------------------------------


def parse_status_kb(text: bytes, field: str) -> int | None:
    """A field of /proc/PID/status that is a size, in KiB; None if it is not there."""
    found = re.search(rb"^%s:\s*(\d+) kB$" % field.encode(), text, re.MULTILINE)
    return None if found is None else int(found[1])


def page_table_kb(pid: Pid = "self", proc: str = "/proc") -> int:
    """VmPTE: KiB of a process' page tables; 0 if it has none (any more) or nobody tells."""
    try:
        return parse_status_kb(read(f"{proc}/{pid}/status"), "VmPTE") or 0
    except ProbeError:
        return 0


# -- statm ---------------------------------------------------------------------------------------


class AddressSpace:
    """Tells whether a process still has its memory; keeps a descriptor, so no other pid is meant.

    A process that ends lets go of its memory before anybody can see it ended, and then every page
    that it shared counts as the other's alone. statm says 0 from the moment before that.
    """

    def __init__(self, pid: int, proc: str = "/proc") -> None:
        self._path = f"{proc}/{pid}/statm"
        with reading(self._path):
            self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def alive(self) -> bool:
        """Whether all of its memory was still there at the time of the call."""
        try:
            with reading(self._path):
                return int(os.pread(self._fd, 64, 0).split()[0]) > 0
        except ProcessGoneError:
            return False

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)


# -- mountinfo -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mount:
    """A mounted file system."""

    point: str
    kind: str
    source: str


def parse_mountinfo(text: str) -> list[Mount]:
    """The mounts, in the order in which they cover each other."""
    mounts = []
    for line in text.splitlines():
        fields, _, rest = line.partition(" - ")
        words, tail = fields.split(" "), rest.split(" ")
        if len(words) < 5 or len(tail) < 2:
            raise ProbeError(f"Can't understand a line of mountinfo: {line[:80]!r}.")
        mounts.append(Mount(_unescaped(words[4]), tail[0], _unescaped(tail[1])))
    return mounts


def _unescaped(word: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), word)


def mount_of(path: str, mounts: list[Mount]) -> Mount | None:
    """The mount that an absolute path without symbolic links lies on."""
    best = None
    for mount in mounts:
        prefix = mount.point.rstrip("/") + "/"
        if f"{path.rstrip('/')}/".startswith(prefix) and (
            best is None or len(mount.point) >= len(best.point)
        ):
            best = mount
    return best


def mounts(proc: str = "/proc") -> list[Mount]:
    """What this process sees mounted; raises ProbeError."""
    return parse_mountinfo(read(f"{proc}/self/mountinfo").decode("utf-8", "surrogateescape"))
