"""One sweep over everything that BingX tells of an account over REST."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from msgspec.structs import replace

from core.errors import DecodeError, VenueError
from core.events import AccountSettings, AccountSwept, AnyEvent, BalanceUpdate, OrderUpdate, PositionUpdate
from core.instruments import instrument_id
from core.legs import Leg
from feeds.bingx import account, facts, orders
from feeds.bingx.rest import BingxDialect
from feeds.bingx.rows import PositionMode
from feeds.clock import Clock
from feeds.rest import RestClient
from feeds.venue import RestAnswer

_DAY_MS: Final = 86_400_000
_SHORTEST_MS: Final = 1000
_LATE_MS: Final = facts.RECV_WINDOW_MS
"""How far past our clock a stretch reaches: the venue's may run ahead, by no more than it takes signatures from."""

_Result = TypeVar("_Result")


class Asker:
    """Signed questions, no more of one kind a second than leaves room for others."""

    def __init__(self, rest: RestClient, clock: Clock, account_name: str) -> None:
        self._rest, self._clock, self.account = rest, clock, account_name
        self._asked: dict[str, deque[float]] = {}

    async def ask(self, path: str, parameters: Mapping[str, str] | None = None) -> RestAnswer:
        """An answer with what was asked for it. Raises VenueError."""
        await self._respect(path)
        body = await self._rest.get(path, parameters, signed=True)
        return RestAnswer(
            path=path,
            body=body,
            received_ns=self._clock.now_ns(),
            parameters=parameters or {},
            account=self.account,
        )

    async def _respect(self, path: str) -> None:
        most = facts.PER_SECOND_SLOW if path in facts.SLOW_PATHS else facts.PER_SECOND
        times = self._asked.setdefault(path, deque(maxlen=most))
        loop = asyncio.get_running_loop()
        due = loop.time() if len(times) < most else max(loop.time(), times[0] + 1)
        times.append(due)
        await asyncio.sleep(due - loop.time())

    async def venue_ns(self) -> int:
        """The venue's time, asked for: everything that is asked from now on is as new as that. Raises VenueError."""
        body = await self._rest.get(facts.CLOCK_PATH)
        return BingxDialect().clock_ms(body) * 1_000_000

    @property
    def now_ms(self) -> int:
        """The venue's time as far as it is known."""
        return self._rest.venue_now_ms

    @property
    def now_ns(self) -> int:
        """Ours."""
        return self._clock.now_ns()


async def read_mode(asker: Asker, mode: PositionMode) -> list[AnyEvent]:
    """Read the position mode, and remember it. Raises VenueError."""
    answer = await asker.ask(facts.POSITION_MODE_PATH)
    try:
        told = account.position_mode(answer, mode)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    for event in told:
        if isinstance(event, AccountSettings):
            mode.hedge = event.position_mode == "hedge"
    return told


