"""The paper broker: carries out orders against the quotes that really come in, and settles funding.

What it assumes, and a venue may do otherwise: an order fills whole at the best opposite price, whatever size is
quoted there; one that is not marketable rests until the opposite price reaches its limit and then fills there as
maker; funding is settled on what is held when the settlement is noticed, at the last rate and mark seen before it. A
contract that has a mark from its sheet and no quotes fills at that mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from core import funding, pnl
from core.books import Account
from core.events import (
    AnyEvent,
    ConnectionChanged,
    ConnectionState,
    Fill,
    FundingPayment,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    Ticker,
)
from core.figures import Figure, Freshness
from core.freshness import MARK_AGES_NS, SECOND_NS, by_age
from core.instruments import Instrument
from core.legs import Leg, PositionKey
from core.market import MAXIMUM_FUNDING_RATE
from core.orders import OrderRequest
from core.positions import Position

EARLY_NS = 60 * SECOND_NS
"""A next funding time that moves on this long before it was due is a settlement; earlier it is a new timetable."""

ABSURD_FACTOR = 2
"""No order is filled at a price this many times away from its own limit."""

_NEVER = 2**63


class _Contract:
    """What the broker remembers of one instrument."""

    __slots__ = (
        "ask",
        "ask_ns",
        "bid",
        "bid_ns",
        "instrument",
        "mark",
        "next_funding_ns",
        "rate",
        "resting",
        "settled_ns",
    )

    def __init__(self) -> None:
        self.instrument: Instrument | None = None
        self.bid: Decimal | None = None
        self.ask: Decimal | None = None
        self.bid_ns = self.ask_ns = 0
        self.mark: Decimal | None = None
        self.rate: Decimal | None = None
        self.next_funding_ns: int | None = None
        self.settled_ns = 0
        self.resting: dict[str, OrderRequest] = {}

    def quoted(self, bid: Decimal | None, ask: Decimal | None, now_ns: int) -> None:
        """Learn the best prices; a crossed quote, which the engine's market refuses, is none."""
        bid = bid if bid is not None and bid.is_finite() else None
        ask = ask if ask is not None and ask.is_finite() else None
        if bid is not None and ask is not None and bid > ask:
            return
        if bid is not None:
            self.bid, self.bid_ns = bid, now_ns
        if ask is not None:
            self.ask, self.ask_ns = ask, now_ns


