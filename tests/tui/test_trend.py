"""Trends: sampled on the engine's time, honest about gaps, as large as asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.figures import Freshness
from tests.tui.samples import BTC, ETH, SECOND, START, Marks, snapshot
from tui.format import Formatter
from tui.rows import row_width
from tui.trend import KEPT, History, Trend, trend_rows

SHOW = Formatter(START)
series = st.lists(st.none() | st.decimals(min_value=-100, max_value=100, places=3), max_size=120)


def text(values: list[Decimal | None], width: int = 40, room: int = 6) -> list[str]:
    trend = Trend("mark price", values, SHOW.price)
    return ["".join(cell.text for cell in row) for row in trend_rows(trend, width, room)]


@given(series, st.integers(10, 100), st.integers(0, 30))
def test_a_trend_fits_its_room(values: list[Decimal | None], width: int, room: int) -> None:
    rows = trend_rows(Trend("mark price", values, SHOW.price), width, room)
    assert len(rows) <= room
    assert all(row_width(row) <= width for row in rows)
    if sum(value is not None for value in values[-width:]) < 2 or room < 4:
        assert rows == []


def test_higher_values_are_higher_columns_and_gaps_are_empty() -> None:
    caption, *rows = text([Decimal(1), Decimal(2), None, Decimal(3)], width=30, room=5)
    assert caption == "1.0000 to 3.0000"
    heights = [sum(row[-4 + index] != " " for row in rows) for index in range(4)]
    assert heights[0] < heights[1] < heights[3] == len(rows)
    assert heights[2] == 0


def test_a_caption_says_over_what_time() -> None:
    assert text([Decimal(1)] * 25, width=60)[0] == "mark price, last 2m: 1.0000 to 1.0000"


def test_history_takes_one_sample_in_five_seconds_for_an_hour() -> None:
    history = History()
    for index in range(2 * KEPT):
        history.take(snapshot(BTC, ETH, time_ns=START + index * 3 * SECOND))
    samples = history.of("seed", "bybit:linear:BTCUSDT")
    assert len(samples) == KEPT
    assert {later.time_ns - sooner.time_ns for sooner, later in pairwise(samples)} == {6 * SECOND}
    assert history.of("seed", "no such hedge") == ()


def test_stale_and_unknown_figures_are_gaps() -> None:
    history = History()
    for index, freshness in enumerate((Freshness.LIVE, Freshness.STALE, Freshness.UNKNOWN, Freshness.LATE)):
        history.take(
            snapshot(replace(BTC, mark=Decimal(60_000)), marks=Marks(0, freshness), time_ns=START + index * 6 * SECOND)
        )
    assert [sample.mark_price for sample in history.of("seed", "bybit:linear:BTCUSDT")] == [60_000, None, None, 60_000]
