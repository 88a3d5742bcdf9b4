"""What BingX's desk tells of an account where the venue's lists leave something out."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from core.errors import VenueError
from core.events import AccountSettings, AnyEvent, Fill, OrderState, OrderUpdate, PositionUpdate
from core.legs import Leg
from feeds.bingx import facts
from feeds.bingx.desk import BingxDesk
from tests.feeds.bingx.test_client import KEY, Answers, good, venue
from tests.feeds.bingx.test_placing import NOT_FOUND, row

INVERSE = "bingx:inverse:BTC-USD"
LINEAR = "bingx:linear:BTC-USDT"
HOUR_MS = 3_600_000
CHINA = timezone(timedelta(hours=8))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def held(side: str, amount: str) -> dict[str, Any]:
    told = {"symbol": "BTC-USD", "positionSide": side, "positionAmt": amount, "avgPrice": "61000", "isolated": False}
    return told | {"leverage": 5, "liquidationPrice": 0, "updateTime": now_ms()}


def coin_order(**changed: Any) -> dict[str, Any]:
    old = now_ms() - 9 * HOUR_MS
    return row(symbol="BTC-USD", origQty="3", time=old, updateTime=old) | changed


def coin_fill(**changed: Any) -> dict[str, Any]:
    told = {
        "symbol": "BTC-USD",
        "tradeId": "7",
        "orderId": "18",
        "side": "SELL",
        "positionSide": "BOTH",
        "tradePrice": "61000",
        "volume": "3",
        "commission": "-0.0000024",
        "currency": "BTC",
        "tradeTime": now_ms(),
    }
    return told | changed


def account(*, positions: Sequence[Any] = (), orders: Sequence[Any] = (), mode: Any = "false") -> Answers:
    """A coin-margined account; ``mode`` is what is told of USDT-margined contracts, or the answer instead of it."""
    return {
        facts.POSITION_MODE_PATH: good({"dualSidePosition": mode}) if isinstance(mode, str) else mode,
        facts.INVERSE_BALANCE_PATH: good([{"asset": "BTC", "balance": "1"}]),
        facts.INVERSE_POSITIONS_PATH: good(list(positions)),
        facts.INVERSE_MARGIN_MODE_PATH: good({"symbol": "BTC-USD", "marginType": "CROSSED"}),
        facts.INVERSE_LEVERAGE_PATH: good({"symbol": "BTC-USD", "longLeverage": 5, "shortLeverage": 5}),
        facts.INVERSE_OPEN_ORDERS_PATH: good({"orders": list(orders)}),
        facts.INVERSE_ALL_ORDERS_PATH: good({"orders": []}),
        facts.INVERSE_FILLS_PATH: good([]),
        facts.INVERSE_QUERY_PATH: NOT_FOUND,
    }


@pytest.fixture(autouse=True)
def at_any_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers here count no requests."""
    monkeypatch.setattr(facts, "PER_SECOND", 1000)
    monkeypatch.setattr(facts, "PER_SECOND_SLOW", 1000)


def legs(events: Sequence[AnyEvent]) -> dict[Leg, Decimal]:
    return {event.leg: event.quantity for event in events if isinstance(event, PositionUpdate)}


NET, SHORT, LONG = Leg.NET, Leg.SHORT, Leg.LONG
NO_MODE = {"code": 100404, "msg": "no such endpoint"}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (account(positions=[held("SHORT", "3")]), {NET: -3}),
        (account(positions=[held("LONG", "3")]), {NET: 3}),
        (account(positions=[held("SHORT", "3")], mode=NO_MODE), {NET: -3}),
        (account(positions=[held("BOTH", "-3")], mode="true"), {NET: -3}),
        (account(positions=[held("SHORT", "3"), held("LONG", "0")]), {NET: -3}),
        (account(positions=[held("SHORT", "3")], orders=[coin_order()], mode="true"), {NET: -3}),
        (account(positions=[held("SHORT", "3")], mode="true"), {SHORT: -3, LONG: 0}),
        (account(positions=[held("SHORT", "3")], orders=[coin_order(positionSide="SHORT")]), {SHORT: -3, LONG: 0}),
        (account(positions=[held("SHORT", "3"), held("LONG", "2")]), {SHORT: -3, LONG: 2}),
        (account(), {NET: 0, SHORT: 0, LONG: 0}),
        (account(mode="true"), {NET: 0, SHORT: 0, LONG: 0}),
    ],
)
async def test_a_coin_margined_position_is_never_called_flat_where_it_may_be_meant(
    answers: Answers, told: dict[Leg, int]
) -> None:
    async with venue(answers) as (endpoints, _):
        events = await BingxDesk("main", endpoints, KEY).sweep([INVERSE], time.time_ns())
    assert legs(events) == told
    assert all(
        event.venue_time_ns is None for event in events if isinstance(event, PositionUpdate) and not event.quantity
    )


