"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scenes import phrases


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    """A program that spoke another language leaves none of it to the next test."""
    yield
    phrases.use("en")
