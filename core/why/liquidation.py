"""Why a hedge is liquidated where it is, and how far away that is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from msgspec.structs import replace

from core.account_risk import AccountRisk
from core.account_rules import margin_rules
from core.books import MarginMode
from core.explain import Step, text
from core.explanation import Input
from core.figures import Figure, exact
from core.liquidation_results import DISPUTED
from core.margin_rules import MarginRules
from core.order_gate import percent
from core.pool_liquidation import contract_path
from core.pool_risk import Valued
from core.snapshot import AccountView, BookView, HedgeLine
from core.why.hedge import hedge_of
from core.why.place import Place, Told, fact
from core.why.sources import rebuilt, recorded, rule_words

PRICE = "{quote} a {base}"
WAY = "the price at which what backs the position falls to the maintenance margin, walked to over every tier boundary"
SAFE = "+ safe, zero or − past liquidation"


def pools(place: Place) -> tuple[AccountRisk, Valued, AccountRisk]:
    """The pools of the hedge's account, its position, and the positions that share its pool."""
    risk, item = place.sources.held(place.the(BookView).name, hedge_of(place))
    return risk, item, alone(risk, item)


def alone(risk: AccountRisk, item: Valued) -> AccountRisk:
    """The pools without those that have nothing to do with the position, made anew."""
    return rebuilt(risk, [item] if risk.account.margin_mode is MarginMode.ISOLATED else None)


def walked(figure: Figure, steps: tuple[Step, ...], tiers: str, unit: str) -> tuple[str, tuple[Input, ...]]:
    """The formula of the step that gave the figure, with that step's inputs; nothing where none did."""
    value = None if figure.value is None else text(figure.value)
    step = next((item for item in reversed(steps) if item.value == value and "price" in item.name), None)
    if step is None:
        return "", ()
    inputs = []
    for name, shown in step.inputs:
        words, of_tier = _WALKED.get(name, (name.replace("_", " "), False))
        number, source = _number(shown), tiers if of_tier else "worked out in the steps"
        if number is not None:
            of = unit if name == "price_now" else "fraction" if name.endswith("rate") else ""
            inputs.append(Input(name=name, words=words, figure=exact(number), unit=of, source=source))
    return step.formula, tuple(inputs)


_WALKED = {
    "price_now": ("price from which the way to liquidation is walked", False),
    "multiple": ("multiple of that price at which the surplus is used up", False),
    "stays": ("part of the surplus (equity less requirement) that no move of the price changes", False),
    "moves": ("part of the surplus that moves with the price, at the price from which is walked", False),
    "maintenance_rate": ("maintenance rate of the tier in which liquidation comes", True),
    "deduction": ("deduction of that tier", True),
}
"""What the inputs of the last step are, and whether they are the tier's."""


def _number(shown: str) -> Decimal | None:
    try:
        return Decimal(shown)
    except InvalidOperation:
        return None


def _rests_on(place: Place, *fields: str) -> tuple[Input, ...]:
    """What a price of ours is made from, as figures that can be asked in turn."""
    found = tuple(place.beside(field) for field in ("quantity", "entry_price", *fields))
    account = account_of(place)
    if account.margin_mode == "isolated":
        return (*found, place.beside("margin"))
    wallet = place.below(BookView, "accounts", account, "wallet_balance")
    return (*found, place.beside("mark_price"), wallet, place.below(BookView, "accounts", account, "margin_balance"))


def account_of(place: Place) -> AccountView:
    """The account that the hedge is held in."""
    line = place.the(HedgeLine)
    return next(account for account in place.the(BookView).accounts if account.name == line.account)


def _reckoned(place: Place, find: Callable[[AccountRisk, Valued], object]) -> Told:
    """A price found by walking: what is recorded on the way is its explanation."""
    risk, item, _ = pools(place)

    def again() -> None:
        find(alone(risk, item), item)

    steps = recorded(again)
    tiers = place.sources.tiers_words(item.position.instrument)
    formula, inputs = walked(place.figure, steps, tiers, place.beside("mark_price").unit)
    return Told(
        formula=formula,
        method=WAY,
        inputs=(*inputs, *_rests_on(place, "maintenance_margin")),
        steps=steps,
        rule=rule_words(risk, [item], place.sources),
        estimated=why_estimated(risk, item),
        excludes="rounding to the tick, which venues do towards the market"
        + ("; other positions on this coin are held at their marks" if risk.same_coin(item) else ""),
    )


