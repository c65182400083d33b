from __future__ import annotations

import pytest
from msgspec.structs import replace

from scenes.errors import SceneError
from scenes.loader import known
from scenes.scene import Card
from scenes.source import real_source

CARDS = [card for scene in known() for card in scene.cards]


@pytest.mark.parametrize("card", CARDS, ids=[card.name for card in CARDS])
def test_every_card_leads_to_the_code_that_ran_or_says_modelled(card: Card) -> None:
    source = real_source(card)
    if source is None:
        assert all(rule.modelled for rule in card.lights)
        return
    with open(source.file, encoding="utf-8") as file:
        lines = file.read().split("\n")
    shown = lines[source.first_line - 1 : source.first_line - 1 + len(source.lines)]
    assert tuple(shown) == source.lines
    for pseudo, number in source.line_of.items():
        assert card.real_lines[str(pseudo)] in lines[number - 1]
    assert any(rule.line in source.line_of for rule in card.lights)


def test_a_name_that_leads_nowhere_is_an_error() -> None:
    card = Card(name="c", title="t", code="x", real="scenes.source:real_source")
    assert real_source(replace(card, real="")) is None
    with pytest.raises(SceneError, match=r"no source for 'engine\.nothing:x'"):
        real_source(replace(card, real="engine.nothing:x"))
    with pytest.raises(SceneError, match=r"no source for .scenes\.source:nothing"):
        real_source(replace(card, real="scenes.source:nothing"))
    with pytest.raises(SceneError, match=r"stands in \d lines of"):
        real_source(replace(card, real_lines={"1": "return"}))
