"""What a page may send its terminal: keys, its size, a ping, and whether it has the focus.

Whoever has the token can open a socket and send anything at all. What is none of these ends the
session; nothing of it reaches the program or the teacher's terminal. Of its keys the program gets
those that a terminal types (app/web/keyboard.py).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import msgspec

from app.web.seat import Seat

LONGEST = 1 << 18
"""Bytes of a message; a paste is one, too."""
LEAST, MOST = 20, 500
"""Columns and rows that a page may ask for."""


class BadMessageError(Exception):
    """It is none of the messages that the page sends."""


async def pass_on(text: str, seat: Seat, answer: Callable[[str], Awaitable[None]]) -> None:
    """Hand a message to the seat's program, or answer it; raises BadMessageError."""
    match _parsed(text):
        case ["stdin", str(keys)]:
            if typed := seat.keyboard.passed(keys):
                await seat.send_bytes(typed.encode())
        case ["resize", {"width": int(width), "height": int(height)}]:
            await seat.set_terminal_size(within(width), within(height))
        case ["ping", str(sent)]:
            await answer(json.dumps(["pong", sent]))
        case ["focus", *_]:
            await seat.focus()
        case ["blur", *_]:
            await seat.blur()
        case _:
            raise BadMessageError


def _parsed(text: str) -> list[object]:
    try:
        return msgspec.json.decode(text, type=list[object])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadMessageError from error


def within(cells: int) -> int:
    """As many columns or rows as a page can have."""
    return min(max(cells, LEAST), MOST)
