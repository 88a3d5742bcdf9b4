"""cryptofeed on a stream; run by ``tests.bench.streams`` in an interpreter that has cryptofeed, which lacks ours.

``python -m tests.bench.stream_cryptofeed VENUE PORT SECONDS`` prints what it cost.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
import sys
import threading
from typing import Any

from cryptofeed import FeedHandler, connection
from cryptofeed.defines import TICKER
from cryptofeed.exchanges import BinanceFutures, Bybit
from cryptofeed.symbols import Symbols
from websockets.asyncio.client import connect

from tests.bench.stream_meter import Meter, end_process, say

NAMES = {"BTC-USDT-PERP": "BTCUSDT", "ETH-USDT-PERP": "ETHUSDT"}
SEEN: list[object] = []


async def keep(event: object, receipt: float) -> None:
    """The cheapest callback there is."""
    SEEN[:] = [event]


def connect_plainly(address: str, **options: Any) -> Any:
    """It takes only addresses of TLS, which nobody speaks here."""
    return connect(address.replace("wss:", "ws:"), **options)


def main() -> None:
    """Be one client until the time is over."""
    venue, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    meter = Meter(seconds)
    feed: Any = BinanceFutures if venue == "binance" else Bybit

    class Counting(feed):  # type: ignore[misc]
        async def message_handler(self, *arguments: Any) -> None:
            await super().message_handler(*arguments)
            meter.frames += 1

    Counting.websocket_endpoints = [
        dataclasses.replace(point, address=re.sub(r"wss://[^/]+", f"wss://127.0.0.1:{port}", point.address))
        for point in feed.websocket_endpoints
    ]
    info: dict[str, Any] = {"instrument_type": dict.fromkeys(NAMES, "perpetual"), "tick_size": {}, "is_quanto": {}}
    Symbols.set(feed.id, NAMES, info)

    connection.connect = connect_plainly

    def watch() -> None:
        say(meter.watch(to_the_end=False) | {"trouble": [] if SEEN else ["it made no event"]})
        end_process()

    threading.Thread(target=watch, daemon=True).start()
    handler = FeedHandler(config={"uvloop": True, "log": {"disabled": True}})
    asyncio.set_event_loop(asyncio.new_event_loop())  # it expects one of uvloop to be there
    handler.add_feed(Counting(symbols=list(NAMES), channels=[TICKER], callbacks={TICKER: keep}))
    handler.run()


if __name__ == "__main__":
    main()
