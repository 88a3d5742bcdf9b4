"""Signatures against worked examples, computed elsewhere."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from feeds.bingx import sign
from feeds.bingx.rest import BingxDialect
from feeds.rest import Question
from feeds.venue import Credentials

KEY = Credentials("hedgerow-key", "hedgerow-secret")
ORDER = {
    "clientOrderID": "hr-1",
    "positionSide": "BOTH",
    "price": "42000",
    "quantity": "0.001",
    "reduceOnly": "true",
    "side": "SELL",
    "symbol": "BTC-USDT",
    "timeInForce": "PostOnly",
    "timestamp": "1795399131807",
    "type": "LIMIT",
}


def test_a_question_is_signed_as_the_venue_checks_it() -> None:
    query = sign.signed_query(KEY, 1795399113951, {"symbol": "BTC-USDT"})
    signature = "45600cad8fff61db847793156598a59f746357b45ab795b24bc556d51d7334c8"
    assert query == f"recvWindow=5000&symbol=BTC-USDT&timestamp=1795399113951&signature={signature}"


def test_an_order_is_signed_over_all_its_parameters_sorted() -> None:
    shuffled = dict(reversed(list(ORDER.items())))
    assert sign.payload(shuffled) == "&".join(f"{name}={value}" for name, value in ORDER.items())
    expected = "e408c0de077e8748d036898a5bbb93a6781f0fffaaa0413ec819ca6655296507"
    assert sign.sign(KEY.secret, sign.payload(shuffled)) == expected


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_everything_travels_in_the_query_and_the_key_in_a_header(method: str) -> None:
    question = Question(method=method, path="/openApi/swap/v2/user/positions", query="symbol=BTC-USDT")
    signed = BingxDialect().sign(question, KEY, 1795399113951)
    assert signed.query == sign.signed_query(KEY, 1795399113951, {"symbol": "BTC-USDT"})
    assert signed.headers == {"X-BX-APIKEY": "hedgerow-key"}
    assert KEY.secret not in signed.query


def test_what_is_encoded_for_the_way_is_signed_as_it_was() -> None:
    query = sign.signed_query(KEY, 1, {"stopLoss": '{"a":[1, 2]}'})
    assert "{" not in query
    assert " " not in query
    fields = dict(parse_qsl(query))
    payload = 'recvWindow=5000&stopLoss={"a":[1, 2]}&timestamp=1'
    assert fields["signature"] == sign.sign(KEY.secret, payload)
