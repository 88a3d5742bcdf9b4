"""``hedgerow record`` and ``hedgerow replay`` as a script uses them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.events import Ticker
from feeds.replay import replay_events
from tests.feeds.test_replay import OURS
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
NO_CONTRACT = "bybit:linear:NOSUCH"
PRICES_COME_ON = {"bybit": "linear", "binance": "market"}


def hedgerow(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_json_is_the_same_every_time_and_holds_the_asked_for_book() -> None:
    first = hedgerow("replay", str(OURS), "--json", "--lot", "BTC=3", "--lot", "eth=5", "--ratio", "0.25")
    again = hedgerow("replay", str(OURS), "--json", "--lot", "BTC=3", "--lot", "eth=5", "--ratio", "0.25")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == again.stdout
    content = json.loads(first.stdout)
    assert content["mode"] == "REPLAY"
    bag = content["books"][0]["bag"]
    assert [(line["asset"], line["quantity"]["value"]) for line in bag] == [("BTC", "3"), ("ETH", "5")]
    ratios = [line["target_ratio"]["value"] for line in content["books"][0]["hedges"]]
    assert ratios == ["0.25", "0.25"]


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    done = hedgerow("replay", str(OURS))
    assert done.returncode == 2
    assert "--json" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lot", "BTC"], "--lot"),
        (["--lot", "BTC=0"], "--lot"),
        (["--lot", "BTC=nan"], "--lot"),
        (["--lot", "BTC=1", "--lot", "btc=2"], "each coin once"),
        (["--ratio", "2"], "--ratio"),
        (["--speed", "0"], "--speed"),
        (["--speed", "fast"], "--speed: a number above 0 and up to 10000, or max, is expected, found 'fast'"),
        (["--book", "x", "--lot", "BTC=1"], "--config"),
    ],
)
def test_wrong_usage_is_told_by_name(arguments: list[str], words: str) -> None:
    done = hedgerow("replay", str(OURS), "--json", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_capture_is_played_up_to_the_damage(tmp_path: Path) -> None:
    whole = OURS.read_bytes()
    cut = tmp_path / "cut.zst"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    done = hedgerow("replay", str(cut), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["books"][0]["hedges"][0]["mark_price"]["value"]
    assert "cut.zst: the file ends in the middle of a batch, at about byte" in done.stderr
    assert "are used" in done.stderr


def test_a_missing_capture_is_one_clear_line(tmp_path: Path) -> None:
    done = hedgerow("replay", str(tmp_path / "none.zst"), "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("venue", ["bybit", "binance"])
def test_what_was_recorded_can_be_replayed(tmp_path: Path, venue: str) -> None:
    out = tmp_path / "a.zst"
    with subprocess.Popen(
        [sys.executable, "-m", "tui.cli.main", "record", "--out", str(out), "--sim", "--venue", venue],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as recording:
        assert recording.stderr is not None
        wanted = {f"{venue} {PRICES_COME_ON[venue]}: live", f"{venue}: every instrument is described"}
        for line in recording.stderr:
            wanted.discard(line.strip())
            if not wanted:
                recording.send_signal(signal.SIGINT)
                break
        recording.stderr.read()
    assert recording.returncode == 0
    done = hedgerow("replay", str(out), "--json", "--lot", "BTC=2")
    assert (done.returncode, done.stderr) == (0, "")
    line = json.loads(done.stdout)["books"][0]["hedges"][0]
    assert line["venue"] == venue
    assert float(line["mark_price"]["value"]) > 0
    assert line["quantity"]["value"] == "-1.0" or float(line["quantity"]["value"]) == -1.0
    assert hedgerow("record", "--out", str(out), "--sim").returncode == 1, "never over an existing file"


def test_every_venue_of_the_named_instruments_is_recorded(tmp_path: Path) -> None:
    out = tmp_path / "a.zst"
    named = ["bybit:inverse:BTCUSD", "binance:usdm:ETHUSDT"]
    with subprocess.Popen(
        [sys.executable, "-m", "tui.cli.main", "record", "--out", str(out), "--sim", "--seconds", "3600"]
        + [word for name in named for word in ("--instrument", name)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as recording:
        assert recording.stderr is not None
        wanted = {"bybit inverse", "binance market"}
        for line in recording.stderr:
            name, _, state = line.strip().partition(": ")
            if state == "live":
                wanted.discard(name)
            if not wanted:
                recording.send_signal(signal.SIGINT)
                break
        recording.stderr.read()
    assert recording.returncode == 0
    heard = {event.instrument for event in _tickers(out)}
    assert heard == set(named)


def test_a_recording_without_market_data_is_a_failure(tmp_path: Path) -> None:
    out = tmp_path / "a.zst"
    with subprocess.Popen(
        [sys.executable, "-m", "tui.cli.main", "record", "--out", str(out), "--sim", "--instrument", NO_CONTRACT],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as recording:
        assert recording.stderr is not None
        said = ""
        for line in recording.stderr:
            said += line
            if "tickers.NOSUCH refused" in line:
                recording.send_signal(signal.SIGINT)
                break
        said += recording.stderr.read()
    assert recording.returncode == 1
    assert "tickers.NOSUCH refused" in said
    assert "no market data came" in said


def test_a_recording_ends_after_the_seconds_asked_for(tmp_path: Path) -> None:
    done = hedgerow("record", "--out", str(tmp_path / "a.zst"), "--sim", "--seconds", "0.1")
    assert "bybit linear: closed: stopped" in done.stderr
    assert "a.zst: " in done.stderr


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_duration_that_is_none_is_refused(tmp_path: Path, seconds: str) -> None:
    done = hedgerow("record", "--out", str(tmp_path / "a.zst"), "--sim", f"--seconds={seconds}")
    assert done.returncode == 2
    assert f"--seconds: a number above 0 is expected, found '{seconds}'" in done.stderr
    assert not (tmp_path / "a.zst").exists()


def _tickers(path: Path) -> list[Ticker]:
    return [event for event in replay_events(path) if isinstance(event, Ticker)]
