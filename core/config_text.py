"""Where in a TOML text each key stands, so that an error about a value can name its line.

``tomllib`` tells lines only for broken syntax. This reader walks a text that ``tomllib`` has already accepted, and
therefore checks nothing itself: it only has to find where keys, tables and elements begin.
"""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str | int, ...]
"""A place in a document: table keys as text, elements of arrays as numbers from 0."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\[\s\S])*?"{3,5}'  # closes at the first three quotes; up to two more belong to the text
    r"|'''[\s\S]*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
)
_BARE = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """The 1-based line of every table, key and array element of a valid TOML text.

    A table that several headers open (``[a.b]``, ``[a]``) is placed at the first of them; a table without a header
    of its own, at the first key that implies it.
    """
    return _Reader(text.replace("\r\n", "\n")).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted_to = 0
        self._lines: dict[KeyPath, int] = {(): 1}
        self._elements: dict[KeyPath, int] = {}

    def read(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> KeyPath:
        is_element = self._text.startswith("[[", self._at)
        self._at += 2 if is_element else 1
        self._skip(_SPACE)
        path: KeyPath = ()
        *parents, last = self._dotted_key()
        for part in parents:
            path = self._newest_element(self._mark((*path, part)))
        path = self._mark((*path, last))
        if is_element:
            index = self._elements.get(path, 0)
            self._elements[path] = index + 1
            path = self._mark((*path, index))
        self._skip(_SPACE)
        self._at += 2 if is_element else 1
        return path

    def _newest_element(self, path: KeyPath) -> KeyPath:
        count = self._elements.get(path, 0)
        return (*path, count - 1) if count else path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for part in self._dotted_key():
            path = self._mark((*path, part))
        self._skip(_SPACE)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _dotted_key(self) -> list[str]:
        parts = [self._key_part()]
        while match := _DOT.match(self._text, self._at):
            self._at = match.end()
            parts.append(self._key_part())
        return parts

    def _key_part(self) -> str:
        raw = self._skip(_KEY_PART)
        return str(tomllib.loads(f"key = {raw}")["key"]) if raw[0] in "\"'" else raw

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._skip(_STRING if opening in "\"'" else _BARE)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        self._skip(_BLANK)
        while self._text[self._at] != "]":
            self._value(self._mark((*path, index)))
            index += 1
            self._skip_comma()
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        self._skip(_BLANK)
        while self._text[self._at] != "}":
            self._pair(path)
            self._skip_comma()
        self._at += 1

    def _skip_comma(self) -> None:
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_BLANK)

    def _mark(self, path: KeyPath) -> KeyPath:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        self._lines.setdefault(path, self._line)
        return path

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise AssertionError(f"not valid TOML at offset {self._at}")
        self._at = match.end()
        return match.group()
