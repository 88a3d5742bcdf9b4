"""Why an account has the balances and the margin that it has."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.account_risk import AccountRisk
from core.account_view import position_usage
from core.explanation import Input
from core.figures import Figure, derive
from core.margin_rules import MarginRatio
from core.pool_risk import Valued, own_margin
from core.snapshot import AccountView, BookView, HedgeLine
from core.why.place import Place, Told, fact
from core.why.sources import rebuilt, recorded, rule_words

MONEY = "{settle}"


def risk_of(place: Place) -> AccountRisk:
    """The pools of the account."""
    return place.sources.risk(place.the(BookView).name, place.the(AccountView).name)


def isolated(place: Place) -> bool:
    """True where every position of the account has a margin of its own."""
    return place.the(AccountView).margin_mode == "isolated"


def line_of(place: Place, item: Valued) -> HedgeLine | None:
    """The hedge of this book that a position of the account is; ``None`` for one that is no hedge of it."""
    return next(
        (
            line
            for line in place.the(BookView).hedges
            if (line.account, line.instrument, line.leg)
            == (item.position.account, item.position.instrument, item.position.leg.value)
        ),
        None,
    )


def each(
    place: Place, items: Sequence[Valued], figures: Sequence[Figure], prefix: str, field: str = "", unit: str = ""
) -> tuple[Input, ...]:
    """One figure of every position: ``field`` of the hedge's line where it is a hedge of this book."""
    found = []
    for number, (item, figure) in enumerate(zip(items, figures, strict=True), 1):
        line = line_of(place, item)
        name = f"{prefix}_{number}"
        if line is not None and field:
            found.append(place.below(BookView, "hedges", line, field, name))
            continue
        words = f"{prefix.replace('_', ' ')} of {item.position.instrument} ({item.position.leg.value})"
        source = "see the steps" if line is not None else "a position of the account that is no hedge of this book"
        unit = unit or place.the(AccountView).settle
        found.append(Input(name=name, words=words, figure=figure, unit=unit, source=source))
    return tuple(found)


def summed(inputs: tuple[Input, ...]) -> str:
    """The sum of inputs as an expression."""
    return " + ".join(item.name for item in inputs) or "0"


@fact(
    AccountView,
    "wallet_balance",
    "wallet balance",
    MONEY,
    includes="the margin of isolated positions; realised profit, fees and funding booked so far",
    excludes="unrealised profit, and other coins",
)
def _wallet(place: Place) -> Told:
    account = place.the(AccountView)
    return Told(
        source=f"[[accounts]] of the configuration, or the balance that {account.venue} reported last, with the fills "
        f"and payments since (journal)",
        estimated="funding that was only reckoned has been booked in it",
    )


@fact(AccountView, "unrealised", "unrealised profit", MONEY, sign="+ gained, − lost")
def _unrealised(place: Place) -> Told:
    risk = risk_of(place)
    inputs = each(place, risk.held, [item.exposure.profit for item in risk.held], "profit", "profit")
    return Told(formula=summed(inputs), inputs=inputs)


@fact(
    AccountView,
    "margin_balance",
    "margin balance",
    MONEY,
    includes="wallet, unrealised profit, and other coins after their haircut",
)
def _balance(place: Place) -> Told:
    inputs = [place.beside("wallet_balance"), place.beside("unrealised")]
    for coin in place.the(AccountView).collateral:
        inputs.append(place.below(AccountView, "collateral", coin, "value", f"collateral_{len(inputs) - 1}"))
    return Told(formula=summed(tuple(inputs)), inputs=tuple(inputs))


