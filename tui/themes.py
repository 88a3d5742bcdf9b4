"""Palettes: what each style role looks like in each theme, and the Textual themes that go with them.

Blue and orange carry the sign of a figure (they stay apart for colour-blind eyes; in sixteen colours only blue does);
amber and red are kept for danger; everything else is calm. No role depends on colour alone: words, signs and marks say
the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

DEFAULT_THEME = "hedgerow"
ANSI_THEME = "hedgerow-ansi"
MONO_THEME = "hedgerow-mono"
OWN_THEMES = ("hedgerow", "hedgerow-light", "hedgerow-contrast", ANSI_THEME)
"""What the theme key cycles through."""

Palette = Mapping[str, Style]
"""Style of every role."""

_Entries = Mapping[str, str | tuple[str, str]]

_DARK: _Entries = {
    "background": "#10141b",
    "text": "#c3cbd6",
    "label": "#7d8896",
    "value": "#dfe5ec",
    "strong": "bold #f4f7fa",
    "frame": "#323c4a",
    "focus": "#7aa2c9",
    "title": "bold #a9b7c6",
    "age": "#7d8896",
    "trend": "#4d6a86",
    "track": "#323c4a",
    "mark": "bold #f4f7fa",
    "plus": "#6cb2f0",
    "minus": "#e8955c",
    "late": "#b7bfc9",
    "stale": "italic #8b8471",
    "unknown": "#7d8896",
    "safe": "#7fbfae",
    "live": "#7fbfae",
    "watch": "#d8c07a",
    "warning": "#f0b429",
    "danger": "#ff6b63",
    "critical": "bold #ff6b63",
    "blind": "#c39ae6",
    "key": "bold #a9b7c6",
    "brand": "bold #f4f7fa",
    "mode": ("bold #10141b", "#8fa3b8"),
    "replay": ("bold #10141b", "#c39ae6"),
    "frozen": ("bold #10141b", "#6cb2f0"),
    "notice": ("#10141b", "#d8c07a"),
    "warning_badge": ("bold #10141b", "#f0b429"),
    "danger_badge": ("bold #ffffff", "#c4302b"),
    "critical_badge": ("bold #ffffff", "#c4302b"),
    "blind_badge": ("bold #10141b", "#c39ae6"),
}

_LIGHT: _Entries = {
    "background": "#f7f6f2",
    "text": "#3a4049",
    "label": "#666d77",
    "value": "#1f242b",
    "strong": "bold #0b0e12",
    "frame": "#c5c4bd",
    "focus": "#2f6ea3",
    "title": "bold #4a525d",
    "age": "#666d77",
    "trend": "#9db4c8",
    "track": "#d3d2cb",
    "mark": "bold #0b0e12",
    "plus": "#1c66ad",
    "minus": "#ad5218",
    "late": "#4c535d",
    "stale": "italic #716a55",
    "unknown": "#666d77",
    "safe": "#2a7a66",
    "live": "#2a7a66",
    "watch": "#8a6a00",
    "warning": "#9a6200",
    "danger": "#b3211c",
    "critical": "bold #b3211c",
    "blind": "#7b3fb0",
    "key": "bold #4a525d",
    "brand": "bold #0b0e12",
    "mode": ("bold #f7f6f2", "#55606d"),
    "replay": ("bold #f7f6f2", "#7b3fb0"),
    "frozen": ("bold #f7f6f2", "#1c66ad"),
    "notice": ("#1f242b", "#ecd58a"),
    "warning_badge": ("bold #1f242b", "#f0b429"),
    "danger_badge": ("bold #ffffff", "#b3211c"),
    "critical_badge": ("bold #ffffff", "#b3211c"),
    "blind_badge": ("bold #ffffff", "#7b3fb0"),
}

_CONTRAST: _Entries = {
    **_DARK,
    "background": "#000000",
    "text": "#ffffff",
    "label": "#c8c8c8",
    "value": "bold #ffffff",
    "strong": "bold #ffffff",
    "frame": "#8a8a8a",
    "focus": "bold #5fd7ff",
    "title": "bold #ffffff",
    "age": "#c8c8c8",
    "track": "#6c6c6c",
    "plus": "bold #5fafff",
    "minus": "bold #ffaf5f",
    "late": "#ffffff",
    "stale": "italic #a8a8a8",
    "unknown": "#c8c8c8",
    "safe": "bold #5fffd7",
    "live": "bold #5fffd7",
    "watch": "bold #ffd75f",
    "warning": "bold #ffd700",
    "danger": "bold #ff5f5f",
    "blind": "bold #d7afff",
    "key": "bold #ffffff",
}

# Whether the ground is black or white is not known here. Text is in the terminal's own colour, or in one that can be
# read on both, which cyan, green and yellow cannot: caution is told by its word and underlined, and yellow is a ground.
# What is quiet is dim, not bright black, which is the ground itself in some palettes; a loss has its sign.
_ANSI: _Entries = {
    "text": "",
    "label": "dim",
    "value": "",
    "strong": "bold",
    "frame": "dim",
    "focus": "bold bright_blue",
    "title": "bold",
    "age": "dim",
    "trend": "bright_blue",
    "track": "dim",
    "mark": "bold",
    "plus": "bright_blue",
    "minus": "",
    "late": "",
    "stale": "dim italic",
    "unknown": "dim",
    "safe": "",
    "live": "",
    "watch": "underline",
    "warning": "bold underline",
    "danger": "bold bright_red",
    "critical": "bold bright_red",
    "blind": "bold bright_magenta",
    "key": "bold",
    "brand": "bold",
    "mode": "reverse",
    "replay": ("bold black", "magenta"),
    "frozen": ("bold black", "cyan"),
    "notice": ("black", "yellow"),
    "warning_badge": ("bold black", "yellow"),
    "danger_badge": ("bold bright_white", "red"),
    "critical_badge": ("bold bright_white", "red"),
    "blind_badge": ("bold bright_white", "magenta"),
}

_MONO: _Entries = {
    **dict.fromkeys(_ANSI, ""),
    "label": "dim",
    "strong": "bold",
    "frame": "dim",
    "focus": "bold",
    "title": "bold",
    "age": "dim",
    "trend": "",
    "track": "dim",
    "mark": "bold",
    "stale": "dim",
    "unknown": "dim",
    "watch": "underline",
    "warning": "bold underline",
    "danger": "bold underline",
    "critical": "bold underline",
    "blind": "bold underline",
    "key": "bold",
    "brand": "bold",
    "mode": "reverse",
    "replay": "bold reverse",
    "frozen": "bold reverse",
    "notice": "bold",
    "warning_badge": "bold reverse",
    "danger_badge": "bold reverse",
    "critical_badge": "bold reverse",
    "blind_badge": "bold reverse",
}

_OWN: dict[str, _Entries] = {
    DEFAULT_THEME: _DARK,
    "hedgerow-light": _LIGHT,
    "hedgerow-contrast": _CONTRAST,
    ANSI_THEME: _ANSI,
    MONO_THEME: _MONO,
}

ROLES = frozenset(_ANSI)
"""Every style role a row may name."""


def own_themes() -> list[Theme]:
    """The Textual themes to register. They colour the ground on which the rows are painted."""
    return [
        _own_theme(DEFAULT_THEME, dark=True),
        _own_theme("hedgerow-light", dark=False),
        _own_theme("hedgerow-contrast", dark=True),
        _ansi_theme(ANSI_THEME),
        _ansi_theme(MONO_THEME),
    ]


def _own_theme(name: str, *, dark: bool) -> Theme:
    colours = {role: _colour(_OWN[name][role]) for role in ("focus", "safe", "warning", "danger", "text")}
    return Theme(
        name,
        primary=colours["focus"],
        secondary=colours["safe"],
        accent=colours["focus"],
        warning=colours["warning"],
        error=colours["danger"],
        success=colours["safe"],
        foreground=colours["text"],
        background=_colour(_OWN[name]["background"]),
        dark=dark,
    )


def _colour(entry: str | tuple[str, str]) -> str:
    assert isinstance(entry, str)
    return entry.rpartition(" ")[2]


def _ansi_theme(name: str) -> Theme:
    return Theme(
        name,
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        accent="ansi_cyan",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "ansi-background": "ansi_black",
            "ansi-foreground": "ansi_white",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-background": "ansi_white",
        },
    )


def palette_of(theme: Theme) -> Palette:
    """The palette of a theme: our own as written above, any other one derived from its colours."""
    entries = _OWN.get(theme.name) or (_OWN[ANSI_THEME] if theme.ansi else _derived(theme))
    background = str(entries.get("background", ""))
    styles = {}
    for role, entry in entries.items():
        if role == "background":
            continue
        foreground, behind = entry if isinstance(entry, tuple) else (entry, background)
        styles[role] = Style.parse(f"{foreground} on {behind}" if behind else foreground or "none")
    return MappingProxyType(styles)


def _derived(theme: Theme) -> _Entries:
    variables = theme.to_color_system().generate()
    background = Color.parse(variables["background"])
    foreground = Color.parse(variables["foreground"])
    accent = Color.parse(variables["primary"])
    base = _DARK if theme.dark else _LIGHT

    def mix(amount: float) -> str:
        return background.blend(foreground, amount).hex6.lower()

    return {
        **base,
        "background": background.hex6.lower(),
        "text": mix(0.85),
        "label": mix(0.65),
        "value": mix(0.95),
        "strong": f"bold {foreground.hex6.lower()}",
        "frame": mix(0.25),
        "focus": accent.hex6.lower(),
        "title": f"bold {mix(0.75)}",
        "age": mix(0.65),
        "track": mix(0.25),
        "unknown": mix(0.65),
        "late": mix(0.75),
        "stale": f"italic {mix(0.6)}",
        "key": f"bold {mix(0.75)}",
    }


def known_theme(name: str) -> bool:
    """True where a theme of this name exists, ours or Textual's."""
    return name in _OWN or name in BUILTIN_THEMES
