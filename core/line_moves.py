"""What one asset of the bag, or one leg of the hedge, gained between two anchors, by cause and not yet rounded."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.anchors import Anchor, Coins, Leg, Traded
from core.exact import ONE, ZERO, is_positive, plain, positive
from core.explain import is_recording, note
from core.instruments import ContractKind
from core.parts import Parts
from core.pnl import unrealised

_INVERSE = ContractKind.INVERSE
_NOT_TRADED = Traded()
_unrecorded = plain(unrealised)


class Move(NamedTuple):
    """What one line gained in its causes, not yet rounded, and its worth at both ends with deposits taken off."""

    parts: Parts = Parts()
    before: Decimal = ZERO
    after: Decimal = ZERO
    realised: Decimal = ZERO
    unrealised: Decimal = ZERO


def coins_move(before: Coins, after: Coins, anchor: Anchor, now: Anchor, missing: list[str]) -> Move:
    """What an asset of the bag gained from ``anchor`` to ``now``; what it lacks for that is put in ``missing``."""
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
    parts = Parts(
        price=(old * (end - start) + came * end - value) * rate,
        fx=old * start * (rate - was) + value * rate - worth,
        residual=(after.quantity - old - came) * end * rate,
    )
    if is_recording() and not missing:
        given = {"coins": old, "start": start, "end": end, "came": came, "value_then": value, "rate": rate}
        name = after.asset
        note(f"price of {name}", "(coins * (end - start) + came * end - value_then) * rate", parts.price, given)
        given = {"coins": old, "start": start, "rate": rate, "rate_at_start": was, "value_then": value, "worth": worth}
        note(f"fx of {name}", "coins * start * (rate - rate_at_start) + value_then * rate - worth", parts.fx, given)
        given = {"coins_after": after.quantity, "coins": old, "came": came, "end": end, "rate": rate}
        note(f"residual of {name}", "(coins_after - coins - came) * end * rate", parts.residual, given)
    return Move(
        parts=parts,
        before=old * start * was - before.deposited_worth,
        after=after.quantity * end * rate - after.deposited_worth,
    )


class _Standing(NamedTuple):
    """A leg's running result at one instant: ``gross`` and ``net`` in settle; ``price`` of 1 settle in its quote."""

    mark: Decimal
    spot: Decimal
    open_profit: Decimal
    gross: Decimal
    net: Decimal
    price: Decimal
    rate: Decimal


def leg_move(before: Leg, after: Leg, anchor: Anchor, now: Anchor, missing: list[str]) -> Move:
    """What a leg gained from ``anchor`` to ``now``; what it lacks for that is put in ``missing``."""
    old, new = before.traded, after.traded
    coins = new.coins - old.coins
    moved = bool(before.quantity) or (sums(before), old) != (sums(after), new)
    recorded = is_recording()
    if not (before.quantity or recorded or before.realised or before.fees or before.funding) and old == _NOT_TRADED:
        return _since_unopened(after, now, missing)
    start = _standing(before, anchor, missing, " at the anchor", bool(before.quantity), any(sums(before)), recorded)
    gone = _closed_without_mark(before, after)
    end = _standing(after, now, missing, "", moved and not gone, moved or any(sums(after)), recorded)
    if gone:
        end = end._replace(mark=start.mark, spot=start.spot)
    held = before.quantity * before.contract_size
    if before.kind is _INVERSE and held:
        held = held / start.mark
    by_mark = held * (end.mark - start.mark) + coins * end.mark - (new.at_mark - old.at_mark)
    by_spot = held * (end.spot - start.spot) + coins * end.spot - (new.at_spot - old.at_spot)
    slipped = (new.at_mark - old.at_mark) - (new.at_fill - old.at_fill)
    worth = end.price * end.rate
    gained = (end.gross - start.gross) * worth
    parts = Parts(
        price=by_spot * end.rate,
        basis=(by_mark - by_spot) * end.rate,
        convexity=start.net * (end.price - start.price) * end.rate,
        funding=(after.funding - before.funding) * worth,
        fees=(before.fees - after.fees) * worth,
        slippage=slipped * end.rate,
        fx=start.net * start.price * (end.rate - start.rate),
        residual=gained - (by_mark + slipped) * end.rate,
    )
    if recorded and not missing:
        _tell_leg((before, after), (start, end), held, parts)
    return Move(
        parts,
        start.net * start.price * start.rate,
        end.net * worth,
        (after.realised - before.realised) * worth,
        end.open_profit * worth,
    )


def _since_unopened(after: Leg, now: Anchor, missing: list[str]) -> Move:
    """What a leg gained of which nothing was held before: :func:`leg_move` without its terms that are zero."""
    new, money = after.traded, any(sums(after))
    moved = money or new != _NOT_TRADED
    gone = after.kind is not _INVERSE and not after.quantity and not new.coins
    gone = gone and (after.mark_price is None or after.spot_price is None)
    end = _standing(after, now, missing, "", moved and not gone, moved, False)
    by_mark, by_spot = new.coins * end.mark - new.at_mark, new.coins * end.spot - new.at_spot
    slipped, worth = new.at_mark - new.at_fill, end.price * end.rate
    parts = Parts(
        price=by_spot * end.rate,
        basis=(by_mark - by_spot) * end.rate,
        funding=after.funding * worth,
        fees=-after.fees * worth,
        slippage=slipped * end.rate,
        residual=end.gross * worth - (by_mark + slipped) * end.rate,
    )
    return Move(parts, ZERO, end.net * worth, after.realised * worth, end.open_profit * worth)


