from __future__ import annotations

import msgspec
from hypothesis import given

from core.anchors import Anchor, anchor_of_day, day_start_ns
from tests.core.hedged import (
    book,
    histories,
    known,
)


@given(histories(1))
def test_an_anchor_survives_the_journal_to_the_last_digit(history: list[Anchor]) -> None:
    anchor = history[0]
    read = msgspec.json.decode(msgspec.json.encode(anchor), type=Anchor)
    assert read == anchor
    assert known(anchor, read).hedged == 0


def test_today_is_reckoned_from_the_first_valuation_of_the_utc_day() -> None:
    day = 86_400 * 10**9
    early, late = book(time_ns=5 * day), book(time_ns=6 * day - 1)
    next_day = book(time_ns=6 * day)
    assert anchor_of_day(None, early) is early
    assert anchor_of_day(early, late) is early
    assert anchor_of_day(early, next_day) is next_day
    assert anchor_of_day(early, book(time_ns=5 * day + 1, currency="USD")).currency == "USD"
    assert (day_start_ns(6 * day - 1), day_start_ns(6 * day)) == (5 * day, 6 * day)
