"""`cowscope doctor` in plain text: what can be measured here, and what is shown where it can't."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from engine.doctor import Finding

_WIDTH = 96
_INDENT = " " * 5
_UNBROKEN = 60
"""Characters of one word, such as a path, that are kept; of a longer one its end."""


def lines(findings: Sequence[Finding]) -> list[str]:
    """One paragraph a finding, and a last line that counts."""
    report: list[str] = []
    names = max((len(finding.name) for finding in findings), default=0)
    for finding in findings:
        mark = "ok " if finding.ok else "no "
        found = f"{finding.name:<{names}}  {_short(finding.found)}"
        report += textwrap.wrap(
            found, _WIDTH, initial_indent=f"{mark}  ", subsequent_indent=" " * (names + 7)
        )
        told = finding.means if finding.ok else f"{finding.means}; here: {finding.instead}"
        report += textwrap.wrap(told, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    good = sum(finding.ok for finding in findings)
    report.append("")
    report.append(
        f"{good} of {len(findings)} can be had here; the others are labelled as they are."
    )
    return report


def _short(text: str) -> str:
    return " ".join(
        word if len(word) <= _UNBROKEN else f"...{word[-_UNBROKEN:]}" for word in text.split()
    )
