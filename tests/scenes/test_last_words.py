"""What an engine said last is explained in the language spoken; the line stays as it was."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import engine
from scenes import process
from scenes.errors import SceneError
from scenes.last_words import KINDS, explained

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)
SMALL: Mapping[str, str] = {"arena-pages": "64", "appendonly": "yes", "save": ""}


def test_in_english_nothing_is_added() -> None:
    for part in KINDS.values():
        assert explained(f"... {part} ...") == f"... {part} ..."
    assert explained("something else") == "something else" and explained("") == ""


def test_the_engine_still_says_so() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(engine.__file__).parent.glob("*")
               if path.suffix == ".py"]  # fmt: skip
    for kind, part in KINDS.items():
        assert kind == "port" or any(part in source for source in sources), kind


async def test_a_port_in_use_and_a_locked_folder_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    monkeypatch.setattr(process, "ATTEMPTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SceneError, match=r"引擎没有启动：.*端口已被占用：.*bind") as refused:
            await process.start(tmp_path, SMALL, port=port)
    assert "\n" not in str(refused.value)
    first = await process.start(tmp_path, SMALL)
    try:
        with pytest.raises(SceneError, match=r"另一个引擎正在使用这个文件夹：.*pid"):
            await process.start(tmp_path, SMALL)
    finally:
        await first.stop()
