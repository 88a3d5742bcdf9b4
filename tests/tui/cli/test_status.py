"""``hedgerow status``: one honest snapshot, and an exit code that is never greener than what is known."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.commands import SetTarget
from core.config import load_config
from core.demo_book import seed_book
from core.snapshot import Mode, Severity, Snapshot
from feeds.sim.process import SimulatorProcess
from feeds.sim.registry import VENUES
from tests.support.builders import at, engine, feed, market_at, reference
from tests.support.patience import PATIENCE
from tests.tui.cli.conftest import SECRET_NAME, Configure
from tui.cli.complete import is_complete
from tui.cli.main import main
from tui.cli.status import EXIT_CODES
from tui.cli.wiring import configured_feeds, instruments_of, journal_file, open_configured_journal, running_engine

SEED = ("--position", "-2.5", "--entry-price", "60000")


class Looker:
    """Runs the command and reads what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.error = ""

    def json(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code, output = self.text("--json", *arguments)
        return code, json.loads(output)

    def text(self, *arguments: str) -> tuple[int, str]:
        code = main(["status", "--timeout", str(PATIENCE), *arguments])
        output, self.error = self._capsys.readouterr()
        return code, output


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Looker:
    return Looker(capsys)


def test_the_demo_shows_the_loss_of_the_bag_and_the_gain_of_the_hedge() -> None:
    """At 48,000 the bag has lost 60,000 and the short of 2.5 BTC has earned 30,000."""
    result = subprocess.run(
        [sys.executable, "-m", "tui.cli.main", "status", "--json", "--demo", "--pin", "BTC=48000", "--timeout", "50"],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    (book,) = json.loads(result.stdout)["books"]
    (bag,), (hedge,) = book["bag"], book["hedges"]
    assert Decimal(bag["profit"]["value"]) == -60_000
    assert Decimal(hedge["profit"]["value"]) == 30_000
    assert Decimal(book["totals"]["net_profit"]["value"]) == -30_000
    assert Decimal(hedge["ratio"]["value"]) == Decimal("0.5")


def test_the_demo_can_be_spread_over_several_venues(look: Looker) -> None:
    """One bag, a hedge and an account at each venue; together they are the demo of one venue."""
    code, snapshot = look.json("--demo", "--venues", "all", "--pin", "BTC=48000")
    (book,) = snapshot["books"]
    venues = [hedge["instrument"].split(":")[0] for hedge in book["hedges"]]
    assert code == 0
    assert venues == list(VENUES)
    assert {feed["venue"] for feed in snapshot["feeds"] if feed["state"] == "live"} == set(VENUES)
    assert Decimal(book["totals"]["net_profit"]["value"]) == -30_000
    assert abs(Decimal(book["totals"]["ratio"]["value"]) - Decimal("0.5")) < Decimal("0.001")


def test_a_venue_that_is_not_simulated_is_refused_by_name(look: Looker) -> None:
    code, _ = look.text("--demo", "--venues", "bybit,nowhere")
    assert code == 2
    assert "nowhere" in look.error


def test_the_demo_runs_on_binance_with_its_tiers(look: Looker) -> None:
    code, snapshot = look.json("--demo", "--venue", "binance", "--pin", "BTC=60000")
    (hedge,) = snapshot["books"][0]["hedges"]
    assert code == 0
    assert hedge["instrument"] == "binance:usdm:BTCUSDT"
    assert Decimal(hedge["maintenance_margin"]["value"]) > 0
    assert Decimal(hedge["liquidation_distance"]["value"]) > Decimal("0.4")


# The short of 2.5 BTC at 60,000 on 75,000 USDT is liquidated at about 89,552: the distances from there are 25, 15, 10
# and 4 per cent, each past one more step of the ladder 30, 20, 12, 6.
@pytest.mark.parametrize(
    ("price", "severity"),
    [
        ("60000", None),
        ("71650", Severity.NOTICE),
        ("77880", Severity.WARNING),
        ("81420", Severity.ALARM),
        ("86110", Severity.CRITICAL),
    ],
)
def test_the_exit_code_tells_the_worst_alert(
    price: str, severity: Severity | None, exchange: SimulatorProcess, configure: Configure, look: Looker
) -> None:
    exchange.control("pin", coin="BTC", price=price)
    code, snapshot = look.json("--config", str(configure("bybit", *SEED)))
    assert code == EXIT_CODES[severity]
    found = [alert["severity"] for alert in snapshot["alerts"] if alert["rule"] == "liquidation distance"]
    assert found == ([] if severity is None else [severity])


def test_every_severity_has_an_exit_code_that_grows_with_it() -> None:
    codes = [EXIT_CODES[severity] for severity in (None, *Severity)]
    assert codes == sorted(codes)
    assert len(codes) == len(Severity) + 1
    assert 2 not in codes


@pytest.mark.parametrize("venue", ["bybit", "binance"])
def test_a_key_is_used_and_never_shown(
    venue: str, exchange: SimulatorProcess, configure: Configure, look: Looker
) -> None:
    path = configure(venue, *SEED)
    key = exchange.api_key(venue, "read")
    for arguments in (["--json"], []):
        code, output = look.text("--config", str(path), *arguments)
        assert code == 0
        assert key.key not in output + look.error
        assert key.secret not in output + look.error


def test_without_a_key_what_only_a_key_can_tell_is_missing_and_not_green(configure: Configure, look: Looker) -> None:
    begun = time.monotonic()
    assert look.json("--config", str(configure("binance", *SEED)))[0] == 0
    enough = max(5.0, 5 * (time.monotonic() - begun))  # for what never comes, five times as long as all takes to come
    without = str(configure("binance", *SEED, with_key=False))
    code, snapshot = look.json("--config", without, "--timeout", str(enough))
    (hedge,) = snapshot["books"][0]["hedges"]
    assert code == 3
    assert hedge["mark_price"]["value"]
    assert hedge["liquidation_price"]["missing"] == ["maintenance tiers of binance:usdm:BTCUSDT"]
    assert "value" not in hedge["liquidation_price"]


def test_a_cost_that_nobody_told_holds_nothing_up(configure: Configure, look: Looker) -> None:
    path = configure("bybit", "--cost", "unknown", "--wallet-balance", "200000", *SEED)
    code, output = look.text("--config", str(path), "--timeout", "600")
    assert code == 0
    assert "missing: cost of BTC" in output


def test_a_venue_that_is_not_there_is_blindness(configure: Configure, look: Looker) -> None:
    path = configure("bybit", *SEED)
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        text = path.read_text()
        lines = [
            f'{line.split(" = ")[0]} = "{"http" if line.startswith("rest") else "ws"}://127.0.0.1:{port}"'
            if line.startswith(("rest = ", "websocket = "))
            else line
            for line in text.splitlines()
        ]
        path.write_text("\n".join(lines))
        code, snapshot = look.json("--config", str(path), "--timeout", "4")
    (hedge,) = snapshot["books"][0]["hedges"]
    assert code == 3
    assert hedge["mark_price"]["missing"]
    assert {feed["state"] for feed in snapshot["feeds"]} <= {"reconnecting", "connecting"}


def test_a_venue_that_acks_and_says_nothing_is_blindness(
    exchange: SimulatorProcess, configure: Configure, look: Looker
) -> None:
    exchange.control("acks_only")
    code, output = look.text("--config", str(configure("bybit", *SEED)), "--timeout", "4")
    assert code == 3
    assert "missing: " in output
    assert "+30,000" not in output


def test_the_summary_says_what_matters(configure: Configure, look: Looker) -> None:
    code, output = look.text("--config", str(configure("bybit", *SEED)))
    assert code == 0
    for part in ("PAPER", "book main", "5.0000 BTC", "−2.5000 bybit:linear:BTCUSDT", "89,552.24", "per 8 h", "50.0%"):
        assert part in output
    assert "alerts: none" in output


def test_one_book_of_several_is_shown_with_its_own_alerts(configure: Configure, look: Looker) -> None:
    path = configure("bybit")  # without a position: an alert of drift in the first book
    watched = '[[books]]\nname = "watched"\nlots = [{ asset = "ETH", quantity = 1, price = "bybit:spot:ETHUSDT" }]\n'
    path.write_text(f"{path.read_text()}\n{watched}")
    code, snapshot = look.json("--config", str(path), "--book", "watched")
    assert (code, [book["name"] for book in snapshot["books"]], snapshot["alerts"]) == (0, ["watched"], [])
    code, snapshot = look.json("--config", str(path), "--book", "main")
    assert (code, [book["name"] for book in snapshot["books"]]) == (1, ["main"])
    assert [alert["rule"] for alert in snapshot["alerts"]] == ["ratio drift"]


def test_a_hedge_without_a_position_is_not_whole_until_its_contract_is_described() -> None:
    """Prices may come before the description: then nobody can tell yet that the bag is not hedged at all."""
    book = seed_book()
    flat = msgspec.structs.replace(book.hedges[0], quantity=Decimal(0), entry_price=None)
    made = engine(msgspec.structs.replace(book, hedges=(flat,)))
    feed(made, market_at(0, 60_000))
    assert not is_complete(made.snapshot(at(1)))
    feed(made, reference())
    assert is_complete(made.snapshot(at(1)))


WHY = "books/main/hedges/bybit:linear:BTCUSDT/profit"


def test_a_figure_is_explained_beside_the_snapshot(configure: Configure, look: Looker) -> None:
    path = configure("bybit", *SEED)
    code, snapshot = look.json("--config", str(path), "--why", WHY)
    told = snapshot["explanation"]
    assert code == 0
    assert (told["path"], told["unit"]) == (WHY, "USDT")
    assert told["figure"] == snapshot["books"][0]["hedges"][0]["profit"]
    given = {item["name"]: Decimal(item["figure"]["value"]) for item in told["inputs"]}
    assert told["formula"] == "quantity * contract_size * (price - entry_price)"
    assert Decimal(told["figure"]["value"]) == given["quantity"] * (given["price"] - given["entry_price"])
    assert "explanation" not in look.json("--config", str(path))[1]
    _, text = look.text("--config", str(path), "--why", WHY)
    assert "book main" in text
    assert "formula    quantity * contract_size * (price - entry_price)" in text


def test_the_paths_of_all_figures_are_listed(configure: Configure, look: Looker) -> None:
    path = configure("bybit", *SEED)
    code, text = look.text("--config", str(path), "--why", "?")
    assert code == 0
    assert WHY in text.splitlines()
    assert json.loads(look.text("--json", "--config", str(path), "--why", "?")[1]) == text.splitlines()


def test_a_figure_that_is_not_there_is_refused_with_the_nearest(configure: Configure, look: Looker) -> None:
    assert look.text("--config", str(configure("bybit", *SEED)), "--why", WHY[:-1]) == (2, "")
    assert f"the nearest is {WHY};" in look.error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pin", "BTC=1"], "--demo"),
        (["--book", "other"], "one of main"),
        (["--timeout", "0"], "--timeout"),
        (["--timeout", "soon"], "--timeout"),
        (["--demo"], "--config"),
    ],
)
def test_wrong_usage_is_refused(arguments: list[str], said: str, configure: Configure, look: Looker) -> None:
    code, output = look.text("--config", str(configure("bybit")), *arguments)
    assert (code, output) == (2, "")
    assert said in look.error


