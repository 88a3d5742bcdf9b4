"""How each venue reckons margin, as data: one rule set for each kind of account, with its source and its date.

A rule set says what backs a position, what must be kept, and where that is evaluated when the venue prints a
liquidation price. An answer computed by it is compared with the venue's own figure and never hides it;
``isolated_exact`` and ``cross_exact`` say where agreement to the tick is to be expected.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.books import MarginMode
from core.errors import RequestError
from core.exact import ZERO
from core.explain import note
from core.instruments import ContractKind


class RequirementAt(StrEnum):
    """Where a venue evaluates the maintenance margin that the equity is compared with."""

    AT_LIQUIDATION = "at_liquidation"
    """At the unknown price itself, tier and all."""
    AT_ENTRY = "at_entry"
    """Fixed when the position was opened."""
    AT_MARK = "at_mark"
    """At the present mark price; the answer moves with it."""


class ClosingFee(StrEnum):
    """What a venue adds to the maintenance margin for closing the position."""

    NONE = "none"
    AT_PRICE = "at_price"
    """Taker fee of the value where the requirement is evaluated."""
    AT_BANKRUPTCY = "at_bankruptcy"
    """Taker fee of the value at the bankruptcy price that the leverage gives: a fixed amount."""


class Backing(StrEnum):
    """What backs the cross positions of an account."""

    SETTLE = "settle"
    """The wallet of the settle currency alone; each settle currency has a pool of its own."""
    ALL_COINS = "all_coins"
    """All coins of the account at their collateral value, in USD: one pool."""


class MarginRatio(StrEnum):
    """What the number is that a venue shows as margin ratio."""

    REQUIREMENT_TO_EQUITY = "requirement / equity"
    EQUITY_TO_REQUIREMENT = "equity / requirement"
    EQUITY_TO_VALUE = "equity / position value"
    """Compared with the maintenance rate of the tier."""


class MarginRules(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's way with one kind of account, for the kinds of contract named.

    ``tier_unit`` is the unit of the venue's tiers (quote, coin or contracts) and ``whole_position`` true where the
    tier's rate applies to the whole position, without a deduction. ``closing_fee_isolated`` and ``closing_fee_cross``
    are part of the requirement. ``initial_at`` is the price of initial margin (``mark`` or ``entry``). ``ratio_label``
    is what the venue calls ``ratio``; it is worse when higher for REQUIREMENT_TO_EQUITY and when lower for the
    others. ``dated`` is the date (or year) of the newest page or account row that the statement rests on.
    """

    name: str
    venue: str
    kinds: tuple[ContractKind, ...]
    backing: Backing = Backing.SETTLE
    requirement_at: RequirementAt = RequirementAt.AT_LIQUIDATION
    tier_unit: str = "quote"
    whole_position: bool = False
    closing_fee_isolated: ClosingFee = ClosingFee.NONE
    closing_fee_cross: ClosingFee = ClosingFee.NONE
    initial_at: str = "mark"
    ratio: MarginRatio = MarginRatio.REQUIREMENT_TO_EQUITY
    ratio_label: str = "margin usage"
    isolated_exact: bool
    cross_exact: bool
    source: str
    dated: str
    note: str

    def exact(self, mode: MarginMode) -> bool:
        """True where the venue's figure should be met to the tick, other positions held at their marks."""
        return self.isolated_exact if mode is MarginMode.ISOLATED else self.cross_exact

    def closing_fee(self, mode: MarginMode) -> ClosingFee:
        """What is added to the requirement in that margin mode."""
        return self.closing_fee_isolated if mode is MarginMode.ISOLATED else self.closing_fee_cross

    @property
    def worse_is_higher(self) -> bool:
        """True where the venue's margin ratio rises on the way to liquidation."""
        return self.ratio is MarginRatio.REQUIREMENT_TO_EQUITY


_LINEAR, _INVERSE, _QUANTO = (ContractKind.LINEAR,), (ContractKind.INVERSE,), (ContractKind.QUANTO,)

