"""The document that is made from the command table."""

from __future__ import annotations

from engine.commands.document import document
from engine.commands.table import specs


def test_every_command_is_in_it() -> None:
    text = document()
    for owner in specs():
        for spec in owner.subcommands.values() or (owner,):
            assert f"| `{spec.name.replace('|', ' ').upper()}" in text
    assert "`SETEX key seconds value` | Stores a string that expires" in text
    assert "[NX \\| XX]" in text
