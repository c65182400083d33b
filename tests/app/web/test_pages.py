"""The web pages are filled in the language that the server was started with."""

from __future__ import annotations

import re

import pytest
from aiohttp.test_utils import make_mocked_request

from app.said import said
from app.web.gate import Gate, origins_of
from app.web.server import WebServer


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("zh", "zh-Hans")])
@pytest.mark.parametrize(
    ("taken", "words"), [(0, ["starts", "ended", "play_again"]), (2, ["full"])]
)
async def test_a_page_speaks_the_servers_language(
    language: str, tag: str, taken: int, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.phrases._language", language)
    server = WebServer(["true"], port=8000, seats=2, gate=Gate(origins_of(8000), "token"))
    server.taken = taken
    page = (await server.handle_index(make_mocked_request("GET", "/token/"))).text
    assert page is not None
    assert f'<html lang="{tag}">' in page
    assert [word for word in words if said(f"web.{word}", seats=2) not in page] == []
    assert not re.search(r"\{\w+\}", page)


def test_a_refusal_is_in_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenes.phrases._language", "zh")
    gate = Gate(origins_of(8000), "token")
    host, ours = "127.0.0.1:8000", "http://127.0.0.1:8000"
    refused = [
        gate.refusal("token", "", ours, socket=False),
        gate.refusal("wrong", host, ours, socket=False),
        gate.refusal("token", host, None, socket=True),
        gate.refusal("token", host, "http://elsewhere.example", socket=False),
    ]
    assert len(set(refused)) == 4 and all(re.search(r"[\u4e00-\u9fff]", one) for one in refused)
