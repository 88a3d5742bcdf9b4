"""What MEXC's client plans and asks, and how a desk makes its addresses."""

from __future__ import annotations

import json

import pytest

from core.errors import RequestError
from feeds.mexc.client import MexcFeed
from feeds.mexc.desk import MexcDesk
from feeds.mexc.parse import Decoder
from feeds.mexc.private import PrivateDecoder
from feeds.mexc.rest import MexcDialect
from feeds.mexc.spot import SpotDecoder
from feeds.registry import account_feed
from feeds.rest import Reply
from feeds.venue import Credentials, Endpoints

KEY = Credentials("hedgerow-key", "hedgerow-secret")


def test_contracts_of_both_kinds_share_a_socket_and_spot_has_its_own() -> None:
    plans = MexcFeed().plans(["mexc:spot:BTCUSDT", "mexc:linear:BTC_USDT", "mexc:inverse:BTC_USD"])
    assert {plan.name: plan.url for plan in plans} == {
        "contract": "wss://contract.mexc.com/edge",
        "spot": "wss://wbs-api.mexc.com/ws",
    }
    contract, spot = plans
    assert [item.channel for item in contract.subscriptions] == [
        f"{topic}.{symbol}" for symbol in ("BTC_USDT", "BTC_USD") for topic in ("fair.price", "ticker", "depth.full")
    ]
    assert [item.channel for item in spot.subscriptions] == [
        "spot@public.miniTicker.v3.api.pb@BTCUSDT@UTC+8",
        "spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT",
    ]
    assert isinstance(MexcFeed().decoder(contract), Decoder)
    assert isinstance(MexcFeed().decoder(spot), SpotDecoder)


def test_the_client_pings_each_socket_in_its_own_words_before_it_is_cut() -> None:
    contract, spot = MexcFeed().plans(["mexc:linear:BTC_USDT", "mexc:spot:BTCUSDT"])
    assert json.loads(MexcFeed().heartbeat_frame() or "") == {"method": "ping"}
    assert json.loads(spot.heartbeat) == {"method": "PING"}
    assert (contract.heartbeat, contract.lifetime_seconds) == ("", None)
    assert all(10 <= (plan.heartbeat_seconds or 0) <= 20 and not plan.answers_pings for plan in (contract, spot))
    assert (spot.lifetime_seconds or 0) < 24 * 3600


def test_no_socket_carries_more_than_the_venue_takes() -> None:
    contracts = [f"mexc:linear:A{number}_USDT" for number in range(45)]
    pairs = [f"mexc:spot:A{number}USDT" for number in range(40)]
    plans = MexcFeed().plans(contracts + pairs)
    assert [plan.name for plan in plans] == ["contract", "contract 2", "spot", "spot 2", "spot 3"]
    assert all(len(plan.subscriptions) <= 30 for plan in plans[2:])
    assert all(len(plan.subscriptions) <= 150 for plan in plans)
    assert isinstance(MexcFeed().decoder(plans[4]), SpotDecoder)


def test_each_contract_is_asked_for_by_a_frame_of_its_own() -> None:
    (plan,) = MexcFeed().plans(["mexc:linear:BTC_USDT"])
    frames = MexcFeed().subscribe_frames(plan, [item.channel for item in plan.subscriptions])
    assert [json.loads(frame) for frame in frames] == [
        {"method": "sub.fair.price", "param": {"symbol": "BTC_USDT"}},
        {"method": "sub.ticker", "param": {"symbol": "BTC_USDT"}},
        {"method": "sub.depth.full", "param": {"symbol": "BTC_USDT", "limit": 5}},
    ]


def test_other_addresses_are_used_as_given() -> None:
    feed = MexcFeed(Endpoints(rest="http://127.0.0.1:1", websocket="ws://127.0.0.1:2"))
    urls = [plan.url for plan in feed.plans(["mexc:linear:BTC_USDT", "mexc:spot:BTCUSDT"])]
    assert urls == ["ws://127.0.0.1:2/edge", "ws://127.0.0.1:2/ws"]


@pytest.mark.parametrize("wrong", ["bybit:linear:BTCUSDT", "mexc:usdm:BTC_USDT", "mexc:linear:", ""])
def test_what_is_not_mexcs_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(RequestError, match="mexc"):
        MexcFeed().plans([wrong])
    with pytest.raises(RequestError, match="mexc"):
        MexcFeed().polls([wrong])


