"""Accounts as Bybit writes them: orders, executions, positions, wallets and the transaction log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from core.books import MarginMode
from core.instruments import ContractKind
from core.pnl import settle_notional
from core.tiers import tier_for
from feeds.sim.accounts import (
    ZERO,
    Account,
    Fill,
    LedgerRow,
    Order,
    OrderStatus,
    Position,
    PositionSide,
    Purpose,
    TimeInForce,
)
from feeds.sim.exchange import Exchange
from feeds.sim.printed import liquidation_price
from feeds.sim.risk import spot_locked
from feeds.sim.wire import places, plain, short

Fields = dict[str, Any]

_STATUS = {
    OrderStatus.NEW: "New",
    OrderStatus.PARTIALLY_FILLED: "PartiallyFilled",
    OrderStatus.FILLED: "Filled",
    OrderStatus.CANCELLED: "Cancelled",
    OrderStatus.EXPIRED: "Cancelled",
}
_TIME_IN_FORCE = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "PostOnly",
}
_REJECTIONS = {
    "post_only": "EC_PostOnlyWillTakeLiquidity",
    "fok": "EC_NoEnoughQtyToFill",
    "unfilled": "EC_NoImmediateQtyToFill",
    "user": "EC_PerCancelRequest",
    "reduce_only": "EC_ReachMaxPositionSize",
}
_CANCELS = {"user": "CancelByUser", "reduce_only": "CancelByReduceOnly", "liquidation": "CancelAllBeforeLiq"}
POSITION_INDEX = {PositionSide.BOTH: 0, PositionSide.LONG: 1, PositionSide.SHORT: 2}
_LEDGER_TYPES = {Purpose.TRADE: "TRADE", Purpose.FUNDING: "SETTLEMENT", Purpose.LIQUIDATION: "LIQUIDATION"}


def order(item: Order) -> Fields:
    """The order object of REST."""
    price = ZERO if item.price is None else item.price
    return {
        "orderId": item.identity,
        "orderLinkId": item.client_id,
        "blockTradeId": "",
        "symbol": item.listing.symbol,
        "price": plain(price),
        "qty": plain(item.quantity),
        "side": _side(item.side),
        "isLeverage": "",
        "positionIdx": POSITION_INDEX[item.position_side],
        "orderStatus": order_status(item),
        "createType": "CreateByLiq" if item.purpose is Purpose.LIQUIDATION else "CreateByUser",
        "cancelType": _CANCELS.get(item.reason, "UNKNOWN"),
        "rejectReason": _REJECTIONS.get(item.reason, "EC_NoError"),
        "avgPrice": plain(item.average_price) if item.filled else "",
        "leavesQty": plain(item.left if item.is_open() else ZERO),
        "leavesValue": plain(item.left * price if item.is_open() else ZERO),
        "cumExecQty": plain(item.filled),
        "cumExecValue": _coin(item.value),
        "cumExecFee": plain(item.fees),
        "timeInForce": "IOC" if item.price is None else _TIME_IN_FORCE[item.time_in_force],
        "orderType": "Market" if item.price is None else "Limit",
        "stopOrderType": "",
        "orderIv": "",
        "triggerPrice": "",
        "takeProfit": "",
        "stopLoss": "",
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "triggerDirection": 0,
        "triggerBy": "",
        "lastPriceOnCreated": "",
        "reduceOnly": item.reduce_only,
        "closeOnTrigger": False,
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "tpslMode": "",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "placeType": "",
        "createdTime": str(item.created_ms),
        "updatedTime": str(item.updated_ms),
        "cumFeeDetail": {fee_coin(item): plain(item.fees)} if item.filled else {},
    }


def order_status(item: Order) -> str:
    """The status word; a spot order cancelled after fills has one of its own."""
    spot = item.listing.instrument.kind is ContractKind.SPOT
    if spot and item.filled and item.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED):
        return "PartiallyFilledCanceled"
    return _STATUS[item.status]


def fee_coin(item: Order) -> str:
    """The coin an order's fee is taken in."""
    instrument = item.listing.instrument
    if instrument.kind is not ContractKind.SPOT:
        return instrument.settle
    return instrument.base if item.side == "buy" else instrument.quote


