"""Times cryptofeed's message handlers; run by tests.bench.frames in an interpreter that has cryptofeed.

Each line of standard input is a case (venue, symbols, url, primer, frames); each line of output the seconds that the
frames took. Imports nothing of ours.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from types import SimpleNamespace
from typing import Any

from cryptofeed.defines import FUNDING, INDEX, TICKER
from cryptofeed.exchanges import BinanceFutures, Bybit
from cryptofeed.symbols import Symbols

SEEN: list[object] = []


async def keep(event: object, receipt: float) -> None:
    """The cheapest callback there is."""
    SEEN[:] = [event]


def feed_for(venue: str, symbols: list[str]) -> Any:
    """A feed that knows these perpetuals without asking anybody."""
    names = {f"{symbol.removesuffix('USDT')}-USDT-PERP": symbol for symbol in symbols}
    info: dict[str, Any] = {"instrument_type": dict.fromkeys(names, "perpetual"), "tick_size": {}, "is_quanto": {}}
    feed = BinanceFutures if venue == "binance" else Bybit
    Symbols.set(feed.id, names, info)
    channels = [FUNDING] if venue == "binance" else [TICKER, FUNDING, INDEX]
    return feed(symbols=list(names), channels=channels, callbacks=dict.fromkeys(channels, keep))


def drive(feed: Any, frames: list[str], connection: object) -> None:
    """Run the handler to its end; with these callbacks it never waits."""
    for frame in frames:
        try:
            feed.message_handler(frame, connection, 0.0).send(None)
        except StopIteration:
            continue
        raise RuntimeError("the handler waits for something")


def main() -> None:
    """Answer cases until there are no more."""
    feeds: dict[str, Any] = {}
    for line in sys.stdin:
        case = json.loads(line)
        key = case["venue"] + ",".join(case["symbols"])
        if key not in feeds:
            feeds[key] = feed_for(case["venue"], case["symbols"])
        feed = feeds[key]
        subscribed = dict.fromkeys(("tickers", "funding", "index"), case["symbols"])
        connection = SimpleNamespace(address=case["url"], uuid="bench", subscription=subscribed)
        drive(feed, case["primer"], connection)
        gc.collect()
        gc.disable()
        start = time.thread_time()
        drive(feed, case["frames"], connection)
        seconds = time.thread_time() - start
        gc.enable()
        if not SEEN:
            raise RuntimeError("cryptofeed made no event")
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
