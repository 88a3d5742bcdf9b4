"""Orders, fills, positions and wallets as MEXC's contract API writes them, in REST and pushes alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.books import MarginMode
from core.pnl import settle_notional
from feeds.sim.accounts import ZERO, Account, Fill, Order, OrderStatus, Position, PositionSide, Purpose, TimeInForce
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.mexc.protocol import number
from feeds.sim.printed import liquidation_price

ISOLATED, CROSS = 1, 2
HEDGE, ONE_WAY = 1, 2
_STATES = {
    OrderStatus.NEW: 2,
    OrderStatus.PARTIALLY_FILLED: 2,
    OrderStatus.FILLED: 3,
    OrderStatus.CANCELLED: 4,
    OrderStatus.EXPIRED: 4,
}
_TYPES = {TimeInForce.GTC: 1, TimeInForce.POST_ONLY: 2, TimeInForce.IOC: 3, TimeInForce.FOK: 4}
_CATEGORIES = {Purpose.LIQUIDATION: 2, Purpose.ADL: 4}


class PositionIds:
    """The number of each position that is held: another one after it was closed or turned round."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str, PositionSide], tuple[int, bool]] = {}
        self._last = 390_000_000

    def of(self, account: Account, position: Position) -> int:
        """The number of a position; that of the last one where none is held."""
        key = (account.name, position.listing.instrument.id, position.side)
        held = self._numbers.get(key)
        long = position.quantity > 0
        if position.quantity and (held is None or held[1] is not long or held[0] < 0):
            self._last += 1
            self._numbers[key] = held = (self._last, long)
        if not position.quantity and held is not None:
            self._numbers[key] = (-abs(held[0]), held[1])
        return 0 if held is None else abs(held[0])


def side_number(order: Order) -> int:
    """1 opens a long, 2 closes a short, 3 opens a short, 4 closes a long."""
    buys = order.side == "buy"
    closes = order.closes
    return (2 if closes else 1) if buys else (4 if closes else 3)


def order_row(account: Account, order: Order) -> dict[str, Any]:
    """An order."""
    listing = order.listing
    kind = 5 if order.price is None else _TYPES[order.time_in_force]
    mode = account.mode(listing, order.position_side)
    makers = sum((fill.fee for fill in account.fills if fill.order is order and fill.maker), ZERO)
    return {
        "orderId": str(order.number),
        "symbol": listing.symbol,
        "positionId": 0,
        "price": number(order.price or ZERO),
        "vol": number(order.quantity),
        "leverage": number(account.leverage(listing, order.position_side)),
        "side": side_number(order),
        "category": _CATEGORIES.get(order.purpose, 1),
        "orderType": kind,
        "dealAvgPrice": number(order.average_price),
        "dealVol": number(order.filled),
        "orderMargin": 0,
        "takerFee": number(order.fees - makers),
        "makerFee": number(makers),
        "profit": number(order.realised),
        "feeCurrency": listing.instrument.settle,
        "openType": ISOLATED if mode is MarginMode.ISOLATED else CROSS,
        "state": _STATES[order.status],
        "externalOid": order.client_id,
        "errorCode": 0,
        "usedMargin": 0,
        "createTime": order.created_ms,
        "updateTime": order.updated_ms,
        "positionMode": ONE_WAY if order.position_side is PositionSide.BOTH else HEDGE,
        "reduceOnly": order.reduce_only,
    }


def pushed_order(account: Account, order: Order) -> dict[str, Any]:
    """An order as it is pushed."""
    return order_row(account, order) | {"remainVol": number(order.left), "version": order.updated_ms % 1000 + 1}


def deal_row(fill: Fill, *, pushed: bool) -> dict[str, Any]:
    """A fill. Pushes name the client's order and call the taker ``isTaker``, REST does not."""
    order = fill.order
    assert order is not None
    row = {
        "id": str(fill.number),
        "symbol": fill.listing.symbol,
        "side": side_number(order),
        "vol": number(fill.quantity),
        "price": number(fill.price),
        "feeCurrency": fill.fee_asset,
        "fee": number(fill.fee),
        "timestamp": fill.time_ms,
        "profit": number(fill.realised),
        "category": _CATEGORIES.get(fill.purpose, 1),
        "orderId": str(order.number),
        "positionMode": ONE_WAY if fill.position_side is PositionSide.BOTH else HEDGE,
    }
    if not pushed:
        return row | {"taker": not fill.maker}
    return row | {"isTaker": not fill.maker, "externalOid": order.client_id, "reduceOnly": order.reduce_only}


