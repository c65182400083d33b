"""What a checkpoint is good for: every module that the fold and the evidence are made with counts.

The modules are found by their imports, so that one split off tomorrow is missed here.
"""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from scenes.checkpoint import SOURCES, modules_of
from scenes.topics import names

ROOTS = ("scenes.fold", "scenes.evidence", "scenes.checkpoint")
WORDS = {
    *("scenes.language", "scenes.phrases", "scenes.sayings", "scenes.refusals", "scenes.words"),
    *("scenes.toml", "scenes.toml_lines", "scenes.places", "scenes.errors"),
}
"""What is said, and how catalogues are read: no figure of a view or an evidence."""
OF_THE_SCENE = {"scenes.scene", "scenes.actions"}
"""The schema: what of a scene counts, its cards and `populate`, is in the edition by value."""


def imported(name: str) -> set[str]:
    """Modules of `scenes` and the events that a module takes something from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(file_of(name)).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{one.name}" for one in node.names}
            modules = {one for one in inner if one.startswith("scenes.") and file_of(one)}
            modules |= inner & {"engine.events"}
            found |= modules or {node.module}
    return {one for one in found if one.startswith("scenes.") or one == "engine.events"}


def file_of(name: str) -> str:
    """A module's source; empty for what is no module."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:  # a name in a module, not in a package
        return ""
    return (spec.origin or "") if spec else ""


def reached(roots: tuple[str, ...], but: set[str]) -> set[str]:
    """All that the roots import, directly or not; nobody looks into what is left out."""
    found: set[str] = set()
    open_ones = list(roots)
    while open_ones:
        name = open_ones.pop()
        if name not in found | but:
            found.add(name)
            open_ones += imported(name)
    return found


def test_what_the_fold_and_the_evidence_import_counts() -> None:
    assert reached(ROOTS, WORDS | OF_THE_SCENE) == set(SOURCES)


@pytest.mark.parametrize("topic", names())
def test_other_topics_that_a_topic_takes_from_count(topic: str) -> None:
    own = imported(f"scenes.topics.{topic}")
    others = {name for name in own if name.startswith(("scenes.topics.", "scenes.gathered."))}
    assert others <= set(modules_of(topic))


def test_a_topic_that_takes_from_another_names_it() -> None:
    assert modules_of("multipart") == [
        "scenes.gathered.rewrites",
        "scenes.topics.multipart",
        "scenes.topics.rewrite_pipes",
    ]