@fact(
    AccountView,
    "initial_margin",
    "initial margin",
    MONEY,
    includes="the margin of isolated positions; value at the mark price ÷ leverage of cross ones",
    excludes="margin of open orders",
)
def _initial(place: Place) -> Told:
    risk = risk_of(place)
    if isolated(place):
        figures = [own_margin(item.position, item.exposure.quantity) for item in risk.held]
        inputs = each(place, risk.held, figures, "margin", "margin")
        return Told(formula=summed(inputs), inputs=inputs, estimated="a margin in it is an estimate")
    inputs = each(place, risk.held, [item.exposure.initial_margin for item in risk.held], "initial_margin")
    book, name = place.the(BookView).name, place.the(AccountView).name
    steps = tuple(
        step for step in recorded(lambda: place.sources.risk(book, name)) if step.name.startswith("initial margin")
    )
    return Told(formula=summed(inputs), inputs=inputs, steps=steps)


@fact(AccountView, "maintenance_margin", "maintenance margin", MONEY)
def _maintenance(place: Place) -> Told:
    risk = risk_of(place)
    needed = [risk.maintenance(item) for item in risk.held]
    inputs = each(place, risk.held, needed, "maintenance_margin", "maintenance_margin")
    rule = rule_words(risk, risk.held, place.sources)
    return Told(formula=summed(inputs), inputs=inputs, steps=recorded(lambda: rebuilt(risk)), rule=rule)


@fact(
    AccountView,
    "margin_usage",
    "margin usage",
    "fraction",
    sign="1 is liquidation, more is worse",
    includes="the worst position where margin is isolated, the whole account where it is cross",
)
def _usage(place: Place) -> Told:
    risk = risk_of(place)
    rule = rule_words(risk, risk.held, place.sources)
    if not isolated(place):
        inputs = (place.beside("maintenance_margin"), place.beside("margin_balance"))
        return Told(formula="maintenance_margin / margin_balance", inputs=inputs, rule=rule)
    open_ = [item for item in risk.held if not item.flat]
    figures = [position_usage(risk, item) for item in open_]
    used = each(place, open_, figures, "margin_usage", "margin_usage", "fraction")
    names = ", ".join(item.name for item in ([item for item in used if item.figure.known] or used))
    formula = f"max({names})" if "," in names else names
    method = "the worst of the positions" if used else "nothing is held"
    return Told(formula=formula, inputs=used, rule=rule, method=method)


@fact(
    AccountView,
    "available",
    "margin available",
    MONEY,
    includes="what is left to open positions with",
    excludes="unrealised profit where margin is isolated; margin of open orders",
)
def _available(place: Place) -> Told:
    balance = "wallet_balance" if isolated(place) else "margin_balance"
    inputs = (place.beside(balance), place.beside("initial_margin"))
    return Told(formula=f"{balance} - initial_margin", inputs=inputs)


@fact(AccountView, "ratio", "margin ratio as the venue shows it", "fraction", excludes="isolated positions")
def _ratio(place: Place) -> Told:
    risk = risk_of(place)
    rule = rule_words(risk, risk.held, place.sources)
    pool = risk.pools[0] if risk.pools and not isolated(place) else None
    if pool is None or pool.pool is None or pool.pool.value is None:
        return Told(method="of the cross pool: there is none, or it is not known", rule=rule)
    value, words = pool.pool.value, place.the(AccountView).ratio_label
    numbers = {
        "equity": (value.equity, "collateral and unrealised profit of the pool"),
        "requirement": (value.requirement, "maintenance margin of the pool"),
        "positions_value": (
            sum((leg.value * leg.settle_price for leg in value.legs), Decimal(0)),
            "value of positions",
        ),
    }
    inputs = tuple(
        Input(
            name=name,
            words=said,
            figure=derive(lambda _, number=number: number, pool.requirement),
            unit=pool.pool.currency,
            source="the pool at present prices: see the steps",
        )
        for name, (number, said) in numbers.items()
    )
    formula = RATIOS[pool.pool.rules.ratio]
    steps = recorded(lambda: rebuilt(risk))
    return Told(formula=formula, method=words, inputs=inputs, steps=steps, rule=rule)


RATIOS = {
    MarginRatio.REQUIREMENT_TO_EQUITY: "requirement / equity",
    MarginRatio.EQUITY_TO_REQUIREMENT: "equity / requirement",
    MarginRatio.EQUITY_TO_VALUE: "equity / positions_value",
}
