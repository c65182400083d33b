"""The doctor: what is there is found, what is missing gets a replacement, nothing is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import cachestat, doctor
from engine.doctor import Finding, examine
from tests.engine.page_watching import needs_proc


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@needs_proc
def test_this_machine(tmp_path: Path) -> None:
    findings = by_name(examine(str(tmp_path)))
    assert all(findings[name].ok for name in ("/proc", "fork", "pagemap", "smaps"))
    assert findings["cachestat"].ok == cachestat.proves_dirty(str(tmp_path))
    assert findings["root"].ok == (os.geteuid() == 0)
    assert os.listdir(tmp_path) == []


def test_a_machine_that_offers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda tool: None)
    monkeypatch.setattr(cachestat, "_KNOWN", False)
    nowhere = str(tmp_path / "nowhere")
    findings = by_name(examine(str(tmp_path), proc=nowhere, sys=nowhere))
    missing = {name for name, finding in findings.items() if not finding.ok}
    wanted = {"/proc", "pagemap", "smaps", "huge pages", "disk", "cachestat", "redis tools"}
    assert wanted <= missing
    assert nowhere in findings["pagemap"].found
    assert findings["pagemap"].case == "pagemap_absent"


def test_a_fork_that_is_refused_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(os, "fork", refuse)
    findings = by_name(examine(str(tmp_path)))
    assert not findings["fork"].ok
    assert findings["fork"].found == "refused"
    assert "Cannot allocate memory" in findings["pagemap"].found


def test_a_folder_in_memory_has_no_disk() -> None:
    if cachestat.file_system("/dev/shm") != "tmpfs":
        pytest.skip("no tmpfs under /dev/shm")
    findings = by_name(examine("/dev/shm"))
    assert not findings["disk"].ok
    assert "tmpfs" in findings["disk"].found


def test_a_missing_package_is_a_finding() -> None:
    found = doctor._package("no-such-package", "speed", "slower")
    assert (found.ok, found.found, found.instead) == (False, "not installed", "slower")


def test_every_finding_says_what_it_means_and_what_is_there_instead(tmp_path: Path) -> None:
    for finding in examine(str(tmp_path)):
        assert finding.found and finding.means and finding.instead
