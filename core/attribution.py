"""Where a hedged book's profit came from between two instants, in parts that add up to it to the last digit.

Values are in the anchors' currency. A leg counts as ``realised + unrealised − fees + funding`` in its settle currency,
turned into quote at its own mark where it is settled in coin, and a bag as its coins at spot. Coins that came in or
went out count at what they were worth then, so they are never profit. What was earned in the interval is turned into
the currency at the rates of its end; what was there before is revalued, and the revaluation has a part of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.anchors import Anchor, Coins, Leg, Traded, check
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly, finite, positive
from core.instruments import ContractKind
from core.parts import Parts, added, summed
from core.pnl import unrealised


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """The profit of bag and hedge from ``since_ns`` to ``until_ns``, in ``currency``.

    ``realised`` is what reducing fills locked in meanwhile and ``unrealised`` the open profit of what is held now,
    both of the hedge, before fees and funding, at the rates of the end. ``estimated`` where the split (never the sum)
    rests on a mark or spot price that was assumed. ``includes`` says in words what the figures include.
    """

    currency: str
    since_ns: int
    until_ns: int
    bag: Parts
    hedge: Parts
    realised: Decimal
    unrealised: Decimal
    estimated: bool
    includes: str

    @property
    def parts(self) -> Parts:
        """Bag and hedge together, by cause."""
        return added(self.bag, self.hedge)

    @property
    def hedged(self) -> Decimal:
        """Profit of the book as it is: bag and hedge."""
        return self.parts.total

    @property
    def unhedged(self) -> Decimal:
        """What the bag alone would have made."""
        return self.bag.total

    @property
    def protection(self) -> Decimal:
        """Hedged less unhedged: + the hedge saved that much, − it cost that much (the upside given up, and costs)."""
        return self.hedge.total


class UnknownAttribution(msgspec.Struct, frozen=True):
    """Cannot be known for want of the inputs named."""

    missing: tuple[str, ...]


@exactly
def attribute(anchor: Anchor, now: Anchor) -> Attribution | UnknownAttribution:
    """The profit from ``anchor`` to ``now``, by cause; unknown, naming every price and rate that is missing.

    RequestError where the two are not of one currency, run backwards, or describe a leg or coin differently.
    """
    if anchor.currency != now.currency:
        raise RequestError("now.currency", anchor.currency, now.currency)
    if now.time_ns < anchor.time_ns:
        raise RequestError("now.time_ns", f"no earlier than {anchor.time_ns}", str(now.time_ns))
    check(anchor, "anchor")
    check(now, "now")
    missing: list[str] = []
    coins = [_coins_move(before, after, anchor, now, missing) for before, after in _paired_coins(anchor, now, missing)]
    legs = [_leg_move(before, after, anchor, now, missing) for before, after in _paired_legs(anchor, now, missing)]
    if missing:
        return UnknownAttribution(tuple(dict.fromkeys(missing)))
    estimated = any(leg.traded.estimated and _moved(leg, anchor) for leg in now.legs)
    return Attribution(
        currency=now.currency,
        since_ns=anchor.time_ns,
        until_ns=now.time_ns,
        bag=_summed(coins),
        hedge=_summed(legs),
        realised=sum((move.realised for move in legs), ZERO),
        unrealised=sum((move.unrealised for move in legs), ZERO),
        estimated=estimated,
        includes=_includes(now, estimated=estimated),
    )


@exactly
def effective_cost(cost: Decimal, realised: Decimal, funding: Decimal, fees: Decimal, coins: Decimal) -> Decimal:
    """Cost per coin of the bag once its hedge is netted: ``(cost − realised − funding + fees) ÷ coins``.

    ``cost`` is what the coins were bought for together; all in one currency, fees + paid. Negative where the hedge
    has earned more than the bag cost.
    """
    net = finite("cost", cost) - finite("realised", realised) - finite("funding", funding) + finite("fees", fees)
    return net / positive("coins", coins)


# --- one asset, one leg ------------------------------------------------------------------------------------------


class _Move(NamedTuple):
    """What one line gained in its causes, not yet rounded, and its worth at both ends with deposits taken off.

    What no cause explains is not among ``parts``: it is what the sum lacks to the change of worth.
    """

    parts: Parts
    before: Decimal
    after: Decimal
    realised: Decimal = ZERO
    unrealised: Decimal = ZERO


def _coins_move(before: Coins, after: Coins, anchor: Anchor, now: Anchor, missing: list[str]) -> _Move:
    old, came = before.quantity, after.deposited - before.deposited
    value, worth = after.deposited_value - before.deposited_value, after.deposited_worth - before.deposited_worth
    start = end = was = rate = ZERO
    if old:
        start = _need(before.price, f"price of {before.asset} at the anchor", missing)
        was = _need(anchor.rate(before.currency), _rate_name(before.currency, anchor, " at the anchor"), missing)
    if after.quantity or old + came:
        end = _need(after.price, f"price of {after.asset}", missing)
    if old or after.quantity or came or value:
        rate = _need(now.rate(after.currency), _rate_name(after.currency, now), missing)
    return _Move(
        parts=Parts(
            price=(old * (end - start) + came * end - value) * rate,
            fx=old * start * (rate - was) + value * rate - worth,
        ),
        before=old * start * was - before.deposited_worth,
        after=after.quantity * end * rate - after.deposited_worth,
    )


class _Standing(NamedTuple):
    """A leg's running result at one instant: ``net`` of fees, in settle; ``price`` of 1 settle in its quote."""

    mark: Decimal
    spot: Decimal
    open_profit: Decimal
    net: Decimal
    price: Decimal
    rate: Decimal