def stream_order(item: Order) -> Fields:
    """The order object of the ``order`` topic."""
    return order(item) | {
        "category": item.listing.category,
        "closedPnl": plain(item.realised),
        "feeCurrency": fee_coin(item),
        "rpiTakerAccess": False,
        "rpiMatchedQty": "0",
    }


def execution(fill: Fill) -> Fields:
    """One execution, of REST and of the ``execution`` topic. ``execFee`` + is a cost, for funding too."""
    item, instrument = fill.order, fill.listing.instrument
    value = settle_notional(instrument.kind, fill.quantity, instrument.contract_size, fill.price)
    kinds = {Purpose.TRADE: "Trade", Purpose.FUNDING: "Funding", Purpose.LIQUIDATION: "BustTrade"}
    return {
        "category": fill.listing.category,
        "symbol": fill.listing.symbol,
        "closedSize": plain(fill.closed),
        "execFee": plain(fill.fee),
        "execId": fill.identity,
        "execPrice": plain(fill.price),
        "execQty": plain(fill.quantity),
        "execType": kinds[fill.purpose],
        "execValue": places(value, 8),
        "execPnl": plain(fill.realised),
        "feeRate": plain(fill.fee_rate),
        "feeCurrency": fill.fee_asset if instrument.kind is ContractKind.SPOT else "",
        "tradeIv": "",
        "markIv": "",
        "blockTradeId": "",
        "markPrice": plain(fill.mark),
        "indexPrice": "",
        "underlyingPrice": "",
        "leavesQty": "0" if item is None else plain(item.left),
        "orderId": fill.identity if item is None else item.identity,
        "orderLinkId": "" if item is None else item.client_id,
        "orderPrice": "0" if item is None or item.price is None else plain(item.price),
        "orderQty": plain(fill.quantity if item is None else item.quantity),
        "orderType": "UNKNOWN" if item is None else ("Market" if item.price is None else "Limit"),
        "stopOrderType": "UNKNOWN",
        "createType": "CreateByUser" if fill.purpose is Purpose.TRADE else "CreateByLiq",
        "side": _side(fill.side),
        "execTime": str(fill.time_ms),
        "isLeverage": "0",
        "isMaker": fill.maker,
        "seq": fill.number,
        "extraFees": "",
    }


def fast_execution(fill: Fill) -> Fields:
    """One element of ``execution.fast``; a maker's fill does not say whose order it was by its link id."""
    whole = execution(fill)
    names = ("category", "symbol", "execId", "execPrice", "execQty", "orderId", "isMaker", "side", "execTime", "seq")
    return {name: whole[name] for name in names} | {"orderLinkId": "" if fill.maker else whole["orderLinkId"]}


