"""The ``reverse-stress`` calculator: the smallest move that reaches a threshold."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.book_fields import BookFields, driver_price, stated_book
from core.calculators.fields import Answer, Exact, Positive, Unknown
from core.calculators.scenario_fields import EXAMPLE_BOOK
from core.exact import exactly
from core.explain import explained
from core.hedged_book import only_moving
from core.reverse_stress import Answer as Found
from core.reverse_stress import Reached, Threshold, UnknownReach, nearest, sentence, smallest_moves


class ReverseStressRequest(BookFields):
    """The smallest rise and the smallest fall of the driver that reach a threshold, and the nearer of the two."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**EXAMPLE_BOOK, "threshold": "liquidation"}]})

    threshold: Literal["liquidation", "margin_usage", "net_loss", "liquidation_distance"] = Field(
        description="liquidation: of any pool. margin_usage: requirement / equity of any pool is amount. net_loss: "
        "the whole book has lost amount (quote), liquidations on the way included. liquidation_distance: a pool's "
        "liquidation is amount away, as a fraction of the price then."
    )
    amount: Positive | None = Field(default=None, description="Left out for liquidation only.")
    alone: str | None = Field(
        default=None, description="Only this coin moves. Left out: everything moves by its beta to the driver."
    )


class WayAnswer(Answer):
    """One way, up or down."""

    status: Literal["ok", "none", "unknown"] = Field(
        description="none: no move to 20 times the price (or a 20th) reaches it."
    )
    move: Exact | None = Field(description="The move, a fraction; 0 where the threshold is reached already.")
    price: Exact | None = Field(description="The driver's price there, where the book has one.")
    pool: str | None = Field(description="Which pool reaches it; null for the whole book.")
    missing: tuple[str, ...]
    text: str


class ReverseStressAnswer(Answer):
    """The smallest moves."""

    status: Literal["ok"] = "ok"
    driver: str
    up: WayAnswer
    down: WayAnswer
    nearest: Literal["up", "down"] | None = Field(description="The smaller move; null where neither reaches it.")
    text: str = Field(description="The answer in one line.")


@exactly
def reverse_stress(request: ReverseStressRequest) -> ReverseStressAnswer | Unknown:
    """Answer a ``reverse-stress`` request. Raises RequestError for fields that are lacking or wrong."""
    threshold = Threshold(request.threshold)
    if threshold is Threshold.LIQUIDATION:
        request.refuse("for threshold liquidation", "amount")
    else:
        missing = request.lacking("amount", why=f"for threshold {threshold.value}")
        if missing:
            return Unknown(missing=missing)
    asked = request.model_copy(update={"driver": request.alone}) if request.alone is not None else request
    book = stated_book(request)
    if isinstance(book, tuple):
        return Unknown(missing=book)
    if request.alone is not None:
        book = only_moving(book, request.alone)
    moves, price = smallest_moves(book, threshold, request.amount), driver_price(asked, book)

    def way(found: Found) -> WayAnswer:
        reached = isinstance(found, Reached)
        return WayAnswer(
            status="ok" if reached else "unknown" if isinstance(found, UnknownReach) else "none",
            move=found.move if isinstance(found, Reached) else None,
            price=_price(found.multiple, price) if isinstance(found, Reached) and price is not None else None,
            pool=(found.pool or None) if isinstance(found, Reached) else None,
            missing=found.missing if isinstance(found, UnknownReach) else (),
            text=sentence(found, asked.driver, threshold, request.amount, price),
        )

    up, down, near = way(moves.up), way(moves.down), nearest(moves)
    side: Literal["up", "down"] | None = None if near is None else "up" if near is moves.up else "down"
    blind = [item.text for item in (up, down) if item.status == "unknown"]
    shown = [] if side is None else [up.text if side == "up" else down.text]
    text = "; ".join((*shown, *blind)) or up.text
    return ReverseStressAnswer(driver=asked.driver, up=up, down=down, nearest=side, text=text)


@explained("multiple * price_now", unit="quote a coin")
def _price(multiple: Decimal, price_now: Decimal) -> Decimal:
    return multiple * price_now
