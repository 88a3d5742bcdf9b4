"""What the simulated MEXC lists, and by which rules its accounts work, as data.

Quantities are contracts: ``contract_size`` coins each for linear contracts, so many US dollars each for inverse ones.
Fees are those of orders by API, which the contract's own description does not tell.
"""

from __future__ import annotations

from core.instruments import ContractKind
from feeds.sim.catalogue import Family, Row
from feeds.sim.rules import ClosingFee, FundingRule, Scaled, VenueRules
from feeds.sim.tiers import TierRow

BTC: tuple[TierRow, ...] = (
    ("2000000", "0.004", "200"),
    ("4000000", "0.008", "111"),
    ("6000000", "0.012", "76"),
    ("8000000", "0.016", "58"),
    ("10000000", "0.02", "47"),
)
"""Stepped: a base of 2,000,000 contracts and as many more a level, 0.4% maintenance and initial rate each."""
ETH: tuple[TierRow, ...] = (
    ("400000", "0.005", "100"),
    ("900000", "0.01", "50"),
    ("2000000", "0.02", "25"),
    ("6000000", "0.05", "10"),
)
"""Listed by the venue level by level."""
ALT: tuple[TierRow, ...] = (("2000000", "0.01", "50"),)
"""One level only, as most contracts have."""
BTC_COIN: tuple[TierRow, ...] = (
    ("50000", "0.004", "200"),
    ("100000", "0.008", "111"),
    ("150000", "0.012", "76"),
)
ETH_COIN: tuple[TierRow, ...] = (("200000", "0.01", "50"),)

LINEAR = Family(
    market="linear",
    kind=ContractKind.LINEAR,
    quote="USDT",
    maker_fee="0.0006",
    taker_fee="0.0008",
    tier_unit="contracts",
    whole_position=True,
    fine_marks=True,
    rows=(
        Row(
            *("BTC", "BTC_USDT", "0.1", "1", "1", "1000000", "0", 8, "0.003", "60000", "180000000", BTC),
            contract_size="0.0001",
        ),
        Row(
            *("ETH", "ETH_USDT", "0.01", "1", "1", "600000", "0", 8, "0.003", "9000", "27000000", ETH),
            contract_size="0.01",
        ),
        Row(
            *("SOL", "SOL_USDT", "0.01", "1", "1", "400000", "0", 4, "0.01", "9000", "36000000", ALT),
            contract_size="0.1",
        ),
        Row(
            *("DOGE", "DOGE_USDT", "0.00001", "1", "1", "400000", "0", 1, "0.01", "900", "5000000", ALT),
            contract_size="100",
        ),
    ),
)
USDC = Family(
    market="linear",
    kind=ContractKind.LINEAR,
    quote="USDC",
    maker_fee="0.0006",
    taker_fee="0.0008",
    tier_unit="contracts",
    whole_position=True,
    fine_marks=True,
    rows=(
        Row(
            *("BTC", "BTC_USDC", "0.1", "1", "1", "400000", "0", 8, "0.003", "9000", "9000000", BTC),
            contract_size="0.0001",
        ),
    ),
)
INVERSE = Family(
    market="inverse",
    kind=ContractKind.INVERSE,
    quote="USD",
    maker_fee="0.0006",
    taker_fee="0.0008",
    tier_unit="contracts",
    whole_position=True,
    fine_marks=True,
    rows=(
        Row(
            *("BTC", "BTC_USD", "0.1", "1", "1", "40000", "0", 8, "0.003", "2000", "1200000", BTC_COIN),
            contract_size="100",
        ),
        Row(
            *("ETH", "ETH_USD", "0.01", "1", "1", "100000", "0", 8, "0.003", "9000", "4000000", ETH_COIN),
            contract_size="10",
        ),
    ),
)
SPOT = Family(
    market="spot",
    kind=ContractKind.SPOT,
    quote="USDT",
    maker_fee="0",
    taker_fee="0.0005",
    rows=(
        Row("BTC", "BTCUSDT", "0.01", "0.000001", "0.000001", "9000", "1", None, None, "2.5", "3000"),
        Row("ETH", "ETHUSDT", "0.01", "0.00001", "0.00001", "9000", "1", None, None, "40", "20000"),
        Row("SOL", "SOLUSDT", "0.01", "0.001", "0.001", "90000", "1", None, None, "400", "300000"),
        Row("DOGE", "DOGEUSDT", "0.00001", "0.1", "0.1", "9000000", "1", None, None, "40000", "60000000"),
    ),
)

RULES = VenueRules(
    venue="mexc",
    families=(LINEAR, USDC, INVERSE, SPOT),
    wallets={"linear": "contract", "inverse": "contract", "spot": "spot"},
    start={
        "contract": {"USDT": "100000", "USDC": "20000", "BTC": "2", "ETH": "20"},
        "spot": {"USDT": "50000", "BTC": "2", "ETH": "20"},
    },
    funding=FundingRule(sample_seconds=60, scaled=Scaled.INTEREST),
    basis_seconds=60,
    closing_fee=ClosingFee.AT_MARK,
    hedges=frozenset({"linear", "inverse"}),
    hedge_mode=True,
    cuts_reduce_only=False,
)
