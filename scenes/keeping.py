"""Keeping: what was gathered from events, as bytes and back, without pickle.

An object is its attributes: plain values, the standard collections, events and other structs, and
objects of the gathering modules. A file can ask for no class but those, and nothing in it is run.
What cannot be kept so is refused by CannotKeepError: its owner then gathers from the start again.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

import msgspec

from engine.events import AnyEvent, Event
from scenes.errors import SceneError

PLAIN = frozenset({type(None), bool, int, float, str, bytes})
HOMES = ("engine.events", "scenes.evidence", "scenes.topics.", "scenes.gathered.")
"""How the names begin of modules whose classes may be kept and come back."""
FACTORIES: Mapping[str, Callable[[], Any]] = {
    kind.__name__: kind for kind in (list, set, dict, int, float, str, Counter, deque)
}
"""What a defaultdict may make."""
COLLECTIONS: Mapping[str, Callable[[Any], Any]] = {
    kind.__name__: kind for kind in (list, tuple, set, frozenset)
}


class CannotKeepError(SceneError):
    """A value that cannot be kept as bytes, or bytes that are not what was kept."""


_events = msgspec.msgpack.Decoder(list[AnyEvent])
_tuples = msgspec.msgpack.Decoder(list[tuple[Any, ...]])
_encode = msgspec.msgpack.Encoder().encode


def attributes(thing: object, *, leave: Collection[str] = ()) -> dict[str, Any]:
    """All attributes of an object but those to leave, each as `packed` has it."""
    return {name: packed(value) for name, value in vars(thing).items() if name not in leave}


def put_back(thing: object, kept: Mapping[str, Any]) -> None:
    """Give an object the attributes that were kept; raises CannotKeepError for other ones."""
    for name, value in kept.items():
        setattr(thing, name, unpacked(value))


def packed(value: Any) -> Any:
    """A value as msgpack can hold it: a plain one as it is, any other with its kind before it."""
    kind = type(value)
    if kind in PLAIN:
        return value
    match value:
        case bytearray():
            return ["bytearray", bytes(value)]
        case deque():
            return ["deque", value.maxlen, _items(value)]
        case Counter():
            return ["Counter", _items(value.keys()), _items(value.values())]
        case defaultdict():
            factory = getattr(value.default_factory, "__name__", "")
            if FACTORIES.get(factory) is not value.default_factory:
                raise CannotKeepError(f"can't keep a defaultdict of {value.default_factory}")
            return ["defaultdict", factory, _items(value.keys()), _items(value.values())]
        case dict():
            return ["dict", _items(value.keys()), _items(value.values())]
        case msgspec.Struct() if isinstance(value, Event) or kind.__module__.startswith(HOMES):
            return ["struct", _items([value])]
        case _ if kind.__name__ in COLLECTIONS and COLLECTIONS[kind.__name__] is kind:
            return [kind.__name__, _items(_ordered(value))]
        case _ if kind.__module__.startswith(HOMES) and hasattr(value, "__dict__"):
            return ["object", _name(kind), attributes(value)]
        case _:
            raise CannotKeepError(f"can't keep a {kind.__qualname__}")


def unpacked(kept: Any) -> Any:
    """What `packed` was given; raises CannotKeepError."""
    match kept:
        case None | bool() | int() | float() | str() | bytes():
            return kept
        case ["bytearray", bytes(data)]:
            return bytearray(data)
        case ["deque", length, items]:
            return deque(_each(items), length)
        case ["Counter", keys, values]:
            return Counter(dict(zip(_each(keys), _each(values), strict=True)))
        case ["defaultdict", factory, keys, values] if factory in FACTORIES:
            pairs = zip(_each(keys), _each(values), strict=True)
            return defaultdict(FACTORIES[factory], pairs)
        case ["dict", keys, values]:
            return dict(zip(_each(keys), _each(values), strict=True))
        case ["struct", items]:
            return _each(items)[0]
        case ["object", str(name), kept_attributes]:
            found = _class(name)
            thing: object = object.__new__(found)
            put_back(thing, kept_attributes)
            return thing
        case [str(name), items] if name in COLLECTIONS:
            return COLLECTIONS[name](_each(items))
        case _:
            raise CannotKeepError("bytes that say no value")


def _ordered(values: Any) -> Any:
    """Sets in an order, where they have one: the same gathered makes the same bytes."""
    if isinstance(values, set | frozenset):
        try:
            return sorted(values)
        except TypeError:
            return values
    return values


def _items(values: Collection[Any]) -> list[Any]:
    """Several values; of one kind they are packed at once, which is many times faster."""
    kinds = {type(value) for value in values}
    if kinds <= PLAIN:
        return ["plain", list(values)]
    if all(issubclass(kind, Event) for kind in kinds):
        return ["events", _encode(list(values))]
    if kinds == {tuple} and {type(one) for value in values for one in value} <= PLAIN:
        return ["tuples", _encode(list(values))]
    if len(kinds) == 1:
        kind = kinds.pop()
        if issubclass(kind, msgspec.Struct) and kind.__module__.startswith(HOMES):
            return [_name(kind), _encode(list(values))]
    return ["each", [packed(value) for value in values]]


def _each(items: Any) -> list[Any]:
    match items:
        case ["plain", list(values)]:
            return values
        case ["each", list(values)]:
            return [unpacked(value) for value in values]
        case ["events", bytes(data)]:
            return list(_events.decode(data))
        case ["tuples", bytes(data)]:
            return _tuples.decode(data)
        case [str(name), bytes(data)]:
            return _decoder(_class(name)).decode(data)
        case _:
            raise CannotKeepError("bytes that say no values")


def _name(kind: type) -> str:
    if _class(f"{kind.__module__}:{kind.__qualname__}") is not kind:
        raise CannotKeepError(f"can't keep a {kind.__qualname__}: it is defined inside another")
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(name: str) -> type:
    module, _, within = name.partition(":")
    found = getattr(sys.modules.get(module), within, None) if module.startswith(HOMES) else None
    if not isinstance(found, type) or found.__module__ != module:
        raise CannotKeepError(f"nothing that gathers is called {name}")
    return found


@cache
def _decoder(kind: type) -> msgspec.msgpack.Decoder[list[Any]]:
    if not issubclass(kind, msgspec.Struct):
        raise CannotKeepError(f"{kind.__name__} is no struct")
    return msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type]