def _standing(
    leg: Leg, at: Anchor, missing: list[str], when: str, prices: bool, money: bool, recorded: bool
) -> _Standing:
    """The leg's result at one end. Where its ``prices`` or the value of its ``money`` do not matter they are zero."""
    inverse, quantity = leg.kind is _INVERSE, leg.quantity
    mark = spot = profit = rate = ZERO
    prices = prices or bool(quantity)
    if prices or (inverse and money):
        found = leg.mark_price
        if found is None or not is_positive(found):
            found = _need(found, f"mark price of {leg.instrument}{when}", missing)
        mark = found
    if prices:
        found = leg.spot_price
        if found is None or not is_positive(found):
            found = _need(found, f"spot price of {leg.asset}{when}", missing)
        spot = found
    if prices or money:
        currency = leg.quote if inverse else leg.settle
        found = at.rate(currency)
        if found is None or not is_positive(found):
            found = _need(found, _rate_name(currency, at, when), missing)
        rate = found
    if quantity:
        found = leg.entry_price
        if found is None or not is_positive(found):
            found = _need(found, f"entry price of {leg.instrument}{when}", missing)
        profit = (unrealised if recorded else _unrecorded)(leg.kind, quantity, leg.contract_size, found, mark)
    gross = leg.realised + profit
    return _Standing(mark, spot, profit, gross, gross - leg.fees + leg.funding, mark if inverse else ONE, rate)


def _tell_leg(legs: tuple[Leg, Leg], ends: tuple[_Standing, _Standing], held: Decimal, parts: Parts) -> None:
    """Explain what a leg gained: by spot, by mark, and what its causes are worth in the currency."""
    (before, after), (start, end) = legs, ends
    old, new, name = before.traded, after.traded, after.instrument
    coins, rate = new.coins - old.coins, end.rate
    moves = {}
    for word, first, last, paid in (
        ("mark", start.mark, end.mark, new.at_mark - old.at_mark),
        ("spot", start.spot, end.spot, new.at_spot - old.at_spot),
    ):
        moves[word] = held * (last - first) + coins * last - paid
        given = {"held": held, "start": first, "end": last, "traded": coins, "traded_for": paid}
        note(f"{name} by {word}", "held * (end - start) + traded * end - traded_for", moves[word], given)
    slipped = (new.at_mark - old.at_mark) - (new.at_fill - old.at_fill)
    gained = {"gross": end.gross, "gross_before": start.gross, "settle_price": end.price, "rate": rate}
    by_mark, by_spot = moves["mark"], moves["spot"]
    net = {"net_before": start.net, "settle_price_before": start.price}
    for cause, formula, given in (
        ("price", "by_spot * rate", {"by_spot": by_spot, "rate": rate}),
        ("basis", "(by_mark - by_spot) * rate", {"by_mark": by_mark, "by_spot": by_spot, "rate": rate}),
        (
            "convexity",
            "net_before * (settle_price - settle_price_before) * rate",
            {**net, "settle_price": end.price, "rate": rate},
        ),
        (
            "funding",
            "funding * settle_price * rate",
            {"funding": after.funding - before.funding, "settle_price": end.price, "rate": rate},
        ),
        (
            "fees",
            "-fees * settle_price * rate",
            {"fees": after.fees - before.fees, "settle_price": end.price, "rate": rate},
        ),
        ("slippage", "slipped * rate", {"slipped": slipped, "rate": rate}),
        (
            "fx",
            "net_before * settle_price_before * (rate - rate_before)",
            {**net, "rate": rate, "rate_before": start.rate},
        ),
        (
            "residual",
            "(gross - gross_before) * settle_price * rate - (by_mark + slipped) * rate",
            {**gained, "by_mark": by_mark, "slipped": slipped},
        ),
    ):
        note(f"{cause} of {name}", formula, getattr(parts, cause), given)


def sums(leg: Leg) -> tuple[Decimal, Decimal, Decimal]:
    """The running sums of money of a leg."""
    return leg.realised, leg.fees, leg.funding


def _closed_without_mark(before: Leg, after: Leg) -> bool:
    """True for a leg that was closed and has no prices now: they do not matter, since they cancel whatever they are."""
    if before.kind is _INVERSE or after.quantity:
        return False
    if after.mark_price is not None and after.spot_price is not None:
        return False
    return not before.quantity * before.contract_size + after.traded.coins - before.traded.coins


def unopened(leg: Leg) -> Leg:
    """The leg before anything was traded."""
    return Leg(
        instrument=leg.instrument,
        kind=leg.kind,
        contract_size=leg.contract_size,
        asset=leg.asset,
        quote=leg.quote,
        settle=leg.settle,
    )


def _need(value: Decimal | None, name: str, missing: list[str]) -> Decimal:
    """The value if it is a positive number; otherwise its name is noted and a stand-in goes on, to find every gap."""
    if value is None:
        missing.append(name)
        return ONE
    return positive(name, value)


def _rate_name(currency: str, at: Anchor, when: str = "") -> str:
    return f"rate of {currency} in {at.currency}{when}"
