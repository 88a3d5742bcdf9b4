"""Accounts as Bybit writes them: orders, executions and positions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.instruments import ContractKind
from core.pnl import settle_notional
from core.tiers import tier_for
from feeds.sim.accounts import (
    ZERO,
    Account,
    Fill,
    Order,
    OrderStatus,
    Position,
    PositionSide,
    Purpose,
    TimeInForce,
)
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import Trading
from feeds.sim.printed import liquidation_price
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
_EXECUTIONS = {
    Purpose.TRADE: "Trade",
    Purpose.FUNDING: "Funding",
    Purpose.LIQUIDATION: "BustTrade",
    Purpose.ADL: "AdlTrade",
    Purpose.DELIVERY: "Delivery",
}
_CREATED = {
    Purpose.TRADE: "CreateByUser",
    Purpose.FUNDING: "CreateByUser",
    Purpose.LIQUIDATION: "CreateByLiq",
    Purpose.ADL: "CreateByAdl_PassThrough",
    Purpose.DELIVERY: "CreateBySettle",
}
POSITION_INDEX = {PositionSide.BOTH: 0, PositionSide.LONG: 1, PositionSide.SHORT: 2}


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
        "side": side_word(item.side),
        "isLeverage": "",
        "positionIdx": POSITION_INDEX[item.position_side],
        "orderStatus": order_status(item),
        "createType": _CREATED[item.purpose],
        "cancelType": _CANCELS.get(item.reason, "UNKNOWN"),
        "rejectReason": _REJECTIONS.get(item.reason, "EC_NoError"),
        "avgPrice": plain(item.average_price) if item.filled else "",
        "leavesQty": plain(item.left if item.is_open() else ZERO),
        "leavesValue": plain(item.left * price if item.is_open() else ZERO),
        "cumExecQty": plain(item.filled),
        "cumExecValue": coin_amount(item.value),
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
        **({} if item.listing.spot else {"tpslMode": ""}),  # a field that orders of pairs do not have
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
    return {
        "category": fill.listing.category,
        "symbol": fill.listing.symbol,
        "closedSize": plain(fill.closed),
        "execFee": plain(fill.fee),
        "execId": fill.identity,
        "execPrice": plain(fill.price),
        "execQty": plain(fill.quantity),
        "execType": _EXECUTIONS[fill.purpose],
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
        "createType": _CREATED[fill.purpose],
        "side": side_word(fill.side),
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
    size, entry, leverage = abs(item.quantity), item.holding.entry_price, account.leverage(listing, item.side)
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
        "avgPrice": coin_amount(entry),
        "positionValue": coin_amount(value),
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
        "positionMM": coin_amount(maintenance),
        "positionMMByMp": coin_amount(maintenance),
        "positionIM": coin_amount(initial),
        "positionIMByMp": coin_amount(initial),
        "tpslMode": "Full",
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "unrealisedPnl": coin_amount(risk.unrealised(item)),
        "curRealisedPnl": plain(item.realised),
        "cumRealisedPnl": plain(item.cumulative_realised),
        "seq": item.sequence,
        "isReduceOnly": exchange.trading(listing) is Trading.CLOSING_ONLY,
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


def _break_even(item: Position) -> str:
    """Where closing at the taker fee leaves nothing: (entry·qty − realised) / (qty − |qty|·fee); linear only."""
    entry, quantity = item.holding.entry_price, item.quantity
    if entry is None or item.listing.instrument.kind is not ContractKind.LINEAR:
        return ""
    return coin_amount((entry * quantity - item.realised) / (quantity - abs(quantity) * item.listing.taker_fee))


def coin_amount(value: Decimal | None) -> str:
    """An amount of a coin as it is written: to eight places, zero for none."""
    return "0" if value is None else short(value.quantize(Decimal("0.00000001")))


def side_word(side: str) -> str:
    """``Buy`` or ``Sell``."""
    return "Buy" if side == "buy" else "Sell"
