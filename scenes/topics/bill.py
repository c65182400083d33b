"""The bill: what forks, copies and counted references cost, and what the same costs 10 GB."""

from __future__ import annotations

from collections import deque

import msgspec

from engine.events import Event, Fork, LessonPages, Pages, Step
from scenes.evidence import Evidence
from scenes.sayings import detail
from scenes.verdict import Verdict
from scenes.view import View

DATA_GB, MACHINE_GB = 10, 16
"""The example that everybody reckons with: modelled from what this run has measured."""
ENTRY_BYTES = 8
"""A page's entry in the lowest page table (x86-64, arm64)."""
OLD_COPY_KB = 2048
"""What a first write copied of a huge page before Linux 5.8."""
NOISY = 2
"""Forks of one size whose times differ by more than this factor: the clock proves nothing."""
FORKS = 64
"""Newest forks kept."""


class Forked(msgspec.Struct):
    """A lesson's fork, and the pages that it shared."""

    usec: int
    page_table_kb: int
    pages: int = 0


class Bill:
    """What each part has cost so far."""

    def __init__(self) -> None:
        self.forks: deque[Forked] = deque(maxlen=FORKS)
        self.heavy: dict[str, int] = {}
        """Pages that had data at the fork, and those copied, of the write-heavy snapshot."""
        self.slices: LessonPages | None = None
        self.objects: LessonPages | None = None
        self.huge_kb = 0
        """In huge pages, when last nothing was copied: a copy splits them."""
        self._step = ""
        self._child = 0

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Step():
                self._step = event.step
            case Fork(purpose="lesson") if self._step.startswith("size"):
                self._child = event.child
                self.forks.append(Forked(event.usec, event.page_table_kb))
            case Fork():
                self._child = 0
            case Pages():
                if not event.copied:
                    self.huge_kb = event.huge_kb
                if self._child and event.child == self._child:
                    self.forks[-1].pages = event.shared + event.copied
                elif event.child and self._step == "heavy":
                    held = event.shared + event.copied
                    self.heavy = {"held": held, "copied": event.copied}
            case LessonPages(about="read"):
                self.slices = event
            case LessonPages(about="objects"):
                self.objects = event
            case _:
                pass

    def sizes(self) -> list[tuple[int, list[Forked]]]:
        """(pages, the forks that shared so many), the smallest first."""
        known = sorted({fork.pages for fork in self.forks if fork.pages})
        return [(pages, [f for f in self.forks if f.pages == pages]) for pages in known]


# -- measures ------------------------------------------------------------------------------------


def _mib(pages: int, evidence: Evidence) -> int:
    return round(pages * evidence.page_size / 2**20)


def _size(evidence: Evidence, place: int) -> tuple[int, list[Forked]] | None:
    sizes = evidence.of(Bill).sizes()
    return sizes[place] if -len(sizes) <= place < len(sizes) else None


def _size_mib(evidence: Evidence, place: int) -> int | None:
    found = _size(evidence, place)
    return None if found is None else _mib(found[0], evidence)


def _size_usec(evidence: Evidence, place: int) -> int | None:
    """The least of a size's forks: the rest of it is other programs' time."""
    found = _size(evidence, place)
    return None if found is None else min(fork.usec for fork in found[1])


def _size_table(evidence: Evidence, place: int) -> int | None:
    found = _size(evidence, place)
    return None if found is None else found[1][-1].page_table_kb


def _tables_grew(evidence: Evidence) -> int | None:
    sizes = evidence.of(Bill).sizes()
    if len(sizes) < 3:
        return None
    return sizes[-1][1][-1].page_table_kb - sizes[0][1][-1].page_table_kb


def _big_fork_msec(evidence: Evidence) -> int | None:
    """A straight line through the smallest and the largest, read off at 10 GB (modelled)."""
    sizes = evidence.of(Bill).sizes()
    if len(sizes) < 2:
        return None
    (small, _), (large, _) = sizes[0], sizes[-1]
    low, high = _size_usec(evidence, 0), _size_usec(evidence, -1)
    assert low is not None and high is not None
    pages = DATA_GB * 2**30 // evidence.page_size
    usec = high + max(0, high - low) * (pages - large) / (large - small)
    return round(usec / 1000)


def _lies_near(evidence: Evidence) -> bool | None:
    """Whether the size between lies near the line through the smallest and the largest."""
    sizes = evidence.of(Bill).sizes()
    if len(sizes) < 3:
        return None
    usecs = [min(fork.usec for fork in forks) for _, forks in (sizes[0], sizes[1], sizes[-1])]
    low, middle, high = usecs
    small, between, large = sizes[0][0], sizes[1][0], sizes[-1][0]
    due = low + (high - low) * (between - small) / (large - small)
    return high > low and due / NOISY <= middle <= due * NOISY


def _line_remark(evidence: Evidence) -> str | None:
    """The same in words: what a busy machine has measured is not to be taken for a line."""
    near = _lies_near(evidence)
    return None if near is None else detail("bill.line_near" if near else "bill.line_far")


def _big_table_mib(evidence: Evidence) -> int:
    """Entries for 10 GB, in MiB (modelled)."""
    return DATA_GB * 2**30 // evidence.page_size * ENTRY_BYTES // 2**20


def _heavy_percent(evidence: Evidence) -> int | None:
    heavy = evidence.of(Bill).heavy
    return heavy["copied"] * 100 // heavy["held"] if heavy.get("held") else None


def _big_need(evidence: Evidence) -> int | None:
    """GB that 10 GB of data need with the share of copies that this run measured (modelled)."""
    percent = _heavy_percent(evidence)
    return None if percent is None else DATA_GB + round(DATA_GB * percent / 100)


