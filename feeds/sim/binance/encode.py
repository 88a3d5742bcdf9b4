"""Accounts as Binance's futures write them: orders, trades, positions, balances, income, and their stream events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.books import MarginMode
from core.pnl import settle_notional
from feeds.sim.accounts import (
    ZERO,
    Account,
    Fill,
    LedgerRow,
    Order,
    OrderStatus,
    Position,
    Purpose,
    TimeInForce,
)
from feeds.sim.binance.frames import product
from feeds.sim.catalogue import Listing
from feeds.sim.events import BalanceChanged, OrderChanged
from feeds.sim.exchange import Exchange
from feeds.sim.printed import liquidation_price
from feeds.sim.wire import places, plain, short

Fields = dict[str, Any]

ALIAS = "SimA"
"""What the account is called where it is called something."""

STATUS = {
    OrderStatus.NEW: "NEW",
    OrderStatus.PARTIALLY_FILLED: "PARTIALLY_FILLED",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELLED: "CANCELED",
    OrderStatus.EXPIRED: "EXPIRED",
}
TIME_IN_FORCE = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "GTX",
}
_EXECUTIONS = {"new": "NEW", "trade": "TRADE", "amend": "AMENDMENT", "cancel": "CANCELED", "expire": "EXPIRED"}
_INCOMES = {
    "pnl": "REALIZED_PNL",
    "fee": "COMMISSION",
    "funding": "FUNDING_FEE",
    "insurance": "INSURANCE_CLEAR",
    "transfer": "TRANSFER",
}


def order(item: Order) -> Fields:
    """An order as place, cancel and modify answer it: without average price and counter-value."""
    kind = "MARKET" if item.price is None else "LIMIT"
    return {
        "orderId": item.number,
        "symbol": item.listing.symbol,
        **_pair(item.listing),
        "status": STATUS[item.status],
        "clientOrderId": item.client_id,
        "price": "0" if item.price is None else plain(item.price),
        "origQty": plain(item.quantity),
        "executedQty": plain(item.filled),
        "cumQty": plain(item.filled),
        "timeInForce": "GTC" if item.price is None else TIME_IN_FORCE[item.time_in_force],
        "type": kind,
        "reduceOnly": item.reduce_only,
        "closePosition": False,
        "side": item.side.upper(),
        "positionSide": item.position_side.value,
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": kind,
        "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "goodTillDate": 0,
        "updateTime": item.updated_ms,
    }


def queried_order(item: Order) -> Fields:
    """An order as queries answer it, with its counter-value: in the coin on COIN-M, where the other is 0."""
    value = places(item.value, 8) if item.listing.inverse else plain(item.value)
    return order(item) | {
        "avgPrice": plain(item.average_price),
        "cumQuote": "0" if item.listing.inverse else value,
        "cumBase": value if item.listing.inverse else "0",
        "time": item.created_ms,
    }


def trade(fill: Fill) -> Fields:
    """One row of userTrades."""
    assert fill.order is not None
    return {
        "buyer": fill.side == "buy",
        "commission": plain(_commission(fill)),
        "commissionAsset": fill.fee_asset,
        "id": fill.number,
        "maker": fill.maker,
        "orderId": fill.order.number,
        "price": plain(fill.price),
        "qty": plain(fill.quantity),
        **_counter_value(fill),
        "realizedPnl": plain(fill.realised),
        "side": fill.side.upper(),
        "positionSide": fill.position_side.value,
        "symbol": fill.listing.symbol,
        **_pair(fill.listing),
        "time": fill.time_ms,
    }


def _commission(fill: Fill) -> Decimal:
    """The fee of an execution. What a liquidation costs is no commission: the income tells it by itself."""
    return ZERO if fill.purpose is Purpose.LIQUIDATION else fill.fee


def income(row: LedgerRow, category: str) -> Fields:
    """One row of income; + is received. Numbers of entries are texts on COIN-M."""
    traded = row.fill is not None and row.kind in ("pnl", "fee")
    delivered = row.fill is not None and row.fill.purpose is Purpose.DELIVERY and row.kind == "pnl"
    kind = "DELIVERED_SETTELMENT" if delivered else _INCOMES[row.kind]
    return {
        "symbol": row.symbol,
        "incomeType": kind,
        "income": plain(row.amount),
        "asset": row.asset,
        "info": kind,
        "time": row.time_ms,
        "tranId": str(row.number) if category == "coinm" else row.number,
        "tradeId": str(row.fill.number) if row.fill is not None and traded else "",
    }


def position_risk(exchange: Exchange, account: Account, item: Position) -> Fields:
    """One row of positionRisk v3, which tells neither leverage nor margin type."""
    listing, risk = item.listing, exchange.risk
    isolated, unrealised = account.mode(listing) is MarginMode.ISOLATED, risk.unrealised(item)
    liquidation = liquidation_price(risk, account, item)
    initial = risk.value(item) / account.leverage(listing) if item.quantity else ZERO
    orders = [order for order in account.open_orders(listing) if order.position_side is item.side]
    bids, asks = _ordered(orders)
    open_initial = sum((risk.order_initial(account, o) for o in orders), ZERO)
    return {
        "symbol": listing.symbol,
        "positionSide": item.side.value,
        "positionAmt": plain(item.quantity),
        "entryPrice": _price(item.holding.entry_price),
        "breakEvenPrice": _price(break_even(item)),
        "markPrice": places(risk.mark(listing), 8),
        "unRealizedProfit": places(unrealised, 8),
        "liquidationPrice": "0" if liquidation is None else plain(liquidation),
        "isolatedMargin": places(item.margin + unrealised, 8) if isolated and item.quantity else "0",
        "notional": short(risk.value(item) * (1 if item.quantity > 0 else -1)) if item.quantity else "0",
        "marginAsset": listing.instrument.settle,
        "isolatedWallet": plain(item.margin) if isolated and item.quantity else "0",
        "initialMargin": places(initial + open_initial, 8),
        "maintMargin": places(risk.maintenance(item), 8),
        "positionInitialMargin": places(initial, 8),
        "openOrderInitialMargin": places(open_initial, 8),
        "adl": 2 if item.quantity else 0,
        "bidNotional": short(bids),
        "askNotional": short(asks),
        "updateTime": item.updated_ms,
    }


def account_position(exchange: Exchange, account: Account, item: Position) -> Fields:
    """One element of ``positions`` in account v3."""
    row = position_risk(exchange, account, item)
    names = ("symbol", "positionSide", "positionAmt", "isolatedMargin", "notional", "isolatedWallet")
    return {name: row[name] for name in names} | {
        "unrealizedProfit": row["unRealizedProfit"],
        "initialMargin": row["initialMargin"],
        "maintMargin": row["maintMargin"],
        "updateTime": row["updateTime"],
    }


def asset(exchange: Exchange, account: Account, name: str, category: str) -> Fields:
    """One element of ``assets`` in an account."""
    risk, health = exchange.risk, exchange.risk.health(account, name)
    held = [p for p in account.held() if p.listing.instrument.settle == name and p.listing.category == category]
    wallet = account.wallet_of(category).get(name, ZERO)
    unrealised = sum((risk.unrealised(position) for position in held), ZERO)
    initial = sum((risk.value(p) / account.leverage(p.listing) for p in held), ZERO)
    available = places(max(ZERO, health.available), 8)
    return {
        "asset": name,
        "walletBalance": places(wallet, 8),
        "unrealizedProfit": places(unrealised, 8),
        "marginBalance": places(wallet + unrealised, 8),
        "maintMargin": places(sum((risk.maintenance(position) for position in held), ZERO), 8),
        "initialMargin": places(initial + health.order_initial, 8),
        "positionInitialMargin": places(initial, 8),
        "openOrderInitialMargin": places(health.order_initial, 8),
        "crossWalletBalance": places(health.wallet, 8),
        "crossUnPnl": places(health.unrealised, 8),
        "availableBalance": available,
        "maxWithdrawAmount": available,
        "updateTime": account.updated_ms,
    }


def order_event(exchange: Exchange, event: OrderChanged) -> Fields:
    """ORDER_TRADE_UPDATE."""
    item, fill, now = event.order, event.fill, exchange.now_ms
    forced = fill is not None and item.purpose.forced
    kind = "MARKET" if item.price is None else "LIMIT"
    bids, asks = _ordered(event.account.open_orders(item.listing))
    body = {
        "s": item.listing.symbol,
        "c": item.client_id,
        "S": item.side.upper(),
        "o": kind,
        "f": "GTC" if item.price is None else TIME_IN_FORCE[item.time_in_force],
        "q": plain(item.quantity),
        "p": "0" if item.price is None else plain(item.price),
        "ap": plain(item.average_price),
        "sp": "0",
        "x": "CALCULATED" if forced else _EXECUTIONS[event.what],
        "X": "NEW_ADL" if forced and item.purpose is Purpose.ADL else STATUS[item.status],
        "i": item.number,
        "l": "0" if fill is None else plain(fill.quantity),
        "z": plain(item.filled),
        "L": "0" if fill is None else plain(fill.price),
    }
    if fill is not None:
        body |= {"n": plain(_commission(fill)), "N": fill.fee_asset}
    body |= {
        "T": now,
        "t": 0 if fill is None else fill.number,
        "b": short(bids),
        "a": short(asks),
        "m": fill is not None and fill.maker,
        "R": item.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": kind,
        "ps": item.position_side.value,
        "cp": False,
        "rp": "0" if fill is None else plain(fill.realised),
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": "EXPIRE_MAKER",
        "pm": "NONE",
        "gtd": 0,
        "er": "0",
    }
    if item.listing.inverse:
        body["ma"] = item.listing.instrument.settle
    return {"e": "ORDER_TRADE_UPDATE", "E": now, "T": now, "o": body}


def account_event(exchange: Exchange, event: BalanceChanged, reason: str) -> Fields:
    """ACCOUNT_UPDATE: absolute values of what changed. A cross position is left out of a funding event."""
    now, account, positions = exchange.now_ms, event.account, event.positions
    balances = []
    for name in event.assets:
        wallet, cross = account.wallets[event.wallet].get(name, ZERO), exchange.risk.health(account, name).wallet
        balances.append({"a": name, "wb": places(wallet, 8), "cw": places(cross, 8), "bc": short(event.change)})
    body: Fields = {"m": reason, "B": balances}
    told = [p for p in positions if reason != "FUNDING_FEE" or account.mode(p.listing) is MarginMode.ISOLATED]
    body["P"] = [_event_position(exchange, account, position) for position in told]
    if reason == "FUNDING_FEE":
        body["S"] = positions[0].listing.symbol
    return {"e": "ACCOUNT_UPDATE", "E": now, "T": now, "a": body}


def leverage_event(exchange: Exchange, account: Account, listing: Listing) -> Fields:
    """ACCOUNT_CONFIG_UPDATE: a contract's leverage was changed."""
    now = exchange.now_ms
    config = {"s": listing.symbol, "l": int(account.leverage(listing))}
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now, "T": now, "ac": config}


