"""The parts of a document read from TOML that can be checked although others are faulty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from core.config_section import Section
from core.config_text import KeyPath

_S = TypeVar("_S", bound=Section)


def tables(raw: object) -> list[Mapping[str, object]]:
    """The elements of an array of tables; an element that is no table counts as an empty one."""
    return [item if isinstance(item, dict) else {} for item in (raw if isinstance(raw, list) else [])]


def texts(raw: object, key: str) -> dict[int, str]:
    """What the elements of an array of tables say for ``key``, by their number, where that is text."""
    return {index: value for index, table in enumerate(tables(raw)) if isinstance(value := table.get(key), str)}


def sound(section: type[_S], raw: object, path: KeyPath) -> list[tuple[KeyPath, _S]]:
    """The elements of an array of tables that are valid by themselves, with their places."""
    found = []
    for index, table in enumerate(tables(raw)):
        try:
            found.append(((*path, index), section.model_validate(table)))
        except ValidationError:
            continue  # reported by the validation of the whole file
    return found
