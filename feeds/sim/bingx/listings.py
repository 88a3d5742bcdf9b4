"""What the simulated BingX lists, and by which rules its accounts work, as data.

USDT-margined contracts count in coins, coin-margined ones in contracts of so many US dollars. Each product has a wallet
of its own. The tiers of coin-margined contracts are not published, and stand here for what the venue keeps to itself.
"""

from __future__ import annotations

from core.instruments import ContractKind
from feeds.sim.catalogue import Family, Row
from feeds.sim.rules import ClosingFee, FundingRule, Scaled, VenueRules
from feeds.sim.tiers import TierRow

BTC: tuple[TierRow, ...] = (
    ("150000", "0.0038", "125"),
    ("900000", "0.004", "100"),
    ("2500000", "0.005", "75"),
    ("10000000", "0.01", "50"),
    ("20000000", "0.025", "20"),
    ("50000000", "0.05", "10"),
    ("100000000", "0.1", "5"),
    ("300000000", "0.5", "1"),
)
ETH: tuple[TierRow, ...] = (
    ("100000", "0.0038", "125"),
    ("900000", "0.005", "75"),
    ("4000000", "0.01", "50"),
    ("12000000", "0.025", "20"),
    ("30000000", "0.05", "10"),
    ("60000000", "0.1", "5"),
    ("200000000", "0.5", "1"),
)
ALT: tuple[TierRow, ...] = (
    ("50000", "0.006", "75"),
    ("300000", "0.01", "50"),
    ("1500000", "0.025", "20"),
    ("4000000", "0.05", "10"),
    ("10000000", "0.1", "5"),
    ("50000000", "0.5", "1"),
)
BTC_INVERSE: tuple[TierRow, ...] = (
    ("50", "0.004", "125"),
    ("200", "0.005", "75"),
    ("600", "0.01", "50"),
    ("2400", "0.05", "10"),
    ("6000", "0.5", "1"),
)
ETH_INVERSE: tuple[TierRow, ...] = (
    ("500", "0.005", "75"),
    ("3000", "0.01", "50"),
    ("15000", "0.05", "10"),
    ("100000", "0.5", "1"),
)

LINEAR = Family(
    market="linear",
    kind=ContractKind.LINEAR,
    quote="USDT",
    maker_fee="0.0002",
    taker_fee="0.0005",
    rows=(
        Row("BTC", "BTC-USDT", "0.1", "0.0001", "0.0001", "500", "2", 8, "0.003", "6", "18000", BTC),
        Row("ETH", "ETH-USDT", "0.01", "0.01", "0.01", "8000", "2", 8, "0.003", "90", "270000", ETH),
        Row("SOL", "SOL-USDT", "0.01", "0.1", "0.1", "80000", "2", 4, "0.01", "900", "3600000", ALT),
        Row("DOGE", "DOGE-USDT", "0.00001", "1", "1", "8000000", "2", 1, "0.01", "90000", "500000000", ALT),
    ),
)
INVERSE = Family(
    market="inverse",
    kind=ContractKind.INVERSE,
    quote="USD",
    maker_fee="0.0002",
    taker_fee="0.0005",
    rows=(
        Row(
            *("BTC", "BTC-USD", "0.1", "1", "1", "100000", "100", 8, "0.003", "2000", "1200000"),
            BTC_INVERSE,
            contract_size="100",
        ),
        Row(
            *("ETH", "ETH-USD", "0.01", "1", "1", "500000", "10", 8, "0.003", "12000", "6000000"),
            ETH_INVERSE,
            contract_size="10",
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
        Row("BTC", "BTC-USDT", "0.01", "0.00001", "0.00002", "18", "5", None, None, "2.5", "3000"),
        Row("ETH", "ETH-USDT", "0.01", "0.0001", "0.001", "400", "5", None, None, "40", "20000"),
        Row("SOL", "SOL-USDT", "0.01", "0.001", "0.01", "8000", "5", None, None, "400", "300000"),
        Row("DOGE", "DOGE-USDT", "0.00001", "0.1", "5", "5000000", "5", None, None, "40000", "60000000"),
    ),
)

RULES = VenueRules(
    venue="bingx",
    families=(LINEAR, INVERSE, SPOT),
    wallets={"linear": "swap", "inverse": "coin", "spot": "spot"},
    start={
        "swap": {"USDT": "100000"},
        "coin": {"BTC": "2", "ETH": "20"},
        "spot": {"USDT": "10000", "BTC": "1.5"},
    },
    funding=FundingRule(sample_seconds=300, scaled=Scaled.INTEREST),
    basis_seconds=300,
    closing_fee=ClosingFee.AT_MARK,
    hedges=frozenset({"linear", "inverse"}),
)
