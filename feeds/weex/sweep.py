"""Everything that WEEX tells of an account over REST, asked in one go.

The venue's own time, asked first, is the time of what is told: nothing that its stream says afterwards is older.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeGuard

import msgspec
from msgspec.structs import replace

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, BalanceUpdate, Fill, FrameFault, PositionUpdate
from core.exact import ZERO
from core.instruments import instrument_id
from feeds.clock import Clock
from feeds.rest import RestClient
from feeds.venue import RestAnswer
from feeds.weex import account, facts
from feeds.weex.known import Known

_DEEPEST: Final = 24
"""A stretch of records is halved at most so often: then it is a few seconds long."""


class Sweep:
    """The questions about one account, on a client that is open."""

    def __init__(self, rest: RestClient, name: str, known: Known, clock: Clock) -> None:
        self._rest, self._name, self._known, self._clock = rest, name, known, clock

    async def ask(
        self, path: str, parameters: dict[str, str] | None = None, *, body: dict[str, object] | None = None
    ) -> tuple[bytes, list[AnyEvent]]:
        """An answer and its events. Raises VenueError."""
        method = "GET" if body is None else "POST"
        raw = await self._rest.ask(method, path, parameters, body=body)
        answer = RestAnswer(
            path=path,
            body=raw,
            received_ns=self._clock.now_ns(),
            parameters=parameters or {},
            method=method,
            account=self._name,
        )
        try:
            return raw, account.events(answer, self._known)
        except DecodeError as error:
            raise VenueError(facts.VENUE, "bad_answer", str(error)) from None

    async def mode(self) -> list[AnyEvent]:
        """Settings of the whole account; they are known afterwards. Raises VenueError."""
        return (await self.ask(facts.CONFIG_PATH))[1]

    async def standing(self, symbols: Sequence[str]) -> list[AnyEvent]:
        """Settings, balances, positions and open orders. Raises VenueError, also where any row cannot be read: what is
        not told would count as not there."""
        now_ns = await self._venue_now_ns()
        events = await self.mode()
        wanted = {instrument_id(facts.VENUE, facts.LINEAR, symbol) for symbol in symbols}
        _, configured = await self.ask(facts.SYMBOL_CONFIG_PATH)
        _, wallet = await self.ask(facts.BALANCE_PATH)
        _, held = await self.ask(facts.POSITIONS_PATH)
        open_orders: list[AnyEvent] = []
        for symbol in symbols:
            asked = {"symbol": symbol, "limit": str(facts.PAGE_ROWS)}
            open_orders += (await self.ask(facts.OPEN_ORDERS_PATH, asked))[1]
        events += [event for event in configured if getattr(event, "instrument", "") in wanted or _bad(event)]
        for event in (*wallet, *held, *open_orders):
            if _bad(event):
                raise unreadable(event)
        events += [replace(event, venue_time_ns=now_ns) for event in wallet if isinstance(event, BalanceUpdate)]
        told = [event for event in held if isinstance(event, PositionUpdate) and event.instrument in wanted]
        events += [replace(event, venue_time_ns=now_ns) for event in told]
        events += self._flat(wanted, told, now_ns)
        return events + open_orders

    def _flat(self, wanted: Iterable[str], told: Iterable[PositionUpdate], now_ns: int) -> list[PositionUpdate]:
        there = {(event.instrument, event.leg) for event in told}
        return [
            PositionUpdate(
                received_ns=self._clock.now_ns(),
                account=self._name,
                instrument=instrument,
                quantity=ZERO,
                entry_price=None,
                venue_time_ns=now_ns,
                leg=leg,
            )
            for instrument in sorted(wanted)
            for leg in self._known.legs
            if (instrument, leg) not in there
        ]

    async def _venue_now_ns(self) -> int:
        raw = await self._rest.get(facts.CLOCK_PATH)
        try:
            return int(msgspec.json.decode(raw)["serverTime"]) * 1_000_000
        except (msgspec.DecodeError, LookupError, TypeError, ValueError):
            raise VenueError(facts.VENUE, "bad_answer", f"{facts.CLOCK_PATH}: no serverTime") from None

    async def records(self, symbols: Sequence[str], since_ns: int) -> list[AnyEvent]:
        """Fills, funding and fees since then, as far back as the venue goes. Raises VenueError."""
        end_ms = self._rest.venue_now_ms
        start_ms = max(since_ns // 1_000_000, end_ms - facts.LONGEST_LOOK_BACK_MS)
        if start_ms > end_ms:
            start_ms = end_ms
        events: list[AnyEvent] = []
        for symbol in symbols:
            events += await self._fills(symbol, start_ms, end_ms)
        wanted = {instrument_id(facts.VENUE, facts.LINEAR, symbol) for symbol in symbols}
        ledger = await self._pages(self._income, start_ms, end_ms)
        return events + [event for event in ledger if getattr(event, "instrument", "") in (*wanted, "")]

    async def _fills(self, symbol: str, start_ms: int, end_ms: int) -> list[AnyEvent]:
        """Executions of one contract, each with our name of its order."""

        async def trades(start: int, end: int) -> tuple[bool, list[AnyEvent]]:
            span = {"startTime": str(start), "endTime": str(end)}
            asked = {"symbol": symbol, **span, "limit": str(facts.PAGE_ROWS)}
            raw, told = await self.ask(facts.TRADES_PATH, asked)
            if any(isinstance(event, Fill) and not event.client_order_id for event in told):
                await self.ask(facts.ORDER_HISTORY_PATH, {"symbol": symbol, **span})
                answer = RestAnswer(
                    path=facts.TRADES_PATH, body=raw, received_ns=self._clock.now_ns(), account=self._name
                )
                told = account.events(answer, self._known)
            return len(told) >= facts.PAGE_ROWS, told

        return await self._pages(trades, start_ms, end_ms)

    async def _income(self, start: int, end: int) -> tuple[bool, list[AnyEvent]]:
        body: dict[str, object] = {"startTime": start, "endTime": end, "limit": facts.PAGE_ROWS}
        raw, told = await self.ask(facts.INCOME_PATH, body=body)
        return msgspec.json.decode(raw, type=account.Income).more, told

    async def _pages(
        self,
        ask: Callable[[int, int], Awaitable[tuple[bool, list[AnyEvent]]]],
        start: int,
        end: int,
        depth: int = 0,
    ) -> list[AnyEvent]:
        """All records of a stretch of time: one with more than a page of them is asked for again in halves."""
        more, events = await ask(start, end)
        if not more or depth >= _DEEPEST or end - start < 2:
            return events
        middle = (start + end) // 2
        return [
            *await self._pages(ask, start, middle, depth + 1),
            *await self._pages(ask, middle + 1, end, depth + 1),
        ]


def _bad(event: AnyEvent) -> TypeGuard[FrameFault]:
    return isinstance(event, FrameFault)


def unreadable(told: FrameFault) -> VenueError:
    """The error of an answer of which something that counts could not be read."""
    return VenueError(facts.VENUE, "bad_answer", f"{told.channel}: {told.field}: {told.detail}")
