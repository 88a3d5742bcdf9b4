"""Signatures over the exact bytes: published worked examples, and what happens to anything else."""

from __future__ import annotations

import pytest

from feeds.sim.binance import protocol as binance
from feeds.sim.bingx import protocol as bingx
from feeds.sim.bybit import protocol as bybit

KEY, SECRET = "hedgerow-demo-key-0001", "hedgerow-demo-secret-0001"
NOW = 1_790_000_000_000

BINANCE_EXAMPLES = {
    "recvWindow=5000&timestamp=1790000000000": "13d39a65926df58719fcba8df0d9e1aa4036545fd7bb68a8be6b048b36b898c0",
    "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTX&quantity=0.010&price=68000.10&reduceOnly=false"
    "&newClientOrderId=hr-7f3a-0001&recvWindow=5000&timestamp=1790000000000": (
        "087d8a42780eeda57ea8a448fb2bb0861db649566294d3f3dd76ecb921148bcf"
    ),
    "assets=%5B%22USDT%22%5D&recvWindow=5000&timestamp=1790000000000": (
        "fa02c96bf29500ed3e44613e6413f14d8d19200edf4ab867d7b9c417b9b0f903"
    ),
}
ORDER_BODY = (
    b'{"category":"linear","symbol":"BTCUSDT","side":"Sell","orderType":"Limit","qty":"0.010","price":"68000.1",'
    b'"timeInForce":"PostOnly","positionIdx":0,"reduceOnly":false,"orderLinkId":"hr-7f3a-0001"}'
)
BYBIT_EXAMPLES = {
    b"accountType=UNIFIED": "445efbdd254f163f74bed1868e62fc7a4482330a18617a68522d7ce66dd49aad",
    b"category=linear&settleCoin=USDT&limit=200": "8166cc7339c61e5d65795a5d90fe37df40f022de4f6c3e0f199296169e697f92",
    ORDER_BODY: "0ee54af79c39a0781866dc3dfad745fbe89a3efe53bcf826dd4c7b05f7eee43d",
}


def secret_of(key: str) -> str | None:
    return SECRET if key == KEY else None


def bybit_headers(sign: str, *, stamp: int = NOW, key: str = KEY, window: int = 5000) -> dict[str, str]:
    return {
        "X-BAPI-API-KEY": key,
        "X-BAPI-TIMESTAMP": str(stamp),
        "X-BAPI-RECV-WINDOW": str(window),
        "X-BAPI-SIGN": sign,
    }


@pytest.mark.parametrize(("exact", "sign"), list(BYBIT_EXAMPLES.items()))
def test_bybit_accepts_the_worked_examples_and_no_other_bytes(exact: bytes, sign: str) -> None:
    assert bybit.check_signed(bybit_headers(sign), exact, secret_of, NOW) == KEY
    for wrong in (exact + b" ", exact.replace(b"=", b"%3D", 1).replace(b":", b": ", 1), exact[:-1]):
        with pytest.raises(bybit.BybitRefusal) as caught:
            bybit.check_signed(bybit_headers(sign), wrong, secret_of, NOW)
        assert caught.value.code == 10004


def test_bybit_socket_auth_example() -> None:
    sign = "0f29d497cee98b8e7290a48d722f66889b96aa12c4a06a46a05919ef854b7586"
    assert bybit.signature(SECRET, bybit.socket_payload("1790000010000")) == sign


@pytest.mark.parametrize(("late_ms", "code"), [(5000, 0), (5001, 10002), (-999, 0), (-1000, 10002)])
def test_bybit_window(late_ms: int, code: int) -> None:
    exact, sign = next(iter(BYBIT_EXAMPLES.items()))
    try:
        bybit.check_signed(bybit_headers(sign), exact, secret_of, NOW + late_ms)
        found = 0
    except bybit.BybitRefusal as refusal:
        found = refusal.code
    assert found == code


def test_bybit_unknown_key_is_told_before_the_signature() -> None:
    with pytest.raises(bybit.BybitRefusal) as caught:
        bybit.check_signed(bybit_headers("00", key="nobody"), b"", secret_of, NOW)
    assert caught.value.code == 10003


