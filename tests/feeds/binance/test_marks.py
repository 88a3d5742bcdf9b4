"""Binance mark prices to events: single and array, raw and combined, and every odd value a field can have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import FaultKind, Heard, Ticker
from feeds.binance.parse import Decoder
from tests.support.frames import BAD_NUMBERS, BAD_PRICES, BAD_RATES, encode, faults, only_fault, refused, said, tickers

E = 1_789_478_374_000
STREAM = "btcusdt@markPrice@1s"
MARK: dict[str, Any] = {
    "e": "markPriceUpdate",
    "E": E,
    "s": "BTCUSDT",
    "p": "76888.10000000",
    "ap": "76888.10000000",
    "P": "77018.80267750",
    "i": "76935.00826087",
    "r": "0.00008900",
    "T": 1_789_488_000_000,
    "st": 1,
}
WHOLE = {
    "instrument": "binance:usdm:BTCUSDT",
    "channel": STREAM,
    "mark_price": "76888.10000000",
    "index_price": "76935.00826087",
    "funding_rate": "0.00008900",
    "next_funding_time_ns": "1789488000000000000",
}
DATED = MARK | {"s": "BTCUSDT_261225", "r": "", "T": 0}


def combined(payload: Any, stream: str = STREAM) -> bytes:
    return encode({"stream": stream, "data": payload})


def primed(raw: bytes | None = None) -> Decoder:
    """A decoder that has seen a frame, so that the next usual one takes the quick path."""
    decoder = Decoder("usdm")
    decoder.decode(raw or combined(MARK), 1)
    return decoder


@pytest.mark.parametrize("seen", [True, False])
def test_a_combined_mark_price_gives_mark_index_and_funding(seen: bool) -> None:
    decoder = primed() if seen else Decoder("usdm")
    (event,) = decoder.decode(combined(MARK), 7)
    assert isinstance(event, Ticker)
    assert said(event) == WHOLE
    assert (event.received_ns, event.venue_time_ns) == (7, E * 1_000_000)


@pytest.mark.parametrize("seen", [True, False])
def test_a_raw_mark_price_names_its_own_stream(seen: bool) -> None:
    decoder = primed(encode(MARK)) if seen else Decoder("usdm")
    (event,) = decoder.decode(encode(MARK), 7)
    assert isinstance(event, Ticker)
    assert said(event) == WHOLE | {"channel": "btcusdt@markPrice"}


def test_the_estimated_settle_price_is_not_taken_for_anything() -> None:
    assert "77018.80267750" not in said(tickers(Decoder("usdm").decode(combined(MARK), 1))[0]).values()


def test_every_frame_is_a_whole() -> None:
    decoder = primed()
    later = MARK | {"E": E + 1000, "p": "76889", "i": "76936", "r": "-0.0001", "T": 1_789_516_800_000}
    (event,) = decoder.decode(combined(later), 1)
    assert isinstance(event, Ticker)
    assert said(event) == WHOLE | {
        "mark_price": "76889",
        "index_price": "76936",
        "funding_rate": "-0.0001",
        "next_funding_time_ns": "1789516800000000000",
    }


def test_a_rate_that_changes_is_followed() -> None:
    decoder = primed()
    rates = ["0.00008900", "0.00008901", "-0.00000001", "0", "0.00008900"]
    seen = [decoder.decode(combined(MARK | {"E": E + step, "r": rate}), 1) for step, rate in enumerate(rates)]
    assert [tickers(events)[0].funding_rate for events in seen] == [Decimal(rate) for rate in rates]


REQUIRED = {
    "p": BAD_PRICES,
    "E": (*BAD_NUMBERS, 0, -1, 1.5, 10**14),
    "s": (None, "", 5, [], "A" * 41, "BTC USDT", "BTC:USDT"),
}
OPTIONAL = {
    "i": ("index_price", BAD_PRICES),
    "r": ("funding_rate", BAD_RATES),
    "T": ("next_funding_time_ns", (*BAD_NUMBERS, 0, -1, 1.5, 10**14)),
}


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(("name", "bad"), [(name, bad) for name, values in REQUIRED.items() for bad in values])
def test_without_its_time_symbol_or_mark_price_a_frame_is_refused_whole(name: str, bad: Any, seen: bool) -> None:
    decoder = primed() if seen else Decoder("usdm")
    assert refused(decoder.decode(combined(MARK | {name: bad}), 1), FaultKind.BAD_FIELD, name)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_required_field_is_named(name: str) -> None:
    lacking = {key: value for key, value in MARK.items() if key != name}
    assert refused(primed().decode(combined(lacking), 1), FaultKind.BAD_FIELD, name)
    assert refused(Decoder("usdm").decode(encode(lacking), 1), FaultKind.BAD_FIELD, name)


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(("name", "bad"), [(name, bad) for name, (_, values) in OPTIONAL.items() for bad in values])
def test_a_bad_field_is_named_and_the_rest_is_used(name: str, bad: Any, seen: bool) -> None:
    decoder = primed() if seen else Decoder("usdm")
    found = decoder.decode(combined(MARK | {name: bad}), 1)
    assert [(fault.kind, fault.field, fault.channel) for fault in faults(found)] == [
        (FaultKind.BAD_FIELD, name, STREAM)
    ]
    assert [said(ticker) for ticker in tickers(found)] == [{k: v for k, v in WHOLE.items() if k != OPTIONAL[name][0]}]
    assert said(tickers(decoder.decode(combined(MARK), 1))[0]) == WHOLE


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_missing_field_is_named_and_the_rest_is_used(name: str) -> None:
    found = primed().decode(combined({key: value for key, value in MARK.items() if key != name}), 1)
    assert [fault.field for fault in faults(found)] == [name]
    assert [said(ticker) for ticker in tickers(found)] == [{k: v for k, v in WHOLE.items() if k != OPTIONAL[name][0]}]


@pytest.mark.parametrize("seen", [True, False])
def test_a_dated_contract_has_no_funding_and_no_fault(seen: bool) -> None:
    stream = "btcusdt_261225@markPrice@1s"
    decoder = primed(combined(DATED, stream)) if seen else Decoder("usdm")
    (event,) = decoder.decode(combined(DATED, stream), 1)
    assert isinstance(event, Ticker)
    assert said(event) == {
        "instrument": "binance:usdm:BTCUSDT_261225",
        "channel": stream,
        "mark_price": "76888.10000000",
        "index_price": "76935.00826087",
    }


def test_an_older_frame_is_out_of_order_and_changes_nothing() -> None:
    decoder = primed()
    assert refused(decoder.decode(combined(MARK | {"E": E - 1, "p": "1.5"}), 1), FaultKind.OUT_OF_ORDER)
    assert said(tickers(decoder.decode(combined(MARK), 1))[0]) == WHOLE


def test_order_is_kept_by_stream_and_symbol() -> None:
    decoder = primed()
    assert tickers(decoder.decode(combined(MARK | {"E": E - 1000}, "btcusdt@markPrice"), 1))
    assert tickers(decoder.decode(combined(MARK | {"E": E - 1000, "s": "ETHUSDT"}, "ethusdt@markPrice@1s"), 1))


def test_reset_forgets_the_order() -> None:
    decoder = primed()
    decoder.reset()
    assert tickers(decoder.decode(combined(MARK | {"E": E - 1}), 1))


def test_a_time_far_after_our_clock_is_refused() -> None:
    now_ns = E * 1_000_000
    far = combined(MARK | {"E": E + 3 * 86_400_000})
    assert refused(Decoder("usdm").decode(far, now_ns), FaultKind.BAD_FIELD, "E")
    decoder = primed()
    assert refused(decoder.decode(far, now_ns), FaultKind.BAD_FIELD, "E")
    assert tickers(decoder.decode(combined(MARK), now_ns))


def test_the_symbol_in_the_payload_names_the_instrument() -> None:
    decoder = primed()
    (event,) = decoder.decode(combined(MARK | {"s": "BNBUSDT"}), 1)
    assert isinstance(event, Ticker)
    assert event.instrument == "binance:usdm:BNBUSDT"


@pytest.mark.parametrize("seen", [True, False])
def test_coin_margined_contracts_are_not_ours(seen: bool) -> None:
    decoder = primed() if seen else Decoder("usdm")
    assert decoder.decode(combined(MARK | {"s": "BTCUSD_PERP", "st": 2}), 1) == (
        Heard(received_ns=1, kind="unused", channel=STREAM),
    )


def test_a_product_that_is_no_number_is_refused() -> None:
    assert refused(primed().decode(combined(MARK | {"st": "UM"}), 1), FaultKind.BAD_FIELD, "st")


def test_key_order_does_not_matter() -> None:
    turned = {"data": dict(reversed(MARK.items())), "stream": STREAM}
    for decoder in (primed(), Decoder("usdm")):
        assert said(tickers(decoder.decode(encode(turned), 1))[0]) == WHOLE


# --- arrays ----------------------------------------------------------------------------------------------------------

ALL = "!markPrice@arr@1s"
MARKET = [MARK, MARK | {"s": "ETHUSDT", "p": "1922.58", "i": "1923.2"}, DATED]
SYMBOLS = ["binance:usdm:BTCUSDT", "binance:usdm:ETHUSDT", "binance:usdm:BTCUSDT_261225"]


@pytest.mark.parametrize("seen", [True, False])
def test_an_array_gives_an_event_for_each_contract(seen: bool) -> None:
    decoder = primed(combined(MARKET, ALL)) if seen else Decoder("usdm")
    events = tickers(decoder.decode(combined(MARKET, ALL), 1))
    assert [event.instrument for event in events] == SYMBOLS
    assert {event.channel for event in events} == {ALL}
    assert said(events[0]) == WHOLE | {"channel": ALL}


@pytest.mark.parametrize("seen", [True, False])
def test_a_bare_array_gives_the_same(seen: bool) -> None:
    decoder = primed(encode(MARKET)) if seen else Decoder("usdm")
    events = tickers(decoder.decode(encode(MARKET), 1))
    assert [event.instrument for event in events] == SYMBOLS
    assert {event.channel.partition("@")[2] for event in events} == {"markPrice"}


@pytest.mark.parametrize("seen", [True, False])
def test_a_bad_element_spoils_only_itself(seen: bool) -> None:
    decoder = primed(combined(MARKET, ALL)) if seen else Decoder("usdm")
    odd = [MARKET[0] | {"p": "NaN"}, *MARKET[1:], 5, {"e": "nobody knows"}, MARKET[0] | {"s": "XRPUSDT", "st": 2}]
    events = decoder.decode(combined(odd, ALL), 1)
    assert [event.instrument for event in tickers(events)] == SYMBOLS[1:]
    assert [(fault.kind, fault.field) for fault in faults(events)] == [
        *((FaultKind.BAD_FIELD, "p"), (FaultKind.BAD_FIELD, ""), (FaultKind.UNKNOWN_TOPIC, "")),
    ]
    assert len(events) == 5


@pytest.mark.parametrize("content", [[], [MARK | {"st": 2, "s": "BTCUSD_PERP"}]])
def test_an_array_with_nothing_of_ours_is_heard(content: list[Any]) -> None:
    assert list(Decoder("usdm").decode(combined(content, ALL), 1)) == [Heard(received_ns=1, kind="unused", channel=ALL)]


def test_an_array_without_end_is_refused_as_one() -> None:
    assert refused(Decoder("usdm").decode(combined([1] * 6000, ALL), 1), FaultKind.OVERSIZE)


def test_an_array_of_old_prices_is_out_of_order() -> None:
    decoder = primed(combined(MARKET, ALL))
    events = decoder.decode(combined([mark | {"E": E - 1} for mark in MARKET], ALL), 1)
    assert [fault.kind for fault in faults(events)] == [FaultKind.OUT_OF_ORDER] * 3
    assert not tickers(events)


def test_the_memory_does_not_grow_with_symbols() -> None:
    decoder = Decoder("usdm")
    for start in (0, 2500):
        content = [MARK | {"s": f"X{number}"} for number in range(start, start + 2500)]
        assert len(tickers(decoder.decode(combined(content, ALL), 1))) == 2500
    assert only_fault(decoder.decode(combined([MARK], ALL), 1)).kind is FaultKind.UNKNOWN_TOPIC
    decoder.reset()
    assert tickers(decoder.decode(combined([MARK], ALL), 1))


def test_a_spot_socket_carries_no_mark_prices() -> None:
    assert refused(Decoder("spot").decode(combined(MARK), 1), FaultKind.UNKNOWN_TOPIC)


def test_numbers_keep_every_digit() -> None:
    text = "76888.100000000000000000000000000000012345"
    assert tickers(primed().decode(combined(MARK | {"p": text}), 1))[0].mark_price == Decimal(text)
