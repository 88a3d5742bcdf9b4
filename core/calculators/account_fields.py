"""A margin account as a request states it, and the pools that it makes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema

from core.account import Balance, MarginPool, Position, build_pools
from core.books import MarginMode
from core.calculators.fields import (
    KIND_HELP,
    QUANTITY_HELP,
    ContractSizeField,
    Kind,
    NotNegative,
    Number,
    Positive,
    Request,
    Share,
    SideField,
    read_number,
)
from core.calculators.rule_fields import RulesName, named_rules
from core.calculators.tier_fields import TIER_UNIT_HELP, TIERS_HELP, TierField, TierUnit, ladder
from core.errors import RequestError
from core.exact import ONE, ZERO
from core.instruments import ContractKind
from core.liquidation_results import Liquidation, LiquidationPrice, UnknownLiquidation
from core.margin_rules import Backing, ClosingFee, MarginRules, RequirementAt
from core.pool import Contract, WeightStep

KINDS = {"linear": ContractKind.LINEAR, "inverse": ContractKind.INVERSE, "quanto": ContractKind.QUANTO}
NO_PRICE = ("", "-", "--", "null", "none", "n/a")


def read_venue_price(value: object) -> Decimal | None:
    """A price as a venue prints it; ``None`` for null, blank, dashes and zero, which are no prices."""
    if value is None or (isinstance(value, str) and value.strip().lower() in NO_PRICE):
        return None
    number = read_number(value)
    return number if number > 0 else None


VenuePrice = Annotated[
    Decimal | None, BeforeValidator(read_venue_price), WithJsonSchema({"type": ["string", "number", "null"]})
]


class RatioStep(Request):
    """Coins above ``floor``, up to the next step's, count at ``ratio`` of their worth."""

    floor: NotNegative = Field(description="Coins above which the ratio holds; 0 in the first step.")
    ratio: Number = Field(description="Collateral value ratio, a fraction from 0 to 1 (0.95 is a haircut of 5%).")


class CollateralField(Request):
    """One balance of the account."""

    asset: str = Field(min_length=1, description="Name of the coin or currency.")
    amount: Number | None = Field(
        description="Balance without unrealised profit and without isolated margins; negative for a debt."
    )
    price: Positive | None = Field(
        default=None,
        description="Quote per coin. Left out: coin_prices, else the mark of a position on the coin. Not needed for "
        "the quote currency, which counts at par.",
    )
    ratio: Number | None = Field(
        default=None, description="Collateral value ratio, a fraction from 0 to 1. Left out: 1, no haircut."
    )
    ratio_steps: tuple[RatioStep, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="Instead of ratio: ratios by amount, for venues that count large balances less (OKX, Bybit).",
    )
    debt_weight: Positive = Field(
        default=ONE, description="What a debt counts at: 1, or more where the venue marks it up (Binance's ask rate)."
    )


class PositionField(Request):
    """One position, or one leg of a hedge in one contract."""

    name: str = Field(min_length=1, description="The contract. Two legs of one contract have one name and one mark.")
    coin: str = Field(min_length=1, description="The coin whose price moves the contract.")
    kind: Kind = Field(description=KIND_HELP)
    side: SideField
    quantity: Positive | None = Field(description=QUANTITY_HELP)
    contract_size: ContractSizeField = ONE
    entry_price: Positive | None = Field(description="Average entry price, quote per coin.")
    mark_price: Positive | None = Field(description="Mark price, quote per coin.")
    settle: str | None = Field(
        default=None,
        description="Settle currency. Left out: the account's quote for linear, the coin for inverse; quanto needs it.",
    )
    leverage: Positive | None = Field(
        default=None, description="Leverage chosen: for initial margin, and the margin of an isolated position."
    )
    margin_mode: Literal["isolated", "cross"] = "cross"
    isolated_margin: Number | None = Field(
        default=None,
        description="isolated: margin without unrealised profit, settle currency. Left out: entry value / leverage "
        "plus extra_margin.",
    )
    extra_margin: Number = Field(default=ZERO, description="isolated: added to what leverage gives, settle currency.")
    tiers: tuple[TierField, ...] | None = Field(default=None, min_length=1, max_length=1000, description=TIERS_HELP)
    tier_unit: TierUnit | None = Field(default=None, description=TIER_UNIT_HELP)
    maintenance_rate: Share | None = Field(
        default=None, description="One maintenance rate, a fraction of value, instead of tiers."
    )
    maintenance_deduction: NotNegative = Field(
        default=ZERO, description="Taken off maintenance_rate * value, settle currency."
    )
    maintenance_margin: NotNegative | None = Field(
        default=None, description="The requirement as a fixed amount of settle currency, instead of tiers."
    )
    closing_fee_rate: Share | None = Field(
        default=None,
        description="Taker fee, a fraction of value; part of the requirement where the rules say so (without a venue: "
        "where it is given). Needed for bingx, mexc, okx, and cross at bybit.",
    )
    liquidation_price: VenuePrice = Field(
        default=None,
        description='The venue\'s own liquidation price as it sends it: null, "", "0" and "--" are no prices but '
        "unknown. Asks for the comparison with ours.",
    )


