"""The orders of an account and their executions, read over REST.

Lists of past orders go by when an order was made, executions of coin-margined contracts are told for one order at a
time, and neither kind of execution names the client's id. So an order that was open when it was last told and is in no
list any more is looked up by its number, and so is one of which only executions are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

from core.errors import VenueError
from core.events import AnyEvent, Fill, OrderState, OrderUpdate
from core.instruments import instrument_id
from feeds.bingx import facts, orders
from feeds.bingx.asking import DAY_MS, Asker, Record, all_since, is_refusal, together
from feeds.bingx.known import KnownOrders
from feeds.bingx.rows import PositionMode
from feeds.venue import RestAnswer

_PAST: Final = {
    facts.LINEAR: Record(facts.ALL_ORDERS_PATH, "startTime", "endTime", "limit"),
    facts.INVERSE: Record(facts.INVERSE_ALL_ORDERS_PATH, "startTime", "endTime", "limit"),
}
_OPEN: Final = {facts.LINEAR: facts.OPEN_ORDERS_PATH, facts.INVERSE: facts.INVERSE_OPEN_ORDERS_PATH}
_ONE: Final = {facts.LINEAR: facts.ORDER_PATH, facts.INVERSE: facts.INVERSE_QUERY_PATH}
_FILLS: Final = Record(facts.FILLS_PATH, "startTs", "endTs", "pageSize")
OPEN_STATES: Final = frozenset({OrderState.OPEN, OrderState.PARTIALLY_FILLED})


class Dealings:
    """What one sweep reads of one market's orders."""

    def __init__(self, asker: Asker, market: str, symbols: Sequence[str], known: KnownOrders, since_ms: int) -> None:
        self._asker, self._market, self._symbols, self._known = asker, market, symbols, known
        self._since_ms, self._until_ms = since_ms, asker.now_ms + facts.RECV_WINDOW_MS
        self._wanted = {instrument_id(facts.VENUE, market, symbol) for symbol in symbols}
        self.sides: dict[int, str] = {}
        """The position sides that the orders read name, by when each was changed (ms)."""
        self._ended: list[str] = []
        self._resting: dict[str, str] = {}

    async def read(self, mode: PositionMode, *, first: bool) -> list[AnyEvent]:
        """Orders open or changed since then, and executions since then. Raises VenueError, DecodeError.

        ``first`` is for the first sweep of a run: of orders that rested when the run before it ended nobody knows, and
        they are looked for further back.
        """
        begin_ms = self._since_ms
        if first and self._market == facts.INVERSE:
            oldest_ms = self._asker.now_ms - facts.MOST_BACK_DAYS * DAY_MS
            begin_ms = max(oldest_ms, begin_ms - facts.RESTING_DAYS * DAY_MS)
        record = _PAST[self._market]
        resting, *past = await together(
            [
                self._one(_OPEN[self._market]),
                *(all_since(self._asker, record, symbol, begin_ms, self._until_ms) for symbol in self._symbols),
            ]
        )
        told = self._told(list(chain(*past, resting)), mode)
        updates = _latest([event for event in told if isinstance(event, OrderUpdate)])
        faults = [event for event in told if not isinstance(event, OrderUpdate)]
        numbers = {event.venue_order_id for event in updates}
        rested = self._known.resting(self._wanted)
        gone = [number for number in rested if number not in numbers]
        missed = await self._looked_up(gone, rested, mode)
        updates = [event for event in updates if event.venue_order_id in rested or self._concerns(event)] + missed
        self._remember(updates, gone)
        filled = await self._filled(updates, gone)
        await self._name_others(filled, mode)
        return [*updates, *self._fills(filled, mode), *faults]

    def settle(self) -> None:
        """Remember what was told: to be called once all of the sweep is."""
        for number in self._ended:
            self._known.ended(number)
        for number, instrument in self._resting.items():
            self._known.rests(number, instrument)

    # --- orders --------------------------------------------------------------------------------------------------

    def _told(self, answers: Sequence[RestAnswer], mode: PositionMode) -> list[AnyEvent]:
        for answer in answers:
            self.sides |= orders.sides(answer)
        told = [event for answer in answers for event in orders.orders(answer, mode)]
        return [event for event in told if not isinstance(event, OrderUpdate) or event.instrument in self._wanted]

    def _concerns(self, event: OrderUpdate) -> bool:
        changed_ns = event.venue_time_ns
        return event.state in OPEN_STATES or changed_ns is None or changed_ns >= self._since_ms * 1_000_000

    async def _looked_up(
        self, numbers: Sequence[str], instruments: dict[str, str], mode: PositionMode
    ) -> list[OrderUpdate]:
        """Orders by number; those that the venue no longer knows are left out."""
        answers = await together([self._order(number, instruments[number].split(":")[2]) for number in numbers])
        told = self._told([answer for answer in answers if answer is not None], mode)
        return [event for event in told if isinstance(event, OrderUpdate) and event.venue_order_id in numbers]

    async def _order(self, number: str, symbol: str) -> RestAnswer | None:
        try:
            return await self._asker.ask(_ONE[self._market], {"symbol": symbol, "orderId": number})
        except VenueError as error:
            if not is_refusal(error):
                raise
            return None

    def _remember(self, updates: Sequence[OrderUpdate], gone: Sequence[str]) -> None:
        self._ended = [*gone]
        for event in updates:
            self._known.name_order(event.venue_order_id, event.client_order_id)
            if event.state in OPEN_STATES:
                self._resting[event.venue_order_id] = event.instrument
            else:
                self._ended.append(event.venue_order_id)

    # --- executions ----------------------------------------------------------------------------------------------

    async def _filled(self, updates: Sequence[OrderUpdate], gone: Sequence[str]) -> list[RestAnswer]:
        if self._market == facts.LINEAR:
            since = (self._since_ms, self._until_ms)
            answers = await together([all_since(self._asker, _FILLS, symbol, *since) for symbol in self._symbols])
            return list(chain(*answers))
        numbers = dict.fromkeys(event.venue_order_id for event in updates if event.filled_quantity)
        numbers |= dict.fromkeys(gone)
        questions = [self._asker.ask(facts.INVERSE_FILLS_PATH, {"orderId": number}) for number in numbers if number]
        return await together(questions)

    async def _name_others(self, filled: Sequence[RestAnswer], mode: PositionMode) -> None:
        """Look up the orders of executions whose client order ids are not known."""
        found = {number: symbol for answer in filled for number, symbol in orders.numbers(answer).items()}
        asked = {
            number: instrument_id(facts.VENUE, self._market, symbol)
            for number, symbol in found.items()
            if symbol in self._symbols and self._known.name(number) is None
        }
        for event in await self._looked_up(list(asked), asked, mode):
            self._known.name_order(event.venue_order_id, event.client_order_id)
        for number in asked:
            self._known.name_order(number, "")

    def _fills(self, filled: Sequence[RestAnswer], mode: PositionMode) -> list[AnyEvent]:
        """The executions since then; those of an order may be older, and were told before."""
        names = {number: self._known.name(number) or "" for answer in filled for number in orders.numbers(answer)}
        told = [event for answer in filled for event in orders.fills(answer, mode, names)]
        since_ns = self._since_ms * 1_000_000
        return [
            event
            for event in told
            if not isinstance(event, Fill) or event.venue_time_ns is None or event.venue_time_ns >= since_ns
        ]

    async def _one(self, path: str) -> list[RestAnswer]:
        return [await self._asker.ask(path)]


def _latest(updates: Sequence[OrderUpdate]) -> list[OrderUpdate]:
    """Each order once, as it was told last: what rests is told among the past orders too."""
    found: dict[str, OrderUpdate] = {}
    for event in updates:
        key = event.venue_order_id or event.client_order_id
        before = found.get(key)
        if before is None or (event.venue_time_ns or 0) >= (before.venue_time_ns or 0):
            found[key] = event
    return sorted(found.values(), key=lambda event: event.venue_time_ns or 0)
