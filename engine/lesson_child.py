"""A lesson's child: forked like a snapshot's, does nothing by itself but what it is asked to.

It saves nothing and serves nobody. It looks at its own copy of the data, reads or writes pages of
its own arena, counts by its own /proc what that has copied, says so, and waits.

    question   the parent writes its text and then its number on the control page, and wakes us
    answer     one report up the report pipe, with the question's number

The number changes last, so that no half of a question is ever read; the parent asks the next one
only after the answer.
"""

from __future__ import annotations

import os
import select
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from typing import ClassVar, Literal

import msgspec

from engine import frames
from engine.child_control import ParentEnd, Report
from engine.cow_meter import own_private_dirty_kb
from engine.errors import EngineError, ProbeError
from engine.events import LessonPages, LessonSide, LessonValue, PageRange, Side
from engine.keyspace import Keyspace
from engine.pagemap import Pagemap, exclusive
from engine.process_facts import own_side
from engine.records import HEADER
from engine.replies import CommandError
from engine.smaps import SmapsFile

_NUMBER = struct.Struct("=I")
_NUMBER_AT = 16
_LENGTH_AT = 20
_TEXT_AT = 64
LONGEST = 3800
"""Bytes of a question."""
_VALUE_SHOWN = 64


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a lesson's child is to do."""

    what: Literal["get", "set", "read", "write", "objects", "exit"]
    db: int = 0
    key: bytes = b""
    value: bytes = b""
    first: int = 0
    last: int = 0
    count: int = 0
    """Pages to write, from `first` on; of an exit its status."""


class AskingEnd(ParentEnd):
    """The parent's end of a lesson: it asks."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        """Number of the last question."""

    def ask(self, question: Ask) -> int:
        """Put a question; its number. Raises CommandError if it is too long."""
        text = msgspec.json.encode(question)
        if len(text) > LONGEST:
            raise CommandError(
                f"ERR a lesson's child takes keys and values of {LONGEST >> 1} bytes"
            )
        self.asked += 1
        self.page[_TEXT_AT : _TEXT_AT + len(text)] = text
        _NUMBER.pack_into(self.page, _LENGTH_AT, len(text))
        _NUMBER.pack_into(self.page, _NUMBER_AT, self.asked)
        self.wake()
        return self.asked


class LessonTask:
    """What Redis' log would call its end, if Redis had such children."""

    SUCCEEDED: ClassVar[str] = "The lesson's child has left"
    FAILED: ClassVar[str] = "The lesson's child has left with an error"
    KILLED: ClassVar[str] = "The lesson's child was ended by signal"
    CANCELLING: ClassVar[str] = "Ending the lesson's child"

    def result(self, pid: int) -> str:
        """It leaves no file."""
        return ""

    def leftovers(self, pid: int) -> list[str]:
        """It leaves nothing behind."""
        return []


