"""What is asked over REST of one account at MEXC, request by request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from itertools import count

from core.errors import DecodeError, VenueError
from core.events import AccountSettings, AnyEvent, Fill, FundingPayment, OrderUpdate
from core.symbols import read_name
from feeds.clock import Clock
from feeds.mexc import account, envelope, facts
from feeds.mexc.private import Mode
from feeds.mexc.rows import Whose
from feeds.plans import by_market
from feeds.rest import RestClient, told_unless

_MS = 1_000_000


class TooManyPages(VenueError):
    """A list has more pages than are read of one."""

    def __init__(self, path: str, most: int) -> None:
        super().__init__(facts.VENUE, "too_many_records", f"{path}: more than {most} pages")


class Sweeper:
    """Reads one account. Every method raises VenueError, and DecodeError for a body that is not what was asked for."""

    def __init__(self, rest: RestClient, name: str, mode: Mode, clock: Clock, names: dict[str, str]) -> None:
        """``names`` are what the client calls its orders, by the venue's numbers; they are learnt here."""
        self._rest, self._name, self._mode, self._clock, self._names = rest, name, mode, clock, names
        self._looked_up = 0

    @property
    def _whose(self) -> Whose:
        return self._name, self._clock.now_ns()

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> list[AnyEvent]:
        """Everything that concerns these instruments; fills, fees and funding since ``since_ns``."""
        wanted = by_market(facts.VENUE, facts.MARKETS, instruments)
        symbols = [*wanted.get(facts.LINEAR, ()), *wanted.get(facts.INVERSE, ())]
        events: list[AnyEvent] = []
        if symbols:
            events += [await self.read_mode(), *await self._balances(instruments)]
            for symbol in symbols:
                events += await _if_listed(self.leverage(symbol))
            events += await self._positions([name for name in instruments if name.split(":")[1] != facts.SPOT])
            events += await self._open_orders(set(instruments))
            end_ms = self._rest.venue_now_ms
            start_ms = min(max(since_ns // _MS, end_ms - facts.LONGEST_LOOK_BACK_MS), end_ms)
            for symbol in symbols:
                events += await _if_listed(self._fills(symbol, start_ms, end_ms))
                events += await _if_listed(self._fees(symbol, start_ms, end_ms))
            events += await self._funding(symbols, start_ms, set(instruments))
        if facts.SPOT in wanted:
            events += await self._spot(instruments)
        return events

    async def read_mode(self) -> AccountSettings:
        """How positions of one contract are held; kept for everything read afterwards."""
        settings = account.position_mode(self._whose, await self._get(facts.POSITION_MODE_PATH))
        self._mode.hedge = settings.position_mode == "hedge"
        return settings

    async def leverage(self, symbol: str) -> list[AnyEvent]:
        """Margin mode and leverage of one contract; those of its legs alike are told once in one-way mode."""
        body = await self._get(facts.LEVERAGE_PATH, {"symbol": symbol})
        return list(dict.fromkeys(account.leverage(self._whose, symbol, body, self._mode.hedge)))

    async def _balances(self, instruments: Sequence[str]) -> list[AnyEvent]:
        terms = [read_name(name) for name in instruments]
        settle = {each.settle for each in terms if each is not None and each.market != facts.SPOT}
        return account.balances(facts.ASSETS_PATH, self._whose, await self._get(facts.ASSETS_PATH), settle)

    async def _positions(self, contracts: Sequence[str]) -> list[AnyEvent]:
        found, faults = account.positions(self._whose, await self._get(facts.POSITIONS_PATH), self._mode.hedge)
        ours = [position for position in found if position.instrument in contracts]
        if faults:  # one of them may be the position that would be told as none
            return [*ours, *faults]
        return [*ours, *account.flat(self._whose, contracts, ours, self._mode.hedge is not False)]

    async def _open_orders(self, wanted: set[str]) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        async for body in self._pages(facts.OPEN_ORDERS_PATH, {}):
            found, faults = account.orders(facts.OPEN_ORDERS_PATH, self._whose, body, self._mode.hedge)
            events += [*(order for order in found if order.instrument in wanted), *faults]
        return events

    async def _fills(self, symbol: str, start_ms: int, end_ms: int) -> list[AnyEvent]:
        """Fills with their orders' own names, which other lists tell."""
        place, path = (symbol, start_ms, end_ms), facts.DEALS_PATH
        bodies = await self._history(path, *place)
        numbers = {number for body in bodies for number in account.unnamed_orders(path, body)}
        await self._learn_names(numbers - self._names.keys(), *place)
        events: list[AnyEvent] = []
        for body in bodies:
            found, faults = account.fills(path, self._whose, body, self._mode.hedge, self._names)
            events += [*found, *faults]
        return events

    async def _fees(self, symbol: str, start_ms: int, end_ms: int) -> list[AnyEvent]:
        bodies = await self._history(facts.FEE_DETAILS_PATH, symbol, start_ms, end_ms)
        return [event for body in bodies for event in account.fees(self._whose, body, symbol)]

    async def _learn_names(self, numbers: set[str], symbol: str, start_ms: int, end_ms: int) -> None:
        """What the client calls these orders. The past of their contract is looked through first; it tells orders by
        when they were made, so older ones are looked up one by one, as many as one sweep may take."""
        path = facts.ORDER_HISTORY_PATH
        for body in await self._history(path, symbol, start_ms, end_ms) if numbers else ():
            self._names |= account.order_numbers(path, body)
        older = sorted(numbers - self._names.keys())[: max(0, facts.MOST_LOOK_UPS - self._looked_up)]
        self._looked_up += len(older)
        for number in older:
            self._names[number] = await self._name_of(number)

    async def _name_of(self, number: str) -> str:
        path, unnamed = facts.ORDER_PATH, f"{facts.VENUE}-{number}"
        try:
            body = await self._get(path.format(order_id=number))
        except VenueError as error:
            if error.code in facts.CODES_NO_SUCH_ORDER:
                return unnamed
            raise
        return unnamed if envelope.is_empty(path, body) else account.order_numbers(path, body).get(number, unnamed)

    async def _funding(self, symbols: Sequence[str], start_ms: int, wanted: set[str]) -> list[AnyEvent]:
        """Funding payments; the list has no beginning to ask for, and is read until it is old enough."""
        try:
            told = await self._funding_since(start_ms, {}, facts.FEW_PAGES)
        except TooManyPages:
            told = [
                event
                for symbol in symbols
                for event in await _if_listed(self._funding_since(start_ms, {"symbol": symbol}, facts.MOST_PAGES))
            ]
        return [event for event in told if not isinstance(event, FundingPayment) or event.instrument in wanted]

    async def _funding_since(self, start_ms: int, asked: dict[str, str], most: int) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        async for body in self._pages(facts.FUNDING_RECORDS_PATH, asked, most):
            page = account.funding(self._whose, body, self._mode.hedge)
            settled = [event.settled_ns for event in page if isinstance(event, FundingPayment)]
            events += [event for event in page if getattr(event, "settled_ns", start_ms * _MS) >= start_ms * _MS]
            if not settled or settled[-1] < start_ms * _MS:
                break
        return events

    async def _spot(self, instruments: Sequence[str]) -> list[AnyEvent]:
        terms = [read_name(name) for name in instruments]
        coins = {coin for each in terms if each is not None and each.market == facts.SPOT for coin in each[3:5]}
        return account.spot_balances(self._whose, await self._get(facts.SPOT_ACCOUNT_PATH), coins)

    # --- one order ---

    async def order(self, symbol: str, client_order_id: str) -> OrderUpdate | None:
        """An order by its own name; ``None`` where the venue does not know it."""
        path = facts.ORDER_EXTERNAL_PATH
        try:
            body = await self._get(path.format(symbol=symbol, external_oid=client_order_id))
        except VenueError as error:
            if error.code in facts.CODES_NO_SUCH_ORDER:
                return None
            raise
        try:
            if envelope.is_empty(path, body):
                return None
            found, faults = account.orders(path, self._whose, body, self._mode.hedge)
        except DecodeError as error:
            raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
        named = [update for update in found if update.client_order_id == client_order_id]
        if not named:
            why = "; ".join(getattr(fault, "detail", "") for fault in faults) or "another order than was asked for"
            raise VenueError(facts.VENUE, "bad_answer", f"{path}: {why}")
        return named[0]

    async def fills_of(self, order: OrderUpdate) -> list[Fill]:
        """The executions of one order."""
        path = facts.ORDER_DEALS_PATH
        body = await self._get(path.format(order_id=order.venue_order_id))
        names = {order.venue_order_id: order.client_order_id}
        try:
            found, _ = account.fills(path, self._whose, body, self._mode.hedge, names)
        except DecodeError as error:
            raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
        return found

    # --- asking ---

    async def _get(self, path: str, parameters: dict[str, str] | None = None) -> bytes:
        return await self._rest.get(path, parameters, signed=True)

    async def _history(self, path: str, symbol: str, start_ms: int, end_ms: int) -> list[bytes]:
        """A contract's records of a stretch of time; one with more pages than are read of a list is asked in halves."""
        bodies: list[bytes] = []
        ahead = [(start_ms, end_ms)]
        for _ in range(facts.MOST_SPANS):
            start, end = ahead.pop()
            asked = {"symbol": symbol, "start_time": str(start), "end_time": str(end)}
            try:
                bodies += await self._whole(path, asked)
            except TooManyPages:
                if start >= end:
                    raise
                middle = (start + end) // 2
                ahead += [(start, middle), (middle + 1, end)]
            if not ahead:
                return bodies
        raise TooManyPages(path, facts.MOST_SPANS * facts.MOST_PAGES)

    async def _whole(self, path: str, asked: dict[str, str]) -> list[bytes]:
        bodies: list[bytes] = []
        async for body in self._pages(path, asked):
            if (envelope.page_count(path, body) or 0) > facts.MOST_PAGES:
                raise TooManyPages(path, facts.MOST_PAGES)
            bodies.append(body)
        return bodies

    async def _pages(self, path: str, parameters: dict[str, str], most: int | None = None) -> AsyncIterator[bytes]:
        """The bodies of a list, page by page. Raises VenueError, and TooManyPages as soon as it shows."""
        most = facts.MOST_PAGES if most is None else most
        for number in count(1):
            asked = parameters | {"page_num": str(number), "page_size": str(facts.PAGE_ROWS)}
            body = await self._get(path, asked)
            yield body
            if not envelope.has_more(path, body, number, facts.PAGE_ROWS):
                return
            if number >= most:
                raise TooManyPages(path, most)


async def _if_listed(question: Awaitable[Sequence[AnyEvent]]) -> list[AnyEvent]:
    """What is told of one contract; nothing of one that was taken off the list."""
    return await told_unless(facts.CODES_NO_SUCH_SYMBOL, question)
