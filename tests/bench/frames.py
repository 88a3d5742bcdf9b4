"""Microseconds from a venue's frame to a normalised event: ours, ccxt.pro, cryptofeed, and a bare typed decode.

``python -m tests.bench.frames [--repeats N] [--cryptofeed PYTHON]`` prints a table; it asserts nothing. All contenders
take the same bytes in the same process, in turn, and each figure is the median of the repeats, in CPU time, which
others on the machine disturb less (cryptofeed, whose dependencies conflict with ours, runs in a process of the
interpreter given and answers in turn as well).

``least`` decodes only the fields that an event needs, ``bare`` all the numbers that the frame carries: what a consumer
that checks, merges and names nothing would pay.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.util
import json
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from core.symbols import read_name
from feeds.registry import decoder_for
from tests.bench import frame_cases, okx_cases, weex_cases
from tests.bench.frame_cases import Case

BARE = frame_cases.BARE | okx_cases.BARE | weex_cases.BARE
LEAST = frame_cases.LEAST | okx_cases.LEAST | weex_cases.LEAST
WORKER = Path(__file__).with_name("cryptofeed_worker.py")
EXCHANGES: list[Any] = []
"""ccxt's clients, to be closed at the end."""

APART_NS = 100_000_000
"""How far apart frames are said to come: what is told of the day every few seconds is paid for as often."""

CCXT = {("binance", "usdm"): "binanceusdm", ("binance", "coinm"): "binancecoinm"}
"""ccxt's class for a market, where it is not named after the venue."""

CRYPTOFEED = (("binance", "usdm"), ("bybit", "linear"))
"""The markets that its worker here can take."""

Pass = Callable[[], float]
"""Feeds a case's frames once and says how many seconds it took."""


class Contender(NamedTuple):
    """Who is timed, and how it takes a case."""

    name: str
    prepare: Callable[[Case], Pass | None]


def timed(take: Callable[[Sequence[bytes]], None], case: Case) -> float:
    """CPU seconds to hand all of a case's frames over, the primer untimed and the garbage collector off."""
    take(case.primer)
    gc.collect()
    gc.disable()
    try:
        start = time.thread_time()
        take(case.frames)
        return time.thread_time() - start
    finally:
        gc.enable()


def ours(case: Case) -> Pass:
    """Our decoder, forgetting everything before each pass."""
    decoder = decoder_for(case.venue, case.market)
    decode = decoder.decode
    now_ns = time.time_ns()

    def take(frames: Sequence[bytes]) -> None:
        received_ns = now_ns
        for frame in frames:
            received_ns += APART_NS
            decode(frame, received_ns)

    def run() -> float:
        decoder.reset()
        return timed(take, case)

    return run


def typed(models: Mapping[str, Any]) -> Callable[[Case], Pass | None]:
    """A typed msgspec decode and nothing more, of packed frames after zlib."""

    def prepare(case: Case) -> Pass | None:
        if case.shape not in models:
            return None
        decode = msgspec.json.Decoder(models[case.shape]).decode

        def take(frames: Sequence[bytes]) -> None:
            for frame in frames:
                decode(frame)

        def take_packed(frames: Sequence[bytes]) -> None:
            for frame in frames:
                decode(zlib.decompress(frame, zlib.MAX_WBITS | 16))

        return lambda: timed(take_packed if case.shape == "packed" else take, case)

    return prepare


def ccxt_pro(case: Case) -> Pass:
    """ccxt.pro from the bytes of a frame to its ticker, on a client that is not connected."""
    import ccxt.pro

    exchange = getattr(ccxt.pro, CCXT.get((case.venue, case.market), case.venue))()
    markets = {symbol: ccxt_market(case.venue, case.market, symbol) for symbol in case.symbols}
    exchange.set_markets(list(markets.values()))
    handle = exchange.client(case.url).handle_text_or_binary_message
    packed, unpack = case.shape == "packed", exchange.gunzip

    def take(frames: Sequence[bytes]) -> None:
        for frame in frames:
            handle(unpack(frame) if packed else frame)

    handed: Any = case
    if case.venue == "mexc":  # where bytes mean Protocol Buffers
        texts: list[Any] = [[frame.decode() for frame in part] for part in (case.primer, case.frames)]
        handed = case._replace(primer=texts[0], frames=texts[1])

    def run() -> float:
        seconds = timed(take, handed)
        made = {*exchange.tickers, *exchange.orderbooks, *exchange.bidsasks}
        missing = [symbol for symbol, market in markets.items() if market["symbol"] not in made]
        if missing:
            raise RuntimeError(f"ccxt.pro made nothing of {', '.join(missing[:3])}")
        return seconds

    EXCHANGES.append(exchange)
    return run


