"""The reference pages of what scripts read: the snapshot of ``status`` and ``replay``, the events of ``decode``."""

from __future__ import annotations

import inspect
import re
from typing import get_args

import msgspec
from msgspec import inspect as shapes

from core.events import AnyEvent
from core.snapshot import Snapshot

_RULES = """\
Decimals are JSON strings without exponents. Times are whole nanoseconds since the epoch. A key that may be left out is
left out where it has the value given as its default. New keys may be added in any version; none is taken away or
changes its meaning without a major one.
"""
_SNAPSHOT = f"""\
# The snapshot

What `hedgerow status --json` and `hedgerow replay FILE --json` print: one JSON object on one line.

{_RULES}
A figure is an object. Where it has a `value`, that is the number; where it has none, `absent` says why there rightly is
none, or `missing` names the inputs without which it cannot be known. Unknown is never zero.
"""
_EVENTS = f"""\
# Events

One JSON object a line, its kind under `event`. `hedgerow decode` prints those that frames and REST
bodies of venues say, of market data and of accounts; the journal keeps those that are of accounts.

{_RULES}"""


def snapshot_page() -> str:
    """``docs/snapshot.md``."""
    return _page(_SNAPSHOT, [Snapshot])


def events_page() -> str:
    """``docs/events.md``."""
    return _page(_EVENTS, list(get_args(AnyEvent)))


def _page(opening: str, first: list[type[msgspec.Struct]]) -> str:
    parts, waiting, told = [opening], list(first), set(first)
    while waiting:
        struct = waiting.pop(0)
        shape = shapes.type_info(struct)
        assert isinstance(shape, shapes.StructType)
        parts.append(_section(struct, shape))
        for inner in (inner for field in shape.fields for inner in _structs(field.type)):
            if inner not in told:
                told.add(inner)
                waiting.append(inner)
    return "\n".join(parts)


def _section(struct: type[msgspec.Struct], shape: shapes.StructType) -> str:
    title = f"`{shape.tag}`" if isinstance(shape.tag, str) else struct.__name__
    rows = [_row(field) for field in shape.fields]
    table = ["| key | type | may be left out |", "|---|---|---|", *rows]
    return "\n".join([f"## {title}", "", _prose(struct), "", *table, ""])


def _prose(struct: type) -> str:
    """The docstring as Markdown: Sphinx's roles and double backticks become plain code."""
    text = re.sub(r":[a-z]+:`~?([^`]+)`", r"`\1`", inspect.getdoc(struct) or "")
    return text.replace("``None``", "`null`").replace("``", "`")


def _row(field: shapes.Field) -> str:
    kind, default = _type(field.type), ""
    if field.required:
        kind += " or `null`" if _nullable(field.type) else ""
    else:
        value = field.default if field.default is not msgspec.NODEFAULT else ()
        default = f"yes: {_json(value)}"
    return f"| `{field.encode_name}` | {kind} | {default} |"


def _nullable(shape: shapes.Type) -> bool:
    return isinstance(shape, shapes.UnionType) and shape.includes_none


def _json(value: object) -> str:
    return "none" if value is None else f"`{msgspec.json.encode(value).decode()}`"


def _type(shape: shapes.Type) -> str:
    match shape:
        case shapes.UnionType():
            return " or ".join(_type(part) for part in shape.types if not isinstance(part, shapes.NoneType))
        case shapes.StructType():
            return f"[{shape.cls.__name__}](#{shape.cls.__name__.lower()})"
        case shapes.EnumType():
            return ", ".join(f"`{member.value}`" for member in shape.cls)
        case shapes.VarTupleType():
            return f"list of {_type(shape.item_type)}"
        case shapes.TupleType():
            return f"[{', '.join(map(_type, shape.item_types))}]"
        case shapes.LiteralType():
            return ", ".join(f"`{value}`" for value in shape.values)
        case _:
            return _WORDS[type(shape)]


_WORDS: dict[type[shapes.Type], str] = {
    shapes.DecimalType: "decimal",
    shapes.IntType: "whole number",
    shapes.StrType: "text",
    shapes.BoolType: "true or false",
    shapes.FloatType: "number",
}


def _structs(shape: shapes.Type) -> list[type[msgspec.Struct]]:
    match shape:
        case shapes.StructType():
            return [shape.cls]
        case shapes.UnionType():
            return [struct for part in shape.types for struct in _structs(part)]
        case shapes.VarTupleType():
            return _structs(shape.item_type)
        case _:
            return []
