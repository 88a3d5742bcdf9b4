"""WEEX frames that carry no prices: pings, answers, what is not used, and what is no frame at all."""

from __future__ import annotations

from typing import Any

import pytest

from core.events import FaultKind, Heard
from feeds.frames import MAX_FRAME_BYTES
from feeds.weex.parse import Decoder
from tests.feeds.weex.samples import ticker
from tests.support.frames import encode, only_fault, refused


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"event": "ping", "time": "1776078750000"}, Heard(kind="ping", detail="1776078750000")),
        ({"type": "ping", "time": "1776172740000"}, Heard(kind="ping", detail="1776172740000")),
        ({"cid": "a1b2c3", "event": "connected", "time": "1"}, Heard(kind="unused", detail="connected")),
        ({"id": "5", "method": "PONG"}, Heard(kind="pong", request="5")),
        ({"result": True, "id": 2}, Heard(kind="ack", request="2")),
        ({"result": True, "id": "2"}, Heard(kind="ack", request="2")),
        (
            {"result": False, "id": 1, "msg": "INVALID_ARGUMENT: invalid symbol : X"},
            Heard(kind="refusal", request="1", detail="INVALID_ARGUMENT: invalid symbol : X"),
        ),
        ({"result": False, "msg": "unrecognized"}, Heard(kind="refusal", detail="unrecognized")),
        ({"e": "trade", "E": 1, "s": "BTCUSDT", "d": []}, Heard(kind="unused", channel="BTCUSDT@trade")),
        ({"e": "klineSnapshot", "s": "BTCUSDT"}, Heard(kind="unused", channel="BTCUSDT@klineSnapshot")),
    ],
)
@pytest.mark.parametrize("market", ["linear", "spot"])
def test_what_carries_no_price_is_told_apart(market: str, content: dict[str, Any], expected: Heard) -> None:
    assert Decoder(market).decode(encode(content), 0) == (expected,)


ODD_FRAMES: tuple[Any, ...] = ({}, {"a": 1}, {"result": None}, {"e": None}, {"e": 5}, [], [{}], 5, "text", None)


@pytest.mark.parametrize(
    ("market", "content"),
    [
        ("linear", {"e": "nope", "E": 1, "s": "BTCUSDT"}),
        ("linear", {"e": "bookTicker", "E": 1, "s": "BTCUSDT"}),
        ("spot", {"e": "depth", "E": 1, "s": "BTCUSDT"}),
        ("linear", {"event": "tickers", "data": []}),
        *(("linear", odd) for odd in ODD_FRAMES),
    ],
)
def test_what_nobody_knows_is_a_fault(market: str, content: Any) -> None:
    assert only_fault(Decoder(market).decode(encode(content), 5)).kind is FaultKind.UNKNOWN_TOPIC


def test_a_frame_that_does_not_name_its_kind_is_not_taken_for_what_it_looks_like() -> None:
    decoder = Decoder("linear")
    decoder.decode(ticker(), 5)
    assert only_fault(decoder.decode(ticker(1).replace(b'"e":', b'"x":'), 6)).kind is FaultKind.UNKNOWN_TOPIC


@pytest.mark.parametrize("length", range(0, len(ticker()), 7))
def test_a_cut_frame_is_truncated_wherever_it_is_cut(length: int) -> None:
    assert refused(Decoder("linear").decode(ticker()[:length], 5), FaultKind.TRUNCATED)


@pytest.mark.parametrize(
    "raw",
    [b"garbage", b"<html>", b'{"e":NaN}', ticker() * 2, b"\x00\xff", "{\ud800}", b"[" * 1_000_000, b'{"a":' * 9999],
)
def test_what_is_not_json_is_said_to_be(raw: bytes | str) -> None:
    assert refused(Decoder("linear").decode(raw, 5), FaultKind.NOT_JSON)


@pytest.mark.parametrize("raw", [b"x" * (MAX_FRAME_BYTES + 1), b"[" + b"1," * 200_000 + b"1]"])
def test_a_frame_that_is_too_large_is_not_opened(raw: bytes) -> None:
    assert refused(Decoder("linear").decode(raw, 5), FaultKind.OVERSIZE)


def test_faults_say_where_they_came_from() -> None:
    found = only_fault(Decoder("linear", "books 2").decode(b"garbage", 5))
    assert (found.venue, found.connection, found.received_ns) == ("weex", "books 2", 5)
