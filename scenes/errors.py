"""Errors of scenes, players and sessions: one clear line each."""

from __future__ import annotations


class SceneError(Exception):
    """A scene, a recording or a session that cannot go on; `exit_code` is what a command leaves with."""

    exit_code = 1