def ccxt_market(venue: str, market: str, symbol: str) -> dict[str, Any]:
    """What ccxt has to know of a perpetual or pair, so that it asks nobody."""
    terms = read_name(f"{venue}:{market}:{symbol}")
    assert terms is not None, "a case has symbols that the venue can have"
    spot, inverse = market == "spot", terms.settle == terms.base
    settle = None if spot else terms.settle
    return {
        "id": symbol,
        "lowercaseId": symbol.lower(),
        "symbol": f"{terms.base}/{terms.quote}" if spot else f"{terms.base}/{terms.quote}:{settle}",
        "base": terms.base,
        "quote": terms.quote,
        "settle": settle,
        "baseId": terms.base,
        "quoteId": terms.quote,
        "settleId": settle,
        "type": "spot" if spot else "swap",
        "active": True,
        "contractSize": None if spot else 1,
        "spot": spot,
        "margin": False,
        "swap": not spot,
        "future": False,
        "option": False,
        "contract": not spot,
        "linear": None if spot else not inverse,
        "inverse": None if spot else inverse,
        "precision": {"amount": 0.001, "price": 0.1},
        "limits": {},
        "info": {},
    }


class Cryptofeed:
    """cryptofeed's handlers, in a process of their own interpreter."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def prepare(self, case: Case) -> Pass | None:
        """``None`` where the handler does not take such frames (raw ones, arrays, books without depth)."""
        if case.shape in ("mark raw", "marks", "book", "spot book") or (case.venue, case.market) not in CRYPTOFEED:
            return None

        frames = {"primer": case.primer, "frames": case.frames}
        question: dict[str, object] = {name: [frame.decode() for frame in part] for name, part in frames.items()}
        question |= {"venue": case.venue, "symbols": case.symbols, "url": case.url}
        return lambda: float(self._ask(question))

    def _ask(self, question: dict[str, object]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def microseconds(passes: Sequence[Pass | None], count: int, repeats: int) -> list[float | None]:
    """The median of each contender's passes, a frame, taken in turn."""
    found: list[list[float]] = [[] for _ in passes]
    for _ in range(repeats):
        for seconds, run in zip(found, passes, strict=True):
            if run is not None:
                seconds.append(run())
    return [statistics.median(seconds) / count * 1e6 if seconds else None for seconds in found]


def show(case: Case, names: Sequence[str], figures: Sequence[float | None]) -> None:
    """One case's row: the figures, and ours against the others."""
    by_name = dict(zip(names, figures, strict=True))
    mine = by_name["ours"] or 0.0
    size = statistics.mean(map(len, case.frames))
    row = "".join("         -" if figure is None else f"{figure:10.2f}" for figure in figures)
    ratios = [
        f"{mine / by_name['bare']:.2f}x bare" if by_name["bare"] else "",
        f"{mine / by_name['least']:.2f}x least" if by_name["least"] else "",
        *(f"{other / mine:.1f}x faster than {name}" for name in names[3:] if (other := by_name[name]) is not None),
    ]
    print(f"{case.name:<38}{size:5.0f} B {row}   {', '.join(filter(None, ratios))}")


async def main() -> None:
    """Time every contender on every case and print a table."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.frames", description=__doc__)
    options.add_argument("--repeats", type=int, default=15)
    options.add_argument("--cryptofeed", metavar="PYTHON", help="an interpreter that has cryptofeed")
    arguments = options.parse_args()
    python = arguments.cryptofeed or (sys.executable if importlib.util.find_spec("cryptofeed") else None)
    cryptofeed = Cryptofeed(python) if python else None
    contenders = [
        Contender("ours", ours),
        Contender("bare", typed(BARE)),
        Contender("least", typed(LEAST)),
        Contender("ccxt.pro", ccxt_pro),
    ]
    if cryptofeed is None:
        print("cryptofeed is not installed beside us: give an interpreter that has it with --cryptofeed")
    else:
        contenders.append(Contender("cryptofeed", cryptofeed.prepare))
    names = [contender.name for contender in contenders]
    print(f"{'µs a frame (median)':<45}" + "".join(f"{name:>10}" for name in names))
    try:
        for case in (*frame_cases.cases(), *okx_cases.cases(), *weex_cases.weex_cases()):
            passes = [contender.prepare(case) for contender in contenders]
            show(case, names, microseconds(passes, len(case.frames), arguments.repeats))
    finally:
        if cryptofeed is not None:
            cryptofeed.close()
        for exchange in EXCHANGES:
            await exchange.close()


if __name__ == "__main__":
    asyncio.run(main())
