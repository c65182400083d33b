"""Fork: what both sides of a lesson's fork say and see, and what the system sees of both."""

from __future__ import annotations

from collections.abc import Callable

from engine.events import (
    ChildExit,
    Event,
    Fork,
    LessonPages,
    LessonSide,
    LessonValue,
    Process,
)
from scenes.evidence import Evidence
from scenes.refusals import played
from scenes.sayings import detail
from scenes.verdict import Verdict

TIMES_THE_HEAP = 3
"""By how much the memory that a child shares exceeds a small heap, if all of it is shared."""
SHARED_AT_MOST = 85
"""Percent of the RSS of two processes that they may really take, if they share most of it."""
VALUE_SAID = 10
"""Characters of a value that words repeat."""
CHILDS_OWN = 5
"""Descriptors of a lesson's child: 0, 1, 2 and the ends of its two pipes."""


class Sides:
    """What has been said of the last lesson's fork."""

    def __init__(self) -> None:
        self.parent: LessonSide | None = None
        self.child: LessonSide | None = None
        self.refused: LessonSide | None = None
        self.forks_since_refusal = 0
        self.values: list[LessonValue] = []
        """All that was seen of keys, the child's word before the parent's."""
        self.touched: list[LessonPages] = []
        self.exit: ChildExit | None = None
        self.processes: dict[int, Process] = {}

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case LessonSide(returned=-1):
                self.refused, self.forks_since_refusal = event, 0
            case LessonSide(who="parent"):
                self.parent = event
            case LessonSide():
                self.child = event
            case Fork():
                self.forks_since_refusal += 1
                if event.purpose == "lesson":
                    self.parent = self.child = self.exit = None
                    self.values, self.touched = [], []
            case LessonValue():
                self.values.append(event)
            case LessonPages():
                self.touched.append(event)
            case ChildExit() if self.child is not None and event.child == self.child.pid:
                self.exit = event
            case Process():
                self.processes[event.pid] = event
            case _:
                pass

    def last(self, who: str) -> LessonValue | None:
        """What this side has seen last."""
        return next((value for value in reversed(self.values) if value.who == who), None)

    def both(self) -> tuple[Process, Process] | None:
        """Parent and child as the system sees them."""
        if self.parent is None or self.child is None:
            return None
        mine, its = (self.processes.get(side.pid) for side in (self.parent, self.child))
        return None if mine is None or its is None else (mine, its)


# -- measures ------------------------------------------------------------------------------------


def _of_side(
    who: str, figure: Callable[[LessonSide], int | str]
) -> Callable[..., int | str | None]:
    def measure(evidence: Evidence) -> int | str | None:
        sides = evidence.of(Sides)
        side = sides.parent if who == "parent" else sides.child
        return None if side is None else figure(side)

    return measure


def _of_both(figure: Callable[[Process, Process], int]) -> Callable[[Evidence], int | None]:
    def measure(evidence: Evidence) -> int | None:
        both = evidence.of(Sides).both()
        return None if both is None else figure(*both)

    return measure


def _short(value: str) -> str:
    """What is put into a sentence of a long value."""
    return value if len(value) <= VALUE_SAID else f"{value[:VALUE_SAID]}..."


def _seen_by(who: str) -> Callable[[Evidence], str | None]:
    def measure(evidence: Evidence) -> str | None:
        seen = evidence.of(Sides).last(who)
        return None if seen is None else _short(seen.value) if seen.exists else "(nothing)"

    return measure


def _returned_to_child(evidence: Evidence) -> str | None:
    """What fork(2) returned in the child, in words."""
    sides = evidence.of(Sides)
    if sides.child is None:
        return None
    known = {0: "zero", sides.child.pid: "own pid", sides.child.ppid: "parent's pid", -1: "-1"}
    return known.get(sides.child.returned, "another")


def _child_sees(evidence: Evidence) -> str | None:
    """Of the key looked at last: the parent's value, or another one, in the child."""
    mine, its = evidence.of(Sides).last("parent"), evidence.of(Sides).last("child")
    if mine is None or its is None or mine.key != its.key:
        return None
    if not its.exists:
        return "nothing"
    return "new" if its.value == mine.value else "old"


def _address(evidence: Evidence) -> str | None:
    seen = evidence.of(Sides).last("child")
    return f"{seen.address:#x}" if seen else None


def _percent(mine: Process, its: Process) -> int:
    return (mine.pss_kb + its.pss_kb) * 100 // max(1, mine.rss_kb + its.rss_kb)


def _refusal(evidence: Evidence) -> str | None:
    refused = evidence.of(Sides).refused
    return refused.error if refused else None


def _status(evidence: Evidence) -> int | None:
    left = evidence.of(Sides).exit
    return left.status if left else None