async def test_a_mode_that_cannot_be_asked_for_now_tells_nothing() -> None:
    async with venue(account(positions=[held("SHORT", "3")], mode=503)) as (endpoints, _):
        with pytest.raises(VenueError):
            await BingxDesk("main", endpoints, KEY).sweep([INVERSE], time.time_ns())


@pytest.mark.parametrize(("mode", "leg"), [("false", NET), ("true", SHORT), (NO_MODE, NET)])
async def test_the_first_frame_of_a_coin_margined_account_names_the_leg_that_its_sweeps_do(mode: Any, leg: Leg) -> None:
    answers = account(positions=[held("SHORT", "3")], mode=mode) | {facts.LISTEN_KEY_PATH: {"listenKey": "a" * 32}}
    row = {"s": "BTC-USD", "pa": "3", "ep": "61000", "up": "0", "mt": "cross", "iw": "0", "ps": "SHORT"}
    frame = json.dumps({"e": "ACCOUNT_UPDATE", "E": now_ms(), "a": {"m": "ORDER", "B": [], "P": [row]}})
    async with venue(answers) as (endpoints, requests):
        desk = BingxDesk("main", endpoints, KEY)
        (plan,) = desk.plans([INVERSE])
        await desk.opening(plan)
        streamed = legs(desk.decoder(plan).decode(frame, time.time_ns()))
        swept = [legs(await desk.sweep([INVERSE], time.time_ns())) for _ in range(2)]
    assert streamed == {leg: -3}
    assert [told[leg] for told in swept] == [-3, -3]
    if mode == NO_MODE:
        assert len(of_path(requests, facts.POSITION_MODE_PATH)) == 1, "what is refused is not asked for again"


async def test_a_mode_that_was_changed_is_seen_once_nothing_is_held() -> None:
    answers = account(positions=[held("SHORT", "3")])
    async with venue(answers) as (endpoints, _):
        desk = BingxDesk("main", endpoints, KEY)
        assert legs(await desk.sweep([INVERSE], time.time_ns())) == {NET: -3}
        answers[facts.POSITION_MODE_PATH] = good({"dualSidePosition": "true"})
        assert legs(await desk.sweep([INVERSE], time.time_ns())) == {NET: -3}, "of other contracts"
        answers[facts.INVERSE_POSITIONS_PATH] = good([])
        assert legs(await desk.sweep([INVERSE], time.time_ns())) == {NET: 0, SHORT: 0, LONG: 0}
        answers[facts.INVERSE_POSITIONS_PATH] = good([held("SHORT", "3")])
        assert legs(await desk.sweep([INVERSE], time.time_ns())) == {SHORT: -3, LONG: 0}


async def test_a_leg_that_turns_out_to_be_another_is_not_counted_twice() -> None:
    answers = account(positions=[held("SHORT", "3")])
    async with venue(answers) as (endpoints, _):
        desk = BingxDesk("main", endpoints, KEY)
        assert legs(await desk.sweep([INVERSE], time.time_ns())) == {NET: -3}
        answers[facts.INVERSE_POSITIONS_PATH] = good([held("SHORT", "3"), held("LONG", "2")])
        assert legs(await desk.sweep([INVERSE], time.time_ns())) == {NET: 0, SHORT: -3, LONG: 2}
        answers[facts.INVERSE_POSITIONS_PATH] = good([held("SHORT", "3")])
        assert legs(await desk.sweep([INVERSE], time.time_ns())) == {SHORT: -3, LONG: 0}


async def test_funding_that_no_record_tells_of_is_said_to_be_untold_before_the_position() -> None:
    async with venue(account(positions=[held("SHORT", "3")])) as (endpoints, _):
        desk = BingxDesk("main", endpoints, KEY)
        for _ in range(2):
            events = list(await desk.sweep([INVERSE], time.time_ns()))
            kinds = [
                event.instrument
                for event in events
                if isinstance(event, PositionUpdate)
                or (isinstance(event, AccountSettings) and event.no_funding_records)
            ]
            assert kinds == [INVERSE, INVERSE]
            told = next(event for event in events if isinstance(event, PositionUpdate))
            assert any(
                isinstance(event, AccountSettings) and event.no_funding_records
                for event in events[: events.index(told)]
            )


