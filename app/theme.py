"""The palette: one hue, one meaning, in a dark and a light theme.

Every colour is a member of the xterm 256-colour cube, so that 256-colour terminals show exactly
what truecolor terminals show. No meaning rests on colour alone: see `app.glyphs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.style import Style
from textual.theme import Theme

HUES = {
    #          dark       light
    "ground": ("#121212", "#ffffff"),
    "raised": ("#262626", "#e4e4e4"),
    "text": ("#dadada", "#1c1c1c"),
    "dim": ("#9e9e9e", "#585858"),
    "faint": ("#626262", "#949494"),
    "line": ("#4e4e4e", "#a8a8a8"),
    "slate": ("#8787af", "#5f5f87"),
    "orange": ("#ff5f00", "#d75f00"),
    "amber": ("#ffd700", "#875f00"),
    "emerald": ("#00d787", "#00875f"),
    "red": ("#ff5f5f", "#af0000"),
    "blue": ("#5fafff", "#005faf"),
    "bright": ("#ffffff", "#000000"),
}
"""slate: shared or at rest; orange: copied; amber: buffered; emerald: on disk; red: lost or
failed; blue: the child. The rest are greys and mean nothing."""

ROLES: dict[str, tuple[str, str, str]] = {
    # role: (foreground, background, attributes)
    "text": ("text", "ground", ""),
    "bold": ("bright", "ground", "bold"),
    "dim": ("dim", "ground", ""),
    "faint": ("faint", "ground", ""),
    "key": ("bright", "raised", "bold"),
    "chosen": ("ground", "bright", "bold"),
    "free": ("faint", "ground", ""),
    "private": ("slate", "ground", ""),
    "shared": ("slate", "ground", ""),
    "copied": ("ground", "orange", "bold"),
    "copied text": ("orange", "ground", "bold"),
    "new": ("bright", "ground", "bold"),
    "absent": ("faint", "ground", ""),
    "to come": ("slate", "ground", ""),
    "writing": ("ground", "blue", "bold"),
    "written": ("blue", "ground", ""),
    "child": ("blue", "ground", "bold"),
    "buffer": ("amber", "ground", ""),
    "cache": ("ground", "amber", ""),
    "cache text": ("amber", "ground", "bold"),
    "disk": ("ground", "emerald", ""),
    "disk text": ("emerald", "ground", "bold"),
    "lost": ("red", "ground", "bold"),
    "lit": ("bright", "raised", "bold"),
    "glow": ("ground", "bright", "bold"),
    "keyword": ("bright", "ground", "bold"),
    "string": ("dim", "ground", ""),
    "comment": ("faint", "ground", "italic"),
    "rule": ("line", "ground", ""),
}


@dataclass(frozen=True)
class Palette:
    """Rich styles by role, for one theme."""

    dark: bool
    styles: dict[str, Style] = field(default_factory=dict)

    def style(self, role: str) -> Style:
        """The style of a role; `role+` underlines it, `role!` reverses it."""
        found = self.styles.get(role)
        if found is None:
            found = self.styles[role] = self._made(role)
        return found

    def _made(self, role: str) -> Style:
        if role.endswith("+"):
            return self.style(role[:-1]) + Style(underline=True)
        if role.endswith("!"):
            return self.style(role[:-1]) + Style(reverse=True)
        front, back, attributes = ROLES[role]
        side = 0 if self.dark else 1
        return Style.parse(f"{attributes} {HUES[front][side]} on {HUES[back][side]}")


DARK = Palette(dark=True)
LIGHT = Palette(dark=False)


def palette(dark: bool) -> Palette:
    """The palette of the dark or the light theme."""
    return DARK if dark else LIGHT


def textual_theme(dark: bool) -> Theme:
    """The theme that Textual's own widgets (prompt, borders, scroll bars) follow."""
    hue = {name: pair[0 if dark else 1] for name, pair in HUES.items()}
    return Theme(
        name="cowscope-dark" if dark else "cowscope-light",
        dark=dark,
        primary=hue["slate"],
        secondary=hue["blue"],
        accent=hue["bright"],
        foreground=hue["text"],
        background=hue["ground"],
        surface=hue["ground"],
        panel=hue["ground"],
        warning=hue["amber"],
        error=hue["red"],
        success=hue["emerald"],
        variables={
            "border": hue["line"],
            "border-blurred": hue["line"],
            "footer-background": hue["ground"],
            "input-cursor-background": hue["text"],
        },
    )
