from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arena import Arena
from engine.child_control import LET_GO_TIMEOUT, ChildEnd, ParentEnd, Report
from engine.forking import CANCELLED_STATUS, Forked, fork
from engine.keyspace import Keyspace
from engine.rdb_writer import Dump, write_keyspace
from tests.engine.fake_disk import FakeDisk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks as the engine does")

PAGES = 12


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Child:
    """A real child that writes a page a key, to nowhere, and its parent's end."""

    def __init__(self, keys: int = PAGES, *, delay_usec: int = 0, hold: bool = False) -> None:
        self.keyspace = Keyspace(Arena(700, one_value_a_page=True))
        for number in range(keys):
            self.keyspace.databases[0].set(b"key:%d" % number, b"v" * 100)
        self.control = ParentEnd()
        self.control.watch(True)
        self.delay_usec = delay_usec
        self.reports: list[Report] = []
        if hold:
            self.control.hold()

    def start(self) -> Child:
        self.forked: Forked = fork(
            self.work, name="test", keep=self.control.child_fds, log=lambda _l, _t: None
        )
        self.control.forked()
        return self

    def work(self) -> int:
        end = ChildEnd(
            self.control,
            subject="RDB",
            log=lambda _level, _text: None,
            key_delay_usec=self.delay_usec,
            private_dirty_kb=lambda: 123,
        )
        disk = FakeDisk()
        dump = Dump(disk, disk.open("/d", os.O_CREAT))
        write_keyspace(dump, self.keyspace, end)
        end.log("*", "DB saved on disk")
        dump.finish()
        end.finish(dump.keys, dump.bytes)
        return 0

    def wait_for(self, state: str, keys: int = 0) -> Report:
        """The next report of this state, with at least so many keys."""
        poll = select.poll()
        poll.register(self.control.report_fd, select.POLLIN)
        seen = len(self.reports)
        while True:
            for report in self.reports[seen:]:
                seen += 1
                if report.state == state and report.keys >= keys:
                    return report
            assert not self.control.ended, [report.state for report in self.reports]
            assert poll.poll(10_000), f"no report {state} within 10 s"
            self.reports += self.control.reports()

    def pages(self) -> list[int]:
        """Pages reported as written so far, in order."""
        return [
            page
            for report in self.reports
            for first, last in report.page_ranges
            for page in range(first, last + 1)
        ]

    def is_silent(self) -> bool:
        """Whether it says nothing for a while: it can't prove a hold, but disprove it."""
        return not select.select([self.control.report_fd], [], [], 0.1)[0]

    def end(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.forked.pid, 0)[1])


@pytest.fixture
def make() -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def start(*args: int, **options: bool) -> Child:
        child = Child(*args, **options).start()
        children.append(child)
        return child

    yield start
    for child in children:
        try:
            os.kill(child.forked.pid, signal.SIGKILL)
            os.waitpid(child.forked.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        child.control.close()


Make = Callable[..., Child]


def test_an_armed_hold_stops_before_the_first_record(make: Make) -> None:
    child = make(hold=True)
    held = child.wait_for("held")
    assert (held.keys, held.bytes, held.page_ranges) == (0, 5, [])  # SELECTDB and RESIZEDB
    assert child.is_silent()


def test_steps_are_pages_and_what_is_reported_is_written(make: Make) -> None:
    child = make(hold=True)
    child.wait_for("held")
    before = child.reports[-1].bytes
    child.control.step(3)
    held = child.wait_for("held", 3)
    assert held.keys == 3
    assert child.pages() == [0, 1, 2]
    assert held.bytes == before + 3 * len(b"\0\x05key:0\x40\x64") + 3 * 100
    child.control.step(1)
    assert child.wait_for("held", 4).keys == 4
    assert child.pages() == [0, 1, 2, 3]
    assert child.is_silent()


def test_release_lets_it_run_to_the_end(make: Make) -> None:
    child = make(hold=True)
    child.wait_for("held")
    child.control.release()
    done = child.wait_for("done")
    assert done.keys == PAGES
    assert done.cow_kb == 123
    assert ("*", "DB saved on disk") in [line for report in child.reports for line in report.log]
    assert child.pages() == list(range(PAGES))
    child.control.let_go()
    assert child.end() == 0
    child.control.reports()
    assert child.control.ended


def test_a_new_hold_knows_no_old_steps(make: Make) -> None:
    child = make(600, delay_usec=3000, hold=True)
    child.wait_for("held")
    child.control.step(2)
    child.wait_for("held", 2)
    child.control.step(500)
    child.wait_for("progress", 3)
    child.control.release()
    child.control.hold()
    held = child.wait_for("held", 3)
    assert held.keys < 500
    child.control.step(1)
    assert child.wait_for("held", held.keys + 1).keys == held.keys + 1


def test_a_hold_stops_a_running_child_between_two_records(make: Make) -> None:
    child = make(60, delay_usec=3000)
    child.wait_for("progress", 2)
    child.control.hold()
    held = child.wait_for("held")
    assert 2 <= held.keys < 60
    assert child.pages() == list(range(held.keys))
    assert child.is_silent()


def test_a_child_that_goes_on_by_itself_reports_on_its_way(make: Make) -> None:
    child = make(30, delay_usec=5000)
    done = child.wait_for("done")
    keys = [report.keys for report in child.reports]
    assert keys == sorted(keys)
    assert len(keys) >= 4
    assert done.keys == 30
    assert done.usec >= 30 * 5000


def test_the_finished_child_waits_for_the_last_reading(make: Make) -> None:
    child = make()
    child.wait_for("done")
    assert os.waitpid(child.forked.pid, os.WNOHANG) == (0, 0)
    child.control.let_go()
    assert child.end() == 0


def test_a_child_that_nobody_watches_waits_for_nobody() -> None:
    child = Child()
    child.control.watch(False)
    child.start()
    assert child.end() == 0
    assert [report.state for report in child.control.reports()][-1] == "done"
    child.control.close()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGUSR1, CANCELLED_STATUS), (signal.SIGKILL, -9)]
)
def test_a_held_child_still_dies(make: Make, number: int, status: int) -> None:
    child = make(hold=True)
    child.wait_for("held")
    os.kill(child.forked.pid, number)
    assert child.end() == status
    child.control.step(1)  # nobody listens any more: no error
    child.control.reports()
    assert child.control.ended


