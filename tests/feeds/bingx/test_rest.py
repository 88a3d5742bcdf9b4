"""BingX's manners over HTTPS: refusals under status 200, limits, blocks, what may have happened, rights and times."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import DecodeError, VenueError
from feeds.bingx import facts
from feeds.bingx.listen_key import key_of
from feeds.bingx.rest import BingxDialect
from feeds.bingx.rights import rights_of
from feeds.rest import Reply
from feeds.venue import KeyRights

NOW_MS = 1_790_000_000_000


def failure(content: Any, status: int = 200) -> VenueError | None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return BingxDialect().failure(Reply(status, {}, body), NOW_MS)


@pytest.mark.parametrize(
    "content", [{"code": 0, "data": 1}, {"code": "0"}, {"listenKey": "x"}, {"orderId": 1}, b"", b" "]
)
def test_a_good_answer_may_lack_an_envelope(content: Any) -> None:
    assert failure(content) is None


@pytest.mark.parametrize("code", [101204, "101204"])
def test_a_code_refuses_whatever_the_status(code: Any) -> None:
    for status in (200, 400):
        error = failure({"code": code, "msg": "Insufficient margin"}, status)
        assert error is not None
        assert (error.code, error.message) == ("101204", "Insufficient margin")
        assert (error.outcome_unknown, error.retry_after_seconds) == (False, None)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"code": 100500, "msg": "busy"}, 200),
        ({"code": 109500, "msg": "busy"}, 200),
        (b"<html>", 503),
        ({"code": 100410, "msg": ""}, 500),
        ({"code": 0}, 504),
        (b"<html>", 200),
        (b"<html>", 408),
    ],
)
def test_what_may_have_been_acted_on_is_told(content: Any, status: int) -> None:
    error = failure(content, status)
    assert error is not None
    assert error.outcome_unknown


@pytest.mark.parametrize(("status", "wait"), [(403, 300), (418, 300), (429, 300), (404, None), (400, None)])
def test_a_status_without_a_body_says_how_long_to_stay_away(status: int, wait: float | None) -> None:
    error = failure(b"<html>", status)
    assert error is not None
    assert (error.code, error.retry_after_seconds, error.outcome_unknown) == (str(status), wait, False)


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        (f"will be unblocked after {NOW_MS + 42_500}", 42.5),
        (f"can retry after time: {NOW_MS - 5}", 1.0),
        (f"can retry after time: {NOW_MS + 99_000_000}", facts.LONGEST_BLOCK_SECONDS),
        ("rate limited", facts.BLOCKED_SECONDS),
    ],
)
def test_too_many_requests_are_waited_for_until_the_time_that_is_told(message: str, wait: float) -> None:
    for code in facts.CODES_TOO_MANY:
        error = failure({"code": int(code), "msg": message})
        assert error is not None
        assert error.retry_after_seconds == wait


def test_a_settlement_is_waited_out() -> None:
    error = failure({"code": 101214, "msg": "settling"})
    assert error is not None
    assert error.retry_after_seconds == facts.SETTLEMENT_SECONDS


def limited(remaining: Any, window: Any = "10000") -> Reply:
    headers = {"x-ratelimit-requests-remain": remaining, "x-ratelimit-requests-expire": window}
    return Reply(200, headers, b'{"code":0}')


def test_a_third_of_a_limit_is_left_to_others() -> None:
    dialect = BingxDialect()
    for remaining, used, limit in (("499", 1, 500), ("167", 333, 500), ("1999", 1, 2000), ("667", 1333, 2000)):
        budget = dialect.budget(limited(remaining))
        assert budget is not None
        assert (budget.used, budget.limit, budget.seconds) == (used, limit, 10)
        assert dialect.pause_seconds(limited(remaining), NOW_MS) == 0
    assert dialect.pause_seconds(limited("166", "2500"), NOW_MS) == 2.5
    assert dialect.pause_seconds(limited("666", "2500"), NOW_MS) == 2.5


@pytest.mark.parametrize(("remaining", "window"), [("", "1"), ("x", "1"), ("1", ""), ("-1", "5"), ("9" * 12, "1")])
def test_odd_limits_are_no_limits(remaining: str, window: str) -> None:
    assert BingxDialect().budget(limited(remaining, window)) is None
    assert BingxDialect().pause_seconds(limited(remaining, window), NOW_MS) == 0


def test_the_venues_time_is_read() -> None:
    assert BingxDialect().clock_ms(b'{"code":0,"data":{"serverTime":1790000000123}}') == 1_790_000_000_123
    with pytest.raises(VenueError):
        BingxDialect().clock_ms(b"{}")


# --- rights and keys -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "addresses", "rights"),
    [
        ([1, 2], [], KeyRights(trades=True, withdraws=False, moves=False, bound=False)),
        ([2], ["1.2.3.4"], KeyRights(trades=False, withdraws=False, moves=False, bound=True)),
        ([2, 3, 4], None, KeyRights(trades=True, withdraws=False, moves=True, bound=False)),
        ([2, 5], [], KeyRights(trades=False, withdraws=True, moves=True, bound=False)),
        ([7], [], KeyRights(trades=False, withdraws=False, moves=True, bound=False)),
    ],
)
def test_rights_are_read_with_and_without_an_envelope(permissions: Any, addresses: Any, rights: KeyRights) -> None:
    told = {"apiKey": "", "permissions": permissions, "ipAddresses": addresses, "note": "demo"}
    assert rights_of(json.dumps(told).encode()) == rights
    assert rights_of(json.dumps({"code": 0, "msg": "", "data": told}).encode()) == rights


@pytest.mark.parametrize("content", [{}, {"permissions": None}, {"permissions": ["x"]}, {"code": 0, "data": None}])
def test_rights_that_are_not_told_are_refused(content: Any) -> None:
    with pytest.raises(DecodeError):
        rights_of(json.dumps(content).encode())


def test_a_listen_key_comes_flat_or_enveloped() -> None:
    key = "a8ea75681542e66f1a50a1616dd06ed7"
    assert key_of(json.dumps({"listenKey": key}).encode()) == key
    assert key_of(json.dumps({"code": 0, "data": {"listenKey": key}}).encode()) == key


@pytest.mark.parametrize("content", [{}, {"listenKey": ""}, {"listenKey": 5}, {"listenKey": "a?b=c&d=1234567890"}, []])
def test_what_is_no_listen_key_is_refused_and_not_shown(content: Any) -> None:
    with pytest.raises(VenueError, match="no listen key"):
        key_of(json.dumps(content).encode())
