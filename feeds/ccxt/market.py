"""ccxt's unified market data to events. Pure.

What ccxt does not tell is left unknown: a funding interval is never taken to be eight hours, and a price of trades is
never told as a mark price.

Source: https://docs.ccxt.com/ (market, ticker, funding rate and leverage tier structures)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from core.errors import RequestError
from core.events import (
    AnyEvent,
    CandlePrice,
    DayStatistics,
    FrameFault,
    FundingSettled,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.instruments import ContractKind, Instrument, Tier, TierTable, instrument_id
from core.symbols import read_name
from core.tiers import check_continuity
from feeds import candles
from feeds.bodies import bad_row
from feeds.ccxt.numbers import hours, inner, nanoseconds, number, price, rate, size
from feeds.fields import ahead_of_clock

DECIMAL_PLACES, TICK_SIZE = 2, 4
"""How ccxt writes precisions (``precisionMode``); a third way, significant digits, tells no step."""

MARKETS_CALL: Final = "loadMarkets"
TIERS_CALL: Final = "fetchMarketLeverageTiers"

TIERS_MISTOLD: Final = frozenset({"okx", "okxus", "myokx"})
"""Of these ccxt tells tiers of contracts as if they were of notional."""


def id_of(venue: str, market: Mapping[str, Any]) -> str:
    """The instrument id of one of ccxt's markets; empty where it is of no kind that is read."""
    kind, symbol = market.get("type"), market.get("symbol")
    name = instrument_id(venue, str(kind), str(symbol))
    return name if read_name(name) is not None else ""


# --- instruments -------------------------------------------------------------------------------------------------


def instrument(
    venue: str, name: str, market: Mapping[str, Any], mode: int, received_ns: int
) -> InstrumentListed | FrameFault:
    """A market as an instrument; a FrameFault naming what is missing or cannot be used."""
    terms = read_name(name)
    assert terms is not None, "only names that can be read are asked for"
    told = (market.get("base"), market.get("quote"), market.get("settle") or market.get("quote"))
    tick, step = (_step(inner(market, "precision", field), mode) for field in ("price", "amount"))
    contract_size = Decimal(1) if terms.market == "spot" else price(market.get("contractSize"))
    expiry = nanoseconds(market.get("expiry"))
    for field, good in (
        ("symbol", told == (terms.base, terms.quote, terms.settle)),
        ("settle", terms.settle in (terms.base, terms.quote)),
        ("contractSize", contract_size is not None),
        ("precision.price", tick is not None),
        ("precision.amount", step is not None),
        ("expiry", (expiry is not None) == (terms.market == "future")),
    ):
        if not good:
            return bad_row(
                venue, MARKETS_CALL, field, f"{terms.symbol}: not told, or not what is read here", received_ns
            )
    assert tick is not None
    assert step is not None
    assert contract_size is not None
    return InstrumentListed(
        received_ns=received_ns,
        instrument=Instrument(
            id=name,
            venue=venue,
            market=terms.market,
            symbol=terms.symbol,
            kind=_kind(terms.market, inverse=terms.settle == terms.base),
            base=terms.base,
            quote=terms.quote,
            settle=terms.settle,
            contract_size=contract_size,
            tick_size=tick,
            quantity_step=step,
            minimum_quantity=price(inner(market, "limits", "amount", "min")) or step,
            maximum_quantity=price(inner(market, "limits", "amount", "max")),
            minimum_notional=price(inner(market, "limits", "cost", "min")),
            maximum_leverage=price(inner(market, "limits", "leverage", "max")),
            expiry_ns=expiry,
            status="not trading" if market.get("active") is False else "trading",
        ),
    )


def _kind(market: str, *, inverse: bool) -> ContractKind:
    if market == "spot":
        return ContractKind.SPOT
    return ContractKind.INVERSE if inverse else ContractKind.LINEAR


def _step(value: Any, mode: int) -> Decimal | None:
    """The smallest step that a precision means."""
    if mode == TICK_SIZE:
        return price(value)
    digits = number(value)
    if mode != DECIMAL_PLACES or digits is None or digits != digits.to_integral_value() or not -18 <= digits <= 18:
        return None
    return Decimal((0, (1,), -int(digits)))


# --- tiers -------------------------------------------------------------------------------------------------------


