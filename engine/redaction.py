"""What of a command may be shown: passwords become `(redacted)`, for every place that shows words.

MONITOR, SLOWLOG and the events ask here. Redis redacts argument by argument where it reads them
(redactClientCommandArgument(), 7.0); here a doubtful word is rather hidden than shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.directive_table import BY_ANY_NAME

REDACTED = b"(redacted)"
_FOLLOWED_BY = {
    b"hello": {b"auth": 2},
    b"migrate": {b"auth": 1, b"auth2": 2},
}
"""Command -> its option -> how many words behind that are secret."""
_HIDDEN_FROM = {b"auth": 1, b"acl": 2}
"""Command -> the first of its words that is secret."""
_SECRET_PARTS = (b"pas", b"auth", b"user")


def redacted(argv: Sequence[bytes]) -> list[bytes]:
    """The words of a command, of which none is a password, a user's name or a user's rules."""
    words = list(argv)
    name = words[0].lower()
    if name in _HIDDEN_FROM:
        first = _HIDDEN_FROM[name]
        words[first:] = [REDACTED] * len(words[first:])
    elif name in _FOLLOWED_BY:
        for at, word in enumerate(argv):
            _hide(words, at + 1, _FOLLOWED_BY[name].get(word.lower(), 0) if at else 0)
    elif name == b"config" and b"".join(words[1:2]).lower() != b"get":
        for at, word in enumerate(argv[2:], start=2):
            _hide(words, at + 1, int(_is_secret(word, may_be_misspelt=at % 2 == 0)))
    return words


def _hide(words: list[bytes], first: int, count: int) -> None:
    for at in range(first, min(first + count, len(words))):
        words[at] = REDACTED


def _is_secret(name: bytes, *, may_be_misspelt: bool) -> bool:
    """Whether the word behind this one, a directive's name, is nobody's business."""
    directive = BY_ANY_NAME.get(name.decode("latin-1").lower())
    if directive is not None:
        return directive.secret
    return may_be_misspelt and any(part in name.lower() for part in _SECRET_PARTS)
