"""Checkpoints: the view and the evidence after an event, as bytes, so that nobody folds from 0.

They are good only for the code that made them: `edition` is a sum over the sources of the fold, of
the evidence and of a scene's own parts. Where it differs, checkpoints are left alone and everything
is folded anew, so that what is shown is what this program makes of the events.
"""

from __future__ import annotations

import importlib
import typing
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import immutables
import msgspec

from scenes import keeping
from scenes.evidence import Evidence
from scenes.keeping import CannotKeepError
from scenes.scene import Card, Scene
from scenes.view import View

SOURCES = (
    "engine.events",
    "scenes.cards",
    "scenes.cells",
    "scenes.checkpoint",
    "scenes.evidence",
    "scenes.evidence_aof",
    "scenes.evidence_child",
    "scenes.evidence_copies",
    "scenes.evidence_state",
    "scenes.fold",
    "scenes.fold_crash",
    "scenes.fold_engine",
    "scenes.fold_lesson",
    "scenes.fold_pages",
    "scenes.fold_rewrite",
    "scenes.fold_tail",
    "scenes.keeping",
    "scenes.prediction",
    "scenes.rewrite_view",
    "scenes.topics",
    "scenes.view",
    "scenes.view_part",
)
"""The modules that make a view or an evidence what it is: all that they import but words."""
GIVEN = frozenset({"folder", "cannot_prove_dirty", "populate", "_topics", "_gatherers", "others"})
"""What an evidence is made with, or what is kept apart."""
OF_TOPICS = ("scenes.topics.", "scenes.gathered.")
"""How the names of modules begin that a topic's figures may come from."""
LEVEL = 6
"""zlib's: a view and its evidence take about 3 ms to pack."""


def _hook(value: Any) -> Any:
    if isinstance(value, immutables.Map):
        return _encode(dict(sorted(value.items())))  # the same view makes the same bytes
    raise NotImplementedError(f"a view has a {type(value).__name__}")


def _unhook(kind: Any, value: Any) -> Any:
    if typing.get_origin(kind) is immutables.Map:
        return immutables.Map(_pairs(kind).decode(value))
    raise NotImplementedError(f"a view has a {kind}")


@cache
def _pairs(kind: Any) -> msgspec.msgpack.Decoder[dict[Any, Any]]:
    """Of a map's bytes: to take it for plain values first would make all of them twice."""
    pairs: Any = dict.__class_getitem__(typing.get_args(kind))
    return msgspec.msgpack.Decoder(pairs, dec_hook=_unhook)


_encode = msgspec.msgpack.Encoder(enc_hook=_hook).encode
_view = msgspec.msgpack.Decoder(View, dec_hook=_unhook)


def packed_view(view: View) -> bytes:
    """A view as bytes."""
    return zlib.compress(_encode(view), LEVEL)


def unpacked_view(data: bytes) -> View:
    """The view of those bytes; raises CannotKeepError."""
    try:
        return _view.decode(zlib.decompress(data))
    except (zlib.error, msgspec.MsgspecError) as err:
        raise CannotKeepError(f"no view: {err}") from err


def packed_evidence(evidence: Evidence) -> bytes:
    """An evidence as bytes; raises CannotKeepError where a topic's gatherer can't be kept."""
    try:
        return zlib.compress(_encode(_kept(evidence)), LEVEL)
    except (OverflowError, TypeError) as err:
        raise CannotKeepError(f"can't keep the evidence: {err}") from err


def restore(evidence: Evidence, data: bytes) -> Evidence:
    """Make a fresh evidence the one of those bytes; raises CannotKeepError."""
    try:
        _put_back(evidence, msgspec.msgpack.decode(zlib.decompress(data)))
    except (zlib.error, msgspec.MsgspecError, ValueError, KeyError, TypeError) as err:
        raise CannotKeepError(f"no evidence: {err}") from err
    return evidence


def _kept(evidence: Evidence) -> dict[str, Any]:
    return {
        "own": keeping.attributes(evidence, leave=GIVEN),
        "gathered": [keeping.packed(one) for one in evidence.gathered],
        "others": {name: _kept(other) for name, other in evidence.others.items()},
    }


def _put_back(evidence: Evidence, kept: dict[str, Any]) -> None:
    keeping.put_back(evidence, kept["own"])
    evidence.take_gathered([keeping.unpacked(one) for one in kept["gathered"]])
    for name, other in kept["others"].items():
        _put_back(evidence.another(name), other)


def edition(scene: Scene) -> str:
    """What the checkpoints of a scene's recordings are good for, as a short text."""
    return f"{_sum(tuple(scene.topics), _encode([scene.populate, _of_cards(scene.cards)])):08x}"


def _of_cards(cards: Sequence[Card]) -> list[Any]:
    return [[card.name, card.lights] for card in cards]


@cache
def _sum(topics: tuple[str, ...], of_scene: bytes) -> int:
    total = zlib.crc32(of_scene)
    of_topics = [name for topic in topics for name in modules_of(topic)]
    for name in (*SOURCES, *of_topics):
        file = importlib.import_module(name).__file__
        source = Path(file or "").read_bytes().replace(b"\r\n", b"\n")
        total = zlib.crc32(source, total)
    return total


def modules_of(topic: str) -> list[str]:
    """A topic's module, and those of other topics and of what is gathered that it takes from."""
    module = importlib.import_module(f"scenes.topics.{topic}")
    homes = {getattr(taken, "__module__", "") for taken in vars(module).values()}
    others = {home for home in homes if home and home.startswith(OF_TOPICS)}
    return sorted({module.__name__} | others)
