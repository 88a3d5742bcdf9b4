"""The depth behind a best bid and ask: deterministic, cheap, and mostly unchanged from step to step."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from feeds.sim.catalogue import Listing
from feeds.sim.quotes import Quote

_MASK = (1 << 64) - 1


class Level(NamedTuple):
    """One price of the book; ``size`` in order units."""

    price: Decimal
    size: Decimal


def side_levels(listing: Listing, quote: Quote, *, bids: bool, depth: int) -> list[Level]:
    """The best ``depth`` levels of one side, best first.

    The first level is the quote's own. A deeper level's size depends on its price and changes only now and then, so
    that the differences between two steps are sparse, as a venue's are.
    """
    instrument = listing.instrument
    tick, step = instrument.tick_size, instrument.quantity_step
    best, size = (quote.bid, quote.bid_size) if bids else (quote.ask, quote.ask_size)
    direction = -1 if bids else 1
    levels = [Level(best, size)]
    first = int(best / tick)
    top = int(listing.top_size / step)
    for number in range(1, depth):
        ticks = first + direction * number
        if ticks <= 0:
            break
        share = _noise(ticks, quote.book_seed if number < 3 else (quote.book_seed + ticks * 13) // 16)
        units = max(1, top * (share + 256) * (number // 8 * 8 + 6) >> 12)
        levels.append(Level(tick * ticks, step * units))
    return levels


def average_price(listing: Listing, quote: Quote, *, buy: bool, notional: Decimal) -> Decimal:
    """The average price of trading ``notional`` (quote) at once against the book: the impact price."""
    left, cost, coins = notional, Decimal(0), Decimal(0)
    contract = listing.instrument.contract_size
    price = quote.ask if buy else quote.bid
    for level in side_levels(listing, quote, bids=not buy, depth=25):
        price = level.price
        value = level.size * contract * (1 if listing.inverse else price)
        taken = min(value, left)
        left, cost, coins = left - taken, cost + taken, coins + taken / price
        if left <= 0:
            return cost / coins
    return (cost + left) / (coins + left / price)


def _noise(ticks: int, salt: int) -> int:
    """A 10-bit figure that looks random in both arguments (splitmix64's finaliser)."""
    value = (ticks * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return (value ^ (value >> 31)) & 0x3FF
