"""What holds for every test of the screen."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures have their colours, whatever the terminal of the tests wants."""
    monkeypatch.delenv("NO_COLOR", raising=False)