def test_without_a_configuration_it_says_how_to_make_one(own_folders: Path, look: Looker) -> None:
    assert look.text()[0] == 2
    assert "hedgerow init" in look.error


def test_a_key_that_is_not_there_is_refused(
    configure: Configure, look: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configure("bybit")
    monkeypatch.delenv(SECRET_NAME)
    assert look.text("--config", str(path))[0] == 2
    assert "venues.bybit.secret_env" in look.error


@pytest.mark.parametrize("venue", ["bybit", "binance"])
def test_a_key_that_may_withdraw_is_refused(venue: str, configure: Configure, look: Looker) -> None:
    code, output = look.text("--config", str(configure(venue, *SEED, permissions="withdraw")))
    assert (code, output) == (2, "")
    assert f"venues.{venue}: expected a key that only reads, found one that may withdraw funds" in look.error


def _target_is_a_quarter(snapshot: Snapshot) -> bool:
    return snapshot.books[0].hedges[0].target_ratio.value == Decimal("0.25")


def test_it_sees_what_a_running_monitor_has_journaled_and_writes_nothing(configure: Configure, look: Looker) -> None:
    path = configure("bybit", *SEED)
    config = load_config(path)
    file = journal_file(config)
    assert file is not None
    with (
        open_configured_journal(config) as journal,
        running_engine(
            config.books, configured_feeds(config, instruments_of(config.books)), mode=Mode.PAPER, source="test",
            journal=journal,
        ) as host,
    ):  # fmt: skip
        assert journal is not None
        host.send(SetTarget(book="main", instrument="bybit:linear:BTCUSDT", ratio=Decimal("0.25")))
        seen = host.wait_until(_target_is_a_quarter, PATIENCE)
        assert seen is not None
        assert _target_is_a_quarter(seen)
        result = subprocess.run(
            [sys.executable, "-m", "tui.cli.main", "status", "--json", "--config", str(path), "--timeout", "50"],
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        (hedge,) = json.loads(result.stdout)["books"][0]["hedges"]
        assert Decimal(hedge["target_ratio"]["value"]) == Decimal("0.25")
    rows_before = file.read_bytes()
    _, snapshot = look.json("--config", str(path))
    assert Decimal(snapshot["books"][0]["hedges"][0]["target_ratio"]["value"]) == Decimal("0.25")
    assert file.read_bytes() == rows_before