class Sweep:
    """One sweep. ``markets`` has the symbols wanted by market."""

    def __init__(self, asker: Asker, mode: PositionMode, markets: Mapping[str, Sequence[str]], since_ns: int) -> None:
        self._asker, self._mode, self._markets = asker, mode, markets
        oldest_ms = asker.now_ms - facts.MOST_BACK_DAYS * _DAY_MS
        self._since_ms = max(oldest_ms, since_ns // 1_000_000)
        self._until_ms = asker.now_ms + _LATE_MS

    async def run(self) -> list[AnyEvent]:
        """Everything, an AccountSwept last. Raises VenueError, DecodeError: then nothing was told.

        Bodies do not tell when they hold true. Positions and balances are stamped with the venue's time as the sweep
        began, so that what its stream says of later is not taken for older.
        """
        stamp_ns = await self._asker.venue_ns() - facts.STAMP_SLACK_NS
        return [
            replace(event, venue_time_ns=stamp_ns) if isinstance(event, BalanceUpdate | PositionUpdate) else event
            for event in await self._everything()
        ]

    async def _everything(self) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        linear = self._markets.get(facts.LINEAR, ())
        if linear:
            events += await read_mode(self._asker, self._mode)
        told = await together([self._contracts(market) for market in (facts.LINEAR, facts.INVERSE)])
        for part in told:
            events += part
        if facts.SPOT in self._markets:
            events += await self._spot(events)
        return [*events, AccountSwept(received_ns=self._asker.now_ns, account=self._asker.account)]

    async def _spot(self, events: Sequence[AnyEvent]) -> list[AnyEvent]:
        """Spot's balances, but of assets that a wallet of contracts has told."""
        answer = await self._asker.ask(facts.SPOT_BALANCE_PATH)
        told = {event.asset for event in events if isinstance(event, BalanceUpdate)}
        found = account.spot_balances(answer, self._mode)
        return [event for event in found if not (isinstance(event, BalanceUpdate) and event.asset in told)]

    async def _contracts(self, market: str) -> list[AnyEvent]:
        symbols = self._markets.get(market, ())
        if not symbols:
            return []
        linear = market == facts.LINEAR
        mode = self._mode if linear else PositionMode()
        parts = await together(
            [
                self._settings(market, symbols, mode),
                self._balances(market, symbols, mode),
                self._positions(market, symbols, mode),
                self._orders_and_fills(market, symbols, mode),
                self._ledger(symbols) if linear else _nothing(),
            ]
        )
        return [event for part in parts for event in part]

    async def _settings(self, market: str, symbols: Sequence[str], mode: PositionMode) -> list[AnyEvent]:
        linear = market == facts.LINEAR
        margin = facts.MARGIN_MODE_PATH if linear else facts.INVERSE_MARGIN_MODE_PATH
        leverage = facts.LEVERAGE_PATH if linear else facts.INVERSE_LEVERAGE_PATH
        margins = [self._asker.ask(margin, {"symbol": symbol}) for symbol in symbols]
        leverages = [self._asker.ask(leverage, {"symbol": symbol}) for symbol in symbols]
        events: list[AnyEvent] = []
        for answer in await together([*margins, *leverages]):
            read = account.margin_mode if answer.path == margin else account.leverage
            events += read(answer, mode)
        return events

    async def _balances(self, market: str, symbols: Sequence[str], mode: PositionMode) -> list[AnyEvent]:
        path = facts.BALANCE_PATH if market == facts.LINEAR else facts.INVERSE_BALANCE_PATH
        return account.balances(await self._asker.ask(path), mode)

    async def _positions(self, market: str, symbols: Sequence[str], mode: PositionMode) -> list[AnyEvent]:
        path = facts.POSITIONS_PATH if market == facts.LINEAR else facts.INVERSE_POSITIONS_PATH
        answer = await self._asker.ask(path)
        wanted = [instrument_id(facts.VENUE, market, symbol) for symbol in symbols]
        told = account.positions(answer, mode)
        held = merged([event for event in told if isinstance(event, PositionUpdate) and event.instrument in wanted])
        others = [event for event in told if not isinstance(event, PositionUpdate)]
        found = {(event.instrument, event.leg) for event in held}
        for instrument in wanted:
            for leg in _legs(mode, any(name == instrument for name, _ in found)):
                if (instrument, leg) not in found:
                    held.append(_flat(answer, instrument, leg))
        return [*held, *others]

    async def _orders_and_fills(self, market: str, symbols: Sequence[str], mode: PositionMode) -> list[AnyEvent]:
        linear = market == facts.LINEAR
        history = facts.ALL_ORDERS_PATH if linear else facts.INVERSE_ALL_ORDERS_PATH
        open_path = facts.OPEN_ORDERS_PATH if linear else facts.INVERSE_OPEN_ORDERS_PATH
        resting, *past = await together(
            [self._one(open_path), *(self._all(history, symbol, "startTime", "endTime", "limit") for symbol in symbols)]
        )
        answers = [answer for answered in past for answer in answered] + list(resting)
        told = [event for answer in answers for event in orders.orders(answer, mode)]
        wanted = {instrument_id(facts.VENUE, market, symbol) for symbol in symbols}
        updates = _latest([event for event in told if isinstance(event, OrderUpdate) and event.instrument in wanted])
        names = {event.venue_order_id: event.client_order_id for event in updates if event.client_order_id}
        if linear:
            filled = await together(
                [self._all(facts.FILLS_PATH, symbol, "startTs", "endTs", "pageSize") for symbol in symbols]
            )
        else:
            filled = await together(
                [
                    self._one(facts.INVERSE_FILLS_PATH, {"orderId": event.venue_order_id})
                    for event in updates
                    if event.filled_quantity and event.venue_order_id
                ]
            )
        fills = [event for found in filled for answer in found for event in orders.fills(answer, mode, names)]
        faults = [event for event in told if not isinstance(event, OrderUpdate)]
        return [*updates, *fills, *faults]

    async def _ledger(self, symbols: Sequence[str]) -> list[AnyEvent]:
        answers = await together(
            [self._all(facts.INCOME_PATH, symbol, "startTime", "endTime", "limit") for symbol in symbols]
        )
        return [event for found in answers for answer in found for event in account.income(answer, self._mode)]

    async def _one(self, path: str, parameters: Mapping[str, str] | None = None) -> list[RestAnswer]:
        return [await self._asker.ask(path, parameters)]

    async def _all(self, path: str, symbol: str, since: str, until: str, size: str) -> list[RestAnswer]:
        """Every answer about a symbol since then: stretches of a week, cut in two while an answer is full."""
        stretches, answers = [], list[RestAnswer]()
        start = self._since_ms
        while start < self._until_ms:
            end = min(start + facts.WINDOW_DAYS * _DAY_MS - 1, self._until_ms)
            stretches.append((start, end))
            start = end + 1
        stretches.reverse()
        while stretches:
            start, end = stretches.pop()
            asked = {"symbol": symbol, since: str(start), until: str(end), size: str(facts.PAGE)}
            answer = await self._asker.ask(path, asked)
            if orders.counted(answer) >= facts.PAGE and end - start > _SHORTEST_MS:
                middle = (start + end) // 2
                stretches += [(middle + 1, end), (start, middle)]
                continue
            answers.append(answer)
        return answers


def merged(positions: Sequence[PositionUpdate]) -> list[PositionUpdate]:
    """One position for each leg of a contract: margin kept apart for each order makes several of it."""
    found: dict[tuple[str, Leg], PositionUpdate] = {}
    for event in positions:
        before = found.get((event.instrument, event.leg))
        if before is None:
            found[event.instrument, event.leg] = event
            continue
        quantity = before.quantity + event.quantity
        costs = [None if part.entry_price is None else part.entry_price * part.quantity for part in (before, event)]
        margins = [part.isolated_margin for part in (before, event)]
        found[event.instrument, event.leg] = replace(
            before,
            quantity=quantity,
            entry_price=sum((cost for cost in costs if cost is not None), Decimal(0)) / quantity
            if quantity and None not in costs
            else None,
            liquidation_price=None,
            isolated_margin=None if None in margins else sum((margin for margin in margins if margin), Decimal(0)),
            leverage=before.leverage if before.leverage == event.leverage else None,
        )
    return list(found.values())


def _legs(mode: PositionMode, held: bool) -> tuple[Leg, ...]:
    """The legs that a contract has in a position mode; any it may have, where that is not known."""
    if mode.hedge is not None:
        return (Leg.LONG, Leg.SHORT) if mode.hedge else (Leg.NET,)
    return (Leg.LONG, Leg.SHORT) if held else (Leg.NET, Leg.LONG, Leg.SHORT)


def _flat(answer: RestAnswer, instrument: str, leg: Leg) -> PositionUpdate:
    return PositionUpdate(
        received_ns=answer.received_ns,
        account=answer.account,
        instrument=instrument,
        quantity=Decimal(0),
        entry_price=None,
        leg=leg,
    )


def _latest(updates: Sequence[OrderUpdate]) -> list[OrderUpdate]:
    """Each order once, as it was told last: what rests is told among the past orders too."""
    found: dict[str, OrderUpdate] = {}
    for event in updates:
        key = event.venue_order_id or event.client_order_id
        before = found.get(key)
        if before is None or (event.venue_time_ns or 0) >= (before.venue_time_ns or 0):
            found[key] = event
    return sorted(found.values(), key=lambda event: event.venue_time_ns or 0)


async def together(questions: Sequence[Awaitable[_Result]]) -> list[_Result]:
    """All answers, in order. Raises the first error once every question has ended."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]


async def _nothing() -> list[AnyEvent]:
    return []
