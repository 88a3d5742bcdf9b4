"""What the simulated Binance lists (USDⓈ-M, COIN-M and spot), and by which rules its accounts work, as data."""

from __future__ import annotations

from datetime import datetime

from core.instruments import ContractKind
from feeds.sim.catalogue import Family, Row
from feeds.sim.rules import FundingRule, Scaled, VenueRules
from feeds.sim.tiers import TierRow

BTC: tuple[TierRow, ...] = (
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
ETH: tuple[TierRow, ...] = (
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
ALT: tuple[TierRow, ...] = (
    ("5000", "0.0065", "75"),
    ("25000", "0.01", "50"),
    ("100000", "0.02", "25"),
    ("250000", "0.05", "10"),
    ("1000000", "0.1", "5"),
    ("5000000", "0.125", "4"),
    ("20000000", "0.25", "2"),
    ("50000000", "0.5", "1"),
)
BTC_COIN: tuple[TierRow, ...] = (
    ("5", "0.004", "125"),
    ("10", "0.005", "100"),
    ("20", "0.01", "50"),
    ("50", "0.025", "20"),
    ("100", "0.05", "10"),
    ("200", "0.1", "5"),
    ("400", "0.125", "4"),
    ("1000", "0.15", "3"),
    ("1500", "0.25", "2"),
    ("3000", "0.5", "1"),
)
ETH_COIN: tuple[TierRow, ...] = (
    ("50", "0.005", "100"),
    ("150", "0.0065", "75"),
    ("500", "0.01", "50"),
    ("1000", "0.02", "25"),
    ("2000", "0.05", "10"),
    ("5000", "0.1", "5"),
    ("10000", "0.125", "4"),
    ("20000", "0.25", "2"),
    ("40000", "0.5", "1"),
)
"""Of COIN-M, in the coin."""


def _dated_name(pair: str, day: datetime) -> str:
    return f"{pair}_{day:%y%m%d}"


USDM = Family(
    market="usdm",
    kind=ContractKind.LINEAR,
    quote="USDT",
    maker_fee="0.0002",
    taker_fee="0.0005",
    index_tick="0.00000001",
    dated_name=_dated_name,
    delivery_fee="0.0005",
    rows=(
        Row("BTC", "BTCUSDT", "0.10", "0.001", "0.001", "1000", "100", 8, "0.003", "9", "140000", BTC, quarters=2),
        Row("ETH", "ETHUSDT", "0.01", "0.001", "0.001", "10000", "20", 8, "0.00375", "140", "2400000", ETH, quarters=1),
        Row("SOL", "SOLUSDT", "0.0100", "0.01", "0.01", "1000000", "5", 4, "0.02", "1500", "20000000", ALT),
        Row("DOGE", "DOGEUSDT", "0.000010", "1", "1", "50000000", "5", 1, "0.02", "150000", "4000000000", ALT),
    ),
)
COINM = Family(
    market="coinm",
    kind=ContractKind.INVERSE,
    quote="USD",
    maker_fee="0.0002",
    taker_fee="0.0005",
    index_tick="0.00000001",
    dated_name=_dated_name,
    delivery_fee="0.00015",
    rows=(
        Row(
            *("BTC", "BTCUSD_PERP", "0.1", "1", "1", "1000000", "100", 8, "0.003", "2500", "9000000", BTC_COIN),
            contract_size="100",
            pair="BTCUSD",
            quarters=2,
        ),
        Row(
            *("ETH", "ETHUSD_PERP", "0.01", "1", "1", "1000000", "10", 8, "0.00375", "15000", "40000000", ETH_COIN),
            contract_size="10",
            pair="ETHUSD",
            quarters=2,
        ),
    ),
)
SPOT = Family(
    market="spot",
    kind=ContractKind.SPOT,
    quote="USDT",
    maker_fee="0.001",
    taker_fee="0.001",
    rows=(
        Row("BTC", "BTCUSDT", "0.01", "0.00001", "0.00001", "9000", "5", None, None, "4", "22000"),
        Row("ETH", "ETHUSDT", "0.01", "0.0001", "0.0001", "9000", "5", None, None, "60", "350000"),
        Row("SOL", "SOLUSDT", "0.01", "0.001", "0.001", "90000", "5", None, None, "700", "3500000"),
        Row("DOGE", "DOGEUSDT", "0.00001", "1", "1", "9000000", "1", None, None, "60000", "900000000"),
    ),
)

RULES = VenueRules(
    venue="binance",
    families=(USDM, COINM, SPOT),
    wallets={"usdm": "usdm", "coinm": "coinm", "spot": "spot"},
    start={
        "usdm": {"USDT": "100000"},
        "coinm": {"BTC": "2", "ETH": "20"},
        "spot": {"USDT": "50000", "BTC": "2", "ETH": "20"},
    },
    funding=FundingRule(sample_seconds=5, scaled=Scaled.RATE),
    basis_seconds=30,
    hedges=frozenset({"usdm", "coinm"}),
    cuts_reduce_only=False,
)