def force_order(fill: Fill, now_ms: int) -> Fields:
    """The public ``forceOrder`` event of a liquidation."""
    quantity, price = plain(fill.quantity), plain(fill.price)
    body = {
        "s": fill.listing.symbol,
        "S": fill.side.upper(),
        "o": "LIMIT",
        "f": "IOC",
        "q": quantity,
        "p": price,
        "ap": price,
        "X": "FILLED",
        "l": quantity,
        "z": quantity,
        "T": now_ms,
        **product(fill.listing),
    }
    return {"e": "forceOrder", "E": now_ms, "o": body}


def break_even(item: Position) -> Decimal | None:
    """The price at which what was realised, fees included, is undone; before the fee of closing."""
    entry, instrument = item.holding.entry_price, item.listing.instrument
    if entry is None:
        return None
    amount = item.quantity * instrument.contract_size
    return 1 / (1 / entry + item.realised / amount) if item.listing.inverse else entry - item.realised / amount


def _event_position(exchange: Exchange, account: Account, item: Position) -> Fields:
    isolated = account.mode(item.listing) is MarginMode.ISOLATED
    return {
        "s": item.listing.symbol,
        "pa": plain(item.quantity) if item.quantity else "0",
        "ep": _price(item.holding.entry_price),
        "bep": _price(break_even(item)),
        "cr": plain(item.cumulative_realised),
        "up": places(exchange.risk.unrealised(item), 8),
        "mt": "isolated" if isolated else "cross",
        "iw": plain(item.margin) if isolated and item.quantity else "0",
        "ps": item.side.value,
    }


def _pair(listing: Listing) -> Fields:
    """COIN-M names the pair beside the symbol."""
    return {"pair": listing.pair} if listing.inverse else {}


def _counter_value(fill: Fill) -> Fields:
    instrument = fill.listing.instrument
    value = settle_notional(instrument.kind, fill.quantity, instrument.contract_size, fill.price)
    if not fill.listing.inverse:
        return {"quoteQty": plain(value)}
    return {"baseQty": places(value, 8), "marginAsset": instrument.settle}


def _ordered(orders: list[Order]) -> tuple[Decimal, Decimal]:
    """What open limit orders to buy and to sell are worth, in the settle currency."""
    sums = {"buy": ZERO, "sell": ZERO}
    for item in orders:
        instrument = item.listing.instrument
        if item.price is not None:
            sums[item.side] += settle_notional(instrument.kind, item.left, instrument.contract_size, item.price)
    return sums["buy"], sums["sell"]


def _price(value: Decimal | None) -> str:
    return "0.0" if value is None else short(value.quantize(Decimal("0.00000001")))
