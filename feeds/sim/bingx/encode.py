"""Orders, fills, positions and wallets as BingX writes them, over REST and on its private sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from core.books import MarginMode
from core.pnl import settle_notional
from feeds.sim.accounts import ZERO, Account, Fill, LedgerRow, Order, OrderStatus, Position, PositionSide, Purpose
from feeds.sim.events import BalanceChanged, OrderChanged
from feeds.sim.exchange import Exchange
from feeds.sim.printed import liquidation_price
from feeds.sim.wire import places, plain, short

ID_BASE = 1_900_000_000_000_000_000
"""Order ids are larger than what a double holds exactly."""

CHINA = timezone(timedelta(hours=8))

_STATUSES = {
    OrderStatus.NEW: "PENDING",
    OrderStatus.PARTIALLY_FILLED: "PARTIALLY_FILLED",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELLED: "CANCELLED",
    OrderStatus.EXPIRED: "CANCELLED",
}
_STREAM_STATUSES = _STATUSES | {
    OrderStatus.NEW: "NEW",
    OrderStatus.CANCELLED: "CANCELED",
    OrderStatus.EXPIRED: "EXPIRED",
}
_HAPPENED = {"new": "NEW", "amend": "NEW", "trade": "TRADE", "cancel": "CANCELED", "expire": "EXPIRED"}
_INCOME = {
    "funding": "FUNDING_FEE",
    "fee": "TRADING_FEE",
    "pnl": "REALIZED_PNL",
    "insurance": "INSURANCE_CLEAR",
    "transfer": "TRANSFER",
}


def order_id(order: Order) -> int:
    """The venue's id of an order."""
    return ID_BASE + order.number


def order_type(order: Order) -> str:
    """What kind of order it is."""
    if order.purpose is Purpose.LIQUIDATION:
        return "LIQUIDATION"
    if order.purpose is Purpose.ADL:
        return "ADL"
    return "MARKET" if order.price is None else "LIMIT"


def order_row(order: Order, leverage: Decimal) -> dict[str, Any]:
    """An order over REST."""
    inverse = order.listing.inverse
    return {
        "symbol": order.listing.symbol,
        "orderId": order_id(order),
        "orderID": str(order_id(order)),
        "side": order.side.upper(),
        "positionSide": order.position_side.value,
        "type": order_type(order),
        "origQty": plain(order.quantity),
        "price": plain(order.price or ZERO),
        "executedQty": plain(order.filled),
        "avgPrice": plain(order.average_price),
        "cumQuote": "0" if inverse else plain(order.value),
        "stopPrice": "",
        "profit": places(order.realised, 8),
        "commission": places(-order.fees, 8),
        "status": _STATUSES[order.status],
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "clientOrderId": order.client_id,
        "leverage": f"{short(leverage)}X",
        "positionID": 0,
        "orderType": "",
        "workingType": "MARK_PRICE",
        "postOnly": order.time_in_force.value == "post_only",
        "reduceOnly": order.reduce_only,
        "stopGuaranteed": "false",
    }


def placed(order: Order) -> dict[str, Any]:
    """What is answered to an order: its ids, and nothing of what became of it."""
    return {
        "symbol": order.listing.symbol,
        "orderId": order_id(order),
        "orderID": str(order_id(order)),
        "side": order.side.upper(),
        "positionSide": order.position_side.value,
        "type": order_type(order),
        "clientOrderID": order.client_id,
        "clientOrderId": order.client_id,
        "workingType": "MARK_PRICE",
    }


def placed_flat(order: Order) -> dict[str, Any]:
    """The same of a coin-margined order, which comes without an envelope."""
    return {
        "orderId": order_id(order),
        "symbol": order.listing.symbol,
        "positionSide": order.position_side.value,
        "side": order.side.upper(),
        "type": order_type(order),
        "price": float(order.price or 0),
        "quantity": float(order.quantity),
        "stopPrice": 0,
        "workingType": "",
        "timeInForce": "",
        "clientOrderId": order.client_id,
    }


def order_event(event: OrderChanged, now_ms: int) -> dict[str, Any]:
    """``ORDER_TRADE_UPDATE``."""
    order, fill = event.order, event.fill
    forced = order.purpose.forced and event.what == "trade"
    row: dict[str, Any] = {
        "s": order.listing.symbol,
        "c": order.client_id,
        "i": order_id(order),
        "S": order.side.upper(),
        "o": order_type(order),
        "q": places(order.quantity, 8),
        "p": places(order.price or ZERO, 8),
        "sp": "0.00000000",
        "ap": places(order.average_price, 8),
        "x": "CALCULATED" if forced else _HAPPENED[event.what],
        "X": _STREAM_STATUSES[order.status],
        "N": order.listing.instrument.settle,
        "n": places(commission(fill) if fill is not None else ZERO, 8),
        "T": order.updated_ms,
        "wt": "MARK_PRICE",
        "ps": order.position_side.value,
        "rp": places(fill.realised if fill is not None else ZERO, 8),
        "z": places(order.filled, 8),
        "sg": "false",
        "ti": 0,
        "ro": order.reduce_only,
    }
    if fill is not None:
        row |= {"l": places(fill.quantity, 8), "L": places(fill.price, 8), "td": fill.number}
        row["tv"] = places(fill.price * fill.quantity, 4)
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": order.updated_ms, "o": row}


