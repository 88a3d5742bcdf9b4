"""What can be listed: the coins of the market, and how a venue's rows become its listings.

Each venue keeps its rows in its own folder (``feeds.sim.<venue>.listings``), one :class:`Family` a category.
:func:`build` makes the listings of them: spot, linear and inverse perpetuals, and the dated contracts of a row that
names ``quarters``. Quantities are in the venue's own order unit, which ``contract_size`` turns into coins (linear,
spot) or into USD (inverse), as in :class:`core.instruments.Instrument`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from core.instruments import ContractKind, Instrument, TierTable, instrument_id
from feeds.sim.tiers import TierRow, open_ended, tier_table


class Coin(msgspec.Struct, frozen=True, kw_only=True):
    """A coin's price process. ``volatility`` a year; ``market_share`` is its correlation with the common factor.

    ``jump_scale`` multiplies the jumps that hit the whole market. ``index_tick`` is the precision to which an
    index price is published where the venue does not fix another. ``pin_tick`` is the coarsest price step of any
    listing of the coin at any venue: a multiple of it can be quoted everywhere.
    """

    name: str
    start_price: Decimal
    volatility: float
    market_share: float
    jump_scale: float
    index_tick: Decimal
    pin_tick: Decimal


COINS: tuple[Coin, ...] = (
    Coin(
        name="BTC",
        start_price=Decimal(60_000),
        volatility=0.45,
        market_share=0.92,
        jump_scale=1.0,
        index_tick=Decimal("0.01"),
        pin_tick=Decimal("0.1"),
    ),
    Coin(
        name="ETH",
        start_price=Decimal(3_000),
        volatility=0.62,
        market_share=0.88,
        jump_scale=1.3,
        index_tick=Decimal("0.01"),
        pin_tick=Decimal("0.01"),
    ),
    Coin(
        name="SOL",
        start_price=Decimal(150),
        volatility=0.80,
        market_share=0.80,
        jump_scale=1.6,
        index_tick=Decimal("0.001"),
        pin_tick=Decimal("0.01"),
    ),
    Coin(
        name="DOGE",
        start_price=Decimal("0.15"),
        volatility=0.90,
        market_share=0.72,
        jump_scale=1.8,
        index_tick=Decimal("0.00001"),
        pin_tick=Decimal("0.00001"),
    ),
)
COIN = {coin.name: coin for coin in COINS}


CARRY = Decimal("0.06")
"""What a dated contract stands above the index a year before its expiry, as a fraction."""


class Listing(msgspec.Struct, eq=False, kw_only=True):
    """One instrument of one simulated venue, and what its quotes look like. One object for as long as it is listed.

    ``tiers`` are as published; ``risk_tiers``, which margin is reckoned with, have no upper end. Both change when a
    new table takes effect, and ``instrument`` when the venue changes its terms.
    ``mark_tick`` and ``index_tick`` are publishing precisions. ``top_size`` is a typical size at the best price in
    order units, ``daily_volume`` and ``open_interest`` likewise. ``impact_notional`` (quote) is what the impact
    prices are averaged over. Fees are fractions of notional. ``pair`` is what the venue calls the contracts of one
    coin and quote together; ``quarter`` counts the dated ones among them, the nearest first, from 1 (0: not dated).
    """

    instrument: Instrument
    tiers: TierTable | None
    risk_tiers: TierTable | None
    mark_tick: Decimal
    index_tick: Decimal
    top_size: Decimal
    daily_volume: Decimal
    open_interest: Decimal
    impact_notional: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    maximum_price: Decimal
    pair: str
    delivery_fee: Decimal = Decimal(0)
    quarter: int = 0

    @property
    def symbol(self) -> str:
        """The venue's symbol."""
        return self.instrument.symbol

    @property
    def expiry_ms(self) -> int | None:
        """When a dated contract expires."""
        return None if self.instrument.expiry_ns is None else self.instrument.expiry_ns // 1_000_000

    @property
    def category(self) -> str:
        """The market on its venue, such as ``linear``, ``inverse``, ``spot``, ``usdm``, ``coinm``."""
        return self.instrument.market

    @property
    def inverse(self) -> bool:
        """Whether it is settled in its coin and counted in USD."""
        return self.instrument.kind is ContractKind.INVERSE

    @property
    def spot(self) -> bool:
        """Whether coins change hands."""
        return self.instrument.kind is ContractKind.SPOT

    def set_funding_hours(self, hours: int) -> None:
        """Let the funding interval be another."""
        self.instrument = msgspec.structs.replace(self.instrument, funding_interval_hours=hours)

    def set_tiers(self, rows: Sequence[TierRow]) -> None:
        """Let another table take effect, in the unit of the one before."""
        assert self.tiers is not None
        table = tier_table(self.instrument.id, rows, unit=self.tiers.unit, whole_position=self.tiers.whole_position)
        self.tiers, self.risk_tiers = table, open_ended(table)
        self.instrument = msgspec.structs.replace(self.instrument, maximum_leverage=table.tiers[0].maximum_leverage)


