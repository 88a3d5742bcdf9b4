"""Signatures against worked examples, computed elsewhere."""

from __future__ import annotations

import json

import pytest

from feeds.mexc import sign
from feeds.mexc.rest import MexcDialect
from feeds.rest import Question
from feeds.venue import Credentials

KEY = Credentials("hedgerow-key", "hedgerow-secret")
NOW_MS = 1795399144724
ORDER = (
    '{"symbol":"BTC_USDT","price":42000,"vol":10,"side":4,"type":2,"openType":2,"externalOid":"hr-1"}',
    "5312d7bde0bcffb67b9b3c6d1228bf9f0e359efc2b3aab2d2eb0fcc0e35e68b8",
)


@pytest.mark.parametrize(
    ("query", "body", "signature"),
    [
        (
            "page_num=1&page_size=20&symbol=BTC_USDT",
            "",
            "d1bd0376726c609156ddff8a6b7d30cfb12253117e7f11c4f63cbff24085dd69",
        ),
        (
            "symbol=BTC_USDT&page_size=20&page_num=1",  # sorted before it is signed
            "",
            "d1bd0376726c609156ddff8a6b7d30cfb12253117e7f11c4f63cbff24085dd69",
        ),
        ("", *ORDER),
        ("", "", "4836897ef3baad0d3a79f990213e0944973fa3f32edf373656488d7e8bb0fce0"),
    ],
)
def test_contract_requests_are_signed_as_the_venue_checks_them(query: str, body: str, signature: str) -> None:
    assert sign.contract_headers(KEY, NOW_MS, query, body) == {
        "ApiKey": "hedgerow-key",
        "Request-Time": "1795399144724",
        "Signature": signature,
        "Content-Type": "application/json",
    }


def test_a_blank_in_a_value_is_signed_as_the_venue_decodes_it() -> None:
    signature = sign.contract_headers(KEY, NOW_MS, "b=x+y&a=1", "")["Signature"]
    assert signature == sign.sign(KEY.secret, f"{KEY.key}{NOW_MS}a=1&b=x%20y")


def test_the_websocket_login_is_signed_over_key_and_time() -> None:
    assert json.loads(sign.login_frame(KEY, NOW_MS)) == {
        "method": "login",
        "param": {
            "apiKey": "hedgerow-key",
            "reqTime": "1795399144724",
            "signature": "4836897ef3baad0d3a79f990213e0944973fa3f32edf373656488d7e8bb0fce0",
        },
    }


def test_spot_requests_are_signed_in_the_order_they_are_sent() -> None:
    expected = "timestamp=1795399143902&recvWindow=5000"
    signature = "730b2fb0cc40ce36599acd06822b0ab78ab22718a75bed3e84a88afe1095d6b1"
    assert sign.spot_query(KEY, 1795399143902, "") == f"{expected}&signature={signature}"
    query = sign.spot_query(KEY, 1795399143902, "listenKey=abc")
    assert query.startswith(f"listenKey=abc&{expected}&signature=")
    assert query.endswith(sign.sign(KEY.secret, f"listenKey=abc&{expected}"))


def test_what_is_asked_tells_whose_manners_hold() -> None:
    dialect = MexcDialect()
    contract = dialect.sign(Question(method="POST", path="/api/v1/private/order/create", body=ORDER[0]), KEY, NOW_MS)
    assert (contract.query, contract.headers["Signature"]) == ("", ORDER[1])
    spot = dialect.sign(Question(method="GET", path="/api/v3/account"), KEY, 1795399143902)
    assert spot.headers == {"X-MEXC-APIKEY": "hedgerow-key", "Content-Type": "application/json"}
    assert "signature=730b2fb0" in spot.query