def _big_fits(evidence: Evidence) -> str | None:
    need = _big_need(evidence)
    return None if need is None else "yes" if need <= MACHINE_GB else "no"


def _thp_copied_kb(evidence: Evidence) -> int:
    return evidence.since_answer.copied * evidence.page_size // 1024


def _outside(said: LessonPages | None) -> int | None:
    return None if said is None else max(0, said.outside_after_kb - said.outside_before_kb)


def _who_copied(evidence: Evidence) -> str | None:
    """Which way of reading has made the child copy more, by at least twice."""
    bill = evidence.of(Bill)
    slices, objects = _outside(bill.slices), _outside(bill.objects)
    if slices is None or objects is None:
        return None
    if bill.slices is not None and bill.slices.copied_ranges:
        return "slices"
    if objects >= 2 * slices:
        return "objects"
    return "slices" if slices >= 2 * objects else "neither"


MEASURES = {
    "small_mib": lambda evidence: _size_mib(evidence, 0),
    "middle_mib": lambda evidence: _size_mib(evidence, 1),
    "large_mib": lambda evidence: _size_mib(evidence, -1),
    "small_usec": lambda evidence: _size_usec(evidence, 0),
    "middle_usec": lambda evidence: _size_usec(evidence, 1),
    "large_usec": lambda evidence: _size_usec(evidence, -1),
    "small_table_kb": lambda evidence: _size_table(evidence, 0),
    "large_table_kb": lambda evidence: _size_table(evidence, -1),
    "tables_grew_kb": _tables_grew,
    "big_fork_msec": _big_fork_msec,
    "line_remark": _line_remark,
    "big_table_mib": _big_table_mib,
    "heavy_percent": _heavy_percent,
    "big_need_gb": _big_need,
    "big_fits": _big_fits,
    "thp_copied_kb": _thp_copied_kb,
    "huge_kb": lambda evidence: evidence.of(Bill).huge_kb,
    "old_copy_kb": lambda evidence: OLD_COPY_KB,
    "slices_kb": lambda evidence: _outside(evidence.of(Bill).slices),
    "objects_kb": lambda evidence: _outside(evidence.of(Bill).objects),
    "objects_seen": lambda evidence: o.objects if (o := evidence.of(Bill).objects) else None,
    "who_copied": _who_copied,
}


# -- checks --------------------------------------------------------------------------------------


def tables_follow_the_pages(evidence: Evidence) -> Verdict:
    """The child's page tables have grown by 8 bytes for each page more; no data was copied."""
    sizes = evidence.of(Bill).sizes()
    if len(sizes) < 3:
        return Verdict.missed(detail("bill.tables_follow_the_pages_too_few", sizes=str(len(sizes))))
    (small, _), (large, _) = sizes[0], sizes[-1]
    due = (large - small) * ENTRY_BYTES // 1024
    grew = _tables_grew(evidence) or 0
    # The tables of the interpreter's own new objects come on top.
    return Verdict.of(
        due * 0.9 <= grew <= due * 1.5 + 64,
        detail("bill.tables_follow_the_pages", due_kb=due, grew_kb=grew),
    )


def fork_time_grows(evidence: Evidence) -> Verdict:
    """The quickest fork of the most memory takes longer than the quickest of the least."""
    sizes = evidence.of(Bill).sizes()
    low, high = _size_usec(evidence, 0), _size_usec(evidence, -1)
    if len(sizes) < 3 or low is None or high is None:
        return Verdict.missed(detail("bill.fork_time_grows_too_few", sizes=str(len(sizes))))
    said = detail("bill.fork_time_grows", smallest_usec=low, largest_usec=high)
    noisy = any(max(f.usec for f in one) > NOISY * min(f.usec for f in one) for _, one in sizes)
    if high <= low and noisy:
        return Verdict.skip(detail("bill.fork_time_grows_too_busy", said=said))
    return Verdict.of(high > low, said)


def names_are_written_by_reading(evidence: Evidence, least: int = 1) -> Verdict:
    """Slices of the arena copied no page of it; looking at names copied the interpreter's own."""
    bill = evidence.of(Bill)
    slices, objects = bill.slices, bill.objects
    if slices is None or objects is None:
        return Verdict.missed(detail("bill.names_are_written_by_reading_not_both"))
    # A name takes at least 33 bytes and lies beside others: half of that is asked for.
    due = objects.objects * 16 // 1024
    copied = _outside(objects) or 0
    return Verdict.of(
        not slices.copied_ranges
        and objects.objects >= least
        and copied >= due
        and copied >= 2 * (_outside(slices) or 0),
        detail(
            "bill.names_are_written_by_reading",
            due_kb=due,
            names=objects.objects,
            ranges_by_slices=str(len(slices.copied_ranges)),
            copied_by_names_kb=copied,
        ),
    )


def huge_pages_split(evidence: Evidence) -> Verdict:
    """One write copied one page of 4 KiB, though the data lay in huge pages."""
    bill, copied = evidence.of(Bill), evidence.since_answer.copied
    if not bill.huge_kb and copied == 1:
        return Verdict.skip(detail("bill.huge_pages_split_none_here"))
    return Verdict.of(copied == 1, detail("bill.huge_pages_split", copied=copied))


GATHERERS = (Bill,)
CHECKS = {
    "tables_follow_the_pages": tables_follow_the_pages,
    "fork_time_grows": fork_time_grows,
    "names_are_written_by_reading": names_are_written_by_reading,
    "huge_pages_split": huge_pages_split,
}


def _chose(place: int, view: View) -> bool:
    return view.question is not None and view.question.chosen == place


CONDITIONS = {
    "chose_first": lambda view: _chose(0, view),
    "chose_second": lambda view: _chose(1, view),
    "chose_third": lambda view: _chose(2, view),
    "chose_fourth": lambda view: _chose(3, view),
}
