"""One line of a benchmark's table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
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
        lines.append(
            f"| {row.what} | {row.value:,.4g} {row.unit} | {beside} | {ratio} | {target} "
            f"| {verdict}{note} |"
        )
    return "\n".join(lines)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)
