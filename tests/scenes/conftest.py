from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenes.authored import copied
from tests.scenes.watching import Watched, watching


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    """A session on a real engine, and what it tells."""
    async with watching(tmp_path, monkeypatch) as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the skeleton, which has nothing wrong with it."""
    return copied(tmp_path / "copy")
