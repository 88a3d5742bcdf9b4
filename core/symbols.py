"""How venues spell their instruments: what a name says by itself, before any venue has been asked.

Sources: Bybit v5 "Get Instruments Info" (BTCUSDT, BTCPERP, BTC-26DEC25, BTCUSDT-26DEC25, BTCUSD, BTCUSDH26), Binance
"Exchange Information" (USDⓈ-M BTCUSDT, BTCUSDT_260327; COIN-M BTCUSD_PERP, BTCUSD_260327), BingX (BTC-USDT, BTC-USD),
WEEX V3 (BTCUSDT), MEXC contract (BTC_USDT, BTC_USD), OKX "Get instruments" (BTC-USDT-SWAP, BTC-USD-SWAP); ccxt manual,
"Contract naming conventions" (BTC/USDT, BTC/USDT:USDT, BTC/USD:BTC-261225).
"""

from __future__ import annotations

import re
from typing import NamedTuple

DOLLARS_PRICED_IN = ("USDT", "USDC", "USD")
"""The currencies in which bags and collateral may be valued."""

_COIN = r"(?P<base>[^\W_a-z]{1,20}?)"
_MONTH_CODE = "[FGHJKMNQUVXZ][0-9]{2}"
_DATE = "[0-9]{1,2}(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[0-9]{2}"
_SPOT_QUOTES = "USDT|USDC|FDUSD|USDE|USD1|USD|EUR|GBP|BRL|TRY|PLN|BTC|ETH|BNB|DAI"


class Form(NamedTuple):
    """One spelling of a market's symbols: its pattern with the groups ``base`` and ``quote``; ``quote`` here where the
    pattern has no such group; ``pays_coin`` where profit is paid in the coin and not in the quote."""

    pattern: re.Pattern[str]
    quote: str = ""
    pays_coin: bool = False


def _form(pattern: str, quote: str = "", *, pays_coin: bool = False) -> Form:
    return Form(re.compile(pattern), quote, pays_coin)


_SPOT = (_form(rf"{_COIN}(?P<quote>{_SPOT_QUOTES})"),)
_DASHED_SPOT = (_form(rf"{_COIN}-(?P<quote>{_SPOT_QUOTES})"),)

_FORMS: dict[str, dict[str, tuple[Form, ...]]] = {
    "binance": {
        "usdm": (_form(rf"{_COIN}(?P<quote>USDT|USDC|USD1|BTC)(_[0-9]{{6}})?"),),
        "coinm": (_form(rf"{_COIN}(?P<quote>USD)_(PERP|[0-9]{{6}})", pays_coin=True),),
        "spot": _SPOT,
    },
    "bybit": {
        "linear": (_form(rf"{_COIN}(?P<quote>USDT)(-{_DATE})?"), _form(rf"{_COIN}(PERP|-{_DATE})", "USDC")),
        "inverse": (_form(rf"{_COIN}(?P<quote>USD)({_MONTH_CODE})?", pays_coin=True),),
        "spot": _SPOT,
    },
    "bingx": {
        "linear": (_form(rf"{_COIN}-(?P<quote>USDT|USDC)"),),
        "inverse": (_form(rf"{_COIN}-(?P<quote>USD)", pays_coin=True),),
        "spot": _DASHED_SPOT,
    },
    "weex": {"linear": (_form(rf"{_COIN}(?P<quote>USDT|USDC)"),), "spot": _SPOT},
    "mexc": {
        "linear": (_form(rf"{_COIN}_(?P<quote>USDT|USDC)"),),
        "inverse": (_form(rf"{_COIN}_(?P<quote>USD)", pays_coin=True),),
        "spot": _SPOT,
    },
    "okx": {
        "linear": (_form(rf"{_COIN}-(?P<quote>USDT|USDC)-SWAP"),),
        "inverse": (_form(rf"{_COIN}-(?P<quote>USD)-SWAP", pays_coin=True),),
        "spot": _DASHED_SPOT,
    },
}
"""By venue and market. This table and the venue's folder are all that a venue takes."""

MARKETS = {venue: tuple(forms) for venue, forms in _FORMS.items()}
"""The venues and markets that can be named, by venue; the market meant by default first, which is the linear one."""

CCXT_VENUE = "ccxt.EXCHANGE"
"""How any other exchange is named, which is read through ccxt: ``ccxt.kraken``."""

_CCXT_NAME = re.compile(r"ccxt\.[a-z0-9]{2,30}")
_PAIR = r"(?P<base>[^\W_a-z]{1,20})/(?P<quote>[^\W_a-z]{1,20})"
_SETTLE = r":(?P<settle>[^\W_a-z]{1,20})"
_CCXT_FORMS = {
    "swap": re.compile(_PAIR + _SETTLE),
    "future": re.compile(rf"{_PAIR}{_SETTLE}-[0-9]{{6}}"),
    "spot": re.compile(_PAIR),
}
_CCXT_MARKETS = tuple(_CCXT_FORMS)


def exchange_of(venue: str) -> str:
    """The name that ccxt gives an exchange which is read through it; empty for every other venue."""
    return venue.partition(".")[2] if _CCXT_NAME.fullmatch(venue) else ""


def markets_of(venue: str) -> tuple[str, ...]:
    """The markets of a venue that can be named; none where there is no such venue."""
    return _CCXT_MARKETS if exchange_of(venue) else MARKETS.get(venue, ())


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
    if market not in markets_of(venue):
        return None
    if exchange_of(venue):
        return _read_unified(venue, market, symbol)
    for form in _FORMS[venue][market]:
        if match := form.pattern.fullmatch(symbol):
            groups = match.groupdict()
            priced_in = groups.get("quote") or form.quote
            paid_in = groups["base"] if form.pays_coin else priced_in
            return Terms(venue, market, symbol, groups["base"], priced_in, paid_in)
    return None


def _read_unified(venue: str, market: str, symbol: str) -> Terms | None:
    """The terms in a symbol as ccxt writes it, which tells them all."""
    match = _CCXT_FORMS[market].fullmatch(symbol)
    if match is None:
        return None
    told = match.groupdict()
    return Terms(venue, market, symbol, told["base"], told["quote"], told.get("settle") or told["quote"])


def is_contract(instrument: str) -> bool:
    """Whether the name is that of a futures contract."""
    terms = read_name(instrument)
    return terms is not None and terms.market != "spot"


def is_spot_pair(instrument: str) -> bool:
    """Whether the name is that of a spot pair."""
    terms = read_name(instrument)
    return terms is not None and terms.market == "spot"


def linear_symbol(venue: str, base: str, quote: str = "USDT") -> str:
    """How a venue spells its linear perpetual of a coin. Raises KeyError for a venue that is not in the table."""
    return _spelt(venue, MARKETS[venue][0], base, quote)


def spot_symbol(venue: str, base: str, quote: str = "USDT") -> str:
    """How a venue spells a spot pair. Raises KeyError for a venue that is not in the table."""
    return _spelt(venue, "spot", base, quote)


def _spelt(venue: str, market: str, base: str, quote: str) -> str:
    """The spelling among the usual ones that the market's forms take."""
    candidates = (f"{base}{quote}", f"{base}-{quote}", f"{base}_{quote}", f"{base}-{quote}-SWAP")
    return next(symbol for symbol in candidates if read_name(f"{venue}:{market}:{symbol}") is not None)
