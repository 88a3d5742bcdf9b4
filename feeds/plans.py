"""What every venue's client does alike when it plans its connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.errors import RequestError


def by_market(venue: str, markets: Sequence[str], instruments: Iterable[str]) -> dict[str, list[str]]:
    """The symbols of each market among the instruments, each once, in the venue's order of markets.

    Raises RequestError for an instrument that is not this venue's.
    """
    symbols: dict[str, dict[str, None]] = {}
    for instrument in instruments:
        owner, _, rest = instrument.partition(":")
        market, _, symbol = rest.partition(":")
        if owner != venue or market not in markets or not symbol:
            raise RequestError("instrument", f"one of {venue}'s ({', '.join(markets)})", repr(instrument))
        symbols.setdefault(market, {})[symbol] = None
    return {market: list(symbols[market]) for market in markets if market in symbols}


def in_groups(channels: Sequence[str], size: int) -> list[Sequence[str]]:
    """The channels in order, at most ``size`` together."""
    return [channels[start : start + size] for start in range(0, len(channels), size)]
