"""The premium of a perpetual over its index, and the running funding rate that it predicts.

Premiums and rates are fractions; a positive premium is a contract above its index, for which longs pay shorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.errors import RequestError
from core.exact import ZERO, exactly, finite, positive
from core.explain import explained, note
from core.funding import funding_rate


@explained(
    "(max(0, impact_bid - index_price) - max(0, index_price - impact_ask)) / index_price",
    unit="fraction",
    source="Binance and Bybit, funding rate pages: premium index",
)
@exactly
def premium_index(impact_bid: Decimal, impact_ask: Decimal, index_price: Decimal) -> Decimal:
    """``(max(0, impact bid − index) − max(0, index − impact ask)) ÷ index``: zero while the index lies between.

    Impact prices are the averages at which the venue's impact notional would be sold and bought, quote per coin.
    Source: the funding pages of Binance and Bybit. RequestError naming ``impact_ask`` where it is below the bid.
    """
    index = positive("index_price", index_price)
    if positive("impact_ask", impact_ask) < positive("impact_bid", impact_bid):
        raise RequestError("impact_ask", f"no less than the impact bid of {impact_bid}", str(impact_ask))
    return (max(ZERO, impact_bid - index) - max(ZERO, index - impact_ask)) / index


@explained("price / index_price - 1", name="premium", unit="fraction", source="Deribit, funding specifications")
@exactly
def premium_of_price(price: Decimal, index_price: Decimal) -> Decimal:
    """``price ÷ index − 1``, of a mark or middle price: the premium of venues that use no impact prices."""
    return positive("price", price) / positive("index_price", index_price) - 1


@explained("mean(samples)", name="average premium", unit="fraction", source="Hyperliquid and dYdX, funding pages")
@exactly
def mean_premium(samples: Sequence[Decimal]) -> Decimal:
    """The plain average of an interval's premium samples, for venues that weigh them alike."""
    if not samples:
        raise RequestError("samples", "one premium or more", "none")
    return sum((finite("samples", sample) for sample in samples), ZERO) / len(samples)


@exactly
def average_premium(samples: Sequence[Decimal]) -> Decimal:
    """The time-weighted average of an interval's premium samples, oldest first: weights 1, 2, 3 and so on.

    The newest sample weighs most. Source: the funding pages of Binance and Bybit, which sample at even times.
    """
    if not samples:
        raise RequestError("samples", "one premium or more", "none")
    weights = range(1, len(samples) + 1)
    weighted = sum((weight * finite("samples", sample) for weight, sample in zip(weights, samples, strict=True)), ZERO)
    average = weighted * 2 / (len(samples) * (len(samples) + 1))
    note(
        "average premium",
        "sum(weights * samples) / sum(weights)",
        average,
        {"samples": tuple(samples), "weights": tuple(weights)},
        unit="fraction",
        source="Binance and Bybit, funding rate pages: time-weighted average premium",
    )
    return average


@exactly
def predicted_rate(
    samples: Sequence[Decimal],
    interest: Decimal,
    clamp: Decimal,
    cap: Decimal | None = None,
    floor: Decimal | None = None,
) -> Decimal:
    """The rate the interval would settle at if it ended with these samples: an estimate that drifts until it does.

    ``interest``, ``clamp``, ``cap`` and ``floor`` as in :func:`core.funding.funding_rate`, per interval.
    """
    return funding_rate(average_premium(samples), interest, clamp, cap, floor)
