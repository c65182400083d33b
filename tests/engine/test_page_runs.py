from __future__ import annotations

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.page_runs import PageRuns

PAGES = 64


class PageRunsAgainstASet(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runs = PageRuns()
        self.free: set[int] = set()
        self.taken: list[tuple[int, int]] = [(0, PAGES)]

    @rule(choice=st.integers(0, PAGES), first=st.integers(0, PAGES), count=st.integers(1, PAGES))
    def put(self, choice: int, first: int, count: int) -> None:
        if not self.taken:
            return
        start, length = self.taken.pop(choice % len(self.taken))
        first = first % length
        count = min(count, length - first)
        for rest in ((start, first), (start + first + count, length - first - count)):
            if rest[1]:
                self.taken.append(rest)
        self.runs.put(start + first, count)
        self.free |= set(range(start + first, start + first + count))

    @rule(count=st.integers(1, PAGES))
    def take(self, count: int) -> None:
        enough = [length for _, length in self.runs.runs() if length >= count]
        before = dict(self.runs.runs())
        start = self.runs.take(count)
        if not enough:
            assert start is None
            return
        assert start is not None
        assert before[start] == min(enough)
        taken = set(range(start, start + count))
        assert taken <= self.free
        self.free -= taken
        self.taken.append((start, count))

    @rule()
    def clear(self) -> None:
        self.runs.clear()
        self.free.clear()
        self.taken = [(0, PAGES)]

    @invariant()
    def runs_are_the_free_pages_joined(self) -> None:
        runs = self.runs.runs()
        assert {page for start, count in runs for page in range(start, start + count)} == self.free
        assert self.runs.pages == len(self.free)
        for (start, count), (following, _) in itertools.pairwise(runs):
            assert start + count < following


TestPageRuns = PageRunsAgainstASet.TestCase
TestPageRuns.settings = settings(
    deadline=None, derandomize=True, max_examples=60, stateful_step_count=40
)
