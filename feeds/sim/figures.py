"""What every venue tells of a listing besides its quote: candles, the last 24 hours and recent trades.

All follow from the seed. Candles are those of the coin's index, a dated contract's lifted by what it stands above it.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from feeds.sim.catalogue import Listing
from feeds.sim.quotes import Quote, on_tick

if TYPE_CHECKING:
    from feeds.sim.exchange import Exchange

TRADES_KEPT = 200
_TRADES_BEFORE = 50
_TURNOVER_TICK = Decimal("0.00000001")


class Bar(NamedTuple):
    """One candle, prices on the listing's tick. ``volume`` in order units, ``turnover`` its counter-value: quote for
    linear and spot, coin for inverse. ``trades`` is a count."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal
    trades: int


class Day(NamedTuple):
    """The last 24 hours of a listing. Prices on its tick; ``volume`` and ``turnover`` as in :class:`Bar`."""

    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    hour_ago: Decimal
    volume: Decimal
    turnover: Decimal
    weighted: Decimal

    @property
    def change(self) -> Decimal:
        """Last price less that of 24 hours ago."""
        return self.last - self.open

    @property
    def change_fraction(self) -> Decimal:
        """The change as a fraction of the price 24 hours ago (0.01 is 1%)."""
        return self.change / self.open


class Trade(NamedTuple):
    """One public trade; ``side`` is the taker's, ``buy`` or ``sell``, ``quantity`` in order units."""

    number: int
    time_ms: int
    price: Decimal
    quantity: Decimal
    side: str


def bars(exchange: Exchange, listing: Listing, interval_ms: int, start_ms: int, end_ms: int, limit: int) -> list[Bar]:
    """The last ``limit`` candles that open in ``start_ms`` … ``end_ms``, oldest first, the running one last."""
    instrument, lift = listing.instrument, 1 + exchange.carry(listing)
    day_volume, tick = float(listing.daily_volume), instrument.tick_size
    found: list[Bar] = []
    for candle in exchange.history(listing).candles(interval_ms, start_ms, end_ms, limit):
        opened, high, low, close = (on_tick(price * lift, tick) for price in candle[1:5])
        volume = day_volume * candle.share
        amount = volume * float(instrument.contract_size)
        turnover = amount / candle.close if listing.inverse else amount * candle.close
        found.append(
            Bar(
                start_ms=candle.start_ms,
                open=opened,
                high=high,
                low=low,
                close=close,
                volume=on_tick(volume, instrument.quantity_step),
                turnover=on_tick(turnover, _TURNOVER_TICK),
                trades=int(candle.share * 1_000_000),
            )
        )
    return found


def day(exchange: Exchange, listing: Listing) -> Day:
    """The last 24 hours."""
    quote, summary, tick = exchange.quote(listing), exchange.history(listing).day(), listing.instrument.tick_size
    lift = 1 + exchange.carry(listing)
    opened, high, low, hour_ago = (on_tick(price * lift, tick) for price in summary)
    amount = quote.volume * listing.instrument.contract_size
    weighted = quote.last
    if amount and quote.turnover:
        weighted = amount / quote.turnover if listing.inverse else quote.turnover / amount
    return Day(
        open=opened,
        high=max(high, quote.last),
        low=min(low, quote.last),
        last=quote.last,
        hour_ago=hour_ago,
        volume=quote.volume,
        turnover=quote.turnover,
        weighted=on_tick(float(weighted), tick),
    )


def earlier_trades(listing: Listing, quote: Quote, seed: int, now_ms: int) -> list[Trade]:
    """What was traded in the minute before the start, oldest first."""
    generator = random.Random(f"{seed}/trades/{listing.instrument.id}")
    instrument, found = listing.instrument, []
    for number in range(_TRADES_BEFORE):
        time_ms = now_ms - (_TRADES_BEFORE - number) * 1_000 - generator.randrange(1_000)
        side = generator.choice(("buy", "sell"))
        steps = generator.randrange(1, 100)
        quantity = max(instrument.minimum_quantity, instrument.quantity_step * steps)
        found.append(
            Trade(number - _TRADES_BEFORE + 1, time_ms, quote.ask if side == "buy" else quote.bid, quantity, side)
        )
    return found
