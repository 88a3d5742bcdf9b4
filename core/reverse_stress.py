"""The smallest move that hurts: how far the driver may rise or fall before a threshold is reached, exactly.

Every threshold is a function of the driver's multiple that is positive while all is well; it is looked at in steps of
half a percent outwards and closed in on, with liquidations on the way in it. "One coin" is the same book with every
other beta at 0 (:func:`core.hedged_book.only_moving`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from enum import StrEnum

import msgspec

from core.errors import RequestError
from core.exact import CONTEXT, ONE, ZERO, exactly, positive
from core.explain import note, unrecorded
from core.hedged_book import BookPool, HedgedBook, Market, pool_at, spot_worth, worth
from core.path_reach import WIDEST, PathReach, close_in, path_reach, points, unknown_name
from core.scenario import left_by_liquidation


class Threshold(StrEnum):
    """What is to be reached: ``amount`` is a fraction for usage and distance, and USD for a loss."""

    LIQUIDATION = "liquidation"
    USAGE = "margin_usage"
    LOSS = "net_loss"
    DISTANCE = "liquidation_distance"


class Reached(msgspec.Struct, frozen=True):
    """The driver's ``multiple`` at which the threshold is reached, and by which pool (empty for the whole book)."""

    multiple: Decimal
    pool: str = ""

    @property
    def move(self) -> Decimal:
        """The move as a fraction: 0.2 is a rise of a fifth."""
        move = CONTEXT.subtract(self.multiple, ONE)
        note("move", "multiple - 1", move, {"multiple": self.multiple}, unit="fraction")
        return move


class NotReached(msgspec.Struct, frozen=True):
    """No move to 20 times the price (or a 20th) reaches it."""


class UnknownReach(msgspec.Struct, frozen=True):
    """Something is not known before the threshold is reached; never to be read as safe."""

    missing: tuple[str, ...]


Answer = Reached | NotReached | UnknownReach


class Moves(msgspec.Struct, frozen=True):
    """The smallest rise and the smallest fall that reach a threshold."""

    up: Answer
    down: Answer


@exactly
def smallest_moves(book: HedgedBook, threshold: Threshold, amount: Decimal | None = None) -> Moves:
    """The smallest moves of the driver that reach the threshold.

    ``amount``: margin usage (requirement ÷ equity, 1 is liquidation), the liquidation distance as a fraction of the
    price then, or the loss of the whole book in USD. Raises RequestError for an amount that is lacking or impossible.
    """
    if threshold is not Threshold.LIQUIDATION:
        amount = positive("amount", amount)
        if threshold is not Threshold.LOSS and amount >= 1:
            raise RequestError("amount", "a fraction below 1", str(amount))
    market = Market(book.betas)
    held = [pool for pool in book.pools if pool.legs]
    if threshold is Threshold.USAGE:
        assert amount is not None
        up, down = (_usage(held, market, amount, limit) for limit in (WIDEST, ONE / WIDEST))
        return Moves(up, down)
    reaches = [path_reach(pool, market) for pool in book.pools]
    if threshold is Threshold.LOSS:
        assert amount is not None
        ways = [_loss(book, reaches, market, amount, upwards=upwards) for upwards in (True, False)]
    else:
        share = ZERO if amount is None else amount
        ways = [_liquidation(book.pools, reaches, share, upwards=upwards) for upwards in (True, False)]
    return Moves(*ways)


def nearest(moves: Moves) -> Reached | None:
    """The smaller of the two moves in the logarithm; ``None`` where neither is known."""
    found = [answer for answer in (moves.up, moves.down) if isinstance(answer, Reached)]
    return min(found, key=lambda answer: abs(answer.multiple.ln(CONTEXT)), default=None)


def _liquidation(pools: Sequence[BookPool], reaches: Sequence[PathReach], share: Decimal, *, upwards: bool) -> Answer:
    """The first pool liquidated, or within ``share`` of the price then of being it."""
    best: Answer = NotReached()
    for pool, reach in zip(pools, reaches, strict=True):
        end = reach.above if upwards else reach.below
        if end is None:
            continue
        unknown = reach.unknown_above if upwards else reach.unknown_below
        at = end if unknown else end / (ONE + share if upwards else ONE - share)
        at = max(ONE, at) if upwards else min(ONE, at)
        if not unknown:
            sign, pick = ("+", "max") if upwards else ("-", "min")
            given = {"liquidated_at": end, "amount": share}
            note(f"multiple of {pool.name}", f"{pick}(1, liquidated_at / (1 {sign} amount))", at, given)
        found = UnknownReach((unknown,)) if unknown else Reached(at, pool.name)
        best = _nearer(best, found, at, upwards=upwards)
    return best


