"""OKX's public REST bodies to events: instruments, tiers, funding, prices. Pure.

A swap's quantities are contracts, and fractions of them: one is ``ctVal · ctMult`` coins (linear) or US dollars
(inverse). The rate of a position tier applies to the whole position.

Source: https://www.okx.com/docs-v5/en/#public-data-rest-api (instruments, position tiers, funding rate) and
https://www.okx.com/docs-v5/en/#order-book-trading-market-data (ticker)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Final, TypeVar

import msgspec
from pydantic import BeforeValidator, Field

from core.errors import DecodeError, RequestError
from core.events import AnyEvent, FaultKind, FundingSettled, Heard, InstrumentListed, TiersLoaded
from core.instruments import ContractKind, Instrument, Tier, TierTable, instrument_id
from core.tiers import check_continuity
from feeds.bodies import Body, Fraction, MaybeFraction, MaybePositive, NotNegative, Positive, bad_row, read_rows
from feeds.candles import open_body
from feeds.fields import TIME_CEILING_MS, Fields
from feeds.frames import clip
from feeds.okx import candles, facts, quotes
from feeds.okx.state import hours_between, market_of
from feeds.venue import RestAnswer

_KINDS: Final = {"linear": ContractKind.LINEAR, "inverse": ContractKind.INVERSE}
_Milliseconds = Annotated[int, Field(gt=0, lt=TIME_CEILING_MS)]


def _zero_as_none(value: object) -> object:
    return None if value in ("", "0", 0) else value


_MaybeMilliseconds = Annotated[_Milliseconds | None, BeforeValidator(_zero_as_none)]


class _Swap(Body):
    symbol: str = Field(alias="instId")
    state: str
    kind: str = Field(alias="ctType")
    underlying: str = Field(alias="uly")
    settle: str = Field(alias="settleCcy", min_length=1)
    value: Positive = Field(alias="ctVal")
    multiplier: Positive = Field(alias="ctMult")
    value_currency: str = Field(alias="ctValCcy")
    tick_size: Positive = Field(alias="tickSz")
    step: Positive = Field(alias="lotSz")
    minimum: Positive = Field(alias="minSz")
    maximum_limit: MaybePositive = Field(alias="maxLmtSz", default=None)
    maximum_market: MaybePositive = Field(alias="maxMktSz", default=None)
    maximum_leverage: MaybePositive = Field(alias="lever", default=None)


class _Pair(Body):
    symbol: str = Field(alias="instId")
    state: str
    base: str = Field(alias="baseCcy", min_length=1)
    quote: str = Field(alias="quoteCcy", min_length=1)
    tick_size: Positive = Field(alias="tickSz")
    step: Positive = Field(alias="lotSz")
    minimum: Positive = Field(alias="minSz")
    maximum: MaybePositive = Field(alias="maxLmtSz", default=None)


class Funding(Body):
    """How one swap stands with its funding: ``rate`` is charged at ``due_ms``."""

    symbol: str = Field(alias="instId")
    rate: Fraction = Field(alias="fundingRate")
    due_ms: _Milliseconds = Field(alias="fundingTime")
    before_ms: _MaybeMilliseconds = Field(alias="prevFundingTime", default=None)
    after_ms: _MaybeMilliseconds = Field(alias="nextFundingTime", default=None)
    cap: MaybeFraction = Field(alias="maxFundingRate", default=None)
    floor: MaybeFraction = Field(alias="minFundingRate", default=None)

    @property
    def hours(self) -> int | None:
        """The running interval, or where it is not told the one after it; ``None`` where it is no whole hours."""
        return hours_between(self.before_ms, self.due_ms) or hours_between(self.due_ms, self.after_ms)


class _Settled(Body):
    symbol: str = Field(alias="instId")
    rate: Fraction = Field(alias="realizedRate")
    time_ms: _Milliseconds = Field(alias="fundingTime")


class _Tier(Body):
    family: str = Field(alias="instFamily", default="")
    underlying: str = Field(alias="uly", default="")
    start: NotNegative = Field(alias="minSz")
    end: Positive = Field(alias="maxSz")
    rate: Positive = Field(alias="mmr")
    maximum_leverage: MaybePositive = Field(alias="maxLever", default=None)


class _Rows(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]


_Model = TypeVar("_Model", bound=Body)


def rows_in(body: bytes, place: str) -> list[msgspec.Raw]:
    """The rows of an answer. Raises DecodeError for a body that holds none."""
    return open_body(facts.VENUE, place, body, _Rows).data


def named(rows: Iterable[msgspec.Raw], *keys: str) -> list[tuple[str, msgspec.Raw]]:
    """Each row with the first of these texts that it has."""
    found = []
    for row in rows:
        fields = Fields({"row": row}).object("row") or Fields({})
        found.append((next((text for key in keys if key in fields and (text := fields.text(key))), ""), row))
    return found


def _good(
    place: str, rows: Iterable[tuple[str, msgspec.Raw]], model: type[_Model], received_ns: int
) -> tuple[list[_Model], list[AnyEvent]]:
    return read_rows(facts.VENUE, place, rows, model, received_ns)


# --- instruments -------------------------------------------------------------------------------------------------


def instruments(
    body: bytes, wanted: Collection[str] | None, received_ns: int, funding: Mapping[str, Funding] | None = None
) -> list[AnyEvent]:
    """The swaps and pairs of an ``instruments`` body; a FrameFault for each that cannot be read.

    ``wanted`` are symbols; ``None`` for all that are read here, which dated futures and options are not. ``funding``
    is how each swap stands; without it intervals stay unknown. Raises DecodeError for a body that is no list.
    """
    place = facts.INSTRUMENTS_PATH
    rows = [(symbol, row) for symbol, row in named(rows_in(body, place), "instId") if _is_wanted(symbol, wanted)]
    swaps, swap_faults = _good(place, _of_market(rows, swap=True), _Swap, received_ns)
    pairs, pair_faults = _good(place, _of_market(rows, swap=False), _Pair, received_ns)
    events: list[AnyEvent] = []
    for swap in swaps:
        try:
            instrument = _from_swap(swap, (funding or {}).get(swap.symbol))
        except DecodeError as error:
            detail = f"{clip(swap.symbol, 40)}: {error.detail}"
            events.append(bad_row(facts.VENUE, place, error.field, detail, received_ns))
        else:
            events.append(InstrumentListed(received_ns=received_ns, instrument=instrument))
    events += [InstrumentListed(received_ns=received_ns, instrument=_from_pair(pair)) for pair in pairs]
    return [*events, *swap_faults, *pair_faults]


def _is_wanted(symbol: str, wanted: Collection[str] | None) -> bool:
    return bool(market_of(symbol)) if wanted is None else symbol in wanted


def _of_market(rows: Iterable[tuple[str, msgspec.Raw]], *, swap: bool) -> list[tuple[str, msgspec.Raw]]:
    return [(symbol, row) for symbol, row in rows if symbol.endswith(facts.SWAP_SUFFIX) == swap]


def _from_swap(swap: _Swap, funding: Funding | None) -> Instrument:
    """Raises DecodeError where the contract is not what its name says, so that its size would be misread."""
    market = market_of(swap.symbol)
    base, _, quote = swap.underlying.partition("-")
    for field, expected, told in (
        ("ctType", market, swap.kind),
        ("uly", swap.symbol.removesuffix(facts.SWAP_SUFFIX), swap.underlying),
        ("ctValCcy", base if market == facts.LINEAR else quote, swap.value_currency),
        ("settleCcy", quote if market == facts.LINEAR else base, swap.settle),
    ):
        if told != expected:
            detail = f"expected {clip(expected, 40)}, found {clip(told, 40)}"
            raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, field=field, detail=detail)
    return Instrument(
        id=instrument_id(facts.VENUE, market, swap.symbol),
        venue=facts.VENUE,
        market=market,
        symbol=swap.symbol,
        kind=_KINDS[market],
        base=base,
        quote=quote,
        settle=swap.settle,
        contract_size=swap.value * swap.multiplier,
        tick_size=swap.tick_size,
        quantity_step=swap.step,
        minimum_quantity=swap.minimum,
        maximum_quantity=min((it for it in (swap.maximum_limit, swap.maximum_market) if it is not None), default=None),
        maximum_leverage=swap.maximum_leverage,
        funding_interval_hours=None if funding is None else funding.hours,
        funding_rate_cap=None if funding is None else funding.cap,
        funding_rate_floor=None if funding is None else funding.floor,
        status=_status(swap.state),
    )


def _from_pair(pair: _Pair) -> Instrument:
    return Instrument(
        id=instrument_id(facts.VENUE, facts.SPOT, pair.symbol),
        venue=facts.VENUE,
        market=facts.SPOT,
        symbol=pair.symbol,
        kind=ContractKind.SPOT,
        base=pair.base,
        quote=pair.quote,
        settle=pair.quote,
        contract_size=Decimal(1),
        tick_size=pair.tick_size,
        quantity_step=pair.step,
        minimum_quantity=pair.minimum,
        maximum_quantity=pair.maximum,  # that of market orders may be in quote
        status=_status(pair.state),
    )


def _status(state: str) -> str:
    return "trading" if state == "live" else clip(state, 40)


# --- tiers -------------------------------------------------------------------------------------------------------


def tiers(body: bytes, wanted: Collection[str] | None, received_ns: int) -> list[AnyEvent]:
    """The tier tables in a ``position-tiers`` body, by swap; a FrameFault, and no table, for a swap whose rows are no
    good. Raises DecodeError for a body that is no list."""
    place = facts.TIERS_PATH
    groups: dict[str, list[tuple[str, msgspec.Raw]]] = {}
    for family, row in named(rows_in(body, place), "instFamily", "uly"):
        symbol = family + facts.SWAP_SUFFIX
        if market_of(symbol) and _is_wanted(symbol, wanted):
            groups.setdefault(symbol, []).append((symbol, row))
    events: list[AnyEvent] = []
    for symbol, rows in groups.items():
        found, faults = _good(place, rows, _Tier, received_ns)
        events += faults or _table(symbol, sorted(found, key=lambda tier: tier.start), received_ns)
    return events


def _table(symbol: str, found: Sequence[_Tier], received_ns: int) -> list[AnyEvent]:
    """The table of one swap; a fault instead where it does not begin at nothing, has holes or falls."""
    place, end = facts.TIERS_PATH, Decimal(0)
    steps: list[Tier] = []
    for tier in found:
        # Where the venue counts whole contracts, what lies between two tiers is held to the dearer one.
        if not end <= tier.start <= end + (facts.WIDEST_GAP if steps else 0):
            detail = f"{symbol}: expected {end:f}, found {tier.start:f}"
            return [bad_row(facts.VENUE, place, "minSz", detail, received_ns)]
        steps.append(
            Tier(
                floor=end,
                cap=tier.end,
                rate=tier.rate,
                deduction=Decimal(0),
                maximum_leverage=tier.maximum_leverage,
            )
        )
        end = tier.end
    table = TierTable(
        instrument=instrument_id(facts.VENUE, market_of(symbol), symbol),
        unit="contracts",
        tiers=tuple(steps),
        as_of_ns=received_ns,
        source=f"{place} ({facts.TIER_MODE} margin)",
        whole_position=True,
    )
    try:
        check_continuity(table)
    except RequestError as error:
        return [bad_row(facts.VENUE, place, "mmr", f"{symbol}: {error}", received_ns)]
    return [TiersLoaded(received_ns=received_ns, table=table)]


# --- funding -----------------------------------------------------------------------------------------------------


def terms(body: bytes, received_ns: int) -> tuple[dict[str, Funding], list[AnyEvent]]:
    """How each swap of a ``funding-rate`` body stands, by symbol, and faults. Raises DecodeError."""
    found, faults = _good(facts.FUNDING_PATH, named(rows_in(body, facts.FUNDING_PATH), "instId"), Funding, received_ns)
    return {each.symbol: each for each in found}, faults


def settled(body: bytes, received_ns: int) -> list[AnyEvent]:
    """The settlements in a ``funding-rate-history`` body, oldest first. Raises DecodeError."""
    place = facts.SETTLED_PATH
    rows = [(symbol, row) for symbol, row in named(rows_in(body, place), "instId") if market_of(symbol)]
    found, faults = _good(place, rows, _Settled, received_ns)
    told = [
        FundingSettled(
            received_ns=received_ns,
            instrument=instrument_id(facts.VENUE, market_of(row.symbol), row.symbol),
            rate=row.rate,
            settled_ns=row.time_ms * 1_000_000,
        )
        for row in sorted(found, key=lambda row: row.time_ms)
    ]
    return [*told, *faults]


def clock_ms(body: bytes) -> int:
    """The venue's time. Raises DecodeError."""
    rows = rows_in(body, facts.CLOCK_PATH)
    row = Fields({"row": rows[0]}).object("row") if rows else None
    told = None if row is None else row.milliseconds("ts")
    if told is None:
        raise DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=facts.CLOCK_PATH, field="ts", detail="no time")
    return told


PATHS: Final = (
    facts.CLOCK_PATH,
    facts.INSTRUMENTS_PATH,
    facts.TIERS_PATH,
    facts.SETTLED_PATH,
    *quotes.CHANNELS,
    *candles.PRICES,
)
"""Whose bodies :func:`events` reads."""


def events(answer: RestAnswer) -> list[AnyEvent]:
    """What a REST answer says. Raises DecodeError for a body that is not what its endpoint sends."""
    path, body, received_ns = answer.path, answer.body, answer.received_ns
    if path in candles.PRICES:
        return candles.events(path, answer.parameters, body, received_ns)
    if path in quotes.CHANNELS:
        return quotes.events(path, rows_in(body, path), received_ns)
    if path == facts.INSTRUMENTS_PATH:
        return instruments(body, None, received_ns)
    if path == facts.TIERS_PATH:
        return tiers(body, None, received_ns)
    if path == facts.SETTLED_PATH:
        return settled(body, received_ns)
    return [Heard(received_ns=received_ns, kind="answer", channel=path, detail=str(clock_ms(body)))]
