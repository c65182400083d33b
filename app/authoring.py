"""`cowscope scene`: the scenes there are, and what an author needs to write one."""

from __future__ import annotations

import argparse

from app.commands import language_of
from app.said import said


def scene_list(options: argparse.Namespace) -> int:
    """The scenes that ship: number, name, minutes, title."""
    from scenes.loader import known, load

    language = language_of(options)
    scenes, minutes = known(), said("authoring.minutes")
    longest = max((len(scene.slug) for scene in scenes), default=0)
    for scene in scenes:
        title = load(scene.number, language).words.text(scene.title)
        print(f"{scene.number}  {scene.slug:<{longest}}  {scene.minutes:>3} {minutes}  {title}")
    return 0


def scene_check(options: argparse.Namespace) -> int:
    """Every remark on a scene, with file and line; 1 if something is wrong with it."""
    from scenes.loader import known
    from scenes.proofreading import read_over

    language_of(options)
    names = [options.scene] if options.scene else [scene.number for scene in known()]
    findings = [finding for name in names for finding in read_over(name)]
    for finding in findings:
        print(finding)
    wrong = sum(finding.wrong for finding in findings)
    unfinished = len(findings) - wrong
    print(said("authoring.checked", names=", ".join(names), wrong=wrong, unfinished=unfinished))
    return 1 if wrong or (options.strict and findings) else 0


def scene_new(options: argparse.Namespace) -> int:
    """A folder with a small scene in it that plays."""
    from scenes.skeleton import make

    language_of(options)
    folder = make(options.name)
    print(said("authoring.made", folder=str(folder)))
    print(f"  cowscope scene check {folder}")
    print(f"  cowscope scene watch {folder}")
    return 0


def scene_watch(options: argparse.Namespace) -> int:
    """The scene on the screen; when one of its files is saved, it begins again at the same step."""
    from app.commands import needs_live, needs_terminal, shown
    from app.watch_driver import WatchDriver
    from scenes.loader import load

    language = language_of(options)
    lesson = load(options.scene, language)
    needs_terminal(f"cowscope run {options.scene}")
    needs_live(said("cli.what_scene", scene=options.scene))
    return shown(WatchDriver(lesson, seed=options.seed, arena_pages=options.arena_pages), options)