def _read_pages(evidence: Evidence) -> int | None:
    reads = [said for said in evidence.of(Sides).touched if said.about == "read"]
    return _pages_of(reads[-1]) if reads else None


MEASURES = {
    "engine_pid": _of_side("parent", lambda side: side.pid),
    "parent_returned_pid": _of_side("parent", lambda side: side.returned),
    "child_returned": _of_side("child", lambda side: side.returned),
    "childs_parent_pid": _of_side("child", lambda side: side.ppid),
    "child_name": _of_side("child", lambda side: side.name),
    "parent_threads": _of_side("parent", lambda side: side.threads),
    "child_threads": _of_side("child", lambda side: side.threads),
    "parent_descriptors": _of_side("parent", lambda side: side.descriptors),
    "child_descriptors": _of_side("child", lambda side: side.descriptors),
    "parent_handlers": _of_side("parent", lambda side: ", ".join(side.handlers) or "none"),
    "child_handlers": _of_side("child", lambda side: ", ".join(side.handlers) or "none"),
    "parent_cpu_msec": _of_side("parent", lambda side: side.cpu_usec // 1000),
    "child_cpu_msec": _of_side("child", lambda side: side.cpu_usec // 1000),
    "seen_by_parent": _seen_by("parent"),
    "seen_by_child": _seen_by("child"),
    "address": _address,
    "returned_to_child": _returned_to_child,
    "child_sees": _child_sees,
    "parent_rss_kb": _of_both(lambda mine, its: mine.rss_kb),
    "child_rss_kb": _of_both(lambda mine, its: its.rss_kb),
    "rss_both_kb": _of_both(lambda mine, its: mine.rss_kb + its.rss_kb),
    "pss_both_kb": _of_both(lambda mine, its: mine.pss_kb + its.pss_kb),
    "child_uss_kb": _of_both(lambda mine, its: its.uss_kb),
    "child_shared_kb": _of_both(lambda mine, its: its.rss_kb - its.uss_kb),
    "really_percent": _of_both(_percent),
    "refusal": _refusal,
    "child_status": _status,
    "pages_read": _read_pages,
}


# -- checks --------------------------------------------------------------------------------------


def _pages_of(said: LessonPages) -> int:
    return sum(last - first + 1 for first, last in said.page_ranges)


def fork_returned_twice(evidence: Evidence) -> Verdict:
    """The parent got the child's pid, the child 0; each says so of itself."""
    sides = evidence.of(Sides)
    if sides.parent is None or sides.child is None:
        return Verdict.missed(detail("fork.fork_returned_twice_unheard"))
    parent, child = sides.parent, sides.child
    return Verdict.of(
        parent.returned == child.pid
        and child.returned == 0
        and child.ppid == parent.pid != child.pid,
        detail(
            "fork.fork_returned_twice",
            child=str(child.pid),
            childs_parent=str(child.ppid),
            returned_to_parent=str(parent.returned),
            parent=str(parent.pid),
            returned_to_child=str(child.returned),
        ),
    )


def child_is_not_all_its_parent(evidence: Evidence) -> Verdict:
    """One thread, no handler and no socket of its parent's, and a processor's time of its own."""
    sides = evidence.of(Sides)
    if sides.parent is None or sides.child is None:
        return Verdict.missed(detail("fork.child_is_not_all_its_parent_unheard"))
    parent, child = sides.parent, sides.child
    inherited = sorted({*parent.handlers} & {*child.handlers})
    return Verdict.of(
        child.threads == 1
        and not inherited
        and child.descriptors == CHILDS_OWN < parent.descriptors
        and 0 < child.cpu_usec < parent.cpu_usec,
        detail(
            "fork.child_is_not_all_its_parent",
            due_descriptors=str(CHILDS_OWN),
            threads=str(child.threads),
            child_descriptors=str(child.descriptors),
            parent_descriptors=str(parent.descriptors),
            inherited_handlers=", ".join(inherited) or detail("word.none"),
            child_cpu_usec=child.cpu_usec,
            parent_cpu_usec=parent.cpu_usec,
        ),
    )


def one_address_two_values(evidence: Evidence) -> Verdict:
    """A key lies at one virtual address in both, where they see different values."""
    mine, its = evidence.of(Sides).last("parent"), evidence.of(Sides).last("child")
    if mine is None or its is None:
        return Verdict.missed(detail("fork.one_address_two_values_unseen"))
    return Verdict.of(
        mine.key == its.key
        and mine.address == its.address > 0
        and mine.value != its.value
        and mine.pid != its.pid
        and (not mine.frame or mine.frame != its.frame),
        detail(
            "fork.one_address_two_values",
            key=its.key,
            parent_value=mine.value,
            parent_address=f"{mine.address:#x}",
            parent=str(mine.pid),
            child_value=its.value,
            child_address=f"{its.address:#x}",
            child=str(its.pid),
        ),
    )


def value_is(evidence: Evidence, who: str = "child", key: str = "", value: str = "") -> Verdict:
    """What a side saw last is this key with this value."""
    seen = evidence.of(Sides).last(who)
    if seen is None:
        return Verdict.missed(
            detail("fork.value_is_unseen", value=value, side=played(f"lesson.{who}"))
        )
    return Verdict.of(
        (seen.key, seen.value) == (key, value),
        detail(
            "fork.value_is",
            key=key,
            value=value,
            side=played(f"lesson.{who}"),
            seen_key=seen.key,
            seen_value=seen.value,
        ),
    )


def reads_copied_nothing(evidence: Evidence, least: int = 1) -> Verdict:
    """The child has read pages, and has as many of its own afterwards as before."""
    reads = [said for said in evidence.of(Sides).touched if said.about == "read"]
    if not reads:
        return Verdict.missed(detail("fork.reads_copied_nothing_none_read"))
    pages = sum(map(_pages_of, reads))
    copied = sum(said.exclusive_after - said.exclusive_before for said in reads)
    return Verdict.of(
        copied == 0 and pages >= least and not any(said.copied_ranges for said in reads),
        detail(
            "fork.reads_copied_nothing", least_pages=least, copied=str(copied), read_pages=pages
        ),
    )


def more_than_the_heap_is_shared(evidence: Evidence) -> Verdict:
    """The child shares several times what the heap holds: code, stack and interpreter, too."""
    both, snapshot = evidence.of(Sides).both(), evidence.snapshot
    if both is None or snapshot is None:
        return Verdict.missed(detail("fork.more_than_the_heap_is_shared_unseen"))
    heap_kb = sum(snapshot.held) * evidence.page_size // 1024
    shared_kb = both[1].rss_kb - both[1].uss_kb
    return Verdict.of(
        shared_kb >= TIMES_THE_HEAP * heap_kb > 0,
        detail(
            "fork.more_than_the_heap_is_shared",
            times=str(TIMES_THE_HEAP),
            heap_kb=heap_kb,
            shared_kb=shared_kb,
        ),
    )


def two_processes_one_memory(evidence: Evidence) -> Verdict:
    """RSS counts shared pages twice, PSS does not: what both take is far less than both RSS."""
    both = evidence.of(Sides).both()
    if both is None:
        return Verdict.missed(detail("fork.two_processes_one_memory_unseen"))
    mine, its = both
    percent = _percent(mine, its)
    return Verdict.of(
        0 < percent <= SHARED_AT_MOST and its.uss_kb < its.rss_kb,
        detail(
            "fork.two_processes_one_memory",
            most_percent=str(SHARED_AT_MOST),
            rss_kb=mine.rss_kb + its.rss_kb,
            percent=str(percent),
            pss_kb=mine.pss_kb + its.pss_kb,
        ),
    )


def child_left_with(evidence: Evidence, status: int = 0) -> Verdict:
    """waitpid(2) gave the status that the child left with."""
    left = evidence.of(Sides).exit
    if left is None:
        return Verdict.missed(detail("fork.child_left_with_still_lives"))
    return Verdict.of(
        (left.status, left.signal) == (status, 0),
        detail(
            "fork.child_left_with",
            status=str(status),
            seen_status=str(left.status),
            signal=str(left.signal),
        ),
    )


def fork_was_refused(evidence: Evidence) -> Verdict:
    """fork(2) returned -1 with a reason, and no child came of it."""
    sides = evidence.of(Sides)
    if sides.refused is None:
        return Verdict.missed(detail("fork.fork_was_refused_never"))
    if sides.refused.source != "measured":
        return Verdict.skip(detail("fork.fork_was_refused_not_here", error=sides.refused.error))
    return Verdict.of(
        bool(sides.refused.error) and sides.forks_since_refusal == 0,
        detail(
            "fork.fork_was_refused",
            error=sides.refused.error,
            forks_since=str(sides.forks_since_refusal),
        ),
    )


GATHERERS = (Sides,)
CHECKS = {
    "fork_returned_twice": fork_returned_twice,
    "child_is_not_all_its_parent": child_is_not_all_its_parent,
    "one_address_two_values": one_address_two_values,
    "value_is": value_is,
    "reads_copied_nothing": reads_copied_nothing,
    "two_processes_one_memory": two_processes_one_memory,
    "more_than_the_heap_is_shared": more_than_the_heap_is_shared,
    "child_left_with": child_left_with,
    "fork_was_refused": fork_was_refused,
}
