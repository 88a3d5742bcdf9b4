"""Signatures against worked examples, computed elsewhere."""

from __future__ import annotations

import pytest

from feeds.bybit import sign
from feeds.venue import Credentials

KEY = Credentials("hedgerow-demo-key-0001", "hedgerow-demo-secret-0001")
BODY = (
    '{"category":"linear","symbol":"BTCUSDT","side":"Sell","orderType":"Limit","qty":"0.010","price":"68000.1",'
    '"timeInForce":"PostOnly","positionIdx":0,"reduceOnly":false,"orderLinkId":"hr-7f3a-0001"}'
)


@pytest.mark.parametrize(
    ("content", "signature"),
    [
        ("accountType=UNIFIED", "445efbdd254f163f74bed1868e62fc7a4482330a18617a68522d7ce66dd49aad"),
        (
            "category=linear&settleCoin=USDT&limit=200",
            "8166cc7339c61e5d65795a5d90fe37df40f022de4f6c3e0f199296169e697f92",
        ),
        (BODY, "0ee54af79c39a0781866dc3dfad745fbe89a3efe53bcf826dd4c7b05f7eee43d"),
    ],
)
def test_requests_are_signed_as_the_venue_checks_them(content: str, signature: str) -> None:
    assert sign.headers(KEY, 1790000000000, content) == {
        "X-BAPI-API-KEY": "hedgerow-demo-key-0001",
        "X-BAPI-TIMESTAMP": "1790000000000",
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": signature,
    }


def test_the_websocket_greeting_is_signed_the_same_way() -> None:
    expected = "0f29d497cee98b8e7290a48d722f66889b96aa12c4a06a46a05919ef854b7586"
    assert sign.greeting(1790000010000) == "GET/realtime1790000010000"
    assert sign.sign(KEY.secret, sign.greeting(1790000010000)) == expected
