"""`cowscope doctor` in plain text: what can be measured here, and what is shown where it can't."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from engine.doctor import Finding

_WIDTH = 96
_INDENT = " " * 5


def lines(findings: Sequence[Finding]) -> list[str]:
    """One paragraph a finding, and a last line that counts."""
    report: list[str] = []
    for finding in findings:
        mark = "ok " if finding.ok else "no "
        report.append(f"{mark}  {finding.name}: {finding.found}")
        told = finding.means if finding.ok else f"{finding.means}; here: {finding.instead}"
        report += textwrap.wrap(told, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    good = sum(finding.ok for finding in findings)
    report.append("")
    report.append(
        f"{good} of {len(findings)} can be had here; the others are labelled as they are."
    )
    return report
