"""Where the price of a contract comes from, as the configuration file says it, and what must agree within that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Protocol
from urllib.parse import urlsplit

from pydantic import Field

from core.aim import DOLLARS
from core.config_rules import Address, Choice, Flag, Number, Parsed, Rule, Text
from core.config_section import POSITIVE, Section
from core.config_times import Moment
from core.exact import exactly
from core.sheet_price import PolledAddress, PriceMeaning, SheetPrice, TailedFile, TimeFormat, TypedMarks
from core.symbols import is_spot_pair, read_name
from core.trading_hours import SECOND_NS

DEFAULT_EVERY = Decimal(10)
SETTLEMENT_STALE = Decimal(26 * 3600)
TYPED_STALE = Decimal(3600)
FILE_STALE = Decimal(60)
POLLED_STALE = Decimal(30)
"""Ages in seconds at which a price is stale where nothing else is said: a settlement price is told once a day, a polled
one has at least three polls."""

_MOST_HEADERS = 20
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_POINTER = Text('a JSON pointer (RFC 6901) such as "/data/last"', r"(/([^~]|~[01])*)?", longest=300)
_FILE = Text("the path of a file", longest=1024)
_INDEX = Parsed('a spot pair such as "bybit:spot:BTCUSDT"', is_spot_pair)


@dataclass(frozen=True)
class PriceAddress(Rule):
    """The address of a document: as a base address must be, with a query where need be."""

    base = Address("https", "http")

    @property
    def expected(self) -> str:
        return f"{self.base.expected}, without a user name"

    def check(self, value: object) -> str:
        if not isinstance(value, str) or len(value) > 2000 or "#" in value:
            raise self.refuse()
        try:
            self.base.check(value.partition("?")[0])
            if not value.isascii() or not value.isprintable() or " " in value or not urlsplit(value).hostname:
                raise self.refuse()
        except ValueError:
            raise self.refuse() from None
        return value


@dataclass(frozen=True)
class Headers(Rule):
    """Names of HTTP headers with the environment variables that hold what they say."""

    @property
    def expected(self) -> str:
        return (
            "a table of header names with the names of environment variables, such as "
            '{ Authorization = "QUOTES_TOKEN" } (never what they hold)'
        )

    def check(self, value: object) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, dict) or len(value) > _MOST_HEADERS:
            raise self.refuse()
        for name, variable in value.items():
            named = isinstance(name, str) and _HEADER.fullmatch(name)
            if not named or not isinstance(variable, str) or not _VARIABLE.fullmatch(variable):
                raise self.refuse()
        if len({name.lower() for name in value}) != len(value):
            raise self.refuse()
        return tuple(value.items())


class PriceSection(Section):
    """Where the price of the contract above it comes from: exactly one of `file`, `url` and `typed`.

    A price is late at half of `stale_after_seconds`, unknown at four times it; only time in which the market is open
    counts. A file is followed as it grows: each line is a number, a time and a number, or, with `pointer`, a JSON
    object; a line without a time is as old as the file's last change. An address is asked for JSON again and again.
    Typed marks are typed in the monitor with `e`, and kept in the journal.
    """

    file: Annotated[str | None, _FILE] = Field(default=None, description="a file that grows by a line for each price")
    url: Annotated[str | None, PriceAddress()] = Field(
        default=None, description="an address that answers with JSON; given together with `pointer`"
    )
    typed: Annotated[bool, Flag()] = Field(default=False, description="marks are typed by hand")
    pointer: Annotated[str | None, _POINTER] = Field(default=None, description="where the price stands in the JSON")
    time_pointer: Annotated[str | None, _POINTER] = Field(
        default=None, description="where its time stands there; without it a price is as old as its arrival"
    )
    time_format: Annotated[str, Choice(tuple(TimeFormat))] = Field(
        default="iso8601", description="how times are written: ISO 8601 with an offset, or seconds or ms since 1970"
    )
    every_seconds: Annotated[Decimal | None, Number(minimum=1, maximum=3600)] = Field(
        default=None, description="how often `url` is asked; 10 where nothing is said"
    )
    headers: Annotated[tuple[tuple[str, str], ...] | None, Headers()] = Field(
        default=None, description="headers to send to `url`, from the environment"
    )
    mark: Annotated[Decimal | None, POSITIVE] = Field(
        default=None, description="with `typed`: a first mark, given together with `at`"
    )
    at: Annotated[datetime | None, Moment()] = Field(default=None, description="when that mark was seen")
    price: Annotated[str, Choice(tuple(PriceMeaning))] = Field(
        default="mark", description="what the price is; positions are valued at it, whichever it is"
    )
    stale_after_seconds: Annotated[Decimal | None, Number(minimum=1, maximum=2_592_000)] = Field(
        default=None,
        description="age at which it is stale; without it 60 for a file, three polls but at least 30 for an address, "
        "3600 for typed marks, 93600 for a settlement price",
    )
    index: Annotated[str | None, _INDEX] = Field(
        default=None,
        description="the spot pair whose middle stands for the index price, against which basis is reckoned",
    )


Fault = tuple[str, str, str]
"""Key, what was expected, what was found."""

_BELONGS = {
    "pointer": ("file", "url"),
    "time_pointer": ("file", "url"),
    "every_seconds": ("url",),
    "headers": ("url",),
    "mark": ("typed",),
    "at": ("typed",),
}


class Contract(Protocol):
    """What of a contract its prices must fit."""

    base: str
    quote: str
    tick_size: Decimal


def price_faults(section: PriceSection, contract: Contract) -> Iterator[Fault]:
    """What does not agree within one price section, and with its contract."""
    given = [key for key in ("file", "url", "typed") if getattr(section, key)]
    if not given:
        yield "file", "exactly one of file, url and typed = true", "none of them"
    for extra in given[1:]:
        yield extra, f"only one source ({given[0]} is given)", "a second one"
    if len(given) != 1:
        return
    for key, sources in _BELONGS.items():
        if getattr(section, key) is not None and given[0] not in sources:
            yield key, f"nothing: it belongs to {' or '.join(sources)}", f"{key} beside {given[0]}"
    yield from _pointer_faults(section)
    yield from _mark_faults(section, contract)
    yield from _age_faults(section)
    yield from _index_faults(section, contract)


def _pointer_faults(section: PriceSection) -> Iterator[Fault]:
    if section.url is not None and section.pointer is None:
        yield "pointer", "where the price stands in what url answers", "nothing"
    if section.file is not None and section.time_pointer is not None and section.pointer is None:
        yield "time_pointer", "pointer beside it, for lines that are JSON", "time_pointer alone"


@exactly
def _on_tick(mark: Decimal, tick_size: Decimal) -> bool:
    return mark % tick_size == 0


def _mark_faults(section: PriceSection, contract: Contract) -> Iterator[Fault]:
    if (section.mark is None) != (section.at is None):
        wanted, alone = ("at", "mark") if section.at is None else ("mark", "at")
        yield wanted, "mark and at together: a mark ages from its time", f"{alone} alone"
    if section.mark is not None and not _on_tick(section.mark, contract.tick_size):
        yield "mark", f"a multiple of tick_size {contract.tick_size}", f"{section.mark}"


def _age_faults(section: PriceSection) -> Iterator[Fault]:
    every = section.every_seconds or DEFAULT_EVERY
    stale = section.stale_after_seconds
    if section.url is not None and stale is not None and stale < 2 * every:
        yield "stale_after_seconds", f"at least twice every_seconds {every}", f"{stale}"


def _index_faults(section: PriceSection, contract: Contract) -> Iterator[Fault]:
    terms = read_name(section.index) if section.index is not None else None
    if terms is None:
        return
    same = terms.quote == contract.quote or {terms.quote, contract.quote} <= DOLLARS
    if terms.base != contract.base or not same:
        yield "index", f"a spot pair of {contract.base} in {contract.quote}", f"{section.index!r}"


def sheet_price(section: PriceSection, folder: Path) -> SheetPrice:
    """The source that a sound section describes; a relative path starts from ``folder``."""
    return SheetPrice(
        source=_source(section, folder),
        means=PriceMeaning(section.price),
        stale_after_seconds=_stale_after(section),
        index=section.index or "",
    )


def _source(section: PriceSection, folder: Path) -> TailedFile | PolledAddress | TypedMarks:
    format_ = TimeFormat(section.time_format)
    if section.file is not None:
        path = (folder / Path(section.file).expanduser()).absolute()
        return TailedFile(
            path=str(path), pointer=section.pointer, time_pointer=section.time_pointer, time_format=format_
        )
    if section.url is not None:
        return PolledAddress(
            url=section.url,
            pointer=section.pointer or "",
            time_pointer=section.time_pointer,
            time_format=format_,
            every_seconds=section.every_seconds or DEFAULT_EVERY,
            headers=section.headers or (),
        )
    at_ns = None if section.at is None else int(section.at.astimezone(UTC).timestamp()) * SECOND_NS
    return TypedMarks(mark=section.mark, at_ns=at_ns)


def _stale_after(section: PriceSection) -> Decimal:
    if section.stale_after_seconds is not None:
        return section.stale_after_seconds
    if section.price == PriceMeaning.SETTLEMENT:
        return SETTLEMENT_STALE
    if section.url is not None:
        return max(POLLED_STALE, 3 * (section.every_seconds or DEFAULT_EVERY))
    return FILE_STALE if section.file is not None else TYPED_STALE
