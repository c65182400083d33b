"""The folder of a disk's ledger: where its records, held files and kept pieces lie, and who writes.

The engine, its bio thread and its children append to `records`, each with one write(2) on a
descriptor of its own in append mode: lines do not mix. While any of them lives, it holds a shared
lock on the records; the kernel lets go of it when the last descriptor is closed, by a kill as well.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import threading

from engine.ledger_records import VERSION, Ledger, LedgerError, Record, line, parse

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class LedgerFolder:
    """Where what is in a ledger."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.records = os.path.join(root, "records")
        self.inodes = os.path.join(root, "inodes")
        self.kept = os.path.join(root, "kept")

    def inode(self, number: int) -> str:
        """The link that holds the inode."""
        return os.path.join(self.inodes, str(number))

    def source(self, name: str) -> str:
        """What a truncation cut off."""
        return os.path.join(self.kept, name)

    def make(self) -> None:
        """Make what is missing of it; raises OSError."""
        for path in (self.root, self.inodes, self.kept):
            os.makedirs(path, exist_ok=True)


class LedgerWriter:
    """One process' way into the records. Its lock is shared by threads, never with a child."""

    def __init__(self, path: str) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.gone: list[tuple[str, int]] = []
        """(folder, inode) of names that this process took away: the folder's next sync is the end
        of them."""
        self._prefix = f"{self.pid}-{os.urandom(3).hex()}"
        self._count = itertools.count(1)
        self.fd = os.open(path, _FLAGS, 0o644)
        fcntl.flock(self.fd, fcntl.LOCK_SH)  # the cut waits until nobody writes any more

    def token(self) -> str:
        return f"{self._prefix}-{next(self._count)}"

    def write(self, record: Record) -> None:
        data = line(record)
        if os.write(self.fd, data) != len(data):
            raise LedgerError("the disk's ledger has no room for one more line")


def check_head(data: bytes, name: str, directory: str) -> None:
    """Raises LedgerError unless the records are of this folder and of a kind known here."""
    head = parse(data[: data.find(b"\n") + 1], name)
    if not head or not isinstance(head[0], Ledger) or head[0].version != VERSION:
        raise LedgerError(f"{name} is not a disk's ledger of version {VERSION}: take a new folder.")
    if head[0].directory != directory:
        raise LedgerError(
            f"{name} is the ledger of {head[0].directory}, not of {directory}: take a new folder."
        )
