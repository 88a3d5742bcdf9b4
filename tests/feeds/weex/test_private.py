"""Frames of WEEX's private sockets: their order, their faults, and that no garbage becomes a number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import (
    AnyEvent,
    BalanceUpdate,
    FaultKind,
    Fill,
    FrameFault,
    Heard,
    OrderUpdate,
    PositionUpdate,
)
from feeds.frames import MAX_FRAME_BYTES
from feeds.weex.private import PrivateDecoder
from tests.feeds.weex.account_samples import STREAMED_FILL, STREAMED_ORDER, STREAMED_POSITION, TIME, frame
from tests.support.frames import encode, mangled, numbers_in, refused

SPOT_ROW = {"coin": "BTC", "equity": "47.98", "available": "47", "frozen": "0.98"}
GOOD = [
    frame("positions", STREAMED_POSITION),
    frame("orders", STREAMED_ORDER, STREAMED_ORDER | {"status": "FILLED"}),
    frame("fill", STREAMED_FILL),
    frame("account", SPOT_ROW),
    encode({"type": "ping", "time": "1776172740000"}),
    encode({"result": True, "id": 1}),
]


def decoder(market: str = "linear") -> PrivateDecoder:
    return PrivateDecoder(market, "main", connection="private")


@pytest.mark.parametrize("channel", ["positions", "orders", "fill", "account"])
def test_an_older_frame_of_a_channel_is_not_used(channel: str) -> None:
    one = decoder()
    one.decode(frame(channel, version=10), 1)
    assert refused(one.decode(frame(channel, version=9), 1), FaultKind.OUT_OF_ORDER)
    assert not isinstance(one.decode(frame(channel, version=10), 1)[0], FrameFault)
    one.reset()
    assert not isinstance(one.decode(frame(channel, version=1), 1)[0], FrameFault)


def test_channels_count_apart() -> None:
    one = decoder()
    one.decode(frame("orders", STREAMED_ORDER, version=10), 1)
    assert isinstance(one.decode(frame("positions", STREAMED_POSITION, version=9), 1)[0], PositionUpdate)


ODD_PARTS: dict[str, tuple[Any, ...]] = {"v": (None, "", "x", -1, 1.5), "d": (None, "", {}, 5), "E": (None, 0, "")}


@pytest.mark.parametrize(("field", "odd"), [(field, odd) for field, odds in ODD_PARTS.items() for odd in odds])
def test_a_frame_that_cannot_be_placed_is_refused_by_name(field: str, odd: Any) -> None:
    raw = frame("orders", STREAMED_ORDER, **{field: odd})
    assert refused(decoder().decode(raw, 1), FaultKind.BAD_FIELD, field)


def test_a_bad_row_is_named_and_spoils_no_other() -> None:
    told, fault = decoder().decode(frame("fill", STREAMED_FILL, STREAMED_FILL | {"fillSize": "-1"}), 1)
    assert isinstance(told, Fill)
    assert isinstance(fault, FrameFault)
    assert (fault.connection, fault.channel, fault.field) == ("private", "fill", "fillSize")


def test_a_row_that_is_no_object_is_a_fault() -> None:
    (fault,) = decoder().decode(frame("positions", 5), 1)
    assert isinstance(fault, FrameFault)
    assert fault.field == "d"


@pytest.mark.parametrize("code", ["-1044", "-1047", "-1049", "-1056"])
def test_a_key_refused_on_the_open_socket_is_a_refused_login(code: str) -> None:
    told = decoder().decode(encode({"code": int(code), "msg": "the key is hedgerow-key"}), 5)
    assert told == (Heard(received_ns=5, kind="refusal", channel="login", detail=code),)


def test_spot_tells_coins_and_leaves_orders_alone() -> None:
    (told,) = decoder("spot").decode(frame("account", SPOT_ROW), 5)
    assert told == BalanceUpdate(received_ns=5, account="main", asset="BTC", wallet_balance=Decimal("47.98"))
    (unused,) = decoder("spot").decode(frame("orders", {"id": "1"}), 5)
    assert isinstance(unused, Heard)


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"e":"nope"}', b'{"e":5}', b"5"])
def test_what_nobody_knows_is_a_fault(raw: bytes) -> None:
    assert refused(decoder().decode(raw, 1), FaultKind.UNKNOWN_TOPIC)


@pytest.mark.parametrize("raw", [b"x" * (MAX_FRAME_BYTES + 1), frame("orders", *([1] * 3000))])
def test_what_is_too_large_is_not_read(raw: bytes) -> None:
    (fault,) = decoder().decode(raw, 1)
    assert isinstance(fault, FrameFault)
    assert fault.kind is FaultKind.OVERSIZE


def plain_numbers(events: list[AnyEvent]) -> list[Decimal]:
    """What was told as it was written: quotients and sums are left out."""
    found: list[Decimal | None] = []
    for event in events:
        if isinstance(event, PositionUpdate):
            found += [abs(event.quantity), event.isolated_margin, event.leverage, event.liquidation_price]
        elif isinstance(event, OrderUpdate):
            found += [event.quantity, event.filled_quantity, event.limit_price]
        elif isinstance(event, Fill):
            found += [event.quantity]
        elif isinstance(event, BalanceUpdate):
            found += [event.wallet_balance]
    return [value for value in found if value]


@given(st.sampled_from(["linear", "spot"]), st.lists(mangled(GOOD), min_size=1, max_size=6))
def test_no_number_is_invented(market: str, frames: list[bytes]) -> None:
    one, held = decoder(market), set[Decimal]()
    for raw in frames:
        held |= numbers_in(raw)
        events = list(one.decode(raw, TIME * 1_000_000))
        assert events
        assert held.issuperset(plain_numbers(events))


@given(st.sampled_from(["linear", "spot"]), st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_taken_in_silence(market: str, raw: bytes | str) -> None:
    assert decoder(market).decode(raw, 1)
