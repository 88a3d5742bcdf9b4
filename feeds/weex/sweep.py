"""Everything that WEEX tells of an account over REST, asked in one go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, TypeGuard

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, FrameFault, PositionUpdate
from core.exact import ZERO
from core.instruments import instrument_id
from feeds.clock import Clock
from feeds.rest import RestClient
from feeds.venue import RestAnswer
from feeds.weex import account, facts
from feeds.weex.known import Known

_MOST_PAGES: Final = 500
"""More are not asked for at once: whoever answers any stretch of time with a full page would be asked for ever."""


class Sweep:
    """The questions about one account, on a client that is open."""

    def __init__(self, rest: RestClient, name: str, known: Known, clock: Clock) -> None:
        self._rest, self._name, self._known, self._clock = rest, name, known, clock
        self._looked_up = 0

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
        events = await self.mode()
        wanted = {instrument_id(facts.VENUE, facts.LINEAR, symbol) for symbol in symbols}
        _, configured = await self.ask(facts.SYMBOL_CONFIG_PATH)
        _, wallet = await self.ask(facts.BALANCE_PATH)
        _, held = await self.ask(facts.POSITIONS_PATH)
        open_orders = [event for event in await self._open_orders(symbols) if _about(event, wanted)]
        events += [event for event in configured if _about(event, wanted)]
        for event in (*wallet, *held, *open_orders):
            if _bad(event):
                raise unreadable(event)
        told = [event for event in held if isinstance(event, PositionUpdate) and event.instrument in wanted]
        return [*events, *wallet, *told, *self._flat(wanted, told), *open_orders]

    async def _open_orders(self, symbols: Sequence[str]) -> list[AnyEvent]:
        """Those of all contracts; contract by contract where one page may not hold them."""
        page = {"limit": str(facts.PAGE_ROWS)}
        _, told = await self.ask(facts.OPEN_ORDERS_PATH, page)
        if len(told) < facts.PAGE_ROWS:
            return told
        return [
            event
            for symbol in symbols
            for event in (await self.ask(facts.OPEN_ORDERS_PATH, {"symbol": symbol, **page}))[1]
        ]

    def _flat(self, wanted: Iterable[str], told: Iterable[PositionUpdate]) -> list[PositionUpdate]:
        there = {(event.instrument, event.leg) for event in told}
        return [
            PositionUpdate(
                received_ns=self._clock.now_ns(),
                account=self._name,
                instrument=instrument,
                quantity=ZERO,
                entry_price=None,
                leg=leg,
            )
            for instrument in sorted(wanted)
            for leg in self._known.legs
            if (instrument, leg) not in there
        ]

    async def records(self, symbols: Sequence[str], since_ns: int) -> list[AnyEvent]:
        """Fills, funding and fees since then, as far back as the venue goes. Raises VenueError."""
        start_ms, end_ms = self._reach(since_ns)
        wanted = {instrument_id(facts.VENUE, facts.LINEAR, symbol) for symbol in symbols}
        found = [*await self._pages(self._fills, start_ms, end_ms), *await self._pages(self._income, start_ms, end_ms)]
        return [event for event in found if _about(event, {*wanted, ""})]

    def _reach(self, since_ns: int) -> tuple[int, int]:
        end_ms = self._rest.venue_now_ms
        return min(max(since_ns // 1_000_000, end_ms - facts.LONGEST_LOOK_BACK_MS), end_ms), end_ms

    async def ended_orders(self, symbol: str, since_ns: int) -> list[AnyEvent]:
        """A contract's orders that have ended, of those made since then, as far back as the venue goes."""
        start_ms, end_ms = self._reach(since_ns)
        return await self._pages(partial(self._ended, symbol), start_ms, end_ms)

    async def _ended(self, symbol: str, start: int, end: int) -> tuple[bool, list[AnyEvent]]:
        page = {"symbol": symbol, "startTime": str(start), "endTime": str(end), "limit": str(facts.PAGE_ROWS)}
        _, told = await self.ask(facts.ORDER_HISTORY_PATH, page)
        return len(told) >= facts.PAGE_ROWS, told

    async def _fills(self, start: int, end: int) -> tuple[bool, list[AnyEvent]]:
        """Executions, each with our name of its order."""
        span = {"startTime": str(start), "endTime": str(end), "limit": str(facts.PAGE_ROWS)}
        raw, told = await self.ask(facts.TRADES_PATH, span)
        if len(told) >= facts.PAGE_ROWS and end > start:
            return True, told
        now_ns = self._clock.now_ns()
        answer = RestAnswer(path=facts.TRADES_PATH, body=raw, received_ns=now_ns, account=self._name)
        if await self._name_orders(account.order_numbers(answer), start, end):
            told = account.events(answer, self._known)
        return False, told

    async def _name_orders(self, numbers: Mapping[str, str], start: int, end: int) -> bool:
        """Learn what we call the orders of these numbers (each with its contract's symbol); true where any was not
        known. The past of their contracts is looked through first. It tells orders by when they were made, so older
        ones are looked up one by one, as many as one sweep may take."""
        unknown = {number: symbol for number, symbol in numbers.items() if not self._known.knows(number)}
        for symbol in sorted(set(unknown.values())):
            await self._pages(partial(self._ended, symbol), start, end)
        for number in sorted(unknown):
            if self._known.knows(number) or self._looked_up >= facts.MOST_LOOK_UPS:
                continue
            self._looked_up += 1
            await self._name_order(number)
        return bool(unknown)

    async def _name_order(self, number: str) -> None:
        try:
            await self.ask(facts.ORDER_PATH, {"orderId": number})
        except VenueError as error:
            if error.code != facts.CODE_NO_ORDER:
                raise
            self._known.name_order(number, "")

    async def _income(self, start: int, end: int) -> tuple[bool, list[AnyEvent]]:
        body: dict[str, object] = {"startTime": start, "endTime": end, "limit": facts.PAGE_ROWS}
        raw, told = await self.ask(facts.INCOME_PATH, body=body)
        return msgspec.json.decode(raw, type=account.Income).more, told

    async def _pages(
        self, ask: Callable[[int, int], Awaitable[tuple[bool, list[AnyEvent]]]], start: int, end: int
    ) -> list[AnyEvent]:
        """All records of a stretch of time: one with more than a page of them is asked for again in halves."""
        events: list[AnyEvent] = []
        ahead = [(start, end)]
        for _ in range(_MOST_PAGES):
            start, end = ahead.pop()
            more, told = await ask(start, end)
            if more and end > start:
                middle = (start + end) // 2
                ahead += [(middle + 1, end), (start, middle)]
            else:
                events += told
            if not ahead:
                return events
        raise VenueError(facts.VENUE, "too_many_records", f"more than {_MOST_PAGES} pages of records")


def _about(event: AnyEvent, wanted: Collection[str]) -> bool:
    """Whether an event is about these instruments, or may be for all that can be read of it."""
    return _bad(event) or getattr(event, "instrument", "") in wanted


def _bad(event: AnyEvent) -> TypeGuard[FrameFault]:
    return isinstance(event, FrameFault)


def unreadable(told: FrameFault) -> VenueError:
    """The error of an answer of which something that counts could not be read."""
    return VenueError(facts.VENUE, "bad_answer", f"{told.channel}: {told.field}: {told.detail}")
