"""The background thread: it syncs and closes AOF files, one job after the other.

Redis calls it bio_aof_fsync. fdatasync(2) can take seconds on a busy disk; here it keeps only this
thread waiting. The main thread queues a job and goes on serving; finished jobs come back through a
second queue, which the main thread empties with `collect`.

The thread starts with `start`, or with the first job, and belongs to the process that started it: a
forked child has no such thread and must not use the queue (a fresh one is made if the process forks
to live on).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Literal

import msgspec

from engine.aof_intentions import Sync
from engine.disk import Disk
from engine.errors import EngineError

THREAD_NAME = "bio_aof_fsync"


class Job(msgspec.Struct, frozen=True):
    """What the thread is asked to do with descriptor `fd`."""

    fd: int
    sync: Sync | None = None
    """Sync the file first; None closes it only."""
    close: bool = False
    dirty_pages: Callable[[int], int] | None = None
    """Counts the file's dirty pages right after the sync, where somebody watches."""


class Finished(msgspec.Struct, frozen=True):
    """A job that was done, or failed with `errno`."""

    job: Job
    usec: int
    """Around the bare fdatasync(2)."""
    errno: int
    dirty_pages: int
    """-1 where nobody asked or the kernel cannot tell."""


class Bio:
    """The thread and its two queues."""

    def __init__(self, disk: Disk, wake: Callable[[], object] = lambda: None) -> None:
        """`wake` is called in the thread after each job; it must only wake the main thread."""
        self._disk = disk
        self._wake = wake
        self._pid = 0
        self._thread: threading.Thread

    def start(self) -> None:
        """Have the thread before the first job needs it; raises EngineError if there is none."""
        if self._pid == os.getpid() and self._thread.is_alive():
            return
        self._jobs: SimpleQueue[Job | threading.Event | Literal["stop"]] = SimpleQueue()
        self._finished: SimpleQueue[Finished] = SimpleQueue()
        thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise EngineError(
                f"Can't start the thread {THREAD_NAME}, which syncs the append only file: {error}. "
                "Raise the limit of processes (ulimit -u, or the container's pids limit), or end "
                "some of this user's."
            ) from error
        self._thread = thread
        self._pid = os.getpid()

    def sync(self, fd: int, sync: Sync, dirty_pages: Callable[[int], int] | None = None) -> None:
        """Queue an fdatasync of `fd`."""
        self._submit(Job(fd, sync, dirty_pages=dirty_pages))

    def close(self, fd: int, sync: Sync | None = None) -> None:
        """Queue the close of `fd`, after a sync where one is given."""
        self._submit(Job(fd, sync, close=True))

    def collect(self) -> list[Finished]:
        """The jobs finished since the last call, oldest first; never waits."""
        finished: list[Finished] = []
        if self._pid:
            while not self._finished.empty():
                finished.append(self._finished.get_nowait())
        return finished

    def drain(self, seconds: float = 60.0) -> bool:
        """Wait until every queued job is finished; False when `seconds` were not enough."""
        if self._pid != os.getpid():
            return True
        done = threading.Event()
        self._jobs.put(done)
        return done.wait(seconds)

    def stop(self, seconds: float = 60.0) -> bool:
        """Finish what is queued and end the thread; False when it still runs after `seconds`."""
        if self._pid != os.getpid():
            return True
        self._jobs.put("stop")
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _submit(self, job: Job) -> None:
        self.start()
        self._jobs.put(job)

    def _run(self) -> None:
        while (job := self._jobs.get()) != "stop":
            if isinstance(job, threading.Event):
                job.set()
                continue
            self._finished.put(self._do(job))
            self._wake()

    def _do(self, job: Job) -> Finished:
        usec, errno, dirty = 0, 0, -1
        if job.sync is not None:
            began = time.perf_counter_ns()
            try:
                self._disk.fdatasync(job.fd)
            except OSError as err:
                errno = err.errno or -1
            usec = (time.perf_counter_ns() - began) // 1000
            if job.dirty_pages is not None and not errno:
                dirty = job.dirty_pages(job.fd)
        if job.close:
            self._disk.close(job.fd)
        return Finished(job, usec, errno, dirty)
