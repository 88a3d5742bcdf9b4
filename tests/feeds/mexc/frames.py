"""Frames of MEXC's sockets, made from parts; spot's by the official library of Protocol Buffers."""

from __future__ import annotations

from typing import Any

from ccxt.protobuf.mexc.PushDataV3ApiWrapper_pb2 import PushDataV3ApiWrapper

from tests.support.frames import encode

TS = 1_790_134_567_942

TICKER: dict[str, Any] = {
    "symbol": "BTC_USDT",
    "lastPrice": 76376.1,
    "riseFallRate": -0.0006,
    "fairPrice": 76374.4,
    "indexPrice": 76385.8,
    "volume24": 962062810,
    "amount24": 7344207079.96768,
    "maxBidPrice": 84024.3,
    "minAskPrice": 68747.2,
    "lower24Price": 75620.2,
    "high24Price": 77210,
    "timestamp": TS,
    "bid1": 76376.2,
    "ask1": 76376.3,
    "holdVol": 95479623,
    "riseFallValue": -46.5,
    "fundingRate": 0.0001,
    "zone": "UTC+8",
    "riseFallRates": [-0.0006, 0.1008],
}
BOOK: dict[str, Any] = {
    "cts": TS - 4,
    "asks": [[76376.3, 3446, 2], [76376.5, 1239, 1]],
    "bids": [[76376.2, 31288, 7], [76376.0, 5, 1]],
    "version": 41925002140,
}


def push(topic: str, data: object, symbol: str = "BTC_USDT", ts: object = TS) -> bytes:
    """A data frame in the venue's order of keys."""
    return encode({"symbol": symbol, "data": data, "channel": f"push.{topic}", "ts": ts})


def price(value: object, topic: str = "fair.price", symbol: str = "BTC_USDT", ts: int = TS) -> bytes:
    """A frame of the mark or index price."""
    return push(topic, {"symbol": symbol, "price": value}, symbol, ts)


def personal(topic: str, data: object, ts: object = TS) -> bytes:
    """A frame about an account."""
    return encode({"channel": f"push.personal.{topic}", "data": data, "ts": ts})


def spot_book(symbol: str = "BTCUSDT", sent: int = TS, **values: str) -> bytes:
    """The best bid and ask of a pair."""
    wrapper = PushDataV3ApiWrapper(
        channel=f"spot@public.aggre.bookTicker.v3.api.pb@100ms@{symbol}", symbol=symbol, sendTime=sent
    )
    given = {"bidPrice": "93387.28", "bidQuantity": "3.73485", "askPrice": "93387.29", "askQuantity": "7.669875"}
    for name, value in (given | values).items():
        setattr(wrapper.publicAggreBookTicker, name, value)
    return bytes(wrapper.SerializeToString())


def spot_ticker(symbol: str = "BTCUSDT", sent: int = TS, **values: str) -> bytes:
    """The day of a pair."""
    wrapper = PushDataV3ApiWrapper(
        channel=f"spot@public.miniTicker.v3.api.pb@{symbol}@UTC+8", symbol=symbol, sendTime=sent, createTime=sent - 3
    )
    given = {
        "symbol": symbol,
        "price": "76521",
        "rate": "0.0012",
        "zonedRate": "0.0012",
        "high": "77196.3",
        "low": "75630.77",
        "volume": "584664223.92",
        "quantity": "7666.720258",
    }
    for name, value in (given | values).items():
        setattr(wrapper.publicMiniTicker, name, value)
    return bytes(wrapper.SerializeToString())


def spot_account(coin: str = "USDT", free: str = "12.5", held: str = "0.25", time: int = TS) -> bytes:
    """A balance of the spot wallet."""
    wrapper = PushDataV3ApiWrapper(channel="spot@private.account.v3.api.pb", sendTime=time)
    body = wrapper.privateAccount
    body.vcoinName, body.balanceAmount, body.frozenAmount = coin, free, held
    body.balanceAmountChange, body.type, body.time = "-4.4022", "ENTRUST_PLACE", time
    return bytes(wrapper.SerializeToString())
