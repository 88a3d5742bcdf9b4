"""A margin account as the snapshot shows it: balances, margin by the venue's rules, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from core.account_risk import AccountRisk
from core.books import MarginMode
from core.figures import Figure, absent, derive, total, unknown
from core.margin_rules import MarginRules
from core.pool import Collateral, counted
from core.pool_risk import CoinBalance, Valued, as_figure, own_margin, priced
from core.risk import NO_POSITION, USED_UP, lifted, usage, used_up
from core.snapshot import AccountView, CollateralView, DeathView, TogetherView


def account_view(risk: AccountRisk, wallet: Figure, together: TogetherView | None) -> AccountView:
    """The account at present; ``wallet`` is its balance in the settle currency, without unrealised profit."""
    account, held = risk.account, risk.held
    isolated = account.margin_mode is MarginMode.ISOLATED
    collateral = tuple(_collateral(coin) for coin in risk.balances if coin.asset != account.settle)
    unrealised = total(*(item.exposure.profit for item in held))
    balance = total(wallet, unrealised, *(coin.value for coin in collateral))
    maintenance = total(*(risk.maintenance(item) for item in held))
    if isolated:
        initial = total(*(own_margin(item.position, item.exposure.quantity) for item in held))
    else:
        initial = total(*(item.exposure.initial_margin for item in held))
    ratio, label = risk.shown_ratio()
    rules = [risk.rules(found) for item in held if (found := item.quotes.instrument) is not None]
    label = label or (rules[0].ratio_label if rules else "margin usage")
    worst_of = f"{label}, worst position" if isolated and len(held) > 1 else label
    return AccountView(
        name=account.name,
        venue=account.venue,
        settle=account.settle,
        margin_mode=account.margin_mode.value,
        paper=account.paper,
        wallet_balance=wallet,
        unrealised=unrealised,
        margin_balance=balance,
        initial_margin=initial,
        maintenance_margin=maintenance,
        margin_usage=_worst_usage(risk) if isolated else usage(maintenance, balance),
        usage_label=worst_of,
        available=derive(Decimal.__sub__, wallet if isolated else balance, initial),
        rules=_words(rules),
        ratio=ratio,
        ratio_label=label,
        ratio_worse="lower" if rules and not rules[0].worse_is_higher else "higher",
        collateral=collateral,
        deaths=tuple(_death(risk, coin, price) for coin, price in moving_coins(risk)),
        together=together,
    )


def _words(rules: list[MarginRules]) -> str:
    """Each rule set by its name and date, once."""
    distinct = {id(rule): rule for rule in rules}.values()
    return "; ".join(dict.fromkeys(f"{rule.name} ({rule.dated}): {rule.note}" for rule in distinct))


def position_usage(risk: AccountRisk, item: Valued) -> Figure:
    """Margin usage of an isolated position: its requirement over its own margin and profit."""
    return usage(risk.maintenance(item), total(own_margin(item.position, item.exposure.quantity), item.exposure.profit))


def _worst_usage(risk: AccountRisk) -> Figure:
    """The worst of isolated positions; unknown while one is, unless another is already past liquidation."""
    figures = [position_usage(risk, item) for item in risk.held if not item.flat]
    if not figures:
        return NO_POSITION
    gone = [figure for figure in figures if used_up(figure)]
    if gone and not all(figure.known for figure in figures):
        return max(gone, key=lambda figure: Decimal("Infinity") if figure.value is None else figure.value)
    return derive(max, *figures) if len(figures) > 1 else figures[0]


def _collateral(coin: CoinBalance) -> CollateralView:
    def counting(amount: Decimal) -> Decimal:
        return counted(Collateral(asset=coin.asset, amount=amount, steps=coin.steps))

    coins = lifted(counting, coin.amount)
    value = derive(Decimal.__mul__, coins, coin.price)
    return CollateralView(asset=coin.asset, amount=coin.amount, price=coin.price, counted=coins, value=value)


def moving_coins(risk: AccountRisk) -> list[tuple[str, Figure]]:
    """Every coin whose price moves the account, with that price: a contract's mark, else the collateral's own.

    None while a position is held of which it is not known what it is on.
    """
    if any(item.quotes.instrument is None and not item.flat for item in risk.held):
        return []
    found: dict[str, Figure] = {}
    for item in risk.held:
        instrument = item.quotes.instrument
        if not item.flat and instrument is not None:
            found.setdefault(instrument.base, item.quotes.mark)
    if found:
        for coin in risk.balances:
            if coin.asset != risk.account.settle and coin.amount.value:
                found.setdefault(coin.asset, coin.price)
    return list(found.items())


def _death(risk: AccountRisk, coin: str, price: Figure) -> DeathView:
    if price.value is None:
        gap = unknown(*price.missing)
        return DeathView(coin=coin, price=price, above=gap, below=gap, distance_above=gap, distance_below=gap)
    now, above, below = price.value, [], []
    past = False
    for pool in risk.pools:
        reach = pool.end(coin)
        if reach is None:
            gap = unknown(*pool.requirement.missing)
            above.append(gap)
            below.append(gap)
            continue
        past = past or reach.past
        above.append(as_figure(priced(reach.above, now), pool.requirement, estimated=not pool.exact))
        below.append(as_figure(priced(reach.below, now), pool.requirement, estimated=not pool.exact))
    rises, falls = _nearest(above, min, past=past), _nearest(below, max, past=past)
    return DeathView(
        coin=coin,
        price=price,
        above=rises,
        below=falls,
        distance_above=_distance(rises, price, _above),
        distance_below=_distance(falls, price, _below),
    )


def _above(end: Decimal, now: Decimal) -> Decimal:
    return 1 * (end - now) / now


def _below(end: Decimal, now: Decimal) -> Decimal:
    return -1 * (end - now) / now


def _distance(death: Figure, price: Figure, function: Callable[[Decimal, Decimal], Decimal]) -> Figure:
    if death.absent:
        return absent(death.absent, death)
    return lifted(function, death, price)


def _nearest(figures: list[Figure], pick: Callable[[Iterable[Decimal]], Decimal], *, past: bool) -> Figure:
    """The first pool's end on one side. A pool that is not known hides what it may do, unless another is past."""
    if past:
        return absent(USED_UP, *(figure for figure in figures if not figure.missing))
    if len(figures) == 1 and not figures[0].missing:
        return figures[0]
    gaps = [gap for figure in figures for gap in figure.missing]
    if gaps:
        return unknown(*dict.fromkeys(gaps))
    prices = [figure for figure in figures if figure.value is not None]
    if not prices:
        return absent(figures[0].absent, *figures) if figures else NO_POSITION
    chosen = derive(lambda *values: pick(values), *prices)
    worst = absent("", *figures)
    return msgspec.structs.replace(
        chosen, estimated=worst.estimated, freshness=worst.freshness, observed_ns=worst.observed_ns
    )
