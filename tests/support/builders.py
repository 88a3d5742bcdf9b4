"""Short ways to say what a test is about: instruments, tickers, tiers, books, and an engine that has seen a market."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from core.books import Account, Book, Hedge, Lot
from core.demo_book import seed_book
from core.engine import Engine
from core.events import (
    AnyEvent,
    ChannelChanged,
    ChannelState,
    ConnectionChanged,
    ConnectionState,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.instruments import ContractKind, Instrument, Tier, TierTable
from core.journal import Journal
from core.snapshot import Mode

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
START = 1_786_310_400 * SECOND
"""A round moment in August 2026; tests count seconds from it with :func:`at`."""

LINEAR = "bybit:linear:BTCUSDT"
SPOT = "bybit:spot:BTCUSDT"
INVERSE = "bybit:inverse:BTCUSD"


def at(seconds: float) -> int:
    """The time so many seconds after :data:`START`, in ns."""
    return START + round(seconds * SECOND)


def number(value: Decimal | str | int) -> Decimal:
    """A decimal, from whatever is shortest to write."""
    return value if isinstance(value, Decimal) else Decimal(value)


def optional(value: Decimal | str | int | None) -> Decimal | None:
    """The same, letting ``None`` through."""
    return None if value is None else number(value)


def instrument(
    name: str = LINEAR,
    *,
    base: str = "",
    quote: str = "",
    contract_size: str = "1",
    step: str = "0.001",
    minimum: str = "0.001",
    minimum_notional: str | None = "5",
    tick: str = "0.1",
    status: str = "trading",
    interval: int | None = 8,
) -> Instrument:
    """A contract or spot pair; kind, coin, quote and settle currency follow from its name."""
    venue, market, symbol = name.split(":")
    base = base or next((coin for coin in ("ETH", "SOL", "DOGE") if symbol.startswith(coin)), "BTC")
    kind = {"spot": ContractKind.SPOT, "inverse": ContractKind.INVERSE}.get(market, ContractKind.LINEAR)
    quote = quote or ("USD" if kind is ContractKind.INVERSE else "USDT")
    return Instrument(
        id=name,
        venue=venue,
        market=market,
        symbol=symbol,
        kind=kind,
        base=base,
        quote=quote,
        settle=base if kind is ContractKind.INVERSE else quote,
        contract_size=number(contract_size),
        tick_size=number(tick),
        quantity_step=number(step),
        minimum_quantity=number(minimum),
        minimum_notional=optional(minimum_notional),
        funding_interval_hours=None if kind is ContractKind.SPOT else interval,
        status=status,
    )


def listed(
    name: str = LINEAR, *, when: float = 0, contract_size: str = "1", status: str = "trading"
) -> InstrumentListed:
    """The event that describes an instrument."""
    return InstrumentListed(
        instrument=instrument(name, contract_size=contract_size, status=status), received_ns=at(when)
    )


def tiers(
    name: str = LINEAR, *, when: float = 0, rate: str = "0.005", second_rate: str = "0.01", first_cap: str = "2000000"
) -> TiersLoaded:
    """Two tiers without a gap: ``rate`` up to ``first_cap``, ``second_rate`` above."""
    cap, low, high = number(first_cap), number(rate), number(second_rate)
    table = TierTable(
        instrument=name,
        unit="coin" if ":inverse:" in name else "quote",
        tiers=(
            Tier(floor=Decimal(0), cap=cap, rate=low, deduction=Decimal(0)),
            Tier(floor=cap, cap=None, rate=high, deduction=cap * (high - low)),
        ),
        as_of_ns=at(when),
        source="test",
    )
    return TiersLoaded(table=table, received_ns=at(when))


def ticker(
    when: float,
    name: str = LINEAR,
    *,
    mark: Decimal | str | int | None = None,
    index: Decimal | str | int | None = None,
    bid: Decimal | str | int | None = None,
    ask: Decimal | str | int | None = None,
    rate: Decimal | str | int | None = None,
    next_funding_ns: int | None = None,
    interval: int | None = None,
    channel: str = "",
    venue_time_ns: int | None = None,
    last: Decimal | str | int | None = None,
) -> Ticker:
    """A ticker received ``when`` seconds after the start, stamped by the venue at the same moment."""
    received = at(when)
    return Ticker(
        received_ns=received,
        instrument=name,
        channel=channel or f"tickers.{name.split(':')[-1]}",
        venue_time_ns=received if venue_time_ns is None else venue_time_ns,
        mark_price=optional(mark),
        index_price=optional(index),
        last_price=optional(last),
        bid_price=optional(bid),
        ask_price=optional(ask),
        funding_rate=optional(rate),
        next_funding_time_ns=next_funding_ns,
        funding_interval_hours=interval,
    )


def perpetual(when: float, price: Decimal | str | int, name: str = LINEAR, *, rate: str = "0.0001") -> Ticker:
    """A full ticker of a perpetual: mark and index at ``price``, bid and ask a dime around it, funding in 8 h."""
    middle = number(price)
    return ticker(
        when,
        name,
        mark=middle,
        index=middle,
        bid=middle - Decimal("0.1"),
        ask=middle + Decimal("0.1"),
        rate=rate,
        next_funding_ns=START + 8 * HOUR,
        interval=8,
    )


def spot(when: float, price: Decimal | str | int, name: str = SPOT) -> Ticker:
    """A spot pair's best bid and ask, one unit around ``price``."""
    middle = number(price)
    return ticker(when, name, bid=middle - 1, ask=middle + 1)


