"""`cowscope doctor` in plain text: what can be measured here, and what is shown where it can't."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from app.lines import padded, wrap
from app.said import said
from engine.doctor import Finding
from scenes.language import ENGLISH
from scenes.phrases import language

_WIDTH = 79
_INDENT = 5
_UNBROKEN = 60
"""Characters of one word, such as a path, that are kept; of a longer one its end."""


def lines(findings: Sequence[Finding]) -> list[str]:
    """One paragraph a finding, and a last line that counts."""
    report: list[str] = []
    names = max((cell_len(_name(finding)) for finding in findings), default=0)
    for finding in findings:
        mark = padded(said("doctor.ok" if finding.ok else "doctor.no"), _INDENT)
        name = padded(_name(finding), names + 2)
        found = wrap(_short(_found(finding)), _WIDTH - _INDENT - names - 2)
        report += [f"{mark}{name}{found[0]}"]
        report += [" " * (_INDENT + names + 2) + row for row in found[1:]]
        told = _told(finding, "means", finding.means)
        if not finding.ok:
            instead = _told(finding, "instead", finding.instead)
            told = said("doctor.here", means=told, instead=instead)
        report += [" " * _INDENT + row for row in wrap(told, _WIDTH - _INDENT)]
    good = sum(finding.ok for finding in findings)
    report.append("")
    report.append(said("doctor.sum", good=good, all=len(findings)))
    return report


def _name(finding: Finding) -> str:
    key = f"doctor.{_key(finding)}"
    return said(key) if key in said.words(ENGLISH) else finding.name


def _found(finding: Finding) -> str:
    return said(f"found.{finding.case}", **finding.figures) if finding.case else finding.found


def _told(finding: Finding, what: str, otherwise: str) -> str:
    """What a finding is for, or what is shown in its place: the phrase, or the engine's words."""
    key = f"doctor.{_key(finding)}_{what}"
    translated = language() != ENGLISH and key in said.words(ENGLISH)
    return said(key, **finding.figures) if translated else otherwise


def _key(finding: Finding) -> str:
    return finding.name.strip("/").replace(" ", "_")


def _short(text: str) -> str:
    return " ".join(
        word if len(word) <= _UNBROKEN else f"...{word[-_UNBROKEN:]}" for word in text.split()
    )
