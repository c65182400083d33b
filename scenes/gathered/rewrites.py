"""The AOF's rewrites, as a run's events tell of them: causes, stages, and bytes on every way."""

from __future__ import annotations

import msgspec

from engine.events import (
    AofAppend,
    Config,
    Contents,
    Crash,
    Event,
    Fork,
    Log,
    Rewrite,
    SavePoint,
    SnapshotProgress,
)
from scenes.rewrite_view import COLLECTS

REWRITES = 8
"""Newest rewrites kept, and the busiest."""
_GROWTH = "Starting automatic rewriting of AOF on "


class Rewritten(msgspec.Struct):
    """One rewrite, from its first stage to its end."""

    began_by: str = "command"
    """`command`, `growth`, `changes` or `config`."""
    growth: int = 0
    """Percent, where that began it."""
    old_bytes: int = 0
    child: int = 0
    forked_at: float = 0.0
    total_keys: int = 0
    keys_when_asked: int = -1
    base_bytes: int = 0
    """Bytes of the data, without any diff."""
    child_bytes: int = 0
    """Bytes of the child's file at its end."""
    diff: int = 0
    """Bytes that entered aof_buf from the fork to the switch."""
    sent: int = 0
    buffered: int = 0
    most_buffered: int = 0
    residual: int = 0
    new_bytes: int = 0
    asked_at: float = 0.0
    ended_at: float = 0.0
    finished: bool = False
    stages: list[str] = msgspec.field(default_factory=list)
    contents: Contents | None = None

    @property
    def feeds(self) -> bool:
        """The child is there, and has not been relieved of its pipe yet."""
        return "fork" in self.stages and "switched" not in self.stages and not self.ended_at


class Rewrites:
    """The rewrites of one engine, the last one last; of very many the newest and the busiest."""

    def __init__(self) -> None:
        self.engine = ""
        self.done: list[Rewritten] = []
        self._cause = ("command", 0)
        self.appended = 0
        """Bytes of the log, as far as appended."""
        self._keys = 0
        """Keys that the child has told of."""

    def add(self, event: Event) -> None:
        """Take one event of the first engine in."""
        self.engine = self.engine or event.engine
        if event.engine != self.engine:
            return
        now = self.done[-1] if self.done else None
        match event:
            case Rewrite():
                self._stage(event)
            case AofAppend():
                self.appended = event.end
                if now is not None and now.feeds:
                    now.diff += event.end - event.start
                    if "open-pipes" in now.stages:
                        now.most_buffered = max(now.most_buffered, now.diff - now.sent)
            case SnapshotProgress() if now is not None and event.child == now.child:
                now.total_keys = event.total_keys
                if now.keys_when_asked < 0:
                    now.base_bytes, self._keys = event.bytes, event.keys
                now.child_bytes = event.bytes
            case Log() if event.text.startswith(_GROWTH):
                self._cause = ("growth", int(event.text.removeprefix(_GROWTH).partition("%")[0]))
            case SavePoint():
                self._cause = ("changes", 0)
            case Crash() if now is not None and not now.ended_at:
                now.ended_at = event.at  # its child is gone with the engine
            case Config(name="appendonly", new="yes") if now is not None and not now.ended_at:
                now.began_by = "config"  # told when the directive has taken effect: it has begun
            case Contents() if now is not None and now.finished:
                now.contents = event
            case Fork() if now is not None and not now.ended_at and event.purpose == "aof":
                now.child, now.forked_at, self._keys = event.child, event.at, 0
            case _:
                pass

    def _stage(self, event: Rewrite) -> None:
        if self.done and self.done[-1].ended_at and event.stage in COLLECTS:
            return  # history that was kept is deleted: no other rewrite
        if not self.done or self.done[-1].ended_at:
            began, growth = self._cause
            old = sum(file.bytes for file in event.files if file.role == "log")
            self.done.append(Rewritten(began_by=began, growth=growth, old_bytes=old))
            self._cause = ("command", 0)
            if len(self.done) > REWRITES:
                del self.done[1 if self.done[0] is self.busiest else 0]
        now = self.done[-1]
        now.child = event.child or now.child
        now.buffered = event.buffered
        now.most_buffered = max(now.most_buffered, event.buffered)
        if event.stage not in now.stages:
            now.stages.append(event.stage)
        match event.stage:
            case "diff-sent":
                now.sent += event.bytes
            case "child-asks-stop":
                now.asked_at, now.keys_when_asked = event.at, self._keys
            case "residual-written":
                now.residual = event.bytes
            case "switched":
                now.new_bytes = event.bytes
            case "finished" | "failed":
                now.ended_at, now.finished = event.at, event.stage == "finished"
            case _:
                pass

    @property
    def last(self) -> Rewritten | None:
        return self.done[-1] if self.done else None

    @property
    def busiest(self) -> Rewritten | None:
        """The one during which most was written."""
        return max(self.done, key=lambda one: one.diff, default=None)
