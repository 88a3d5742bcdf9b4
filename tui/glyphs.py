"""The characters the screen is drawn with, and how they are told in plain ASCII.

Panels write Unicode throughout; where the terminal cannot show it, each finished row is translated, so that no
panel needs to know. Every character here is one cell wide in both sets.
"""

from __future__ import annotations

import os
import sys

from rich.cells import cell_len

DASH = "—"
MINUS = "−"
ESTIMATED = "≈"
MASKED = "•"
HORIZONTAL = "─"
VERTICAL = "│"
TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT = "╭╮╰╯"
BAR_FULL = "█"
BAR_EMPTY = "░"
BAR_MARK = "┃"
SELECTED = "▸"
DOT = "●"
UP = "▲"
DOWN = "▼"
ARROW = "→"
MIDDLE_DOT = "·"
ELLIPSIS = "…"
TREND = "▁▂▃▄▅▆▇█"

_ASCII = str.maketrans(
    {
        DASH: "-",
        MINUS: "-",
        ESTIMATED: "~",
        MASKED: "*",
        HORIZONTAL: "-",
        VERTICAL: "|",
        TOP_LEFT: "+",
        TOP_RIGHT: "+",
        BOTTOM_LEFT: "+",
        BOTTOM_RIGHT: "+",
        BAR_FULL: "#",
        BAR_EMPTY: ".",
        BAR_MARK: "|",
        SELECTED: ">",
        DOT: "*",
        UP: "^",
        DOWN: "v",
        ARROW: ">",
        MIDDLE_DOT: "-",
        ELLIPSIS: "~",
        "▀": '"',
        "▄": "_",
        "×": "x",
        "÷": "/",
        "’": "'",
        **dict(zip(TREND[:-1], "_.-~=+*", strict=True)),
    }
)

BLOCK_DIGITS = {
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", " ▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    "+": (" ▄ ", "▀█▀", "   "),
    MINUS: ("   ", "▀▀▀", "   "),
    DASH: ("   ", "▀▀▀", "   "),
    MASKED: ("   ", " ● ", "   "),
    ESTIMATED: ("   ", " ≈ ", "   "),
    ".": (" ", " ", "▀"),
    ",": (" ", " ", "█"),
    " ": (" ", " ", " "),
    "%": ("▀ █", "▄▀ ", "▀ ▀"),
    "k": ("█ ▄", "█▀▄", "▀ ▀"),
    "M": ("█▄█", "█ █", "▀ ▀"),
}
"""Three rows of block lettering a character, for the figures that must be read from across the room."""


def to_ascii(text: str) -> str:
    """``text`` in ASCII, cell for cell: what has no likeness becomes a question mark."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else "?" * cell_len(character) for character in text.translate(_ASCII)
    )


def block_letters(text: str) -> tuple[str, str, str]:
    """``text`` as three rows of block lettering; a character without a block form stands in the bottom row."""
    tops, middles, bottoms = [], [], []
    for character in text:
        blank = " " * cell_len(character)
        top, middle, bottom = BLOCK_DIGITS.get(character, (blank, blank, character))
        tops.append(top)
        middles.append(middle)
        bottoms.append(bottom)
    return " ".join(tops), " ".join(middles), " ".join(bottoms)


def block_width(text: str) -> int:
    """How many cells ``text`` takes in block lettering."""
    return len(block_letters(text)[0])


def ascii_needed() -> bool:
    """True where the terminal cannot be expected to show the Unicode set."""
    encoding = (getattr(sys.__stdout__, "encoding", None) or "").lower()
    return "utf" not in encoding or os.environ.get("TERM") == "linux"
