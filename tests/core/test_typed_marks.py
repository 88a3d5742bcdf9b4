"""Marks that are typed: refused where they cannot be, kept over a restart with their time, and old in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from core.commands import TypeMark
from core.engine import Engine
from core.errors import JournalError
from core.events import ChannelState, ConnectionState
from core.figures import Figure, Freshness
from core.journal import open_journal
from core.typed_marks import change_from, typed_ticker
from tests.core.sheets import PRICED, priced_engine
from tests.support.builders import LINEAR, SECOND, START, at, channel, connection, feed

TYPED = "typed = true"
HOUR = 3600


def mark(made: Engine, when: float) -> Figure:
    return made.snapshot(at(when)).books[0].hedges[0].mark_price


def typed(made: Engine, price: str, when: float, instrument: str = PRICED) -> str:
    made.command(TypeMark(instrument=instrument, price=Decimal(price)), at(when))
    return made.snapshot(at(when)).message


@contextmanager
def run(path: Path, source: str = TYPED) -> Iterator[Engine]:
    with closing(open_journal(path)) as journal:
        yield priced_engine(source, journal=journal)


def test_a_typed_mark_prices_the_book_at_once() -> None:
    made = priced_engine(TYPED)
    assert mark(made, 1).missing == (f"mark price of {PRICED}",)
    assert typed(made, "92500.0", 2) == f"mark price of {PRICED}: 92500, as you typed it"
    line = made.snapshot(at(2)).books[0].hedges[0]
    assert (line.mark_price.value, line.mark_price.observed_ns) == (Decimal(92_500), at(2))
    assert line.profit.value == -5 * (92_500 - 90_000)
    assert (line.price_typed, line.price_source) == (True, "mark price typed in")


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("92501", "a multiple of 5, not 92501"),
        ("92500.000001", "a multiple of 5"),
        ("0", "a number above 0, not 0"),
        ("-92500", "a number above 0, not -92500"),
        ("NaN", "a number above 0, not NaN"),
        ("sNaN", "a number above 0, not sNaN"),
        ("Infinity", "a number above 0, not Infinity"),
        ("1e300", "a multiple of 5"),
        ("5e40", "a multiple of 5"),
    ],
)
def test_what_can_be_no_mark_is_refused_and_changes_nothing(price: str, words: str) -> None:
    made = priced_engine(TYPED)
    typed(made, "92500", 1)
    assert words in typed(made, price, 2)
    assert mark(made, 2) == Figure(value=Decimal(92_500), observed_ns=at(1))


def test_only_a_sheet_that_says_so_takes_typed_marks() -> None:
    for source, words in ((TYPED, "is not typed"), ('file = "a"', "it is the mark price from the file a")):
        made = priced_engine(source)
        assert f"the mark price of {LINEAR} is not typed" == typed(made, "92500", 1, LINEAR)
        if source != TYPED:
            assert words in typed(made, "92500", 1)
            assert not mark(made, 1).known


def test_a_contract_that_has_settled_takes_none() -> None:
    made = priced_engine(TYPED)
    settles = (4_101_897_600 * SECOND - START) / SECOND  # 25 December 2099, 16:00 UTC
    assert "as you typed it" in typed(made, "92500", settles - 1)
    assert "has settled" in typed(made, "92500", settles)


def test_a_mark_far_from_the_last_one_is_taken_at_its_users_word() -> None:
    made = priced_engine(TYPED)
    typed(made, "92500", 1)
    typed(made, "9250", 2)
    assert mark(made, 2).value == 9_250
    assert change_from(Decimal(92_500), Decimal(9_250)) == Decimal("-0.9")


def test_a_typed_mark_ages_until_it_is_unknown() -> None:
    made = priced_engine(TYPED)
    typed(made, "92500", 0.5)
    found = [mark(made, 0.5 + seconds).freshness for seconds in (0.5 * HOUR - 1, 0.5 * HOUR, HOUR, 4 * HOUR)]
    assert found == [Freshness.LIVE, Freshness.LATE, Freshness.STALE, Freshness.UNKNOWN]


def test_a_restart_keeps_the_mark_and_its_time(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with run(path) as made:
        typed(made, "92500", 1)
        typed(made, "92505", 2)
        typed(made, "7", 3)
    with run(path) as made:
        assert mark(made, 600) == Figure(value=Decimal(92_505), observed_ns=at(2))
        assert mark(made, 2 * HOUR).freshness is Freshness.STALE
    with run(path, 'file = "a"') as made:
        assert not mark(made, 10).known, "a mark that was typed is not what the file says"
    with run(path) as made:
        assert mark(made, 800).value == 92_505


def test_after_a_restart_feed_health_knows_the_mark_that_was_typed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with run(path) as made:
        typed(made, "92500", 1)
    name = "MBT-2099-12 typed"
    with run(path) as made:
        feed(made, connection(5, ConnectionState.LIVE, venue="cme", name=name))
        feed(made, channel(5, ChannelState.LIVE, name, venue="cme", name=name))
        (view,) = (view for view in made.snapshot(at(1800.5)).feeds if view.venue == "cme")
        assert (view.connection, view.last_data_ns, view.freshness) == (name, at(1), Freshness.LIVE)
        assert [item.channel for item in view.channels] == [name]


def test_a_contract_that_no_book_hedges_with_has_no_mark_to_type() -> None:
    assert "is not typed" in typed(priced_engine(TYPED), "92500", 1, "cme:futures:BTC-2099-12")


def test_the_newer_of_the_typed_and_the_configured_mark_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with run(path) as made:
        typed(made, "92500", 100)
    for seen, expected in ((99, 92_500), (101, 80_000)):
        with run(path) as made:
            feed(made, typed_ticker(PRICED, Decimal(80_000), at(seen), at(200)))
            assert mark(made, 200).value == expected
            assert [view.faults for view in made.snapshot(at(200)).feeds if view.venue == "cme"] == [0]


def test_a_mark_that_the_journal_does_not_take_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_ignored: object) -> None:
        raise JournalError("journal /x cannot be written: disk full")

    with closing(open_journal(tmp_path / "journal")) as journal:
        made = priced_engine(TYPED, journal=journal)
        typed(made, "92500", 1)
        monkeypatch.setattr(journal, "append_all", full)
        assert "disk full" in typed(made, "92600", 2)
        assert mark(made, 2).value == 92_500
