"""OKX's public frames: what each channel tells, what is odd, and what is no data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.events import DayStatistics, FaultKind, FundingSettled, Heard, Ticker
from feeds.okx import facts
from feeds.okx.parse import Decoder
from tests.feeds.okx.samples import BOOK, FUNDING, HOUR, INDEX, INVERSE, LINEAR, MARK, PAIR, TICKER, TIME, frame
from tests.support.frames import (
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

LINEAR_ID, INVERSE_ID, SPOT_ID = f"okx:linear:{LINEAR}", f"okx:inverse:{INVERSE}", f"okx:spot:{PAIR}"


def told(raw: bytes, before: bytes | None = None, received_ns: int = 1) -> dict[str, str]:
    """What the only ticker of a frame says, read by both ways."""
    quick, careful = Decoder("linear"), Decoder("linear")
    for earlier in () if before is None else (before,):
        quick.decode(earlier, received_ns), careful.decode(earlier, received_ns)
    (ticker,) = tickers(quick.decode(raw, received_ns))
    assert [ticker] == tickers(careful.decode(raw + PAST_QUICK, received_ns))
    assert ticker.venue_time_ns is not None
    return said(ticker)


# --- what each channel tells ---------------------------------------------------------------------------------------


@pytest.mark.verifies("okx", "linear", "mark price", "index price", "best bid and ask", "24 h ticker")
def test_each_channel_tells_its_own_figures() -> None:
    assert told(frame("mark-price", MARK, 1), frame("mark-price", MARK)) == {
        "instrument": LINEAR_ID,
        "channel": f"mark-price:{LINEAR}",
        "mark_price": "65117.4",
    }
    assert told(frame("index-tickers", INDEX, 1), frame("index-tickers", INDEX)) == {
        "instrument": LINEAR_ID,
        "channel": f"index-tickers:{PAIR}",
        "index_price": "65114.2",
    }
    assert told(frame("bbo-tbt", BOOK, 1), frame("bbo-tbt", BOOK)) == {
        "instrument": LINEAR_ID,
        "channel": f"bbo-tbt:{LINEAR}",
        "bid_price": "65114.2",
        "bid_size": "256.5",
        "ask_price": "65114.3",
        "ask_size": "415.25",
    }
    assert told(frame("tickers", TICKER, 1), frame("tickers", TICKER)) == {
        "instrument": LINEAR_ID,
        "channel": f"tickers:{LINEAR}",
        "last_price": "65114.3",
    }


@pytest.mark.verifies("okx", "inverse", "mark price", "index price")
def test_an_index_is_told_of_the_swap_that_follows_it() -> None:
    assert told(frame("mark-price", MARK, instId=INVERSE))["instrument"] == INVERSE_ID
    assert told(frame("index-tickers", INDEX, instId="BTC-USD"))["instrument"] == INVERSE_ID
    assert told(frame("index-tickers", INDEX, instId="BTC-USDC"))["instrument"] == "okx:linear:BTC-USDC-SWAP"


@pytest.mark.verifies("okx", "spot", "24 h ticker")
@pytest.mark.verifies("okx", "inverse", "24 h ticker")
@pytest.mark.parametrize(
    ("symbol", "instrument", "turnover"),
    [(LINEAR, LINEAR_ID, None), (INVERSE, INVERSE_ID, "76038.36"), (PAIR, SPOT_ID, "76038.36")],
)
def test_the_day_of_a_ticker_and_what_its_volume_in_currency_means(
    symbol: str, instrument: str, turnover: str | None
) -> None:
    _, day = Decoder("linear").decode(frame("tickers", TICKER, instId=symbol), 1)
    assert day == DayStatistics(
        received_ns=1,
        instrument=instrument,
        channel=f"tickers:{symbol}",
        venue_time_ns=TIME * 1_000_000,
        open_price=Decimal("64012.5"),
        high_price=Decimal("65867.2"),
        low_price=Decimal("63901.1"),
        last_price=Decimal("65114.3"),
        volume=Decimal("7603836.5"),
        turnover=None if turnover is None else Decimal(turnover),
    )


def test_the_day_is_told_every_few_seconds_only() -> None:
    decoder = Decoder("linear")
    times = [0, 1, facts.DAY_EVERY_NS - 1, facts.DAY_EVERY_NS, facts.DAY_EVERY_NS + 1]
    counts = [len(decoder.decode(frame("tickers", TICKER, step), now)) for step, now in enumerate(times)]
    assert counts == [2, 1, 1, 2, 1]


DAY_FIELDS = {"open24h": BAD_PRICES, "high24h": BAD_PRICES, "low24h": BAD_PRICES, "vol24h": BAD_SIZES}


@pytest.mark.parametrize("symbol", [LINEAR, INVERSE, PAIR])
@pytest.mark.parametrize(("name", "odds"), [*DAY_FIELDS.items(), ("volCcy24h", BAD_SIZES), ("last", ("65114.5",))])
def test_a_later_day_is_told_and_faulted_as_the_first_is(symbol: str, name: str, odds: tuple[Any, ...]) -> None:
    for odd in odds:
        raw = frame("tickers", TICKER, 1, instId=symbol, **{name: odd})
        told = []
        for blanks in (b"", PAST_QUICK):
            decoder = Decoder("linear")
            decoder.decode(frame("tickers", TICKER, instId=symbol), 1)
            told.append(list(decoder.decode(raw + blanks, 1 + facts.DAY_EVERY_NS)))
        assert told[0] == told[1], odd
        assert isinstance(told[0][-1], DayStatistics)


@pytest.mark.verifies("okx", "spot", "best bid and ask")
def test_the_book_of_a_pair() -> None:
    raw = encode({"arg": {"channel": "bbo-tbt", "instId": PAIR}, "data": [BOOK]})
    (event,) = tickers(Decoder("spot").decode(raw, 1))
    assert (event.instrument, event.bid_price) == (SPOT_ID, Decimal("65114.2"))


def test_a_side_without_levels_and_a_frame_of_several_rows() -> None:
    (event,) = tickers(Decoder("linear").decode(frame("bbo-tbt", BOOK, asks=[]), 1))
    assert (event.bid_price, event.ask_price, event.ask_size) == (Decimal("65114.2"), None, None)
    rows = [MARK, MARK | {"markPx": "65118", "ts": str(TIME + 1)}]
    events = tickers(
        Decoder("linear").decode(encode({"arg": {"channel": "mark-price", "instId": LINEAR}, "data": rows}), 1)
    )
    assert [event.mark_price for event in events] == [Decimal("65117.4"), Decimal("65118")]


# --- funding ---------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("okx", "linear", "funding rate", "funding interval", "last settled funding rate")
def test_the_rate_of_now_and_the_settled_one_are_told_apart() -> None:
    ticker, settled = Decoder("linear").decode(frame("funding-rate", FUNDING), 1)
    assert isinstance(ticker, Ticker)
    assert said(ticker) == {
        "instrument": LINEAR_ID,
        "channel": f"funding-rate:{LINEAR}",
        "funding_rate": "-0.0000419504412774",
        "next_funding_time_ns": str((TIME + 2 * HOUR) * 1_000_000),
        "funding_interval_hours": "4",
    }
    assert settled == FundingSettled(
        received_ns=1,
        instrument=LINEAR_ID,
        rate=Decimal("0.0000539822210069"),
        settled_ns=(TIME - 2 * HOUR) * 1_000_000,
    )


@pytest.mark.verifies("okx", "inverse", "funding rate", "funding interval")
@pytest.mark.parametrize(
    ("changed", "hours"),
    [
        ({"prevFundingTime": str(TIME - 6 * HOUR)}, "8"),
        ({"prevFundingTime": str(TIME + HOUR), "nextFundingTime": ""}, "1"),
        ({"prevFundingTime": ""}, "4"),
        ({"prevFundingTime": "0", "nextFundingTime": str(TIME + 3 * HOUR)}, "1"),
        ({"prevFundingTime": "", "nextFundingTime": ""}, None),
        ({"prevFundingTime": str(TIME + HOUR + 1), "nextFundingTime": "0"}, None),
        ({"prevFundingTime": "", "nextFundingTime": str(TIME + 2 * HOUR)}, None),
    ],
)
def test_the_interval_is_the_distance_of_settlements_and_never_assumed(
    changed: dict[str, Any], hours: str | None
) -> None:
    (ticker,) = tickers(Decoder("linear").decode(frame("funding-rate", FUNDING, instId=INVERSE, **changed), 1))
    assert ticker.funding_rate is not None
    assert said(ticker).get("funding_interval_hours") == hours
    assert ticker.instrument == INVERSE_ID


def test_what_is_being_charged_is_no_estimate_any_more() -> None:
    (ticker,) = Decoder("linear").decode(
        frame("funding-rate", FUNDING, fundingTime=str(TIME - 1), settState="processing"), 1
    )
    assert isinstance(ticker, Ticker)
    assert (ticker.funding_rate, ticker.next_funding_time_ns, ticker.funding_interval_hours) == (None, None, None)


def test_a_settlement_that_is_long_past_is_a_fault_and_no_rate() -> None:
    dead = frame("funding-rate", FUNDING, fundingTime=str(TIME - facts.OVERDUE_SLACK_MS - 1), settFundingRate="")
    assert refused(Decoder("linear").decode(dead, 1), FaultKind.BAD_FIELD, "fundingTime")


@pytest.mark.parametrize("changed", [{"settState": "processing"}, {"settFundingRate": ""}, {"prevFundingTime": ""}])
def test_no_settled_rate_without_its_time_or_while_it_is_reckoned(changed: dict[str, Any]) -> None:
    events = Decoder("linear").decode(frame("funding-rate", FUNDING, **changed), 1)
    assert [type(event) for event in events] == [Ticker]


# --- odd values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [value for value in BAD_PRICES if value != ""])
@pytest.mark.parametrize(
    ("channel", "row", "field"),
    [("mark-price", MARK, "markPx"), ("index-tickers", INDEX, "idxPx"), ("tickers", TICKER, "last")],
)
def test_a_bad_price_is_named_and_never_shown(channel: str, row: dict[str, Any], field: str, value: Any) -> None:
    decoder = Decoder("linear")
    decoder.decode(frame(channel, row), 1)
    assert refused(decoder.decode(frame(channel, row, 1, **{field: value}), 2), FaultKind.BAD_FIELD, field)


def test_a_blank_is_a_fault_where_the_venue_always_tells_and_none_where_nothing_has_traded() -> None:
    assert refused(Decoder("linear").decode(frame("mark-price", MARK, markPx=""), 1), FaultKind.BAD_FIELD, "markPx")
    (event,) = tickers(Decoder("linear").decode(frame("tickers", TICKER, last=""), 1))
    assert event.last_price is None


@pytest.mark.parametrize("value", BAD_PRICES)
def test_a_bad_level_spoils_its_side_only(value: Any) -> None:
    events = Decoder("linear").decode(frame("bbo-tbt", BOOK, bids=[[value, "1", "0", "1"]]), 1)
    assert [fault.field for fault in faults(events)] == ["bids"]
    (event,) = tickers(events)
    assert (event.bid_price, event.bid_size, event.ask_price) == (None, None, Decimal("65114.3"))


@pytest.mark.parametrize("value", BAD_SIZES)
def test_a_bad_size_spoils_its_side_only(value: Any) -> None:
    events = Decoder("linear").decode(frame("bbo-tbt", BOOK, asks=[["65114.3", value, "0", "1"]]), 1)
    assert [fault.field for fault in faults(events)] == ["asks"]
    assert [event.ask_size for event in tickers(events)] == [None]


@pytest.mark.parametrize("value", BAD_RATES)
def test_a_bad_rate_is_named_and_never_shown(value: Any) -> None:
    events = Decoder("linear").decode(frame("funding-rate", FUNDING, fundingRate=value), 1)
    assert [fault.field for fault in faults(events)] == ["fundingRate"]
    assert not [event for event in tickers(events) if event.funding_rate is not None]


@pytest.mark.parametrize("name", ["markPx", "ts", "instId"])
def test_a_missing_field_is_named(name: str) -> None:
    row = {key: value for key, value in MARK.items() if key != name}
    raw = encode({"arg": {"channel": "mark-price", "instId": LINEAR}, "data": [row]})
    assert refused(Decoder("linear").decode(raw, 1), FaultKind.BAD_FIELD, name)


def test_numbers_as_numbers_extra_fields_and_another_order_are_read() -> None:
    row = {"ts": TIME, "extra": {"a": [1]}, "markPx": 65117.5, "instId": LINEAR}
    raw = encode({"data": [row], "arg": {"instId": LINEAR, "channel": "mark-price", "uid": "7"}})
    (event,) = tickers(Decoder("linear").decode(raw, 1))
    assert event.mark_price == Decimal("65117.5")


def test_a_row_of_another_instrument_is_refused() -> None:
    raw = encode({"arg": {"channel": "mark-price", "instId": LINEAR}, "data": [MARK | {"instId": INVERSE}]})
    assert refused(Decoder("linear").decode(raw, 1), FaultKind.BAD_FIELD, "instId")


def test_an_older_frame_and_one_of_the_future_are_refused() -> None:
    decoder = Decoder("linear")
    decoder.decode(frame("mark-price", MARK, 5), 1)
    assert refused(decoder.decode(frame("mark-price", MARK, 4), 2), FaultKind.OUT_OF_ORDER)
    assert tickers(decoder.decode(frame("mark-price", MARK, 5), 3)), "the same moment may be told twice"
    decoder.reset()
    assert tickers(decoder.decode(frame("mark-price", MARK, 4), 4))
    late = frame("mark-price", MARK, ts=str(TIME + 48 * HOUR))
    assert refused(Decoder("linear").decode(late, TIME * 1_000_000), FaultKind.BAD_FIELD, "ts")


@pytest.mark.parametrize("data", [[], {}, None, "x", [[]], [5], [None]])
def test_data_that_is_no_rows_is_refused(data: Any) -> None:
    raw = encode({"arg": {"channel": "mark-price", "instId": LINEAR}, "data": data})
    assert refused(Decoder("linear").decode(raw, 1), FaultKind.BAD_FIELD, "data")


@pytest.mark.parametrize(
    ("channel", "symbol"),
    [
        *(
            ("mark-price", "BTC-USDT-260327"),
            ("mark-price", ""),
            ("mark-price", "btc-usdt-swap"),
            ("index-tickers", "X"),
        ),
        *(("mark-price", "ETH-USD_UM-SWAP"), ("tickers", "BTC/USDT"), ("unheard-of", LINEAR), ("mark-price", "A" * 99)),
    ],
)
def test_what_is_not_read_here_is_an_unknown_topic(channel: str, symbol: str) -> None:
    raw = encode({"arg": {"channel": channel, "instId": symbol}, "data": [MARK | {"instId": symbol}]})
    assert only_fault(Decoder("linear").decode(raw, 1)).kind is FaultKind.UNKNOWN_TOPIC


def test_a_frame_that_does_not_name_its_channel_is_not_taken_for_what_it_looks_like() -> None:
    decoder = Decoder("linear")
    decoder.decode(frame("mark-price", MARK), 1)
    raw = frame("mark-price", MARK, 1).replace(b'"channel"', b'"chanel_"')
    assert only_fault(decoder.decode(raw.replace(b"_", b"x"), 1)).kind is FaultKind.BAD_FIELD


def test_garbage_does_not_grow_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MAX_CHANNELS", 2)
    decoder = Decoder("linear")
    kinds = [
        isinstance(decoder.decode(frame("mark-price", MARK, instId=f"X{number}-USDT-SWAP"), 1)[0], Ticker)
        for number in range(4)
    ]
    assert kinds == [True, True, False, False]


# --- no data ---------------------------------------------------------------------------------------------------------

MISSING = (
    "Wrong URL or channel:mark-price,instId:NO-USDT-SWAP doesn't exist. Please use the correct URL, channel and "
    "parameters referring to API document."
)


@pytest.mark.parametrize(
    ("raw", "kind", "channel", "request_id"),
    [
        (b"pong", "pong", "", ""),
        ({"id": "7", "event": "subscribe", "arg": {"channel": "mark-price", "instId": LINEAR}, "connId": "a4d3ae55"},
         "ack", f"mark-price:{LINEAR}", "7"),
        ({"event": "unsubscribe", "arg": {"channel": "tickers", "instId": PAIR}}, "ack", f"tickers:{PAIR}", ""),
        ({"event": "error", "code": "60018", "msg": MISSING, "connId": "a"}, "refusal", "mark-price:NO-USDT-SWAP", ""),
        ({"id": "9", "event": "error", "code": "60012", "msg": "Illegal request: {\"op\":1}"}, "refusal", "", "9"),
        ({"event": "error", "code": "60014", "msg": "Requests too frequent"}, "refusal", "", ""),
        ({"event": "notice", "code": "64008", "msg": "The connection will soon be closed for a service upgrade."},
         "notice", "", ""),
        ({"event": "notice", "code": "1", "msg": "something else"}, "unused", "", ""),
        ({"event": "channel-conn-count", "channel": "orders", "connCount": "2"}, "unused", "orders", ""),
        ({"arg": {"channel": "trades", "instId": PAIR}, "data": [{}]}, "unused", f"trades:{PAIR}", ""),
        ({"arg": {"channel": "candle1H", "instId": PAIR}, "data": [[]]}, "unused", f"candle1H:{PAIR}", ""),
        ({"arg": {"channel": "status"}, "data": [{}]}, "unused", "status:", ""),
    ],
)  # fmt: skip
def test_answers_and_notices_are_called_by_their_kind(raw: Any, kind: str, channel: str, request_id: str) -> None:
    (event,) = Decoder("linear").decode(raw if isinstance(raw, bytes) else encode(raw), 1)
    assert isinstance(event, Heard)
    assert (event.kind, event.channel, event.request) == (kind, channel, request_id)


@pytest.mark.parametrize(
    "raw", [{"event": "other"}, {"event": 5}, {"event": "subscribe"}, {"arg": 5}, {}, [], {"id": "1"}]
)
def test_other_answers_are_faults(raw: Any) -> None:
    assert faults(Decoder("linear").decode(encode(raw), 1))
