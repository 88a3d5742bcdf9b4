"""WEEX over HTTPS: its two ways of saying no, its weights, and that a third is left to others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import VenueError
from feeds.rest import Budget, Reply
from feeds.weex.rest import WeexDialect

NOW_MS = 1_790_000_003_500


def failure(body: Any, status: int = 200, **headers: str) -> VenueError | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WeexDialect().failure(Reply(status, named, raw), NOW_MS)


@pytest.mark.parametrize(
    "body",
    [
        {"code": "200", "msg": "success", "requestTime": 1764505776347},
        {"orderId": "7", "clientOrderId": "hr-1", "success": True, "errorCode": "", "errorMessage": ""},
        {"orderId": "7", "success": True, "errorCode": None, "errorMessage": None},
        [{"symbol": "BTCUSDT"}],
        {"serverTime": 1},
        [],
    ],
)
def test_good_answers_are_let_through(body: Any) -> None:
    assert failure(body) is None


@pytest.mark.parametrize(
    ("body", "status", "code", "unknown"),
    [
        ({"code": -1140, "msg": "Either orderId or origClientOrderId must be sent."}, 400, "-1140", False),
        ({"code": -1140, "msg": "no"}, 200, "-1140", False),
        ({"code": "-1058", "msg": "not by API"}, 400, "-1058", False),
        ({"success": False, "errorCode": "-3007", "errorMessage": "max qty"}, 200, "-3007", False),
        ({"success": False, "errorCode": "", "errorMessage": "no"}, 200, "refused", False),
        ({"code": -1054, "msg": "System error"}, 400, "-1054", True),
        ({"code": -1054, "msg": "The amount is not enough"}, 400, "-1054", False),
        ({"code": -1054, "msg": "Insufficient margin"}, 200, "-1054", False),
        ({"timestamp": "2026", "status": 404, "error": "Not Found", "path": "/capi/v3/x"}, 404, "404", False),
        (b"<html>bad gateway</html>", 502, "502", True),
        (b"", 503, "503", True),
        (b"", 408, "408", True),
        (b'{"code":-1140,"msg":"\x8e"}', 400, "400", False),
        (b"no", 403, "403", False),
        (b"<html>welcome</html>", 200, "200", True),
        (b"", 200, "200", True),
        (b'{"msg":"\xff"}', 200, "200", True),
        (b'[{"symbol":"\xff"}]', 200, "200", True),
    ],
)
def test_every_way_of_saying_no_is_understood(body: Any, status: int, code: str, unknown: bool) -> None:
    error = failure(body, status)
    assert error is not None
    assert (error.code, error.outcome_unknown, error.retry_after_seconds) == (code, unknown, None)


def test_beyond_the_limit_the_venue_is_left_alone() -> None:
    error = failure(b"", 429)
    assert error is not None
    assert (error.code, error.outcome_unknown, error.retry_after_seconds) == ("429", False, 10)
    error = failure({"code": -1003, "msg": "slow down"}, 429, retry_after="7")
    assert error is not None
    assert (error.code, error.retry_after_seconds) == ("-1003", 7)


@pytest.mark.parametrize(("used", "left", "pause"), [(0, 500, 0), (333, 167, 0), (334, 166, 6.5), (500, 0, 6.5)])
def test_a_third_of_the_weight_is_left_to_others(used: int, left: int, pause: float) -> None:
    headers = {"x-used-weight-10s": str(used), "x-remaining-weight-10s": str(left)}
    reply = Reply(200, headers, b"[]")
    assert WeexDialect().budget(reply) == Budget(used, 500, 10.0)
    assert WeexDialect().pause_seconds(reply, NOW_MS) == pytest.approx(pause)


@pytest.mark.parametrize("odd", ["", "x", "-5", "1" * 12])
def test_odd_weights_say_nothing(odd: str) -> None:
    reply = Reply(200, {"x-used-weight-10s": odd}, b"[]")
    assert WeexDialect().budget(reply) is None
    assert WeexDialect().pause_seconds(reply, NOW_MS) == 0


def test_the_venues_clock_is_read() -> None:
    assert WeexDialect().clock_ms(b'{"serverTime":1764505776347}') == 1764505776347
    with pytest.raises(VenueError, match="serverTime"):
        WeexDialect().clock_ms(b"{}")
