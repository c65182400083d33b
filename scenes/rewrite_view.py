"""A rewrite of the AOF as a screen shows it: the files, the stages, what lies in memory."""

from __future__ import annotations

from engine.events import AofFile
from scenes.view_part import ViewPart

PIPES = (
    *("open-pipes", "fork", "diff-sent", "child-asks-stop", "parent-agrees"),
    *("child-diff-appended", "residual-written", "renamed", "switched", "old-file-closed"),
    "finished",
)
MULTIPART = (
    *("settle-old-increment", "create-increment", "persist-manifest", "switch-increment", "fork"),
    *("install-base", "persist-manifest", "remove-files", "persist-manifest", "finished"),
)
"""The stages in their order, by the names that the `rewrite` event has."""
ENDS = ("finished", "failed")
COLLECTS = ("remove-files", "persist-manifest")
"""The stages that may also come after the end, where aof-disable-auto-gc has kept the history."""


class StageView(ViewPart, frozen=True):
    """A stage that was reached."""

    name: str
    at: float
    bytes: int
    """Of all times that it was reached in a row."""
    times: int = 1


class RewriteView(ViewPart, frozen=True):
    """The AOF's files, and the rewrite under way or the last one."""

    files: tuple[AofFile, ...] = ()
    stages: tuple[StageView, ...] = ()
    """Oldest first; those of one rewrite."""
    child: int = 0
    diff: int = 0
    """Bytes that entered aof_buf since the fork."""
    sent: int = 0
    """Of them, by pipe 1."""
    buffered: int = 0
    """In the rewrite buffer."""
    most_buffered: int = 0

    @property
    def has_pipes(self) -> bool:
        """Whether it is the rewrite of Redis 3 to 6: one file, three pipes."""
        return any(file.role == "log" for file in self.files) or self.reached("open-pipes")

    @property
    def running(self) -> bool:
        """A rewrite is under way."""
        return bool(self.stages) and self.stages[-1].name not in ENDS

    @property
    def feeds_child(self) -> bool:
        """What is appended goes into the rewrite buffer, too."""
        return self.running and self.reached("open-pipes") and self.reached("fork")

    def reached(self, name: str) -> bool:
        """Whether the rewrite has been at this stage."""
        return any(stage.name == name for stage in self.stages)
