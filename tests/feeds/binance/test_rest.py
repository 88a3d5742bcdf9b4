"""Binance over HTTPS: what its answers refuse, what its headers say of limits, and what is left to others."""

from __future__ import annotations

from typing import Any

import pytest

from feeds.binance import sign
from feeds.binance.products import PRODUCTS
from feeds.binance.rest import BinanceDialect
from feeds.rest import Budget, Haste, Question, Reply
from feeds.venue import Credentials

USDM, SPOT = BinanceDialect(PRODUCTS["usdm"]), BinanceDialect(PRODUCTS["spot"])
SECOND_15 = 1_790_000_055_000 // 60_000 * 60_000 + 15_000
"""A quarter into a minute; 5 s into ten."""


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "used", "pauses"),
    [
        (USDM, "1199", (0, 0, 0)),
        (USDM, "1200", (45, 0, 0)),
        (USDM, "1599", (45, 0, 0)),
        (USDM, "1600", (45, 45, 0)),
        (USDM, "2159", (45, 45, 0)),
        (USDM, "2160", (45, 45, 45)),
        (SPOT, "2999", (0, 0, 0)),
        (SPOT, "3000", (45, 0, 0)),
        (SPOT, "4000", (45, 45, 0)),
        (SPOT, "5400", (45, 45, 45)),
    ],
)
def test_weight_is_left_to_orders_and_to_others(
    dialect: BinanceDialect, used: str, pauses: tuple[float, float, float]
) -> None:
    told = reply(x_mbx_used_weight_1m=used)
    assert tuple(dialect.pause_seconds(told, SECOND_15, haste) for haste in Haste) == pauses
    assert dialect.pause_seconds(told, SECOND_15) == pauses[Haste.ROUTINE]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x_mbx_order_count_10s": "199"}, 0),
        ({"x_mbx_order_count_10s": "200"}, 5),
        ({"x_mbx_order_count_1m": "800"}, 45),
        ({"x_mbx_order_count_10s": "300", "x_mbx_order_count_1m": "800"}, 45),
    ],
)
def test_a_third_of_the_orders_is_left_to_others_and_only_orders_count(headers: dict[str, Any], pause: float) -> None:
    told = reply(**headers)
    assert [USDM.pause_seconds(told, SECOND_15, haste) for haste in Haste] == [0, pause, 0]


@pytest.mark.parametrize("used", ["", "many", "-5", "١٢٣٤٥", "1e9", " 2400"])
def test_a_header_that_is_no_number_says_nothing(used: str) -> None:
    told = reply(x_mbx_used_weight_1m=used, x_mbx_order_count_1m=used)
    assert (USDM.pause_seconds(told, SECOND_15), USDM.budget(told)) == (0, None)


def test_the_budget_is_the_minutes_weight() -> None:
    assert USDM.budget(reply(x_mbx_used_weight_1m="17")) == Budget(17, 2_400, 60.0)


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "code", "unknown", "stays_away"),
    [
        (400, b'{"code":-2019,"msg":"Margin is insufficient."}', "-2019", False, None),
        (200, b'{"code":-2019,"msg":"Margin is insufficient."}', "-2019", False, None),
        (200, b'{"code":"-2019","msg":"x"}', "-2019", False, None),
        (
            503,
            b'{"code":-1000,"msg":"Unknown error, please check your request or try again later."}',
            "-1000",
            True,
            None,
        ),
        (503, b'{"code":-1001,"msg":"Service Unavailable."}', "-1001", True, None),
        (503, b'{"msg":"Service Unavailable."}', "503", False, None),
        (503, b'{"code":-1008,"msg":"Request throttled by system-level protection."}', "-1008", False, 5),
        (408, b"", "408", True, None),
        (502, b"<html>", "502", True, None),
        (400, b'{"code":-1007,"msg":"Timeout"}', "-1007", True, None),
        (429, b'{"code":-1003,"msg":"Too much"}', "-1003", False, 60),
        (418, b'{"code":-1003,"msg":"banned"}', "-1003", False, 120),
        (403, b"<html>", "403", False, 300),
        (451, b"", "451", False, None),
        (404, b"[" * 100_000, "404", False, None),
    ],
)
def test_what_an_answer_refuses(status: int, body: bytes, code: str, unknown: bool, stays_away: float | None) -> None:
    error = USDM.failure(reply(status, body), SECOND_15)
    assert error is not None
    assert (error.code, error.outcome_unknown, error.retry_after_seconds) == (code, unknown, stays_away)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"code":200,"msg":"success"}', b'{"code":"200","msg":"success"}', b'{"code":0}', b"5"]
)
def test_what_is_no_refusal(body: bytes) -> None:
    assert USDM.failure(reply(200, body), SECOND_15) is None


def test_the_venue_says_how_long_to_stay_away() -> None:
    error = USDM.failure(reply(418, b'{"code":-1003,"msg":"x"}', retry_after="7200"), SECOND_15)
    assert error is not None
    assert error.retry_after_seconds == 7200


# --- who asks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "signed"), [("/fapi/v1/order", True), ("/fapi/v1/listenKey", False), ("/dapi/v1/listenKey", False)]
)
def test_listen_keys_are_asked_for_by_key_alone(path: str, signed: bool) -> None:
    credentials: Any = Credentials("key", "secret")
    told = USDM.sign(Question(method="POST", path=path, query="a=1"), credentials, 1_790_000_000_000)
    assert told.headers == sign.headers(credentials) == {"X-MBX-APIKEY": "key"}
    assert ("signature=" in told.query) is signed