class Row(msgspec.Struct, frozen=True):
    """One line of a venue's list. ``tick`` is in quote per coin; ``step``, ``minimum``, ``maximum``, ``top_size`` and
    ``daily_volume`` are in order units; ``minimum_notional`` in quote.

    ``hours`` and ``cap`` (a fraction, both ways) are those of its funding; ``None`` for spot. ``tiers`` is its
    maintenance table (see :data:`feeds.sim.tiers.TierRow`), in the family's ``tier_unit``. ``contract_size`` is coins
    a unit for linear and spot, USD a unit for inverse. ``quarters`` is how many dated contracts stand beside it, named
    from ``pair`` (the symbol unless said).
    """

    base: str
    symbol: str
    tick: str
    step: str
    minimum: str
    maximum: str
    minimum_notional: str
    hours: int | None
    cap: str | None
    top_size: str
    daily_volume: str
    tiers: tuple[TierRow, ...] | None = None
    contract_size: str = "1"
    pair: str = ""
    quarters: int = 0


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one category, with what they have in common.

    ``settle`` is the quote (linear, spot) or each row's own coin (inverse). ``tier_unit`` is ``quote``, ``coin``
    (notional in the settle coin) or ``contracts`` (order units); left out it is ``quote``, or ``coin`` for inverse.
    ``whole_position`` says that a tier's rate applies to the whole position, without deductions. ``fine_marks``
    publishes mark prices to the index's precision where that is finer than the tick. ``dated_name`` makes a dated
    contract's symbol from pair and day of expiry; ``delivery_fee`` is a fraction of its value.
    """

    market: str
    kind: ContractKind
    quote: str
    maker_fee: str
    taker_fee: str
    rows: tuple[Row, ...]
    index_tick: str | None = None
    fine_marks: bool = False
    tier_unit: str = ""
    whole_position: bool = False
    dated_name: Callable[[str, datetime], str] | None = None
    delivery_fee: str = "0"

    def settle(self, row: Row) -> str:
        """The currency in which a row's profit and fees are."""
        return row.base if self.kind is ContractKind.INVERSE else self.quote


def build(venue: str, families: Iterable[Family], now_ms: int) -> tuple[Listing, ...]:
    """All listings of a venue: what stands for ever first, then the dated contracts that outlive ``now_ms``."""
    standing: list[Listing] = []
    dated: list[Listing] = []
    for family in families:
        for row in family.rows:
            listing = _listing(venue, family, row)
            standing.append(listing)
            expiry_ms = now_ms
            for number in range(1, row.quarters + 1):
                expiry_ms = quarter_end_ms(expiry_ms)
                dated.append(_dated(listing, family, expiry_ms, number))
    return (*standing, *dated)