class AccountFields(Request):
    """The account: positions, balances, and by which rules margin is reckoned."""

    positions: tuple[PositionField, ...] = Field(min_length=1, max_length=1000, description="All positions held.")
    collateral: tuple[CollateralField, ...] | None = Field(
        default=None,
        max_length=1000,
        description="Balances that back the cross positions. Where the settle currency alone backs them, each settle "
        "currency needs a line.",
    )
    wallet_balance: Number | None = Field(
        default=None,
        description="Instead of collateral: the balance of the one settle currency, without unrealised profit and "
        "without isolated margins.",
    )
    quote: str = Field(default="USDT", min_length=1, description="The quote currency, in which pools are valued.")
    venue: RulesName | None = Field(
        default=None,
        description="The rules recorded for a venue, or a rule set by its name. Left out: requirement at the "
        "liquidation price, with the closing fee where one is given.",
    )
    requirement_at: RequirementAt | None = Field(
        default=None, description="Instead of venue: where the requirement is evaluated when a price is sought."
    )
    backing: Backing | None = Field(
        default=None,
        description="What backs cross positions: settle (their settle currency alone) or all_coins (every balance at "
        "its ratio; unified and multi-asset accounts). Left out: as the rules say, settle without a venue.",
    )
    coin_prices: dict[str, Positive | None] = Field(
        default_factory=dict,
        max_length=1000,
        description="Per coin: quote per coin now. Left out: the collateral's price, else the mark of a position on "
        "the coin.",
    )


class Account(NamedTuple):
    """An account ready to be reckoned: its pools, positions and balances, and the price of each coin in quote."""

    pools: tuple[MarginPool, ...]
    positions: tuple[Position, ...]
    balances: tuple[Balance, ...]
    prices: dict[str, Decimal]
    backing: Backing


def account_pools(fields: AccountFields) -> Account:
    """The pools of the account that a request states. Raises RequestError naming a field that is out of place."""
    _check(fields)
    rules = _rules(fields)
    positions = tuple(_position(fields, index, rules) for index in range(len(fields.positions)))
    _check_names(positions)
    balances = _balances(fields, positions)
    prices = coin_prices(fields)
    backing = fields.backing or _backing(fields, rules)
    pools = build_pools(positions, balances, rules, prices, quote=fields.quote, backing=backing)
    return Account(pools, positions, balances, prices, backing)


def coin_prices(fields: AccountFields) -> dict[str, Decimal]:
    """Quote per coin, for every coin whose price the request knows; a price sent as null stays unknown."""
    found: dict[str, Decimal] = {coin: price for coin, price in fields.coin_prices.items() if price is not None}
    refused = {coin for coin, price in fields.coin_prices.items() if price is None}
    for item in fields.collateral or ():
        if item.price is not None:
            if found.setdefault(item.asset, item.price) != item.price:
                raise RequestError("coin_prices", f"one price for {item.asset}", f"{found[item.asset]}, {item.price}")
        elif item.given("price"):
            refused.add(item.asset)
    for position in fields.positions:
        if position.mark_price is not None and position.coin not in refused:
            found.setdefault(position.coin, position.mark_price)
    return found


def _check(fields: AccountFields) -> None:
    fields.exclude_each_other("collateral", "wallet_balance")
    fields.exclude_each_other("requirement_at", "venue")
    for index, position in enumerate(fields.positions):
        within = f"positions.{index}."
        position.exclude_each_other("tiers", "maintenance_rate", "maintenance_margin", within=within)
        position.lacking("tiers", "maintenance_rate", "maintenance_margin", within=within)
        if position.margin_mode == "cross":
            for name in ("isolated_margin", "extra_margin"):
                if position.given(name):
                    raise RequestError(within + name, "nothing in cross mode", "a value")
        else:
            position.lacking("isolated_margin", "leverage", within=within)
            if position.isolated_margin is not None and position.given("extra_margin"):
                raise RequestError(
                    within + "extra_margin", "nothing beside isolated_margin, which includes it", "a value"
                )
        if position.given("maintenance_deduction") and not position.given("maintenance_rate"):
            raise RequestError(within + "maintenance_deduction", "nothing without maintenance_rate", "a value")
        if position.kind == "quanto" and position.settle is None:
            raise RequestError(within + "settle", "the settle currency of a quanto contract", "nothing")
        if position.kind == "inverse" and position.settle not in (None, position.coin):
            raise RequestError(within + "settle", f"{position.coin}, in which an inverse contract settles", "another")
    for index, item in enumerate(fields.collateral or ()):
        item.exclude_each_other("ratio", "ratio_steps", within=f"collateral.{index}.")
    if any(position.margin_mode == "cross" for position in fields.positions):
        fields.lacking("collateral", "wallet_balance", why="beside cross positions")


