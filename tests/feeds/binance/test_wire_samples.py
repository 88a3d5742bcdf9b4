"""Binance's own samples, where they lie beside the checkout: every file is read, or its reason not to be is here."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    CandlePrice,
    CandlesLoaded,
    DayStatistics,
    FeeCharged,
    Fill,
    FillOrigin,
    FrameFault,
    FundingSettled,
    Heard,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
    TiersLoaded,
)
from core.legs import Leg
from feeds.binance import reference
from feeds.binance.parse import Decoder
from feeds.binance.refusals import refusal
from feeds.binance.rights import read_key
from feeds.registry import account_decoder_for, venue_module
from feeds.venue import RestAnswer
from tests.support.frames import SHARED, said, tickers

WIRE = SHARED / "wire"
FOLDERS = {market: WIRE / f"binance-{market}" for market in ("usdm", "coinm", "spot")}
pytestmark = pytest.mark.skipif(not WIRE.is_dir(), reason="no venue samples beside the checkout")
NOW_NS = 1_789_478_374_000_000_000

NOT_READ = {
    "usdm": {
        "rest_account_v2.json": "the third version is read",
        "rest_positionRisk_v2.json": "the third version is read",
        "rest_adlQuantile.json": "not shown",
        "rest_bookTicker.json": "the stream is read",
        "rest_commissionRate.json": "fees are configured",
        "rest_countdownCancelAll.json": "not used",
        "rest_klines.json": "candles of contracts are those of the mark price",
        "rest_premiumIndexKlines.json": "not shown",
        "rest_openAlgoOrders.json": "conditional orders are not placed",
        "rest_order_modify.json": "orders are not modified; the answer is an order's",
        "rest_rateLimit_order.json": "the headers tell",
        "wsapi_order_place.json": "orders are placed over REST",
    },
    "coinm": {
        "rest_adlQuantile.json": "not shown",
        "rest_commissionRate.json": "fees are configured",
        "rest_forceOrders.json": "the stream and the fills tell of liquidations",
        "rest_klines.json": "candles of contracts are those of the mark price",
        "rest_openInterest.json": "not shown",
        "wsapi_account_balance.json": "the account is read over REST",
        "wsapi_account_position.json": "the account is read over REST",
        "wsapi_order_place.json": "orders are placed over REST",
    },
    "spot": {
        "rest_avgPrice.json": "not shown",
        "rest_bookTicker.json": "the stream is read",
        "rest_order_place.json": "spot is not traded",
        "rest_price.json": "the stream is read",
        "rest_userAssets.json": "the account is read instead",
        "rest_walletBalance.json": "the account is read instead",
        "wsapi_account_status.json": "the account is read over REST",
        "wsapi_ticker_24hr.json": "the day is read over REST",
        "wsapi_userDataStream_subscribe_signature_request.json": "what a client sends; see test_desk",
    },
}


def sample(market: str, name: str) -> bytes:
    """What is in a file."""
    return (FOLDERS[market] / f"{name}.json").read_bytes()


def rest(market: str, name: str, path: str, *, method: str = "GET", **parameters: str) -> list[AnyEvent]:
    """What the answer in a file says."""
    answer = RestAnswer(
        path=path,
        body=sample(market, name),
        received_ns=NOW_NS,
        parameters=parameters,
        method=method,
        account="hedge",
    )
    return list(venue_module("binance").rest_events(answer))


def private(market: str, name: str) -> list[AnyEvent]:
    """What a private frame says."""
    decoder = account_decoder_for("binance", market, "hedge")
    assert decoder is not None
    return list(decoder.decode(sample(market, name), NOW_NS))


# --- public frames ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "name", "shown"),
    [
        (
            "usdm",
            "ws_raw_markPrice_live",
            {
                "channel": "btcusdt@markPrice",
                "mark_price": "76888.10000000",
                "index_price": "76935.00826087",
                "funding_rate": "0.00008900",
                "next_funding_time_ns": "1789488000000000000",
            },
        ),
        ("usdm", "ws_raw_bookTicker", {"bid_price": "25.35190000", "ask_size": "40.66000000"}),
        ("usdm", "ws_combined_ticker", {"last_price": "0.0025"}),
        ("spot", "ws_combined_bookTicker", {"bid_size": "31.21000000", "ask_price": "25.36520000"}),
        ("spot", "ws_combined_miniTicker", {"last_price": "0.0025"}),
        ("spot", "ws_combined_ticker", {"last_price": "0.0025"}),
    ],
)
def test_frames_with_prices(market: str, name: str, shown: dict[str, str]) -> None:
    (event,) = tickers(Decoder(market).decode(sample(market, name), NOW_NS))
    assert said(event).items() >= shown.items()


@pytest.mark.parametrize(
    ("market", "name", "kind"),
    [
        ("usdm", "ws_combined_kline", "unused"),
        ("usdm", "ws_raw_kline_open", "unused"),
        ("usdm", "ws_raw_kline_closed", "unused"),
        ("usdm", "ws_combined_forceOrder", "unused"),
        ("usdm", "ws_combined_contractInfo", "unused"),
        ("usdm", "ws_subscribe_error", "refusal"),
        ("spot", "ws_serverShutdown_raw", "notice"),
        ("spot", "ws_serverShutdown_combined", "notice"),
    ],
)
def test_frames_that_are_heard(market: str, name: str, kind: str) -> None:
    (event,) = Decoder(market).decode(sample(market, name), NOW_NS)
    assert isinstance(event, Heard)
    assert event.kind == kind


# --- private frames --------------------------------------------------------------------------------------------------


def test_balances_and_the_three_positions_of_an_account_update() -> None:
    usdt, busd, net, long, short = private("usdm", "ws_private_ACCOUNT_UPDATE")
    assert isinstance(usdt, BalanceUpdate)
    assert isinstance(busd, BalanceUpdate)
    assert (usdt.asset, usdt.wallet_balance) == ("USDT", Decimal("122624.12345678"))
    assert (busd.asset, busd.wallet_balance, busd.account) == ("BUSD", Decimal(1), "hedge")
    rows = [event for event in (net, long, short) if isinstance(event, PositionUpdate)]
    assert [(row.leg, row.quantity, row.entry_price, row.isolated_margin) for row in rows] == [
        (Leg.NET, Decimal(0), None, None),
        (Leg.LONG, Decimal(20), Decimal("6563.665"), Decimal("13200.70726908")),
        (Leg.SHORT, Decimal(-10), Decimal("6563.86"), Decimal("6570.42511771")),
    ]
    assert {row.venue_time_ns for row in rows} == {1564745798938 * 10**6}
    assert all(row.liquidation_price is None for row in rows)


def test_credits_are_an_asset_like_any_other() -> None:
    (event,) = private("usdm", "ws_raw_ACCOUNT_UPDATE_bnfcr")
    assert isinstance(event, BalanceUpdate)
    assert (event.asset, event.wallet_balance) == ("BNFCR", Decimal("5001.28983031"))


@pytest.mark.parametrize(
    ("name", "state", "origin", "leg", "fill"),
    [
        (
            "ws_raw_ORDER_TRADE_UPDATE_liquidation",
            OrderState.FILLED,
            FillOrigin.LIQUIDATION,
            Leg.LONG,
            ("BTCUSDT:12345999", "sell", "9910.12", "0.014", "0.06937084"),
        ),
        (
            "ws_raw_ORDER_TRADE_UPDATE_adl",
            OrderState.FILLED,
            FillOrigin.ADL,
            Leg.SHORT,
            ("BTCUSDT:12346001", "buy", "42000.00", "0.005", "0.10500000"),
        ),
    ],
)
def test_what_the_venue_did_to_a_position(
    name: str, state: OrderState, origin: FillOrigin, leg: Leg, fill: tuple[str, ...]
) -> None:
    order, executed = private("usdm", name)
    assert isinstance(order, OrderUpdate)
    assert isinstance(executed, Fill)
    assert (order.state, order.leg, executed.origin, executed.leg) == (state, leg, origin, leg)
    assert origin.value in order.reason
    assert (
        executed.fill_id,
        executed.side,
        f"{executed.price:f}",
        f"{executed.quantity:f}",
        f"{executed.fee:f}",
    ) == fill


def test_a_new_order_is_open_and_has_no_fill() -> None:
    (order,) = private("usdm", "ws_raw_ORDER_TRADE_UPDATE_live")
    assert isinstance(order, OrderUpdate)
    assert (order.instrument, order.state) == ("binance:usdm:SOLUSDT", OrderState.OPEN)
    assert (order.quantity, order.limit_price, order.average_price) == (Decimal("21.26"), Decimal("85.67"), None)
    assert (order.leg, order.reduce_only, order.venue_order_id) == (Leg.SHORT, True, "215456450616")


@pytest.mark.parametrize(
    ("market", "name", "heard"),
    [
        ("usdm", "ws_private_MARGIN_CALL", ("warning", "MARGIN_CALL", "ETHUSDT long")),
        ("usdm", "ws_private_TRADE_LITE", ("unused", "TRADE_LITE", "")),
        ("usdm", "ws_raw_listenKeyExpired", ("expired", "userData", "listenKeyExpired")),
        ("spot", "ws_eventStreamTerminated", ("expired", "userData", "eventStreamTerminated")),
        ("spot", "ws_private_balanceUpdate", ("unused", "balanceUpdate", "")),
        ("spot", "ws_private_executionReport", ("unused", "executionReport", "")),
        ("spot", "wsapi_userDataStream_subscribe_signature_response", ("ack", "", "")),
    ],
)
def test_private_frames_that_are_heard(market: str, name: str, heard: tuple[str, ...]) -> None:
    (event,) = private(market, name)
    assert isinstance(event, Heard)
    assert (event.kind, event.channel, event.detail) == heard


def test_spot_balances() -> None:
    (event,) = private("spot", "ws_private_outboundAccountPosition")
    assert isinstance(event, BalanceUpdate)
    assert (event.asset, event.wallet_balance) == ("ETH", Decimal(10000))
    assert event.venue_time_ns == 1564034571073 * 10**6


# --- public bodies ---------------------------------------------------------------------------------------------------


def test_premium_indexes() -> None:
    (usdm,) = rest("usdm", "rest_premiumIndex_symbol", "/fapi/v1/premiumIndex")
    assert isinstance(usdm, Ticker)
    assert (usdm.mark_price, usdm.index_price) == (Decimal("11793.63104562"), Decimal("11781.80495970"))
    assert (usdm.funding_rate, usdm.next_funding_time_ns) == (Decimal("0.00038246"), 1_597_392_000_000_000_000)
    perpetual, dated = rest("coinm", "rest_premiumIndex", "/dapi/v1/premiumIndex")
    assert isinstance(perpetual, Ticker)
    assert isinstance(dated, Ticker)
    assert (perpetual.instrument, perpetual.funding_rate) == ("binance:coinm:BTCUSD_PERP", Decimal("0.00071003"))
    assert (dated.instrument, dated.mark_price) == ("binance:coinm:BTCUSD_200925", Decimal("12077.0134375"))
    assert (dated.funding_rate, dated.next_funding_time_ns) == (None, None)


@pytest.mark.parametrize("market", ["usdm", "coinm"])
def test_funding_terms(market: str) -> None:
    terms, faults = reference.funding_terms(market, sample(market, "rest_fundingInfo"), None, 1)
    assert not faults
    told = terms["BLZUSDT"]
    assert (told.hours, told.cap, told.floor) == (8, Decimal("0.025"), Decimal("-0.025"))


@pytest.mark.parametrize(
    ("market", "path", "rates"),
    [("usdm", "/fapi/v1/fundingRate", ["0.0001", "0.0001"]), ("coinm", "/dapi/v1/fundingRate", ["-0.003", "-0.003"])],
)
def test_settled_funding_rates(market: str, path: str, rates: list[str]) -> None:
    events = rest(market, "rest_fundingRate", path)
    settled = [event for event in events if isinstance(event, FundingSettled)]
    assert [event.rate for event in settled] == [Decimal(rate) for rate in rates]
    assert [event.settled_ns // 10**9 for event in settled] == [1698768000, 1698796800]
    assert settled[-1].mark_price == Decimal("34651.4")


@pytest.mark.parametrize(
    ("market", "path", "instrument", "volume", "turnover"),
    [
        ("usdm", "/fapi/v1/ticker/24hr", "binance:usdm:BTCUSDT", "8913.3", "15.3"),
        ("coinm", "/dapi/v1/ticker/24hr", "binance:coinm:BTCUSD_200925", "494109", "5192.94797687"),
        ("spot", "/api/v3/ticker/24hr", "binance:spot:BNBBTC", "8913.3", "15.3"),
    ],
)
def test_the_rolling_day(market: str, path: str, instrument: str, volume: str, turnover: str) -> None:
    body = json.loads(sample(market, "rest_ticker_24hr"))
    row = body[0] if isinstance(body, list) else body
    (event,) = rest(market, "rest_ticker_24hr", path)
    assert isinstance(event, DayStatistics)
    assert (event.instrument, event.volume, event.turnover) == (instrument, Decimal(volume), Decimal(turnover))
    prices = (event.open_price, event.high_price, event.low_price, event.last_price)
    assert prices == tuple(Decimal(row[name]) for name in ("openPrice", "highPrice", "lowPrice", "lastPrice"))


@pytest.mark.parametrize(
    ("market", "name", "path", "price"),
    [
        ("usdm", "rest_markPriceKlines", "/fapi/v1/markPriceKlines", CandlePrice.MARK),
        ("usdm", "rest_indexPriceKlines", "/fapi/v1/indexPriceKlines", CandlePrice.INDEX),
        ("coinm", "rest_markPriceKlines", "/dapi/v1/markPriceKlines", CandlePrice.MARK),
        ("spot", "rest_klines", "/api/v3/klines", CandlePrice.SPOT),
    ],
)
def test_candles(market: str, name: str, path: str, price: CandlePrice) -> None:
    row = json.loads(sample(market, name))[0]
    (event,) = rest(market, name, path, symbol="X", pair="X", interval="1h")
    assert isinstance(event, CandlesLoaded)
    (candle,) = event.candles
    assert (event.price, candle.start_ns) == (price, row[0] * 10**6)
    assert [candle.open, candle.high, candle.low, candle.close] == [Decimal(text) for text in row[1:5]]


def test_coin_margined_tiers_are_in_coins() -> None:
    (event,) = rest("coinm", "rest_leverageBracket_v2", "/dapi/v2/leverageBracket")
    assert isinstance(event, TiersLoaded)
    (tier,) = event.table.tiers
    assert (event.table.instrument, event.table.unit) == ("binance:coinm:BTCUSD_PERP", "coin")
    assert (tier.floor, tier.cap, tier.rate, tier.maximum_leverage) == (
        Decimal(0),
        Decimal(50),
        Decimal("0.004"),
        Decimal(125),
    )


def test_a_pair_without_filters_is_a_fault() -> None:
    (event,) = rest("spot", "rest_exchangeInfo", "/api/v3/exchangeInfo")
    assert isinstance(event, FrameFault)
    assert event.field == "filters.PRICE_FILTER"


# --- signed bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "name", "path", "balances"),
    [
        ("usdm", "rest_account_v3", "/fapi/v3/account", {"USDT": "23.72469206", "USDC": "103.12345678"}),
        ("usdm", "rest_balance", "/fapi/v3/balance", {"USDT": "122607.35137903"}),
        ("coinm", "rest_account", "/dapi/v1/account", {"BTC": "0.00241969"}),
        ("coinm", "rest_balance", "/dapi/v1/balance", {"BTC": "0.0025"}),
        ("spot", "rest_account", "/api/v3/account", {"BTC": "4723846.89208129", "LTC": "4763368.68006011"}),
    ],
)
def test_balances(market: str, name: str, path: str, balances: dict[str, str]) -> None:
    events = rest(market, name, path)
    assert {event.asset: event.wallet_balance for event in events if isinstance(event, BalanceUpdate)} == {
        asset: Decimal(amount) for asset, amount in balances.items()
    }
    assert {event.account for event in events if isinstance(event, BalanceUpdate)} == {"hedge"}


def test_coin_margined_positions_with_their_settings() -> None:
    events = rest("coinm", "rest_positionRisk", "/dapi/v1/positionRisk")
    net, long, short = (event for event in events if isinstance(event, PositionUpdate))
    assert (net.leg, net.quantity, net.entry_price, net.liquidation_price) == (Leg.NET, Decimal(0), None, None)
    assert (long.leg, long.quantity, long.entry_price) == (Leg.LONG, Decimal(1), Decimal("11707.70000003"))
    assert (long.liquidation_price, long.isolated_margin) == (Decimal("11667.63509587"), None)
    assert short.leg is Leg.SHORT
    told = [event for event in events if isinstance(event, AccountSettings)]
    assert {(event.leg, event.margin_mode, event.leverage) for event in told} == {
        (leg, "cross", Decimal(125)) for leg in Leg
    }


@pytest.mark.parametrize(
    ("market", "name", "path", "shown"),
    [
        (
            "usdm",
            "rest_symbolConfig",
            "/fapi/v1/symbolConfig",
            {"instrument": "binance:usdm:BTCUSDT", "margin_mode": "cross", "leverage": Decimal(21)},
        ),
        ("usdm", "rest_multiAssetsMargin", "/fapi/v1/multiAssetsMargin", {"multi_asset": True, "position_mode": None}),
        ("coinm", "rest_positionSide_get", "/dapi/v1/positionSide/dual", {"position_mode": "hedge"}),
    ],
)
def test_settings(market: str, name: str, path: str, shown: dict[str, Any]) -> None:
    (event,) = rest(market, name, path)
    assert isinstance(event, AccountSettings)
    assert msgspec.structs.asdict(event).items() >= shown.items()


@pytest.mark.parametrize(
    ("market", "name", "path", "method", "shown"),
    [
        ("usdm", "rest_order_place", "/fapi/v1/order", "POST", ("testOrder", OrderState.OPEN, "10", "22542179")),
        (
            "usdm",
            "rest_order_cancel",
            "/fapi/v1/order",
            "DELETE",
            ("myOrder1", OrderState.CANCELLED, "11", "283194212"),
        ),
        ("coinm", "rest_order_place", "/dapi/v1/order", "POST", ("testOrder", OrderState.OPEN, "10", "22542179")),
        (
            "coinm",
            "rest_order_cancel",
            "/dapi/v1/order",
            "DELETE",
            ("myOrder1", OrderState.CANCELLED, "11", "283194212"),
        ),
        ("coinm", "rest_openOrders", "/dapi/v1/openOrders", "GET", ("abc", OrderState.OPEN, "0.40", "1917641")),
    ],
)
def test_orders(market: str, name: str, path: str, method: str, shown: tuple[Any, ...]) -> None:
    (order,) = rest(market, name, path, method=method)
    assert isinstance(order, OrderUpdate)
    assert (order.client_order_id, order.state, str(order.quantity), order.venue_order_id) == shown
    assert (order.side, order.leg, order.limit_price, order.average_price) == ("buy", Leg.SHORT, None, None)


def test_executions() -> None:
    (fill,) = rest("usdm", "rest_userTrades", "/fapi/v1/userTrades")
    assert isinstance(fill, Fill)
    assert (fill.fill_id, fill.side, fill.leg, fill.maker) == ("BTCUSDT:698759", "sell", Leg.SHORT, False)
    assert (fill.price, fill.quantity, fill.fee) == (Decimal("7819.01"), Decimal("0.002"), Decimal("-0.0781901"))


def test_the_ledger_tells_fees_and_not_transfers() -> None:
    (fee,) = rest("usdm", "rest_income", "/fapi/v1/income")
    assert isinstance(fee, FeeCharged)
    assert (fee.amount, fee.asset, fee.kind) == (Decimal("0.01"), "USDT", "trade")
    assert (fee.instrument, fee.fill_id) == ("binance:usdm:BTCUSDT", "BTCUSDT:2059192")


@pytest.mark.parametrize(
    ("market", "name", "path", "method"),
    [
        ("usdm", "rest_leverage_set", "/fapi/v1/leverage", "POST"),
        ("usdm", "rest_positionSide_set", "/fapi/v1/positionSide/dual", "POST"),
        ("usdm", "rest_listenKey_create", "/fapi/v1/listenKey", "POST"),
        ("usdm", "rest_listenKey_keepalive", "/fapi/v1/listenKey", "PUT"),
        ("usdm", "rest_listenKey_close", "/fapi/v1/listenKey", "DELETE"),
        ("coinm", "rest_leverage_set", "/dapi/v1/leverage", "POST"),
        ("coinm", "rest_marginType_set", "/dapi/v1/marginType", "POST"),
        ("coinm", "rest_listenKey_create", "/dapi/v1/listenKey", "POST"),
        ("coinm", "rest_time", "/dapi/v1/time", "GET"),
        ("spot", "rest_time", "/api/v3/time", "GET"),
    ],
)
def test_answers_that_tell_nothing(market: str, name: str, path: str, method: str) -> None:
    (event,) = rest(market, name, path, method=method)
    assert isinstance(event, Heard)
    assert (event.kind, event.channel) == ("answer", path)
    assert "pqia91ma19a5s61" not in str(event)


def test_what_a_key_may_do() -> None:
    rights = read_key(sample("spot", "rest_apiRestrictions"))
    assert (rights.trades, rights.withdraws, rights.moves, rights.bound) == (False, False, False, False)


@pytest.mark.parametrize(
    ("code", "status", "stays_away"),
    [("1003", 429, True), ("1021", 400, False), ("2015", 401, False), ("4120", 400, False)],
)
def test_error_bodies(code: str, status: int, stays_away: bool) -> None:
    body = sample("usdm", f"err_{code}")
    error = refusal(status, body)
    assert isinstance(error, VenueError)
    assert (error.code, error.message) == (f"-{code}", json.loads(body)["msg"])
    assert (error.retry_after_seconds is not None, error.outcome_unknown) == (stays_away, False)
    with pytest.raises(VenueError, match=code):
        venue_module("binance").rest_events(RestAnswer(path="/fapi/v1/order", body=body, received_ns=1, method="POST"))


@pytest.mark.parametrize("market", FOLDERS)
def test_every_file_is_read_or_has_a_reason(market: str) -> None:
    source = Path(__file__).read_text()
    unread = {
        path.name
        for path in FOLDERS[market].glob("*.json")
        if f'"{path.stem}"' not in source and f'"{path.stem.removeprefix("err_")}"' not in source
    }
    assert unread <= NOT_READ[market].keys() <= {path.name for path in FOLDERS[market].glob("*.json")}
