"""Accounts of a simulated venue: keys, wallets, positions, orders, fills and the ledger, in exact money."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from core.books import MarginMode
from core.errors import RequestError
from core.instruments import ContractKind
from core.pnl import Holding
from feeds.sim.catalogue import Listing

ZERO = Decimal(0)
MONEY_PLACES = Decimal("0.00000001")
DEFAULT_LEVERAGE = Decimal(10)

_FILLS_KEPT = 2_000
_LEDGER_KEPT = 5_000
_CLOSED_KEPT = 2_000


def money(value: Decimal) -> Decimal:
    """An amount as wallets keep it: to eight places."""
    return value.quantize(MONEY_PLACES)


class OrderStatus(StrEnum):
    """The life of an order at the venue."""

    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Ended by its own terms: an IOC, FOK or post-only order that could not have its way."""


class TimeInForce(StrEnum):
    """How long an order may wait."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class Purpose(StrEnum):
    """Why an order or a fill exists."""

    TRADE = "trade"
    FUNDING = "funding"
    LIQUIDATION = "liquidation"


class PositionSide(StrEnum):
    """Which position of a contract: the only one, or in hedge mode the long or the short one."""

    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"

    def closed_by(self, side: str) -> bool:
        """Whether an order of that side can only close this position."""
        return self is not PositionSide.BOTH and (self is PositionSide.LONG) is (side == "sell")


class Order(msgspec.Struct, kw_only=True, eq=False):
    """One order. Quantities in order units, unsigned; ``price`` is ``None`` for a market order.

    ``value`` sums the fills in the settle currency: price × quantity, or quantity ÷ price for inverse contracts.
    """

    number: int
    identity: str
    client_id: str
    listing: Listing
    side: str
    quantity: Decimal
    price: Decimal | None
    time_in_force: TimeInForce
    reduce_only: bool
    created_ms: int
    updated_ms: int
    position_side: PositionSide = PositionSide.BOTH
    purpose: Purpose = Purpose.TRADE
    status: OrderStatus = OrderStatus.NEW
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fees: Decimal = ZERO
    realised: Decimal = ZERO
    reason: str = ""
    announced: bool = False
    """Whether it has reached the book; an accepted order may still be on its way."""

    @property
    def left(self) -> Decimal:
        """What is not filled."""
        return self.quantity - self.filled

    @property
    def closes(self) -> bool:
        """Whether it may only make its position smaller."""
        return self.reduce_only or self.position_side.closed_by(self.side)

    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)

    @property
    def average_price(self) -> Decimal:
        """Average price of the fills, to eight places; zero before the first."""
        if not self.filled:
            return ZERO
        inverse = self.listing.instrument.kind is ContractKind.INVERSE
        price = self.filled / self.value if inverse else self.value / self.filled
        return money(price).normalize()


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution. ``fee`` + paid, in ``fee_asset``; for funding it is the payment with the sign turned round."""

    number: int
    identity: str
    order: Order | None
    listing: Listing
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_rate: Decimal
    fee_asset: str
    maker: bool
    realised: Decimal
    closed: Decimal
    mark: Decimal
    time_ms: int
    purpose: Purpose
    position_side: PositionSide = PositionSide.BOTH


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a wallet. ``amount`` + received; ``kind`` is ``pnl``, ``fee``, ``funding``, ``insurance`` or
    ``transfer``."""

    number: int
    time_ms: int
    kind: str
    asset: str
    amount: Decimal
    balance: Decimal
    symbol: str = ""
    category: str = ""
    fill: Fill | None = None
    position: Decimal = ZERO


class Position(msgspec.Struct, kw_only=True, eq=False):
    """A position, in one-way mode or one of two in hedge mode. ``margin`` is what an isolated one has had moved to it
    (settle currency, no P&L in it)."""

    listing: Listing
    side: PositionSide = PositionSide.BOTH
    holding: Holding = Holding()
    margin: Decimal = ZERO
    realised: Decimal = ZERO
    cumulative_realised: Decimal = ZERO
    created_ms: int = 0
    updated_ms: int = 0
    sequence: int = -1

    @property
    def quantity(self) -> Decimal:
        """Signed, short negative."""
        return self.holding.quantity


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of an account; ``permissions`` is ``trade``, ``read`` or ``withdraw`` (which may trade too)."""

    key: str
    secret: str
    permissions: str

    @property
    def may_trade(self) -> bool:
        """Whether orders are taken from it."""
        return self.permissions != "read"


