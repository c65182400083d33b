"""Copy-on-write: whose frame is new, what a write copies, how many pages random writes reach."""

from __future__ import annotations

import math

from engine.events import Answer, Command, Event, Fork, Frames, LessonPages, Pages
from scenes import sources
from scenes.evidence import Evidence
from scenes.refusals import played
from scenes.sayings import detail
from scenes.verdict import Verdict

SIGMAS = 6
"""Standard deviations by which chance may miss the formula: once in 500 million runs."""


class Copies:
    """What frames and writes have shown since the last fork."""

    def __init__(self) -> None:
        self.frames: list[Frames] = []
        self.writes: list[LessonPages] = []
        self.reads: list[LessonPages] = []
        self.child_copied: set[int] = set()
        """Pages that the child has made its own by writing."""
        self.burst = 0
        """Writes since the last answer, or fork."""
        self.copied = 0
        self.copied_before = 0
        """Copied pages now, and before the last write of the child."""
        self.after_exit: Pages | None = None

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Fork():
                self.frames, self.writes, self.reads = [], [], []
                self.child_copied = set()
                self.burst = self.copied = self.copied_before = 0
            case Answer():
                self.burst = 0
            case Frames():
                self.frames.append(event)
            case LessonPages(about="read"):
                self.reads.append(event)
            case LessonPages():
                self.writes.append(event)
                for first, last in event.copied_ranges:
                    self.child_copied.update(range(first, last + 1))
            case Command():
                self.burst += event.merged
            case Pages(child=0):
                self.after_exit = event
            case Pages():
                self.copied = event.copied
            case _:
                pass

    def moved(self) -> tuple[set[int], set[int]]:
        """Pages whose frame is another than before, in the parent and in the child."""
        if len(self.frames) < 2:
            return set(), set()
        before, now = self.frames[-2:]
        return (
            _differing(before.first, before.parent_frames, now.parent_frames),
            _differing(before.first, before.child_frames, now.child_frames),
        )


def _differing(first: int, before: list[int], now: list[int]) -> set[int]:
    pairs = enumerate(zip(before, now, strict=False), first)
    return {page for page, (old, new) in pairs if old != new}


# -- measures ------------------------------------------------------------------------------------


def _new_frame_of(evidence: Evidence) -> str | None:
    """Who has another frame than before the last write."""
    copies = evidence.of(Copies)
    if len(copies.frames) < 2:
        return None
    mine, its = copies.moved()
    if mine and its:
        return "both"
    return "parent" if mine else "child" if its else "nobody"


def _small_on_page(evidence: Evidence) -> int:
    """Keys on the fullest page, as the engine read them from the records when it was asked."""
    return evidence.state.most_keys if evidence.state else 0


def _predicted(evidence: Evidence) -> int | None:
    """N(1 - (1 - 1/N)^n), for the writes of the last burst (modelled)."""
    pages, writes = evidence.populate, evidence.of(Copies).burst
    return round(expected(pages, writes)) if pages else None


def _copied_percent(evidence: Evidence) -> int | None:
    latest = evidence.snapshot.latest if evidence.snapshot else None
    if latest is None or not evidence.populate:
        return None
    return latest.copied * 100 // evidence.populate


def _first_frame(evidence: Evidence) -> str | None:
    """The frame behind the first page looked at, in the parent: a name, not an amount."""
    frames = evidence.of(Copies).frames
    return f"{frames[-1].parent_frames[0]:#x}" if frames and frames[-1].parent_frames else None


def _source_of_frames(evidence: Evidence) -> str | None:
    frames = evidence.of(Copies).frames
    return sources.named(frames[-1].source) if frames else None


MEASURES = {
    "new_frame_of": _new_frame_of,
    "small_on_page": _small_on_page,
    "burst": lambda evidence: evidence.of(Copies).burst,
    "predicted": _predicted,
    "copied_percent": _copied_percent,
    "first_frame": _first_frame,
    "source_of_frames": _source_of_frames,
    "child_copied": lambda evidence: len(evidence.of(Copies).child_copied),
    "population": lambda evidence: evidence.populate,
}

SHOWN_BY = {"new_frame_of": ("frames",)}


# -- checks --------------------------------------------------------------------------------------


def expected(pages: int, writes: int) -> float:
    """Pages hit at least once by `writes` random writes to `pages` pages."""
    return pages * (1 - (1 - 1 / pages) ** writes)


def deviation(pages: int, writes: int) -> float:
    """The standard deviation of that number (the occupancy problem)."""
    one, two = (1 - 1 / pages) ** writes, (1 - 2 / pages) ** writes
    return math.sqrt(max(0.0, pages * one + pages * (pages - 1) * two - (pages * one) ** 2))


def keys_share_a_page(evidence: Evidence, least: int = 2) -> Verdict:
    """Some page has many keys."""
    found = _small_on_page(evidence)
    return Verdict.of(
        found >= least, detail("cow.keys_share_a_page", least=str(least), keys=str(found))
    )