def _leg_move(before: Leg, after: Leg, anchor: Anchor, now: Anchor, missing: list[str]) -> _Move:
    old, new = before.traded, after.traded
    coins = new.coins - old.coins
    moved = bool(before.quantity) or (_sums(before), old) != (_sums(after), new)
    start = _standing(before, anchor, missing, " at the anchor", prices=bool(before.quantity), money=any(_sums(before)))
    gone = _closed_without_mark(before, after)
    end = _standing(after, now, missing, "", prices=moved and not gone, money=moved or any(_sums(after)))
    if gone:
        end = end._replace(mark=start.mark, spot=start.spot)
    held = before.quantity * before.contract_size
    if before.kind is ContractKind.INVERSE and held:
        held = held / start.mark
    by_mark = held * (end.mark - start.mark) + coins * end.mark - (new.at_mark - old.at_mark)
    by_spot = held * (end.spot - start.spot) + coins * end.spot - (new.at_spot - old.at_spot)
    slipped = (new.at_mark - old.at_mark) - (new.at_fill - old.at_fill)
    worth = end.price * end.rate
    return _Move(
        parts=Parts(
            price=by_spot * end.rate,
            basis=(by_mark - by_spot) * end.rate,
            convexity=start.net * (end.price - start.price) * end.rate,
            funding=(after.funding - before.funding) * worth,
            fees=(before.fees - after.fees) * worth,
            slippage=slipped * end.rate,
            fx=start.net * start.price * (end.rate - start.rate),
        ),
        before=start.net * start.price * start.rate,
        after=end.net * worth,
        realised=(after.realised - before.realised) * worth,
        unrealised=end.open_profit * worth,
    )


def _standing(leg: Leg, at: Anchor, missing: list[str], when: str, *, prices: bool, money: bool) -> _Standing:
    """The leg's result at one end. Where its ``prices`` or the value of its ``money`` do not matter they are zero."""
    inverse = leg.kind is ContractKind.INVERSE
    mark = spot = open_profit = rate = ZERO
    prices = prices or bool(leg.quantity)
    if prices or (inverse and money):
        mark = _need(leg.mark_price, f"mark price of {leg.instrument}{when}", missing)
    if prices:
        spot = _need(leg.spot_price, f"spot price of {leg.asset}{when}", missing)
    if prices or money:
        currency = leg.quote if inverse else leg.settle
        rate = _need(at.rate(currency), _rate_name(currency, at, when), missing)
    if leg.quantity:
        entry = _need(leg.entry_price, f"entry price of {leg.instrument}{when}", missing)
        open_profit = unrealised(leg.kind, leg.quantity, leg.contract_size, entry, mark)
    return _Standing(
        mark=mark,
        spot=spot,
        open_profit=open_profit,
        net=leg.realised + open_profit - leg.fees + leg.funding,
        price=mark if inverse else ONE,
        rate=rate,
    )


