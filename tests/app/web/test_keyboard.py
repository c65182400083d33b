"""A page's keys reach its program as they are, and nothing that it sends makes the program deaf."""

from __future__ import annotations

import json

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.message import Message

from app.web.keyboard import FOCUSED, Keyboard
from tests.app.web.test_messages import served

ESC = "\x1b"
DEAFENING = [
    "\x1b[999999999;1H",
    "\x1b[97;1:3u",
    "\x1b[1;2;1114112u",
    "\x1b[200~begun and never ended",
    "\x1b[48;99999;99999;1;1t",
    "\x1b[" + "9" * 5000 + ";1H",
]
"""What ends Textual's reading, keeps it in a paste, or makes its screen as large as memory."""
NOT_A_BROWSERS = [
    s for s in ANSI_SEQUENCES_KEYS if s.startswith("\x1b[1;") and s[-1] in "pqrstvwxy"
]
"""A Linux console's Ctrl and digits."""
KEYS = sorted(set(ANSI_SEQUENCES_KEYS) - {"\x9b", "\x1b[G", ESC, *NOT_A_BROWSERS})


def short(sent: str) -> str:
    """A test's name by what is sent in it."""
    return ascii(sent[:30])


def heard(parser: XTermParser, text: str) -> list[Message]:
    """What a program makes of a text, and of the silence after it."""
    found = list(parser.feed(text))
    if parser._timeout_time is not None:
        parser._timeout_time = 0.0
        found += parser.tick()
    return found


def keys(found: list[Message]) -> list[str]:
    return [one.key for one in found if isinstance(one, events.Key)]


@pytest.mark.parametrize("sent", DEAFENING[:3])
def test_textual_is_made_deaf_by_it(sent: str) -> None:
    """Why there is a filter: once this passes without one, so may the filter go."""
    with pytest.raises(ValueError):  # it is Textual's, or Python's
        list(XTermParser().feed(sent))


number = st.sampled_from(
    ["", "1", "5", "97", "200", "9999", "99999", "1114112", "9" * 40, "1:3", "-1"]
)
sequence = st.builds(
    lambda lead, numbers, end: f"{ESC}[{lead}{';'.join(numbers)}{end}",
    st.sampled_from(["", "<", "?", ">", "["]),
    st.lists(number, max_size=4),
    st.sampled_from([*"ABHRuMmt~yIOZ", "$y", "", " ", "\x80"]),
)
scrap = st.sampled_from(
    [ESC, f"{ESC}[", f"{ESC}O", f"{ESC}]0;", f"{ESC}P", "\x07", "\x00", "\x9b", "["]
)
hostile = st.lists(
    st.lists(st.one_of(sequence, scrap, st.text(max_size=4)), max_size=6).map("".join), max_size=5
)


@given(hostile)
@example([DEAFENING[0]])
@example([ESC, DEAFENING[0][1:]])
@example([f"{ESC}[", "999999999;1H"])
@example(["\x1b[200~", "a\x1b[200~"])
def test_whatever_is_sent_the_next_key_is_heard(messages: list[str]) -> None:
    parser, keyboard = XTermParser(), Keyboard()
    for message in messages:
        list(parser.feed(passed)) if (passed := keyboard.passed(message)) else None
    heard(parser, keyboard.passed(ESC))
    assert keys(heard(parser, keyboard.passed("x"))) == ["x"]


@given(hostile)
def test_in_one_breath_too(messages: list[str]) -> None:
    """No time passes between the messages: a sequence that they share is none."""
    parser, keyboard = XTermParser(), Keyboard()
    for message in [*messages, ESC, "x"]:
        if passed := keyboard.passed(message):
            found = list(parser.feed(passed))
    assert keys(found)[-1:] == ["x"]


plain = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1)
mouse = st.builds(
    lambda button, x, y, end: f"{ESC}[<{button};{x};{y}{end}",
    st.integers(0, 255), st.integers(1, 500), st.integers(1, 500), st.sampled_from("Mm"),
)  # fmt: skip
paste = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\t\r\n")).map(
    lambda text: f"{ESC}[200~{text}{ESC}[201~"
)
ordinary = st.one_of(
    st.sampled_from(KEYS), plain, mouse, paste,
    st.sampled_from([ESC, f"{ESC}x", f"{ESC}值", f"{ESC}\x7f", f"{ESC}\r", f"{ESC}{ESC}[A",
                     f"{ESC}[I", f"{ESC}[O", f"{ESC}[?2026;2$y", "SET k 值\r"]),
)  # fmt: skip


@given(st.lists(ordinary, max_size=8))
@example(["SET k 写时复制 子进程\r"])
@example([ESC, "j"])
@example([ESC, ESC, f"{ESC}[A"])
def test_what_a_terminal_sends_passes_unchanged(messages: list[str]) -> None:
    keyboard, escaped = Keyboard(), False
    for message in messages:
        parted = FOCUSED if escaped and not message.startswith(ESC) else ""
        assert keyboard.passed(message) == parted + message
        escaped = message.endswith(ESC)


def test_an_escape_and_the_key_after_it_are_two() -> None:
    parser, keyboard = XTermParser(), Keyboard()
    found = list(parser.feed(keyboard.passed(ESC))) + heard(parser, keyboard.passed("j"))
    assert keys(found) == ["escape", "j"]


@pytest.mark.parametrize(
    ("sent", "passes"),
    [
        ("a\x1b[999999999;1Hb", "ab"),
        ("a\x1b]52;c;aGk=\x07b", "ab"),
        ("a\x1bPq\x1b\\b", "ab"),
        ("\x1b[200~a\x1b[201~", "\x1b[200~a\x1b[201~"),
        ("\x1b[200~a\x1b[31mb\x00\x1b[201~c", "\x1b[200~a[31mb\x1b[201~c"),
        ("\x1b[200~a", "a"),
        ("a\x1b[201~", "a"),
        ("\x1b[?1;2c", ""),
        ("\x1b[", ""),
    ],
)
def test_what_else_is_left_out_whole(sent: str, passes: str) -> None:
    assert Keyboard().passed(sent) == passes


PROGRAM = """
from textual.app import App

class Listener(App):
    def on_key(self, event):
        if event.key == "x":
            self.exit()

Listener().run()
"""


@pytest.mark.parametrize("sent", [*DEAFENING, "\x1b[<0;9999;9999M\x1b[<0;0;-1m"], ids=short)
async def test_a_textual_program_hears_what_is_typed_after_it(sent: str) -> None:
    async with served(PROGRAM) as (_, origin), aiohttp.ClientSession() as client:
        tab = await client.ws_connect(f"{origin}/token/ws", origin=origin)
        await tab.receive(timeout=20)  # it draws
        for typed in (sent, "x"):
            await tab.send_str(json.dumps(["stdin", typed]))
        while (await tab.receive(timeout=20)).type != aiohttp.WSMsgType.CLOSE:
            pass
