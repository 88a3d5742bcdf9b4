"""A contract's book held by its changes: its best levels, and that a book with a gap is told no more."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import FaultKind, FrameFault, Heard, Ticker
from feeds.weex.parse import Decoder
from tests.feeds.weex.samples import BIDS, TIME, change, snapshot
from tests.support.frames import BAD_PRICES, BAD_SIZES, PAST_QUICK, only_fault, refused, said, tickers

BEST = {
    "instrument": "weex:linear:BTCUSDT",
    "channel": "BTCUSDT@depth15",
    "bid_price": "65114.2",
    "bid_size": "5.9",
    "ask_price": "65114.3",
    "ask_size": "10.4",
}


def primed() -> Decoder:
    decoder = Decoder("linear", "books")
    decoder.decode(snapshot(), 1)
    return decoder


def best(decoder: Decoder, raw: bytes) -> tuple[str, str, str, str]:
    (event,) = decoder.decode(raw, 2)
    assert isinstance(event, Ticker), event
    shown = said(event)
    return shown["bid_price"], shown["bid_size"], shown["ask_price"], shown["ask_size"]


def test_a_snapshot_tells_the_best_levels_in_any_order_of_rows() -> None:
    (event,) = Decoder("linear").decode(snapshot(bids=BIDS[::-1]), 5)
    assert isinstance(event, Ticker)
    assert said(event) == BEST
    assert event.venue_time_ns == TIME * 1_000_000


@pytest.mark.parametrize("blanks", [b"", PAST_QUICK], ids=["quick", "careful"])
def test_changes_move_the_best_levels(blanks: bytes) -> None:
    decoder = primed()
    assert best(decoder, change(100, 103, bids=[["65114.2", "0"]]) + blanks) == ("65114.1", "1", "65114.3", "10.4")
    assert best(decoder, change(103, 104, bids=[["65114.25", "2"]]) + blanks) == ("65114.25", "2", "65114.3", "10.4")
    assert best(decoder, change(104, 104, asks=[["65114.3", "0.000"]]) + blanks) == ("65114.25", "2", "65114.5", "0.5")
    assert best(decoder, change(104, 109, asks=[["65114.5", "7"]]) + blanks) == ("65114.25", "2", "65114.5", "7")


def test_a_level_that_is_gone_already_may_go_again() -> None:
    assert best(primed(), change(100, 101, bids=[["1", "0"]])) == ("65114.2", "5.9", "65114.3", "10.4")


@pytest.mark.parametrize("blanks", [b"", PAST_QUICK], ids=["quick", "careful"])
@pytest.mark.parametrize(
    "gap",
    [
        change(101, 102),
        change(99, 102),
        change(100, 99),
        change(100, 101, E=TIME - 1),
        change(100, 101, bids=[["65114.3", "1"]]),
        change(100, 101, bids=[["65120", "1"]]),
    ],
    ids=["skipped", "repeated", "backwards", "older", "locked", "crossed"],
)
def test_a_book_with_a_gap_ends_its_socket_and_is_told_no_more(gap: bytes, blanks: bytes) -> None:
    decoder = primed()
    broken, ended = decoder.decode(gap + blanks, 2)
    assert isinstance(broken, FrameFault)
    assert (broken.kind, broken.channel) == (FaultKind.OUT_OF_ORDER, "BTCUSDT@depth15")
    assert ended == Heard(
        received_ns=2, kind="expired", channel="BTCUSDT@depth15", detail="the book of BTCUSDT is lost"
    )
    assert only_fault(decoder.decode(change(102, 103), 3)).kind is FaultKind.BEFORE_SNAPSHOT
    assert best(decoder, snapshot(200)) == ("65114.2", "5.9", "65114.3", "10.4")
    assert best(decoder, change(200, 201)) == ("65114.2", "5.9", "65114.3", "10.4")


def test_a_change_before_its_snapshot_is_said_to_be_and_does_not_end_the_socket() -> None:
    assert refused(Decoder("linear").decode(change(100, 101), 2), FaultKind.BEFORE_SNAPSHOT)


ODD_ROWS: list[Any] = [
    *[[[price, "1"]] for price in BAD_PRICES],
    *[[["65114.1", size]] for size in BAD_SIZES],
    *([["65114.1"]], [["65114.1", "1", "2"]], ["65114.1"], "65114.1", None, [[]], {"0": 1}),
]


@pytest.mark.parametrize("rows", ODD_ROWS)
@pytest.mark.parametrize("side", ["bids", "asks"])
def test_a_row_that_cannot_be_read_loses_the_book(rows: Any, side: str) -> None:
    decoder = primed()
    sides: dict[str, Any] = {side: rows}
    broken, ended = decoder.decode(change(100, 101, **sides), 2)
    assert isinstance(broken, FrameFault)
    assert (broken.kind, broken.field) == (FaultKind.BAD_FIELD, side[0])
    assert isinstance(ended, Heard)
    assert ended.kind == "expired"


ODD_PARTS: list[tuple[str, Any]] = [
    *itertools.product(("U", "u", "l"), (None, "", "x", -1, 1.5, ["1"])),
    *itertools.product(("d",), (None, "", "DELTA", 5)),
    *(("E", None), ("E", 0), ("l", 200)),
]


@pytest.mark.parametrize(("name", "odd"), ODD_PARTS)
def test_a_change_that_cannot_be_placed_is_refused_by_name(name: str, odd: Any) -> None:
    broken, _ = primed().decode(change(100, 101, **{name: odd}), 2)
    assert isinstance(broken, FrameFault)
    assert (broken.kind, broken.field) == (FaultKind.BAD_FIELD, name)


def test_the_empty_book_of_a_delisted_contract_is_a_fault() -> None:
    found = only_fault(Decoder("linear").decode(snapshot(0, [], []), 2))
    assert (found.kind, found.field) == (FaultKind.BAD_FIELD, "b")


def test_an_empty_side_has_no_best_level() -> None:
    (event,) = Decoder("linear").decode(snapshot(asks=[]), 2)
    assert isinstance(event, Ticker)
    assert said(event) == {name: value for name, value in BEST.items() if not name.startswith("ask")}


def test_no_more_levels_are_held_than_the_venue_keeps_us_told_of() -> None:
    decoder = Decoder("linear")
    decoder.decode(snapshot(bids=[[f"{100 - step}", "1"] for step in range(15)], asks=[["200", "1"]]), 1)
    decoder.decode(change(100, 101, bids=[[f"{101 + step}", "1"] for step in range(15)]), 1)
    gone = [[f"{101 + step}", "0"] for step in range(15)]
    (event,) = decoder.decode(change(101, 102, bids=gone), 1)
    assert isinstance(event, Ticker)
    assert event.bid_price is None, "a bid that left the venue's levels unseen must not come back"


@pytest.mark.parametrize("blanks", [b"", PAST_QUICK], ids=["quick", "careful"])
def test_one_price_written_in_two_ways_is_one_level(blanks: bytes) -> None:
    decoder = primed()
    assert best(decoder, change(100, 101, bids=[["65114.20", "7"]]) + blanks)[1] == "7"
    assert best(decoder, change(101, 102, bids=[["65114.2", "0"]]) + blanks)[:2] == ("65114.1", "1")


@pytest.mark.parametrize("blanks", [b"", PAST_QUICK], ids=["quick", "careful"])
@pytest.mark.parametrize("size", ["0.0", "0e5", "1e-29", "9.9e17", "123456789012345678.5", "0." + "0" * 28 + "1"])
def test_a_size_near_a_bound_is_told_exactly_or_takes_its_level_away(size: str, blanks: bytes) -> None:
    told = best(primed(), change(100, 101, bids=[["65114.2", size]]) + blanks)[:2]
    assert told == (("65114.2", str(Decimal(size))) if Decimal(size) else ("65114.1", "1"))


@pytest.mark.parametrize("bad", [["-1", "1"], ["65113.5", "-1"], ["x", "1"], ["65113.5", "x"]], ids=str)
def test_a_book_is_the_same_whichever_row_of_a_change_is_refused(bad: list[str]) -> None:
    emptied, odd = [["65114.3", "0"], ["65114.5", "0"], ["65120", "0"]], [["65130", "1"], bad]
    decoder = primed()
    decoder.decode(change(100, 101, asks=emptied), 1)
    broken, _ = decoder.decode(change(101, 102, asks=odd), 1)
    assert isinstance(broken, FrameFault)
    assert best(decoder, snapshot(200)) == ("65114.2", "5.9", "65114.3", "10.4")


def test_prices_that_come_and_go_without_end_are_told_as_they_are() -> None:
    decoder = Decoder("linear")
    decoder.decode(snapshot(asks=[["99999", "1"]]), 1)
    for number in range(300):
        rows = [[f"{65120 + number}.25", "3"], [f"{65119 + number}.25", "0"]]
        assert best(decoder, change(100 + number, 101 + number, bids=rows))[:2] == (f"{65120 + number}.25", "3")


SIZES = st.sampled_from(["0", "0.5", "1", "2.75"])
BELOW = st.lists(st.tuples(st.integers(80, 99).map(str), SIZES), max_size=6)
ABOVE = st.lists(st.tuples(st.integers(101, 120).map(str), SIZES), max_size=6)


@given(st.lists(st.tuples(BELOW, ABOVE), min_size=1, max_size=8))
def test_the_best_levels_are_those_of_a_book_kept_by_hand(moves: list[tuple[Any, Any]]) -> None:
    quick, careful = Decoder("linear"), Decoder("linear")
    start = snapshot(1, [["90", "1"]], [["110", "1"]])
    for decoder in (quick, careful):
        decoder.decode(start, 1)
    bids, asks = {Decimal(90): Decimal(1)}, {Decimal(110): Decimal(1)}
    for number, (below, above) in enumerate(moves, 1):
        for side, rows in ((bids, below), (asks, above)):
            side.update({Decimal(price): Decimal(size) for price, size in rows})
            for price in [price for price, size in side.items() if not size]:
                del side[price]
        raw = change(number, number + 1, below, above)
        events = quick.decode(raw, 1)
        assert list(events) == list(careful.decode(raw + PAST_QUICK, 1))
        if not bids and not asks:
            return
        if len(bids) > 15 or len(asks) > 15:
            return
        (event,) = tickers(events)
        assert event.bid_price == (max(bids) if bids else None)
        assert event.ask_price == (min(asks) if asks else None)
        assert event.bid_size == (bids[max(bids)] if bids else None)