def _nearer(best: Answer, found: Answer, at: Decimal, *, upwards: bool) -> Answer:
    """The nearer of two; an unknown one stands, because what lies behind it may be nearer than it looks."""
    if isinstance(best, UnknownReach):
        return best
    if isinstance(best, NotReached) or isinstance(found, UnknownReach):
        return found
    assert isinstance(best, Reached)
    return found if (at < best.multiple) is upwards and at != best.multiple else best


def _usage(pools: Sequence[BookPool], market: Market, amount: Decimal, limit: Decimal) -> Answer:
    best: Answer = NotReached()
    for pool in pools:

        def room(x: Decimal, pool: BookPool = pool) -> Decimal | None:
            value = _known(pool, market, x)
            return None if value is None else value[0] * amount - value[1]

        at = _first(room, limit)
        if at is None:
            continue
        unknown = unknown_name(pool, market, at) if room(at) is None else ""
        found = UnknownReach((unknown,)) if unknown else Reached(at, pool.name)
        best = _nearer(best, found, at, upwards=limit > 1)
    return best


def _known(pool: BookPool, market: Market, x: Decimal) -> tuple[Decimal, Decimal] | None:
    """Equity and requirement; ``None`` above a last tier."""
    try:
        value = pool_at(pool, market, x)
    except RequestError as refused:
        if refused.key != "notional":
            raise
        return None
    return value.equity, value.requirement


def _loss(book: HedgedBook, reaches: Sequence[PathReach], market: Market, amount: Decimal, *, upwards: bool) -> Answer:
    """Where spot and pools together have lost the amount; what is liquidated on the way has lost its margin."""
    ends: list[tuple[BookPool, Decimal | None, Decimal]] = []
    stop, unknown = (WIDEST if upwards else ONE / WIDEST), ""
    for pool, reach in zip(book.pools, reaches, strict=True):
        end, gap = (reach.above, reach.unknown_above) if upwards else (reach.below, reach.unknown_below)
        if gap and end is not None:
            if (end <= stop) if upwards else (end >= stop):
                stop, unknown = end, gap
            end = None
        ends.append((pool, end, ZERO if end is None else left_by_liquidation(pool, market, end)))
    before = spot_worth(book, market, ONE) + sum((worth(pool, market, ONE) for pool in book.pools), ZERO)

    def room(x: Decimal) -> Decimal:
        total = spot_worth(book, market, x) - before + amount
        for pool, end, left in ends:
            dead = end is not None and (x >= end if upwards else x <= end)
            total += left if dead else worth(pool, market, x)
        return total

    at = _first(room, stop)
    if at is not None:
        return Reached(at)
    return UnknownReach((unknown,)) if unknown else NotReached()


def _first(room: Callable[[Decimal], Decimal | None], limit: Decimal) -> Decimal | None:
    """The first multiple from 1 to ``limit`` at which there is no room left; ``None`` where there always is."""
    found = _search(room, limit)
    if found is not None:
        given = {"from": ONE, "to": limit}
        note("multiple", "the first on the way that reaches the threshold", found, given, kind="search")
    return found


@unrecorded()
def _search(room: Callable[[Decimal], Decimal | None], limit: Decimal) -> Decimal | None:
    inside = ONE
    for point in (ONE, *points(ONE, limit)):
        value = room(point)
        if value is None or value <= 0:
            return point if point == 1 else close_in(room, inside, point)
        inside = point
    return None


def sentence(
    answer: Answer, driver: str, threshold: Threshold, amount: Decimal | None, price: Decimal | None = None
) -> str:
    """The answer in one line; ``price`` is the driver's present one, in USD."""
    what = _WORDS[threshold].format("" if amount is None else _figure(amount, threshold))
    if isinstance(answer, UnknownReach):
        return f"{what}: not known without {', '.join(answer.missing)}"
    if isinstance(answer, NotReached):
        return f"{what}: no move of {driver} gets there"
    where = "" if price is None else f", to {_short(answer.multiple * price)}"
    by = f" ({answer.pool})" if answer.pool else ""
    return f"{what}: {driver} {_percent(answer.move)}{where}{by}"


_WORDS = {
    Threshold.LIQUIDATION: "first liquidation",
    Threshold.USAGE: "margin usage of {}",
    Threshold.LOSS: "net loss of {} USD",
    Threshold.DISTANCE: "liquidation within {}",
}


def _figure(amount: Decimal, threshold: Threshold) -> str:
    return _short(amount) if threshold is Threshold.LOSS else _percent(amount).lstrip("+")


def _percent(share: Decimal) -> str:
    return f"{share * 100:+.2f}%".replace("-", "−")


def _short(value: Decimal) -> str:
    """At most two decimals, thousands apart: for a sentence, not for computing."""
    with localcontext() as context:
        context.prec = 50
        rounded = value.quantize(Decimal("0.01")) if abs(value) >= 1 else value.quantize(Decimal("0.000001"))
        text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
