"""A capture's last picture against figures read out of the same file by a few lines that share no code with ours.

The captures: a short one of ours, and, where it is at hand, 42 seconds of a real venue by somebody else's recorder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from core.demo_book import replay_book
from core.engine import Engine
from core.figures import Figure
from core.snapshot import HedgeLine, Mode, Snapshot
from feeds.paper import PaperBroker
from feeds.replay import replay_to_end

OURS = Path(__file__).parent / "fixtures" / "bybit-simulated.jsonl.zst"
REAL = Path(__file__).parents[3] / "shared" / "captures" / "bybit-v5-2026-08-09.jsonl.zst"
COINS = {"BTC": Decimal(2), "ETH": Decimal(20), "SOL": Decimal(100), "DOGE": Decimal(10_000)}
FIELDS = {"mark_price": "markPrice", "index_price": "indexPrice"}


@pytest.fixture(params=[OURS, REAL], ids=["ours", "real"])
def capture(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    return path


def play(path: Path) -> Snapshot:
    book = replay_book(COINS)
    engine = Engine([book], mode=Mode.REPLAY, source="capture")
    return replay_to_end(path, engine, PaperBroker(book.accounts, engine.positions))


# --- the independent reading ---


class Line:
    """One line of a capture."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.content: dict[str, Any] = json.loads(text, parse_float=Decimal)
        self.kind: str = self.content["t"]
        self.time = self.content.get("ns") or self.content.get("ts", 0)
        self.frame: dict[str, Any] = json.loads(self.content["data"]) if self.kind == "recv" else {}

    @property
    def ticker(self) -> bool:
        return bool(self.frame.get("topic", "").startswith("tickers."))


def lines_in_time(path: Path) -> list[Line]:
    """The header, then every line in the order of its time."""
    raw = path.read_bytes()
    if raw[:4] == b"\x28\xb5\x2f\xfd":
        with zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as reader:
            raw = reader.read()
    header, *rest = (Line(text) for text in raw.splitlines())
    return [header, *sorted(rest, key=lambda line: line.time)]


def merged(lines: list[Line]) -> dict[str, dict[str, str]]:
    """What the linear sockets' ticker frames amount to, symbol by symbol."""
    opened = [line.content for line in lines if line.kind == "connect"]
    linear = {content["conn"] for content in opened if content["addr"].endswith("/linear")}
    state: dict[str, dict[str, str]] = {}
    for line in lines:
        if line.ticker and line.content["conn"] in linear:
            symbol = line.frame["data"]["symbol"]
            if line.frame["type"] == "snapshot":
                state[symbol] = {}
            if symbol in state:
                state[symbol].update(line.frame["data"])
    return state


def hedges(snapshot: Snapshot) -> Iterator[HedgeLine]:
    return iter(snapshot.books[0].hedges)


# --- the tests ---


def test_twice_the_same_to_the_byte(capture: Path) -> None:
    assert msgspec.json.encode(play(capture)) == msgspec.json.encode(play(capture))


def test_mark_index_and_funding_of_all_four_contracts(capture: Path) -> None:
    expected = merged(lines_in_time(capture))
    shown = list(hedges(play(capture)))
    assert [line.symbol for line in shown] == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT"]
    for line in shown:
        truth = expected[line.symbol]
        assert line.mark_price.value == Decimal(truth["markPrice"])
        assert line.index_price.value == Decimal(truth["indexPrice"])
        assert line.funding.rate.value == Decimal(truth["fundingRate"])
        assert line.funding.next_funding_ns.value == Decimal(truth["nextFundingTime"]) * 10**6
        assert line.funding.interval_hours.value == Decimal(truth["fundingIntervalHour"])
        assert line.mark_price.freshness.value == "live"


def test_the_book_is_live_and_half_hedged(capture: Path) -> None:
    snapshot = play(capture)
    for line in hedges(snapshot):
        held = COINS[line.asset]
        assert line.quantity.value is not None
        assert line.ratio.value is not None
        assert line.quantity.value < 0
        assert Decimal("0.49") < line.ratio.value <= Decimal("0.5")
        assert line.profit.value == -line.quantity.value * (
            (line.entry_price.value or 0) - (line.mark_price.value or 0)
        )
        bag = next(item for item in snapshot.books[0].bag if item.asset == line.asset)
        assert bag.value.value == held * (line.index_price.value or 0)
    assert snapshot.books[0].totals.bag_value.known


def cut_points(lines: list[Line]) -> list[int]:
    """How many lines to keep: around the first of each kind, around each contract's first ticker, and some way on."""
    points = {1, 2, len(lines) // 2}
    seen: set[str] = set()
    for number, line in enumerate(lines):
        about = line.frame["topic"] if line.ticker else line.kind
        if about not in seen:
            seen.add(about)
            points |= {number, number + 1}
    return sorted(point for point in points if 0 < point <= len(lines))


def test_no_figure_before_the_data_that_supports_it(capture: Path, tmp_path: Path) -> None:
    """The file is cut at many places; each picture holds what the lines so far say, and nothing else."""
    lines = lines_in_time(capture)
    points = cut_points(lines)
    assert len(points) > 10
    for point in points:
        path = tmp_path / f"{point}.jsonl"
        path.write_bytes(b"".join(line.text + b"\n" for line in lines[:point]))
        truth = merged(lines[:point])
        for line in hedges(play(path)):
            check(line, truth.get(line.instrument.split(":")[-1], {}), point)


def check(line: HedgeLine, truth: dict[str, str], point: int) -> None:
    for name, field in FIELDS.items():
        figure: Figure = getattr(line, name)
        assert figure.value == (Decimal(truth[field]) if field in truth else None), (point, line.instrument, name)
        assert figure.known or figure.missing, "a dash says what is missing"
    assert line.funding.rate.value == (Decimal(truth["fundingRate"]) if "fundingRate" in truth else None)
    depend_on_mark: list[Callable[[HedgeLine], Figure]] = [
        lambda item: item.notional,
        lambda item: item.profit,
        lambda item: item.basis,
        lambda item: item.funding.next_payment,
        lambda item: item.margin,
        lambda item: item.ratio,
    ]
    if "markPrice" not in truth:
        assert not any(figure(line).known for figure in depend_on_mark), (point, line.instrument)
