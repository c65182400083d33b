"""What a page's terminal types for its program, and nothing else.

Textual reads keys, mouse reports and pastes on a thread, whose end nobody notices: a sequence with
a number that is no character (`ESC [ 999999999 ; 1 H`) ends it, and a paste that is begun and never
ended takes all keys for its text. A browser's terminal sends neither, but whoever has the token
may. So a message passes as it is where it is made of

    characters, C0 controls (Enter, Backspace, Ctrl+C ...) and DEL
    ESC and one character more                 Alt and a key; an Escape that stands at the end
    ESC O and a character                      keys of the application mode
    ESC [ up to three numbers, a final sign    keys, and whether the page has the focus
    ESC [ < three numbers, M or m              the mouse
    ESC [ ? two numbers $ y                    what the terminal says of a mode
    ESC [ 200~ text ESC [ 201~                 a paste, without controls in its text

with numbers of four digits at most. Other sequences are left out whole. A terminal sends each
sequence in one message; so a beginning of one is none, and an Escape at a message's end is the key:
if text follows, the two are kept apart. Source: ECMA-48, 5.4; xterm's ctlseqs.
"""

from __future__ import annotations

import re

ESCAPE = "\x1b"
FOCUSED = "\x1b[I"
"""The page has the focus: true of one that types, and the end of whatever came before."""
_NUMBER = r"-?[0-9]{1,4}"
_SENT = re.compile(
    rf"""
      (?P<paste> \x1b\[200~ (?P<text>.*?) \x1b\[201~ )
    | (?P<known> \x1b\[ (?:
          (?! 20[01]~ ) (?: [0-9]{{0,4}} (?: ; [0-9]{{0,4}} ){{0,2}} )? [A-FHIOPQRSZa-du~^$@]
        | < {_NUMBER} ; {_NUMBER} ; {_NUMBER} [Mm]
        | \? [0-9]{{1,4}} ; [0-4] \$y
        | \[ [A-E]
        ) )
    | (?P<control> \x1b\[ [0-?]* [ -/]* [@-~]? )
    | (?P<string> \x1b[PX\]^_] .+? (?: \x07 | \x1b\\ | \Z ) )
    | (?P<key> \x1bO[!-~] | \x1b (?! \x1b ) [^\x80-\x9f] | [^\x80-\x9f] )
    | (?P<unknown> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Keyboard:
    """One page's; it remembers whether the last message ended with an Escape."""

    def __init__(self) -> None:
        self._escaped = False

    def passed(self, sent: str) -> str:
        """What of a message its program is to read."""
        kept = "".join(_kept(found) for found in _SENT.finditer(sent))
        if not kept:
            return ""
        parted = self._escaped and not kept.startswith(ESCAPE)
        self._escaped = kept.endswith(ESCAPE)
        return FOCUSED + kept if parted else kept


def _kept(found: re.Match[str]) -> str:
    if found["paste"] is not None:
        return f"\x1b[200~{_CONTROLS.sub('', found['text'])}\x1b[201~"
    return found["known"] or found["key"] or ""
