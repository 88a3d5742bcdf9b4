"""What a sweep of an account at Binance tells, and how it is asked for."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from aiohttp import web

from core.errors import VenueError
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.legs import Leg
from feeds.binance import facts
from feeds.binance.desk import BinanceAccount
from feeds.binance.products import at_home
from feeds.venue import Endpoints
from tests.feeds.binance.desk import Venue, desk, not_known, of, row

NOW_MS = time.time_ns() // 10**6
SETTLED_MS = (NOW_MS // 3_600_000 - 2) * 3_600_000
TRADE = {
    "symbol": "BTCUSDT",
    "id": 77,
    "orderId": 4711,
    "side": "SELL",
    "positionSide": "BOTH",
    "price": "68000.20",
    "qty": "0.010",
    "commission": "0.34",
    "commissionAsset": "USDT",
    "maker": True,
    "time": NOW_MS - 1000,
}


def prepared(venue: Venue) -> None:
    asset = {"asset": "USDT", "walletBalance": "1000.5", "updateTime": NOW_MS}
    position = {
        "symbol": "BTCUSDT",
        "positionSide": "BOTH",
        "positionAmt": "-0.5",
        "entryPrice": "60000",
        "liquidationPrice": "91234.5",
        "unRealizedProfit": "-1",
        "isolatedMargin": "14999.5",
        "isolatedWallet": "15000.5",
        "updateTime": NOW_MS,
    }
    other = position | {"symbol": "ETHUSDT"}
    income = {"symbol": "BTCUSDT", "income": "1.5", "asset": "USDT", "info": "", "tradeId": "", "time": SETTLED_MS + 2}
    entries = [
        income | {"incomeType": "FUNDING_FEE", "tranId": 1},
        income | {"incomeType": "SPECIAL_FUNDING_FEE", "tranId": 1, "income": "-0.5"},
        income | {"incomeType": "COMMISSION", "tranId": 2, "tradeId": "77", "income": "-0.34"},
        income | {"incomeType": "FUNDING_FEE", "tranId": 3, "symbol": "ETHUSDT"},
        income | {"incomeType": "TRANSFER", "tranId": 4, "symbol": ""},
    ]
    rate = {"symbol": "BTCUSDT", "fundingTime": SETTLED_MS + 5, "fundingRate": "0.0001", "markPrice": "60000"}
    config = {"dualSidePosition": False, "multiAssetsMargin": False}
    venue.on("GET /fapi/v1/accountConfig", config)
    venue.on("GET /fapi/v1/symbolConfig", [{"symbol": "BTCUSDT", "marginType": "ISOLATED", "leverage": 2}])
    venue.on("GET /fapi/v3/account", {"assets": [asset], "positions": []})
    venue.on("GET /fapi/v3/positionRisk", [position, other])
    venue.on("GET /fapi/v1/openOrders", [row(client="resting")])
    venue.on("GET /fapi/v1/userTrades", [TRADE])
    venue.on("GET /fapi/v1/allOrders", [row("FILLED", "0.010")])
    venue.on("GET /fapi/v1/income", entries)
    venue.on("GET /fapi/v1/fundingRate", [rate])


async def sweep(account: BinanceAccount, instrument: str = "binance:usdm:BTCUSDT") -> list[AnyEvent]:
    return list(await account.sweep([instrument], (NOW_MS - 86_400_000) * 10**6))


async def test_a_sweep_tells_all_of_an_account_and_twice_the_same() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        events, again = await sweep(account), await sweep(account)
    assert isinstance(events[-1], AccountSwept)
    (balance,) = of(events, BalanceUpdate)
    assert (balance.account, balance.asset, balance.wallet_balance) == ("hedge", "USDT", Decimal("1000.5"))
    (position,) = of(events, PositionUpdate)
    assert (position.quantity, position.liquidation_price) == (Decimal("-0.5"), Decimal("91234.5"))
    assert position.isolated_margin == Decimal("15000.5")
    (resting,) = of(events, OrderUpdate)
    assert (resting.client_order_id, resting.state) == ("resting", OrderState.OPEN)
    (fill,) = of(events, Fill)
    assert (fill.fill_id, fill.client_order_id) == ("BTCUSDT:77", "hr-7f3a-0001")
    regular, special = of(events, FundingPayment)
    assert (regular.amount, regular.rate, regular.mark_price) == (Decimal("1.5"), Decimal("0.0001"), 60000)
    assert regular.settled_ns == SETTLED_MS * 10**6
    assert (special.amount, special.rate) == (Decimal("-0.5"), None)
    assert special.payment_id != regular.payment_id
    (fee,) = of(events, FeeCharged)
    assert (fee.amount, fee.fill_id, fee.kind) == (Decimal("0.34"), "BTCUSDT:77", "trade")
    account_wide, contract = of(events, AccountSettings)
    assert (account_wide.position_mode, account_wide.multi_asset) == ("one-way", False)
    assert (contract.margin_mode, contract.leverage) == ("isolated", 2)
    for kind, name in ((Fill, "fill_id"), (FundingPayment, "payment_id"), (FeeCharged, "record_id")):
        assert [getattr(event, name) for event in of(again, kind)] == [
            getattr(event, name) for event in of(events, kind)
        ]


@pytest.mark.parametrize(("hedges", "legs"), [(False, [Leg.NET]), (True, [Leg.LONG, Leg.SHORT])])
async def test_no_position_is_told_as_none_in_every_leg(hedges: bool, legs: list[Leg]) -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/accountConfig", {"dualSidePosition": hedges, "multiAssetsMargin": True})
        venue.on("GET /fapi/v3/positionRisk", [])
        events = await sweep(account)
    told = of(events, PositionUpdate)
    assert [(event.leg, event.quantity, event.liquidation_price) for event in told] == [(leg, 0, None) for leg in legs]


async def test_a_sweep_that_fails_tells_nothing() -> None:
    for path in ("/fapi/v3/account", "/fapi/v1/income", "/fapi/v1/openOrders"):
        async with desk() as (account, venue):
            prepared(venue)
            venue.on(f"GET {path}", web.Response(text="5", content_type="application/json"))
            with pytest.raises(VenueError):
                await sweep(account)


async def test_a_long_ledger_is_read_page_by_page_and_nothing_twice() -> None:
    first = [
        {
            "symbol": "BTCUSDT",
            "incomeType": "COMMISSION",
            "income": "-1",
            "asset": "USDT",
            "time": NOW_MS - 2000 + number,
            "tranId": number,
            "tradeId": number,
        }
        for number in range(1000)
    ]
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/income", first, [first[-1], first[-1] | {"tranId": 1000, "tradeId": 1000}])
        events = await sweep(account)
    assert len(of(events, FeeCharged)) == 1001
    starts = [query["startTime"] for query in venue.queries("GET", "/fapi/v1/income")]
    assert starts[1] == str(NOW_MS - 2000 + 999)


async def test_fills_of_many_weeks_are_asked_for_week_by_week() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/userTrades", [])
        await account.sweep(["binance:usdm:BTCUSDT"], (NOW_MS - 20 * 86_400_000) * 10**6)
    windows = [
        (int(query["startTime"]), int(query["endTime"])) for query in venue.queries("GET", "/fapi/v1/userTrades")
    ]
    assert len(windows) == 3
    assert all(end - start < 7 * 86_400_000 for start, end in windows)
    assert [start for start, _ in windows[1:]] == [end + 1 for _, end in windows[:-1]]


async def test_an_order_older_than_the_list_is_looked_up_by_its_number() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/allOrders", [])
        venue.on("GET /fapi/v1/order", row("FILLED", "0.010", client="autoclose-1"))
        (fill,) = of(await sweep(account), Fill)
        assert (fill.client_order_id, fill.origin.value) == ("autoclose-1", "liquidation")
        venue.on("GET /fapi/v1/order", not_known())
        (fill,) = of(await sweep(account), Fill)
    assert fill.client_order_id == ""


async def test_spot_tells_balances() -> None:
    async with desk() as (account, venue):
        venue.on("GET /api/v3/account", {"balances": [{"asset": "BTC", "free": "1.5", "locked": "0.5"}]})
        balance, swept = await sweep(account, "binance:spot:BTCUSDT")
    assert isinstance(balance, BalanceUpdate)
    assert (balance.asset, balance.wallet_balance) == ("BTC", Decimal(2))
    assert isinstance(swept, AccountSwept)


async def test_a_position_is_told_as_it_was_read_whatever_the_stream_said() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        (plan,) = account.plans(["binance:usdm:BTCUSDT"])
        decoder = account.decoder(plan)
        streamed = {"s": "BTCUSDT", "pa": "-0.5", "ep": "60000", "mt": "isolated", "iw": "14000", "ps": "BOTH"}
        later = {"e": "ACCOUNT_UPDATE", "E": NOW_MS, "T": NOW_MS + 8000, "a": {"P": [streamed]}}
        assert of(decoder.decode(json.dumps(later), 7), PositionUpdate)
        (read,) = of(await sweep(account), PositionUpdate)
    assert read.venue_time_ns == NOW_MS * 10**6, "the row's own time"
    assert read.isolated_margin == Decimal("15000.5"), "margin that was moved since the last trade"


async def test_no_position_has_no_time_of_the_venues() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v3/positionRisk", [])
        (read,) = of(await sweep(account), PositionUpdate)
    assert (read.quantity, read.venue_time_ns) == (0, None)


async def test_a_settled_rate_is_asked_for_until_it_is_known_and_not_again() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        (rate,) = venue.answers["GET /fapi/v1/fundingRate"][0]
        venue.on("GET /fapi/v1/fundingRate", [], [rate])
        told = [[event.rate for event in of(await sweep(account), FundingPayment)] for _ in range(3)]
    assert told == [[None, None], [Decimal("0.0001"), None], [Decimal("0.0001"), None]]
    assert venue.count("GET", "/fapi/v1/fundingRate") == 2


async def test_a_special_payment_needs_no_rate() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        special = [row for row in venue.answers["GET /fapi/v1/income"][0] if row["incomeType"] != "FUNDING_FEE"]
        venue.on("GET /fapi/v1/income", special)
        (payment,) = of(await sweep(account), FundingPayment)
    assert payment.rate is None
    assert not venue.count("GET", "/fapi/v1/fundingRate")


async def test_how_contracts_are_set_is_read_seldom_and_again_once_the_stream_has_begun_anew() -> None:
    path, both = "/fapi/v1/symbolConfig", ["binance:usdm:BTCUSDT", "binance:usdm:ETHUSDT"]
    counts = []
    async with desk() as (account, venue):
        prepared(venue)
        (plan,) = account.plans(["binance:usdm:BTCUSDT"])
        for _ in range(facts.SETTINGS_EVERY_SWEEPS + 1):
            await sweep(account)
            counts.append(venue.count("GET", path))
        account.subscribe_frames(plan, ())
        for _ in range(2):
            await sweep(account)
            counts.append(venue.count("GET", path))
        await account.sweep(both, NOW_MS * 10**6)
    assert counts == [1] * facts.SETTINGS_EVERY_SWEEPS + [2, 3, 3]
    assert [query["symbol"] for query in venue.queries("GET", path)][3:] == ["ETHUSDT"]


async def test_settings_of_a_sweep_that_failed_are_read_again() -> None:
    async with desk() as (account, venue):
        prepared(venue)
        venue.on("GET /fapi/v1/openOrders", web.Response(text="5", content_type="application/json"), [])
        with pytest.raises(VenueError):
            await sweep(account)
        assert [event.leverage for event in of(await sweep(account), AccountSettings)] == [None, 2]


async def test_a_spot_balance_that_is_gone_is_told_as_nothing_once() -> None:
    async with desk() as (account, venue):
        both = [{"asset": asset, "free": "1", "locked": "0"} for asset in ("BTC", "ETH")]
        venue.on("GET /api/v3/account", {"balances": both}, {"balances": both[:1]})
        told = [
            {
                event.asset: event.wallet_balance
                for event in of(await sweep(account, "binance:spot:BTCUSDT"), BalanceUpdate)
            }
            for _ in range(3)
        ]
    assert told == [{"BTC": 1, "ETH": 1}, {"BTC": 1, "ETH": 0}, {"BTC": 1}]


@pytest.mark.parametrize(("network", "verified"), [(None, []), (facts.DEMO, [False]), (facts.TESTNET, [False])])
async def test_where_nobody_tells_what_a_key_may_do_the_account_says_so(
    network: Endpoints | None, verified: list[bool]
) -> None:
    async with desk() as (account, venue):
        prepared(venue)
        account._client("usdm")  # it keeps its address
        if network is not None:
            account._endpoints = at_home(network)
        settings = of(await sweep(account), AccountSettings)
    assert [event.key_verified for event in settings if event.key_verified is not None] == verified
