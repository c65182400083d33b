"""The session's folder: fresh for each run, on a disk where there is one, gone afterwards.

A folder belongs to whoever holds the lock on its `lock` file. A session that was killed leaves its
folder unlocked; the next session finds and removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scenes.errors import SceneError
from scenes.sayings import trouble

PREFIX = "session-"
_TRIES, _PAUSE = 20, 0.05
"""How often a folder is tried to be removed, and the seconds between: a server that has just been
killed may still write a file into what is being emptied."""
_WITHOUT_DISK = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})


class Folder:
    """A fresh folder, locked; `has_disk` says whether fsync reaches anything there."""

    def __init__(self, path: Path, lock: int, has_disk: bool) -> None:
        self.path = path
        self.has_disk = has_disk
        self._lock = lock

    @property
    def ledger(self) -> Path:
        """Where the disk's ledger is kept: on the same file system, outside of the folder."""
        return _ledger(self.path)

    def remove(self) -> None:
        """Remove it with everything in it, then let the lock go."""
        _remove(self.ledger)
        _remove(self.path)
        self.release()

    def release(self) -> None:
        """Let the lock go and leave the files."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _remove(path: Path) -> None:
    for _ in range(_TRIES):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(_PAUSE)


def fresh(candidates: list[Path] | None = None) -> Folder:
    """A new folder in the first candidate that can be written and has a disk behind it.

    Candidates are the user's cache, the working folder and the temporary folder; if none of them
    has a disk, the first that can be written. Raises SceneError when none can.
    """
    tried: list[str] = []
    wanted = candidates or list(_candidates())
    # Stable: their order is kept. None is made that is not needed: nobody would remove it.
    for parent in sorted(wanted, key=lambda path: not _has_disk(path)):
        try:
            parent.mkdir(parents=True, exist_ok=True)
            if not os.access(parent, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
            _clean(parent)
            return _made(parent)
        except OSError as err:
            tried.append(f"{parent} ({err.strerror})")
    raise SceneError(trouble("folder.no_folder", tried=", ".join(tried)))


def _made(parent: Path) -> Folder:
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    lock = os.open(path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return Folder(path, lock, _has_disk(path))


def _candidates() -> Iterator[Path]:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if os.path.isabs(cache):
        yield Path(cache) / "cowscope"
    yield Path.cwd() / ".cowscope"
    yield Path(tempfile.gettempdir()) / f"cowscope-{os.getuid()}"


def _clean(parent: Path) -> None:
    """Remove the folders of sessions that are no more."""
    for path in parent.glob(PREFIX + "*"):
        try:
            lock = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue  # being made this moment, or not ours to read
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(_ledger(path), ignore_errors=True)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass  # its session lives
        finally:
            os.close(lock)


def _ledger(path: Path) -> Path:
    return path.with_name(f"ledger-of-{path.name}")


def _has_disk(path: Path) -> bool:
    """Whether the file system under `path` keeps files on a disk (proc(5), mountinfo)."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return True
    return file_system(str(path.resolve()), lines) not in _WITHOUT_DISK


def file_system(path: str, mountinfo: list[str]) -> str:
    """The type of the file system that `path` lies on, by the longest mount point above it."""
    best, kind = "", ""
    for line in mountinfo:
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, after.split()[0]
    return kind
