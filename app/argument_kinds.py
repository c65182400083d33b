"""What an option's word may be: whole numbers, sizes, addresses; each refusal is one phrase."""

from __future__ import annotations

import argparse
import math

from app.said import said


def pages(text: str) -> int:
    """A number of pages, of times."""
    return whole(text, least=1)


def seed(text: str) -> int:
    """A seed."""
    return whole(text, least=0)


def port(text: str) -> int:
    """A TCP port."""
    found = whole(text, least=1)
    if found > 65535:
        raise argparse.ArgumentTypeError(said("unread.port", word=text))
    return found


def seats(text: str) -> int:
    """A number of seats."""
    return whole(text, least=1)


def url(text: str) -> str:
    """An address of the web."""
    scheme, _, rest = text.partition("://")
    if scheme not in ("http", "https") or not rest:
        raise argparse.ArgumentTypeError(said("unread.url", word=text))
    return text


def size(text: str) -> tuple[int, int]:
    """Columns and rows."""
    columns, by, rows = text.partition("x")
    if not by:
        raise argparse.ArgumentTypeError(said("unread.size", word=text))
    return whole(columns, least=80), whole(rows, least=24)


def whole(text: str, least: int) -> int:
    """A whole number from `least` on."""
    if not text.isascii() or not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(said("unread.whole", word=text, least=least))
    return int(text)


def pace(text: str) -> float:
    """Times the author's pace."""
    return _within(text, 0.1, 100.0)


def rate(text: str) -> float:
    """Writes a second."""
    return _within(text, 0.0, 100_000.0)


def _within(text: str, least: float, most: float) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        raise argparse.ArgumentTypeError(
            said("unread.number", word=text, least=f"{least:g}", most=f"{most:g}")
        )
    return found
