"""The skeleton of a new scene: a small one that plays and has everything a scene needs.

It is the worked example of scenes/README.md, too.
"""

from __future__ import annotations

import re
from pathlib import Path

from scenes.errors import SceneError
from scenes.sayings import remark

HERE = Path(__file__).parent
FILES = ("scene.toml", "en.toml")


def make(name: str) -> Path:
    """A folder called `name` with a copy in it; raises SceneError where that cannot be."""
    folder = Path(name)
    slug = folder.name.lower().strip("-")
    if not slug or not re.fullmatch(r"[A-Za-z0-9-]+", folder.name):
        raise SceneError(remark("skeleton.bad_name", name=name))
    try:
        folder.mkdir(parents=True)
        for file in FILES:
            text = (HERE / file).read_text(encoding="utf-8").replace("NAME", slug)
            (folder / file).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise SceneError(remark("skeleton.already_there", folder=str(folder))) from None
    except OSError as err:
        raise SceneError(
            remark("skeleton.cannot_make", folder=str(folder), strerror=str(err.strerror))
        ) from err
    return folder
