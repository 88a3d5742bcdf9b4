"""One sweep over everything that BingX tells of an account over REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from core.errors import VenueError
from core.events import AccountSettings, AccountSwept, AnyEvent, BalanceUpdate, PositionUpdate
from core.instruments import instrument_id
from feeds.bingx import account, facts, holdings
from feeds.bingx.asking import DAY_MS, Asker, Record, all_since, is_refusal, read_mode, together
from feeds.bingx.dealings import Dealings
from feeds.bingx.known import KnownOrders
from feeds.bingx.rows import PositionMode
from feeds.rest import told_unless
from feeds.venue import RestAnswer

_INCOME = Record(facts.INCOME_PATH, "startTime", "endTime", "limit")


class Account:
    """What is known of one account from sweep to sweep, shared by its streams and its orders."""

    def __init__(self) -> None:
        self.modes = {facts.LINEAR: PositionMode(), facts.INVERSE: PositionMode(told=False)}
        self.orders = KnownOrders()
        self.swept = False
        self._mode_refused = False

    async def ask_mode(self, asker: Asker) -> None:
        """Read the position mode of USDT-margined contracts for want of that of the others, unless the venue will not
        tell it. Raises VenueError."""
        if self._mode_refused:
            return
        try:
            await read_mode(asker, self.modes[facts.LINEAR])
        except VenueError as error:
            if not is_refusal(error):
                raise
            self._mode_refused = True


class Sweep:
    """One sweep. ``markets`` has the symbols wanted by market."""

    def __init__(self, asker: Asker, known: Account, markets: Mapping[str, Sequence[str]], since_ns: int) -> None:
        self._asker, self._known, self._markets = asker, known, markets
        oldest_ms = asker.now_ms - facts.MOST_BACK_DAYS * DAY_MS
        self._since_ms = max(oldest_ms, since_ns // 1_000_000)
        self._dealings: list[Dealings] = []
        self._positions: dict[str, RestAnswer] = {}

    async def run(self) -> list[AnyEvent]:
        """Everything, an AccountSwept last. Raises VenueError, DecodeError: then nothing was told."""
        events: list[AnyEvent] = []
        if self._markets.get(facts.LINEAR):
            events += await read_mode(self._asker, self._known.modes[facts.LINEAR])
        told = await together([self._contracts(market) for market in (facts.LINEAR, facts.INVERSE)])
        events += chain(*told)
        if facts.SPOT in self._markets:
            events += await self._spot(events)
        self._settle(events)
        return [*events, AccountSwept(received_ns=self._asker.now_ns, account=self._asker.account)]

    def _settle(self, events: Sequence[AnyEvent]) -> None:
        """Remember what is told now."""
        for dealings in self._dealings:
            dealings.settle()
        for event in events:
            if isinstance(event, PositionUpdate):
                self._known.modes[event.instrument.split(":")[1]].holds(event)
        self._known.swept = True

    async def _spot(self, events: Sequence[AnyEvent]) -> list[AnyEvent]:
        """Spot's balances, but of assets that a wallet of contracts has told."""
        answer = await self._asker.ask(facts.SPOT_BALANCE_PATH)
        told = {event.asset for event in events if isinstance(event, BalanceUpdate)}
        found = account.spot_balances(answer, PositionMode())
        return [event for event in found if not (isinstance(event, BalanceUpdate) and event.asset in told)]

    async def _contracts(self, market: str) -> list[AnyEvent]:
        symbols = self._markets.get(market, ())
        if not symbols:
            return []
        linear, mode = market == facts.LINEAR, self._known.modes[market]
        read_by = mode if linear else PositionMode()
        dealings = Dealings(self._asker, market, symbols, self._known.orders, self._since_ms)
        self._dealings.append(dealings)
        *others, dealt, _ = await together(
            [
                self._settings(market, symbols),
                self._ledger(symbols) if linear else self._no_ledger(symbols),
                self._balances(market),
                dealings.read(read_by, first=not self._known.swept),
                self._ask_positions(market),
            ]
        )
        positions = self._positions[market]
        told = account.positions(positions, read_by)
        if not linear:
            mode.hedge = await self._shown(positions, dealings)
            if not mode.hedge:
                told, dealt = holdings.in_one_way(told), holdings.in_one_way(dealt)
        return [*chain(*others), *self._held(positions, told, market), *dealt]

    async def _ask_positions(self, market: str) -> list[AnyEvent]:
        """What the rows mean is known once the orders are: nothing is told yet."""
        path = facts.POSITIONS_PATH if market == facts.LINEAR else facts.INVERSE_POSITIONS_PATH
        self._positions[market] = await self._asker.ask(path)
        return []

    async def _shown(self, positions: RestAnswer, dealings: Dealings) -> bool:
        """Whether coin-margined contracts are held in two legs: as is shown now or was before, else as USDT-margined
        ones are, else not. Raises VenueError."""
        mode, linear = self._known.modes[facts.INVERSE], self._known.modes[facts.LINEAR]
        shown = holdings.mode_shown(account.sides(positions), dealings.sides)
        if shown is not None:
            mode.shown = shown
        if mode.shown is not None:
            return mode.shown
        if mode.hedge is not None and mode.held:
            return mode.hedge  # no mode changes while anything is held: what it was taken for then holds
        if not self._markets.get(facts.LINEAR):
            await self._known.ask_mode(self._asker)
        return bool(linear.hedge)

    def _held(self, answer: RestAnswer, told: Sequence[AnyEvent], market: str) -> list[AnyEvent]:
        wanted = [instrument_id(facts.VENUE, market, symbol) for symbol in self._markets[market]]
        held = holdings.merged(
            [event for event in told if isinstance(event, PositionUpdate) and event.instrument in wanted]
        )
        flat = holdings.flat_legs(held, wanted, self._known.modes[market])
        others = [event for event in told if not isinstance(event, PositionUpdate)]
        return [*held, *(holdings.flat(answer, *place) for place in flat), *others]

    async def _settings(self, market: str, symbols: Sequence[str]) -> list[AnyEvent]:
        linear = market == facts.LINEAR
        margin = facts.MARGIN_MODE_PATH if linear else facts.INVERSE_MARGIN_MODE_PATH
        leverage = facts.LEVERAGE_PATH if linear else facts.INVERSE_LEVERAGE_PATH
        asked = [self._about(path, symbol) for path in (margin, leverage) for symbol in symbols]
        events: list[AnyEvent] = []
        for answer in chain(*await together([told_unless(facts.CODES_NO_SUCH_SYMBOL, each) for each in asked])):
            read = account.margin_mode if answer.path == margin else account.leverage
            events += read(answer, PositionMode())
        return events

    async def _about(self, path: str, symbol: str) -> list[RestAnswer]:
        return [await self._asker.ask(path, {"symbol": symbol})]

    async def _balances(self, market: str) -> list[AnyEvent]:
        path = facts.BALANCE_PATH if market == facts.LINEAR else facts.INVERSE_BALANCE_PATH
        return account.balances(await self._asker.ask(path), PositionMode())

    async def _ledger(self, symbols: Sequence[str]) -> list[AnyEvent]:
        until_ms = self._asker.now_ms + facts.RECV_WINDOW_MS
        found = await together(
            [all_since(self._asker, _INCOME, symbol, self._since_ms, until_ms) for symbol in symbols]
        )
        return [event for answer in chain(*found) for event in account.income(answer, PositionMode())]

    async def _no_ledger(self, symbols: Sequence[str]) -> list[AnyEvent]:
        """That nothing tells the funding of these: what was received is not zero, it is not known."""
        return [
            AccountSettings(
                received_ns=self._asker.now_ns,
                account=self._asker.account,
                instrument=instrument_id(facts.VENUE, facts.INVERSE, symbol),
                no_funding_records=True,
            )
            for symbol in symbols
        ]
