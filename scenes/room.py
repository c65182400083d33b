"""Room: how many pages of the arena a scene's population takes, by the engine's own arithmetic.

It is known beforehand where each key is SET to a string, as in every scene that does not say
otherwise; for other commands the engine is asked, when it writes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from engine.arena import PAGE_SIZE
from engine.records import string_size
from engine.size_classes import SizeClasses
from scenes.scene import Scene
from scenes.words import FIGURE
from scenes.workloads import VALUE_BYTES

ONE_VALUE_A_PAGE = "arena-one-value-a-page"


def pages_needed(scene: Scene, directives: Mapping[str, str]) -> int | None:
    """Pages of the population in an engine with `directives`; None where only a run can tell."""
    command = scene.populate_with
    if len(command) != 3 or command[0].upper() != "SET" or "{key}" not in command[1]:
        return None
    one_a_page = directives.get(ONE_VALUE_A_PAGE, "no").lower() == "yes"
    classes = SizeClasses(PAGE_SIZE, one_value_a_page=one_a_page)
    slots: Counter[int] = Counter()
    pages = 0
    for digits, count in _as_long(scene.populate):
        key = len(scene.prefix.encode()) + digits
        sizes = {"key": key, "value": scene.value_bytes or VALUE_BYTES}
        size = string_size(*(_bytes_of(word, sizes) for word in command[1:]))
        if size > PAGE_SIZE:
            pages += -(-size // PAGE_SIZE) * count
        else:
            slots[classes.sizes[classes.class_of(size)]] += count
    return pages + sum(-(-count // (PAGE_SIZE // size)) for size, count in slots.items())


def _as_long(count: int) -> Iterator[tuple[int, int]]:
    """(digits, how many numbers from 0 to `count` - 1 have so many)."""
    first, end = 0, 10
    while first < count:
        yield len(str(first)), min(end, count) - first
        first, end = end, end * 10


def _bytes_of(word: str, sizes: Mapping[str, int]) -> int:
    """Bytes of a command's word, by those of what its braces stand for."""
    named = FIGURE.findall(word)
    return len(FIGURE.sub("", word).encode()) + sum(sizes.get(name, 0) for name in named)