def commission(fill: Fill) -> Decimal:
    """What is told beside an execution, negative when paid. The clearance fee of a liquidation is in the ledger, where
    there is one."""
    if fill.purpose is Purpose.LIQUIDATION and not fill.listing.inverse:
        return ZERO
    return -fill.fee


# --- fills and the ledger --------------------------------------------------------------------------------------------


def local_time(time_ms: int) -> str:
    """A time as fills have it: China's, with its offset."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(CHINA).isoformat(timespec="milliseconds")


def fill_row(fill: Fill) -> dict[str, Any]:
    """An execution of ``fillHistory``."""
    assert fill.order is not None
    return {
        "symbol": fill.listing.symbol,
        "qty": plain(fill.quantity),
        "price": plain(fill.price),
        "quoteQty": places(fill.quantity * fill.price, 4),
        "commission": places(commission(fill), 8),
        "commissionAsset": fill.fee_asset,
        "orderId": str(order_id(fill.order)),
        "tradeId": str(fill.number),
        "filledTime": local_time(fill.time_ms),
        "side": fill.side.upper(),
        "positionSide": fill.position_side.value,
        "role": "maker" if fill.maker else "taker",
        "realisedPNL": places(fill.realised, 8),
    }


def order_fill_row(fill: Fill) -> dict[str, Any]:
    """An execution of ``allFillOrders``, which tells neither side nor trade."""
    assert fill.order is not None
    return {
        "filledTm": datetime.fromtimestamp(fill.time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "volume": plain(fill.quantity),
        "price": plain(fill.price),
        "amount": places(fill.quantity * fill.price, 4),
        "commission": places(commission(fill), 8),
        "currency": fill.fee_asset,
        "orderId": str(order_id(fill.order)),
        "liquidatedPrice": "",
        "liquidatedMarginRatio": "",
        "filledTime": local_time(fill.time_ms),
        "clientOrderID": fill.order.client_id,
        "symbol": fill.listing.symbol,
    }


def inverse_fill_row(fill: Fill) -> dict[str, Any]:
    """An execution of a coin-margined order; ``amount`` in US dollars."""
    assert fill.order is not None
    return {
        "orderId": str(order_id(fill.order)),
        "symbol": fill.listing.symbol,
        "type": order_type(fill.order),
        "side": fill.side.upper(),
        "positionSide": fill.position_side.value,
        "tradeId": str(fill.number),
        "volume": plain(fill.quantity),
        "tradePrice": plain(fill.price),
        "amount": places(fill.quantity * fill.listing.instrument.contract_size, 8),
        "realizedPnl": places(fill.realised, 8),
        "commission": places(commission(fill), 8),
        "currency": fill.fee_asset,
        "buyer": fill.side == "buy",
        "maker": fill.maker,
        "tradeTime": fill.time_ms,
    }


def income(row: LedgerRow) -> dict[str, Any]:
    """A row of the ledger."""
    kind = _INCOME[row.kind]
    return {
        "symbol": row.symbol,
        "incomeType": kind,
        "income": places(row.amount, 8),
        "asset": row.asset,
        "info": kind.replace("_", " ").title(),
        "time": row.time_ms,
        "tranId": str(row.number),
        "tradeId": "" if row.fill is None or row.fill.order is None else str(row.fill.number),
    }


# --- positions and wallets -------------------------------------------------------------------------------------------


def actual_side(position: Position) -> str:
    """The side that a position has, in either mode."""
    return "LONG" if position.quantity > 0 else "SHORT"


def _initial(exchange: Exchange, account: Account, position: Position) -> Decimal:
    """Margin put in: an isolated position's own, a cross one's value at entry over the leverage."""
    if account.mode(position.listing, position.side) is MarginMode.ISOLATED:
        return position.margin
    entry, instrument = position.holding.entry_price, position.listing.instrument
    if entry is None:
        return ZERO
    value = settle_notional(instrument.kind, position.quantity, instrument.contract_size, entry)
    return value / account.leverage(position.listing, position.side)


def position_row(exchange: Exchange, account: Account, position: Position) -> dict[str, Any]:
    """A position over REST. Its amount has no sign; in one-way mode too the side is told that it has."""
    listing, side = position.listing, position.side
    quote, risk = exchange.quote(listing), exchange.risk
    profit, initial = risk.unrealised(position), _initial(exchange, account, position)
    price = liquidation_price(risk, account, position)
    equity = risk.health(account, listing.instrument.settle).equity
    row: dict[str, Any] = {
        "positionId": str(ID_BASE + position.sequence),
        "symbol": listing.symbol,
        "currency": listing.instrument.settle,
        "positionAmt": plain(abs(position.quantity)),
        "availableAmt": plain(abs(position.quantity)),
        "positionSide": actual_side(position),
        "isolated": account.mode(listing, side) is MarginMode.ISOLATED,
        "avgPrice": plain(position.holding.entry_price or ZERO),
        "initialMargin": places(initial, 8),
        "leverage": int(account.leverage(listing, side)),
        "unrealizedProfit": places(profit, 8),
        "realisedProfit": places(position.realised, 8),
        "liquidationPrice": 0 if price is None else float(price),
        "pnlRatio": places(profit / initial if initial else ZERO, 4),
        "riskRate": places(risk.requirement(account, position) / equity if equity else ZERO, 4),
        "markPrice": plain(quote.mark),
        "maxMarginReduction": "0",
        "updateTime": position.updated_ms,
    }
    if not listing.inverse:
        row |= {"margin": places(initial + profit, 8), "positionValue": places(risk.value(position), 8)}
        row["onlyOnePosition"] = side is PositionSide.BOTH
    return row


def position_event(exchange: Exchange, account: Account, position: Position) -> dict[str, Any]:
    """A position on the private socket: in one-way mode it is of both sides, and signed."""
    both = position.side is PositionSide.BOTH
    profit = exchange.risk.unrealised(position)
    isolated = account.mode(position.listing, position.side) is MarginMode.ISOLATED
    return {
        "s": position.listing.symbol,
        "pa": places(position.quantity if both else abs(position.quantity), 8),
        "ep": places(position.holding.entry_price or ZERO, 8),
        "up": places(profit, 8),
        "mt": "isolated" if isolated else "cross",
        "iw": places(_initial(exchange, account, position) + profit, 8),
        "ps": position.side.value,
        "cr": places(position.cumulative_realised, 8),
    }


_REASONS = {"order": "ORDER", "funding": "FUNDING_FEE", "margin": "ORDER"}


def account_event(exchange: Exchange, event: BalanceChanged) -> dict[str, Any]:
    """``ACCOUNT_UPDATE`` of contracts: what changed, and of a cross position's funding only the balance."""
    account, wallet = event.account, event.account.wallets[event.wallet]
    reason = _REASONS.get(event.reason, "DEPOSIT" if event.change >= 0 else "WITHDRAW")
    positions = [
        position
        for position in event.positions
        if event.reason != "funding" or account.mode(position.listing, position.side) is MarginMode.ISOLATED
    ]
    balances = []
    for asset in event.assets:
        amount = wallet.get(asset, ZERO)
        alone = sum(
            (
                position.margin
                for position in account.held()
                if position.listing.instrument.settle == asset
                and account.mode(position.listing, position.side) is MarginMode.ISOLATED
            ),
            ZERO,
        )
        row = {"a": asset, "wb": places(amount, 8), "cw": places(amount - alone, 8), "bc": places(event.change, 8)}
        balances.append(row)
    return {
        "e": "ACCOUNT_UPDATE",
        "E": exchange.now_ms,
        "T": exchange.now_ms,
        "a": {
            "m": reason,
            "B": balances,
            "P": [position_event(exchange, account, position) for position in positions],
        },
    }


def balance_row(exchange: Exchange, account: Account, asset: str) -> dict[str, Any]:
    """The wallet of one settle currency."""
    risk = exchange.risk
    wallet = risk.wallet_of(account, asset).get(asset, ZERO)
    held = [position for position in account.held() if position.listing.instrument.settle == asset]
    profit = sum((risk.unrealised(position) for position in held), ZERO)
    used = sum((risk.initial(account, position) for position in held), ZERO)
    health = risk.health(account, asset)
    return {
        "userId": str(account.uid),
        "asset": asset,
        "balance": places(wallet, 8),
        "equity": places(wallet + profit, 8),
        "unrealizedProfit": places(profit, 8),
        "realisedProfit": places(sum((position.cumulative_realised for position in held), ZERO), 8),
        "availableMargin": places(max(ZERO, health.available), 8),
        "usedMargin": places(used, 8),
        "freezedMargin": places(health.order_initial, 8),
        "shortUid": str(account.uid)[:8],
    }
