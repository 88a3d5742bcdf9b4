"""What the simulated Bybit lists, and by which rules its one unified account works, as data."""

from __future__ import annotations

from datetime import datetime

from core.instruments import ContractKind
from feeds.sim.catalogue import Family, Row
from feeds.sim.collateral import BYBIT_RATIOS
from feeds.sim.rules import ClosingFee, FundingRule, Scaled, VenueRules
from feeds.sim.tiers import TierRow

BTC: tuple[TierRow, ...] = (
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
ETH: tuple[TierRow, ...] = (
    ("900000", "0.005", "100"),
    ("2000000", "0.008", "62.5"),
    ("6000000", "0.012", "41.66"),
    ("12000000", "0.025", "20"),
    ("30000000", "0.05", "10"),
    ("60000000", "0.1", "5"),
    ("150000000", "0.25", "2"),
    ("300000000", "0.5", "1"),
)
ALT: tuple[TierRow, ...] = (
    ("200000", "0.01", "50"),
    ("600000", "0.015", "33.33"),
    ("1500000", "0.025", "20"),
    ("4000000", "0.05", "10"),
    ("10000000", "0.1", "5"),
    ("25000000", "0.25", "2"),
    ("50000000", "0.5", "1"),
)
BTC_INVERSE: tuple[TierRow, ...] = (
    ("150", "0.005", "100"),
    ("300", "0.01", "50"),
    ("600", "0.02", "25"),
    ("1200", "0.05", "10"),
    ("2400", "0.1", "5"),
    ("6000", "0.5", "1"),
)
ETH_INVERSE: tuple[TierRow, ...] = (
    ("1500", "0.01", "50"),
    ("3000", "0.015", "33.33"),
    ("6000", "0.025", "20"),
    ("15000", "0.05", "10"),
    ("40000", "0.1", "5"),
    ("100000", "0.5", "1"),
)

_QUARTER_CODES = {3: "H", 6: "M", 9: "U", 12: "Z"}


def _linear_name(pair: str, day: datetime) -> str:
    return f"{pair}-{day:%d%b%y}".upper()


def _inverse_name(pair: str, day: datetime) -> str:
    return f"{pair}{_QUARTER_CODES[day.month]}{day:%y}"


LINEAR = Family(
    market="linear",
    kind=ContractKind.LINEAR,
    quote="USDT",
    maker_fee="0.0002",
    taker_fee="0.00055",
    fine_marks=True,
    dated_name=_linear_name,
    delivery_fee="0.0005",
    rows=(
        Row("BTC", "BTCUSDT", "0.10", "0.001", "0.001", "1190.000", "5", 8, "0.00375", "6", "18000", BTC, quarters=2),
        Row("ETH", "ETHUSDT", "0.01", "0.01", "0.01", "7240.00", "5", 8, "0.00375", "90", "270000", ETH, quarters=1),
        Row("SOL", "SOLUSDT", "0.010", "0.1", "0.1", "79770.0", "5", 4, "0.01", "900", "3600000", ALT),
        Row("DOGE", "DOGEUSDT", "0.00001", "1", "1", "8000000", "5", 1, "0.01", "90000", "500000000", ALT),
    ),
)
USDC = Family(
    market="linear",
    kind=ContractKind.LINEAR,
    quote="USDC",
    maker_fee="0.0002",
    taker_fee="0.00055",
    fine_marks=True,
    dated_name=_linear_name,
    delivery_fee="0.0005",
    rows=(
        Row(
            "BTC",
            "BTCPERP",
            "0.10",
            "0.001",
            "0.001",
            "250.000",
            "5",
            8,
            "0.00375",
            "3",
            "2400",
            BTC,
            pair="BTC",
            quarters=1,
        ),
        Row("ETH", "ETHPERP", "0.01", "0.01", "0.01", "2400.00", "5", 8, "0.00375", "40", "30000", ETH),
    ),
)
"""Settled in USDC: their perpetuals are named without it, their dated contracts by coin and day alone."""

INVERSE = Family(
    market="inverse",
    kind=ContractKind.INVERSE,
    quote="USD",
    maker_fee="0.0002",
    taker_fee="0.00055",
    fine_marks=True,
    dated_name=_inverse_name,
    delivery_fee="0.0005",
    rows=(
        Row(
            "BTC",
            "BTCUSD",
            "0.10",
            "1",
            "1",
            "25000000",
            "1",
            8,
            "0.00375",
            "200000",
            "120000000",
            BTC_INVERSE,
            quarters=2,
        ),
        Row(
            "ETH",
            "ETHUSD",
            "0.01",
            "1",
            "1",
            "15000000",
            "1",
            8,
            "0.00375",
            "120000",
            "60000000",
            ETH_INVERSE,
            quarters=1,
        ),
    ),
)
SPOT = Family(
    market="spot",
    kind=ContractKind.SPOT,
    quote="USDT",
    maker_fee="0.001",
    taker_fee="0.001",
    fine_marks=True,
    rows=(
        Row("BTC", "BTCUSDT", "0.1", "0.000001", "0.000011", "83", "5", None, None, "2.5", "3000"),
        Row("ETH", "ETHUSDT", "0.01", "0.00001", "0.00062", "2100", "5", None, None, "40", "20000"),
        Row("SOL", "SOLUSDT", "0.01", "0.001", "0.02", "30000", "5", None, None, "400", "300000"),
        Row("DOGE", "DOGEUSDT", "0.00001", "0.1", "5", "5000000", "5", None, None, "40000", "60000000"),
    ),
)

RULES = VenueRules(
    venue="bybit",
    families=(LINEAR, USDC, INVERSE, SPOT),
    wallets={"linear": "unified", "inverse": "unified", "spot": "unified"},
    start={"unified": {"USDT": "100000", "BTC": "2", "ETH": "20"}},
    funding=FundingRule(sample_seconds=60, scaled=Scaled.INTEREST),
    basis_seconds=150,
    unified=True,
    collateral=BYBIT_RATIOS,
    closing_fee=ClosingFee.BANKRUPTCY_CROSS,
    hedges=frozenset({"linear"}),
)
