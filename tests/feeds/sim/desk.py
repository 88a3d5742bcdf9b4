"""A simulated exchange without sockets, stepped by hand, and an account that trades on it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.books import MarginMode
from feeds.sim.accounts import Account, Order, Position, TimeInForce
from feeds.sim.catalogue import Listing
from feeds.sim.events import AccountEvent
from feeds.sim.exchange import Exchange
from feeds.sim.market import STEP_MS
from feeds.sim.order_checks import OrderRequest
from feeds.sim.simulator import Simulator, SimulatorOptions

START_MS = 1_786_310_400_000 + 3_600_000
"""An hour into an eight-hour funding interval, in August 2026."""


class Desk:
    """One venue, one contract, one account. Every event of the account is kept in ``events``."""

    def __init__(
        self,
        venue: str = "binance",
        *,
        category: str | None = None,
        symbol: str | None = None,
        wallet: Mapping[str, str] | None = None,
        mode: MarginMode = MarginMode.CROSS,
        leverage: int = 5,
        pins: Mapping[str, str] | None = None,
        seed: int = 1,
    ) -> None:
        prices = {coin: Decimal(price) for coin, price in (pins or {"BTC": "60000"}).items()}
        self.simulator = Simulator(SimulatorOptions(seed=seed, pins=prices), START_MS)
        self.now_ms = START_MS
        self.exchange: Exchange = self.simulator.venues[venue].exchange
        category = category or {"binance": "usdm", "bybit": "linear"}[venue]
        usual = {"inverse": "BTCUSD", "coinm": "BTCUSD_PERP"}.get(category, "BTCUSDT")
        listing = self.exchange.find(category, symbol or usual)
        assert listing is not None
        self.listing: Listing = listing
        amounts = {asset: Decimal(amount) for asset, amount in (wallet or {"USDT": "100000"}).items()}
        self.exchange.book.open("desk", {self.exchange.rules.wallets[category]: amounts}, START_MS)
        self.account: Account = self.exchange.book.accounts[-1]
        self.account.account_mode = mode
        self.account.leverages[listing.instrument.id] = Decimal(leverage)
        self.events: list[AccountEvent] = []
        self.exchange.listener = self.events.append
        self.step()

    @property
    def position(self) -> Position:
        """The account's position in the desk's contract."""
        return self.account.position(self.listing)

    def step(self, count: int = 1) -> None:
        """Let the market move."""
        for _ in range(count):
            self.now_ms += STEP_MS
            self.simulator.step(self.now_ms)

    def pin(self, price: Decimal | str, coin: str = "BTC") -> None:
        """Hold a coin at a price, from this very step."""
        self.simulator.market.pin(coin, Decimal(price))
        self.step()

    def request(
        self,
        side: str,
        quantity: Decimal | str,
        price: Decimal | str | None = None,
        *,
        force: TimeInForce = TimeInForce.GTC,
        reduce_only: bool = False,
        client_id: str = "",
    ) -> OrderRequest:
        """What a client would ask for; without a price at market."""
        return OrderRequest(
            listing=self.listing,
            side=side,
            quantity=Decimal(quantity),
            price=None if price is None else Decimal(price),
            time_in_force=TimeInForce.IOC if price is None else force,
            reduce_only=reduce_only,
            client_id=client_id,
        )

    def trade(self, request: OrderRequest, *, ids_for_ever: bool = False) -> Order:
        """Enter an order and let it match."""
        order = self.exchange.matching.accept(self.account, request, ids_for_ever=ids_for_ever)
        self.exchange.matching.execute(self.account, order)
        return order
