"""Every key of a TOML text is found on the line it is written on."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config_text import KeyPath, key_lines

KEYS = st.text("abAB_-019 .#[]='\"{}\\é", min_size=1, max_size=5)
NOISE = st.sampled_from(
    [
        "",
        "# [fake] key = 1",
        "  ",
        'noise = """\n[fake]\nkey = 1 # \\"""\n"""""',
        "noise = '''\n[[fake]]\n'a' = \"''''",
        "noise = '#'",
        'noise = "\\"]#"',
        "noise = 1979-05-27 07:32:00",
        "noise = [ # ]\n '],', { x = [1, 2] },\n]",
    ]
)


class Writer:
    """Writes a document whose leaves are all different numbers, in whatever styles are drawn."""

    def __init__(self, data: st.DataObject) -> None:
        self._draw = data.draw
        self.lines: list[str] = []
        self._leaf = 1_000_000

    def table(self, header: str, depth: int) -> None:
        self._noise()
        keys = self._draw(st.lists(KEYS.filter(lambda key: key != "noise"), unique=True, max_size=3))
        sub_tables = []
        for key in keys:
            if depth and self._draw(st.booleans()):
                sub_tables.append(key)
            else:
                self.lines.extend(f"{_quoted(key)} = {self._value(2)}".split("\n"))
        for key in sub_tables:
            name = f"{header}.{_quoted(key)}" if header else _quoted(key)
            if self._draw(st.booleans()):
                for _ in range(self._draw(st.integers(1, 3))):
                    self.lines.append(f"[[ {name} ]] # comment")
                    self.table(name, depth - 1)
            else:
                self.lines.append(f"[{name}]")
                self.table(name, depth - 1)

    def _noise(self) -> None:
        self.lines.extend(self._draw(NOISE).split("\n"))

    def _value(self, depth: int) -> str:
        style = self._draw(st.sampled_from(["leaf", "array", "long array", "inline"])) if depth else "leaf"
        if style == "leaf":
            self._leaf += 1
            return str(self._leaf)
        items = [self._value(depth - 1) for _ in range(self._draw(st.integers(0, 3)))]
        if style == "array":
            return f"[{', '.join(items)}]"
        if style == "long array":
            return "[ # ]\n" + "".join(f"  {item}, # [x]\n" for item in items) + "]"
        keys = self._draw(st.lists(KEYS, unique=True, min_size=len(items), max_size=len(items)))
        pairs = (f"{_quoted(key)} = {item.replace(chr(10), ' ')}" for key, item in zip(keys, items, strict=True))
        return "{ " + ", ".join(pairs) + " }" if "#" not in "".join(items) else "[]"


def _quoted(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


def _leaves(node: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, int]]:
    if isinstance(node, int) and node > 1_000_000:
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _leaves(value, (*path, index))


@given(st.data(), st.sampled_from(["\n", "\r\n"]))
def test_every_leaf_is_placed_on_its_own_line(data: st.DataObject, line_end: str) -> None:
    writer = Writer(data)
    writer.table("", 3)
    text = line_end.join(writer.lines)
    placed = key_lines(text)
    for path, leaf in _leaves(tomllib.loads(text)):
        assert str(leaf) in writer.lines[placed[path] - 1]


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("[a]\nx = 1\n[a.b]\ny = 1", ("a", "b"), 3),
        ("[a.b]\ny = 1\n[a]\nx = 1", ("a",), 1),
        ("[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\n[[a.b]]", ("a", 1, "b", 1), 5),
        ("a.b.c = 1", ("a", "b"), 1),
        ("\n\n'quoted key' . \"b\\u0041\" = 1", ("quoted key", "bA"), 3),
        ("a = [\n {x = 1},\n {x = 2} ]", ("a", 1, "x"), 3),
        ("", (), 1),
    ],
)
def test_tables_and_elements_are_placed(text: str, path: KeyPath, line: int) -> None:
    assert key_lines(text)[path] == line
