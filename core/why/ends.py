"""Why an account ends where it ends: coins that back it, and moves of one coin or of all that liquidate it."""

from __future__ import annotations

from core.account_risk import AccountRisk
from core.collateral import ratio_steps
from core.instrument_market import Field
from core.pool_liquidation import coin_path
from core.snapshot import AccountView, BetaView, BookView, CollateralView, DeathView, TogetherView
from core.why.account import line_of, risk_of
from core.why.liquidation import SAFE, WAY, short_note, walked
from core.why.place import Place, Told, fact
from core.why.sources import given, rebuilt, recorded, rule_words

PRICE = "{settle} a coin"
CONFIGURED = "[[accounts.collateral]] of the configuration"


# --- collateral ----------------------------------------------------------------------------------------------


@fact(CollateralView, "amount", "coins in the account", "{asset}", sign="+ held, − owed")
def _amount(place: Place) -> Told:
    account = place.the(AccountView)
    return Told(
        source=f"{CONFIGURED}, or the balance that {account.venue} reported last, with what was paid since",
        estimated="payments that were only reckoned have been booked in it",
    )


@fact(CollateralView, "price", "price of the collateral", "{settle} a {asset}")
def _price(place: Place) -> Told:
    book, account, coin = place.the(BookView), place.the(AccountView), place.the(CollateralView)
    declared = place.sources.account(book.name, account.name)
    pair = next((item.price for item in declared.collateral if item.asset == coin.asset), None)
    if pair is None:
        return Told(source="dollars count at par", estimated="a dollar of one kind is taken for one of another")
    sides = (place.sources.quoted(pair, Field.BID, "bid"), place.sources.quoted(pair, Field.ASK, "ask"))
    return Told(formula="(bid + ask) / 2", inputs=sides)


@fact(
    CollateralView,
    "counted",
    "coins that count",
    "{asset}",
    includes="each slice of the amount at its collateral value ratio; a debt counts whole",
)
def _counted(place: Place) -> Told:
    book, account, coin = place.the(BookView), place.the(AccountView), place.the(CollateralView)
    declared = place.sources.account(book.name, account.name).collateral
    stated = next((item for item in declared if item.asset == coin.asset), None)
    amount = place.beside("amount")
    if stated is None or (amount.figure.value is not None and amount.figure.value <= 0):
        return Told(formula="amount", inputs=(amount,))
    steps = ratio_steps(stated)
    terms, inputs = [], [amount]
    for number, (floor, ratio) in enumerate(steps, 1):
        inputs.append(given(f"ratio_{number}", f"ratio of the slice from {floor:f}", ratio, "fraction", CONFIGURED))
        inputs.append(given(f"floor_{number}", f"where slice {number} begins", floor, coin.asset, CONFIGURED))
        top = f"min(amount, floor_{number + 1})" if number < len(steps) else "amount"
        terms.append(f"max(0, {top} - floor_{number}) * ratio_{number}")
    return Told(formula=" + ".join(terms), inputs=tuple(inputs))


@fact(CollateralView, "value", "value of the coins that count", "{settle}", excludes="the haircut")
def _value(place: Place) -> Told:
    return Told(formula="counted * price", inputs=(place.beside("counted"), place.beside("price")))


# --- one coin moves ------------------------------------------------------------------------------------------


@fact(DeathView, "price", "price of the coin", PRICE)
def _coin_price(place: Place) -> Told:
    coin = place.the(DeathView).coin
    risk = risk_of(place)
    for item in risk.held:
        instrument = item.quotes.instrument
        if not item.flat and instrument is not None and instrument.base == coin:
            line = line_of(place, item)
            if line is not None:
                mark = place.below(BookView, "hedges", line, "mark_price")
            else:
                mark = place.sources.quoted(instrument.id, Field.MARK)
            return Told(formula="mark_price", inputs=(mark,))
    view = next(item for item in place.the(AccountView).collateral if item.asset == coin)
    return Told(formula="price", inputs=(place.below(AccountView, "collateral", view, "price"),))


