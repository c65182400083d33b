"""`cowscope doctor` in plain text: what can be measured here, and what is shown where it can't."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from app.lines import wrap
from app.said import said
from engine.doctor import Finding
from scenes.language import ENGLISH
from scenes.phrases import language

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
        told = _told(finding, "means", finding.means)
        if not finding.ok:
            instead = _told(finding, "instead", finding.instead)
            told = said("doctor.here", means=told, instead=instead)
        report += [f"{_INDENT}{row}" for row in wrap(told, _WIDTH - len(_INDENT))]
    good = sum(finding.ok for finding in findings)
    report.append("")
    report.append(said("doctor.sum", good=good, all=len(findings)))
    return report


def _told(finding: Finding, what: str, otherwise: str) -> str:
    """What a finding is for, or what is shown in its place: the phrase, or the engine's words."""
    key = f"doctor.{finding.name.strip('/').replace(' ', '_')}_{what}"
    translated = language() != ENGLISH and key in said.words(ENGLISH)
    return said(key) if translated else otherwise


def _short(text: str) -> str:
    return " ".join(
        word if len(word) <= _UNBROKEN else f"...{word[-_UNBROKEN:]}" for word in text.split()
    )
