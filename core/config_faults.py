"""From what pydantic says about a file to what its author needs to read: key, expectation, finding."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.config_model import SECTIONS, VenueSection, header
from core.config_rules import REFUSED
from core.config_section import Section, rule_of
from core.config_text import KeyPath

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SECRET_WORDS = re.compile(r"secret|passw|passphrase|token|private_?key|api_?key", re.IGNORECASE)
_NO_SECRETS = (
    "no secret in this file, where backups and screens show it: say where it is kept with api_key_env and one of "
    "secret_env, secret_command, secret_file"
)
_LONGEST_FINDING = 60


class Problem(NamedTuple):
    """One fault of a file: where, what was expected and what stands there (as it may be shown)."""

    path: KeyPath
    expected: str
    found: str


def validation_problems(error: ValidationError) -> list[Problem]:
    """Every fault that validation found, none of them telling a value of the ``[venues]`` tables."""
    return [_problem(detail) for detail in error.errors(include_url=False)]


def dotted(path: KeyPath) -> str:
    """A place as it is written: ``books[0].lots[1].quantity``, keys quoted where TOML would."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _PLAIN_KEY.fullmatch(part) else json.dumps(part))
    return text


def _problem(detail: ErrorDetails) -> Problem:
    path, kind = detail["loc"], detail["type"]
    section_name = ".".join(_header_parts(path[:-1]))
    section, key = SECTIONS.get(section_name), path[-1]
    if kind == "extra_forbidden" and section is not None:
        return _unknown_key(path, section_name, section, str(key))
    if kind == "missing" and section is not None:
        return Problem(path, _wanted(section_name, section, str(key)), "nothing")
    found = "a value that is not shown" if path[0] == "venues" else shown(detail["input"])
    if kind == REFUSED:
        return Problem(path, str(detail["ctx"]["expected"]), found)
    name = ".".join(_header_parts(path))
    if kind == "too_short":
        return Problem(path, f"at least one {header(name)}", "none")
    return Problem(path, f"a section written as {header(name)}", found)


def _header_parts(path: KeyPath) -> list[str]:
    parts = [part for part in path if isinstance(part, str)]
    return ["venues", "NAME", *parts[2:]] if parts[:1] == ["venues"] and len(parts) > 1 else parts


def _wanted(section_name: str, section: type[Section], key: str) -> str:
    rule = rule_of(section, key)
    if rule is not None:
        return f"{rule.expected} ({section.model_fields[key].description})"
    return f"at least one {header(f'{section_name}.{key}' if section_name else key)}"


def _unknown_key(path: KeyPath, section_name: str, section: type[Section], key: str) -> Problem:
    if _SECRET_WORDS.search(key) and key not in VenueSection.model_fields:
        return Problem(path, _NO_SECRETS, "a key that would hold one")
    hint = nearest(key, section.model_fields)
    if not hint:
        homes = [name for name, other in SECTIONS.items() if key in other.model_fields and name]
        hint = f" ({key} belongs in {header(homes[0])})" if homes else ""
    where = header(section_name) if section_name else "the file"
    return Problem(path, f"a key that {where} knows{hint}", "an unknown one")


def nearest(word: str, known: Iterable[str]) -> str:
    """The words " (did you mean …?)" for a word close to a known one, else nothing."""
    close = difflib.get_close_matches(word, [name for name in known if name.isprintable()], n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def shown(value: object) -> str:
    """What stands in the file, short and on one line, without control characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "[]" if not value else f"a list of {len(value)}"
    if isinstance(value, Decimal | int):
        return _shortened(str(value))
    if isinstance(value, str):
        return f"the text {_shortened(repr(value))}"
    return f"the date or time {value}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_FINDING else text[: _LONGEST_FINDING - 1] + "…"