def tiers(venue: str, name: str, rows: Sequence[Any], received_ns: int) -> TiersLoaded | FrameFault:
    """A tier table; a FrameFault where it cannot be used.

    ccxt tells no deductions: the rate of a tier is taken to be that of the whole position, which asks for more than an
    exchange with deductions does. Its floors and caps are used where ccxt says in which currency they are.
    """
    terms = read_name(name)
    assert terms is not None
    unit = "coin" if terms.settle == terms.base else "quote"
    steps: list[Tier] = []
    for row in rows:
        cap = price(inner(row, "maxNotional"))
        mmr = rate(inner(row, "maintenanceMarginRate"))
        if inner(row, "currency") != terms.settle or mmr is None:
            field = "maintenanceMarginRate" if mmr is None else "currency"
            return bad_row(
                venue, TIERS_CALL, field, f"{terms.symbol}: not told, or not of the settlement currency", received_ns
            )
        floor = steps[-1].cap if steps else Decimal(0)
        if floor is None:
            return bad_row(
                venue, TIERS_CALL, "maxNotional", f"{terms.symbol}: a tier above one without end", received_ns
            )
        steps.append(
            Tier(
                floor=floor,
                cap=cap,
                rate=mmr,
                deduction=Decimal(0),
                maximum_leverage=price(inner(row, "maxLeverage")),
            )
        )
    table = TierTable(
        instrument=name,
        unit=unit,
        tiers=tuple(steps),
        as_of_ns=received_ns,
        source=f"ccxt {TIERS_CALL}",
        whole_position=True,
    )
    try:
        check_continuity(table)
    except RequestError as error:
        return bad_row(venue, TIERS_CALL, "tiers", f"{terms.symbol}: {error}", received_ns)
    return TiersLoaded(received_ns=received_ns, table=table)


def _stamp(told: Mapping[str, Any], received_ns: int) -> int | None:
    """When a structure says that it was true; ``None`` for a time impossibly far ahead of the clock."""
    stamp = nanoseconds(told.get("timestamp"))
    return None if stamp is not None and ahead_of_clock(stamp // 1_000_000, received_ns) else stamp


# --- prices and funding ------------------------------------------------------------------------------------------


def ticker(
    name: str, channel: str, told: Mapping[str, Any], received_ns: int, *, book: bool = True, mark: bool = True
) -> Ticker:
    """The prices of a ticker structure; best bid and ask only with ``book``, mark and index price with ``mark``: where
    nothing tells them sooner."""
    return Ticker(
        received_ns=received_ns,
        instrument=name,
        channel=channel,
        venue_time_ns=_stamp(told, received_ns),
        mark_price=price(told.get("markPrice")) if mark else None,
        index_price=price(told.get("indexPrice")) if mark else None,
        last_price=price(told.get("last")),
        bid_price=price(told.get("bid")) if book else None,
        bid_size=size(told.get("bidVolume")) if book else None,
        ask_price=price(told.get("ask")) if book else None,
        ask_size=size(told.get("askVolume")) if book else None,
    )


def day(name: str, channel: str, told: Mapping[str, Any], received_ns: int) -> DayStatistics:
    """The 24 hours of a ticker structure. Volumes are in coins, and so left out of contracts, which are counted."""
    spot = name.split(":", 2)[1] == "spot"
    return DayStatistics(
        received_ns=received_ns,
        instrument=name,
        channel=channel,
        venue_time_ns=_stamp(told, received_ns),
        open_price=price(told.get("open")),
        high_price=price(told.get("high")),
        low_price=price(told.get("low")),
        last_price=price(told.get("last")),
        volume=size(told.get("baseVolume")) if spot else None,
        turnover=size(told.get("quoteVolume")) if spot else None,
    )


def funding(name: str, channel: str, told: Mapping[str, Any], received_ns: int, *, prices: bool) -> Ticker:
    """The estimate for the running interval; with ``prices`` the mark and index price beside it, where nothing tells
    them sooner. A rate whose time has passed is no estimate any more."""
    due = nanoseconds(told.get("fundingTimestamp"))
    over = due is not None and due <= received_ns
    return Ticker(
        received_ns=received_ns,
        instrument=name,
        channel=channel,
        venue_time_ns=_stamp(told, received_ns),
        mark_price=price(told.get("markPrice")) if prices else None,
        index_price=price(told.get("indexPrice")) if prices else None,
        funding_rate=None if over else rate(told.get("fundingRate")),
        next_funding_time_ns=None if over else due,
        funding_interval_hours=hours(told.get("interval")),
    )


def settled(name: str, rows: Sequence[Any], received_ns: int) -> list[AnyEvent]:
    """The newest settlement of a funding rate history."""
    found = [
        (when, charged)
        for row in rows
        if (when := nanoseconds(inner(row, "timestamp"))) is not None
        and (charged := rate(inner(row, "fundingRate"))) is not None
        and when <= received_ns
    ]
    if not found:
        return []
    when, charged = max(found)
    return [FundingSettled(received_ns=received_ns, instrument=name, rate=charged, settled_ns=when)]


def history(
    name: str, price_of: CandlePrice, interval_ns: int, rows: Sequence[Any], received_ns: int
) -> list[AnyEvent]:
    """The closed candles of OHLCV rows."""
    raw = [msgspec.Raw(msgspec.json.encode([_cell(cell) for cell in row])) for row in rows if isinstance(row, list)]
    return candles.candles("fetchOHLCV", name, price_of, interval_ns, raw, received_ns)


def _cell(value: Any) -> Any:
    found = number(value)
    return None if found is None else format(found, "f")