def _sums(leg: Leg) -> tuple[Decimal, Decimal, Decimal]:
    return leg.realised, leg.fees, leg.funding


def _closed_without_mark(before: Leg, after: Leg) -> bool:
    """True for a leg that was closed and has no prices now: they do not matter, since they cancel whatever they are."""
    if before.kind is ContractKind.INVERSE or after.quantity:
        return False
    if after.mark_price is not None and after.spot_price is not None:
        return False
    return not before.quantity * before.contract_size + after.traded.coins - before.traded.coins


# --- pairs, gaps, sums -------------------------------------------------------------------------------------------


def _paired_coins(anchor: Anchor, now: Anchor, missing: list[str]) -> Iterable[tuple[Coins, Coins]]:
    before = {coins.asset: coins for coins in anchor.coins}
    after = {coins.asset: coins for coins in now.coins}
    missing += [f"holding of {name}" for name, coins in before.items() if coins.quantity and name not in after]
    for name, coins in after.items():
        earlier = before.get(name, Coins(asset=name, currency=coins.currency, quantity=ZERO, price=None))
        if earlier.currency != coins.currency:
            raise RequestError(f"now.coins.{name}.currency", earlier.currency, coins.currency)
        yield earlier, coins


def _paired_legs(anchor: Anchor, now: Anchor, missing: list[str]) -> Iterable[tuple[Leg, Leg]]:
    before = {leg.instrument: leg for leg in anchor.legs}
    after = {leg.instrument: leg for leg in now.legs}
    missing += [f"position in {name}" for name, leg in before.items() if _used(leg) and name not in after]
    for name, leg in after.items():
        earlier = before.get(name, _unopened(leg))
        missing += (*earlier.unknown, *leg.unknown)
        for field in ("kind", "contract_size", "quote", "settle"):
            if getattr(earlier, field) != getattr(leg, field):
                raise RequestError(f"now.legs.{name}.{field}", str(getattr(earlier, field)), str(getattr(leg, field)))
        yield earlier, leg


def _unopened(leg: Leg) -> Leg:
    return Leg(
        instrument=leg.instrument,
        kind=leg.kind,
        contract_size=leg.contract_size,
        asset=leg.asset,
        quote=leg.quote,
        settle=leg.settle,
    )


def _used(leg: Leg) -> bool:
    return bool(leg.quantity) or any(_sums(leg)) or leg.traded != Traded()


def _moved(leg: Leg, anchor: Anchor) -> bool:
    return next((old.traded for old in anchor.legs if old.instrument == leg.instrument), None) != leg.traded


def _need(value: Decimal | None, name: str, missing: list[str]) -> Decimal:
    """The value if it is a positive number; otherwise its name is noted and a stand-in goes on, to find every gap."""
    if value is None:
        missing.append(name)
        return ONE
    return positive(name, value)


def _rate_name(currency: str, at: Anchor, when: str = "") -> str:
    return f"rate of {currency} in {at.currency}{when}"


def _summed(moves: list[_Move]) -> Parts:
    before = sum((move.before for move in moves), ZERO)
    after = sum((move.after for move in moves), ZERO)
    return summed([move.parts for move in moves], before, after)


def _includes(now: Anchor, *, estimated: bool) -> str:
    held = [what for what, there in (("bag at spot", now.coins), ("hedge at mark", now.legs)) if there]
    said = [
        f"{' and '.join(held) or 'nothing'}, in {now.currency}",
        "realised and unrealised, after fees and funding",
        "deposits, withdrawals and spot trades are no profit",
    ]
    if estimated:
        said.append("price, basis and slippage of some fills estimated")
    return "; ".join(said)
