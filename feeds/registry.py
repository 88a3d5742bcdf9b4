"""The one list of venues: adding a venue touches its own folder and this file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.errors import RequestError
from core.symbols import MARKETS
from feeds.venue import Decoder


def _bybit_decoder(market: str) -> Decoder:
    from feeds.bybit.parse import Decoder as BybitDecoder

    return BybitDecoder(market)


def _binance_decoder(market: str) -> Decoder:
    from feeds.binance.parse import Decoder as BinanceDecoder

    return BinanceDecoder(market)


_DECODERS: Final[dict[str, Callable[[str], Decoder]]] = {"bybit": _bybit_decoder, "binance": _binance_decoder}

VENUES: Final = tuple(MARKETS)


def markets(venue: str) -> tuple[str, ...]:
    """The markets of a venue, the one meant by default first. Raises RequestError for an unknown venue."""
    if venue not in MARKETS:
        raise RequestError("venue", f"one of {', '.join(MARKETS)}", repr(venue))
    return MARKETS[venue]


def decoder_for(venue: str, market: str) -> Decoder:
    """A fresh decoder for one market's public frames. Raises RequestError for an unknown venue or market."""
    if market not in markets(venue):
        raise RequestError("market", f"one of {', '.join(markets(venue))} on {venue}", repr(market))
    return _DECODERS[venue](market)


def split_instrument(instrument: str) -> tuple[str, str, str]:
    """Venue, market and symbol of an instrument id. Raises RequestError for one that no venue here has."""
    venue, _, rest = instrument.partition(":")
    market, _, symbol = rest.partition(":")
    if venue not in MARKETS or market not in MARKETS[venue] or not symbol:
        raise RequestError("instrument", "venue:market:symbol, such as bybit:linear:BTCUSDT", repr(instrument))
    return venue, market, symbol
