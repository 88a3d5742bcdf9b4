"""How venues spell their instruments: what a name says by itself, before any venue has been asked.

Sources: Bybit v5 "Get Instruments Info" (BTCUSDT, BTCPERP, BTC-26DEC25, BTCUSDT-26DEC25, BTCUSD, BTCUSDH26), Binance
USDⓈ-M "Exchange Information" (BTCUSDT, BTCUSDT_260327).
"""

from __future__ import annotations

import re
from typing import NamedTuple

MARKETS = {"binance": ("usdm", "spot"), "bybit": ("linear", "inverse", "spot")}
"""The venues and markets that can be named, by venue."""

DOLLARS_PRICED_IN = ("USDT", "USDC", "USD")
"""The currencies in which bags and collateral may be valued."""

_COIN = r"(?P<base>[^\W_a-z]{1,20}?)"
_MONTH_CODE = "[FGHJKMNQUVXZ][0-9]{2}"
_DATE = "[0-9]{1,2}(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[0-9]{2}"
_SPOT = rf"{_COIN}(?P<quote>USDT|USDC|FDUSD|USDE|USD1|USD|EUR|GBP|BRL|TRY|PLN|BTC|ETH|BNB|DAI)"
_FORMS: dict[str, tuple[tuple[re.Pattern[str], str, str], ...]] = {
    # market: (form, quote where the form has no group for it, settle: empty for "the quote", "base" for the coin)
    "linear": (
        (re.compile(rf"{_COIN}(?P<quote>USDT)(-{_DATE})?"), "", ""),
        (re.compile(rf"{_COIN}(PERP|-{_DATE})"), "USDC", ""),
    ),
    "inverse": ((re.compile(rf"{_COIN}(?P<quote>USD)({_MONTH_CODE})?"), "", "base"),),
    "usdm": ((re.compile(rf"{_COIN}(?P<quote>USDT|USDC|USD1|BTC)(_[0-9]{{6}})?"), "", ""),),
    "spot": ((re.compile(_SPOT), "", ""),),
}


class Terms(NamedTuple):
    """What an instrument's name says: the coin, what it is priced in and what profit is paid in."""

    venue: str
    market: str
    symbol: str
    base: str
    quote: str
    settle: str


def read_name(instrument: str) -> Terms | None:
    """The terms behind a name such as ``bybit:linear:BTCUSDT``; ``None`` where it is no venue's spelling.

    Whether the venue lists it is another question, which only the venue can answer.
    """
    venue, _, rest = instrument.partition(":")
    market, _, symbol = rest.partition(":")
    if market not in MARKETS.get(venue, ()):
        return None
    for form, quote, settle in _FORMS[market]:
        if match := form.fullmatch(symbol):
            groups = match.groupdict()
            priced_in = groups.get("quote") or quote
            paid_in = groups["base"] if settle == "base" else priced_in
            return Terms(venue, market, symbol, groups["base"], priced_in, paid_in)
    return None


def is_contract(instrument: str) -> bool:
    """Whether the name is that of a futures contract."""
    terms = read_name(instrument)
    return terms is not None and terms.market != "spot"


def is_spot_pair(instrument: str) -> bool:
    """Whether the name is that of a spot pair."""
    terms = read_name(instrument)
    return terms is not None and terms.market == "spot"
