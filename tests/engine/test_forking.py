from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import forking
from engine.forking import CANCELLED_STATUS, ForkError, fork

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fork rules need Linux")


def told_by_child(work: Callable[[], object]) -> str:
    """What `work` returns in a child, as text."""
    read, write = os.pipe()

    def child() -> int:
        os.write(write, str(work()).encode())
        return 0

    forked = fork(child, name="test", keep=[write], log=print)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    assert ended(forked.pid) == 0
    return text


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_the_child_exits_with_what_its_work_returns() -> None:
    forked = fork(lambda: 7, name="test", log=print)
    assert ended(forked.pid) == 7
    assert forked.usec > 0
    assert forked.at > 0


def test_an_exception_is_one_line_and_status_1() -> None:
    read, write = os.pipe()

    def log(level: str, text: str) -> None:
        os.write(write, f"{level} {text}".encode())

    def work() -> int:
        raise KeyError("what")

    assert ended(fork(work, name="test", keep=[write], log=log).pid) == 1
    os.close(write)
    assert os.read(read, 1000) == b"# The child test failed: KeyError: 'what'"
    os.close(read)


def test_only_named_descriptors_stay_open() -> None:
    read, write = os.pipe()
    inside = told_by_child(lambda: sorted(map(int, os.listdir("/proc/self/fd"))))
    numbers = eval(inside)
    assert read not in numbers
    assert write not in numbers
    assert {0, 1, 2} <= set(numbers)
    assert len(numbers) == 5  # those, the pipe to tell by, and the listing's own
    os.fstat(write)  # and the parent's are untouched
    os.close(read)
    os.close(write)


def test_descriptors_are_closed_without_proc_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "_DESCRIPTORS", "/nowhere")
    read, write = os.pipe()
    inside = told_by_child(lambda: sorted(map(int, os.listdir("/proc/self/fd"))))
    assert read not in eval(inside)
    assert len(eval(inside)) == 5
    os.close(read)
    os.close(write)


def test_the_child_has_a_name_of_its_own() -> None:
    assert told_by_child(lambda: Path("/proc/self/comm").read_text().strip()) == "test"


def test_handlers_and_wakeup_descriptor_are_the_parents_alone() -> None:
    read, write = os.pipe2(os.O_NONBLOCK)
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    wakeup = signal.set_wakeup_fd(write)
    try:
        told = told_by_child(
            lambda: (
                signal.getsignal(signal.SIGTERM) is signal.SIG_IGN,
                signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
                signal.set_wakeup_fd(-1),
                len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
            )
        )
        assert told == "(True, True, -1, 0)"
        assert callable(signal.getsignal(signal.SIGTERM))
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGTERM, before)
        os.close(read)
        os.close(write)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGUSR1, CANCELLED_STATUS), (signal.SIGABRT, -6), (signal.SIGKILL, -9)],
)
def test_signals_end_a_waiting_child(number: int, status: int) -> None:
    read, write = os.pipe()

    def work() -> int:
        os.write(write, b"!")
        while True:
            signal.pause()

    forked = fork(work, name="test", keep=[write], log=print)
    os.read(read, 1)
    for group_wide in (signal.SIGINT, signal.SIGTERM):  # what becomes of it is the parent's choice
        os.kill(forked.pid, group_wide)
    os.kill(forked.pid, number)
    assert ended(forked.pid) == status
    os.close(read)
    os.close(write)


def test_the_child_dies_with_its_parent() -> None:
    """Also when the parent is killed outright: the pipe that both hold ends."""
    read, write = os.pipe()
    script = textwrap.dedent(
        f"""
        import os, signal, time
        from engine.forking import fork
        def work():
            os.write({write}, b"!")
            time.sleep(600)
        fork(work, name="test", keep=[{write}], log=print)
        time.sleep(600)
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script], pass_fds=[write])
    os.close(write)
    assert os.read(read, 1) == b"!"
    parent.kill()
    parent.wait()
    assert os.read(read, 1) == b""  # the child's end is closed: it is gone
    os.close(read)


def test_only_the_main_thread_may_fork() -> None:
    problems: list[BaseException] = []

    def elsewhere() -> None:
        try:
            fork(lambda: 0, name="test", log=print)
        except ForkError as error:
            problems.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "only the main thread" in str(problems[0])


def test_a_refused_fork_is_the_kernels_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError(12, os.strerror(12))

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(ForkError, match=r"^fork: Cannot allocate memory$"):
        fork(lambda: 0, name="test", log=print)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(os.geteuid() == 0, reason="RLIMIT_NPROC does not bind root")
def test_a_limit_on_processes_is_the_kernels_reason() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, hard))
    try:
        with pytest.raises(ForkError, match="fork: Resource temporarily unavailable"):
            fork(lambda: 0, name="test", log=print)
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))


def test_threads_give_no_warning() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert ended(fork(lambda: 0, name="test", log=print).pid) == 0
    finally:
        stop.set()
        thread.join()