def _rules(fields: AccountFields) -> dict[ContractKind, MarginRules]:
    """The rule set for each kind of contract held; without a venue, the closing fee counts at the price sought."""
    found = {}
    for kind in dict.fromkeys(KINDS[position.kind] for position in fields.positions):
        if fields.venue is not None:
            found[kind] = named_rules(fields.venue, kind)
            continue
        found[kind] = _plain_rules(kind, fields.requirement_at or RequirementAt.AT_LIQUIDATION)
    return found


def _plain_rules(kind: ContractKind, requirement_at: RequirementAt) -> MarginRules:
    return MarginRules(
        name="generic",
        venue="",
        kinds=(kind,),
        requirement_at=requirement_at,
        closing_fee_isolated=ClosingFee.AT_PRICE,
        closing_fee_cross=ClosingFee.AT_PRICE,
        isolated_exact=False,
        cross_exact=False,
        source="the request",
        dated="",
        note="no venue named",
    )


def _backing(fields: AccountFields, rules: dict[ContractKind, MarginRules]) -> Backing:
    return next(iter(rules.values())).backing if fields.venue is not None else Backing.SETTLE


def _position(fields: AccountFields, index: int, rules: dict[ContractKind, MarginRules]) -> Position:
    stated, key, kind = fields.positions[index], f"positions.{index}", KINDS[fields.positions[index].kind]
    settle = stated.settle or (stated.coin if kind is ContractKind.INVERSE else fields.quote)
    mode = MarginMode(stated.margin_mode)
    fee = stated.closing_fee_rate
    if fee is None and not stated.given("closing_fee_rate"):
        if fields.venue is not None and rules[kind].closing_fee(mode) is not ClosingFee.NONE:
            what = f"the taker fee that {rules[kind].name} adds to the requirement (0 to leave it out)"
            raise RequestError(f"{key}.closing_fee_rate", what, "nothing")
        fee = ZERO
    contract = Contract(
        name=stated.name, coin=stated.coin, kind=kind, contract_size=stated.contract_size, settle=settle
    )
    return Position(
        key=key,
        contract=contract,
        side=stated.side,
        quantity=stated.quantity,
        entry_price=stated.entry_price,
        mark_price=stated.mark_price,
        ladder=ladder(stated, key, kind, rules[kind]),
        fixed_requirement=stated.maintenance_margin,
        leverage=stated.leverage,
        taker_fee_rate=fee,
        margin_mode=mode,
        isolated_margin=stated.isolated_margin,
        added_margin=stated.extra_margin,
        venue_price=_venue_price(stated),
    )


def _venue_price(stated: PositionField) -> Liquidation | None:
    if stated.liquidation_price is not None:
        return LiquidationPrice(stated.liquidation_price)
    return UnknownLiquidation(("a liquidation price from the venue",)) if stated.given("liquidation_price") else None


def _check_names(positions: tuple[Position, ...]) -> None:
    """Legs of one name must be one contract at one mark price."""
    first: dict[str, Position] = {}
    for position in positions:
        before = first.setdefault(position.contract.name, position)
        if before.contract != position.contract:
            raise RequestError(f"{position.key}.name", f"the contract of {before.key}, or another name", "a difference")
        if None not in (before.mark_price, position.mark_price) and before.mark_price != position.mark_price:
            raise RequestError(
                f"{position.key}.mark_price", f"{before.mark_price}, that of {before.key}", str(position.mark_price)
            )


def _balances(fields: AccountFields, positions: tuple[Position, ...]) -> tuple[Balance, ...]:
    if fields.collateral is not None:
        return tuple(_balance(item, f"collateral.{index}") for index, item in enumerate(fields.collateral))
    settles = {item.contract.settle for item in positions if item.margin_mode is MarginMode.CROSS}
    if not settles:
        return ()
    if len(settles) > 1:
        raise RequestError("wallet_balance", "collateral, with a line for each settle currency", "one balance")
    wallet = fields.wallet_balance
    return (Balance(key="wallet_balance", amount_key="wallet_balance", asset=settles.pop(), amount=wallet),)


def _balance(item: CollateralField, key: str) -> Balance:
    steps: tuple[WeightStep, ...] | None = (WeightStep(ZERO, ONE if item.ratio is None else item.ratio),)
    if item.ratio_steps is not None:
        steps = tuple(WeightStep(step.floor, step.ratio) for step in item.ratio_steps)
    elif item.ratio is None and item.given("ratio"):
        steps = None
    return Balance(key=key, asset=item.asset, amount=item.amount, steps=steps, debt_weight=item.debt_weight)
