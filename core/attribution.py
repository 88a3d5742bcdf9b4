"""Where a hedged book's profit came from between two instants, in parts that add up to it to the last digit.

Values are in the anchors' currency. A leg counts as ``realised + unrealised − fees + funding`` in its settle currency,
turned into quote at its own mark where it is settled in coin, and a bag as its coins at spot. Coins that came in or
went out count at what they were worth then, so they are never profit. What was earned in the interval is turned into
the currency at the rates of its end; what was there before is revalued, and the revaluation has a part of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.anchors import Anchor, Coins, Leg, Traded, check
from core.errors import RequestError
from core.exact import ZERO, exactly, finite, positive
from core.explain import explained, note
from core.instruments import ContractKind
from core.line_moves import Move, coins_move, leg_move, sums, unopened
from core.memo import Memo
from core.parts import Parts, added, summed

_INVERSE = ContractKind.INVERSE


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


class MoveMemo:
    """What was found last time of lines that are still the same, over one span; ``checked`` has the lines of the end
    that were found sound, of several spans to the same end."""

    def __init__(self, checked: Memo[bool] | None = None) -> None:
        self.legs: Memo[tuple[Move, tuple[str, ...]]] = Memo()
        self.checked_before: Memo[bool] = Memo()
        self.checked: Memo[bool] = Memo() if checked is None else checked


@exactly
def attribute(anchor: Anchor, now: Anchor, memo: MoveMemo | None = None) -> Attribution | UnknownAttribution:
    """The profit from ``anchor`` to ``now``, by cause; unknown, naming every price and rate that is missing.

    RequestError where the two are not of one currency, run backwards, or describe a leg or coin differently.
    """
    memo = MoveMemo() if memo is None else memo
    if anchor.currency != now.currency:
        raise RequestError("now.currency", anchor.currency, now.currency)
    if now.time_ns < anchor.time_ns:
        raise RequestError("now.time_ns", f"no earlier than {anchor.time_ns}", str(now.time_ns))
    check(anchor, "anchor", memo.checked_before)
    check(now, "now", memo.checked)
    missing: list[str] = []
    coins = [coins_move(before, after, anchor, now, missing) for before, after in _paired_coins(anchor, now, missing)]
    legs = [_of_leg(before, after, anchor, now, missing, memo) for before, after in _paired_legs(anchor, now, missing)]
    if missing:
        return UnknownAttribution(tuple(dict.fromkeys(missing)))
    traded = {leg.instrument: leg.traded for leg in anchor.legs}
    estimated = any(leg.traded.estimated and traded.get(leg.instrument) != leg.traded for leg in now.legs)
    return Attribution(
        currency=now.currency,
        since_ns=anchor.time_ns,
        until_ns=now.time_ns,
        bag=_summed(coins, "bag"),
        hedge=_summed(legs, "hedge"),
        realised=_total("realised", [move.realised for move in legs]),
        unrealised=_total("unrealised", [move.unrealised for move in legs]),
        estimated=estimated,
        includes=included(now, estimated=estimated),
    )


def _of_leg(before: Leg | None, after: Leg, anchor: Anchor, now: Anchor, missing: list[str], memo: MoveMemo) -> Move:
    """What one leg gained; ``before`` is ``None`` where it was not opened yet."""
    if before is not None:
        missing += before.unknown
    missing += after.unknown
    currency = after.quote if after.kind is _INVERSE else after.settle
    made_of = (before, after, anchor.rate(currency), now.rate(currency), now.currency)
    found = memo.legs.get(after.instrument, made_of)
    if found is None:
        gaps: list[str] = []
        if before is None:
            earlier = unopened(after)
        else:
            earlier = before
            _check_same(earlier, after)
        found = (leg_move(earlier, after, anchor, now, gaps), tuple(gaps))
        memo.legs.put(after.instrument, made_of, found)
    missing += found[1]
    return found[0]


def _check_same(earlier: Leg, leg: Leg) -> None:
    for field in ("kind", "contract_size", "quote", "settle"):
        if getattr(earlier, field) != getattr(leg, field):
            name = f"now.legs.{leg.instrument}.{field}"
            raise RequestError(name, str(getattr(earlier, field)), str(getattr(leg, field)))


@explained("(cost - realised - funding + fees) / coins", unit="the currency, a coin")
@exactly
def effective_cost(cost: Decimal, realised: Decimal, funding: Decimal, fees: Decimal, coins: Decimal) -> Decimal:
    """Cost per coin of the bag once its hedge is netted: ``(cost − realised − funding + fees) ÷ coins``.

    ``cost`` is what the coins were bought for together; all in one currency, fees + paid. Negative where the hedge
    has earned more than the bag cost.
    """
    net = finite("cost", cost) - finite("realised", realised) - finite("funding", funding) + finite("fees", fees)
    return net / positive("coins", coins)


def _paired_coins(anchor: Anchor, now: Anchor, missing: list[str]) -> Iterable[tuple[Coins, Coins]]:
    before = {coins.asset: coins for coins in anchor.coins}
    after = {coins.asset: coins for coins in now.coins}
    missing += [f"holding of {name}" for name, coins in before.items() if coins.quantity and name not in after]
    for name, coins in after.items():
        earlier = before.get(name, Coins(asset=name, currency=coins.currency, quantity=ZERO, price=None))
        if earlier.currency != coins.currency:
            raise RequestError(f"now.coins.{name}.currency", earlier.currency, coins.currency)
        yield earlier, coins


def _paired_legs(anchor: Anchor, now: Anchor, missing: list[str]) -> Iterable[tuple[Leg | None, Leg]]:
    before = {leg.instrument: leg for leg in anchor.legs}
    after = {leg.instrument: leg for leg in now.legs}
    missing += [f"position in {name}" for name, leg in before.items() if _used(leg) and name not in after]
    return [(before.get(name), leg) for name, leg in after.items()]


def _used(leg: Leg) -> bool:
    return bool(leg.quantity) or any(sums(leg)) or leg.traded != Traded()


def _total(name: str, parts: list[Decimal]) -> Decimal:
    whole = sum(parts, ZERO)
    note(name, "sum(lines)", whole, {"lines": parts})
    return whole


def _summed(moves: list[Move], whose: str) -> Parts:
    before = sum((move.before for move in moves), ZERO)
    after = sum((move.after for move in moves), ZERO)
    return summed([move.parts for move in moves], before, after, whose)


def included(now: Anchor, *, estimated: bool) -> str:
    """What a profit measured to ``now`` includes, in words; ``estimated`` where its split is."""
    held = [what for what, there in (("bag at spot", now.coins), ("hedge at mark", now.legs)) if there]
    said = [
        f"{' and '.join(held) or 'nothing'}{f', in {now.currency}' if now.currency else ''}",
        "realised and unrealised, after fees and funding",
        "deposits, withdrawals and spot trades are no profit",
    ]
    if estimated:
        said.append("price, basis and slippage of some fills estimated")
    return "; ".join(said)
