"""Signatures against worked examples, computed elsewhere."""

from __future__ import annotations

import pytest

from feeds.binance import sign
from feeds.venue import Credentials

KEY = Credentials("hedgerow-demo-key-0001", "hedgerow-demo-secret-0001")
ORDER = "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTX"
REST_OF_ORDER = "quantity=0.010&price=68000.10"
STAMP = "recvWindow=5000&timestamp=1790000000000"


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ("", "13d39a65926df58719fcba8df0d9e1aa4036545fd7bb68a8be6b048b36b898c0"),
        (
            f"{ORDER}&{REST_OF_ORDER}&reduceOnly=false&newClientOrderId=hr-7f3a-0001",
            "087d8a42780eeda57ea8a448fb2bb0861db649566294d3f3dd76ecb921148bcf",
        ),
        ("assets=%5B%22USDT%22%5D", "fa02c96bf29500ed3e44613e6413f14d8d19200edf4ab867d7b9c417b9b0f903"),
    ],
)
def test_queries_are_signed_as_the_venue_checks_them(query: str, signature: str) -> None:
    signed = sign.signed_query(KEY, 1790000000000, query)
    assert signed == f"{query}{'&' if query else ''}{STAMP}&signature={signature}"
    assert sign.headers(KEY) == {"X-MBX-APIKEY": "hedgerow-demo-key-0001"}


@pytest.mark.parametrize(
    ("payload", "signature"),
    [
        (ORDER + f"{REST_OF_ORDER}&{STAMP}", "ee492017657fcda88a37c794813586923d7719cb9728da314bde820f87687730"),
        (
            "apiKey=hedgerow-demo-key-0001&recvWindow=5000&timestamp=1790000000000",
            "76eb4061fcb98941cbf05c9f1d8050a3fd9e430a0462041810da5bf19597dc88",
        ),
        (
            "apiKey=hedgerow-demo-key-0001&newClientOrderId=hr-7f3a-0001&price=68000.10&quantity=0.010&recvWindow=5000"
            "&side=SELL&symbol=BTCUSDT&timeInForce=GTX&timestamp=1790000000000&type=LIMIT",
            "1541fc7563ef0bc8f07b9f35ce5d7c047351ad184d0f0bbb21532cd81dd8d3d7",
        ),
    ],
    ids=["query and body", "websocket login", "websocket order"],
)
def test_payloads_are_signed_as_they_travel(payload: str, signature: str) -> None:
    assert sign.sign(KEY.secret, payload) == signature


def test_a_request_with_a_window_of_its_own_keeps_it() -> None:
    query = sign.signed_query(KEY, 1790000000000, "symbol=BTCUSDT&recvWindow=2000")
    assert query.startswith("symbol=BTCUSDT&recvWindow=2000&timestamp=1790000000000&signature=")


def test_a_session_is_signed_in_the_order_of_the_names() -> None:
    assert sign.signed_parameters(KEY, 1790000000000) == {
        "apiKey": "hedgerow-demo-key-0001",
        "recvWindow": 5000,
        "timestamp": 1790000000000,
        "signature": "76eb4061fcb98941cbf05c9f1d8050a3fd9e430a0462041810da5bf19597dc88",
    }