@pytest.mark.parametrize(("payload", "sign"), list(BINANCE_EXAMPLES.items()))
@pytest.mark.parametrize("in_body", [False, True])
def test_binance_accepts_the_worked_examples_in_query_and_body(payload: str, sign: str, in_body: bool) -> None:
    sent = f"{payload}&signature={sign}".encode()
    query, body = (b"", sent) if in_body else (sent, b"")
    parameters = binance.parameters_of(query, body)
    binance.check_signature(parameters, binance.signed_payload(query, body), SECRET, NOW)
    with pytest.raises(binance.BinanceRefusal) as caught:
        binance.check_signature(parameters, binance.signed_payload(b"x" + query, body), SECRET, NOW)
    assert caught.value.code == -1022


def test_binance_joins_query_and_body_without_a_separator() -> None:
    query = b"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTX"
    sign = "ee492017657fcda88a37c794813586923d7719cb9728da314bde820f87687730"
    body = f"quantity=0.010&price=68000.10&recvWindow=5000&timestamp=1790000000000&signature={sign}".encode()
    parameters = binance.parameters_of(query, body)
    assert parameters["side"] == "SELL"
    assert parameters["quantity"] == "0.010"
    binance.check_signature(parameters, binance.signed_payload(query, body), SECRET, NOW)


def test_binance_signs_the_encoded_text() -> None:
    plain = 'assets=["USDT"]&recvWindow=5000&timestamp=1790000000000'
    encoded = b"assets=%5B%22USDT%22%5D&recvWindow=5000&timestamp=1790000000000"
    query = encoded + b"&signature=" + binance.signature(SECRET, plain).encode()
    with pytest.raises(binance.BinanceRefusal) as caught:
        binance.check_signature(binance.parameters_of(query, b""), binance.signed_payload(query, b""), SECRET, NOW)
    assert caught.value.code == -1022


@pytest.mark.parametrize(
    ("stamp", "window", "code"),
    [
        (NOW, "5000", 0),
        (NOW - 5000, "5000", 0),
        (NOW - 5001, "5000", -1021),
        (NOW + 999, "5000", 0),
        (NOW + 1000, "5000", -1021),
        (NOW, "60001", -1131),
        (NOW, "soon", -1131),
    ],
)
def test_binance_window(stamp: int, window: str, code: int) -> None:
    try:
        binance.check_window({"timestamp": str(stamp), "recvWindow": window}, NOW)
        found = 0
    except binance.BinanceRefusal as refusal:
        found = refusal.code
    assert found == code


def test_binance_keys() -> None:
    assert binance.check_key({"X-MBX-APIKEY": KEY}, lambda key: key == KEY) == KEY
    for headers, code in (({}, -2014), ({"X-MBX-APIKEY": "nobody"}, -2015)):
        with pytest.raises(binance.BinanceRefusal) as caught:
            binance.check_key(headers, lambda key: key == KEY)
        assert (caught.value.code, caught.value.status) == (code, 401)


BINGX_EXAMPLES = {
    "recvWindow=5000&symbol=BTC-USDT&timestamp=1795399113951": (
        "45600cad8fff61db847793156598a59f746357b45ab795b24bc556d51d7334c8"
    ),
    "clientOrderID=hr-1&positionSide=BOTH&price=42000&quantity=0.001&reduceOnly=true&side=SELL&symbol=BTC-USDT"
    "&timeInForce=PostOnly&timestamp=1795399131807&type=LIMIT": (
        "e408c0de077e8748d036898a5bbb93a6781f0fffaaa0413ec819ca6655296507"
    ),
}


@pytest.mark.parametrize(("payload", "sign"), list(BINGX_EXAMPLES.items()))
def test_bingx_accepts_the_worked_examples_in_any_order_and_no_other_values(payload: str, sign: str) -> None:
    def secret(key: str) -> str | None:
        return "hedgerow-secret" if key == "hedgerow-key" else None

    def check(parameters: dict[str, str]) -> str:
        stamp = int(fields["timestamp"])
        return bingx.check_signed({"X-BX-APIKEY": "hedgerow-key"}, parameters, secret, stamp)

    fields = dict(part.split("=") for part in payload.split("&"))
    shuffled = dict(reversed(list((fields | {"signature": sign}).items())))
    assert check(shuffled) == "hedgerow-key"
    for wrong in (fields | {"signature": sign.upper()}, shuffled | {"symbol": "ETH-USDT"}, shuffled | {"more": "1"}):
        with pytest.raises(bingx.BingxRefusal) as caught:
            check(wrong)
        assert caught.value.code == 100001