RULES: tuple[MarginRules, ...] = (
    MarginRules(
        name="binance-usdm",
        venue="binance",
        kinds=_LINEAR,
        ratio_label="margin ratio",
        isolated_exact=True,
        cross_exact=True,
        source="Binance FAQ: how to calculate the liquidation price of USDⓈ-M futures; account rows",
        dated="2025",
        note="requirement at the liquidation price with the tier's deduction; isolated account rows are met to 1e-8",
    ),
    MarginRules(
        name="binance-usdm-multi",
        venue="binance",
        kinds=_LINEAR,
        backing=Backing.ALL_COINS,
        ratio_label="margin ratio",
        isolated_exact=False,
        cross_exact=False,
        source="Binance FAQ: multi-assets mode and its trading rules (bid and ask rates of collateral)",
        dated="2025",
        note="estimate: coins at their bid rate times the collateral value ratio; no account row seen",
    ),
    MarginRules(
        name="binance-coinm",
        venue="binance",
        kinds=_INVERSE,
        tier_unit="coin",
        ratio_label="margin ratio",
        isolated_exact=True,
        cross_exact=True,
        source="Binance FAQ: how to calculate the liquidation price of COIN-M futures; an account row",
        dated="2025",
        note="requirement at the liquidation price, tiers in coin; an isolated account row is met to 1e-7",
    ),
    MarginRules(
        name="bybit-unified",
        venue="bybit",
        kinds=_LINEAR,
        backing=Backing.ALL_COINS,
        closing_fee_cross=ClosingFee.AT_BANKRUPTCY,
        initial_at="entry",
        ratio_label="MM rate",
        isolated_exact=False,
        cross_exact=False,
        source="Bybit help: margin parameters of the unified account; position rows (positionMM)",
        dated="2026-05-27",
        note="estimate: the unified account is taken to re-evaluate linear contracts as it does inverse ones",
    ),
    MarginRules(
        name="bybit-unified",
        venue="bybit",
        kinds=_INVERSE,
        backing=Backing.ALL_COINS,
        tier_unit="coin",
        closing_fee_cross=ClosingFee.AT_BANKRUPTCY,
        initial_at="entry",
        ratio_label="MM rate",
        isolated_exact=False,
        cross_exact=False,
        source="Bybit help: liquidation price under isolated margin of the unified account",
        dated="2026-05-27",
        note="estimate: the unified account's page, no account row seen; it counts added margin net of the taker fee",
    ),
    MarginRules(
        name="bybit-classic",
        venue="bybit",
        kinds=_LINEAR,
        requirement_at=RequirementAt.AT_ENTRY,
        initial_at="entry",
        ratio_label="margin usage",
        isolated_exact=True,
        cross_exact=False,
        source="Bybit help: liquidation price (USDT contract); position rows",
        dated="2024",
        note="accounts before the unified one: requirement fixed at entry value; rounded to the tick by the venue",
    ),
    MarginRules(
        name="bybit-classic",
        venue="bybit",
        kinds=_INVERSE,
        requirement_at=RequirementAt.AT_ENTRY,
        tier_unit="coin",
        initial_at="entry",
        ratio_label="margin usage",
        isolated_exact=True,
        cross_exact=False,
        source="Bybit help: liquidation price (inverse contract); position rows",
        dated="2024",
        note="accounts before the unified one: requirement fixed at entry value; rounded to the tick by the venue",
    ),
    MarginRules(
        name="bingx-usdtm",
        venue="bingx",
        kinds=_LINEAR,
        closing_fee_isolated=ClosingFee.AT_PRICE,
        closing_fee_cross=ClosingFee.AT_PRICE,
        initial_at="entry",
        ratio_label="risk rate",
        isolated_exact=False,
        cross_exact=False,
        source="BingX help: maintenance margin and liquidation of perpetual futures",
        dated="2025",
        note="estimate: maintenance with deduction plus the taker fee; solved from the stated trigger",
    ),
    MarginRules(
        name="bingx-coinm",
        venue="bingx",
        kinds=_INVERSE,
        tier_unit="coin",
        closing_fee_isolated=ClosingFee.AT_PRICE,
        closing_fee_cross=ClosingFee.AT_PRICE,
        initial_at="entry",
        ratio_label="risk rate",
        isolated_exact=False,
        cross_exact=False,
        source="BingX help: coin-margined perpetual futures",
        dated="2025",
        note="estimate: taken to follow the USDT-margined rule; the venue publishes no tiers for these contracts",
    ),
    MarginRules(
        name="mexc-linear",
        venue="mexc",
        kinds=_LINEAR,
        tier_unit="contracts",
        whole_position=True,
        closing_fee_isolated=ClosingFee.AT_PRICE,
        closing_fee_cross=ClosingFee.AT_PRICE,
        ratio_label="margin ratio",
        isolated_exact=False,
        cross_exact=False,
        source="MEXC learn: forced liquidation in futures trading; contract detail (risk limits by volume)",
        dated="2025",
        note="estimate: the level's rate on the whole position plus the liquidation fee; levels in contracts",
    ),
    MarginRules(
        name="mexc-inverse",
        venue="mexc",
        kinds=_INVERSE,
        tier_unit="contracts",
        whole_position=True,
        closing_fee_isolated=ClosingFee.AT_PRICE,
        closing_fee_cross=ClosingFee.AT_PRICE,
        ratio_label="margin ratio",
        isolated_exact=False,
        cross_exact=False,
        source="MEXC learn: forced liquidation in futures trading; contract detail (risk limits by volume)",
        dated="2025",
        note="estimate: the level's rate on the whole position plus the liquidation fee; levels in contracts",
    ),
    MarginRules(
        name="weex",
        venue="weex",
        kinds=_LINEAR,
        whole_position=True,
        ratio=MarginRatio.EQUITY_TO_VALUE,
        ratio_label="margin rate",
        isolated_exact=False,
        cross_exact=False,
        source="WEEX help: margin rate, forced liquidation, liquidation price of Futures Pro; risk limits of the API",
        dated="2026",
        note="estimate: equity over position value against the rate of the bracket, on the whole position",
    ),
    MarginRules(
        name="okx",
        venue="okx",
        kinds=(*_LINEAR, *_INVERSE),
        tier_unit="contracts",
        whole_position=True,
        closing_fee_isolated=ClosingFee.AT_PRICE,
        closing_fee_cross=ClosingFee.AT_PRICE,
        ratio=MarginRatio.EQUITY_TO_REQUIREMENT,
        ratio_label="maintenance margin ratio",
        isolated_exact=True,
        cross_exact=False,
        source="OKX help: margin and liquidation of perpetual swaps; position rows",
        dated="2025",
        note="equity over maintenance with the taker fee; position rows are met to the last digit",
    ),
    MarginRules(
        name="exchange-traded",
        venue="exchange-traded",
        kinds=(*_LINEAR, *_INVERSE, *_QUANTO),
        tier_unit="contracts",
        whole_position=True,
        requirement_at=RequirementAt.AT_MARK,
        isolated_exact=False,
        cross_exact=False,
        source="the contract sheet: margins per contract as the exchange sets them",
        dated="see the sheet",
        note="estimate: a broker calls margin at its own times and may ask for more than the exchange does",
    ),
    MarginRules(
        name="generic",
        venue="",
        kinds=(*_LINEAR, *_INVERSE, *_QUANTO),
        isolated_exact=False,
        cross_exact=False,
        source="no venue: requirement at the liquidation price, tiers with deductions where they have them",
        dated="2026",
        note="estimate: no rule of a venue is recorded for this account",
    ),
)

