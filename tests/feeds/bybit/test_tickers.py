"""Bybit ticker frames to events: snapshots, deltas, and every odd value a field can have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import FaultKind, Heard, Ticker
from feeds.bybit.parse import Decoder
from tests.support.frames import (
    BAD_NUMBERS,
    BAD_PRICES,
    BAD_RATES,
    BAD_SIZES,
    PAST_QUICK,
    encode,
    faults,
    only_fault,
    refused,
    said,
    tickers,
)

TS = 1_786_310_817_583
CS = 753_843_900_397
TOPIC = "tickers.BTCUSDT"
SNAPSHOT = {
    "symbol": "BTCUSDT",
    "tickDirection": "ZeroPlusTick",
    "price24hPcnt": "-0.001624",
    "lastPrice": "65114.30",
    "markPrice": "65117.44",
    "indexPrice": "65137.76",
    "openInterest": "59891.732",
    "fundingIntervalHour": "8",
    "fundingCap": "0.005",
    "nextFundingTime": "1786320000000",
    "fundingRate": "0.0001",
    "bid1Price": "65114.20",
    "bid1Size": "5.954",
    "ask1Price": "65114.30",
    "ask1Size": "10.470",
    "preOpenPrice": "",
}
WHOLE = {
    "instrument": "bybit:linear:BTCUSDT",
    "channel": TOPIC,
    "mark_price": "65117.44",
    "index_price": "65137.76",
    "last_price": "65114.30",
    "bid_price": "65114.20",
    "bid_size": "5.954",
    "ask_price": "65114.30",
    "ask_size": "10.470",
    "funding_rate": "0.0001",
    "next_funding_time_ns": "1786320000000000000",
    "funding_interval_hours": "8",
}
FIELDS = {
    "markPrice": ("mark_price", BAD_PRICES),
    "indexPrice": ("index_price", BAD_PRICES),
    "lastPrice": ("last_price", BAD_PRICES),
    "bid1Price": ("bid_price", BAD_PRICES),
    "ask1Price": ("ask_price", BAD_PRICES),
    "bid1Size": ("bid_size", BAD_SIZES),
    "ask1Size": ("ask_size", BAD_SIZES),
    "fundingRate": ("funding_rate", BAD_RATES),
    "nextFundingTime": ("next_funding_time_ns", (*BAD_NUMBERS, "0", "-1", "4102444800000", "1.5", 1e30)),
    "fundingIntervalHour": ("funding_interval_hours", (*BAD_NUMBERS, "0", "-8", "169", "1.5")),
}


def frame(kind: str, data: Any, *, step: int = 0, topic: str = TOPIC, **outer: Any) -> bytes:
    return encode({"topic": topic, "type": kind, "data": data, "cs": CS + step, "ts": TS + 100 * step} | outer)


def delta(step: int, **changed: Any) -> bytes:
    return frame("delta", {"symbol": "BTCUSDT", **changed}, step=step)


def primed() -> Decoder:
    decoder = Decoder("linear")
    decoder.decode(frame("snapshot", SNAPSHOT), 1)
    return decoder


def test_a_snapshot_gives_everything_it_says() -> None:
    (event,) = Decoder("linear").decode(frame("snapshot", SNAPSHOT), 7)
    assert isinstance(event, Ticker)
    assert said(event) == WHOLE
    assert (event.received_ns, event.venue_time_ns) == (7, TS * 1_000_000)


def test_a_delta_changes_what_it_names_and_affirms_the_rest() -> None:
    (event,) = primed().decode(delta(1, markPrice="65117.43", openInterestValue="3899995666.09"), 9)
    assert isinstance(event, Ticker)
    assert said(event) == WHOLE | {"mark_price": "65117.43"}
    assert (event.received_ns, event.venue_time_ns) == (9, (TS + 100) * 1_000_000)


def test_deltas_add_up_in_order() -> None:
    decoder = primed()
    decoder.decode(delta(1, bid1Price="65114.10", bid1Size="0"), 1)
    decoder.decode(delta(2, ask1Price="65114.90"), 1)
    decoder.decode(delta(3, fundingRate="-0.00012", nextFundingTime="1786348800000"), 1)
    (event,) = decoder.decode(delta(4, openInterest="59891.733"), 1)
    assert isinstance(event, Ticker)
    assert said(event) == WHOLE | {
        "bid_price": "65114.10",
        "bid_size": "0",
        "ask_price": "65114.90",
        "funding_rate": "-0.00012",
        "next_funding_time_ns": "1786348800000000000",
    }


def test_a_snapshot_replaces_all_that_was_held() -> None:
    decoder = primed()
    (event,) = decoder.decode(frame("snapshot", {"symbol": "BTCUSDT", "markPrice": "65000"}, step=1), 1)
    assert isinstance(event, Ticker)
    assert said(event) == {"instrument": "bybit:linear:BTCUSDT", "channel": TOPIC, "mark_price": "65000"}


def test_a_service_reset_may_count_from_lower_numbers() -> None:
    decoder = primed()
    again = frame("snapshot", SNAPSHOT | {"markPrice": "65118"}, cs=12, ts=TS - 400)
    assert tickers(decoder.decode(again, 1))[0].mark_price == Decimal(65118)
    assert tickers(decoder.decode(frame("delta", {"symbol": "BTCUSDT", "markPrice": "65119"}, cs=13, ts=TS - 300), 1))


def test_a_snapshot_from_long_ago_is_out_of_order() -> None:
    old = frame("snapshot", SNAPSHOT, ts=TS - 60_000)
    assert refused(primed().decode(old, 1), FaultKind.OUT_OF_ORDER)


@pytest.mark.parametrize("older", [{"cs": CS - 1}, {"ts": TS - 1}, {"cs": CS - 1, "ts": TS - 1}])
def test_an_older_delta_is_not_used_and_what_it_names_is_not_told_before_it_is_told_anew(older: dict[str, Any]) -> None:
    decoder = primed()
    late = frame("delta", {"symbol": "BTCUSDT", "markPrice": "1.5"}, **older)
    assert refused(decoder.decode(late, 1), FaultKind.OUT_OF_ORDER)
    assert said(tickers(decoder.decode(delta(1), 1))[0]) == {k: v for k, v in WHOLE.items() if k != "mark_price"}
    assert said(tickers(decoder.decode(delta(2, markPrice="65117.44"), 1))[0]) == WHOLE


def test_frames_of_one_moment_are_in_order() -> None:
    decoder = primed()
    same = frame("delta", {"symbol": "BTCUSDT", "markPrice": "65117.45"})
    assert tickers(decoder.decode(same, 1))[0].mark_price == Decimal("65117.45")


def test_a_delta_before_its_snapshot_is_dropped() -> None:
    decoder = Decoder("linear")
    assert refused(decoder.decode(delta(1, markPrice="65117.43"), 1), FaultKind.BEFORE_SNAPSHOT)
    assert tickers(decoder.decode(frame("snapshot", SNAPSHOT, step=2), 1))


def test_reset_forgets_the_snapshot() -> None:
    decoder = primed()
    decoder.reset()
    assert refused(decoder.decode(delta(1, markPrice="65117.43"), 1), FaultKind.BEFORE_SNAPSHOT)


def test_symbols_are_merged_apart() -> None:
    decoder = primed()
    other = {"symbol": "ETHUSDT", "markPrice": "1922.58"}
    decoder.decode(frame("snapshot", other, topic="tickers.ETHUSDT"), 1)
    (event,) = decoder.decode(delta(1, lastPrice="65114.20"), 1)
    assert isinstance(event, Ticker)
    assert said(event) == WHOLE | {"last_price": "65114.20"}


@pytest.mark.parametrize(("name", "bad"), [(name, bad) for name, (_, values) in FIELDS.items() for bad in values])
def test_a_bad_field_is_named_and_never_shown(name: str, bad: object) -> None:
    decoder = primed()
    found = decoder.decode(delta(1, **{name: bad}), 1)
    assert [(fault.kind, fault.field, fault.channel) for fault in faults(found)] == [(FaultKind.BAD_FIELD, name, TOPIC)]
    kept = {ours: value for ours, value in WHOLE.items() if ours != FIELDS[name][0]}
    assert [said(ticker) for ticker in tickers(found)] == [kept]
    # The venue said that it changed, so the value from before is not vouched for either, until it is said anew.
    assert said(tickers(decoder.decode(delta(2), 1))[0]) == kept
    assert said(tickers(decoder.decode(delta(3, **{name: SNAPSHOT[name]}), 1))[0]) == WHOLE


@pytest.mark.parametrize("name", FIELDS)
def test_a_snapshot_with_a_bad_field_gives_the_others(name: str) -> None:
    found = Decoder("linear").decode(frame("snapshot", SNAPSHOT | {name: "NaN"}), 1)
    assert [fault.field for fault in faults(found)] == [name]
    assert [said(ticker) for ticker in tickers(found)] == [{k: v for k, v in WHOLE.items() if k != FIELDS[name][0]}]


def test_a_bad_number_is_told_with_what_was_found() -> None:
    detail = faults(primed().decode(delta(1, markPrice="NaN"), 1))[0].detail
    assert detail == 'expected a price, found "NaN"'


def test_a_snapshot_without_a_mark_price_says_so() -> None:
    found = Decoder("linear").decode(frame("snapshot", {k: v for k, v in SNAPSHOT.items() if k != "markPrice"}), 1)
    assert [fault.field for fault in faults(found)] == ["markPrice"]
    assert tickers(found)[0].mark_price is None
    assert tickers(found)[0].index_price == Decimal("65137.76")


ODD_PARTS: list[tuple[dict[str, Any], str]] = [
    *[({"type": odd}, "type") for odd in ("update", "", None, 1, ["delta"])],
    *[({"ts": odd}, "ts") for odd in (None, "", "soon", -1, 0, 1.5, 10**14, True, ["1"])],
    *[({"cs": odd}, "cs") for odd in (None, "", "x", -1, 1.5, True)],
    *[({"data": odd}, "data") for odd in (None, "", [{"symbol": "BTCUSDT"}], 5)],
    *[({"data": {"symbol": odd, "markPrice": "1.5"}}, "symbol") for odd in ("ETHUSDT", "", None, 5)],
    ({"data": {"markPrice": "1.5"}}, "symbol"),
]


@pytest.mark.parametrize(("outer", "field"), ODD_PARTS)
def test_a_frame_that_cannot_be_placed_is_refused_whole(outer: dict[str, Any], field: str) -> None:
    decoder = primed()
    content: dict[str, Any] = {"topic": TOPIC, "type": "delta", "cs": CS + 1, "ts": TS + 100}
    content["data"] = {"symbol": "BTCUSDT", "markPrice": "1.5"}
    assert refused(decoder.decode(encode(content | outer), 1), FaultKind.BAD_FIELD, field)
    later = tickers(decoder.decode(delta(2), 1))[0]
    assert later.mark_price in (None, Decimal("65117.44"))


@pytest.mark.parametrize("missing", ["type", "ts", "data"])
def test_a_frame_without_a_part_is_refused(missing: str) -> None:
    content = {"topic": TOPIC, "type": "delta", "data": {"symbol": "BTCUSDT", "markPrice": "1.5"}, "cs": CS, "ts": TS}
    del content[missing]
    assert refused(primed().decode(encode(content), 1), FaultKind.BAD_FIELD, missing)


def test_a_frame_without_a_sequence_is_ordered_by_its_time() -> None:
    decoder = primed()
    content = {"topic": TOPIC, "type": "delta", "data": {"symbol": "BTCUSDT", "markPrice": "65118"}, "ts": TS + 100}
    assert tickers(decoder.decode(encode(content), 1))[0].mark_price == Decimal(65118)
    assert refused(decoder.decode(encode(content | {"ts": TS}), 1), FaultKind.OUT_OF_ORDER)


def test_a_time_far_after_our_clock_is_refused() -> None:
    decoder = Decoder("linear")
    now_ns = TS * 1_000_000
    assert refused(
        decoder.decode(frame("snapshot", SNAPSHOT, ts=TS + 3 * 86_400_000), now_ns), FaultKind.BAD_FIELD, "ts"
    )
    decoder.decode(frame("snapshot", SNAPSHOT), now_ns)
    jump = frame("delta", {"symbol": "BTCUSDT"}, ts=TS + 3 * 86_400_000)
    assert refused(decoder.decode(jump, now_ns), FaultKind.BAD_FIELD, "ts")
    assert tickers(decoder.decode(delta(1), now_ns))


def test_key_order_and_spaces_do_not_matter() -> None:
    shuffled = {"data": SNAPSHOT, "ts": TS, "type": "snapshot", "cs": CS, "topic": TOPIC}
    expected = Decoder("linear").decode(frame("snapshot", SNAPSHOT), 1)
    assert Decoder("linear").decode(encode(shuffled), 1) == expected
    decoder = primed()
    turned = {
        "data": {"markPrice": "65118", "symbol": "BTCUSDT"},
        "ts": TS + 1,
        "type": "delta",
        "cs": CS,
        "topic": TOPIC,
    }
    assert tickers(decoder.decode(encode(turned), 1))[0].mark_price == Decimal(65118)


def test_text_and_bytes_give_the_same() -> None:
    as_bytes, as_text = primed(), primed()
    for step in range(3):
        raw = delta(step, markPrice=f"6511{step}.5")
        assert as_bytes.decode(raw, 1) == as_text.decode(raw.decode(), 1)


@pytest.mark.parametrize("size", ["0", "0.000", "5.954", "192121", "1E+3"])
def test_sizes_may_be_zero_and_large(size: str) -> None:
    raw = delta(1, bid1Size=size)
    assert tickers(primed().decode(raw, 1))[0].bid_size == Decimal(size)
    assert tickers(primed().decode(raw + PAST_QUICK, 1))[0].bid_size == Decimal(size)


def test_numbers_keep_every_digit() -> None:
    text = "65117.440000000000000000000000000012345"
    (event,) = primed().decode(delta(1, markPrice=text), 1)
    assert isinstance(event, Ticker)
    assert said(event)["mark_price"] == text


def test_a_dated_future_has_no_funding_and_no_fault() -> None:
    data = SNAPSHOT | {"symbol": "BTC-26DEC25", "fundingRate": "", "nextFundingTime": ""}
    del data["fundingIntervalHour"]
    (event,) = Decoder("linear").decode(frame("snapshot", data, topic="tickers.BTC-26DEC25"), 1)
    assert isinstance(event, Ticker)
    assert said(event) == {k: v for k, v in WHOLE.items() if "funding" not in k} | {
        "instrument": "bybit:linear:BTC-26DEC25",
        "channel": "tickers.BTC-26DEC25",
    }


@pytest.mark.parametrize("name", ["fundingRate", "nextFundingTime"])
def test_a_perpetual_owes_its_funding(name: str) -> None:
    assert [fault.field for fault in faults(primed().decode(delta(1, **{name: ""}), 1))] == [name]


def test_inverse_contracts_keep_their_market_and_may_be_dated() -> None:
    decoder = Decoder("inverse")
    data = SNAPSHOT | {"symbol": "BTCUSDH26", "fundingRate": "", "nextFundingTime": "", "bid1Size": "1063"}
    (event,) = decoder.decode(frame("snapshot", data, topic="tickers.BTCUSDH26"), 1)
    assert isinstance(event, Ticker)
    assert (event.instrument, event.bid_size, event.funding_rate) == ("bybit:inverse:BTCUSDH26", Decimal(1063), None)


SPOT = {
    "symbol": "BTCUSDT",
    "lastPrice": "65140.5",
    "highPrice24h": "65305.6",
    "lowPrice24h": "64727.9",
    "prevPrice24h": "65045.3",
    "volume24h": "2953.8",
    "turnover24h": "191907024.6",
    "price24hPcnt": "0.0015",
}


@pytest.mark.parametrize("usd_index", ["65091.459221", ""])
def test_spot_gives_its_last_price_under_its_own_market(usd_index: str) -> None:
    decoder = Decoder("spot")
    raw = [frame("snapshot", SPOT | {"usdIndexPrice": usd_index}, step=step) for step in range(2)]
    for event in (decoder.decode(raw[0], 1)[0], decoder.decode(raw[1], 1)[0]):
        assert isinstance(event, Ticker)
        assert said(event) == {"instrument": "bybit:spot:BTCUSDT", "channel": TOPIC, "last_price": "65140.5"}


def test_a_spot_snapshot_that_is_older_is_out_of_order() -> None:
    decoder = Decoder("spot")
    decoder.decode(frame("snapshot", SPOT, step=1), 1)
    assert refused(decoder.decode(frame("snapshot", SPOT), 1), FaultKind.OUT_OF_ORDER)


def test_a_spot_snapshot_without_its_price_shows_nothing_old() -> None:
    decoder = Decoder("spot")
    decoder.decode(frame("snapshot", SPOT), 1)
    data = {name: value for name, value in SPOT.items() if name != "lastPrice"}
    assert refused(decoder.decode(frame("snapshot", data, step=1), 1), FaultKind.BAD_FIELD, "lastPrice")


def test_the_memory_does_not_grow_with_symbols() -> None:
    decoder = Decoder("linear")
    for number in range(5_000):
        assert tickers(
            decoder.decode(frame("snapshot", {"symbol": f"X{number}", "markPrice": "1"}, topic=f"tickers.X{number}"), 1)
        )
    extra = frame("snapshot", {"symbol": "ONEMORE", "markPrice": "1"}, topic="tickers.ONEMORE")
    assert only_fault(decoder.decode(extra, 1)).kind is FaultKind.UNKNOWN_TOPIC


@pytest.mark.parametrize("symbol", ["", "A" * 41, "BTC USDT", "BTC\nUSDT", "BTC:USDT", "\x1b[2J"])
def test_what_cannot_be_a_symbol_is_no_topic(symbol: str) -> None:
    raw = frame("snapshot", SNAPSHOT | {"symbol": symbol}, topic=f"tickers.{symbol}")
    found = only_fault(Decoder("linear").decode(raw, 1))
    assert found.kind is FaultKind.UNKNOWN_TOPIC
    assert found.channel.isprintable()


def test_answers_to_a_delta_are_not_data() -> None:
    (event,) = primed().decode(b'{"success":true,"ret_msg":"","conn_id":"c","req_id":"linear-1","op":"subscribe"}', 3)
    assert event == Heard(received_ns=3, kind="ack", request="linear-1", detail="subscribe")
