"""The simulated venues' maintenance-margin tables, as data; deductions follow from continuity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from core.instruments import Tier, TierTable

Row = tuple[str, str, str]
"""Upper bound of notional (quote for linear, coin for inverse), maintenance rate, maximum leverage."""

BINANCE_BTC: tuple[Row, ...] = (
    ("50000", "0.004", "125"),
    ("250000", "0.005", "100"),
    ("1000000", "0.01", "50"),
    ("10000000", "0.025", "20"),
    ("20000000", "0.05", "10"),
    ("50000000", "0.1", "5"),
    ("100000000", "0.125", "4"),
    ("200000000", "0.15", "3"),
    ("300000000", "0.25", "2"),
    ("1000000000", "0.5", "1"),
)
BINANCE_ETH: tuple[Row, ...] = (
    ("10000", "0.005", "100"),
    ("100000", "0.0065", "75"),
    ("500000", "0.01", "50"),
    ("1000000", "0.02", "25"),
    ("5000000", "0.05", "10"),
    ("20000000", "0.1", "5"),
    ("50000000", "0.125", "4"),
    ("100000000", "0.15", "3"),
    ("200000000", "0.25", "2"),
    ("500000000", "0.5", "1"),
)
BINANCE_ALT: tuple[Row, ...] = (
    ("5000", "0.0065", "75"),
    ("25000", "0.01", "50"),
    ("100000", "0.02", "25"),
    ("250000", "0.05", "10"),
    ("1000000", "0.1", "5"),
    ("5000000", "0.125", "4"),
    ("20000000", "0.25", "2"),
    ("50000000", "0.5", "1"),
)
BYBIT_BTC: tuple[Row, ...] = (
    ("2000000", "0.005", "100"),
    ("2600000", "0.0056", "90"),
    ("3200000", "0.0062", "80"),
    ("10000000", "0.01", "50"),
    ("20000000", "0.02", "25"),
    ("40000000", "0.03", "16.67"),
    ("60000000", "0.05", "10"),
    ("100000000", "0.1", "5"),
    ("200000000", "0.2", "2.5"),
    ("400000000", "0.5", "1"),
)
BYBIT_ETH: tuple[Row, ...] = (
    ("900000", "0.005", "100"),
    ("2000000", "0.008", "62.5"),
    ("6000000", "0.012", "41.66"),
    ("12000000", "0.025", "20"),
    ("30000000", "0.05", "10"),
    ("60000000", "0.1", "5"),
    ("150000000", "0.25", "2"),
    ("300000000", "0.5", "1"),
)
BYBIT_ALT: tuple[Row, ...] = (
    ("200000", "0.01", "50"),
    ("600000", "0.015", "33.33"),
    ("1500000", "0.025", "20"),
    ("4000000", "0.05", "10"),
    ("10000000", "0.1", "5"),
    ("25000000", "0.25", "2"),
    ("50000000", "0.5", "1"),
)
BYBIT_BTC_INVERSE: tuple[Row, ...] = (
    ("150", "0.005", "100"),
    ("300", "0.01", "50"),
    ("600", "0.02", "25"),
    ("1200", "0.05", "10"),
    ("2400", "0.1", "5"),
    ("6000", "0.5", "1"),
)
BYBIT_ETH_INVERSE: tuple[Row, ...] = (
    ("1500", "0.01", "50"),
    ("3000", "0.015", "33.33"),
    ("6000", "0.025", "20"),
    ("15000", "0.05", "10"),
    ("40000", "0.1", "5"),
    ("100000", "0.5", "1"),
)

TABLES: Mapping[str, tuple[Row, ...]] = {
    "bybit:linear:BTCUSDT": BYBIT_BTC,
    "bybit:linear:ETHUSDT": BYBIT_ETH,
    "bybit:linear:SOLUSDT": BYBIT_ALT,
    "bybit:linear:DOGEUSDT": BYBIT_ALT,
    "bybit:inverse:BTCUSD": BYBIT_BTC_INVERSE,
    "bybit:inverse:ETHUSD": BYBIT_ETH_INVERSE,
    "binance:usdm:BTCUSDT": BINANCE_BTC,
    "binance:usdm:ETHUSDT": BINANCE_ETH,
    "binance:usdm:SOLUSDT": BINANCE_ALT,
    "binance:usdm:DOGEUSDT": BINANCE_ALT,
}
"""By instrument id."""


def open_ended(table: TierTable) -> TierTable:
    """The same table with its last tier going on for ever: what is reckoned with once a price has run away."""
    *lower, last = table.tiers
    return msgspec.structs.replace(table, tiers=(*lower, msgspec.structs.replace(last, cap=None)))


def tier_table(instrument: str, rows: Sequence[Row], *, unit: str) -> TierTable:
    """The table of one instrument; ``unit`` is ``quote`` or ``coin`` as in :class:`core.instruments.TierTable`."""
    tiers: list[Tier] = []
    floor = previous_rate = deduction = Decimal(0)
    for cap_text, rate_text, leverage in rows:
        cap, rate = Decimal(cap_text), Decimal(rate_text)
        if tiers:
            deduction += floor * (rate - previous_rate)
        tiers.append(Tier(floor, cap, rate, deduction.normalize(), Decimal(leverage)))
        floor, previous_rate = cap, rate
    return TierTable(instrument=instrument, unit=unit, tiers=tuple(tiers), as_of_ns=0, source="simulated exchange")
