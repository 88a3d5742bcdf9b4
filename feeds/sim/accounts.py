"""Accounts of a simulated venue: keys, wallets, positions, orders, fills and the ledger, in exact money.

An account has the wallets that its venue's rules name; each category of contracts or spot pairs draws on one of them.
Leverage, margin mode and position mode may be set for a contract, and leverage and margin mode for one of its sides.
"""

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
from core.pnl import Holding
from feeds.sim.catalogue import Listing
from feeds.sim.rules import VenueRules

Wallet = dict[str, Decimal]

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
    ADL = "adl"
    """The venue closed a winning position against a loser's."""
    DELIVERY = "delivery"
    """A dated contract expired."""

    @property
    def forced(self) -> bool:
        """Whether the venue did it, not the account's owner."""
        return self in (Purpose.LIQUIDATION, Purpose.ADL, Purpose.DELIVERY)


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

    ``value`` sums the fills in the settle currency: price × coins, or USD ÷ price for inverse contracts.
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
        amount = self.filled * self.listing.instrument.contract_size
        price = amount / self.value if self.listing.inverse else self.value / amount
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
    """One change of a wallet. ``amount`` + received; ``kind`` is ``trade`` (coins exchanged), ``pnl``, ``fee``,
    ``funding``, ``insurance`` or ``transfer``."""

    number: int
    time_ms: int
    kind: str
    asset: str
    amount: Decimal
    balance: Decimal
    wallet: str
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
    passphrase: str = ""

    @property
    def may_trade(self) -> bool:
        """Whether orders are taken from it."""
        return self.permissions != "read"


class Account:
    """One user of one venue, with the amounts that ``wallets`` hold by name and asset."""

    def __init__(self, name: str, rules: VenueRules, wallets: Mapping[str, Mapping[str, Decimal]]) -> None:
        self.name = name
        self.rules = rules
        self.uid = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
        self.wallets: dict[str, Wallet] = {wallet: dict(wallets.get(wallet, {})) for wallet in rules.wallet_names}
        self.hedge_mode = rules.hedge_mode
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

    @property
    def wallet(self) -> Wallet:
        """The wallet of the venue's first category."""
        return self.wallets[self.rules.main]

    def wallet_of(self, category: str) -> Wallet:
        """The wallet that a category draws on."""
        return self.wallets[self.rules.wallets[category]]

    def leverage(self, listing: Listing, side: PositionSide = PositionSide.BOTH) -> Decimal:
        """The leverage set for a side of a contract, or for the contract."""
        name = listing.instrument.id
        own = None if side is PositionSide.BOTH else self.leverages.get(f"{name} {side}")
        return own or self.leverages.get(name, DEFAULT_LEVERAGE)

    def mode(self, listing: Listing, side: PositionSide = PositionSide.BOTH) -> MarginMode:
        """Isolated or cross, for a side of a contract or for the contract; account-wide where neither was set."""
        name = listing.instrument.id
        own = None if side is PositionSide.BOTH else self.modes.get(f"{name} {side}")
        return own or self.modes.get(name, self.account_mode)

    def hedges(self, listing: Listing) -> bool:
        """Whether long and short are held side by side in a contract, where the venue has that for its category."""
        able = listing.category in self.rules.hedges
        return able and self.hedge_modes.get(listing.instrument.id, self.hedge_mode)

    def position(self, listing: Listing, side: PositionSide = PositionSide.BOTH) -> Position:
        """A position in a contract, empty if there never was one."""
        key = side_key(listing, side)
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

    def __init__(self, rules: VenueRules) -> None:
        self.rules = rules
        self.expired: set[str] = set()
        """Keys that are no longer taken."""
        self.accounts: list[Account] = []
        self._keys: dict[str, tuple[ApiKey, Account]] = {}
        self._numbers = itertools.count(8_000_000_001)

    def add(self, account: Account, keys: Iterable[ApiKey]) -> Account:
        """Open an account."""
        self.accounts.append(account)
        self._keys.update({key.key: (key, account) for key in keys})
        return account

    def open(self, name: str, wallets: Mapping[str, Mapping[str, Decimal]], now_ms: int) -> list[ApiKey]:
        """Open an account with one key of each permission; the keys follow from venue and name.

        ``wallets`` are amounts by wallet and asset. Raises RequestError for a name that is taken and for a wallet
        that the venue has not.
        """
        for wallet in wallets:
            if wallet not in self.rules.wallet_names:
                raise RequestError("wallets", f"one of {', '.join(self.rules.wallet_names)}", wallet)
        if any(account.name == name for account in self.accounts):
            raise RequestError("name", "an account name that is not taken", name)
        keys = [make_key(self.rules, name, permissions) for permissions in ("trade", "read", "withdraw")]
        self.add(Account(name, self.rules, wallets), keys).updated_ms = now_ms
        return keys

    def find(self, key: str) -> tuple[ApiKey, Account] | None:
        """The key and its account; ``None`` for a key that is not known or has expired (see ``expired``)."""
        return None if key in self.expired else self._keys.get(key)

    def secret(self, key: str) -> str | None:
        """A key's secret; ``None`` for a key that is not known or has expired."""
        found = self.find(key)
        return None if found is None else found[0].secret

    def key_of(self, account: Account) -> str:
        """The trading key of an account."""
        return next(key.key for key, owner in self._keys.values() if owner is account and key.may_trade)

    def number(self) -> int:
        """The next number of this venue's counter."""
        return next(self._numbers)


def make_key(rules: VenueRules, name: str, permissions: str) -> ApiKey:
    """A test key; it follows from its arguments, so that a restarted simulator knows it again."""
    digest = hashlib.sha256(f"{rules.venue}/{name}/{permissions}".encode()).hexdigest()
    return ApiKey(
        key=f"sim-{rules.venue}-{name}-{permissions}",
        secret=f"not-secret-{digest[:24]}",
        permissions=permissions,
        passphrase=f"phrase-{digest[24:32]}" if rules.passphrase else "",
    )


def side_key(listing: Listing, side: PositionSide = PositionSide.BOTH) -> str:
    """The name under which a contract's or one side's position, leverage and margin mode are kept."""
    name = listing.instrument.id
    return name if side is PositionSide.BOTH else f"{name} {side}"


def order_identity(number: int) -> str:
    """A uuid-shaped order id."""
    return str(uuid.UUID(int=number << 64 | 0x8000 << 48 | number, version=4))
