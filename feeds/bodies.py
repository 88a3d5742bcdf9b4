"""REST bodies through pydantic: the number types every venue's models share, and what a bad row becomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from functools import cache
from typing import Annotated, Final, TypeVar, get_args

import msgspec
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.errors import DecodeError
from core.events import AnyEvent, FaultKind, FrameFault, InstrumentListed
from feeds.fields import plausible_asset, plausible_symbol
from feeds.frames import clip, fault

CONNECTION: Final = "reference"
"""The connection that faults of REST bodies are told under."""

_LARGEST: Final = Decimal("1e18")


def _blank_as_none(value: object) -> object:
    return None if value == "" else value


def _plain(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, str) and (not value.isascii() or "_" in value)):
        raise ValueError("a number in plain digits is expected")
    return value


def _symbol(value: str) -> str:
    if not plausible_symbol(value):
        raise ValueError("a symbol is expected")
    return value


def _asset(value: str) -> str:
    if not plausible_asset(value):
        raise ValueError("the name of a coin is expected")
    return value


PLAIN: Final = BeforeValidator(_plain)
"""For numbers: Python reads truths, digits of other scripts and between underscores as numbers, venues do not."""

Symbol = Annotated[str, AfterValidator(_symbol)]
"""A symbol: what an instrument is named after is never empty, and never a dash for want of a name."""

MaybeSymbol = Annotated[str, AfterValidator(lambda value: _symbol(value) if value else value)]
"""A symbol, or "" for what is of no instrument."""

Asset = Annotated[str, AfterValidator(_asset)]
"""The name of a coin."""

Whole = Annotated[int, PLAIN]
"""A whole number, text or not."""

Positive = Annotated[Decimal, PLAIN, Field(gt=0, lt=_LARGEST)]
NotNegative = Annotated[Decimal, PLAIN, Field(ge=0, lt=_LARGEST)]
Fraction = Annotated[Decimal, PLAIN, Field(gt=-1, lt=1)]
MaybePositive = Annotated[Positive | None, BeforeValidator(_blank_as_none)]
MaybeNotNegative = Annotated[NotNegative | None, BeforeValidator(_blank_as_none)]
MaybeFraction = Annotated[Fraction | None, BeforeValidator(_blank_as_none)]


class Body(BaseModel):
    """A model of what a venue sends: unknown keys are ignored, fields are read under the venue's names."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=False)


_Row = TypeVar("_Row", bound=Body)


class _Named(msgspec.Struct):
    symbol: str = ""


def rows_of(rows: Iterable[msgspec.Raw], wanted: Collection[str] | None) -> list[tuple[str, msgspec.Raw]]:
    """Symbol and text of each row whose symbol is wanted (``None``: all), so that only those are validated."""
    found = []
    for row in rows:
        try:
            symbol = msgspec.json.decode(row, type=_Named).symbol
        except msgspec.DecodeError:
            symbol = ""
        if wanted is None or symbol in wanted:
            found.append((symbol, row))
    return found


def read_rows(
    venue: str, place: str, rows: Iterable[tuple[str, msgspec.Raw]], model: type[_Row], received_ns: int
) -> tuple[list[_Row], list[AnyEvent]]:
    """The rows that are good, and a FrameFault naming the field of each that is not. ``place`` names the endpoint."""
    good: list[_Row] = []
    faults: list[AnyEvent] = []
    for symbol, row in rows:
        try:
            good.append(model.model_validate_json(bytes(row)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = _field(model, first["loc"])
            faults.append(bad_row(venue, place, clip(field), f"{clip(symbol, 40)}: {clip(first['msg'])}", received_ns))
    return good, faults


def _field(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """What a fault is about: "row" for a row that is no object, all of its names for a field that venues call
    differently and that is not there."""
    *above, last = [str(part) for part in place] or ["row"]
    called = next((names for names in _other_names(model) if last in names), (last,))
    return ".".join([*above, " or ".join(called)])


@cache
def _other_names(model: type[BaseModel]) -> list[tuple[str, ...]]:
    """The names of each field of a model, and of the models in it, that has several."""
    found: list[tuple[str, ...]] = []
    for field in model.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            found.append(tuple(str(name) for name in field.validation_alias.choices))
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found += _other_names(part)
    return found


def bad_row(venue: str, place: str, field: str, detail: str, received_ns: int) -> FrameFault:
    """The event that tells of a row that was not used."""
    error = DecodeError(venue, FaultKind.BAD_FIELD, channel=place, field=field, detail=detail)
    return fault(error, CONNECTION, received_ns)


def missing(venue: str, place: str, wanted: Iterable[str], found: Iterable[str], received_ns: int) -> list[AnyEvent]:
    """A FrameFault for each symbol that was wanted and is not listed."""
    absent = sorted(set(wanted) - set(found))
    return [bad_row(venue, place, "symbol", f"{clip(symbol)} is not listed", received_ns) for symbol in absent]


def listed(events: Iterable[AnyEvent]) -> list[str]:
    """The symbols of the instruments among the events."""
    return [event.instrument.symbol for event in events if isinstance(event, InstrumentListed)]
