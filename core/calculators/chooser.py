"""``chooser``: one hedge on several contracts and venues side by side."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.account import Part, part, shown
from core.calculators.declared import by
from core.calculators.fields import (
    Answer,
    ContractSizeField,
    Exact,
    FeeRate,
    Hours,
    IntervalRate,
    NotNegative,
    NoValue,
    Positive,
    Request,
    Share,
    Undefined,
    Unknown,
)
from core.calculators.rule_fields import RulesName, named_rules
from core.calculators.tier_fields import (
    TIER_UNIT_HELP,
    TIERS_HELP,
    TierAnswer,
    TierField,
    TierUnit,
    ladder,
    tier_answer,
)
from core.chooser import Candidate, Choice, Need, choose
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.figures import Figure, exact
from core.funding import DAYS_A_YEAR
from core.hedging import Filters
from core.instruments import ContractKind
from core.margin_rules import rules_named
from core.pool import Contract

KINDS = {"linear": ContractKind.LINEAR, "inverse": ContractKind.INVERSE}


class CandidateField(Request):
    """One contract at one venue, as a place for the short."""

    name: str = Field(min_length=1, description="What to call it in the answer.")
    kind: Literal["linear", "inverse"] = Field(description="linear: settled in quote; inverse: coin-margined.")
    venue: RulesName | None = Field(
        default=None,
        description="Margin rules recorded for a venue. Left out: requirement at the liquidation price.",
    )
    contract_size: ContractSizeField = ONE
    mark_price: Positive | None = Field(description="Mark price, quote per coin.")
    quantity_step: Positive | None = Field(default=None, description="Quantity step. Left out: nothing is rounded.")
    minimum_quantity: Positive | None = Field(default=None, description="Smallest order, in the order unit.")
    maximum_quantity: Positive | None = Field(default=None, description="Largest order, in the order unit.")
    minimum_notional: Positive | None = Field(default=None, description="Smallest order value, in quote.")
    funding_rate: IntervalRate | None = Field(
        default=None, description="perpetual: funding rate per interval, + when shorts receive. It is taken to stay."
    )
    funding_interval_hours: Hours | None = Field(
        default=None, description="perpetual: hours between settlements. No default: 1, 2, 4 and 8 exist side by side."
    )
    days_to_expiry: Positive | None = Field(
        default=None, description="dated: days to expiry, instead of funding_rate; its carry is mark - spot_price."
    )
    settlement_fee_rate: FeeRate | None = Field(
        default=None, description="dated: fee of the settlement at expiry. Left out: the taker fee."
    )
    taker_fee_rate: FeeRate | None = Field(description="Fee to open and to close, a fraction of value.")
    half_spread: NotNegative | None = Field(
        default=ZERO, description="Half of the bid-ask spread, a fraction of price, paid to open and to close."
    )
    tiers: tuple[TierField, ...] | None = Field(default=None, min_length=1, max_length=1000, description=TIERS_HELP)
    maintenance_rate: Share | None = Field(
        default=None, description="One maintenance rate, a fraction of value, instead of tiers."
    )
    tier_unit: TierUnit | None = Field(default=None, description=TIER_UNIT_HELP)
    maintenance_deduction: NotNegative = Field(
        default=ZERO, description="Taken off maintenance_rate * value, settle currency."
    )
    leverage: Positive | None = Field(
        default=None, description="Leverage: asks for value / leverage of margin. Needed where no collateral is given."
    )
    collateral: Positive | None = Field(
        default=None, description="Collateral offered, in collateral_in. Left out: just what the leverage asks for."
    )
    collateral_in: Literal["settle", "coin"] = Field(
        default="settle", description="What it is posted in: the settle currency or the coin (the same for inverse)."
    )
    collateral_ratio: Positive = Field(
        default=ONE, description="Collateral value ratio, a fraction up to 1: 0.95 is a haircut of 5%."
    )


class ChooserRequest(Request):
    """The same hedge on several contracts: size, margin, carry, fees, liquidation; best first.

    Give bag_quantity (coins) or bag_value with spot_price, target_ratio, horizon_days and the candidates.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "bag_quantity": "5",
                    "target_ratio": "0.5",
                    "horizon_days": "90",
                    "spot_price": "60000",
                    "candidates": [
                        {
                            "name": "linear perpetual at 2x",
                            "kind": "linear",
                            "mark_price": "60000",
                            "quantity_step": "0.001",
                            "funding_rate": "0.0001",
                            "funding_interval_hours": "8",
                            "taker_fee_rate": "0.0005",
                            "half_spread": "0.00002",
                            "maintenance_rate": "0.005",
                            "leverage": "2",
                        },
                        {
                            "name": "coin-margined quarterly at 1x",
                            "kind": "inverse",
                            "contract_size": "100",
                            "mark_price": "61200",
                            "quantity_step": "1",
                            "days_to_expiry": "91",
                            "taker_fee_rate": "0.0005",
                            "half_spread": "0.0001",
                            "maintenance_rate": "0.005",
                            "leverage": "1",
                        },
                    ],
                }
            ]
        }
    )

    bag_quantity: Positive | None = Field(default=None, description="Coins held.")
    bag_value: Positive | None = Field(default=None, description="Value held in quote, instead; needs spot_price.")
    beta: Positive = Field(
        default=ONE, description="Move of the bag per move of the contracts' coin; 1 where they are the same coin."
    )
    target_ratio: Positive | None = Field(description="Share of the bag (times beta) to hedge: 0.5 is half.")
    spot_price: Positive | None = Field(
        default=None, description="Spot price of the contracts' coin, quote: for bag_value and dated contracts."
    )
    horizon_days: NotNegative = Field(description="How long the hedge is to be held, for the ranking.")
    candidates: tuple[CandidateField, ...] = Field(min_length=1, max_length=200, description="Contracts to compare.")


