"""A configuration file as text, with every key it could have beside those it has, each with its meaning.

Written from the models in ``core.config_model``, so that the comments cannot go stale.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from pydantic_core import PydanticUndefined

from core.config_model import SECTIONS, header
from core.config_section import Section

_COMMENT_COLUMN = 44


def section_lines(name: str, values: Mapping[str, object], *, venue: str = "") -> list[str]:
    """One section: its header, what it is, the keys given, and the others as comments with their defaults.

    A section with no values at all is a comment altogether. ``name`` is a key of ``SECTIONS``.
    """
    section = SECTIONS[name]
    off = "" if values else "# "
    title = header(name).replace("NAME", venue)
    lines = [f"{off}{title}", *(f"# {line}" for line in _summary(section))]
    for key, field in section.model_fields.items():
        if key not in values and _is_section(key, name):
            continue
        given = key in values
        value = values[key] if given else field.default
        text = "?" if value is None or value is PydanticUndefined else toml_value(value)
        line = f"{key} = {text}" if given else f"# {key} = {text}"
        lines.append(f"{line:<{_COMMENT_COLUMN}}  # {field.description}")
    return [*lines, ""]


def toml_value(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return str(value)


def _is_section(key: str, parent: str) -> bool:
    return (f"{parent}.{key}" if parent else key) in SECTIONS


def _summary(section: type[Section]) -> list[str]:
    return [line.strip() for line in (section.__doc__ or "").strip().splitlines() if line.strip()]
