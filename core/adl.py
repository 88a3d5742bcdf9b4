"""Where a position stands in the queue of those that a venue closes by force when nobody else takes a bankrupt one.

A venue ranks longs and shorts apart, the most profitable and most leveraged first. Ratios are fractions; money is in
the settle currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from core.exact import ONE, ZERO, exactly, finite, not_negative, positive
from core.explain import explained, note

POSITION_SOURCE = "BitMEX, Auto-Deleveraging: priority ranking calculation"
ACCOUNT_SOURCE = "Binance FAQ: auto-deleveraging"
_LIGHTS = 5


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """Another position of the same side: its ``score``, and its size where the queue is told by sizes."""

    score: Decimal
    quantity: Decimal | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the queue: ``rank`` 1 is closed first; ``ahead`` is the size of those before, ``None`` if not known.

    ``percentile`` is the share of the queue up to the end of the position (by size where sizes are known, else by
    number), and ``lights`` what venues show of it: 5 for the first fifth, 1 for the last.
    """

    rank: int
    ahead: Decimal | None
    percentile: Decimal
    lights: int


@explained("unrealised / entry_value", unit="fraction", source=POSITION_SOURCE)
@exactly
def profit_ratio(unrealised: Decimal, entry_value: Decimal) -> Decimal:
    """Profit as a share of the value at entry, negative for a loss."""
    return finite("unrealised", unrealised) / positive("entry_value", entry_value)


@explained("mark_value / equity", source=POSITION_SOURCE)
@exactly
def effective_leverage(mark_value: Decimal, equity: Decimal) -> Decimal:
    """Value at the mark over what is left of the margin there, which is the loss from there to the bankruptcy price."""
    return positive("mark_value", mark_value) / positive("equity", equity)


@exactly
def position_score(ratio: Decimal, leverage: Decimal) -> Decimal:
    """Profit ratio times effective leverage, or divided by it where it is a loss. Source: BitMEX; Bybit ranks alike."""
    times = positive("effective_leverage", leverage)
    gained = finite("profit_ratio", ratio) > 0
    score = ratio * times if gained else ratio / times
    formula = "profit_ratio * effective_leverage" if gained else "profit_ratio / effective_leverage"
    note("score", formula, score, {"profit_ratio": ratio, "effective_leverage": times}, source=POSITION_SOURCE)
    return score


@explained("max(unrealised, 0) / max(wallet_balance, 1)", unit="fraction", source=ACCOUNT_SOURCE)
@exactly
def account_profit_ratio(unrealised: Decimal, wallet_balance: Decimal) -> Decimal:
    """Profit as a share of the balance that stands behind it, nothing for a loss. Source: Binance."""
    return max(finite("unrealised", unrealised), ZERO) / max(finite("wallet_balance", wallet_balance), ONE)


@exactly
def account_margin_ratio(maintenance_margin: Decimal, wallet_balance: Decimal, unrealised: Decimal) -> Decimal:
    """Maintenance margin over equity; zero where there is no equity, as Binance has it."""
    equity = finite("wallet_balance", wallet_balance) + finite("unrealised", unrealised)
    ratio = not_negative("maintenance_margin", maintenance_margin) / equity if equity > 0 else ZERO
    given = {"wallet_balance": wallet_balance, "unrealised": unrealised}
    if equity > 0:
        given["maintenance_margin"] = maintenance_margin
    formula = "maintenance_margin / (wallet_balance + unrealised)" if equity > 0 else "0"
    note("margin ratio", formula, ratio, given if equity > 0 else {}, unit="fraction", source=ACCOUNT_SOURCE)
    return ratio


@explained("profit_ratio * margin_ratio", source=ACCOUNT_SOURCE)
@exactly
def account_score(profit_ratio: Decimal, margin_ratio: Decimal) -> Decimal:
    """Profit ratio times margin ratio. Source: Binance."""
    return finite("profit_ratio", profit_ratio) * not_negative("margin_ratio", margin_ratio)


@exactly
def place(score: Decimal, quantity: Decimal | None, others: Sequence[Queued]) -> Place:
    """The place of a position among the ``others`` of its side. Equal scores count as behind it.

    Reckoned by size where every size is known, else by number.
    """
    before = [other for other in others if finite("score", other.score) > finite("score", score)]
    rank = len(before) + 1
    given: dict[str, object] = {"before": [other.score for other in before]}
    note("rank", "count(before) + 1", rank, given)
    sizes = [other.quantity for other in others]
    if quantity is None or None in sizes:
        percentile, ahead = Decimal(rank) / (len(others) + 1), None
        given = {"rank": rank, "others": [other.score for other in others]}
        note("percentile", "rank / (count(others) + 1)", percentile, given, unit="fraction")
    else:
        held = positive("quantity", quantity)
        known = [positive(f"queue.{index}.quantity", size) for index, size in enumerate(sizes) if size is not None]
        ahead = sum((other.quantity for other in before if other.quantity is not None), ZERO)
        percentile = (ahead + held) / (sum(known, ZERO) + held)
        note("ahead", "sum(sizes)", ahead, {"sizes": [other.quantity for other in before]}, unit="order unit")
        given = {"ahead": ahead, "quantity": held, "others": known}
        note("percentile", "(ahead + quantity) / (sum(others) + quantity)", percentile, given, unit="fraction")
    lights = _LIGHTS + 1 - int((percentile * _LIGHTS).to_integral_value("ROUND_CEILING"))
    note("lights", "6 - ceil(percentile * 5)", lights, {"percentile": percentile})
    return Place(rank=rank, ahead=ahead, percentile=percentile, lights=lights)


@exactly
def closed_by_force(quantity: Decimal, ahead: Decimal, taken: Decimal) -> Decimal:
    """How much of the position is closed where so much of a bankrupt one is handed down the queue."""
    left = not_negative("liquidated_quantity", taken) - not_negative("ahead", ahead)
    closed = min(positive("quantity", quantity), max(left, ZERO))
    given = {"quantity": quantity, "liquidated_quantity": taken, "ahead": ahead}
    formula = "min(quantity, max(liquidated_quantity - ahead, 0))"
    note("closed quantity", formula, closed, given, unit="order unit", source=POSITION_SOURCE)
    return closed