class ChoiceAnswer(Answer):
    """One candidate. Money in quote, carry + received; fees and costs are + paid."""

    name: str
    quantity: Exact | None = Field(description="Short to open in the order unit, never hedging more than asked.")
    hedged_coins: Exact | None = Field(description="Coins that it hedges now.")
    ratio: Exact | None = Field(description="hedged_coins / (bag * beta).")
    residual_coins: Exact | None = Field(description="Coins of the target that stay unhedged.")
    value: Exact | None = Field(description="Value of the short at mark, quote.")
    initial_margin: Exact | None = Field(description="value / leverage, settle currency.")
    collateral_asset: str = Field(description="What the margin is posted in: quote or coin.")
    collateral: Exact | None = Field(description="Collateral offered, or what the leverage asks for; collateral_asset.")
    collateral_value: Exact | None = Field(description="The same in quote, before a haircut.")
    effective_leverage: Exact | None = Field(description="Value / collateral at its ratio.")
    carry_per_day: Exact | None = Field(description="At the present funding rate or basis, + received.")
    carry_30_days: Exact | None = Field(
        description="30 times that; restated, also where the contract ends before.",
        json_schema_extra=by("carry_per_day * 30"),
    )
    carry_per_year: Exact | None = Field(
        description="365 times that; restated, simple.", json_schema_extra=by("carry_per_day * 365")
    )
    carry_rate: Exact | None = Field(
        description="carry_per_year / value.", json_schema_extra=by("carry_per_year / value")
    )
    carry_over_horizon: Exact | None = Field(description="Carry of the horizon; of a dated contract up to its expiry.")
    cost_to_open: Exact | None = Field(description="Taker fee and half spread.")
    cost_to_close: Exact | None = Field(
        description="The same; the settlement fee alone for a contract that expires within the horizon."
    )
    round_trip: Exact | None = Field(
        description="cost_to_open + cost_to_close.", json_schema_extra=by("cost_to_open + cost_to_close")
    )
    net_over_horizon: Exact | None = Field(
        description="carry_over_horizon - round_trip: what the ranking goes by.",
        json_schema_extra=by("carry_over_horizon - round_trip"),
    )
    break_even_days: Exact | None = Field(description="Days of carry that pay for round_trip.")
    break_even_fall: Exact | None = Field(
        description="Fall of the price, a fraction, that pays for the hedge over the horizon."
    )
    liquidation: Part = Field(description="When the coin rises, and collateral posted in it too.")
    distance: Exact | None = Field(description="liquidation price / mark - 1.")
    tier: TierAnswer | None = Field(description="The maintenance tier at present.")
    refusals: tuple[str, ...] = Field(description="Why the order cannot be sent; such a candidate ranks last.")
    flags: tuple[str, ...] = Field(description="What to know before choosing.")
    rules: str = Field(description="The margin rules reckoned by.")
    undefined: Undefined = Field(default_factory=dict)


class ChooserAnswer(Answer):
    """All candidates, best first."""

    status: Literal["ok"] = "ok"
    hedge_coins: Exact = Field(description="What is to be hedged: bag * beta * target_ratio, coins.")
    best: str | None = Field(description="The first of the ranking; null where none has a known result.")
    choices: tuple[ChoiceAnswer, ...] = Field(
        description="By net_over_horizon; then those without one, then those that cannot be ordered."
    )


