"""Figures that fit: to the last digit where there is room, else rounded with their unit.

A figure that is cut off is another figure; so words give way first, then digits, never its end.
"""

from __future__ import annotations

from app.lines import grouped

_BYTES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_COUNTS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_NEARLY = 0.99995
"""Of a unit: what is called one of it, as its tenth would be rounded up."""
_TIMES = ((10**6, "s"), (10**3, "ms"))


def exact(size: int, at_least: int = 0) -> str:
    """Bytes to the last one; the number in `at_least` cells."""
    return f"{grouped(size, at_least)} B"


def rounded(size: int, at_least: int = 0) -> str:
    """Bytes in the largest unit (SI) of which there is one, to a tenth of it."""
    large = (f"{size / unit:.1f} {name}" for unit, name in _BYTES if size >= unit * _NEARLY)
    return next(large, "").rjust(at_least + 2) if size >= 1000 * _NEARLY else exact(size, at_least)


def rounded_count(count: int) -> str:
    """A count in thousands, millions and so on, in at most 5 cells: 1,200,000 is 1.2M."""
    for unit, name in _COUNTS:
        if count >= unit:
            tenths = count * 10 // unit
            return f"{tenths // 10}{name}" if tenths >= 1000 else f"{tenths / 10:.1f}{name}"
    return str(count)


def brief(usec: int) -> str:
    """Microseconds without a fraction, in the unit that reads best; a second has a tenth."""
    for unit, name in _TIMES:
        if usec >= unit:
            return f"{usec / unit:.1f} s" if name == "s" else f"{usec // unit} ms"
    return f"{usec} µs"


def counted_in(count: int, cells: int) -> str:
    """A whole number with thousands grouped, rounded where `cells` are too few for it."""
    return whole if len(whole := grouped(count)) <= cells else rounded_count(count)
