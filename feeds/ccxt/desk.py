"""An account at an exchange, read through ccxt again and again. Orders are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn

from core.errors import RequestError, VenueError
from core.events import AccountSettings, AccountSwept, AnyEvent
from core.orders import OrderRequest
from feeds.bodies import bad_row
from feeds.ccxt import account
from feeds.ccxt.client import checked
from feeds.ccxt.exchange import Client
from feeds.clock import Clock
from feeds.venue import ConnectionPlan, Credentials, Decoder, Endpoints, PlainStream

MOST_PAGES: Final = 50
PAGE: Final = 100


class CcxtDesk(PlainStream):
    """See :class:`feeds.venue.AccountFeed`."""

    def __init__(self, exchange: str, name: str, endpoints: Endpoints | None, credentials: Credentials) -> None:
        """Raises RequestError where ccxt is not installed or does not know the exchange."""
        self.client = Client(exchange, endpoints, credentials)
        self.venue, self.account = self.client.venue, name
        self._clock = Clock()

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        """None: the account is swept."""
        return ()

    def decoder(self, plan: ConnectionPlan) -> Decoder:
        """Never asked for: there are no plans."""
        raise RequestError("venue", "one whose own frames are read", self.venue)

    def subscribe_frames(self, plan: ConnectionPlan, channels: Sequence[str]) -> Sequence[str]:
        """None."""
        return ()

    def heartbeat_frame(self) -> str | None:
        """None."""
        return None

    async def sweep(self, instruments: Sequence[str], since_ns: int) -> Sequence[AnyEvent]:
        """See :meth:`feeds.venue.AccountFeed.sweep`. What ccxt cannot tell of this exchange is left out."""
        names = {name.split(":", 2)[2]: name for name in checked(self.venue, instruments)}
        contracts = {symbol: name for symbol, name in names.items() if name.split(":", 2)[1] != "spot"}
        events: list[AnyEvent] = [
            AccountSettings(received_ns=self._clock.now_ns(), account=self.account, key_verified=False)
        ]
        kind = {"type": next(iter(contracts.values())).split(":", 2)[1]} if contracts else {"type": "spot"}
        balance = await self.client.ask("fetchBalance", kind)
        events += account.balances(self.account, balance, self._clock.now_ns())
        events += await self._positions(contracts)
        for symbol, name in names.items():
            events += await self._records(symbol, name, since_ns // 1_000_000, contract=symbol in contracts)
        return [*events, AccountSwept(received_ns=self._clock.now_ns(), account=self.account)]

    async def _positions(self, contracts: Mapping[str, str]) -> list[AnyEvent]:
        """Every position, and none where none is told. Raises VenueError where ccxt cannot tell positions."""
        if not contracts:
            return []
        if not self.client.can("fetchPositions"):
            raise VenueError(self.venue, "not_offered", "ccxt tells no positions of this exchange")
        events, told, unread = list[AnyEvent](), set[str](), set[str]()
        for symbol, name in contracts.items():
            for each in await self.client.ask("fetchPositions", [symbol]):
                if each.get("symbol") == symbol:
                    read = account.position(self.account, name, each, self._clock.now_ns())
                    (told if read else unread).add(symbol)
                    events += read
        for symbol, name in contracts.items():
            if symbol in unread:
                detail = f"{symbol}: its size or side is not told"
                events.append(bad_row(self.venue, "fetchPositions", "contracts", detail, self._clock.now_ns()))
            elif symbol not in told:
                events.append(account.flat(self.account, name, self._clock.now_ns()))
        return events

    async def _records(self, symbol: str, name: str, since_ms: int, *, contract: bool) -> list[AnyEvent]:
        """Open orders, fills and funding of one instrument."""
        wanted: list[tuple[str, Callable[..., AnyEvent | None], bool]] = [
            ("fetchOpenOrders", account.order, False),
            ("fetchMyTrades", account.fill, True),
        ]
        if contract:
            wanted.append(("fetchFundingHistory", account.payment, True))
        events: list[AnyEvent] = []
        for call, read, paged in wanted:
            if not self.client.can(call):
                continue
            rows = await self._pages(call, symbol, since_ms) if paged else await self.client.ask(call, symbol)
            for row in rows:
                now_ns = self._clock.now_ns()
                event = read(self.account, name, row, now_ns)
                detail = f"{symbol}: a record that cannot be counted"
                events.append(event or bad_row(self.venue, call, "row", detail, now_ns))
        return events

    async def _pages(self, call: str, symbol: str, since_ms: int) -> list[Mapping[str, Any]]:
        """Every record since then, page by page, each once. Raises VenueError, also for pages without end."""
        found: dict[str, Mapping[str, Any]] = {}
        for _ in range(MOST_PAGES):
            rows = await self.client.ask(call, symbol, since_ms, PAGE)
            fresh = {_identity(row): row for row in rows if isinstance(row, Mapping)}
            if not fresh.keys() - found.keys():
                return list(found.values())
            found |= fresh
            times = [row["timestamp"] for row in fresh.values() if isinstance(row.get("timestamp"), int)]
            if len(rows) < PAGE or not times:
                return list(found.values())
            since_ms = max(times)
        raise VenueError(self.venue, "bad_answer", f"{call}: more than {MOST_PAGES} pages")

    async def place(self, order: OrderRequest, *, post_only: bool = False) -> Sequence[AnyEvent]:
        """Refused."""
        self._refuse()

    async def cancel(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """Refused."""
        self._refuse()

    async def query(self, order: OrderRequest) -> Sequence[AnyEvent]:
        """Refused."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise VenueError(self.venue, "read_only", "read only: no orders are sent through ccxt")


def _identity(row: Mapping[str, Any]) -> str:
    return str(row.get("id") or (row.get("timestamp"), row.get("amount")))