RULE_NAMES = tuple(dict.fromkeys(rules.name for rules in RULES))


def rules_named(name: str, kind: ContractKind) -> MarginRules:
    """The rule set of that name for that kind of contract; RequestError naming ``margin_rules`` where there is none."""
    for rules in RULES:
        if rules.name == name and kind in rules.kinds:
            return rules
    raise RequestError("margin_rules", f"one of {', '.join(RULE_NAMES)} that covers {kind} contracts", name)


VENUES_WITH_RULES = tuple(dict.fromkeys(rules.venue for rules in RULES if rules.venue))


def rules_for(venue: str, kind: ContractKind, name: str = "") -> MarginRules:
    """The rule set of an account: ``name`` where one was chosen, else the venue's first, else ``generic``.

    Raises RequestError where the chosen one does not cover ``kind``.
    """
    if name:
        return rules_named(name, kind)
    for rules in RULES:
        if rules.venue == venue and kind in rules.kinds:
            return rules
    return rules_named("generic", kind)


def shown_ratio(rules: MarginRules, equity: Decimal, requirement: Decimal, value: Decimal) -> Decimal | None:
    """The margin ratio as the venue shows it; ``None`` where it has none (no position, or nothing to divide by).

    ``equity``, ``requirement`` and position ``value`` in one currency, as of one moment.
    """
    if rules.ratio is MarginRatio.REQUIREMENT_TO_EQUITY:
        above, under, formula = requirement, equity if value else ZERO, "requirement / equity"
    elif rules.ratio is MarginRatio.EQUITY_TO_REQUIREMENT:
        above, under, formula = equity, requirement, "equity / requirement"
    else:
        above, under, formula = equity, value, "equity / position_value"
    if under <= 0:
        return None
    ratio = above / under
    given = {"equity": equity, "requirement": requirement, "position_value": value}
    used = {name: figure for name, figure in given.items() if name in formula}
    note(f"ratio: {rules.ratio_label}", formula, ratio, used, unit="fraction", source=rules.source)
    return ratio