class PaperBroker:
    """Fills orders of paper accounts. ``positions`` tells what is held now (``Engine.positions``), so that funding is
    settled on positions that were there before the broker; without it only the broker's own fills count.
    ``marks`` tells the mark price of a contract without quotes (``Engine.sheet_mark``), ``None`` for any other."""

    def __init__(
        self,
        accounts: Iterable[Account],
        positions: Callable[[], Sequence[Position]] | None = None,
        marks: Callable[[str, int], Figure | None] = lambda _name, _now_ns: None,
    ) -> None:
        self._accounts = {account.name: account for account in accounts if account.paper}
        self._positions, self._marks = positions, marks
        self._own: dict[PositionKey, Decimal] = {}
        self._contracts: dict[str, _Contract] = {}
        self._outcomes: dict[str, list[AnyEvent]] = {}
        self._due_ns = _NEVER
        """When the next settlement or expiry falls due: one comparison an event."""

    # --- market data -----------------------------------------------------------------------------------------

    def observe(self, event: AnyEvent) -> list[AnyEvent]:
        """Learn from an event; fills of resting orders, expiries and settlements that follow from it."""
        due = self._fall_due(event.received_ns) if event.received_ns >= self._due_ns else []
        if type(event) is Ticker:
            return self._ticker(event, due)
        if isinstance(event, InstrumentListed):
            self._contract(event.instrument.id).instrument = event.instrument
        elif isinstance(event, ConnectionChanged) and event.state in (
            ConnectionState.RECONNECTING,
            ConnectionState.CLOSED,
        ):
            self._forget_quotes(event.venue)
        return due

    def _ticker(self, event: Ticker, events: list[AnyEvent]) -> list[AnyEvent]:
        contract = self._contracts.get(event.instrument)
        if contract is None:
            contract = self._contract(event.instrument)
        contract.quoted(event.bid_price, event.ask_price, event.received_ns)
        if event.next_funding_time_ns is not None and event.next_funding_time_ns != contract.next_funding_ns:
            events += self._timetable(event.instrument, contract, event.next_funding_time_ns, event.received_ns)
        if event.mark_price is not None and event.mark_price.is_finite() and event.mark_price > 0:
            contract.mark = event.mark_price
        rate = event.funding_rate
        if rate is not None and rate.is_finite() and abs(rate) <= MAXIMUM_FUNDING_RATE:
            contract.rate = rate
        if contract.resting:
            events += self._touched(contract, event.received_ns)
        return events

    def _contract(self, name: str) -> _Contract:
        return self._contracts.setdefault(name, _Contract())

    def _forget_quotes(self, venue: str) -> None:
        """A connection was lost: what it said is no price to trade at. The next ticker brings the others back."""
        for name, contract in self._contracts.items():
            if name.startswith(f"{venue}:"):
                contract.bid = contract.ask = None

    # --- orders ----------------------------------------------------------------------------------------------

    def submit(self, order: OrderRequest, now_ns: int) -> list[AnyEvent]:
        """Carry out an order: its fill, or that it rests, or why it is rejected. The same id again changes nothing
        and tells its outcome again."""
        known = self._outcomes.get(order.client_order_id)
        if known is not None:
            return list(known)
        contract = self._contract(order.instrument)
        mark = self._marks(order.instrument, now_ns)
        if mark is not None:
            contract.bid = contract.ask = mark.value if mark.freshness is Freshness.LIVE else None
            contract.bid_ns = contract.ask_ns = now_ns
        reason = self._rejection(order, contract, now_ns)
        if reason:
            return self._tell(order, [_update(order, OrderState.REJECTED, now_ns, reason=reason)])
        price = _opposite(order, contract)
        assert price is not None  # a fresh quote is a condition of not being rejected
        if _reached(order, price):
            return self._fill(order, contract, price, now_ns, maker=False)
        contract.resting[order.client_order_id] = order
        self._plan()
        return self._tell(order, [_update(order, OrderState.OPEN, now_ns)])

    def cancel(self, client_order_id: str, now_ns: int, reason: str = "cancelled") -> list[AnyEvent]:
        """Cancel a resting order; nothing happens where there is none of that id."""
        for contract in self._contracts.values():
            order = contract.resting.pop(client_order_id, None)
            if order is not None:
                self._plan()
                return self._tell(order, [_update(order, OrderState.CANCELLED, now_ns, reason=reason)])
        return []

    def _rejection(self, order: OrderRequest, contract: _Contract, now_ns: int) -> str:
        """Why an order cannot be taken; empty where it can."""
        instrument = contract.instrument
        if order.account not in self._accounts:
            return f"{order.account} is not a paper account"
        if instrument is None:
            return f"{order.instrument} is not described yet"
        if order.quantity <= 0 or order.quantity % instrument.quantity_step:
            return f"quantity {order.quantity:f} is not a multiple of {instrument.quantity_step:f}"
        if order.quantity < instrument.minimum_quantity:
            return f"quantity {order.quantity:f} is below the minimum of {instrument.minimum_quantity:f}"
        if order.reduce_only and not self._reduces(order):
            return "it would not reduce the position"
        selling = order.side == "sell"
        price, seen_ns = (contract.bid, contract.bid_ns) if selling else (contract.ask, contract.ask_ns)
        if price is None or by_age(now_ns - seen_ns, MARK_AGES_NS) is not Freshness.LIVE:
            return f"there is no fresh {'bid' if selling else 'ask'} price"
        return ""

    def _reduces(self, order: OrderRequest) -> bool:
        held = self._held(_key(order))
        return abs(held) >= order.quantity and (held < 0) == (order.side == "buy")

    def _touched(self, contract: _Contract, now_ns: int) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        for order in list(contract.resting.values()):
            price = _opposite(order, contract)
            if price is None or not _reached(order, price):
                continue
            if order.reduce_only and not self._reduces(order):
                events += self.cancel(order.client_order_id, now_ns, "it would no longer reduce the position")
            else:
                del contract.resting[order.client_order_id]
                events += self._fill(order, contract, order.limit_price, now_ns, maker=True)
        return events

    def _fill(
        self, order: OrderRequest, contract: _Contract, price: Decimal, now_ns: int, *, maker: bool
    ) -> list[AnyEvent]:
        account, instrument = self._accounts[order.account], contract.instrument
        assert instrument is not None  # an order on an unknown contract was rejected
        rate = account.maker_fee if maker else account.taker_fee
        key = _key(order)
        signed = order.quantity * pnl.order_sign(order.side)
        self._own[key] = self._own.get(key, Decimal(0)) + signed
        fill = Fill(
            received_ns=now_ns,
            account=order.account,
            fill_id=f"paper:{order.client_order_id}",
            client_order_id=order.client_order_id,
            instrument=order.instrument,
            side=order.side,
            price=price,
            quantity=order.quantity,
            fee=pnl.order_fee(instrument, order.quantity, price, rate),
            fee_asset=account.settle,
            maker=maker,
            leg=order.leg,
        )
        done = _update(order, OrderState.FILLED, now_ns, filled=order.quantity, price=price)
        # The fill goes first: a run that ends between the two has the position right.
        return self._tell(order, [fill, done])

    def _tell(self, order: OrderRequest, events: list[AnyEvent]) -> list[AnyEvent]:
        self._outcomes[order.client_order_id] = events
        return list(events)

    # --- what falls due --------------------------------------------------------------------------------------

    def _fall_due(self, now_ns: int) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        for name, contract in self._contracts.items():
            due_ns = contract.next_funding_ns
            if due_ns is not None and due_ns <= now_ns and due_ns > contract.settled_ns:
                events += self._settle(name, contract, due_ns, now_ns)
            for order in [item for item in contract.resting.values() if _expired(item, now_ns)]:
                events += self.cancel(order.client_order_id, now_ns, "not filled within its time")
        self._plan()
        return events

    def _timetable(self, name: str, contract: _Contract, next_ns: int, now_ns: int) -> list[AnyEvent]:
        """The next funding time changed: the one before is settled if it was due, or so nearly that it must be."""
        due_ns = contract.next_funding_ns
        settles = (
            due_ns is not None and due_ns > contract.settled_ns and next_ns > due_ns and now_ns >= due_ns - EARLY_NS
        )
        events = self._settle(name, contract, due_ns, now_ns) if settles and due_ns is not None else []
        contract.next_funding_ns = next_ns
        self._plan()
        return events

    def _settle(self, name: str, contract: _Contract, due_ns: int, now_ns: int) -> list[AnyEvent]:
        contract.settled_ns = due_ns
        if contract.instrument is None or contract.mark is None or contract.rate is None:
            return []
        events: list[AnyEvent] = []
        for account in self._accounts.values():
            for leg in Leg:
                key = PositionKey(account.name, name, leg)
                quantity = self._held(key)
                if quantity:
                    events.append(self._payment(key, contract.instrument, contract, quantity, due_ns, now_ns))
        return events

    def _payment(
        self,
        key: PositionKey,
        instrument: Instrument,
        contract: _Contract,
        quantity: Decimal,
        due_ns: int,
        now_ns: int,
    ) -> FundingPayment:
        assert contract.mark is not None
        assert contract.rate is not None
        return FundingPayment(
            received_ns=now_ns,
            account=key.account,
            payment_id=f"paper:{instrument.id}:{due_ns}" + ("" if key.leg is Leg.NET else f":{key.leg.value}"),
            instrument=instrument.id,
            amount=funding.payment(instrument.kind, quantity, instrument.contract_size, contract.mark, contract.rate),
            asset=self._accounts[key.account].settle,
            rate=contract.rate,
            mark_price=contract.mark,
            settled_ns=due_ns,
            estimated=True,
            leg=key.leg,
        )

    def _held(self, key: PositionKey) -> Decimal:
        if self._positions is None:
            return self._own.get(key, Decimal(0))
        held = (item for item in self._positions() if item.key == key)
        return sum((item.quantity for item in held), Decimal(0))

    def _plan(self) -> None:
        """Find out when something falls due next."""
        dues = [_NEVER]
        for contract in self._contracts.values():
            if contract.next_funding_ns is not None and contract.next_funding_ns > contract.settled_ns:
                dues.append(contract.next_funding_ns)
            dues += [order.expires_ns for order in contract.resting.values() if order.expires_ns is not None]
        self._due_ns = min(dues)