def position(exchange: Exchange, account: Account, item: Position) -> Fields:
    """One row of position/list."""
    listing, instrument, risk = item.listing, item.listing.instrument, exchange.risk
    size, entry, leverage = abs(item.quantity), item.holding.entry_price, account.leverage(listing)
    value = ZERO if entry is None else settle_notional(instrument.kind, size, instrument.contract_size, entry)
    liquidation = liquidation_price(risk, account, item)
    closing_fee = risk.closing_fee(account, item)
    initial, maintenance = risk.initial(account, item) + closing_fee, risk.maintenance(item) + closing_fee
    assert listing.risk_tiers is not None
    tier = tier_for(listing.risk_tiers, risk.value(item) if size else ZERO)
    return {
        "positionIdx": POSITION_INDEX[item.side],
        "riskId": listing.risk_tiers.tiers.index(tier) + 1,
        "riskLimitValue": plain(tier.cap or tier.floor),
        "symbol": listing.symbol,
        "side": "" if not size else ("Buy" if item.quantity > 0 else "Sell"),
        "size": plain(size),
        "avgPrice": _coin(entry),
        "positionValue": _coin(value),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 2 if size else 0,
        "leverage": short(leverage),
        "breakEvenPrice": _break_even(item),
        "positionBalance": plain(item.margin),
        "markPrice": plain(risk.mark(listing)),
        "liqPrice": "" if liquidation is None else plain(liquidation),
        "bustPrice": "",
        "positionMM": _coin(maintenance),
        "positionMMByMp": _coin(maintenance),
        "positionIM": _coin(initial),
        "positionIMByMp": _coin(initial),
        "tpslMode": "Full",
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "unrealisedPnl": _coin(risk.unrealised(item)),
        "curRealisedPnl": plain(item.realised),
        "cumRealisedPnl": plain(item.cumulative_realised),
        "seq": item.sequence,
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "sessionAvgPrice": "",
        "createdTime": str(item.created_ms),
        "updatedTime": str(item.updated_ms),
        "openTime": item.updated_ms,
    }


def stream_position(exchange: Exchange, account: Account, item: Position) -> Fields:
    """One element of the ``position`` topic, which calls the entry price by another name."""
    fields = position(exchange, account, item)
    fields["entryPrice"] = fields.pop("avgPrice")
    return fields | {"category": item.listing.category}


def wallet(exchange: Exchange, account: Account, coins: Iterable[str]) -> Fields:
    """The wallet object: complete totals, and the coins asked for. Isolated accounts have no account-wide figures.

    Balances are whole; rates and what is available are reckoned after the haircut on the coins.
    """
    health = exchange.risk.health(account, "USD")
    equity = sum((_coin_equity(exchange, account, coin) * exchange.risk.usd(coin) for coin in account.wallet), ZERO)
    held = sum((amount * exchange.risk.usd(coin) for coin, amount in account.wallet.items()), ZERO)
    isolated = account.account_mode is MarginMode.ISOLATED
    initial = health.initial + health.order_initial
    counted = health.counted
    ratios = (initial / counted, health.maintenance / counted) if counted > 0 else (ZERO, ZERO)
    figures = {
        "accountIMRate": places(ratios[0], 4),
        "accountIMRateByMp": places(ratios[0], 4),
        "accountMMRate": places(ratios[1], 4),
        "accountMMRateByMp": places(ratios[1], 4),
        "totalMarginBalance": places(health.equity, 8),
        "totalAvailableBalance": places(max(ZERO, health.available), 8),
        "totalInitialMargin": places(initial, 8),
        "totalInitialMarginByMp": places(initial, 8),
        "totalMaintenanceMargin": places(health.maintenance, 8),
        "totalMaintenanceMarginByMp": places(health.maintenance, 8),
    }
    return {
        **(dict.fromkeys(figures, "") if isolated else figures),
        "totalEquity": places(equity, 8),
        "totalWalletBalance": places(held, 8),
        "totalPerpUPL": places(equity - held, 8),
        "accountType": "UNIFIED",
        "accountLTV": "0",
        "coin": [_wallet_coin(exchange, account, coin) for coin in coins],
    }


def transactions(rows: Sequence[LedgerRow]) -> list[Fields]:
    """The transaction log of ledger rows, in their order: what one fill did to one coin is one row.

    ``change = cashFlow + funding − fee``; ``funding`` + is received, the opposite of an execution's fee.
    """
    grouped: dict[tuple[str, str], list[LedgerRow]] = {}
    for row in rows:
        grouped.setdefault((str(row.number) if row.fill is None else row.fill.identity, row.asset), []).append(row)
    return [_transaction(group) for group in grouped.values()]


