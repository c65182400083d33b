"""The background thread without a thread: its jobs are done when the test says so."""

from __future__ import annotations

from collections.abc import Callable

from engine.aof_intentions import Sync
from engine.bio import Bio, Finished, Job
from engine.disk import Disk


class FakeBio(Bio):
    """Jobs wait in `jobs`, in order."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.jobs: list[Job] = []
        self.finished: list[Finished] = []

    def start(self) -> None: ...

    def sync(self, fd: int, sync: Sync, dirty_pages: Callable[[int], int] | None = None) -> None:
        self.jobs.append(Job(fd, sync))

    def close(self, fd: int, sync: Sync | None = None) -> None:
        self.jobs.append(Job(fd, sync, close=True))

    def collect(self) -> list[Finished]:
        finished, self.finished = self.finished, []
        return finished

    def do_one(self) -> None:
        """Do the oldest job."""
        job = self.jobs.pop(0)
        failed = 0
        if job.sync is not None:
            try:
                self.disk.fdatasync(job.fd)
            except OSError as error:
                failed = error.errno or -1
        if job.close:
            self.disk.close(job.fd)
        self.finished.append(Finished(job, 0, failed, -1))

    def drain(self, seconds: float = 60.0) -> bool:
        while self.jobs:
            self.do_one()
        return True
