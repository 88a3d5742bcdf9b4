"""What the simulated WEEX lists (linear contracts and spot), and by which rules its accounts work, as data.

The tiers are not the venue's, which publishes none: rates by size such as others have, applied to the whole position.
"""

from __future__ import annotations

from decimal import Decimal

from core.instruments import ContractKind
from feeds.sim.catalogue import Family, Row
from feeds.sim.rules import VenueRules
from feeds.sim.tiers import TierRow

BTC: tuple[TierRow, ...] = (
    ("500000", "0.004", "200"),
    ("5000000", "0.01", "50"),
    ("20000000", "0.025", "20"),
    ("100000000", "0.05", "10"),
    ("300000000", "0.25", "2"),
)
ALT: tuple[TierRow, ...] = (
    ("100000", "0.0065", "75"),
    ("1000000", "0.02", "25"),
    ("5000000", "0.05", "10"),
    ("20000000", "0.125", "4"),
    ("50000000", "0.25", "2"),
)

LINEAR = Family(
    market="linear",
    kind=ContractKind.LINEAR,
    quote="USDT",
    maker_fee="0.0002",
    taker_fee="0.0008",
    whole_position=True,
    rows=(
        Row("BTC", "BTCUSDT", "0.1", "0.0001", "0.0001", "1000", "0", 8, "0.003", "8", "90000", BTC),
        Row("ETH", "ETHUSDT", "0.01", "0.001", "0.001", "10000", "0", 8, "0.00375", "120", "1500000", ALT),
        Row("SOL", "SOLUSDT", "0.01", "0.1", "0.1", "100000", "0", 4, "0.02", "1200", "12000000", ALT),
        Row("DOGE", "DOGEUSDT", "0.00001", "1", "1", "50000000", "0", 1, "0.02", "120000", "2500000000", ALT),
    ),
)
SPOT = Family(
    market="spot",
    kind=ContractKind.SPOT,
    quote="USDT",
    maker_fee="0.001",
    taker_fee="0.001",
    rows=(
        Row("BTC", "BTCUSDT", "0.01", "0.00001", "0.0001", "1000", "0", None, None, "3", "9000"),
        Row("ETH", "ETHUSDT", "0.01", "0.00001", "0.0001", "99999", "0", None, None, "40", "150000"),
        Row("SOL", "SOLUSDT", "0.01", "0.001", "0.01", "99999", "0", None, None, "500", "1500000"),
        Row("DOGE", "DOGEUSDT", "0.00001", "0.1", "10", "9999999", "0", None, None, "40000", "400000000"),
    ),
)

NOT_BY_API = frozenset({"DOGEUSDT"})
"""Contracts that are listed and take no orders from programs."""

RULES = VenueRules(
    venue="weex",
    families=(LINEAR, SPOT),
    wallets={"linear": "contract", "spot": "spot"},
    start={"contract": {"USDT": "100000"}, "spot": {"USDT": "50000", "BTC": "2", "ETH": "20"}},
    liquidation_fee=Decimal("0.01"),
    hedges=frozenset({"linear"}),
    hedge_mode=True,
    passphrase=True,
)
