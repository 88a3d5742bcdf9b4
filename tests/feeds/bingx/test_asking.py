"""Lists of what happened are read whole: a week at a time, and in halves where an answer is full."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from feeds.bingx import facts
from feeds.bingx.asking import DAY_MS, Asker, Record, all_since
from feeds.venue import RestAnswer

FILLS = Record("/openApi/swap/v2/trade/fillHistory", "startTs", "endTs", "pageSize")
WEEK_MS = facts.WINDOW_DAYS * DAY_MS
SYMBOL = "BTC-USDT"


class Answering(Asker):
    """A venue that tells the newest of what happened in the time asked about, as many as fit into an answer."""

    def __init__(self, times_ms: list[int]) -> None:
        self.times_ms = times_ms
        self.asked: list[tuple[int, int]] = []

    async def ask(self, path: str, parameters: Mapping[str, str] | None = None) -> RestAnswer:
        assert parameters is not None
        assert (path, parameters["symbol"]) == (FILLS.path, SYMBOL)
        since, until = int(parameters[FILLS.since]), int(parameters[FILLS.until])
        self.asked.append((since, until))
        told = sorted((time for time in self.times_ms if since <= time <= until), reverse=True)
        body = {"code": 0, "data": {"fill_history_orders": [{"t": t} for t in told[: int(parameters[FILLS.size])]]}}
        return RestAnswer(path=path, body=msgspec.json.encode(body), received_ns=0, parameters=parameters)


def read(venue: Answering, start_ms: int, end_ms: int) -> list[int]:
    """The times that are told, in the order of the answers."""
    answers = asyncio.run(all_since(venue, FILLS, SYMBOL, start_ms, end_ms))
    bodies = [msgspec.json.decode(answer.body)["data"]["fill_history_orders"] for answer in answers]
    return [row["t"] for rows in bodies for row in rows]


@given(
    start_ms=st.integers(0, 3 * WEEK_MS),
    length_ms=st.integers(1, 4 * WEEK_MS),
    crowds=st.lists(
        st.tuples(st.floats(0, 1), st.integers(1, facts.PAGE - 1)), max_size=6, unique_by=lambda crowd: crowd[0]
    ),
)
def test_all_that_happened_is_told_once(start_ms: int, length_ms: int, crowds: list[tuple[float, int]]) -> None:
    """Whatever comes together within one answer's shortest stretch fits into it."""
    end_ms = start_ms + length_ms
    times: dict[int, int] = {}
    for share, count in crowds:
        moment = start_ms + int(share * length_ms)
        if all(abs(moment - other) > 2000 for other in times):
            times[moment] = count
    happened = [moment for moment, count in times.items() for _ in range(count)]
    venue = Answering(happened)
    assert sorted(read(venue, start_ms, end_ms)) == sorted(happened)
    assert all(until - since < WEEK_MS for since, until in venue.asked), "the venue answers for a week at most"


def test_what_is_not_full_is_asked_for_once_a_week() -> None:
    venue = Answering([10, WEEK_MS + 10])
    assert read(venue, 0, 2 * WEEK_MS) == [10, WEEK_MS + 10]
    assert venue.asked == [(0, WEEK_MS - 1), (WEEK_MS, 2 * WEEK_MS - 1), (2 * WEEK_MS, 2 * WEEK_MS)]


def test_a_crowd_that_cannot_be_parted_is_not_asked_for_without_end() -> None:
    venue = Answering([5_000] * (facts.PAGE + 1))
    assert read(venue, 0, DAY_MS) == [5_000] * facts.PAGE
    assert len(venue.asked) < 100