def _transaction(group: Sequence[LedgerRow]) -> Fields:
    row, fill = group[-1], group[-1].fill
    amounts = {kind: sum((r.amount for r in group if r.kind == kind), ZERO) for kind in {r.kind for r in group}}
    fee = -amounts.get("fee", ZERO) - amounts.get("insurance", ZERO)
    funding = amounts.get("funding")
    change = sum(amounts.values(), ZERO)
    order = None if fill is None else fill.order
    return {
        "id": f"{group[0].number}_{row.symbol}",
        "symbol": row.symbol,
        "category": row.category,
        "side": "None" if fill is None else _side(fill.side),
        "transactionTime": str(row.time_ms),
        "type": "TRANSFER_IN" if fill is None else _LEDGER_TYPES[fill.purpose],
        "transSubType": "",
        "qty": "0" if fill is None else plain(fill.quantity),
        "size": plain(row.position),
        "currency": row.asset,
        "tradePrice": "0" if fill is None else plain(fill.price),
        "funding": "" if funding is None else plain(funding),
        "fee": plain(fee),
        "cashFlow": plain(change + fee - (funding or ZERO)),
        "change": plain(change),
        "cashBalance": plain(row.balance),
        "feeRate": "0" if fill is None else plain(fill.fee_rate),
        "bonusChange": "",
        "tradeId": "" if fill is None else fill.identity,
        "orderId": "" if order is None else order.identity,
        "orderLinkId": "" if order is None else order.client_id,
    }


def chosen_coins(account: Account, named: Sequence[str]) -> list[str]:
    """The coins of a wallet answer: those named, else those that are not zero."""
    return list(named) if named else [coin for coin, amount in account.wallet.items() if amount]


def _wallet_coin(exchange: Exchange, account: Account, coin: str) -> Fields:
    risk, ever = exchange.risk, [p for p in account.positions.values() if p.listing.instrument.settle == coin]
    held = [position for position in ever if position.quantity]
    orders = [o for o in account.orders.values() if o.listing.instrument.settle == coin]
    equity = _coin_equity(exchange, account, coin)
    return {
        "coin": coin,
        "equity": plain(equity.quantize(Decimal("0.00000001"))),
        "usdValue": places(equity * risk.usd(coin), 8),
        "walletBalance": plain(account.wallet.get(coin, ZERO)),
        "locked": plain(spot_locked(account).get(coin, ZERO)),
        "spotHedgingQty": "0",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": _coin(sum((risk.order_initial(account, o) for o in orders), ZERO)),
        "totalPositionIM": _coin(sum((risk.initial(account, p) for p in held), ZERO)),
        "totalPositionMM": _coin(sum((risk.maintenance(p) + risk.closing_fee(account, p) for p in held), ZERO)),
        "unrealisedPnl": _coin(sum((risk.unrealised(p) for p in held), ZERO)),
        "cumRealisedPnl": _coin(
            sum(
                (p.cumulative_realised for p in account.positions.values() if p.listing.instrument.settle == coin), ZERO
            )
        ),
        "bonus": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
        "colRes": "",
        "spotBorrow": "0",
        "availableToWithdraw": "",
        "availableToBorrow": "",
    }


def _coin_equity(exchange: Exchange, account: Account, coin: str) -> Decimal:
    profit = sum((exchange.risk.unrealised(p) for p in account.held() if p.listing.instrument.settle == coin), ZERO)
    return account.wallet.get(coin, ZERO) + profit


def _break_even(item: Position) -> str:
    """Where closing at the taker fee leaves nothing: (entry·qty − realised) / (qty − |qty|·fee); linear only."""
    entry, quantity = item.holding.entry_price, item.quantity
    if entry is None or item.listing.instrument.kind is not ContractKind.LINEAR:
        return ""
    return _coin((entry * quantity - item.realised) / (quantity - abs(quantity) * item.listing.taker_fee))


def _coin(value: Decimal | None) -> str:
    return "0" if value is None else short(value.quantize(Decimal("0.00000001")))


def _side(side: str) -> str:
    return "Buy" if side == "buy" else "Sell"