def quarter_end_ms(now_ms: int) -> int:
    """08:00 UTC of the last Friday of a quarter, two weeks away at least."""
    day = datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(days=14)
    while True:
        month = (day.month - 1) // 3 * 3 + 3
        last = datetime(day.year, month, monthrange(day.year, month)[1], 8, tzinfo=UTC)
        friday = last - timedelta(days=(last.weekday() - 4) % 7)
        if friday > day:
            return int(friday.timestamp()) * 1000
        day = last + timedelta(days=1)


def coarsest_tick(coin: str) -> Decimal:
    """The coarsest price step of a coin on any listing; a multiple of it can be quoted everywhere."""
    return COIN[coin].pin_tick


def coin_names(items: Iterable[Coin] = COINS) -> tuple[str, ...]:
    """The coins that can be pinned."""
    return tuple(coin.name for coin in items)


def _listing(venue: str, family: Family, row: Row) -> Listing:
    coin = COIN[row.base]
    name = instrument_id(venue, family.market, row.symbol)
    cap = None if row.cap is None else Decimal(row.cap)
    tick = Decimal(row.tick)
    unit = family.tier_unit or ("coin" if family.kind is ContractKind.INVERSE else "quote")
    table = None
    if row.tiers is not None:
        table = tier_table(name, row.tiers, unit=unit, whole_position=family.whole_position)
    instrument = Instrument(
        id=name,
        venue=venue,
        market=family.market,
        symbol=row.symbol,
        kind=family.kind,
        base=row.base,
        quote=family.quote,
        settle=family.settle(row),
        contract_size=Decimal(row.contract_size),
        tick_size=tick,
        quantity_step=Decimal(row.step),
        minimum_quantity=Decimal(row.minimum),
        maximum_quantity=Decimal(row.maximum),
        minimum_notional=Decimal(row.minimum_notional),
        maximum_leverage=None if table is None else table.tiers[0].maximum_leverage,
        funding_interval_hours=row.hours,
        funding_rate_cap=cap,
        funding_rate_floor=None if cap is None else -cap,
    )
    return Listing(
        instrument=instrument,
        tiers=table,
        risk_tiers=None if table is None else open_ended(table),
        mark_tick=min(tick, coin.index_tick) if family.fine_marks else tick,
        index_tick=coin.index_tick if family.index_tick is None else Decimal(family.index_tick),
        top_size=Decimal(row.top_size),
        daily_volume=Decimal(row.daily_volume),
        open_interest=Decimal(row.daily_volume) * 3,
        impact_notional=Decimal(20_000 if row.base in ("BTC", "ETH") else 10_000),
        maker_fee=Decimal(family.maker_fee),
        taker_fee=Decimal(family.taker_fee),
        maximum_price=coin.start_price * 30,
        pair=row.pair or row.symbol,
    )


def _dated(model: Listing, family: Family, expiry_ms: int, number: int) -> Listing:
    """The contract that expires then, alike in all else."""
    assert family.dated_name is not None
    instrument = model.instrument
    symbol = family.dated_name(model.pair, datetime.fromtimestamp(expiry_ms / 1000, UTC))
    name = instrument_id(instrument.venue, instrument.market, symbol)
    tables = (model.tiers, model.risk_tiers)
    published, endless = (
        None if table is None else msgspec.structs.replace(table, instrument=name) for table in tables
    )
    return msgspec.structs.replace(
        model,
        instrument=msgspec.structs.replace(
            instrument,
            id=name,
            symbol=symbol,
            expiry_ns=expiry_ms * 1_000_000,
            funding_interval_hours=None,
            funding_rate_cap=None,
            funding_rate_floor=None,
        ),
        tiers=published,
        risk_tiers=endless,
        daily_volume=model.daily_volume / 100,
        open_interest=model.open_interest / 50,
        top_size=_on_step(model.top_size / 5, instrument.quantity_step),
        delivery_fee=Decimal(family.delivery_fee),
        quarter=number,
    )


def _on_step(size: Decimal, step: Decimal) -> Decimal:
    return max(step, size // step * step)
