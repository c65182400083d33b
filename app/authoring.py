"""`cowscope scene`: the scenes there are, and what an author needs to write one."""

from __future__ import annotations

import argparse

from app.commands import language_of


def scene_list(options: argparse.Namespace) -> int:
    """The scenes that ship: number, name, minutes, title."""
    from scenes.loader import known, load

    language = language_of(options)
    scenes = known()
    longest = max((len(scene.slug) for scene in scenes), default=0)
    for scene in scenes:
        title = load(scene.number, language).words.text(scene.title)
        print(f"{scene.number}  {scene.slug:<{longest}}  {scene.minutes:>3} min  {title}")
    return 0