def test_a_held_child_sees_that_the_parents_end_is_closed(make: Make) -> None:
    child = make(hold=True)
    child.wait_for("held")
    os.close(os.dup2(child.control.report_fd, child.control._wake_write))
    assert child.end() == 1
    child.control._wake_write = os.dup(child.control.report_fd)


def test_the_wait_for_the_last_reading_has_an_end() -> None:
    clock = Clock()
    control = ParentEnd()
    control.watch(True)
    end = ChildEnd(control, subject="RDB", log=lambda _l, _t: None, clock=clock)
    waited: list[float | None] = []

    def wait(seconds: float | None) -> None:
        waited.append(seconds)
        clock.now += 0.6

    end._wait = wait  # type: ignore[method-assign]
    end.finish(1, 1)
    assert waited == [LET_GO_TIMEOUT, pytest.approx(0.4)]
    control.abandon()


@pytest.mark.parametrize(("watched", "reports"), [(True, 30), (False, 1)])
def test_how_often_progress_is_reported(watched: bool, reports: int) -> None:
    clock = Clock()
    control = ParentEnd()
    control.watch(watched)
    end = ChildEnd(
        control,
        subject="RDB",
        log=lambda _l, _t: None,
        private_dirty_kb=lambda: 1,
        clock=clock,
    )
    disk = FakeDisk()
    dump = Dump(disk, disk.open("/d", os.O_CREAT))
    for page in range(1000):
        clock.now = page / 1000
        end.after_page(dump, page, page)
    told = control.reports()
    assert reports <= len(told) <= reports + 1
    assert told[0].cow_kb == 1
    assert sum(report.cow_kb >= 0 for report in told) == 1
    ranges = [pages for report in told for pages in report.page_ranges]
    assert all(after == last + 1 for (_, last), (after, _) in zip(ranges, ranges[1:]))  # noqa: B905, RUF007
    control.abandon()


@settings(deadline=None, derandomize=True, max_examples=100)
@given(pages=st.lists(st.integers(0, 300), unique=True), cuts=st.sets(st.integers(0, 20)))
def test_ranges_are_the_pages_that_were_read(pages: list[int], cuts: set[int]) -> None:
    clock = Clock()
    control = ParentEnd()
    end = ChildEnd(
        control,
        subject="RDB",
        log=lambda _l, _t: None,
        private_dirty_kb=lambda: 1,
        clock=clock,
    )
    disk = FakeDisk()
    dump = Dump(disk, disk.open("/d", os.O_CREAT))
    for number, page in enumerate(sorted(pages)):
        if number in cuts:
            clock.now += 2.0
        end.after_page(dump, page, page)
    clock.now += 2.0
    end.finish(0, 0)
    told = [
        page
        for report in control.reports()
        for first, last in report.page_ranges
        for page in range(first, last + 1)
    ]
    assert told == sorted(pages)
    control.abandon()