def short_note(rules: MarginRules) -> str:
    """What is to be noted of a margin rule, without the word that its reader has read already."""
    return rules.note.removeprefix("estimate: ")


def why_estimated(risk: AccountRisk, item: Valued) -> str:
    """Why a figure of the pool is an estimate."""
    found = []
    instrument = item.quotes.instrument
    if instrument is not None and not margin_rules(risk.account, instrument).exact(risk.account.margin_mode):
        found.append(f"the rules are not met to the tick: {short_note(margin_rules(risk.account, instrument))}")
    if item.position.margin_estimated:
        found.append("funding that was only reckoned has been paid out of the margin")
    if risk.same_coin(item):
        found.append("another position on this coin is held at its mark, but moves with it")
    return "; ".join(found)


# --- prices --------------------------------------------------------------------------------------------------


@fact(
    HedgeLine,
    "liquidation_price",
    "liquidation price",
    PRICE,
    includes="the venue's own price while its report is young, else ours; the nearer where they are disputed",
)
def _chosen(place: Place) -> Told:
    line = place.the(HedgeLine)
    sides = (place.beside("liquidation_venue"), place.beside("liquidation_ours"), place.beside("mark_price"))
    is_venues = line.liquidation_source.startswith("the venue's own")
    risk, item, _ = pools(place)
    share = percent(DISPUTED)
    return Told(
        formula="liquidation_venue" if is_venues else "liquidation_ours",
        method=f"{line.liquidation_source}; disputed where the two are more than {share} of the mark price apart",
        inputs=sides,
        rule=rule_words(risk, [item], place.sources),
        estimated=why_estimated(risk, item),
    )


@fact(HedgeLine, "liquidation_venue", "the venue's liquidation price", PRICE)
def _venues(place: Place) -> Told:
    line = place.the(HedgeLine)
    return Told(source=f"the report of the position by {line.venue} on account {line.account}")


@fact(HedgeLine, "liquidation_ours", "our liquidation price", PRICE, includes="every tier up to that price")
def _ours(place: Place) -> Told:
    return _reckoned(place, lambda risk, item: risk.liquidation(item))


@fact(HedgeLine, "liquidation_difference", "our liquidation price less the venue's", PRICE, sign="+ ours is higher")
def _difference(place: Place) -> Told:
    inputs = (place.beside("liquidation_ours"), place.beside("liquidation_venue"))
    return Told(formula="liquidation_ours - liquidation_venue", inputs=inputs)


@fact(
    HedgeLine,
    "bankruptcy_price",
    "bankruptcy price",
    PRICE,
    includes="all that backs the position, used up to nothing when this contract alone moves",
)
def _bankruptcy(place: Place) -> Told:
    def find(risk: AccountRisk, item: Valued) -> object:
        pool = risk.pool_of(item.position.key)
        known = pool is not None and pool.pool is not None and pool.pool.value is not None
        if not known or pool is None or pool.pool is None or pool.pool.value is None:
            return None
        return contract_path(pool.pool.value, item.position.instrument, requirement=False)

    told, without = _reckoned(place, find), ("maintenance_margin", "mark_price")
    inputs = (*(item for item in told.inputs if item.name not in without), place.beside("mark_price"))
    return replace(told, method="the price at which what backs the position is used up", inputs=inputs)


@fact(
    HedgeLine,
    "account_liquidation",
    "liquidation of all that backs it",
    PRICE,
    includes="every position on the coin, and the coin as collateral, moving together",
    excludes="a move of other coins",
)
def _account_liquidation(place: Place) -> Told:
    return _reckoned(place, lambda risk, item: risk.death(item))


# --- distances -----------------------------------------------------------------------------------------------


def _away(place: Place, price: str) -> Told:
    held = place.the(HedgeLine).quantity.value
    sides = f"mark_price - {price}" if held is not None and held > 0 else f"{price} - mark_price"
    inputs = (place.beside(price), place.beside("mark_price"), place.beside("quantity"))
    return Told(formula=f"({sides}) / mark_price", inputs=inputs)


@fact(HedgeLine, "liquidation_distance", "distance to liquidation", "fraction of the mark price", sign=SAFE)
def _distance(place: Place) -> Told:
    return _away(place, "liquidation_price")


@fact(
    HedgeLine,
    "account_liquidation_distance",
    "distance to the liquidation of all that backs it",
    "fraction of the mark price",
    sign=SAFE,
)
def _account_distance(place: Place) -> Told:
    return _away(place, "account_liquidation")
