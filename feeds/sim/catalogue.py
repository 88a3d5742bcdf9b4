"""What the simulated venues list: coins and contracts, as data."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from core.instruments import ContractKind, Instrument, TierTable, instrument_id
from feeds.sim.tiers import TABLES, open_ended, tier_table


class Coin(msgspec.Struct, frozen=True, kw_only=True):
    """A coin's price process. ``volatility`` a year; ``market_share`` is its correlation with the common factor.

    ``jump_scale`` multiplies the jumps that hit the whole market. ``index_tick`` is the precision to which an
    index price is published where the venue does not fix another.
    """

    name: str
    start_price: Decimal
    volatility: float
    market_share: float
    jump_scale: float
    index_tick: Decimal


COINS: tuple[Coin, ...] = (
    Coin(
        name="BTC",
        start_price=Decimal(60_000),
        volatility=0.45,
        market_share=0.92,
        jump_scale=1.0,
        index_tick=Decimal("0.01"),
    ),
    Coin(
        name="ETH",
        start_price=Decimal(3_000),
        volatility=0.62,
        market_share=0.88,
        jump_scale=1.3,
        index_tick=Decimal("0.01"),
    ),
    Coin(
        name="SOL",
        start_price=Decimal(150),
        volatility=0.80,
        market_share=0.80,
        jump_scale=1.6,
        index_tick=Decimal("0.001"),
    ),
    Coin(
        name="DOGE",
        start_price=Decimal("0.15"),
        volatility=0.90,
        market_share=0.72,
        jump_scale=1.8,
        index_tick=Decimal("0.00001"),
    ),
)
COIN = {coin.name: coin for coin in COINS}


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument of one simulated venue, and what its quotes look like.

    ``tiers`` are as published; ``risk_tiers``, which margin is reckoned with, have no upper end.
    ``mark_tick`` and ``index_tick`` are publishing precisions. ``top_size`` is a typical size at the best price in
    order units, ``daily_volume`` and ``open_interest`` likewise. ``impact_notional`` (quote) is what the impact
    prices are averaged over. Fees are fractions of notional.
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
        """The market on its venue: ``linear``, ``inverse``, ``spot``, ``usdm``."""
        return self.instrument.market


class _Row(msgspec.Struct, frozen=True):
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


class _Family(msgspec.Struct, frozen=True, kw_only=True):
    venue: str
    market: str
    kind: ContractKind
    quote: str
    maker_fee: str
    taker_fee: str
    index_tick: str | None = None


_BYBIT_LINEAR = _Family(
    venue="bybit",
    market="linear",
    kind=ContractKind.LINEAR,
    quote="USDT",
    maker_fee="0.0002",
    taker_fee="0.00055",
)
_BYBIT_INVERSE = _Family(
    venue="bybit",
    market="inverse",
    kind=ContractKind.INVERSE,
    quote="USD",
    maker_fee="0.0002",
    taker_fee="0.00055",
)
_BYBIT_SPOT = _Family(
    venue="bybit",
    market="spot",
    kind=ContractKind.SPOT,
    quote="USDT",
    maker_fee="0.001",
    taker_fee="0.001",
)
_BINANCE_USDM = _Family(
    venue="binance",
    market="usdm",
    kind=ContractKind.LINEAR,
    quote="USDT",
    maker_fee="0.0002",
    taker_fee="0.0005",
    index_tick="0.00000001",
)
_BINANCE_SPOT = _Family(
    venue="binance",
    market="spot",
    kind=ContractKind.SPOT,
    quote="USDT",
    maker_fee="0.001",
    taker_fee="0.001",
)

_ROWS: tuple[tuple[_Family, tuple[_Row, ...]], ...] = (
    (
        _BYBIT_LINEAR,
        (
            _Row("BTC", "BTCUSDT", "0.10", "0.001", "0.001", "1190.000", "5", 8, "0.00375", "6", "18000"),
            _Row("ETH", "ETHUSDT", "0.01", "0.01", "0.01", "7240.00", "5", 8, "0.00375", "90", "270000"),
            _Row("SOL", "SOLUSDT", "0.010", "0.1", "0.1", "79770.0", "5", 4, "0.01", "900", "3600000"),
            _Row("DOGE", "DOGEUSDT", "0.00001", "1", "1", "8000000", "5", 1, "0.01", "90000", "500000000"),
        ),
    ),
    (
        _BYBIT_INVERSE,
        (
            _Row("BTC", "BTCUSD", "0.10", "1", "1", "25000000", "1", 8, "0.00375", "200000", "120000000"),
            _Row("ETH", "ETHUSD", "0.01", "1", "1", "15000000", "1", 8, "0.00375", "120000", "60000000"),
        ),
    ),
    (
        _BYBIT_SPOT,
        (
            _Row("BTC", "BTCUSDT", "0.1", "0.000001", "0.000011", "83", "5", None, None, "2.5", "3000"),
            _Row("ETH", "ETHUSDT", "0.01", "0.00001", "0.00062", "2100", "5", None, None, "40", "20000"),
            _Row("SOL", "SOLUSDT", "0.01", "0.001", "0.02", "30000", "5", None, None, "400", "300000"),
            _Row("DOGE", "DOGEUSDT", "0.00001", "0.1", "5", "5000000", "5", None, None, "40000", "60000000"),
        ),
    ),
    (
        _BINANCE_USDM,
        (
            _Row("BTC", "BTCUSDT", "0.10", "0.001", "0.001", "1000", "100", 8, "0.003", "9", "140000"),
            _Row("ETH", "ETHUSDT", "0.01", "0.001", "0.001", "10000", "20", 8, "0.00375", "140", "2400000"),
            _Row("SOL", "SOLUSDT", "0.0100", "0.01", "0.01", "1000000", "5", 4, "0.02", "1500", "20000000"),
            _Row("DOGE", "DOGEUSDT", "0.000010", "1", "1", "50000000", "5", 1, "0.02", "150000", "4000000000"),
        ),
    ),
    (
        _BINANCE_SPOT,
        (
            _Row("BTC", "BTCUSDT", "0.01", "0.00001", "0.00001", "9000", "5", None, None, "4", "22000"),
            _Row("ETH", "ETHUSDT", "0.01", "0.0001", "0.0001", "9000", "5", None, None, "60", "350000"),
            _Row("SOL", "SOLUSDT", "0.01", "0.001", "0.001", "90000", "5", None, None, "700", "3500000"),
            _Row("DOGE", "DOGEUSDT", "0.00001", "1", "1", "9000000", "1", None, None, "60000", "900000000"),
        ),
    ),
)  # fmt: skip


CARRY = Decimal("0.06")
"""What a dated contract stands above the index a year before its expiry, as a fraction."""


def listings(venue: str, now_ms: int) -> tuple[Listing, ...]:
    """Everything ``bybit`` or ``binance`` lists: perpetuals, spot, and a dated contract that outlives ``now_ms``."""
    standing = [_listing(family, row) for family, rows in _ROWS if family.venue == venue for row in rows]
    model = next(listing for listing in standing if listing.category in ("linear", "usdm"))
    return (*standing, _dated(model, quarter_end_ms(now_ms)))


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


def _dated(model: Listing, expiry_ms: int) -> Listing:
    """The contract that expires then, alike in all else."""
    day = datetime.fromtimestamp(expiry_ms / 1000, UTC)
    instrument = model.instrument
    suffix = f"-{day:%d%b%y}".upper() if instrument.venue == "bybit" else f"_{day:%y%m%d}"
    symbol = instrument.symbol + suffix
    name = instrument_id(instrument.venue, instrument.market, symbol)
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
        tiers=None if model.tiers is None else msgspec.structs.replace(model.tiers, instrument=name),
        daily_volume=model.daily_volume / 100,
        open_interest=model.open_interest / 50,
        top_size=model.top_size / 5,
    )


def coarsest_tick(coin: str) -> Decimal:
    """The coarsest price step of a coin on any listing; a multiple of it can be quoted everywhere."""
    return max(Decimal(row.tick) for _, rows in _ROWS for row in rows if row.base == coin)


def coin_names(items: Iterable[Coin] = COINS) -> tuple[str, ...]:
    """The coins that can be pinned."""
    return tuple(coin.name for coin in items)


def _listing(family: _Family, row: _Row) -> Listing:
    coin = COIN[row.base]
    name = instrument_id(family.venue, family.market, row.symbol)
    inverse = family.kind is ContractKind.INVERSE
    cap = None if row.cap is None else Decimal(row.cap)
    tick = Decimal(row.tick)
    rows = TABLES.get(name)
    table = None if rows is None else tier_table(name, rows, unit="coin" if inverse else "quote")
    instrument = Instrument(
        id=name,
        venue=family.venue,
        market=family.market,
        symbol=row.symbol,
        kind=family.kind,
        base=row.base,
        quote=family.quote,
        settle=row.base if inverse else family.quote,
        contract_size=Decimal(1),
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
        mark_tick=min(tick, coin.index_tick) if family.venue == "bybit" else tick,
        index_tick=coin.index_tick if family.index_tick is None else Decimal(family.index_tick),
        top_size=Decimal(row.top_size),
        daily_volume=Decimal(row.daily_volume),
        open_interest=Decimal(row.daily_volume) * 3,
        impact_notional=Decimal(20_000 if row.base in ("BTC", "ETH") else 10_000),
        maker_fee=Decimal(family.maker_fee),
        taker_fee=Decimal(family.taker_fee),
        maximum_price=coin.start_price * 30,
    )
