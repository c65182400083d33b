"""The configuration while the engine runs: CONFIG GET, SET and REWRITE.

They follow Redis 7.0.15 (src/config.c), with its texts. SET takes all pairs or none: every value is
set first, then the listeners of what changed are asked, and the first that refuses takes all back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.config_file import replace_file, rewritten
from engine.config_values import ConfigValues, only_the_default
from engine.directive_table import BY_ANY_NAME, DIRECTIVES, TABLE
from engine.directives import Directive
from engine.errors import ConfigError
from engine.glob import matches
from engine.replies import LOADING, NO_CONFIG_FILE, CommandError

REDACTED = "(redacted)"


@dataclass(frozen=True, slots=True)
class Change:
    """A directive got a new value; both as CONFIG GET prints them, secrets redacted."""

    name: str
    old: str
    new: str


Listener = Callable[[Change], object]


class Configuration(ConfigValues):
    """The values of all directives, and what may become of them at run time."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: dict[str, list[Listener]] = {}
        self._observers: list[Callable[[str, str, str], object]] = []

    def on_change(self, name: str, listener: Listener) -> None:
        """Call `listener` when SET changed the directive; a ConfigError from it is a veto."""
        self._listeners.setdefault(DIRECTIVES[name].name, []).append(listener)

    def on_any_change(self, observer: Callable[[str, str, str], object]) -> None:
        """Call `observer(name, old, new)` after every change that stands."""
        self._observers.append(observer)

    def get(self, *patterns: str) -> dict[str, str]:
        """Names and values that any of the glob patterns matches; hidden ones by name only."""
        found: dict[str, str] = {}
        for pattern in patterns:
            if not any(letter in pattern for letter in "[*?"):
                directive = BY_ANY_NAME.get(pattern.lower())
                if directive is not None and pattern.lower() not in map(str.lower, found):
                    found[pattern] = self._show(directive)
                continue
            wanted = pattern.encode("utf-8", "surrogateescape")
            for name, directive in BY_ANY_NAME.items():
                if not directive.hidden and matches(wanted, name.encode(), ignore_case=True):
                    found.setdefault(name, self._show(directive))
        return found

    def set(
        self, pairs: Sequence[tuple[str, str]], *, local: bool = True, loading: bool = False
    ) -> list[Change]:
        """Set all pairs or none; answers what changed. Raises CommandError.

        `local`: the client is on this machine. `loading`: the dataset is being loaded.
        """
        chosen = self._choose(pairs, local, loading)
        before = [(directive, getattr(self, directive.attribute)) for directive, _, _ in chosen]
        changes: list[Change] = []
        told: list[tuple[Listener, Change]] = []
        blamed = ""
        try:
            for directive, blamed, text in chosen:  # noqa: B007  # named if the parser refuses
                self._assign(directive, self._parse(directive, text))
            for (directive, name, _), (_, value) in zip(chosen, before, strict=True):
                blamed = name
                if (change := self._change(directive, value)) is None:
                    continue
                changes.append(change)
                for listener in self._listeners.get(directive.name, ()):
                    listener(change)
                    told.append((listener, change))
        except ConfigError as error:
            for directive, value in before:
                self._assign(directive, value)
            for listener, change in reversed(told):
                with contextlib.suppress(ConfigError):
                    listener(Change(change.name, old=change.new, new=change.old))
            raise _failed(blamed, str(error)) from None
        for change in changes:
            for observer in self._observers:
                observer(change.name, change.old, change.new)
        return changes

    def rewrite(self) -> None:
        """Bring the configuration file up to date. Raises CommandError."""
        if not self.path:
            raise CommandError(NO_CONFIG_FILE)
        wanted, needed = {}, {"dir"}
        for directive in TABLE:
            # A session gives these to the engine that it starts; they are of one run.
            if directive.name.startswith("cowscope-"):
                continue
            value = getattr(self, directive.attribute)
            wanted[directive.name] = directive.kind.lines(value)
            if value != self.defaults[directive.name]:
                needed.add(directive.name)
        names = {name: d.name for name, d in BY_ANY_NAME.items() if d.name in wanted}
        try:
            with open(self.path, encoding="utf-8", errors="surrogateescape") as file:
                old = file.read()
            replace_file(self.path, rewritten(old, wanted, needed, names))
        except OSError as error:
            raise CommandError(f"ERR Rewriting config file: {error.strerror}") from error

    def _choose(
        self, pairs: Sequence[tuple[str, str]], local: bool, loading: bool
    ) -> list[tuple[Directive, str, str]]:
        """The directives that are to be set, if all of them may be: (directive, name, text)."""
        chosen: list[tuple[Directive, str, str]] = []
        for typed, text in pairs:
            name = typed.lower()
            directive = BY_ANY_NAME.get(name)
            if directive is None:
                raise CommandError(
                    f"ERR Unknown option or number of arguments for CONFIG SET - '{typed}'"
                )
            if directive.immutable:
                raise _failed(typed, "can't set immutable config")
            if directive.protected and not self._is_allowed(local):
                raise _failed(typed, "can't set protected config")
            if directive.not_while_loading and loading:
                raise CommandError(LOADING)
            if any(directive is other for other, _, _ in chosen):
                raise _failed(typed, "duplicate parameter")
            chosen.append((directive, name, text))
        return chosen

    def _is_allowed(self, local: bool) -> bool:
        action = self.enable_protected_configs
        return action == "yes" or (action == "local" and local)

    def _parse(self, directive: Directive, text: str) -> object:
        kind = directive.kind
        words = text.split(" ") if kind.takes_words else [text]
        value = kind.parse(words, () if kind.accumulates else getattr(self, directive.attribute))
        if directive.fixed and value != directive.default:
            raise ConfigError(only_the_default(directive))
        return value

    def _change(self, directive: Directive, old: object) -> Change | None:
        """What became of the value `old`, None if nothing."""
        new = getattr(self, directive.attribute)
        if new == old:
            return None
        if directive.secret:
            return Change(directive.name, REDACTED, REDACTED)
        return Change(directive.name, directive.kind.show(old), directive.kind.show(new))


def _failed(name: str, reason: str) -> CommandError:
    return CommandError(f"ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}")