def _end(place: Place) -> Told:
    """The nearest pool's end on one side."""
    view, risk = place.the(DeathView), risk_of(place)
    price = view.price.value

    def walk() -> None:
        if price is not None:
            for pool in rebuilt(risk).pools:
                if pool.pool is not None and pool.pool.value is not None:
                    coin_path(pool.pool.value, view.coin, price)

    steps = recorded(walk)
    formula, inputs = walked(
        place.figure, steps, "the maintenance tiers of the margin rule", place.beside("price").unit
    )
    account = (place.above(AccountView, "margin_balance"), place.above(AccountView, "maintenance_margin"))
    return Told(
        formula=formula,
        method=f"{WAY}; of several pools the one that is met first",
        inputs=(*inputs, place.beside("price"), *account),
        steps=steps,
        rule=rule_words(risk, risk.held, place.sources),
        estimated=_inexact(risk),
    )


def _inexact(risk: AccountRisk) -> str:
    notes = [
        short_note(risk.rules(instrument))
        for item in risk.held
        if (instrument := item.quotes.instrument) is not None
        and not risk.rules(instrument).exact(risk.account.margin_mode)
    ]
    return "; ".join(dict.fromkeys(f"the rules are not met to the tick: {note}" for note in notes))


for _field, _name in (("above", "liquidation above the price"), ("below", "liquidation below the price")):
    fact(
        DeathView,
        _field,
        f"{_name}, when this coin alone moves",
        PRICE,
        includes="contracts on the coin, the coin as collateral, and what is settled in it",
        excludes="moves of other coins",
    )(_end)


@fact(DeathView, "distance_above", "distance to liquidation above", "fraction of the price", sign=SAFE)
def _distance_above(place: Place) -> Told:
    return Told(formula="(above - price) / price", inputs=(place.beside("above"), place.beside("price")))


@fact(DeathView, "distance_below", "distance to liquidation below", "fraction of the price", sign=SAFE)
def _distance_below(place: Place) -> Told:
    return Told(formula="(price - below) / price", inputs=(place.beside("below"), place.beside("price")))


# --- all coins move together ---------------------------------------------------------------------------------


def _together(place: Place) -> Told:
    view, account, risk = place.the(TogetherView), place.the(AccountView), risk_of(place)
    betas = tuple(
        place.below(TogetherView, "betas", item, "beta", f"beta_{number}") for number, item in enumerate(view.betas, 1)
    )
    coins = tuple(
        place.below(AccountView, "deaths", death, "price", f"price_{number}")
        for number, death in enumerate(account.deaths, 1)
    )
    back = (place.above(AccountView, "wallet_balance"), place.above(AccountView, "maintenance_margin"))
    return Told(
        method=f"{view.driver} is moved in steps of half a percent, every other coin by its beta, until a pool's "
        "surplus is used up; that step is closed in on by Ridders' method (1979)",
        inputs=(*betas, *coins, *back),
        steps=recorded(lambda: rebuilt(risk)),
        rule=rule_words(risk, risk.held, place.sources),
        estimated=f"betas are statistics: {view.source}",
    )


for _field, _way in (("above", "rise"), ("below", "fall")):
    fact(
        TogetherView,
        _field,
        f"{_way} of the driver that liquidates the account",
        "fraction of the driver's price",
        includes="every coin moving with the driver by its beta",
        excludes="moves that the driver does not explain",
    )(_together)


@fact(BetaView, "beta", "beta to the driver", "per cent per per cent")
def _beta(place: Place) -> Told:
    view, together = place.the(BetaView), place.the(TogetherView)
    if view.coin == together.driver:
        return Told(source="the driver itself: 1 by definition")
    candles = f"daily candles of {view.coin} and {together.driver}"
    return Told(
        source=f"{place.the(AccountView).venue}, REST: {candles}; {together.source}",
        estimated="a statistic of the past: the next days may differ",
    )