@exactly
def chooser(request: ChooserRequest) -> ChooserAnswer | Unknown:
    """Answer a ``chooser`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other("bag_quantity", "bag_value")
    missing = list(request.lacking("bag_quantity", "bag_value"))
    if request.bag_value is not None:
        missing += request.lacking("spot_price", why="beside bag_value")
    if request.target_ratio is None:
        missing.append("target_ratio")
    if missing or request.target_ratio is None:
        return Unknown(missing=tuple(missing))
    coins = request.bag_quantity
    if coins is None:
        coins = (request.bag_value or ZERO) / (request.spot_price or ONE)
    need = Need(
        coins=coins * request.beta,
        ratio=request.target_ratio,
        horizon_days=request.horizon_days,
        spot_price=request.spot_price,
    )
    candidates = [_candidate(request, index) for index in range(len(request.candidates))]
    choices = choose(need, candidates)
    first = choices[0]
    return ChooserAnswer(
        hedge_coins=need.coins * need.ratio,
        best=first.candidate.label if first.net.value is not None and not first.refusals else None,
        choices=tuple(_answer(choice) for choice in choices),
    )


def _candidate(request: ChooserRequest, index: int) -> Candidate:
    stated, key = request.candidates[index], f"candidates.{index}"
    within = f"{key}."
    stated.exclude_each_other("tiers", "maintenance_rate", within=within)
    stated.exclude_each_other("funding_rate", "days_to_expiry", within=within)
    if stated.given("maintenance_deduction") and not stated.given("maintenance_rate"):
        raise RequestError(within + "maintenance_deduction", "nothing without maintenance_rate", "a value")
    stated.lacking("tiers", "maintenance_rate", within=within)
    stated.lacking("leverage", "collateral", within=within)
    dated = stated.days_to_expiry is not None or (stated.given("days_to_expiry") and not stated.given("funding_rate"))
    if dated:
        request.lacking("spot_price", why="beside a dated contract")
    else:
        stated.lacking("funding_rate", within=within)
        stated.lacking("funding_interval_hours", within=within)
    kind = KINDS[stated.kind]
    rules = rules_named("generic", kind) if stated.venue is None else named_rules(stated.venue, kind)
    settle = "coin" if kind is ContractKind.INVERSE else "quote"
    return Candidate(
        key=key,
        label=stated.name,
        contract=Contract(name=stated.name, coin="coin", kind=kind, contract_size=stated.contract_size, settle=settle),
        rules=rules,
        mark_price=stated.mark_price,
        ladder=ladder(stated, key, kind, rules),
        filters=Filters(
            quantity_step=stated.quantity_step,
            minimum_quantity=stated.minimum_quantity,
            maximum_quantity=stated.maximum_quantity,
            minimum_notional=stated.minimum_notional,
        ),
        funding_rate=stated.funding_rate,
        funding_interval_hours=stated.funding_interval_hours,
        dated=dated,
        days_to_expiry=stated.days_to_expiry,
        taker_fee_rate=stated.taker_fee_rate,
        settlement_fee_rate=stated.settlement_fee_rate,
        half_spread=stated.half_spread,
        leverage=stated.leverage,
        collateral=stated.collateral,
        collateral_asset="coin" if stated.collateral_in == "coin" else settle,
        collateral_ratio=stated.collateral_ratio,
    )


def _answer(choice: Choice) -> ChoiceAnswer:
    undefined: dict[str, NoValue | Unknown] = {}
    candidate, rules = choice.candidate, choice.candidate.rules
    a_day = choice.carry_per_day

    def days(number: int) -> Figure:
        return a_day if a_day.value is None else exact(a_day.value * number)

    yearly, rate = days(DAYS_A_YEAR), a_day
    if yearly.value is not None and choice.value.value is not None:
        rate = exact(yearly.value / choice.value.value)
    named = {
        "hedged_coins": choice.hedged_coins,
        "ratio": choice.ratio,
        "residual_coins": choice.residual_coins,
        "value": choice.value,
        "initial_margin": choice.initial_margin,
        "collateral": choice.collateral,
        "collateral_value": choice.collateral_value,
        "effective_leverage": choice.effective_leverage,
        "carry_per_day": a_day,
        "carry_30_days": days(30),
        "carry_per_year": yearly,
        "carry_rate": rate,
        "carry_over_horizon": choice.carry_horizon,
        "cost_to_open": choice.open_cost,
        "cost_to_close": choice.close_cost,
        "round_trip": choice.round_trip,
        "net_over_horizon": choice.net,
        "break_even_days": choice.break_even_days,
        "break_even_fall": choice.break_even_fall,
    }
    return ChoiceAnswer(
        name=candidate.label,
        quantity=choice.quantity,
        collateral_asset=candidate.collateral_asset,
        liquidation=part(choice.liquidation, candidate.mark_price),
        distance=choice.distance,
        tier=None if choice.tier is None else tier_answer(choice.tier),
        refusals=choice.refusals,
        flags=choice.flags,
        rules=f"{rules.name}: {rules.note}",
        undefined=undefined,
        **{name: shown(name, figure, undefined) for name, figure in named.items()},
    )