# --- an account ------------------------------------------------------------------------------------------------------


def test_an_account_has_a_stream_for_contracts_and_one_for_the_spot_wallet() -> None:
    desk = account_feed("mexc", "main", None, KEY)
    plans = desk.plans(["mexc:linear:BTC_USDT", "mexc:inverse:BTC_USD", "mexc:spot:BTCUSDT"])
    assert [plan.name for plan in plans] == ["private", "private spot"]
    assert all(plan.private and "key" not in plan.url.lower() for plan in plans)
    assert (plans[0].keep_alive_seconds, plans[0].lifetime_seconds) == (None, None)
    assert 0 < (plans[1].keep_alive_seconds or 0) < 3600
    assert isinstance(desk.decoder(plans[0]), PrivateDecoder)
    assert isinstance(desk.decoder(plans[1]), SpotDecoder)
    (everything,) = desk.subscribe_frames(plans[0], ["personal"])
    assert json.loads(everything) == {"method": "personal.filter", "param": {"filters": []}}


def test_the_contract_socket_logs_in_and_the_spot_socket_does_not() -> None:
    desk = MexcDesk("main", None, KEY)
    contract, spot = desk.plans(["mexc:linear:BTC_USDT", "mexc:spot:BTCUSDT"])
    (login,) = desk.login_frames(contract)
    assert json.loads(login)["param"].keys() == {"apiKey", "reqTime", "signature"}
    assert "hedgerow-secret" not in login
    assert desk.login_frames(spot) == ()


# --- manners ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "code", "unknown", "wait"),
    [
        (200, b'{"success":false,"code":1001,"message":"no"}', "1001", False, None),
        (200, b'{"success":false,"code":"602"}', "602", False, None),
        (200, b'{"success":false,"code":0}', "0", False, None),
        (200, b'{"success":false,"code":510,"message":"slowly"}', "510", False, 4.0),
        (200, b'{"success":false,"code":2037}', "2037", False, 4.0),
        (200, b'{"success":false,"code":500}', "500", True, None),
        (200, b"<html>", "200", True, None),
        (200, b"\xff", "200", True, None),
        (503, b"busy", "503", True, None),
        (502, b'{"code":700,"msg":"x"}', "700", True, None),
        (403, b"<html>", "403", False, 300.0),
        (429, b'{"code":429,"msg":"Too Many Requests"}', "429", False, 7.0),
        (400, b'{"code":700002,"msg":"Signature for this request is not valid."}', "700002", False, None),
    ],
)
def test_every_failure_is_told_with_what_it_means(
    status: int, body: bytes, code: str, unknown: bool, wait: float | None
) -> None:
    headers = {"retry-after": "7"} if status == 429 else {}
    error = MexcDialect().failure(Reply(status, headers, body), 1)
    assert error is not None
    assert (error.code, error.outcome_unknown, error.retry_after_seconds) == (code, unknown, wait)


@pytest.mark.parametrize("body", [b'{"success":true,"code":0,"data":1}', b'{"success":true,"code":"0"}', b"[]", b"{}"])
def test_what_is_no_failure_is_none(body: bytes) -> None:
    assert MexcDialect().failure(Reply(200, {}, body), 1) is None


def test_requests_are_counted_because_no_answer_does_and_a_third_is_left_to_others() -> None:
    dialect, reply = MexcDialect(), Reply(200, {}, b"{}")
    pauses = [dialect.pause_seconds(reply, 1_000 + 10 * number) for number in range(12)]
    assert pauses[:11] == [0.0] * 11
    assert pauses[11] == pytest.approx(2 - 0.11)
    budget = dialect.budget(reply)
    assert budget is not None
    assert (budget.used, budget.limit, budget.seconds) == (12, 20, 2.0)
    assert dialect.pause_seconds(reply, 10_000) == 0.0
    assert dialect.budget(reply).used == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"success":true,"code":0,"data":1648124374985}', 1648124374985),
        (b'{"success":true,"code":"0","data":"1648124374985"}', 1648124374985),
        (b'{"serverTime":"1647519277579"}', 1647519277579),
    ],
)
def test_the_venues_time(body: bytes, told: int) -> None:
    assert MexcDialect().clock_ms(body) == told
