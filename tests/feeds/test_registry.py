"""The list of venues: every folder is on it, and every market has a decoder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import feeds
from core.errors import RequestError
from core.symbols import MARKETS, read_name
from feeds.registry import (
    VENUES,
    decoder_for,
    markets,
    reference_events,
    split_instrument,
    tiers_need_key,
    venue_feed,
)

PRICES = {
    "__init__.py",
    "facts.py",
    "wire.py",
    "parse.py",
    "reference.py",
    "candles.py",
    "rest.py",
    "client.py",
    "venue.py",
}
"""The files of a venue that is read for prices; ``state.py`` is there where frames are merged."""

ACCOUNTS = {"private.py", "account.py", "orders.py", "sign.py", "rights.py", "desk.py"}
"""What a venue of which accounts are read has besides."""


def test_every_folder_with_facts_is_a_venue_of_the_same_shape() -> None:
    folders = [path.parent for path in Path(feeds.__file__).parent.glob("*/facts.py")]
    assert sorted(folder.name for folder in folders) == sorted(VENUES)
    for folder in folders:
        names = {path.name for path in folder.glob("*.py")}
        assert names >= PRICES
        assert names >= ACCOUNTS or not names & ACCOUNTS, f"{folder.name}: accounts are read wholly or not at all"


EXAMPLES = {
    "binance": {"usdm": "BTCUSDT", "coinm": "BTCUSD_PERP", "spot": "BTCUSDT"},
    "bybit": {"linear": "BTCUSDT", "inverse": "BTCUSD", "spot": "BTCUSDT"},
    "bingx": {"linear": "BTC-USDT", "inverse": "BTC-USD", "spot": "BTC-USDT"},
    "weex": {"linear": "BTCUSDT", "spot": "BTCUSDT"},
    "mexc": {"linear": "BTC_USDT", "inverse": "BTC_USD", "spot": "BTCUSDT"},
    "okx": {"linear": "BTC-USDT-SWAP", "inverse": "BTC-USD-SWAP", "spot": "BTC-USDT"},
}


@pytest.mark.parametrize(("venue", "market"), [(venue, market) for venue in VENUES for market in MARKETS[venue]])
def test_every_market_can_be_decoded_planned_and_named(venue: str, market: str) -> None:
    assert decoder_for(venue, market).decode(b"garbage", 1)
    symbol = EXAMPLES[venue][market]
    instrument = f"{venue}:{market}:{symbol}"
    assert read_name(instrument) is not None
    assert split_instrument(instrument) == (venue, market, symbol)
    plans = venue_feed(venue).plans([instrument])
    assert plans
    assert all(plan.venue == venue and plan.url.startswith("wss://") and plan.subscriptions for plan in plans)


@pytest.mark.parametrize(
    "instrument", ["", "bybit", "bybit:linear", "bybit:linear:", "nobody:linear:X", "bybit:usdm:X"]
)
def test_what_no_venue_has_is_refused_by_name(instrument: str) -> None:
    with pytest.raises(RequestError, match="instrument"):
        split_instrument(instrument)


def test_an_unknown_venue_or_market_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="binance, bybit"):
        venue_feed("nobody")
    with pytest.raises(RequestError, match="binance, bybit"):
        markets("nobody")
    with pytest.raises(RequestError, match="binance, bybit"):
        reference_events("nobody", "https://x", b"", 1)
    with pytest.raises(RequestError, match="usdm, coinm, spot"):
        decoder_for("binance", "linear")


def test_what_a_key_is_needed_for_is_the_venues_to_say() -> None:
    assert [venue for venue in VENUES if tiers_need_key(venue)] == ["binance", "bingx"]
    with pytest.raises(RequestError, match="binance, bybit"):
        tiers_need_key("nobody")


def test_decoding_loads_nothing_heavy() -> None:
    code = (
        "import sys; from feeds.registry import decoder_for, venue_feed; decoder_for('bybit', 'linear');"
        "venue_feed('binance').plans(['binance:usdm:BTCUSDT']);"
        "print(*sorted({'httpx', 'pydantic', 'textual', 'websockets', 'asyncio', 'aiohttp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
