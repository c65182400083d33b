"""TOML files of authors: read, or refused in one line with the file and the line in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from scenes.errors import SceneError

_AT = re.compile(r" \(at line (\d+), column (\d+)\)$")
_BYTE_ORDER_MARK = "\ufeff"
"""What some editors of other systems begin a file with."""


def text_of(path: Path) -> str:
    """What a file says; raises FileNotFoundError, or SceneError with file and line."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as err:
        why = trouble("toml.cannot_read", path=str(path), strerror=err.strerror)
        raise SceneError(why) from err
    try:
        text = data.decode()
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        byte = f"0x{data[err.start]:02x}"
        why = trouble("toml.bad_byte", path=str(path), line=str(line), byte=byte)
        raise SceneError(why) from err
    return text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")


def tables_of(text: str, path: Path) -> dict[str, Any]:
    """The tables in a text of the file `path`; raises SceneError with file and line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        said, at = _AT.sub("", str(err)), _AT.search(str(err))
        line, column = (int(at[1]), int(at[2])) if at else (max(1, len(text.splitlines())), 0)
        from scenes.foreign import spoken

        key = "toml.not_toml_in_column" if column else "toml.not_toml"
        words = spoken(said)
        why = trouble(key, path=str(path), line=str(line), said=words, column=str(column))
        raise SceneError(why) from err


def trouble(key: str, /, **figures: str | None) -> str:
    """What `scenes.sayings` says of it; that reads its catalogues by this module, so it waits."""
    from scenes import sayings

    return sayings.trouble(key, **figures)
