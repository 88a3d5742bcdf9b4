"""The same bytes through ccxt.pro's own handlers: what it reads, we read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from core.events import DayStatistics, InstrumentListed, Ticker, TiersLoaded
from feeds.okx import facts, venue
from feeds.okx.parse import Decoder
from feeds.registry import rest_answer
from tests.feeds.okx.samples import (
    BOOK,
    FUNDING,
    HOUR,
    INDEX,
    INVERSE,
    INVERSE_SWAP,
    LINEAR,
    MARK,
    PAIR,
    SPOT,
    SWAP,
    TICKER,
    TIERS,
    TIME,
    body,
    frame,
)
from tests.support.frames import encode

SYMBOLS = {LINEAR: "BTC/USDT:USDT", INVERSE: "BTC/USD:BTC", PAIR: "BTC/USDT"}


@pytest.fixture
async def exchange() -> Any:
    """ccxt.pro's OKX, not connected, its markets made by its own reader of our sample bodies."""
    client = ccxt.pro.okx({"number": str})
    client.set_markets([client.parse_market(row) for row in (SWAP, INVERSE_SWAP, SPOT)])
    yield client
    await client.close()


def both(exchange: Any, raw: bytes) -> Ticker:
    """What we read of a frame, once ccxt has been handed it."""
    exchange.client(exchange.urls["api"]["ws"] + "/public").handle_text_or_binary_message(raw)
    event = Decoder("linear").decode(raw, 1)[0]
    assert isinstance(event, Ticker)
    return event


@pytest.mark.verifies("okx", "linear", "mark price", "index price", client="ccxt.pro")
@pytest.mark.verifies("okx", "inverse", "mark price", client="ccxt.pro")
async def test_mark_and_index_prices(exchange: Any) -> None:
    for symbol in (LINEAR, INVERSE):
        ours = both(exchange, frame("mark-price", MARK, 1, instId=symbol, markPx="65117.43210001"))
        theirs = exchange.tickers[SYMBOLS[symbol]]
        assert (str(ours.mark_price), ours.venue_time_ns) == (theirs["markPrice"], theirs["timestamp"] * 1_000_000)
    ours = both(exchange, frame("index-tickers", INDEX, 2))
    assert str(ours.index_price) == exchange.tickers["BTC/USDT"]["indexPrice"]


@pytest.mark.verifies("okx", "linear", "best bid and ask", "24 h ticker", client="ccxt.pro")
@pytest.mark.verifies("okx", "inverse", "best bid and ask", "24 h ticker", client="ccxt.pro")
@pytest.mark.verifies("okx", "spot", "best bid and ask", "24 h ticker", client="ccxt.pro")
@pytest.mark.parametrize(("symbol", "unified"), SYMBOLS.items())
async def test_best_levels_and_tickers(symbol: str, unified: str, exchange: Any) -> None:
    ours = both(exchange, encode({"arg": {"channel": "bbo-tbt", "instId": symbol}, "data": [BOOK]}))
    theirs = exchange.bidsasks[unified]
    assert [str(it) for it in (ours.bid_price, ours.bid_size, ours.ask_price, ours.ask_size)] == [
        theirs[name] for name in ("bid", "bidVolume", "ask", "askVolume")
    ]
    raw = frame("tickers", TICKER, 1, instId=symbol, instType="SPOT" if symbol == PAIR else "SWAP")
    ours = both(exchange, raw)
    theirs = exchange.tickers[unified]
    assert str(ours.last_price) == theirs["last"]
    day = Decoder("linear").decode(raw, 1)[1]
    assert isinstance(day, DayStatistics)
    said = (day.open_price, day.high_price, day.low_price, day.volume)
    assert [str(it) for it in said] == [theirs[name] for name in ("open", "high", "low", "baseVolume")]
    if symbol == PAIR:
        assert str(day.turnover) == theirs["quoteVolume"]


@pytest.mark.verifies("okx", "linear", "funding rate", "funding interval", client="ccxt.pro")
@pytest.mark.verifies("okx", "inverse", "funding rate", "funding interval", client="ccxt.pro")
@pytest.mark.parametrize("symbol", [LINEAR, INVERSE])
@pytest.mark.parametrize("hours", [1, 2, 4, 8])
async def test_funding_and_its_interval(symbol: str, hours: int, exchange: Any) -> None:
    ends = {"prevFundingTime": str(TIME + (2 - hours) * HOUR), "nextFundingTime": str(TIME + (2 + hours) * HOUR)}
    changed: dict[str, Any] = ends | {"instId": symbol}
    ours = both(exchange, frame("funding-rate", FUNDING, **changed))
    theirs = exchange.fundingRates[SYMBOLS[symbol]]
    assert ours.funding_rate == Decimal(theirs["fundingRate"])
    assert ours.next_funding_time_ns == theirs["fundingTimestamp"] * 1_000_000
    assert f"{ours.funding_interval_hours}h" == theirs["interval"] == f"{hours}h"


@pytest.mark.verifies("okx", "linear", "instruments", "maintenance tiers", client="ccxt.pro")
@pytest.mark.verifies("okx", "inverse", "instruments", client="ccxt.pro")
@pytest.mark.verifies("okx", "spot", "instruments", client="ccxt.pro")
async def test_instruments_and_tiers(exchange: Any) -> None:
    answer = rest_answer("okx", "", facts.INSTRUMENTS_PATH, body(SWAP, INVERSE_SWAP, SPOT), TIME * 1_000_000)
    for event in venue.rest_events(answer):
        assert isinstance(event, InstrumentListed)
        ours, theirs = event.instrument, exchange.market(SYMBOLS[event.instrument.symbol])
        assert (ours.base, ours.quote, ours.settle) == (theirs["base"], theirs["quote"], theirs["settle"] or ours.quote)
        assert str(ours.contract_size) == (theirs["contractSize"] or "1")
        assert [str(ours.tick_size), f"{ours.quantity_step:f}"] == [
            theirs["precision"][name] for name in ("price", "amount")
        ]
        assert f"{ours.minimum_quantity:f}" == theirs["limits"]["amount"]["min"]
    answer = rest_answer("okx", "", facts.TIERS_PATH, body(*TIERS), TIME * 1_000_000)
    (loaded,) = venue.rest_events(answer)
    assert isinstance(loaded, TiersLoaded)
    read = exchange.parse_market_leverage_tiers(TIERS, exchange.market("BTC/USDT:USDT"))
    assert [(str(it.cap), str(it.rate), str(it.maximum_leverage)) for it in loaded.table.tiers] == [
        (it["maxNotional"], it["maintenanceMarginRate"], it["maxLeverage"]) for it in read
    ]
