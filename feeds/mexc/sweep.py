"""What is asked over REST of one account at MEXC, request by request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import count

from core.errors import DecodeError, VenueError
from core.events import AccountSettings, AnyEvent, Fill, FundingPayment, OrderUpdate
from core.symbols import read_name
from feeds.clock import Clock
from feeds.mexc import account, envelope, facts
from feeds.mexc.private import Mode
from feeds.mexc.rows import Whose
from feeds.plans import by_market
from feeds.rest import RestClient

_MS = 1_000_000


class Sweeper:
    """Reads one account. Every method raises VenueError, and DecodeError for a body that is not what was asked for."""

    def __init__(self, rest: RestClient, name: str, mode: Mode, clock: Clock) -> None:
        self._rest, self._name, self._mode, self._clock = rest, name, mode, clock

    @property
    def _whose(self) -> Whose:
        return self._name, self._clock.now_ns()

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> list[AnyEvent]:
        """Everything that concerns these instruments; fills and funding since ``since_ns``."""
        wanted = by_market(facts.VENUE, facts.MARKETS, instruments)
        symbols = [*wanted.get(facts.LINEAR, ()), *wanted.get(facts.INVERSE, ())]
        events: list[AnyEvent] = [
            AccountSettings(received_ns=self._clock.now_ns(), account=self._name, key_verified=False)
        ]
        if symbols:
            events += [await self.read_mode(), *await self._balances(instruments)]
            for symbol in symbols:
                events += await self.leverage(symbol)
            events += await self._positions([name for name in instruments if name.split(":")[1] != facts.SPOT])
            events += await self._open_orders(set(instruments))
            for symbol in symbols:
                events += await self._fills(symbol, since_ns)
            events += await self._funding(since_ns, set(instruments))
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

    async def _fills(self, symbol: str, since_ns: int) -> list[AnyEvent]:
        """Fills with their orders' own names, which another list tells."""
        asked = {"symbol": symbol, "start_time": str(since_ns // _MS), "end_time": str(self._clock.now_ns() // _MS)}
        bodies = [body async for body in self._pages(facts.DEALS_PATH, asked)]
        names: dict[str, str] = {}
        if any(envelope.rows(facts.DEALS_PATH, envelope.data(facts.DEALS_PATH, body)) for body in bodies):
            async for body in self._pages(facts.ORDER_HISTORY_PATH, asked):
                names |= account.order_numbers(facts.ORDER_HISTORY_PATH, body)
        events: list[AnyEvent] = []
        for body in bodies:
            found, faults = account.fills(facts.DEALS_PATH, self._whose, body, self._mode.hedge, names)
            events += [*found, *faults]
        return events

    async def _funding(self, since_ns: int, wanted: set[str]) -> list[AnyEvent]:
        """Funding payments; the list has no beginning to ask for, and is read until it is old enough."""
        events: list[AnyEvent] = []
        async for body in self._pages(facts.FUNDING_RECORDS_PATH, {}):
            page = account.funding(self._whose, body, self._mode.hedge)
            payments = [event for event in page if isinstance(event, FundingPayment)]
            events += [event for event in page if not isinstance(event, FundingPayment)]
            events += [event for event in payments if event.settled_ns >= since_ns and event.instrument in wanted]
            if not payments or payments[-1].settled_ns < since_ns:
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

    async def _pages(self, path: str, parameters: dict[str, str]) -> AsyncIterator[bytes]:
        """The bodies of a list, page by page. Raises VenueError, also for pages without end."""
        for number in count(1):
            if number > facts.MOST_PAGES:
                raise VenueError(facts.VENUE, "bad_answer", f"{path}: more than {facts.MOST_PAGES} pages")
            asked = parameters | {"page_num": str(number), "page_size": str(facts.PAGE_ROWS)}
            body = await self._get(path, asked)
            yield body
            if not envelope.has_more(path, body, number, facts.PAGE_ROWS):
                return
