"""Answers and frames that venues send and that look like a mistake: what is to be made of each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import (
    BalanceUpdate,
    DayStatistics,
    FeeCharged,
    Fill,
    FundingPayment,
    Heard,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from tests.feeds.one_field import MS, Case, count, told


def answer(venue: str, endpoint: str, content: Any, market: str = "linear") -> tuple[list[Any], str]:
    return told(Case(venue, market, endpoint, content), content)


def bybit(endpoint: str, *rows: Any, **changed: Any) -> tuple[list[Any], str]:
    body = {"retCode": 0, "retMsg": "OK", "result": {"category": "linear", "list": list(rows)}, "time": MS}
    return answer("bybit", endpoint, body | changed)


def bingx(endpoint: str, data: Any, **changed: Any) -> tuple[list[Any], str]:
    return answer("bingx", endpoint, {"code": 0, "msg": "", "data": data} | changed)


# --- envelopes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [{"retCode": "0"}, {"time": str(MS)}, {"retCode": "0", "retMsg": None}])
def test_bybits_envelope_may_be_text(changed: dict[str, Any]) -> None:
    wallet = {"coin": [{"coin": "SOL", "walletBalance": "3.5"}]}
    (balance,), refused = bybit("/v5/account/wallet-balance", wallet, **changed)
    assert refused == ""
    assert (balance.wallet_balance, balance.venue_time_ns) == (Decimal("3.5"), MS * 1_000_000)


@pytest.mark.parametrize(("code", "said"), [("10002", "10002"), (10006, "10006"), ("no", "retCode"), (True, "retCode")])
def test_a_bybit_refusal_is_one_as_text_too(code: Any, said: str) -> None:
    events, refused = bybit("/v5/position/list", retCode=code, retMsg="no")
    assert events == []
    assert said in refused


@pytest.mark.parametrize("endpoint", ["/openApi/swap/v2/user/positions", "/openApi/swap/v2/trade/openOrders"])
def test_a_bingx_body_without_its_data_is_no_empty_list(endpoint: str) -> None:
    assert answer("bingx", endpoint, {"code": 0, "msg": "", "dat": []}) == ([], f"bingx: {endpoint}: data: {NONE}")
    assert bingx(endpoint, None) == ([], "")
    assert bingx(endpoint, []) == ([], "")


NONE = "bad field: the body has none"


def test_a_bingx_list_under_another_name_is_no_order() -> None:
    _, refused = bingx("/openApi/swap/v2/trade/openOrders", {"order_list": []})
    assert "orders" in refused
    _, refused = bingx("/openApi/swap/v2/trade/openOrders", {"list": [{"symbol": "SOL-USDT", "side": "BUY"}]})
    assert "origQty" in refused


@pytest.mark.parametrize("success", [False, "false"])
def test_a_cancellation_that_weex_did_not_take_is_refused(success: Any) -> None:
    row = {"orderId": "7", "success": success, "errorCode": "-1054", "errorMessage": "gone"}
    events, refused = answer("weex", "DELETE /capi/v3/order", row)
    assert events == []
    assert "-1054" in refused


def test_a_mexc_page_without_its_rows_is_no_empty_page() -> None:
    body = {"success": True, "code": 0, "data": {"pageSize": 20, "totalPage": 1}}
    _, refused = answer("mexc", "/api/v1/private/position/funding_records", body)
    assert "resultList" in refused


# --- signs and units -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["", "None"])
def test_a_bybit_position_without_its_side_has_no_sign(side: str) -> None:
    row = {"symbol": "SOLUSDT", "positionIdx": "0", "side": side, "size": "31", "avgPrice": "151.5"}
    events, refused = bybit("/v5/position/list", row)
    assert count(events) == 0
    assert "side" in refused
    (flat, *_), refused = bybit("/v5/position/list", row | {"size": "0"})
    assert (flat.quantity, flat.entry_price, refused) == (0, None, "")


@pytest.mark.parametrize("side", [None, ""])
def test_a_bingx_position_without_its_side_has_no_sign(side: str | None) -> None:
    row = {"symbol": "SOL-USDT", "positionAmt": "31", "positionSide": side, "avgPrice": "151.5", "leverage": 7}
    events, refused = bingx("/openApi/swap/v2/user/positions", [row])
    assert events == []
    assert "positionSide" in refused
    frame = {
        "e": "ACCOUNT_UPDATE",
        "E": MS,
        "a": {"B": [], "P": [{"s": "SOL-USDT", "pa": "31", "ps": side, "ep": "1"}]},
    }
    _, refused = answer("bingx", "", frame)
    assert "ps" in refused


def test_a_coin_margined_order_of_bingx_counts_contracts_and_not_dollars() -> None:
    row = {
        "symbol": "SOL-USD",
        "orderId": "51",
        "side": "BUY",
        "positionSide": "Long",
        "type": "LIMIT",
        "quantity": 2,
        "origQty": "20.00000000",
        "executedQty": "0",
        "status": "Pending",
    }
    (order,), refused = bingx("/openApi/cswap/v1/trade/orderHistory", {"orders": [row]})
    assert isinstance(order, OrderUpdate)
    assert (order.quantity, order.leg, refused) == (Decimal(2), Leg.LONG, "")
    _, refused = bingx("/openApi/cswap/v1/trade/orderHistory", {"orders": [row | {"executedQty": "20.00000000"}]})
    assert "executedQty" in refused


def test_a_coin_margined_contract_of_binance_is_worth_what_it_says() -> None:
    listing = {
        "symbol": "SOLUSD_PERP",
        "contractStatus": "TRADING",
        "contractType": "PERPETUAL",
        "baseAsset": "SOL",
        "quoteAsset": "USD",
        "marginAsset": "SOL",
        "deliveryDate": 4_133_404_800_000,
        "filters": [
            {"filterType": {"odd": 1}},
            {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "9000", "stepSize": "1"},
        ],
    }
    assert answer("binance", "/dapi/v1/exchangeInfo", {"symbols": [listing]})[1].endswith("Field required")
    (listed,), refused = answer("binance", "/dapi/v1/exchangeInfo", {"symbols": [listing | {"contractSize": "10"}]})
    assert (listed.instrument.contract_size, refused) == (10, "")


# --- fees and funding ------------------------------------------------------------------------------------------------


def test_a_bybit_entry_without_its_amount_is_named() -> None:
    entry = {"id": "l", "symbol": "SOLUSDT", "currency": "USDT", "transactionTime": str(MS), "category": "linear"}
    for kind, field in (("TRADE", "fee"), ("SETTLEMENT", "funding")):
        events, refused = bybit("/v5/account/transaction-log", entry | {"type": kind, "side": "Buy"})
        assert events == []
        assert field in refused
    session = entry | {"type": "SETTLEMENT", "currency": "USDC", "funding": "", "cashFlow": "5", "side": "Buy"}
    assert bybit("/v5/account/transaction-log", session) == ([], ""), "the profit of a session is no funding"


def test_a_fill_whose_fee_is_not_told_is_not_free() -> None:
    row: dict[str, Any] = {
        "symbol": "SOL-USD",
        "tradeId": "9",
        "orderId": "5",
        "side": "SELL",
        "positionSide": "SHORT",
        "volume": "5",
    }
    row |= {"tradePrice": "151", "tradeTime": MS}
    for odd in ({}, {"commission": ""}, {"commission": None}):
        events, refused = bingx("/openApi/cswap/v1/trade/allFillOrders", [row | odd])
        assert events == []
        assert "commission" in refused
    (fill,), _ = bingx("/openApi/cswap/v1/trade/allFillOrders", [row | {"commission": "0"}])
    assert isinstance(fill, Fill)
    assert (fill.fee, fill.fee_asset) == (Decimal(0), "SOL")


@pytest.mark.parametrize(
    ("venue", "endpoint", "content"),
    [
        (
            "binance",
            "/fapi/v1/income",
            [{"symbol": "", "incomeType": "FUNDING_FEE", "income": "1", "asset": "USDT", "time": MS, "tranId": 5}],
        ),
        (
            "bingx",
            "/openApi/swap/v2/user/income",
            {
                "code": 0,
                "data": [{"symbol": "", "incomeType": "FUNDING_FEE", "income": "1", "asset": "USDT", "time": MS}],
            },
        ),
        (
            "weex",
            "/capi/v3/account/income",
            {"items": [{"billId": 5, "incomeType": "position_funding", "asset": "USDT", "income": "1", "time": MS}]},
        ),
    ],
)
def test_funding_of_no_contract_is_named_and_not_forgotten(venue: str, endpoint: str, content: Any) -> None:
    events, refused = answer(venue, endpoint, content)
    assert not any(isinstance(event, FundingPayment | FeeCharged) for event in events)
    assert "symbol" in refused


# --- what is small, empty or of another use --------------------------------------------------------------------------


def test_a_balance_with_twenty_decimals_is_read() -> None:
    rows = [{"a": "ETH", "wb": "0.00000000000000005000", "lk": "0.00000000000000000000"}]
    events, refused = answer("bingx", "", {"e": "ACCOUNT_UPDATE", "E": MS, "a": {"B": rows}}, "spot")
    assert [event.wallet_balance for event in events if isinstance(event, BalanceUpdate)] == [Decimal("5E-17")]
    assert refused == ""


def test_a_day_without_one_of_its_figures_is_told_without_it() -> None:
    row = {"symbol": "SOLUSDT", "lastPrice": "152", "openPrice": "149", "volume": "7000", "quoteVolume": None}
    (day,), refused = answer("mexc", "/api/v3/ticker/24hr", row, "spot")
    assert isinstance(day, DayStatistics)
    assert (day.volume, day.turnover, refused) == (Decimal(7000), None, "")


@pytest.mark.parametrize("kind", ["listStatus", "externalLockUpdate", "balanceUpdate", "executionReport"])
def test_what_another_program_does_in_spot_is_no_fault(kind: str) -> None:
    (heard,), refused = answer("binance", "", {"e": kind, "E": MS, "s": "SOLUSDT"}, "spot")
    assert isinstance(heard, Heard)
    assert (heard.kind, refused) == ("unused", "")


def test_an_array_of_what_is_not_used_is_no_fault() -> None:
    index = {"e": "assetIndexUpdate", "E": MS, "s": "SOLUSD", "i": "0.2"}
    (heard,), refused = answer("binance", "", {"stream": "!assetIndex@arr", "data": [index]}, "usdm")
    assert isinstance(heard, Heard)
    assert (heard.kind, refused) == ("unused", "")


def test_an_account_update_without_balances_or_positions_is_named() -> None:
    for venue, market in (("binance", "usdm"), ("bingx", "linear")):
        _, refused = answer(venue, "", {"e": "ACCOUNT_UPDATE", "E": MS, "T": MS, "a": {"m": "ORDER", "X": []}}, market)
        assert "B" in refused.split()


def test_a_closed_position_has_neither_entry_nor_liquidation_price() -> None:
    row = {
        "symbol": "SOLUSDT",
        "positionSide": "BOTH",
        "positionAmt": "0",
        "entryPrice": "0.0",
        "liquidationPrice": "0",
    }
    (position,), refused = answer("binance", "/fapi/v3/positionRisk", [row])
    assert isinstance(position, PositionUpdate)
    assert (position.entry_price, position.liquidation_price, refused) == (None, None, "")


def test_a_bingx_ticker_without_its_topic_is_told_by_what_it_says_it_is() -> None:
    data = {
        "e": "24hTicker",
        "E": MS,
        "s": "SOL-USDT",
        "c": 152.25,
        "o": 149,
        "h": 155,
        "l": 148,
        "v": 7000,
        "q": 1060000,
    }
    data |= {"B": 152, "b": 15, "A": 153, "a": 16}
    events, refused = answer("bingx", "", {"code": 0, "timestamp": MS, "data": data}, "spot")
    named = answer("bingx", "", {"code": 0, "dataType": "SOL-USDT@ticker", "data": data}, "spot")
    assert (events, refused) == named
    assert events[0].instrument == "bingx:spot:SOL-USDT"
    (ack,), refused = answer("bingx", "", {"code": 0, "id": "1", "msg": "", "data": {}}, "spot")
    assert (ack.kind, refused) == ("ack", "")


@pytest.mark.parametrize(("kind", "field"), [("MIN_NOTIONAL", "minNotional"), ("NOTIONAL", "minNotional")])
def test_a_spot_pair_of_binance_may_tell_its_least_notional_either_way(kind: str, field: str) -> None:
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "9000", "stepSize": "0.001"},
        {"filterType": kind, field: "7"},
    ]
    pair = {"symbol": "SOLUSDT", "status": "TRADING", "baseAsset": "SOL", "quoteAsset": "USDT", "filters": filters}
    (listed,), refused = answer("binance", "/api/v3/exchangeInfo", {"symbols": [pair]})
    assert (listed.instrument.minimum_notional, refused) == (Decimal(7), "")


def test_a_perpetual_of_binance_ends_never_however_far_its_date_lies() -> None:
    listing = {
        "symbol": "SOLUSDT",
        "status": "TRADING",
        "contractType": "PERPETUAL",
        "baseAsset": "SOL",
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "9000", "stepSize": "1"},
        ],
    }
    for date in (4_133_404_800_000, 4_133_404_802_000, 4_133_462_400_000):
        rows = {"symbols": [listing | {"deliveryDate": date}]}
        (listed,), refused = answer("binance", "/fapi/v1/exchangeInfo", rows)
        assert (listed.instrument.expiry_ns, refused) == (None, "")


@pytest.mark.parametrize("client_id", ["settlement_autoclose-1", "delivery_autoclose-1"])
def test_a_contract_of_binance_that_was_delivered_says_so(client_id: str) -> None:
    order = {"s": "SOLUSD_270326", "c": client_id, "i": 7, "S": "SELL", "ps": "LONG", "q": "3", "z": "3", "T": MS}
    order |= {"x": "TRADE", "X": "FILLED", "l": "3", "L": "151", "t": 9, "p": "151", "ap": "151"}
    events, refused = answer("binance", "", {"e": "ORDER_TRADE_UPDATE", "E": MS, "T": MS, "o": order}, "coinm")
    (fill,) = (event for event in events if isinstance(event, Fill))
    assert (fill.origin.value, refused) == ("delivery", "")


@pytest.mark.parametrize(("market", "kind"), [("linear", "InverseFutures"), ("inverse", "LinearPerpetual")])
def test_a_bybit_contract_is_not_listed_in_another_category_than_its_own(market: str, kind: str) -> None:
    row = {"symbol": "SOLUSD", "contractType": kind, "status": "Trading", "baseCoin": "SOL", "quoteCoin": "USD"}
    row |= {"settleCoin": "SOL"}
    filters = {"priceFilter": {"tickSize": "0.01"}, "lotSizeFilter": {"qtyStep": "1", "minOrderQty": "1"}}
    body = {"retCode": 0, "result": {"category": market, "list": [row | filters]}}
    events, refused = answer("bybit", "/v5/market/instruments-info", body)
    assert events == []
    assert "contractType" in refused
