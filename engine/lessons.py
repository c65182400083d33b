"""Lessons about fork(2): a child that does what it is asked, and what both sides say of it.

The questions are put and answered within one command, so that nobody writes in between: what the
two sides say is of one moment. Both are told to whoever watches, each measured by its own process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from engine import frames
from engine.children import Said
from engine.errors import EngineError, ProbeError
from engine.events import Event, Frames, LessonPages, LessonSide, LessonValue
from engine.fork_denial import ForkDenial
from engine.forking import ForkError, fork
from engine.lesson_child import Ask, AskingEnd, LessonChild, LessonTask, look_at
from engine.process_facts import own_side
from engine.replies import CommandError
from engine.running_child import Ending, RunningChild

if TYPE_CHECKING:
    from engine.persistence import Persistence
    from engine.server import Server

PATIENCE = 4.0
"""Seconds in which a lesson's child has to answer; the engine stands still meanwhile."""

_NONE = "ERR there is no lesson's child: COWSCOPE FORK"
_BUSY = "ERR a child is running already: only one may at a time"
_SILENT = "ERR the lesson's child does not answer: it is gone, or stopped"

_S = TypeVar("_S", LessonSide, LessonValue, LessonPages)


class Lessons:
    """COWSCOPE FORK, CHILD and FRAMES."""

    def __init__(self, server: Server, persistence: Persistence) -> None:
        self._server = server
        self._persistence = persistence
        self._children = persistence.children
        self._child_wrote: set[int] = set()
        """Pages of the arena that the child wrote first."""
        self.denial = ForkDenial(server.log)
        self._modelled_refusal = ""
        """Why a refusal can only be modelled here; empty if none is."""

    @property
    def child(self) -> RunningChild | None:
        """The lesson's child, if one lives."""
        return self._children.running_for("lesson")

    # -- fork(2) -------------------------------------------------------------------------------

    def fork(self) -> tuple[LessonSide, LessonSide]:
        """Fork a child for a lesson: what both sides say of it; raises CommandError."""
        if self._children.running is not None:
            raise CommandError(_BUSY)
        returned: list[int] = []
        address = self._server.keyspace.arena.base

        def begin(control: AskingEnd) -> RunningChild:
            child = LessonChild(control, self._server.keyspace)
            forked = fork(
                lambda: child.run(returned[0]),
                name="lesson",
                keep=control.child_fds,
                log=self._server.log,
                on_return=returned.append,
            )
            control.forked()
            disk = self._persistence.disk
            return RunningChild(forked, control, 0, LessonTask(), disk, self._server.log)

        self._child_wrote.clear()
        try:
            if self._modelled_refusal:
                raise ForkError(self._modelled_refusal)
            self._children.start("lesson", begin, self._ended, AskingEnd)
        except ForkError as error:
            refused = own_side("parent", -1, address, error=str(error))
            if self._modelled_refusal:
                refused = msgspec.structs.replace(refused, source="modelled")
            self._tell(refused)
            self._server.log("#", f"Can't fork for a lesson: {error}")
            raise CommandError(f"ERR {error}") from error
        parent = own_side("parent", returned[0], address)
        self._tell(parent)
        return parent, self._answer_to(0, LessonSide)

    def deny(self) -> str:
        """Have every fork refused, really; the kernel's reason.

        Where this kernel can't be brought to it, only lessons' forks are, and that is `modelled`.
        """
        try:
            self._modelled_refusal = ""
            return self.denial.impose()
        except EngineError as error:
            self._modelled_refusal = f"modelled: {error}"
            self._server.log("#", f"No fork can be refused here: {error}")
            return self._modelled_refusal

    def allow(self) -> None:
        """Let forks be granted again."""
        self._modelled_refusal = ""
        self.denial.lift()

    def _ended(self, ending: Ending) -> None:
        """`children` has told of its end; there is no file to judge."""

    # -- questions -----------------------------------------------------------------------------

    def get(self, db: int, key: bytes) -> tuple[LessonValue, LessonValue]:
        """A key, as the parent and as the child sees it at this moment; raises CommandError."""
        return self._both(Ask(what="get", db=db, key=key))

    def set(self, db: int, key: bytes, value: bytes) -> tuple[LessonValue, LessonValue]:
        """The child writes a key; then as both see it. Raises CommandError."""
        return self._both(Ask(what="set", db=db, key=key, value=value))

    def read(self, first: int, last: int) -> LessonPages:
        """The child reads pages `first` to `last`; raises CommandError."""
        return self._pages(Ask(what="read", first=first, last=last))

    def write(self, count: int, first: int) -> LessonPages:
        """The child writes a byte on `count` pages that have data, from `first` on."""
        return self._pages(Ask(what="write", first=first, count=count))

    def objects(self, db: int) -> LessonPages:
        """The child looks at every key's name as a Python object; raises CommandError."""
        return self._pages(Ask(what="objects", db=db))

    def exit(self, status: int) -> None:
        """The child leaves with `status`; raises CommandError if there is none."""
        child = self._asking()
        self._persistence.last_reading()  # while it is there: afterwards every page is the parent's
        child.ask(Ask(what="exit", count=status))

    def _both(self, question: Ask) -> tuple[LessonValue, LessonValue]:
        child = self._answer_to(self._asking().ask(question), LessonValue)
        if child.copied:
            self._child_wrote.add(child.page)
        parent = look_at(self._server.keyspace, question.db, question.key, "parent")
        self._tell(parent)
        self._read_pages()
        return parent, child

    def _pages(self, question: Ask) -> LessonPages:
        said = self._answer_to(self._asking().ask(question), LessonPages)
        for first, last in said.copied_ranges:
            self._child_wrote.update(range(first, last + 1))
        self._read_pages()
        return said

    def _asking(self) -> AskingEnd:
        child = self.child
        if child is None or not isinstance(child.control, AskingEnd):
            raise CommandError(_NONE)
        return child.control

    def _answer_to(self, number: int, kind: type[_S]) -> _S:
        said: Said | None = self._children.await_answer(number, PATIENCE)
        if not isinstance(said, kind):
            raise CommandError(_SILENT)
        return said

    # -- frames --------------------------------------------------------------------------------

    def frames(self, first: int, last: int) -> Frames:
        """The frames behind arena pages `first` to `last` in both processes; CommandError."""
        arena = self._server.keyspace.arena
        child = self.child
        if child is None:
            raise CommandError(_NONE)
        address = arena.base + first * arena.page_size
        count = last - first + 1
        try:
            mine = frames.entries(address, count, arena.page_size)
            its = frames.entries(address, count, arena.page_size, child.pid)
        except ProbeError as error:
            raise CommandError(f"ERR {error}") from error
        is_hidden = frames.are_hidden(mine + its)
        numbers = [entry.frame for entry in mine], [entry.frame for entry in its]
        if is_hidden:
            numbers = frames.made_up(mine, its, self._child_wrote, first)
        event = Frames(
            source="modelled" if is_hidden else "measured",
            child=child.pid,
            first=first,
            parent_frames=numbers[0],
            child_frames=numbers[1],
        )
        self._tell(event)
        return event

    # -- telling -------------------------------------------------------------------------------

    def _read_pages(self) -> None:
        """Have the pages told as they are now, before anybody writes again."""
        observer = self._server.observer
        if observer is not None:
            try:
                observer.probe.read_now()
            except ProbeError as error:
                self._server.log("#", f"The pages can't be read: {error}")
            observer.probe.kick()  # smaps follows in its own time

    def _tell(self, event: Event) -> None:
        observer = self._server.observer
        if observer is not None:
            observer.publisher.publish(event)
            observer.wants_flush()