class LessonChild:
    """The child's side."""

    def __init__(self, control: AskingEnd, keyspace: Keyspace) -> None:
        self._page = control.page
        self._wake_fd, self._report_fd = control.child_fds
        self._keyspace = keyspace
        self._answered = control.asked
        self._encoder = msgspec.json.Encoder()
        self._smaps = SmapsFile()

    def run(self, returned: int) -> int:
        """Say who we are, then answer until told to leave; the exit status."""
        self._report(own_side("child", returned, self._keyspace.arena.base), 0)
        for question in self._questions():
            if question.what == "exit":
                return question.count
            self._report(self._answer(question), self._answered)
        return 0

    def _questions(self) -> Iterator[Ask]:
        poll = select.poll()
        poll.register(self._wake_fd, select.POLLIN)
        while True:
            (number,) = _NUMBER.unpack_from(self._page, _NUMBER_AT)
            if number == self._answered:
                poll.poll()  # idle: a signal's handler runs meanwhile
                if not os.read(self._wake_fd, 4096):
                    raise EngineError("the parent has closed its end of the pipe: it is gone")
                continue
            self._answered = number
            (length,) = _NUMBER.unpack_from(self._page, _LENGTH_AT)
            yield msgspec.json.decode(self._page[_TEXT_AT : _TEXT_AT + length], type=Ask)

    def _answer(self, question: Ask) -> LessonValue | LessonPages:
        if question.what == "get":
            return look_at(self._keyspace, question.db, question.key, "child")
        if question.what == "set":
            return self._set(question)
        if question.what == "objects":
            return self._objects(question.db)
        return self._touch(question)

    def _set(self, question: Ask) -> LessonValue:
        before = self._exclusive()
        self._keyspace.databases[question.db].set(question.key, question.value)
        seen = look_at(self._keyspace, question.db, question.key, "child")
        copied = seen.page in pages_of(before, self._exclusive())
        return msgspec.structs.replace(seen, about="set", copied=copied)

    def _touch(self, question: Ask) -> LessonPages:
        """Read or write pages, between two looks at what is ours alone."""
        arena = self._keyspace.arena
        about: Literal["read", "write"] = "read"
        pages = list(range(question.first, min(question.last + 1, arena.high_water)))
        if question.what == "write":
            about = "write"
            held = range(question.first, arena.high_water)
            pages = [page for page in held if arena.touched[page]][: question.count]
        before = self._exclusive()
        outside = self._outside_kb()
        started = time.perf_counter_ns()
        for page in pages:
            at = arena.offset_of(page)
            if about == "read":
                with memoryview(arena.memory) as view:
                    zlib.crc32(view[at : at + arena.page_size])
            else:  # the byte that is there already: to the kernel a write is a write
                arena.store(at, arena.memory[at : at + 1])
        usec = (time.perf_counter_ns() - started) // 1000
        outside_after = self._outside_kb()
        after = self._exclusive()
        return LessonPages(
            child=os.getpid(),
            about=about,
            page_ranges=ranges_of(pages),
            usec=usec,
            exclusive_before=before.count(1),
            exclusive_after=after.count(1),
            copied_ranges=ranges_of(pages_of(before, after)),
            private_dirty_kb=self._private_kb(),
            outside_before_kb=outside,
            outside_after_kb=outside_after,
        )

    def _objects(self, db: int) -> LessonPages:
        """Look at every key's name as a Python object: to count its users is to write to it."""
        before = self._exclusive()
        outside = self._outside_kb()
        started = time.perf_counter_ns()
        count = 0
        for _name in self._keyspace.databases[db].keys:
            count += 1
        usec = (time.perf_counter_ns() - started) // 1000
        outside_after = self._outside_kb()
        after = self._exclusive()
        return LessonPages(
            child=os.getpid(),
            about="objects",
            page_ranges=[],
            usec=usec,
            exclusive_before=before.count(1),
            exclusive_after=after.count(1),
            copied_ranges=ranges_of(pages_of(before, after)),
            private_dirty_kb=self._private_kb(),
            objects=count,
            outside_before_kb=outside,
            outside_after_kb=outside_after,
        )

    def _exclusive(self) -> bytes:
        """1 for every page of the arena that no other process has, by the child's own pagemap."""
        arena = self._keyspace.arena
        pagemap = Pagemap()
        try:
            return exclusive(pagemap.read(arena.base, arena.mapped_end, arena.page_size))
        finally:
            pagemap.close()

    def _private_kb(self) -> int:
        return self._smaps.read().inside(*self._span).private_kb

    def _outside_kb(self) -> int:
        """Private memory outside the arena: the interpreter's own, objects and all.

        Read twice, for the first reading makes the buffers that the second one uses again.
        """
        self._smaps.read()
        return self._smaps.read().outside(*self._span).private_kb

    @property
    def _span(self) -> tuple[int, int]:
        arena = self._keyspace.arena
        return arena.base, arena.base + arena.pages * arena.page_size

    def _report(self, said: LessonSide | LessonValue | LessonPages, answers: int) -> None:
        report = Report(state="said", said=said, answers=answers, cow_kb=own_private_dirty_kb())
        line = self._encoder.encode(report) + b"\n"
        while line:
            line = line[os.write(self._report_fd, line) :]


def look_at(keyspace: Keyspace, db: int, key: bytes, who: Side) -> LessonValue:
    """A key as the calling process sees it; nothing expires by it."""
    arena = keyspace.arena
    database = keyspace.databases[db]
    name = key.decode("utf-8", "backslashreplace")
    offset = database.keys.get(key)
    if offset is None:
        return LessonValue(who=who, pid=os.getpid(), about="get", key=name, exists=False)
    address = arena.base - arena.origin + offset
    page = arena.page_of(offset)
    entry = frames.Entry(False, False, 0)
    with suppress(ProbeError):
        entry = frames.entries(address, 1, arena.page_size)[0]
    return LessonValue(
        who=who,
        pid=os.getpid(),
        about="get",
        key=name,
        exists=True,
        value=_shown(keyspace, db, key),
        address=address,
        page=page,
        frame=entry.frame,
        exclusive=entry.exclusive,
    )


def _shown(keyspace: Keyspace, db: int, key: bytes) -> str:
    database = keyspace.databases[db]
    collection = database.collections.get(key)
    if collection is not None:
        return f"({collection.NAME})"
    record = database.record(database.keys[key])
    _, value_at = HEADER.unpack_from(record)
    return record[value_at : value_at + _VALUE_SHOWN].decode("utf-8", "backslashreplace")


def pages_of(before: bytes, after: bytes) -> list[int]:
    """The pages that are exclusive (1) now and were not before; the arena may have grown."""
    known = before.ljust(len(after), b"\0")
    return [page for page, is_own in enumerate(after) if is_own and not known[page]]


def ranges_of(pages: list[int]) -> list[PageRange]:
    """Rising page numbers as runs of neighbours."""
    runs = groupby(enumerate(pages), lambda pair: pair[1] - pair[0])
    found = [[page for _, page in run] for _, run in runs]
    return [(run[0], run[-1]) for run in found]