def _key(order: OrderRequest) -> PositionKey:
    return PositionKey(order.account, order.instrument, order.leg)


def _expired(order: OrderRequest, now_ns: int) -> bool:
    return order.expires_ns is not None and order.expires_ns <= now_ns


def _opposite(order: OrderRequest, contract: _Contract) -> Decimal | None:
    return contract.bid if order.side == "sell" else contract.ask


def _reached(order: OrderRequest, price: Decimal) -> bool:
    """True where the opposite price is at the limit or better, and not absurdly so."""
    limit = order.limit_price
    if order.side == "sell":
        return limit <= price < limit * ABSURD_FACTOR
    return limit / ABSURD_FACTOR < price <= limit


def _update(
    order: OrderRequest,
    state: OrderState,
    now_ns: int,
    *,
    reason: str = "",
    filled: Decimal = Decimal(0),
    price: Decimal | None = None,
) -> OrderUpdate:
    return OrderUpdate(
        received_ns=now_ns,
        account=order.account,
        client_order_id=order.client_order_id,
        instrument=order.instrument,
        side=order.side,
        quantity=order.quantity,
        state=state,
        filled_quantity=filled,
        average_price=price,
        limit_price=order.limit_price,
        reduce_only=order.reduce_only,
        reason=reason,
        venue_order_id=f"paper:{order.client_order_id}",
        leg=order.leg,
    )
