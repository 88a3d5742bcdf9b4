"""Why a hedge needs the margin that it needs, and how much of it is used."""

from __future__ import annotations

from core.account_risk import AccountRisk
from core.explanation import Input
from core.figures import Figure
from core.pool_risk import Valued
from core.snapshot import BookView, HedgeLine
from core.why.liquidation import account_of, alone, pools, why_estimated
from core.why.place import Place, Told, fact
from core.why.sources import given, recorded, rule_words


@fact(
    HedgeLine,
    "maintenance_margin",
    "maintenance margin",
    "{settle}",
    includes="what the venue asks for this position at the mark price, its closing fee where its rules add one",
)
def _maintenance(place: Place) -> Told:
    risk, item, made = pools(place)
    steps = recorded(lambda: alone(risk, item))
    formula, inputs = requirement(place, made, item)
    return Told(
        formula=formula,
        inputs=inputs,
        steps=steps,
        rule=rule_words(risk, [item], place.sources),
        method="" if formula else "the tier of the position's value: its rate and its deduction",
    )


def requirement(place: Place, risk: AccountRisk, item: Valued) -> tuple[str, tuple[Input, ...]]:
    """The requirement of one position by its tier: the formula and its inputs."""
    name = item.position.instrument
    pool = risk.pool_of(item.position.key)
    if pool is None:
        return "0 * quantity", (place.beside("quantity"),)
    rests = (place.beside("quantity"), place.beside("mark_price"))
    leg = None if pool.pool is None else pool.pool.legs[pool.held.index(item)]
    if leg is None:
        return "", rests
    per_contract = place.sources.described(name, "maintenance_per_contract", "maintenance margin of one contract")
    if per_contract.figure.known:
        return "abs(quantity) * maintenance_per_contract", (*rests, per_contract)
    facts, table = leg.leg, place.sources.tiers(name)
    if facts.ladder is None:
        return "", rests
    at_entry = leg.tier is None
    value = abs(facts.base) if at_entry else leg.value
    tier = facts.ladder.tier(facts.ladder.find(abs(facts.quantity) if facts.ladder.by_contracts else value))
    cap = "no end" if tier.cap is None else f"{tier.cap:f}"
    unit = place.the(HedgeLine).settle
    where = place.sources.tiers_words(name)
    known = Figure(value=tier.rate, freshness=item.quotes.tiers_known.freshness)
    observed = None if table is None else table.as_of_ns
    words = f"maintenance rate of the tier from {tier.floor:f} to {cap}"
    rate = Figure(value=known.value, freshness=known.freshness, observed_ns=observed)
    inputs = (
        given(
            "value", f"value at the {'entry' if at_entry else 'mark'} price", value, unit, "quantity, size and price"
        ),
        Input(name="rate", words=words, figure=rate, unit="fraction", source=where),
        given("closing_fee_rate", "closing fee in the requirement", facts.fee_rate, "fraction", "the margin rule"),
        given("deduction", "deduction of the tier", tier.deduction, unit, where),
        given("fixed_fee", "closing fee as an amount", facts.fixed_fee, unit, "the margin rule"),
    )
    return "value * (rate + closing_fee_rate) - deduction + fixed_fee", (*inputs, *rests)


@fact(
    HedgeLine,
    "margin_usage",
    "margin usage",
    "fraction",
    sign="1 is liquidation, more is worse",
    includes="the position alone where margin is isolated, the whole account where it is cross",
)
def _usage(place: Place) -> Told:
    account = account_of(place)
    if account.margin_mode == "cross":
        return Told(formula="margin_usage", inputs=(place.below(BookView, "accounts", account, "margin_usage"),))
    risk, item, _ = pools(place)
    return Told(
        formula="maintenance_margin / (margin + profit)",
        inputs=(place.beside("maintenance_margin"), place.beside("margin"), place.beside("profit")),
        rule=rule_words(risk, [item], place.sources),
        estimated=why_estimated(risk, item),
    )
