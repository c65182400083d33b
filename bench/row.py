"""One line of a benchmark's table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure, what it is compared with, and the target for their ratio."""

    what: str
    value: float
    unit: str
    reference: float | None = None
    """The same unit, measured in the same run."""
    reference_what: str = ""
    at_most: float | None = None
    at_least: float | None = None
    """Targets for value / reference, or for the value itself where there is no reference."""
    note: str = ""

    @classmethod
    def skipped(cls, what: str, why: str) -> Row:
        """A line for what could not be measured here."""
        return cls(what, math.nan, "", note=f"not measured: {why}")

    @property
    def ratio(self) -> float:
        """Value / reference; the value where there is no reference."""
        return self.value / self.reference if self.reference else self.value

    @property
    def held(self) -> bool | None:
        """Whether the target holds; None where there is none."""
        if self.at_most is not None:
            return self.ratio <= self.at_most
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return None


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| what | measured | beside it | ratio | target | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        beside = f"{row.reference:,.4g} ({row.reference_what})" if row.reference else ""
        ratio = f"{row.ratio:.2f}" if row.reference else ""
        target = (
            f"<= {row.at_most:g}"
            if row.at_most is not None
            else f">= {row.at_least:g}"
            if row.at_least is not None
            else ""
        )
        verdict = {True: "held", False: "missed", None: ""}[row.held]
        note = f" {row.note}" if row.note else ""
        value = "" if math.isnan(row.value) else f"{row.value:,.4g} {row.unit}"
        lines.append(f"| {row.what} | {value} | {beside} | {ratio} | {target} | {verdict}{note} |")
    return "\n".join(lines)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def compared(
    what: str,
    unit: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    beside: str = "redis-server",
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> Row:
    """The median of our rounds, beside the median of theirs; no target beside a zero."""
    if not median(theirs):
        return Row(what, median(ours), unit, note=f"({beside}: too short to tell) {note}".strip())
    return Row(what, median(ours), unit, median(theirs), beside, at_most, at_least, note)


NOISE = 1.25
"""What a cost a key may grow by from one size to the next before it is called worse than linear."""


def growth(what: str, unit: str, rounds: Mapping[int, Sequence[float]]) -> Row:
    """The medians' growth between the two largest sizes, beside the growth of the sizes."""
    small, large = sorted(rounds)[-2:]
    title = f"growth of {what} ({unit}) from {small:,} to {large:,} keys"
    if not median(rounds[small]):
        return Row.skipped(title, "the smaller one was too short to tell")
    return Row(
        title, median(rounds[large]) / median(rounds[small]), "times", large / small, "the keys",
        at_most=NOISE,
    )  # fmt: skip