def connection(
    when: float, state: ConnectionState, *, venue: str = "bybit", name: str = "linear", reason: str = ""
) -> ConnectionChanged:
    """A connection's new state."""
    return ConnectionChanged(received_ns=at(when), venue=venue, connection=name, state=state, reason=reason)


def channel(
    when: float, state: ChannelState, topic: str = "tickers.BTCUSDT", *, venue: str = "bybit", name: str = "linear"
) -> ChannelChanged:
    """A subscription's new state."""
    return ChannelChanged(received_ns=at(when), venue=venue, connection=name, channel=topic, state=state)


def inverse_book(quantity: str = "-150000", margin: str | None = "1.25", wallet: str = "5") -> Book:
    """5 BTC hedged on the coin-margined contract: short 150,000 USD at 60,000, leverage 2."""
    account = Account(name="coins", venue="bybit", settle="BTC", wallet_balance=number(wallet))
    return Book(
        name="inverse",
        lots=(Lot(asset="BTC", quantity=Decimal(5), cost=Decimal(60_000), price=SPOT),),
        hedges=(
            Hedge(
                asset="BTC",
                instrument=INVERSE,
                account="coins",
                target_ratio=Decimal("0.5"),
                quantity=number(quantity),
                entry_price=Decimal(60_000),
                isolated_margin=optional(margin),
            ),
        ),
        accounts=(account,),
    )


def reference() -> list[AnyEvent]:
    """What the REST side of a venue tells first: descriptions and tiers."""
    return [listed(LINEAR), listed(SPOT), tiers(LINEAR)]


def market_at(when: float, price: Decimal | str | int) -> list[AnyEvent]:
    """Perpetual and spot at one price."""
    return [perpetual(when, price), spot(when, price)]


def engine(book: Book | None = None, *, journal: Journal | None = None, mode: Mode = Mode.PAPER) -> Engine:
    """An engine on the seed's book (or another), which has seen nothing yet."""
    return Engine((book or seed_book(),), mode=mode, source="test", journal=journal)


def feed(target: Engine, *events: AnyEvent | Iterable[AnyEvent]) -> None:
    """Apply events, and lists of events, in order."""
    for item in events:
        if isinstance(item, Iterable):
            for event in item:
                target.apply(event)
        else:
            target.apply(item)


def running(price: Decimal | str | int = 60_000, book: Book | None = None, journal: Journal | None = None) -> Engine:
    """An engine that has heard everything it needs, at time zero."""
    made = engine(book, journal=journal)
    feed(made, reference(), market_at(0, price))
    return made
