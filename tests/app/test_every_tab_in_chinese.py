"""Every tab of every step of every scene on a small screen, in Chinese: a file, so a worker, of
its own.
"""

from __future__ import annotations

from tests.app.whole import faults_of_every_step


async def test_every_step_is_whole_in_every_tab() -> None:
    assert await faults_of_every_step((80, 24), "zh") == []