def frames_are_one(evidence: Evidence, least: int = 1) -> Verdict:
    """Behind each page looked at last lies the same frame in both."""
    frames = evidence.of(Copies).frames
    if not frames:
        return Verdict.missed(detail("cow.frames_are_one_unseen"))
    last = frames[-1]
    same = sum(
        mine == its != 0 for mine, its in zip(last.parent_frames, last.child_frames, strict=False)
    )
    return Verdict.of(
        same == len(last.parent_frames) >= least,
        detail(
            "cow.frames_are_one",
            least=str(least),
            source=played(f"source.{last.source}"),
            same_frames=str(same),
            pages=str(len(last.parent_frames)),
        ),
    )


def writer_has_the_new_frame(evidence: Evidence, who: str = "parent", page: int = 0) -> Verdict:
    """Only the writer's frame of that page is another one; the other side keeps the old."""
    copies = evidence.of(Copies)
    if len(copies.frames) < 2:
        return Verdict.missed(detail("cow.writer_has_the_new_frame_no_frames"))
    mine, its = copies.moved()
    wanted: tuple[set[int], set[int]] = ({page}, set()) if who == "parent" else (set(), {page})
    if (mine, its) == wanted and copies.frames[-1].source != "measured":
        return Verdict.skip(detail("cow.writer_has_the_new_frame_modelled"))
    return Verdict.of(
        (mine, its) == wanted,
        detail(
            "cow.writer_has_the_new_frame",
            page=str(page),
            writer=played(f"lesson.{who}"),
            source=played(f"source.{copies.frames[-1].source}"),
            parents_pages=str(sorted(mine) or detail("word.none")),
            childs_pages=str(sorted(its) or detail("word.none")),
        ),
    )


def copied_by_whoever_wrote(evidence: Evidence, least: int = 1) -> Verdict:
    """Copied pages are those held at the fork that the parent or the child wrote since."""
    snapshot, copies = evidence.snapshot, evidence.of(Copies)
    if snapshot is None or snapshot.latest is None:
        return Verdict.missed(detail("cow.copied_by_whoever_wrote_no_reading"))
    by_child = {p for p in copies.child_copied if p < len(snapshot.held) and snapshot.held[p]}
    due = snapshot.copies_due() | by_child
    copied = snapshot.latest.copied
    return Verdict.of(
        len(due) <= copied <= len(due) + snapshot.touched_more
        and copied >= least
        and due <= set(snapshot.copied_times),
        detail("cow.copied_by_whoever_wrote", due=len(due), by_child=len(by_child), copied=copied),
    )


def second_write_copied_nothing(evidence: Evidence) -> Verdict:
    """The child has written the same pages twice: the first time copied them, the second none."""
    writes = evidence.of(Copies).writes
    if len(writes) < 2:
        return Verdict.missed(
            detail("cow.second_write_copied_nothing_too_few", writes=str(len(writes)))
        )
    first, second = writes[-2:]
    return Verdict.of(
        first.page_ranges == second.page_ranges
        and not second.copied_ranges
        and first.exclusive_after == second.exclusive_before == second.exclusive_after > 0,
        detail(
            "cow.second_write_copied_nothing",
            more_pages=str(second.exclusive_after - second.exclusive_before),
        ),
    )


def copies_follow_the_formula(evidence: Evidence) -> Verdict:
    """The burst's random writes have copied about as many pages as chance would have it."""
    latest = evidence.snapshot.latest if evidence.snapshot else None
    pages, writes = evidence.populate, evidence.of(Copies).burst
    if latest is None or not pages or not writes:
        return Verdict.missed(detail("cow.copies_follow_the_formula_no_writes"))
    most = SIGMAS * deviation(pages, writes) + 1
    predicted = expected(pages, writes)
    return Verdict.of(
        abs(latest.copied - predicted) <= most,
        detail(
            "cow.copies_follow_the_formula",
            predicted=f"{predicted:.0f}",
            tolerance=f"{most:.0f}",
            pages=pages,
            writes=writes,
            copied=latest.copied,
        ),
    )


def private_again(evidence: Evidence) -> Verdict:
    """With no child nothing is shared or copied any more."""
    after = evidence.of(Copies).after_exit
    if after is None or evidence.child_lives:
        return Verdict.missed(detail("cow.private_again_no_reading"))
    return Verdict.of(
        after.shared == after.copied == after.new == 0 < after.private,
        detail("cow.private_again", shared=str(after.shared), copied=str(after.copied)),
    )


GATHERERS = (Copies,)
CHECKS = {
    "keys_share_a_page": keys_share_a_page,
    "frames_are_one": frames_are_one,
    "writer_has_the_new_frame": writer_has_the_new_frame,
    "copied_by_whoever_wrote": copied_by_whoever_wrote,
    "second_write_copied_nothing": second_write_copied_nothing,
    "copies_follow_the_formula": copies_follow_the_formula,
    "private_again": private_again,
}