def fee_row(fill: Fill) -> dict[str, Any]:
    """What a fill cost."""
    assert fill.order is not None
    return {
        "id": fill.number,
        "orderId": fill.order.number,
        "feeCurrency": fill.fee_asset,
        "fee": number(fill.fee),
        "deductType": 0,
        "timestamp": fill.time_ms,
    }


def position_row(exchange: Exchange, account: Account, position: Position, ids: PositionIds) -> dict[str, Any]:
    """A position, or that there is none any more."""
    listing, entry = position.listing, position.holding.entry_price or ZERO
    instrument = listing.instrument
    leverage = account.leverage(listing, position.side)
    isolated = account.mode(listing, position.side) is MarginMode.ISOLATED
    number_of = ids.of(account, position)
    value = settle_notional(instrument.kind, position.quantity, instrument.contract_size, entry) if entry else ZERO
    initial = (value / leverage + value * listing.taker_fee).quantize(Decimal("0.00000001"))
    printed = liquidation_price(exchange.risk, account, position)
    return {
        "positionId": number_of,
        "symbol": listing.symbol,
        "positionType": _position_type(position),
        "openType": ISOLATED if isolated else CROSS,
        "state": 1 if position.quantity else 3,
        "holdVol": number(abs(position.quantity)),
        "frozenVol": 0,
        "closeVol": 0,
        "holdAvgPrice": number(entry),
        "openAvgPrice": number(entry),
        "closeAvgPrice": 0,
        "liquidatePrice": number(printed or ZERO),
        "oim": number(initial),
        "im": number(position.margin if isolated else initial),
        "holdFee": number(_funding_of(account, position)),
        "realised": number(position.realised),
        "leverage": number(leverage),
        "createTime": position.created_ms,
        "updateTime": position.updated_ms,
        "autoAddIm": False,
    }


def _position_type(position: Position) -> int:
    if position.side is not PositionSide.BOTH:
        return 1 if position.side is PositionSide.LONG else 2
    return 2 if position.quantity < 0 else 1


def _funding_of(account: Account, position: Position) -> Decimal:
    """What a position has received for funding, less what it paid."""
    return -sum(
        (
            fill.fee
            for fill in account.fills
            if fill.purpose is Purpose.FUNDING
            and fill.listing is position.listing
            and fill.position_side is position.side
            and fill.time_ms >= position.created_ms
        ),
        ZERO,
    )


def asset_row(exchange: Exchange, account: Account, currency: str) -> dict[str, Any]:
    """A wallet of the contract account."""
    health = exchange.risk.health(account, currency)
    held = [position for position in account.held() if position.listing.instrument.settle == currency]
    profit = sum((exchange.risk.unrealised(position) for position in held), ZERO)
    isolated = sum((p.margin for p in held if account.mode(p.listing, p.side) is MarginMode.ISOLATED), ZERO)
    wallet = account.wallets["contract"].get(currency, ZERO)
    available = max(ZERO, health.available)
    return {
        "currency": currency,
        "positionMargin": _amount(health.initial + isolated),
        "availableBalance": _amount(available),
        "cashBalance": _amount(wallet),
        "frozenBalance": _amount(health.order_initial),
        "equity": _amount(wallet + profit),
        "unrealized": _amount(profit),
        "bonus": 0,
        "availableCash": _amount(available),
        "availableOpen": _amount(available),
    }


def pushed_asset(exchange: Exchange, account: Account, currency: str) -> dict[str, Any]:
    """A wallet as it is pushed: without equity and unrealised profit."""
    row = asset_row(exchange, account, currency)
    return {name: row[name] for name in ("availableBalance", "bonus", "currency", "frozenBalance", "positionMargin")}


def leverage_row(account: Account, listing: Listing, side: PositionSide) -> dict[str, Any]:
    """Leverage and margin mode of one side of a contract."""
    assert listing.tiers is not None
    tier = listing.tiers.tiers[0]
    asked = side if account.hedges(listing) else PositionSide.BOTH
    isolated = account.mode(listing, asked) is MarginMode.ISOLATED
    return {
        "positionType": 1 if side is PositionSide.LONG else 2,
        "level": 1,
        "imr": number((1 / (tier.maximum_leverage or Decimal(1))).quantize(Decimal("0.0001"))),
        "mmr": number(tier.rate),
        "leverage": number(account.leverage(listing, asked)),
        "maxVol": number(tier.cap or ZERO),
        "openType": ISOLATED if isolated else CROSS,
        "limitBySys": False,
    }


def _amount(value: Decimal) -> Any:
    return number(value.quantize(Decimal("0.00000001")))
