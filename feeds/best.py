"""The numbers in a best bid and ask that come as texts, most of which are those of the frame before."""

from __future__ import annotations

from decimal import Decimal

from core.exact import ZERO
from feeds.fields import PRICE_CEILING, PRICE_FLOOR, SIZE_CEILING, sound_size


class BestTexts:
    """One symbol's best bid and ask. A text is read, and its number held against the bounds, when it changes."""

    __slots__ = ("_ask", "_ask_size", "_ask_size_text", "_ask_text", "_bid", "_bid_size", "_bid_size_text", "_bid_text")

    def __init__(self) -> None:
        self._bid = self._bid_size = self._ask = self._ask_size = ZERO
        self._bid_text = self._bid_size_text = self._ask_text = self._ask_size_text = "nothing yet"

    def numbers(
        self, bid_text: str, bid_size_text: str, ask_text: str, ask_size_text: str
    ) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Price and size of the bid, then of the ask.

        Raises ValueError for a number out of bounds, decimal.InvalidOperation for what is none.
        """
        if bid_text != self._bid_text:
            price = Decimal(bid_text)
            if not PRICE_FLOOR < price < PRICE_CEILING:
                raise ValueError("a bid out of bounds")
            self._bid, self._bid_text = price, bid_text
        if bid_size_text != self._bid_size_text:
            size = Decimal(bid_size_text)
            if not (PRICE_FLOOR < size < SIZE_CEILING or sound_size(size)):
                raise ValueError("a bid's size out of bounds")
            self._bid_size, self._bid_size_text = size, bid_size_text
        if ask_text != self._ask_text:
            price = Decimal(ask_text)
            if not PRICE_FLOOR < price < PRICE_CEILING:
                raise ValueError("an ask out of bounds")
            self._ask, self._ask_text = price, ask_text
        if ask_size_text != self._ask_size_text:
            size = Decimal(ask_size_text)
            if not (PRICE_FLOOR < size < SIZE_CEILING or sound_size(size)):
                raise ValueError("an ask's size out of bounds")
            self._ask_size, self._ask_size_text = size, ask_size_text
        return self._bid, self._bid_size, self._ask, self._ask_size
