"""The configuration file: read it, refuse it with reasons, or turn it into books.

Reading never writes, never asks a venue and never touches a secret: it only knows where secrets are kept.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec
from pydantic import ValidationError

from core.books import Account, Book, Collateral, Equivalent, Hedge, Limits, Lot, MarginMode, PositionMode, Thresholds
from core.config_checks import cross_checks
from core.config_contracts import contract_sheet
from core.config_faults import Problem, dotted, validation_problems
from core.config_model import (
    AccountSection,
    BookSection,
    CollateralSection,
    DisplaySection,
    FileSection,
    HedgeSection,
    JournalSection,
    VenueSection,
)
from core.config_text import KeyPath, key_lines
from core.contract_sheet import ContractSheet
from core.errors import ConfigError, ConfigErrors
from core.legs import Leg

_LARGEST_FILE = 1_000_000
_SYNTAX_PLACE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
_NUMBER_TOO_LONG = re.compile(r"[0-9_]{4301,}")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A valid configuration. ``file`` is where it came from; relative paths in it start from that folder."""

    file: Path
    books: tuple[Book, ...]
    accounts: tuple[Account, ...]
    contracts: tuple[ContractSheet, ...]
    venues: Mapping[str, VenueSection]
    display: DisplaySection
    journal: JournalSection

    def resolve(self, path: str) -> Path:
        """A path written in the file as an absolute one; ``~`` is the home folder."""
        return (self.file.parent / Path(path).expanduser()).absolute()


def load_config(path: Path) -> Config:
    """The configuration in a file. Raises ConfigError (ConfigErrors where there is more than one fault)."""
    return parse_config(_read(path), path)


def parse_config(text: str, path: Path) -> Config:
    """The configuration in a text that stands, or would stand, in the file ``path``. Raises ConfigError."""
    try:
        document = _parse_toml(text, str(path))
        lines = key_lines(text)
    except RecursionError:
        raise _syntax_error(str(path), 0, "brackets nested too deep") from None
    try:
        sections = FileSection.model_validate(document)
    except ValidationError as error:
        raise _refusal(str(path), [*validation_problems(error), *cross_checks(document)], lines) from None
    problems = [*cross_checks(document)]
    if problems:
        raise _refusal(str(path), problems, lines)
    return _config(sections, path)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigError(str(path), 0, "file", 'a configuration file ("hedgerow init" writes one)', "none") from None
    except OSError as error:
        raise ConfigError(str(path), 0, "file", "a file that can be read", error.strerror or "an error") from None
    if len(content) > _LARGEST_FILE:
        raise ConfigError(str(path), 0, "file", f"at most {_LARGEST_FILE} bytes", "more")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(str(path), line, "text", "UTF-8", "another encoding") from None


def _parse_toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=_exact)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _SYNTAX_PLACE.search(message)
        told = place["line"] if place else None
        line = int(told) if told else text.count("\n") + (not text.endswith("\n"))
        raise _syntax_error(file, line, _SYNTAX_PLACE.sub("", message)) from None
    except ValueError:  # Python's own limit on the digits of a whole number
        too_long = _NUMBER_TOO_LONG.search(text)
        line = text.count("\n", 0, too_long.start()) + 1 if too_long else 0
        raise _syntax_error(file, line, "a number of more than 4300 digits") from None


def _exact(text: str) -> Decimal:
    """A TOML float as the decimal it is written as; not a number where its exponent is beyond all reckoning."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _syntax_error(file: str, line: int, reason: str) -> ConfigError:
    return ConfigError(file, line, "syntax", "valid TOML", f"an error: {reason}")


def _refusal(file: str, problems: Sequence[Problem], lines: Mapping[KeyPath, int]) -> ConfigError:
    errors = sorted(
        (ConfigError(file, _line(path, lines), dotted(path), expected, found) for path, expected, found in problems),
        key=lambda error: error.line,
    )
    return errors[0] if len(errors) == 1 else ConfigErrors(errors)


def _line(path: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    """The line of a key; for one that is missing, that of the nearest table that should hold it."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _config(sections: FileSection, path: Path) -> Config:
    accounts = {section.name: _account(section) for section in sections.accounts}
    return Config(
        file=path,
        books=tuple(_book(section, accounts) for section in sections.books),
        accounts=tuple(accounts.values()),
        contracts=tuple(contract_sheet(section, path.parent) for section in sections.contracts),
        venues=sections.venues,
        display=sections.display,
        journal=sections.journal,
    )


def _account(section: AccountSection) -> Account:
    values = {
        **dict(section),
        "wallet_balance": section.wallet_balance or Decimal(0),
        "margin_mode": MarginMode(section.margin_mode),
        "position_mode": PositionMode(section.position_mode),
        "collateral": tuple(_collateral(item) for item in section.collateral),
    }
    return Account(**values)


def _collateral(section: CollateralSection) -> Collateral:
    return Collateral(**{**dict(section), "ratio_steps": section.ratio_steps or ()})


def _hedge(section: HedgeSection) -> Hedge:
    return Hedge(**{**dict(section), "leg": Leg(section.leg)})


def _book(section: BookSection, accounts: Mapping[str, Account]) -> Book:
    used = dict.fromkeys(hedge.account for hedge in section.hedges)
    used |= dict.fromkeys(lot.account for lot in section.lots if lot.account)
    return Book(
        name=section.name,
        lots=tuple(Lot(**dict(lot)) for lot in section.lots),
        hedges=tuple(_hedge(hedge) for hedge in section.hedges),
        accounts=tuple(accounts[name] for name in used),
        limits=Limits(**dict(section.limits)),
        thresholds=Thresholds(**dict(section.thresholds)),
        equivalents=tuple(Equivalent(**dict(item)) for item in section.equivalents),
    )
