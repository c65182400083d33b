"""Room: how many pages of the arena a scene's keys take, by the engine's own arithmetic.

That of a population is known beforehand where each key is SET to a string, as in every scene that
does not say otherwise; for other commands the engine is asked, when it writes them. It shrinks with
the arena. What a step's client writes does not: so a scene may need more than the least arena.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from engine.arena import PAGE_SIZE
from engine.records import string_size
from engine.size_classes import SizeClasses
from scenes.scene import Scene
from scenes.words import FIGURE
from scenes.workloads import VALUE_BYTES

LEAST_ARENA_PAGES = 128
"""No arena is smaller: a scene has to have some pages to show."""
ONE_VALUE_A_PAGE = "arena-one-value-a-page"


def pages_needed(scene: Scene, directives: Mapping[str, str]) -> int | None:
    """Pages of the population in an engine with `directives`; None where only a run can tell."""
    keys = range(scene.populate)
    return _pages(scene.populate_with, scene.prefix, keys, scene.value_bytes, directives)


def least_arena(scene: Scene) -> int:
    """Pages without which some step cannot write what it is to write: 128, or more."""
    return max([LEAST_ARENA_PAGES, *(pages for _, pages in writers(scene))])


def writers(scene: Scene) -> Iterator[tuple[str, int]]:
    """(path of a client, pages of the run's arena that all its keys together take, at least).

    Only clients that SET a number of keys one after the other: of others only a run can tell.
    """
    engines = [{**scene.engine, **setup.directives} for setup in scene.engines] or [scene.engine]
    directives = engines[0]
    times = 1  # how often the engine's arena has the run's pages; 0: it has a number of its own
    for number, stage in enumerate(scene.stages):
        asked = stage.question.reveal if stage.question is not None else []
        steps = [(f"do[{n}]", action) for n, action in enumerate(stage.do)]
        steps += [(f"question.reveal[{n}]", action) for n, action in enumerate(asked)]
        for path, action in steps:
            if action.restart is not None:
                directives = {**directives, **action.restart}
                pages = action.restart.get("arena-pages", f"x{times}")
                times = int(pages[1:]) if pages[:1] == "x" else 0
            load = action.start
            if load is None or not times or load.order != "sequential" or len(load.commands) > 1:
                continue
            keys = range(load.first_key, load.first_key + min(load.count, load.keys))
            value_bytes = load.value_bytes or scene.value_bytes
            taken = _pages(load.commands[0], load.prefix, keys, value_bytes, directives)
            if taken:
                yield f"stages[{number}].{path}.start", -(-taken // times)


def _pages(
    command: Sequence[str],
    prefix: str,
    keys: range,
    value_bytes: int,
    directives: Mapping[str, str],
) -> int | None:
    """Pages of these keys, each written by `command`; None where that is no SET of a key."""
    if len(command) != 3 or command[0].upper() != "SET" or "{key}" not in command[1]:
        return None
    one_a_page = directives.get(ONE_VALUE_A_PAGE, "no").lower() == "yes"
    classes = SizeClasses(PAGE_SIZE, one_value_a_page=one_a_page)
    slots: Counter[int] = Counter()
    pages = 0
    for digits, count in _as_long(keys):
        sizes = {"key": len(prefix.encode()) + digits, "value": value_bytes or VALUE_BYTES}
        size = string_size(*(_bytes_of(word, sizes) for word in command[1:]))
        if size > PAGE_SIZE:
            pages += -(-size // PAGE_SIZE) * count
        else:
            slots[classes.sizes[classes.class_of(size)]] += count
    return pages + sum(-(-count // (PAGE_SIZE // size)) for size, count in slots.items())


def _as_long(keys: range) -> Iterator[tuple[int, int]]:
    """(digits, how many of these numbers have so many)."""
    first, end = 0, 10
    while first < keys.stop:
        if count := len(range(max(first, keys.start), min(end, keys.stop))):
            yield len(str(first)), count
        first, end = end, end * 10


def _bytes_of(word: str, sizes: Mapping[str, int]) -> int:
    """Bytes of a command's word, by those of what its braces stand for."""
    named = FIGURE.findall(word)
    return len(FIGURE.sub("", word).encode()) + sum(sizes.get(name, 0) for name in named)
