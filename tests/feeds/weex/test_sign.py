"""Signatures against worked examples, computed elsewhere."""

from __future__ import annotations

import pytest

from feeds.rest import Question
from feeds.venue import Credentials
from feeds.weex import sign
from feeds.weex.rest import WeexDialect

KEY = Credentials("hedgerow-key", "hedgerow-secret", "hedgerow-words")
NOW_MS = 1_795_399_133_952
ORDER = (
    '{"symbol":"ETHUSDT","side":"SELL","positionSide":"LONG","type":"LIMIT","timeInForce":"GTC","quantity":"0.1",'
    '"price":"2200","newClientOrderId":"hr-1"}'
)


@pytest.mark.parametrize(
    ("question", "signature"),
    [
        (
            Question(method="GET", path="/capi/v3/account/balance"),
            "Pp34GcJFKwdXuMLku3YTK60Nnd0D9wfzJ1A/ZQlwHjU=",
        ),
        (
            Question(method="GET", path="/capi/v3/account/position/singlePosition", query="symbol=ETHUSDT"),
            "Z9CJGaPJ7UAkYBKGtnJj/opxqVTS8dWxh5Dz2GCwr/Q=",
        ),
        (
            Question(method="POST", path="/capi/v3/order", body=ORDER),
            "NnZj5PL/tOFDNydrPv+RXSd3GUXacqrq+9/yNKCy9IU=",
        ),
    ],
)
def test_requests_are_signed_as_the_venue_checks_them(question: Question, signature: str) -> None:
    signed = WeexDialect().sign(question, KEY, NOW_MS)
    assert signed.query == question.query
    assert signed.headers == {
        "ACCESS-KEY": "hedgerow-key",
        "ACCESS-SIGN": signature,
        "ACCESS-PASSPHRASE": "hedgerow-words",
        "ACCESS-TIMESTAMP": "1795399133952",
    }


def test_the_handshake_of_a_private_socket_signs_a_constant_text() -> None:
    headers = sign.socket_headers(KEY, NOW_MS)
    assert headers["ACCESS-SIGN"] == "+dUOwgQvs1feL4XvcS1f6sZYxuZi2DlJbSYrxFahJZw="
    assert headers["ACCESS-PASSPHRASE"] == "hedgerow-words"
