"""The doctor's checks of contracts that no feed prices: is there a source, and does it tell a price that is not old."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

from core.config import Config
from core.contract_sheet import is_sheet_name
from core.events import AnyEvent, ConnectionChanged, ConnectionState, Ticker
from core.figures import Freshness
from core.sheet_price import PolledAddress, PricedContract, TypedMarks
from feeds.clock import Clock
from feeds.prices.sources import first_look
from tui.cli.doctor import Check, Verdict
from tui.cli.wiring import priced_in
from tui.format import age


def check_prices(config: Config, *, offline: bool) -> Iterator[Check]:
    """One check for each contract of a sheet that a book hedges with."""
    priced = {contract.instrument: contract for contract in priced_in(config.books, config.contracts)}
    hedged = dict.fromkeys(hedge.instrument for book in config.books for hedge in book.hedges)
    for name in hedged:
        if name in priced:
            yield from _check_source(priced[name], offline=offline)
        elif is_sheet_name(name):
            advice = "say where it comes from in [contracts.price], or [contracts.months.price] below its month"
            yield Check(name, Verdict.WARN, "nothing tells its price, so it stays unknown", advice)


def _check_source(contract: PricedContract, *, offline: bool) -> Iterator[Check]:
    name, source = contract.instrument, contract.price.source
    if isinstance(source, PolledAddress):
        unset = [variable for _, variable in source.headers if not os.environ.get(variable)]
        for variable in unset:
            yield Check(name, Verdict.FAIL, f"the environment variable {variable} is not set", f"export {variable}")
        if offline or unset:
            return
    elif isinstance(source, TypedMarks) and source.mark is None:
        yield Check(name, Verdict.OK, "its mark price is typed in the monitor, with e")
        return
    clock = Clock()
    yield _finding(contract, asyncio.run(first_look(contract, clock)), clock.now_ns())


def _finding(contract: PricedContract, events: list[AnyEvent], now_ns: int) -> Check:
    """What the first look at a source has told."""
    name, words = contract.instrument, contract.price.words
    told = next((event for event in reversed(events) if isinstance(event, Ticker)), None)
    if told is None or told.mark_price is None or told.venue_time_ns is None:
        states = [event for event in events if isinstance(event, ConnectionChanged)]
        reason = next((event.reason for event in reversed(states) if event.reason), "no price yet")
        empty = bool(states) and states[-1].state is ConnectionState.SUBSCRIBING
        verdict = Verdict.WARN if empty else Verdict.FAIL
        return Check(name, verdict, f"{words}: {reason}", "correct where the price comes from, or the setting")
    old = age(now_ns - told.venue_time_ns)
    freshness = contract.freshness(told.venue_time_ns, now_ns)
    text = f"{words}: {told.mark_price:f}, {old} old"
    if freshness in (Freshness.STALE, Freshness.UNKNOWN):
        advice = "see that it is renewed, or set stale_after_seconds by how often it is"
        return Check(name, Verdict.WARN, f"{text}: {freshness.value}", advice)
    rests = "; the market is closed" if contract.rests(told.venue_time_ns, now_ns) else ""
    return Check(name, Verdict.OK, text + rests)
