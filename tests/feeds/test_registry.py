"""The list of venues: every folder is on it, and every market has a decoder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import feeds
from core.errors import RequestError
from core.symbols import MARKETS
from feeds.registry import VENUES, decoder_for, markets, reference_events, split_instrument, venue_feed

FILES = {
    "__init__.py",
    "facts.py",
    "wire.py",
    "state.py",
    "parse.py",
    "sign.py",
    "reference.py",
    "candles.py",
    "rest.py",
    "client.py",
    "rights.py",
}


def test_every_folder_with_facts_is_a_venue_of_the_same_shape() -> None:
    folders = [path.parent for path in Path(feeds.__file__).parent.glob("*/facts.py")]
    assert sorted(folder.name for folder in folders) == sorted(VENUES)
    for folder in folders:
        assert {path.name for path in folder.glob("*.py")} == FILES


@pytest.mark.parametrize(("venue", "market"), [(venue, market) for venue in VENUES for market in MARKETS[venue]])
def test_every_market_can_be_decoded_planned_and_named(venue: str, market: str) -> None:
    assert decoder_for(venue, market).decode(b"garbage", 1)
    instrument = f"{venue}:{market}:BTCUSDT"
    assert split_instrument(instrument) == (venue, market, "BTCUSDT")
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
    with pytest.raises(RequestError, match="bybit, binance"):
        venue_feed("nobody")
    with pytest.raises(RequestError, match="bybit, binance"):
        markets("nobody")
    with pytest.raises(RequestError, match="bybit, binance"):
        reference_events("nobody", "https://x", b"", 1)
    with pytest.raises(RequestError, match="usdm, spot"):
        decoder_for("binance", "linear")


def test_decoding_loads_nothing_heavy() -> None:
    code = (
        "import sys; from feeds.registry import decoder_for, venue_feed; decoder_for('bybit', 'linear');"
        "venue_feed('binance').plans(['binance:usdm:BTCUSDT']);"
        "print(*sorted({'httpx', 'pydantic', 'textual', 'websockets', 'asyncio', 'aiohttp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
