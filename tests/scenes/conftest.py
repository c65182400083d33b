from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenes.watching import Watched, watching


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    """A session on a real engine, and what it tells."""
    async with watching(tmp_path, monkeypatch) as one:
        yield one