async def test_an_order_that_rested_and_is_in_no_list_any_more_is_looked_up_with_its_fills() -> None:
    answers = account(orders=[coin_order()])
    async with venue(answers) as (endpoints, requests):
        desk = BingxDesk("main", endpoints, KEY)
        begun_ns = time.time_ns() - 600_000_000_000
        await desk.sweep([INVERSE], begun_ns)
        answers[facts.INVERSE_OPEN_ORDERS_PATH] = good({"orders": []})
        answers[facts.INVERSE_QUERY_PATH] = good({"order": coin_order(status="FILLED", executedQty="3")})
        answers[facts.INVERSE_FILLS_PATH] = good(
            [coin_fill(), coin_fill(tradeId="6", tradeTime=now_ms() - 9 * HOUR_MS)]
        )
        answers[facts.INVERSE_BALANCE_PATH] = ["in turn", 503, *[good([{"asset": "BTC", "balance": "1"}])] * 2]
        with pytest.raises(VenueError):
            await desk.sweep([INVERSE], begun_ns)
        events = await desk.sweep([INVERSE], begun_ns)
        (update,) = [event for event in events if isinstance(event, OrderUpdate)]
        (fill,) = [event for event in events if isinstance(event, Fill)]
        assert (update.state, update.client_order_id) == (OrderState.FILLED, "hr-1-ab")
        assert (fill.fill_id, fill.client_order_id, fill.leg) == ("BTC-USD:7", "hr-1-ab", NET)
        asked = len(of_path(requests, facts.INVERSE_QUERY_PATH))
        assert not [event for event in await desk.sweep([INVERSE], begun_ns) if isinstance(event, OrderUpdate | Fill)]
        assert len(of_path(requests, facts.INVERSE_QUERY_PATH)) == asked


async def test_an_order_that_ended_while_nobody_read_is_found_by_when_it_was_made() -> None:
    begun_ns = time.time_ns() - 600_000_000_000
    ended = coin_order(status="FILLED", executedQty="3", updateTime=now_ms() - 60_000)
    older = coin_order(orderId=17, status="FILLED", executedQty="3")

    def history(request: web.Request) -> Any:
        start, end = int(request.query["startTime"]), int(request.query["endTime"])
        return good({"orders": [told for told in (ended, older) if start <= told["time"] <= end]})

    answers = account() | {facts.INVERSE_ALL_ORDERS_PATH: history, facts.INVERSE_FILLS_PATH: good([coin_fill()])}
    async with venue(answers) as (endpoints, requests):
        events = await BingxDesk("main", endpoints, KEY).sweep([INVERSE], begun_ns)
    assert [event.client_order_id for event in events if isinstance(event, Fill)] == ["hr-1-ab"]
    assert [request.query["orderId"] for request in of_path(requests, facts.INVERSE_FILLS_PATH)] == ["18"]


def of_path(requests: list[web.Request], path: str) -> list[web.Request]:
    return [request for request in requests if request.path == path]


async def test_a_fill_of_an_order_made_long_ago_keeps_its_client_order_id() -> None:
    filled_ms = now_ms() - HOUR_MS
    fill = {
        "symbol": "BTC-USDT",
        "qty": "0.1",
        "price": "61000",
        "commission": "-2",
        "commissionAsset": "USDT",
        "orderId": "18",
        "tradeId": "7",
        "filledTime": datetime.fromtimestamp(filled_ms / 1000, CHINA).isoformat(timespec="milliseconds"),
        "side": "SELL",
        "positionSide": "BOTH",
    }
    fills = [fill, fill | {"tradeId": "8"}, fill | {"tradeId": "9", "orderId": "19"}]

    def look_up(request: web.Request) -> Any:
        return good({"order": row()}) if request.query.get("orderId") == "18" else NOT_FOUND

    answers: Answers = {
        facts.POSITION_MODE_PATH: good({"dualSidePosition": "false"}),
        facts.BALANCE_PATH: good([{"asset": "USDT", "balance": "1"}]),
        facts.POSITIONS_PATH: good([]),
        facts.MARGIN_MODE_PATH: good({"marginType": "CROSSED"}),
        facts.LEVERAGE_PATH: good({"longLeverage": 5, "shortLeverage": 5}),
        facts.OPEN_ORDERS_PATH: good({"orders": []}),
        facts.ALL_ORDERS_PATH: good({"orders": None}),
        facts.FILLS_PATH: good({"fill_history_orders": fills, "total": 3}),
        facts.INCOME_PATH: good(None),
        facts.ORDER_PATH: look_up,
    }
    async with venue(answers) as (endpoints, requests):
        desk = BingxDesk("main", endpoints, KEY)
        for _ in range(2):
            events = await desk.sweep([LINEAR], 1_000_000 * (filled_ms - HOUR_MS))
            told = {event.fill_id: event.client_order_id for event in events if isinstance(event, Fill)}
            assert told == {"BTC-USDT:7": "hr-1-ab", "BTC-USDT:8": "hr-1-ab", "BTC-USDT:9": ""}
    numbers = [request.query["orderId"] for request in of_path(requests, facts.ORDER_PATH)]
    assert sorted(numbers) == ["18", "19"], "each is asked for once"
