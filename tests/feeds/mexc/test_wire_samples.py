"""Every recorded frame and body of MEXC's that is used: what it says is read from the sample, number by number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import RequestError, VenueError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    DayStatistics,
    FaultKind,
    Fill,
    FundingPayment,
    FundingSettled,
    Heard,
    InstrumentListed,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.legs import Leg
from feeds.decoding import AnyFrameDecoder
from feeds.registry import rest_answer, venue_module
from tests.support.frames import SHARED, only_fault

SAMPLES = SHARED / "wire" / "mexc"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not beside this checkout")

NOT_CONSUMED = {
    "rest_deals.json": "public trades: no figure here comes from them",
    "rest_profit_rate.json": "the venue's ranking of users",
    "rest_error_1001.json": "read as a refusal below",
    "rest_error_510.json": "read as a refusal below",
}
"""Bodies that have no reader of their own, and why."""


def raw(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def sample(name: str) -> Any:
    return json.loads(raw(name), parse_float=Decimal, parse_int=Decimal)


def rest(name: str, endpoint: str) -> Sequence[AnyEvent]:
    return venue_module("mexc").rest_events(rest_answer("mexc", "linear", endpoint, raw(name), 5))


def frame(name: str, market: str = "linear") -> Sequence[AnyEvent]:
    return AnyFrameDecoder("mexc", market).decode(raw(name), 5)


def number(value: object) -> Decimal:
    return Decimal(str(value))


# --- public ----------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("mexc", "linear", "24 h ticker")
@pytest.mark.parametrize("name", ["rest_ticker_one", "rest_ticker_list"])
def test_tickers(name: str) -> None:
    data = sample(name)["data"]
    said = data[0] if isinstance(data, list) else data
    ticker, day = rest(name, "/api/v1/contract/ticker")
    check_ticker(ticker, day, said)


def test_a_ticker_pushed() -> None:
    ticker, day = frame("ws_ticker_2")
    check_ticker(ticker, day, sample("ws_ticker_2")["data"])


def check_ticker(ticker: AnyEvent, day: AnyEvent, said: dict[str, Any]) -> None:
    assert isinstance(ticker, Ticker)
    assert isinstance(day, DayStatistics)
    assert ticker.instrument == day.instrument == f"mexc:linear:{said['symbol']}"
    prices = (ticker.mark_price, ticker.index_price, ticker.last_price, ticker.bid_price, ticker.ask_price)
    assert prices == tuple(said[name] for name in ("fairPrice", "indexPrice", "lastPrice", "bid1", "ask1"))
    assert ticker.funding_rate == said["fundingRate"]
    assert ticker.next_funding_time_ns is None
    assert ticker.venue_time_ns == said["timestamp"] * 1_000_000
    figures = (day.high_price, day.low_price, day.volume, day.turnover)
    assert figures == tuple(said[name] for name in ("high24Price", "lower24Price", "volume24", "amount24"))


def test_a_push_that_names_two_contracts_is_of_neither() -> None:
    fault = only_fault(frame("ws_ticker"))
    assert (fault.kind, fault.field) == (FaultKind.BAD_FIELD, "symbol")


def test_tickers_of_all_contracts() -> None:
    events = frame("ws_tickers")
    told = {event.instrument: event.mark_price for event in events if isinstance(event, Ticker)}
    assert told == {f"mexc:linear:{row['symbol']}": row["fairPrice"] for row in sample("ws_tickers")["data"]}


def test_the_fair_price_is_the_mark_price() -> None:
    (pushed,) = frame("ws_fair_price")
    assert isinstance(pushed, Ticker)
    assert (pushed.mark_price, pushed.index_price) == (sample("ws_fair_price")["data"]["price"], None)
    (asked,) = rest("rest_fair_price", "/api/v1/contract/fair_price/ETH_USDT")
    assert isinstance(asked, Ticker)
    said = sample("rest_fair_price")["data"]
    assert (asked.instrument, asked.mark_price) == (f"mexc:linear:{said['symbol']}", said["fairPrice"])


@pytest.mark.verifies("mexc", "linear", "funding rate", "funding interval")
def test_the_running_rate_is_an_estimate_with_its_time() -> None:
    (old,) = frame("ws_funding_rate")
    (new,) = frame("ws_funding_rate_2")
    (asked,) = rest("rest_funding_rate_one", "/api/v1/contract/funding_rate/BTC_USDT")
    assert isinstance(old, Ticker)
    assert isinstance(new, Ticker)
    assert isinstance(asked, Ticker)
    assert (old.funding_rate, old.next_funding_time_ns) == (sample("ws_funding_rate")["data"]["rate"], None)
    said = sample("ws_funding_rate_2")["data"]
    assert (new.funding_rate, new.next_funding_time_ns) == (said["rate"], said["nextSettleTime"] * 1_000_000)
    said = sample("rest_funding_rate_one")["data"]
    assert asked.funding_rate == said["fundingRate"] == Decimal("-0.000489")
    assert asked.next_funding_time_ns == said["nextSettleTime"] * 1_000_000
    assert asked.funding_interval_hours == said["collectCycle"] == 8


@pytest.mark.verifies("mexc", "linear", "last settled funding rate")
def test_settled_rates_are_the_past() -> None:
    events = rest("rest_funding_rate_history", "/api/v1/contract/funding_rate/history?symbol=BTC_USDT")
    rows = sample("rest_funding_rate_history")["data"]["resultList"]
    assert [(event.rate, event.settled_ns) for event in events if isinstance(event, FundingSettled)] == [
        (row["fundingRate"], row["settleTime"] * 1_000_000) for row in reversed(rows)
    ]


@pytest.mark.verifies("mexc", "linear", "instruments", "maintenance tiers")
def test_a_contract_and_its_tiers() -> None:
    listed, tiers = rest("rest_detail_one", "/api/v1/contract/detail?symbol=BTC_USDT")
    said = sample("rest_detail_one")["data"]
    assert isinstance(listed, InstrumentListed)
    assert isinstance(tiers, TiersLoaded)
    contract, table = listed.instrument, tiers.table
    assert (contract.base, contract.quote, contract.settle) == ("BTC", "USDT", "USDT")
    assert (contract.contract_size, contract.tick_size) == (said["contractSize"], said["priceUnit"])
    assert (contract.quantity_step, contract.minimum_quantity) == (said["volUnit"], said["minVol"])
    assert (contract.maximum_quantity, contract.maximum_leverage) == (said["maxVol"], said["maxLeverage"])
    assert (table.unit, table.whole_position, len(table.tiers)) == ("contracts", True, said["riskLevelLimit"])
    for level, tier in enumerate(table.tiers):
        assert tier.cap == said["riskBaseVol"] + level * said["riskIncrVol"]
        assert tier.rate == said["maintenanceMarginRate"] + level * said["riskIncrMmr"]
        assert tier.deduction == 0
    assert [tier.maximum_leverage for tier in table.tiers[:3]] == [125, 83, 62]


def test_a_book_tells_its_best_levels_when_its_contract_is_named() -> None:
    (ticker,) = rest("rest_depth", "/api/v1/contract/depth/ETH_USDT")
    said = sample("rest_depth")["data"]
    assert isinstance(ticker, Ticker)
    best = (ticker.bid_price, ticker.bid_size, ticker.ask_price, ticker.ask_size)
    assert best == (*said["bids"][0][:2], *said["asks"][0][:2])


# --- signed ----------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("mexc", "linear", "balances")
@pytest.mark.parametrize("name", ["rest_account_assets", "rest_account_assets_2"])
def test_a_wallet_is_equity_without_unrealised_profit(name: str) -> None:
    (row,) = sample(name)["data"]
    (event,) = rest(name, "/api/v1/private/account/assets")
    assert isinstance(event, BalanceUpdate)
    assert (event.asset, event.wallet_balance) == (row["currency"], row["equity"] - row["unrealized"])


@pytest.mark.verifies("mexc", "linear", "positions")
def test_positions() -> None:
    (event,) = rest("rest_open_positions", "/api/v1/private/position/open_positions")
    (row,) = sample("rest_open_positions")["data"]
    assert isinstance(event, PositionUpdate)
    assert (event.instrument, event.quantity, event.leg) == ("mexc:linear:ETH_USDT", row["holdVol"], Leg.LONG)
    assert (event.entry_price, event.liquidation_price) == (row["holdAvgPrice"], row["liquidatePrice"])
    assert (event.isolated_margin, event.leverage) == (row["im"], row["leverage"])
    assert event.venue_time_ns == row["updateTime"] * 1_000_000


@pytest.mark.verifies("mexc", "linear", "open orders", "query an order")
@pytest.mark.parametrize(
    ("name", "endpoint", "state"),
    [
        ("rest_order_get", "/api/v1/private/order/get/123", OrderState.FILLED),
        ("rest_order_get_2", "/api/v1/private/order/get/264995729269765120", OrderState.OPEN),
        ("rest_order_external", "/api/v1/private/order/external/ETH_USDT/123", OrderState.FILLED),
        ("rest_open_orders_2", "/api/v1/private/order/list/history_orders", OrderState.OPEN),
    ],
)
def test_orders(name: str, endpoint: str, state: OrderState) -> None:
    data = sample(name)["data"]
    row = data[0] if isinstance(data, list) else data
    (event,) = rest(name, endpoint)
    assert isinstance(event, OrderUpdate)
    check_order(event, row, state)


def check_order(event: OrderUpdate, row: dict[str, Any], state: OrderState) -> None:
    assert (event.client_order_id, event.venue_order_id) == (row["externalOid"], str(row["orderId"]))
    assert (event.state, event.instrument) == (state, f"mexc:linear:{row['symbol']}")
    assert (event.quantity, event.filled_quantity) == (number(row["vol"]), number(row["dealVol"]))
    assert event.average_price == (number(row["dealAvgPrice"]) or None)
    assert event.limit_price == number(row["price"])
    assert event.side == ("buy" if str(row["side"]) in ("1", "2") else "sell")
    assert event.reduce_only == (str(row["side"]) in ("2", "4"))


def test_a_fill_whose_row_does_not_tell_the_clients_name() -> None:
    (event,) = rest("rest_order_deals_2", "/api/v1/private/order/list/order_deals")
    (row,) = sample("rest_order_deals_2")["data"]
    assert isinstance(event, Fill)
    assert (event.fill_id, event.client_order_id) == (row["id"], f"mexc-{row['orderId']}")
    figures = (event.price, event.quantity, event.fee, event.fee_asset)
    assert figures == (number(row["price"]), number(row["vol"]), number(row["fee"]), row["feeCurrency"])
    assert (event.side, event.leg, event.maker) == ("buy", Leg.LONG, False)


@pytest.mark.verifies("mexc", "linear", "funding records")
def test_funding_is_positive_when_received() -> None:
    events = rest("rest_funding_records", "/api/v1/private/position/funding_records")
    rows = sample("rest_funding_records")["data"]["resultList"]
    assert len(events) == len(rows)
    for event, row in zip(events, rows, strict=True):
        assert isinstance(event, FundingPayment)
        assert (event.payment_id, event.amount, event.rate) == (str(row["id"]), row["funding"], row["rate"])
        assert event.amount == -row["rate"] * row["positionValue"]  # a long of a negative rate receives
        assert (event.asset, event.leg, event.mark_price) == ("USDT", Leg.LONG, None)
        assert event.settled_ns == row["settleTime"] * 1_000_000


@pytest.mark.verifies("mexc", "linear", "position mode", "leverage")
def test_settings() -> None:
    (mode,) = rest("rest_position_mode_get", "/api/v1/private/position/position_mode")
    assert isinstance(mode, AccountSettings)
    assert (mode.position_mode, mode.instrument) == ("hedge", "")
    (leverage,) = rest("rest_leverage_get", "/api/v1/private/position/leverage?symbol=BTC_USDT")
    assert isinstance(leverage, AccountSettings)
    assert (leverage.instrument, leverage.leverage, leverage.leg) == ("mexc:linear:BTC_USDT", Decimal(1), Leg.LONG)
    assert leverage.margin_mode is None


def test_the_level_an_account_stands_on() -> None:
    (event,) = rest("rest_risk_limit", "/api/v1/private/account/risk_limit")
    row = sample("rest_risk_limit")["data"]["BTC_USDT"][0]
    assert isinstance(event, TiersLoaded)
    (tier,) = event.table.tiers
    assert (tier.floor, tier.cap, tier.rate) == (Decimal(0), row["maxVol"], row["mmr"])


@pytest.mark.parametrize(
    ("name", "endpoint", "details"),
    [
        ("rest_ping", "/api/v1/contract/ping", ["time 1648124374985"]),
        ("rest_spot_time", "/api/v3/time", ["time 1647519277579"]),
        ("rest_spot_listenKey", "POST /api/v3/userDataStream", ["a key for the stream"]),
        ("rest_change_leverage", "POST /api/v1/private/position/change_leverage", ["done"]),
        ("rest_change_position_mode", "POST /api/v1/private/position/change_position_mode", ["done"]),
        ("rest_close_all", "POST /api/v1/private/position/close_all", ["done"]),
        ("rest_tiered_fee_rate", "/api/v1/private/account/tiered_fee_rate", ["maker 0.0002, taker 0.0006"]),
        ("rest_order_create", "POST /api/v1/private/order/create", ["order 739113577038255616"]),
        ("rest_order_create_2", "POST /api/v1/private/order/create", ["order 814218083416790528"]),
        ("rest_order_cancel_2", "POST /api/v1/private/order/cancel", ["order 264995729269765120: 0 success"]),
        *(
            (
                name,
                endpoint,
                [
                    "order 101716841474621953: 2040 order not exist",
                    "order 108885377779302912: 2041 order state cannot be cancelled",
                    "order 108886241042563584: 0 success",
                ],
            )
            for name, endpoint in (
                ("rest_order_cancel", "POST /api/v1/private/order/cancel"),
                ("rest_order_cancel_external", "POST /api/v1/private/order/batch_cancel_with_external"),
            )
        ),
    ],
)
def test_answers_that_tell_the_book_nothing(name: str, endpoint: str, details: list[str]) -> None:
    events = rest(name, endpoint)
    assert [(event.kind, event.detail) for event in events if isinstance(event, Heard)] == [
        ("answer", detail) for detail in details
    ]
    assert len(events) == len(details)
    assert "pqia91ma19" not in repr(events)


def test_candles_of_trades_are_neither_mark_nor_index() -> None:
    (event,) = rest("rest_kline", "/api/v1/contract/kline/ETH_USDT?interval=Min60")
    assert isinstance(event, Heard)
    assert event.kind == "answer"


@pytest.mark.parametrize(
    ("name", "endpoint", "code"),
    [
        ("rest_error_1001", "/api/v1/contract/detail", "1001"),
        ("rest_error_510", "/api/v1/contract/ticker", "510"),
        ("rest_history_orders", "/api/v1/private/order/list/history_orders", "0"),
        ("rest_order_deals", "/api/v1/private/order/list/order_deals", "0"),
    ],
)
def test_refusals_are_errors_whatever_the_status(name: str, endpoint: str, code: str) -> None:
    with pytest.raises(VenueError) as caught:
        rest(name, endpoint)
    assert caught.value.code == code
    assert (caught.value.retry_after_seconds is not None) == (code == "510")
    assert not caught.value.outcome_unknown


# --- frames about an account, and about nothing --------------------------------------------------------------------


@pytest.mark.verifies("mexc", "linear", "private stream", "fills")
def test_a_fill_pushed() -> None:
    (event,) = frame("ws_personal_order_deal")
    said = sample("ws_personal_order_deal")["data"]
    assert isinstance(event, Fill)
    assert (event.fill_id, event.client_order_id, event.side) == (str(said["id"]), said["externalOid"], "buy")
    assert (event.price, event.quantity, event.fee) == (said["price"], said["vol"], said["fee"])
    assert (event.maker, event.leg) == (False, Leg.LONG)


def test_an_order_pushed() -> None:
    (event,) = frame("ws_personal_order")
    assert isinstance(event, OrderUpdate)
    check_order(event, sample("ws_personal_order")["data"], OrderState.FILLED)
    assert event.leg is Leg.LONG  # side 4 closes a long


def test_a_balance_pushed_while_no_position_is_held() -> None:
    (event,) = frame("ws_personal_asset")
    said = sample("ws_personal_asset")["data"]
    assert isinstance(event, BalanceUpdate)
    assert (event.asset, event.wallet_balance) == ("USDT", said["availableBalance"])


def test_a_position_mode_pushed() -> None:
    (event,) = frame("ws_personal_position_mode")
    assert isinstance(event, AccountSettings)
    assert event.position_mode == "one-way"


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("ws_deal", "unused", "deal"),
        ("ws_deal_2", "unused", "deal"),
        ("ws_depth", "unused", "depth"),
        ("ws_depth_2", "unused", "depth"),
        ("ws_personal_asset_2", "unused", "personal.asset"),
        ("ws_personal_plan_order", "unused", "personal.plan.order"),
        ("ws_personal_risk_limit", "unused", "personal.risk.limit"),
        ("ws_pong", "pong", ""),
        ("ws_error", "refusal", ""),
        ("ws_sub_ack", "ack", ""),
        ("ws_spot_sub_ack", "ack", "spot@public.increase.depth.v3.api@BTCUSDT"),
    ],
)
def test_frames_without_figures(name: str, kind: str, told: str) -> None:
    (event,) = frame(name, "spot" if "spot" in name else "linear")
    assert isinstance(event, Heard)
    assert (event.kind, event.channel) == (kind, told)


def test_every_sample_is_read_here_or_left_out_for_a_reason() -> None:
    text = (SAMPLES / "INDEX.tsv").read_text().splitlines()[1:]
    names = {line.split("\t")[0] for line in text}
    source = Path(__file__).read_text()
    assert {name for name in names if f'"{name.removesuffix(".json")}"' not in source} <= set(NOT_CONSUMED)
    for name in ("rest_deals", "rest_profit_rate"):
        endpoint = next(line.split("\t")[2] for line in text if line.startswith(f"{name}.json"))
        with pytest.raises(RequestError, match="endpoint"):
            rest(name, endpoint)
