"""Rewrites with pipes as the server keeps them: the loop watches pipe 1 and pipe 2."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine import pipes_child
from engine.child_control import ParentEnd
from engine.errors import EngineError
from engine.pipes_rewrite import PipesRewrite
from engine.pipes_steps import Pipes, PipesSteps
from engine.rewrite_pipes import RewritePipes
from engine.rewrites import Machine, Rewrites, Steps
from engine.single_file import SingleFile

if TYPE_CHECKING:
    from engine.base_writer import BaseTask
    from engine.disk import Disk
    from engine.keyspace import Keyspace
    from engine.running_child import Log, RunningChild


class PipesRewrites(Rewrites):
    """`aof-rewrite-mode pipes`."""

    def _make(self) -> tuple[Machine, Steps]:
        persistence = self._persistence
        self._pipes_machine = PipesRewrite()
        self._pipes_steps = PipesSteps(
            self._pipes_machine,
            persistence.disk,
            persistence.bio,
            persistence.aof,
            self._server.log,
            folder=self._file,
            open_pipes=_open_pipes,
            fork=self._fork_with,
            watch=self._watch,
            hang_up=self._hang_up,
            tell=self._tell,
        )
        return self._pipes_machine, self._pipes_steps

    def buffered(self) -> int:
        """Bytes in the rewrite buffer."""
        return len(self._pipes_machine.buffer)

    def more_fields(self) -> list[tuple[str, object]]:
        """Redis 5 and 6 print this one; 7 has no such buffer."""
        return [("aof_rewrite_buffer_length", self.buffered())]

    def _file(self) -> SingleFile:
        folder = self._persistence.recovery.folder()
        assert isinstance(folder, SingleFile)
        return folder

    def _fork_with(self, pipes: Pipes) -> None:
        assert isinstance(pipes, RewritePipes)
        try:
            self._fork(partial(_start, pipes))
        except EngineError:
            pipes.close_childs()
            raise
        self._server.loop.add_reader(pipes.ask_read, self._hear, pipes)

    def _hear(self, pipes: RewritePipes) -> None:
        self._server.loop.remove_reader(pipes.ask_read)  # one "!", or the child's end
        self._children.read_reports()  # it has told of its last key before it asked
        self._pipes_steps.hear()

    def _watch(self, pipes: Pipes, on: bool) -> None:
        assert isinstance(pipes, RewritePipes)
        if on:
            self._server.loop.add_writer(pipes.data_write, self._pipes_steps.send)
        else:
            self._server.loop.remove_writer(pipes.data_write)

    def _hang_up(self, pipes: Pipes) -> None:
        assert isinstance(pipes, RewritePipes)
        self._server.loop.remove_reader(pipes.ask_read)
        pipes.close()


def _open_pipes() -> RewritePipes:
    try:
        return RewritePipes()
    except OSError as error:
        raise EngineError(f"pipe: {error.strerror}") from error


def _start(
    pipes: RewritePipes,
    keyspace: Keyspace,
    disk: Disk,
    task: BaseTask,
    control: ParentEnd,
    log: Log,
) -> RunningChild:
    return pipes_child.bgrewrite(keyspace, disk, task, control, pipes, log)