class Account:
    """One user of one venue. ``spot`` is the same wallet as ``wallet`` where the venue has a unified account."""

    def __init__(self, name: str, wallet: Mapping[str, Decimal], spot: Mapping[str, Decimal] | None = None) -> None:
        self.name = name
        self.uid = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
        self.wallet: dict[str, Decimal] = dict(wallet)
        self.spot: dict[str, Decimal] = self.wallet if spot is None else dict(spot)
        self.hedge_mode = False
        self.hedge_modes: dict[str, bool] = {}
        self.positions: dict[str, Position] = {}
        self.leverages: dict[str, Decimal] = {}
        self.modes: dict[str, MarginMode] = {}
        self.account_mode = MarginMode.CROSS
        self.orders: dict[str, Order] = {}
        self.closed_orders: deque[Order] = deque(maxlen=_CLOSED_KEPT)
        self.used_client_ids: set[str] = set()
        self.fills: deque[Fill] = deque(maxlen=_FILLS_KEPT)
        self.ledger: deque[LedgerRow] = deque(maxlen=_LEDGER_KEPT)
        self.updated_ms = 0

    def leverage(self, listing: Listing) -> Decimal:
        """The leverage set for a contract."""
        return self.leverages.get(listing.instrument.id, DEFAULT_LEVERAGE)

    def mode(self, listing: Listing) -> MarginMode:
        """Isolated or cross, for a contract; account-wide where nothing else was set."""
        return self.modes.get(listing.instrument.id, self.account_mode)

    def hedges(self, listing: Listing) -> bool:
        """Whether long and short are held side by side in a contract; spot and inverse ones are one-way."""
        linear = listing.instrument.kind is ContractKind.LINEAR
        return linear and self.hedge_modes.get(listing.instrument.id, self.hedge_mode)

    def position(self, listing: Listing, side: PositionSide = PositionSide.BOTH) -> Position:
        """A position in a contract, empty if there never was one."""
        name = listing.instrument.id
        key = name if side is PositionSide.BOTH else f"{name} {side}"
        if key not in self.positions:
            self.positions[key] = Position(listing=listing, side=side)
        return self.positions[key]

    def sides(self, listing: Listing) -> tuple[Position, ...]:
        """The one position in a contract, or the long and the short one of hedge mode."""
        if not self.hedges(listing):
            return (self.position(listing),)
        return self.position(listing, PositionSide.LONG), self.position(listing, PositionSide.SHORT)

    def held(self) -> Iterator[Position]:
        """Every position that is not flat."""
        return (position for position in self.positions.values() if position.quantity)

    def open_orders(self, listing: Listing | None = None) -> list[Order]:
        """Open orders, oldest first; of one listing or of all."""
        return [order for order in self.orders.values() if listing is None or order.listing is listing]

    def find_order(self, identity: str, client_id: str) -> Order | None:
        """An order by the venue's id or the client's, open ones first, then the newest closed one."""
        known = itertools.chain(self.orders.values(), reversed(self.closed_orders))
        for order in known:
            if (identity and identity in (order.identity, str(order.number))) or (
                client_id and order.client_id == client_id
            ):
                return order
        return None


class AccountBook:
    """All accounts of one venue, found by key; numbers for orders, fills and rows."""

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self.accounts: list[Account] = []
        self._keys: dict[str, tuple[ApiKey, Account]] = {}
        self._numbers = itertools.count(8_000_000_001)

    def add(self, account: Account, keys: Iterable[ApiKey]) -> Account:
        """Open an account."""
        self.accounts.append(account)
        self._keys.update({key.key: (key, account) for key in keys})
        return account

    def open(
        self, name: str, wallet: Mapping[str, Decimal], spot: Mapping[str, Decimal] | None, now_ms: int
    ) -> list[ApiKey]:
        """Open an account with one key of each permission; the keys follow from venue and name."""
        if any(account.name == name for account in self.accounts):
            raise RequestError("name", "an account name that is not taken", name)
        keys = [make_key(self.venue, name, permissions) for permissions in ("trade", "read", "withdraw")]
        self.add(Account(name, wallet, spot), keys).updated_ms = now_ms
        return keys

    def find(self, key: str) -> tuple[ApiKey, Account] | None:
        """The key and its account."""
        return self._keys.get(key)

    def secret(self, key: str) -> str | None:
        """A key's secret; ``None`` for a key that is not known."""
        found = self._keys.get(key)
        return None if found is None else found[0].secret

    def key_of(self, account: Account) -> str:
        """The trading key of an account."""
        return next(key.key for key, owner in self._keys.values() if owner is account and key.may_trade)

    def number(self) -> int:
        """The next number of this venue's counter."""
        return next(self._numbers)


def make_key(venue: str, name: str, permissions: str) -> ApiKey:
    """A test key; it follows from its arguments, so that a restarted simulator knows it again."""
    digest = hashlib.sha256(f"{venue}/{name}/{permissions}".encode()).hexdigest()
    return ApiKey(key=f"sim-{venue}-{name}-{permissions}", secret=f"not-secret-{digest[:24]}", permissions=permissions)


def order_identity(number: int) -> str:
    """A uuid-shaped order id."""
    return str(uuid.UUID(int=number << 64 | 0x8000 << 48 | number, version=4))
