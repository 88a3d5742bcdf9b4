"""What the user says they hold and want: bag, hedge legs, account, limits and alert thresholds.

These are the engine's inputs, whoever wrote them (configuration, demo, replay); ``core.config`` makes them from a
file.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.legs import Leg, PositionKey


class Lot(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A purchase of spot coins. ``quantity`` in coins; ``cost`` in quote per coin, ``None`` if not told.

    ``price`` names the spot instrument that values it; ``None`` lets the index price of the asset's hedge stand in.
    ``account`` names the futures account in which the coins lie as collateral, empty for coins elsewhere.
    """

    asset: str
    quantity: Decimal
    cost: Decimal | None = None
    price: str | None = None
    note: str = ""
    account: str = ""


class Equivalent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A coin that is hedged as another: wrapped or staked. ``haircut`` is the fraction of it that is not counted."""

    asset: str
    counts_as: str
    haircut: Decimal = Decimal(0)


class MarginMode(StrEnum):
    """Isolated: each position has its own margin. Cross: one wallet of one currency backs them all."""

    ISOLATED = "isolated"
    CROSS = "cross"


class PositionMode(StrEnum):
    """One-way: one position in a contract. Hedge: a long and a short of it side by side."""

    ONE_WAY = "one-way"
    HEDGE = "hedge"


class Collateral(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Coins that back a multi-asset account beside its settle currency. ``quantity`` in coins.

    Either ``ratio``, the part of each coin that counts (a fraction, after the venue's haircut), or ``ratio_steps``:
    (amount from, ratio) pairs that start at zero, each ratio for the slice of the amount in its step. ``price`` names
    the spot pair that values the coin, ``None`` where nothing does.
    """

    asset: str
    quantity: Decimal
    price: str | None = None
    ratio: Decimal | None = None
    ratio_steps: tuple[tuple[Decimal, Decimal], ...] = ()


class Account(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A futures account of one venue and one settlement currency.

    ``wallet_balance`` in ``settle`` (USDT for linear, coin for inverse), without unrealised P&L. ``leverage``
    sizes initial margin (and, isolated, the margin moved to a position when it is opened). Fees are fractions of
    notional. A ``paper`` account holds what is declared and is filled by the paper broker; any other is kept by its
    venue, which tells what it holds (``wallet_balance`` means nothing then) and takes no orders from here.

    A ``multi_asset`` (unified) account is backed by its ``collateral`` too. ``margin_rules`` names the venue rules by
    which margin and liquidation are reckoned, empty for those of ``venue``; ``closing_fee`` is a fraction of notional
    that the venue adds to its requirements.
    """

    name: str
    venue: str
    settle: str
    wallet_balance: Decimal
    margin_mode: MarginMode = MarginMode.ISOLATED
    leverage: Decimal = Decimal(2)
    taker_fee: Decimal = Decimal("0.00055")
    maker_fee: Decimal = Decimal("0.0002")
    paper: bool = True
    multi_asset: bool = False
    collateral: tuple[Collateral, ...] = ()
    margin_rules: str = ""
    closing_fee: Decimal = Decimal(0)
    position_mode: PositionMode = PositionMode.ONE_WAY


class Hedge(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One hedge leg: a futures contract held against one asset of the bag.

    Exactly one target says what it is to reach: ``target_ratio``, a fraction of the bag (0.5 hedges half);
    ``target_money``, so much of its value in quote; ``target_coins``, so many of its coins; or ``target_floor``, a
    worth in quote below which bag and hedge together must not fall at ``target_floor_price`` or above it. ``beta`` is
    for a contract on another coin (a proxy): the move of the bag's coin per move of the contract's.

    ``quantity`` is the position already held, signed (short negative) in the venue's order unit, with ``entry_price``
    in quote per coin. Where ``open_at_market`` is true the engine opens the target position once, at the first mark
    price it sees (demo, replay), and says so. ``leg`` is ``net``, or ``short`` in an account in hedge mode.
    ``maintenance_rate`` (a fraction) stands in for tiers that the contract's venue does not tell: all that rests on it
    is an estimate.
    """

    asset: str
    instrument: str
    account: str
    target_ratio: Decimal | None = None
    target_money: Decimal | None = None
    target_coins: Decimal | None = None
    target_floor: Decimal | None = None
    target_floor_price: Decimal | None = None
    beta: Decimal | None = None
    quantity: Decimal = Decimal(0)
    entry_price: Decimal | None = None
    isolated_margin: Decimal | None = None
    open_at_market: bool = False
    leg: Leg = Leg.NET
    maintenance_rate: Decimal | None = None

    @property
    def key(self) -> PositionKey:
        """The position that is the hedge."""
        return PositionKey(self.account, self.instrument, self.leg)

    @property
    def target(self) -> tuple[Decimal | None, ...]:
        """All that its user says of what it is to reach."""
        floor = (self.target_floor, self.target_floor_price)
        return (self.target_ratio, self.target_money, self.target_coins, *floor, self.beta)

    @property
    def untargeted(self) -> Hedge:
        """The hedge without its target and its margin: what its position starts from."""
        return msgspec.structs.replace(
            self,
            target_ratio=None,
            target_money=None,
            target_coins=None,
            target_floor=None,
            target_floor_price=None,
            beta=None,
            maintenance_rate=None,
        )


class Limits(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Bounds no order may pass, checked in core. ``price_band`` is a fraction of mark price."""

    maximum_order_notional: Decimal = Decimal(1_000_000)
    maximum_orders_per_minute: int = 6
    maximum_ratio: Decimal = Decimal("1.05")
    price_band: Decimal = Decimal("0.005")


class Thresholds(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """When alerts fire. Ladders run notice, warning, alarm, critical; all are fractions (0.30 = 30%).

    ``liquidation_distance`` falls through its ladder, the others rise. ``exit_margin`` is the hysteresis: an alert
    ends only when the value is back by this fraction of its threshold. ``dwell_seconds`` is how long a breach
    must last before it speaks.
    """

    liquidation_distance: tuple[Decimal, ...] = (Decimal("0.30"), Decimal("0.20"), Decimal("0.12"), Decimal("0.06"))
    margin_usage: tuple[Decimal, ...] = (Decimal("0.50"), Decimal("0.65"), Decimal("0.80"), Decimal("0.90"))
    ratio_drift: tuple[Decimal, ...] = (Decimal("0.03"), Decimal("0.10"))
    funding_paid_per_day: tuple[Decimal, ...] = (Decimal("0.0003"), Decimal("0.0009"))
    exit_margin: Decimal = Decimal("0.15")
    dwell_seconds: Decimal = Decimal(5)


class Ages(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """At what age (seconds) a value turns late, stale and unknown."""

    late: float
    stale: float
    unknown: float


MARK_AGES = Ages(late=3, stale=10, unknown=30)
FUNDING_AGES = Ages(late=30, stale=120, unknown=600)
SPOT_AGES = Ages(late=30, stale=300, unknown=900)


class Book(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A bag, the hedges against it, and how to watch them."""

    name: str
    lots: tuple[Lot, ...]
    hedges: tuple[Hedge, ...]
    accounts: tuple[Account, ...]
    limits: Limits = Limits()
    thresholds: Thresholds = Thresholds()
    equivalents: tuple[Equivalent, ...] = ()
