"""What is counted in English stands in the singular where there may be one of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import app
import scenes
from scenes.words import Words, read_catalogue

PLACES = (Path(app.__file__).parent, Path(scenes.__file__).parent)
CATALOGUES = [path for place in PLACES for path in sorted(place.rglob("en.toml"))]
COUNTED = re.compile(
    r"\{([a-z_0-9]+)\} (?:(?:copied|new|more|dirty|Python|open|late) )?"
    r"(?:keys|pages|bytes|commands|writes|changes|events|fsyncs|batches|pictures|crashes|questions"
    r"|threads|objects|members|increments|moments|readings|characters|cuts|frames|expectations"
    r"|words|clients|engines|steps|choices|seats|names)\b"
)
SEVERAL = {
    "pages and keys of a scene's own arena": (
        *("arena_pages", "most_pages", "least_pages", "held", "pages", "keys", "populated"),
        *("populate", "total_keys", "keys_at_fork", "keys_before", "keys_left", "keys_read"),
        *("keys_in_dump", "dump_had_keys", "dump_keys", "saved_keys", "start_keys", "rw_keys"),
        *("reply_loaded", "population", "counted_pages", "predicted", "each", "objects_seen"),
    ),
    "bytes of whole commands, files and pages": (
        *("acked", "appended", "appended_bytes", "at_risk_bytes", "buffered_at_crash", "bytes"),
        *("bytes_behind", "buffer_bytes", "cached_bytes", "child_bytes", "cut_bytes", "diff_bytes"),
        *("due_bytes", "dump_bytes", "everysec_buffer_bytes", "fsynced", "greeting_bytes"),
        *("grown_bytes", "kept_bytes", "log_growth", "lost_bytes", "mp_base_bytes", "survived"),
        *("mp_rdb_bytes", "mp_removed_bytes", "mp_resp_bytes", "no_buffer_bytes", "pipes_mp_disk"),
        *("pipes_rw_residual", "pipes_rw_waiting", "rw_diff", "rw_grown_bytes", "rw_left_bytes"),
        *("rw_log_bytes", "rw_most_buffered", "rw_new_bytes", "rw_old_bytes", "rw_retired"),
        *("rw_sent", "start_cut_bytes", "told_bytes", "torn_bytes", "visit_bytes", "written"),
    ),
    "as many as a step writes, which are many": (
        *("burst", "tried_acked", "tags_dirty", "reply_members", "writes", "mp_increments"),
    ),
}
"""Figures that are never 1, and what they are of."""
TWO_AT_LEAST = {"header.engines", "refuse.choices", "waits.steps_after"}
"""Phrases for several; those with `_one` beside them are such, too."""
NEVER_ONE = {name for names in SEVERAL.values() for name in names}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_count_that_may_be_one_has_a_singular(path: Path) -> None:
    texts = read_catalogue(path)
    for key, text in texts.items():
        if f"{key}_one" in texts or key in TWO_AT_LEAST:
            continue
        plain = {found[1] for found in COUNTED.finditer(text)}
        assert plain <= NEVER_ONE, (key, plain - NEVER_ONE)


def test_counts_are_found() -> None:
    assert [found[1] for found in COUNTED.finditer("{n} keys, {m:key|keys} of {k} new pages")] == [
        "n",
        "k",
    ]


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (1, "1 page is new"),
        ("1", "1 page is new"),
        (0, "0 pages are new"),
        (1200, "1,200 pages are new"),
        (None, "… pages are new"),
    ],
)
def test_one_is_said_in_the_singular(figure: int | str | None, said: str) -> None:
    words = Words({"key": "{new:page is|pages are} new"}, fallback={})
    assert words.text("key", {"new": figure}) == said
    assert words.figures_in("key") == {"new"}


def test_a_run_of_one_is_told_so() -> None:
    told = Words(read_catalogue(PLACES[1] / "told" / "en.toml"))
    assert told.text("lesson.has_written", {"pages": 1, "copied": 1}).startswith("wrote 1 page,")
    assert told.text("summary", {"held": 1, "skipped": 0, "failed": 0}).startswith(
        "1 expectation held"
    )
    assert told.text("event.gap", {"missed": 1}).endswith("1 event was missed")
