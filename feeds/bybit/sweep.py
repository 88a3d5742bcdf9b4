"""Everything that Bybit's REST API tells of an account, as it concerns some instruments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from core.errors import VenueError
from core.events import AnyEvent, BalanceUpdate, FundingPayment, PositionUpdate
from core.instruments import instrument_id
from core.legs import Leg
from feeds.bybit import account, facts
from feeds.bybit.modes import Modes
from feeds.bybit.rest import pages
from feeds.bybit.rows import About, PositionRow
from feeds.bybit.words import settle_coin
from feeds.clock import Clock
from feeds.rest import RestClient
from feeds.venue import RestAnswer

_LEGS = ((Leg.NET,), (Leg.LONG, Leg.SHORT))
_NS_PER_MS = 1_000_000


class Sweep:
    """One reading. Every method raises VenueError, and DecodeError for a body that is not what its endpoint sends.

    ``coins`` are those that the wallet ever held: it lists only what is not zero, so one that is gone is told as zero.
    """

    def __init__(self, rest: RestClient, name: str, clock: Clock, modes: Modes, coins: set[str]) -> None:
        self._rest, self._name, self._clock, self._modes, self._coins = rest, name, clock, modes, coins

    async def events(self, markets: Mapping[str, Sequence[str]], since_ms: int) -> list[AnyEvent]:
        """Settings, balances, positions, open orders; fills, funding and fees since then."""
        events = account.settings(await self._ask(facts.INFO_PATH), inverse=facts.INVERSE in markets)
        events += await self._balances(markets)
        contracts = {market: symbols for market, symbols in markets.items() if market in facts.CONTRACTS}
        for market, symbols in contracts.items():
            events += await self._positions(market, symbols)
            events += await self._orders(market, symbols)
        for market, symbols in contracts.items():
            events += await self._executions(market, symbols, since_ms)
        return events + (await self._ledger(contracts, since_ms) if contracts else [])

    async def learn_modes(self, markets: Mapping[str, Sequence[str]]) -> None:
        """Ask for the position mode of each contract that it is not known of."""
        for market in facts.CONTRACTS:
            for symbol in markets.get(market, ()):
                if instrument_id(facts.VENUE, market, symbol) not in self._modes:
                    await self._position(market, symbol)

    # --- as things stand ---------------------------------------------------------------------------------------------

    async def _balances(self, markets: Mapping[str, Sequence[str]]) -> list[AnyEvent]:
        answer = await self._ask(facts.WALLET_PATH, {"accountType": "UNIFIED"})
        events = account.balances(answer)
        held = {event.asset for event in events if isinstance(event, BalanceUpdate)}
        paid_in = {settle_coin(market, symbol) for market, symbols in markets.items() for symbol in symbols}
        absent = (self._coins | paid_in) - held - {""}
        self._coins |= held
        told = account.about(answer)
        return events + [
            BalanceUpdate(
                received_ns=told.received_ns,
                account=self._name,
                asset=coin,
                wallet_balance=Decimal(0),
                venue_time_ns=told.time_ns,
            )
            for coin in sorted(absent)
        ]

    async def _positions(self, market: str, symbols: Sequence[str]) -> list[AnyEvent]:
        """What is held is listed coin by coin; a contract that is not, or not wholly, is asked for by its name: then
        the venue tells how it is set, too."""
        events: list[AnyEvent] = []
        legs: dict[str, set[Leg]] = {symbol: set() for symbol in symbols}
        last: About | None = None
        for parameters in _lists(market, symbols):
            asked = {"category": market, **parameters, "limit": str(facts.POSITION_ROWS)}
            async for answer in self._pages(facts.POSITIONS_PATH, asked):
                rows, faults, last = self._rows(answer)
                events += faults
                for row in rows:
                    if row.symbol in legs:
                        legs[row.symbol].add(row.update(last).leg)
                        events += account.position_events(row, last)
        for symbol, told in legs.items():
            if not any(told.issuperset(whole) for whole in _LEGS):
                found = await self._position(market, symbol)
                events += found or [self._none(market, symbol, last)]
        return events

    async def _position(self, market: str, symbol: str) -> list[AnyEvent]:
        """The position in one contract, though there be none, and how it is set; nothing for one that is not listed."""
        try:
            answer = await self._ask(facts.POSITIONS_PATH, {"category": market, "symbol": symbol})
        except VenueError as error:
            if error.code not in facts.CODES_NO_SUCH_SYMBOL:
                raise
            return []
        rows, faults, told = self._rows(answer)
        return [event for row in rows for event in account.position_events(row, told)] + faults

    def _rows(self, answer: RestAnswer) -> tuple[list[PositionRow], list[AnyEvent], About]:
        page, told = account.listed(answer)
        slack = facts.SLACK_MS * _NS_PER_MS
        told = msgspec.structs.replace(told, time_ns=None if told.time_ns is None else told.time_ns - slack)
        rows, faults = account.position_rows(page.rows, told)
        for row in rows:
            self._modes.learn(row.instrument(told), row)
        return rows, faults, told

    def _none(self, market: str, symbol: str, told: About | None) -> PositionUpdate:
        """A contract that is not listed any more, and so not held."""
        return PositionUpdate(
            received_ns=self._clock.now_ns(),
            account=self._name,
            instrument=instrument_id(facts.VENUE, market, symbol),
            quantity=Decimal(0),
            entry_price=None,
            venue_time_ns=None if told is None else told.time_ns,
        )

    async def _orders(self, market: str, symbols: Sequence[str]) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        for parameters in _lists(market, symbols):
            asked = {"category": market, **parameters, "limit": str(facts.ORDER_ROWS)}
            async for answer in self._pages(facts.OPEN_ORDERS_PATH, asked):
                events += account.orders(answer)
        return _of(events, market, symbols)

    # --- what happened since -----------------------------------------------------------------------------------------

    async def _executions(self, market: str, symbols: Sequence[str], since_ms: int) -> list[AnyEvent]:
        """The fills; funding payments are told by the ledger."""
        events: list[AnyEvent] = []
        for window in self._windows(since_ms):
            asked = {"category": market, **window, "limit": str(facts.EXECUTION_ROWS)}
            async for answer in self._pages(facts.EXECUTIONS_PATH, asked):
                page, told = account.listed(answer)
                events += account.execution_events(page.rows, self._modes.known_to(told))
        return _of([event for event in events if not isinstance(event, FundingPayment)], market, symbols)

    async def _ledger(self, contracts: Mapping[str, Sequence[str]], since_ms: int) -> list[AnyEvent]:
        """Funding and fees: of these contracts, and of none in particular."""
        events: list[AnyEvent] = []
        for window in self._windows(since_ms):
            asked = {"accountType": "UNIFIED", **window, "limit": str(facts.LEDGER_ROWS)}
            async for answer in self._pages(facts.LEDGER_PATH, asked):
                page, told = account.listed(answer)
                events += account.ledger_events(page.rows, self._modes.known_to(told))
        wanted = {instrument_id(facts.VENUE, market, symbol) for market in contracts for symbol in contracts[market]}
        return [event for event in events if getattr(event, "instrument", "") in {"", *wanted}]

    def _windows(self, since_ms: int) -> Iterator[dict[str, str]]:
        """Stretches as long as the venue answers for, from then to a minute ahead."""
        now_ms = self._rest.venue_now_ms
        start_ms, last_ms = max(since_ms, now_ms - facts.KEPT_MS), now_ms + 60_000
        while start_ms <= last_ms:
            end_ms = min(start_ms + facts.WINDOW_MS - 1, last_ms)
            yield {"startTime": str(start_ms), "endTime": str(end_ms)}
            start_ms = end_ms + 1

    # --- asking ------------------------------------------------------------------------------------------------------

    async def _ask(self, path: str, parameters: Mapping[str, str] | None = None) -> RestAnswer:
        body = await self._rest.get(path, parameters, signed=True)
        return self._answer(path, parameters or {}, body)

    async def _pages(self, path: str, parameters: Mapping[str, str]) -> AsyncIterator[RestAnswer]:
        async for body in pages(self._rest, path, parameters, signed=True):
            yield self._answer(path, parameters, body)

    def _answer(self, path: str, parameters: Mapping[str, str], body: bytes) -> RestAnswer:
        received_ns = self._clock.now_ns()
        return RestAnswer(path=path, body=body, received_ns=received_ns, parameters=parameters, account=self._name)


def _lists(market: str, symbols: Sequence[str]) -> list[dict[str, str]]:
    """The lists in which these contracts' positions and orders are: by the coin that they are settled in, or by name
    where that does not tell it."""
    lists = [
        ("settleCoin", coin) if (coin := settle_coin(market, symbol)) else ("symbol", symbol) for symbol in symbols
    ]
    return [{name: value} for name, value in sorted(set(lists))]


def _of(events: Sequence[AnyEvent], market: str, symbols: Sequence[str]) -> list[AnyEvent]:
    """What concerns these contracts, and faults."""
    wanted = {instrument_id(facts.VENUE, market, symbol) for symbol in symbols}
    return [event for event in events if getattr(event, "instrument", None) in {None, *wanted}]
