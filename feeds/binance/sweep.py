"""Everything that Binance's REST API tells of an account, as it concerns some instruments of one market."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from decimal import Decimal

from core.errors import VenueError
from core.events import AccountSettings, AnyEvent, FundingSettled, PositionUpdate
from core.instruments import instrument_id
from core.legs import Leg
from feeds.binance import account, facts, ledger, statistics
from feeds.binance.account import TradeRow
from feeds.binance.known import Known
from feeds.binance.products import PRODUCTS, SPOT, USDM
from feeds.binance.rest import read_rates
from feeds.clock import Clock
from feeds.rest import RestClient, told_unless
from feeds.venue import RestAnswer

_NS_PER_MS = 1_000_000


class Sweep:
    """One reading. Every method raises VenueError, and DecodeError for a body that is not what its endpoint sends."""

    def __init__(self, rest: RestClient, market: str, name: str, clock: Clock, known: Known) -> None:
        self._rest, self._product, self._name, self._clock = rest, PRODUCTS[market], name, clock
        self._market, self._known = market, known

    async def events(self, symbols: Sequence[str], since_ms: int) -> list[AnyEvent]:
        """Settings, balances, positions, open orders; fills, funding and fees since then."""
        if self._market == SPOT:
            return account.balances(SPOT, await self._ask(self._product.account, {"omitZeroBalances": "true"}))
        since_ms = max(since_ms, self._clock.now_ns() // _NS_PER_MS - facts.KEPT_MS)
        settings = await self._settings(symbols)
        events = [*settings, *account.balances(self._market, await self._ask(self._product.account))]
        events += await self._positions(symbols, hedges=_hedges(settings))
        for symbol in symbols:
            events += await _if_listed(self._open_orders(symbol))
            events += await _if_listed(self._fills(symbol, since_ms))
        return events + await self._ledger(symbols, since_ms)

    # --- as things stand ---------------------------------------------------------------------------------------------

    async def _settings(self, symbols: Sequence[str]) -> list[AnyEvent]:
        """Position mode (of both futures markets together), multi-assets mode; now and then, margin mode and leverage
        by contract.

        On COIN-M the positions tell the latter.
        """
        if self._market != USDM:
            return account.config(await self._ask(self._product.path("positionSide/dual")))
        events = account.config(await self._ask(self._product.path("accountConfig")))
        for symbol in self._known.due(symbols):
            events += await _if_listed(self._setting(symbol))
        return events

    async def _setting(self, symbol: str) -> list[AnyEvent]:
        return account.settings(self._market, await self._ask(self._product.path("symbolConfig"), {"symbol": symbol}))

    async def _positions(self, symbols: Sequence[str], *, hedges: bool) -> list[AnyEvent]:
        """The positions of these contracts, and none where the venue lists none."""
        answer = await self._ask(self._product.positions)
        wanted = {instrument_id(facts.VENUE, self._market, symbol) for symbol in symbols}
        told = account.positions(self._market, answer)
        events = [
            event
            for event in told
            if not isinstance(event, PositionUpdate | AccountSettings) or event.instrument in wanted
        ]
        seen = {(event.instrument, event.leg) for event in events if isinstance(event, PositionUpdate)}
        legs = (Leg.LONG, Leg.SHORT) if hedges else (Leg.NET,)
        events += [
            PositionUpdate(
                received_ns=answer.received_ns,
                account=self._name,
                instrument=instrument,
                quantity=Decimal(0),
                entry_price=None,
                leg=leg,
            )
            for instrument in sorted(wanted)
            for leg in legs
            if (instrument, leg) not in seen
        ]
        return events

    async def _open_orders(self, symbol: str) -> list[AnyEvent]:
        return account.open_orders(self._market, await self._ask(self._product.path("openOrders"), {"symbol": symbol}))

    # --- what happened since -----------------------------------------------------------------------------------------

    async def _fills(self, symbol: str, since_ms: int) -> list[AnyEvent]:
        """Executions, each with the client order id of its order where the venue still knows it."""
        path = self._product.path("userTrades")
        found: dict[int, TradeRow] = {}
        events: list[AnyEvent] = []
        answer = None
        now_ms, start_ms = self._clock.now_ns() // _NS_PER_MS, since_ms
        while start_ms <= now_ms:
            end_ms = start_ms + facts.TRADES_WINDOW_MS - 1
            parameters: dict[str, str | int] = {
                "symbol": symbol,
                "startTime": start_ms,
                "endTime": end_ms,
                "limit": facts.PAGE_ROWS,
            }
            answer = await self._ask(path, parameters)
            rows, faults = account.trades(answer)
            events += faults
            fresh = {row.trade: row for row in rows if row.trade not in found}
            found |= fresh
            full = len(rows) >= facts.PAGE_ROWS and fresh
            start_ms = max(row.time_ms for row in rows) if full else end_ms + 1
        if answer is None or not found:
            return events
        names = await self._client_ids(symbol, found)
        fills = [account.fill(self._market, answer, row, names.get(row.order, "")) for row in found.values()]
        return [*fills, *events]

    async def _client_ids(self, symbol: str, trades: dict[int, TradeRow]) -> dict[int, str]:
        """The client order id of each order number: from the list of orders, one by one for those older than it."""
        answer = await self._ask(self._product.path("allOrders"), {"symbol": symbol, "limit": facts.PAGE_ROWS})
        names = {row.number: row.client_id for row in account.order_rows(answer)}
        absent = sorted({row.order for row in trades.values()} - names.keys())
        for number in absent[-facts.MOST_LOOK_UPS :]:
            try:
                answer = await self._ask(self._product.path("order"), {"symbol": symbol, "orderId": number})
            except VenueError as error:
                if error.code != facts.CODE_UNKNOWN_ORDER:
                    raise
                continue
            names |= {row.number: row.client_id for row in account.order_rows(answer)}
        return names

    async def _ledger(self, symbols: Sequence[str], since_ms: int) -> list[AnyEvent]:
        """Funding, with the rates that were settled, and fees: of these contracts, and of none in particular."""
        path = self._product.path("income")
        entries: dict[str, ledger.IncomeRow] = {}
        events: list[AnyEvent] = []
        start_ms = since_ms
        for _ in range(facts.MOST_PAGES):
            answer = await self._ask(path, {"startTime": start_ms, "limit": facts.PAGE_ROWS})
            rows, faults = ledger.rows(answer)
            fresh = {f"{row.identity}:{row.trade}": row for row in rows}
            fresh = {identity: row for identity, row in fresh.items() if identity not in entries}
            entries |= fresh
            events += faults
            if len(rows) < facts.PAGE_ROWS or not fresh:
                break
            start_ms = max(row.time_ms for row in rows)
        else:
            raise VenueError(facts.VENUE, "too_much", f"{path}: more than {facts.MOST_PAGES} pages")
        wanted = [row for row in entries.values() if row.symbol in symbols or not row.symbol]
        rates = await self._rates([row for row in wanted if row.has_rate])
        return [*ledger.events(self._market, answer, wanted, rates), *events]

    async def _rates(self, payments: Sequence[ledger.IncomeRow]) -> ledger.Rates:
        """The settled rates that these payments were of; those that are known already are not asked for."""
        known, told = self._known.rates, list[AnyEvent]()
        asked = [row for row in payments if ledger.settlement_of(self._market, row) not in known]
        for symbol in sorted({row.symbol for row in asked}):
            times = [row.time_ms for row in asked if row.symbol == symbol]
            told += await _if_listed(self._settled(symbol, min(times) - 60_000, max(times) + 60_000))
        rates = known | statistics.rates_by_time(told)
        wanted = {ledger.settlement_of(self._market, row) for row in payments}
        self._known.rates = {settlement: rates[settlement] for settlement in wanted & rates.keys()}
        return self._known.rates

    async def _settled(self, symbol: str, start_ms: int, end_ms: int) -> list[AnyEvent]:
        """The rates that a contract settled within these times."""
        told: list[AnyEvent] = []
        for _ in range(facts.MOST_PAGES):
            window = {"startTime": str(start_ms), "endTime": str(end_ms), "limit": str(facts.PAGE_ROWS)}
            page = await read_rates(self._rest, self._market, {"symbol": symbol, **window}, self._clock)
            told += page
            times = [event.settled_ns // _NS_PER_MS for event in page if isinstance(event, FundingSettled)]
            if len(page) < facts.PAGE_ROWS or not times or max(times) <= start_ms:
                break
            start_ms = max(times)
        return told

    async def _ask(self, path: str, parameters: Mapping[str, str | int] | None = None) -> RestAnswer:
        sent = {name: str(value) for name, value in (parameters or {}).items()}
        body = await self._rest.get(path, sent, signed=True)
        return RestAnswer(path=path, body=body, received_ns=self._clock.now_ns(), parameters=sent, account=self._name)


async def _if_listed(question: Awaitable[Sequence[AnyEvent]]) -> list[AnyEvent]:
    """What is told of one contract; nothing of one that has expired or was taken off the list."""
    return await told_unless(facts.CODES_NO_SUCH_SYMBOL, question)


def _hedges(settings: Sequence[AnyEvent]) -> bool:
    return any(isinstance(event, AccountSettings) and event.position_mode == "hedge" for event in settings)
