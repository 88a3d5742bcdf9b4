"""The parts that commands are wired from: journals looked at from beside, pins, the log, the simulated exchange."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from core.config import Config, parse_config
from core.errors import JournalError, RequestError
from core.journal import open_journal
from core.snapshot import Mode
from tests.core import sheets
from tests.support.patience import PATIENCE
from tui.cli.wiring import (
    configured_feeds,
    copied_journal,
    instruments_of,
    journal_file,
    log_to_file,
    parse_pins,
    running_engine,
    venues_of,
)

BOOKS = """
[[books]]
name = "a"
lots = [
  { asset = "BTC", quantity = 1, price = "bybit:spot:BTCUSDT" },
  { asset = "ETH", quantity = 1 },
  { asset = "SOL", quantity = 1, price = "binance:spot:SOLUSDT" },
]
hedges = [{ asset = "ETH", instrument = "bybit:linear:ETHUSDT", account = "x", target_ratio = 1 }]

[[accounts]]
name = "x"
venue = "bybit"
settle = "USDT"
wallet_balance = 1
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return parse_config(BOOKS, tmp_path / "config.toml")


def test_contracts_and_spot_pairs_are_watched_each_once(config: Config) -> None:
    names = instruments_of([*config.books, *config.books])
    assert set(names) == {"bybit:linear:ETHUSDT", "bybit:spot:BTCUSDT", "binance:spot:SOLUSDT"}
    assert len(names) == 3
    assert set(venues_of(names)) == {"bybit", "binance"}


def test_a_journal_in_use_can_be_looked_at_and_is_left_alone(config: Config) -> None:
    path = journal_file(config)
    assert path is not None
    journal = open_journal(path)
    journal.append("fact", 1, b"{}")
    before = {entry.name: entry.read_bytes() for entry in path.parent.iterdir()}
    with copied_journal(config) as copy:
        assert copy is not None
        assert [row.kind for row in copy.rows()] == ["fact"]
        copy.append("other", 2, b"{}")
    assert {entry.name: entry.read_bytes() for entry in path.parent.iterdir()} == before
    assert not copy.path.exists()
    assert [row.kind for row in journal.rows()] == ["fact"]
    journal.close()


def test_a_copy_taken_while_rows_are_written_is_whole(config: Config) -> None:
    path = journal_file(config)
    assert path is not None
    journal, enough = open_journal(path), threading.Event()

    def write() -> None:
        number = 0
        while not enough.is_set():
            journal.append(f"row-{number}", number, b"x" * 2000)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            with copied_journal(config) as copy:
                assert copy is not None
                kinds = [row.kind for row in copy.rows()]
            assert kinds == [f"row-{number}" for number in range(len(kinds))]
    finally:
        enough.set()
        writer.join()
        journal.close()


def test_without_a_journal_there_is_nothing_to_look_at(config: Config) -> None:
    with copied_journal(config) as copy:
        assert copy is None


def test_a_journal_that_is_none_is_refused_by_its_own_name(config: Config) -> None:
    path = journal_file(config)
    assert path is not None
    path.parent.mkdir(parents=True)
    path.write_text("this is no database, " * 100)
    with pytest.raises(JournalError) as caught, copied_journal(config):
        pass
    assert str(path) in str(caught.value)


def test_pins_are_exact_prices_by_coin() -> None:
    assert parse_pins(["BTC=48000", "eth=0.10"]) == {"BTC": Decimal(48000), "ETH": Decimal("0.10")}


@pytest.mark.parametrize(
    "text", ["BTC", "BTC=", "=1", "BTC=0", "BTC=-1", "BTC=1e5", "BTC=nan", "BTC=1=2", "B TC=1", ""]
)
def test_a_pin_that_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_pins([text])
    assert caught.value.key == "--pin"


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("hedgerow")
    handlers, level, our_level = root.handlers[:], root.level, ours.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


@pytest.mark.usefixtures("_logging_as_before", "config")
def test_the_log_is_a_private_file_and_never_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log_to_file()
    logging.getLogger("hedgerow.test").info("noted")
    logging.getLogger("httpx").info("GET https://example.org?signature=canary")
    logging.getLogger("anything").error("wrong")
    file = tmp_path / "state" / "hedgerow" / "hedgerow.log"
    assert [line.split(" ", 2)[2] for line in file.read_text().splitlines()] == [
        "INFO hedgerow.test: noted",
        "ERROR anything: wrong",
    ]
    assert file.stat().st_mode & 0o077 == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("_logging_as_before", "config")
def test_without_a_place_for_the_log_nothing_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    log_to_file()
    logging.getLogger("hedgerow.test").error("lost")
    assert capsys.readouterr() == ("", "")


def test_contracts_of_the_users_own_sheets_are_asked_of_no_venue() -> None:
    settings = sheets.config()
    assert settings.books[0].hedges[0].instrument == "cme:futures:MBT-2026-12"
    assert instruments_of(settings.books) == ("bybit:spot:BTCUSDT",)
    assert [feed.venue for feed in configured_feeds(settings, instruments_of(settings.books))] == ["bybit"]


def test_an_engine_knows_the_contracts_of_sheets_from_the_start() -> None:
    """No feed has spoken: the hedge has its delta, its mark is unknown by name, and the run goes on."""
    settings = sheets.config()
    with running_engine(settings.books, [], mode=Mode.PAPER, source="test", contracts=settings.contracts) as host:
        snapshot = host.wait_until(lambda seen: bool(seen.books), PATIENCE)
    assert snapshot is not None
    (line,) = snapshot.books[0].hedges
    assert (line.kind, line.delta.value, line.ratio.value) == ("linear", Decimal("-2.5"), Decimal("0.5"))
    assert line.mark_price.missing == ("mark price of cme:futures:MBT-2026-12",)


def test_the_pairs_that_value_collateral_are_watched_too(tmp_path: Path) -> None:
    backing = '[[accounts.collateral]]\nasset = "BNB"\nquantity = 9\nratio = 0.9\nprice = "binance:spot:BNBUSDT"\n'
    settings = parse_config(f"{BOOKS}multi_asset = true\n{backing}", tmp_path / "config.toml")
    assert "binance:spot:BNBUSDT" in instruments_of(settings.books)
