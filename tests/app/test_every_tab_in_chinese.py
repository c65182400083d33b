"""Every tab of every step of every scene on a small screen, in Chinese: a file, so a worker, of
its own.
"""

from __future__ import annotations

import pytest

from tests.app.whole import faults_of_every_tab


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


async def test_every_step_is_whole_in_every_tab() -> None:
    assert await faults_of_every_tab("zh") == []
