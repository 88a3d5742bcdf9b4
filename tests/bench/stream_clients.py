"""The clients of a stream: ours as the program runs it, and ccxt.pro.

Run by ``tests.bench.streams``: ``python -m tests.bench.stream_clients NAME VENUE PORT SECONDS`` prints what it cost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import time
from collections.abc import Sequence
from typing import Any

from core.events import AnyEvent, ChannelChanged, ChannelState, ConnectionChanged, ConnectionState, FrameFault, Ticker
from feeds.clock import Clock
from feeds.connection import Connection
from feeds.registry import split_instrument, venue_feed
from feeds.venue import Decoder, Endpoints
from tests.bench.frames import ccxt_market
from tests.bench.stream_frames import Stream, streams
from tests.bench.stream_meter import Meter, say

DELAYS_MS = 10_000
GOODBYE = "closing code 1000"
CCXT_CLASS = {"binance": "binanceusdm"}


class _Counted:
    """The venue's decoder, with its frames counted."""

    def __init__(self, decoder: Decoder, meter: Meter) -> None:
        self._decode, self.reset, self._meter = decoder.decode, decoder.reset, meter

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        """See :class:`feeds.venue.Decoder`."""
        self._meter.frames += 1
        return self._decode(frame, received_ns)


class Heard:
    """What is emitted: the delay of each price, by milliseconds, and whatever went wrong."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.delays = [0] * (DELAYS_MS + 1)
        self.trouble: list[str] = []

    def emit(self, event: AnyEvent) -> None:
        """From the venue's own time to now: both clocks are this machine's."""
        if type(event) is Ticker:
            if event.venue_time_ns is not None:
                delay = (time.time_ns() - event.venue_time_ns) // 1_000_000
                self.delays[min(delay, DELAYS_MS)] += 1
        elif isinstance(event, ConnectionChanged) and event.state is ConnectionState.RECONNECTING:
            if "closed by the venue: 1000" not in event.reason:
                self.trouble.append(event.reason)
            self._meter.ended.set()
        elif isinstance(event, FrameFault):
            self.trouble.append(f"{event.kind.value} {event.detail}")
        elif isinstance(event, ChannelChanged) and event.state in (ChannelState.SILENT, ChannelState.REFUSED):
            self.trouble.append(f"{event.channel} {event.state.value} {event.reason}")

    def highest(self, share: float) -> int:
        """The delay that so large a share of the prices do not exceed, ms."""
        left = share * sum(self.delays)
        for delay, count in enumerate(self.delays):
            left -= count
            if left <= 0:
                return delay
        return DELAYS_MS


async def ours(stream: Stream, port: int, seconds: float) -> dict[str, object]:
    """The feed's own plan through a supervised connection with the venue's decoder, as the program has it."""
    base = f"ws://127.0.0.1:{port}"
    feed = venue_feed(stream.venue, Endpoints(rest=base.replace("ws", "http"), websocket=base), None)
    (plan,) = (plan for plan in feed.plans(stream.instruments) if plan.name == stream.plan)
    meter = Meter(seconds)
    heard = Heard(meter)
    decoder = feed.decoder
    feed.decoder = lambda plan: _Counted(decoder(plan), meter)  # type: ignore[method-assign]
    task = asyncio.create_task(Connection(feed, plan, heard.emit, Clock()).run())
    answer = await asyncio.to_thread(meter.watch, to_the_end=True)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return answer | {
        "events": sum(heard.delays),
        "delay_ms": [heard.highest(0.5), heard.highest(0.99), heard.highest(1.0)],
        "trouble": heard.trouble[:3],
    }


async def ccxt_pro(stream: Stream, port: int, seconds: float) -> dict[str, object]:
    """ccxt.pro's watch methods on the same contracts, each in a loop, as its manual shows."""
    import ccxt.pro

    meter = Meter(seconds)

    class Counting(getattr(ccxt.pro, CCXT_CLASS.get(stream.venue, stream.venue))):  # type: ignore[misc]
        def handle_message(self, client: Any, message: Any) -> None:
            super().handle_message(client, message)
            meter.frames += 1

    exchange = Counting({"newUpdates": True})
    markets = [ccxt_market(*split_instrument(instrument)) for instrument in stream.instruments]
    exchange.set_markets(markets)
    exchange.urls["api"]["ws"] = _here(exchange.urls["api"]["ws"], port)
    symbols = [market["symbol"] for market in markets]
    watching = [asyncio.create_task(_watch(exchange, stream.venue, group)) for group in _groups(stream.venue, symbols)]
    answer = await asyncio.to_thread(meter.watch, to_the_end=False)
    for task in watching:
        task.cancel()
    ends = await asyncio.gather(*watching, return_exceptions=True)
    await exchange.close()
    said = [repr(end)[:200] for end in ends if not isinstance(end, asyncio.CancelledError)]
    return answer | {"trouble": [words for words in said if GOODBYE not in words]}


def _here(urls: Any, port: int) -> Any:
    """The same addresses on this server."""
    if isinstance(urls, dict):
        return {name: _here(value, port) for name, value in urls.items()}
    return re.sub(r"wss://[^/]+", f"ws://127.0.0.1:{port}", urls)


def _groups(venue: str, symbols: list[str]) -> list[list[str]]:
    """What it watches together, where it can."""
    return [[symbol] for symbol in symbols] if venue in ("bingx", "mexc") else [symbols]


async def _watch(exchange: Any, venue: str, symbols: list[str]) -> None:
    while True:
        if venue == "binance":
            await exchange.watch_bids_asks(symbols)
        elif venue == "bybit":
            await exchange.watch_tickers(symbols)
        elif venue == "weex":
            await exchange.watch_order_book_for_symbols(symbols, None, {"depth": "15"})
        else:
            await exchange.watch_ticker(symbols[0])


CLIENTS = {"ours": ours, "ccxt.pro": ccxt_pro}


def main() -> None:
    """Be one client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=tuple(CLIENTS))
    parser.add_argument("venue")
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    (stream,) = (stream for stream in streams() if stream.venue == options.venue)
    say(asyncio.run(CLIENTS[options.name](stream, options.port, options.seconds)))


if __name__ == "__main__":
    main()
