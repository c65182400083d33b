"""Errors of scenes, players and sessions: one clear line each."""

from __future__ import annotations


class SceneError(Exception):
    """A scene, recording or session that cannot go on; a command leaves with `exit_code`."""

    exit_code = 1
