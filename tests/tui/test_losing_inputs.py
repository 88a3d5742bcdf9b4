"""Losing any input never improves a figure or a colour, whichever kind of account it is lost to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.books import Account, Book, Collateral, Hedge, Lot, MarginMode
from core.engine import Engine
from core.events import AnyEvent, Candle, CandlePrice, CandlesLoaded
from core.figures import Figure, Freshness
from core.history import DAY_NS
from core.risk import USED_UP
from core.snapshot import BookView, Snapshot
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    START,
    at,
    engine,
    feed,
    listed,
    perpetual,
    spot,
    ticker,
    tiers,
)
from tui.format import Formatter
from tui.words import SEVERITY_RANKS, hedge_verdict, safety_of

ETHER, ETHER_SPOT = "bybit:linear:ETHUSDT", "bybit:spot:ETHUSDT"
ORDER = list(Freshness)
SHOW = Formatter(START)


def hedge(asset: str, instrument: str, account: str, quantity: str, entry: int, margin: str | None = None) -> Hedge:
    return Hedge(
        asset=asset,
        instrument=instrument,
        account=account,
        target_ratio=Decimal("0.5"),
        quantity=Decimal(quantity),
        entry_price=Decimal(entry),
        isolated_margin=None if margin is None else Decimal(margin),
    )


BOOK = Book(
    name="all",
    lots=(
        Lot(asset="BTC", quantity=Decimal(5), cost=Decimal(60_000), price=SPOT),
        Lot(asset="ETH", quantity=Decimal(40), cost=Decimal(3_000), price=ETHER_SPOT),
    ),
    hedges=(
        hedge("BTC", LINEAR, "pot", "-1.25", 60_000),
        hedge("ETH", ETHER, "pot", "-20", 3_000),
        hedge("BTC", INVERSE, "coins", "-75000", 60_000, "0.6"),
    ),
    accounts=(
        Account(
            name="pot",
            venue="bybit",
            settle="USDT",
            wallet_balance=Decimal(20_000),
            margin_mode=MarginMode.CROSS,
            multi_asset=True,
            collateral=(Collateral(asset="BTC", quantity=Decimal(1), ratio=Decimal("0.95"), price=SPOT),),
        ),
        Account(name="coins", venue="bybit", settle="BTC", wallet_balance=Decimal(1)),
    ),
)


def candles(instrument: str, price: int) -> CandlesLoaded:
    """Forty days of closed candles before the start."""
    first = START - START % DAY_NS - 40 * DAY_NS
    rows = []
    for day in range(40):
        close = Decimal(price) + (day % 7) * price // 100
        high, low = close + price // 50, close - price // 50
        rows.append(Candle(start_ns=first + day * DAY_NS, open=close, high=high, low=low, close=close))
    return CandlesLoaded(
        instrument=instrument,
        price=CandlePrice.MARK,
        interval_ns=DAY_NS,
        candles=tuple(rows),
        received_ns=START,
    )


def told() -> dict[str, AnyEvent]:
    """Everything that is told once, by name."""
    once: dict[str, AnyEvent] = {}
    for name in (LINEAR, ETHER, INVERSE, SPOT, ETHER_SPOT):
        once[f"description {name}"] = listed(name)
    for name, cap in ((LINEAR, "2000000"), (ETHER, "2000000"), (INVERSE, "100")):
        once[f"tiers {name}"] = tiers(name, first_cap=cap)
        once[f"history {name}"] = candles(name, 3_000 if name == ETHER else 60_000)
    return once


def streamed(when: float, lost: frozenset[str], move: Decimal) -> list[AnyEvent]:
    """What streams at ``when``, without what is lost."""
    bitcoin, ether = 60_000 * move, 3_000 * move
    events: list[AnyEvent] = []
    for name, price in ((LINEAR, bitcoin), (ETHER, ether), (INVERSE, bitcoin)):
        if f"ticker {name}" in lost:
            continue
        whole = perpetual(when, price, name)
        gone: dict[str, Any] = {field: None for field in FIELDS if f"{field} {name}" in lost}
        events.append(msgspec.structs.replace(whole, **gone))
    for name, price in ((SPOT, bitcoin), (ETHER_SPOT, ether)):
        if f"ticker {name}" not in lost:
            events.append(spot(when, price, name))
    return events


FIELDS = ("mark_price", "index_price", "funding_rate", "bid_price")
CONTRACTS = (LINEAR, ETHER, INVERSE)
LOSABLE = [
    *told(),
    *(f"ticker {name}" for name in (*CONTRACTS, SPOT, ETHER_SPOT)),
    *(f"{field} {name}" for field in FIELDS for name in CONTRACTS),
]


def figures(part: Any, path: str = "") -> Iterator[tuple[str, Figure]]:
    """Every figure of a part of a snapshot, by where it stands."""
    if isinstance(part, Figure):
        yield path, part
    elif isinstance(part, msgspec.Struct):
        for field in part.__struct_fields__:
            yield from figures(getattr(part, field), f"{path}.{field}")
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from figures(item, f"{path}[{index}]")


def check_no_better(full: Figure, poor: Figure, path: str) -> None:
    """Known only where it was known and with the same value, or worse in some way that shows."""
    assert ORDER.index(poor.freshness) >= ORDER.index(full.freshness) or not full.known, path
    if poor.known:
        assert full.known, f"{path}: known although less is"
        if poor.value != full.value:
            assert poor.estimated, f"{path}: another number that does not say it is a substitute"
            assert poor.freshness is not Freshness.LIVE, path
        assert poor.estimated or not full.estimated, f"{path}: no longer an estimate"
    elif poor.absent and not poor.missing:
        assert full.absent in (poor.absent, USED_UP), f"{path}: rightly none, although it was {full}"


def check(full: Snapshot, poor: Snapshot) -> None:
    """No figure of the book is better for the loss, nor any colour, and no alert is milder."""
    (rich,), (lacking,) = full.books, poor.books
    after = dict(figures(lacking))
    for path, figure in figures(rich):
        if path in after and "order_to_target" not in path:
            check_no_better(figure, after[path], path)
    for before, line in zip(rich.hedges, lacking.hedges, strict=True):
        assert safety_of(SHOW, line, lacking).rank >= min(safety_of(SHOW, before, rich).rank, 4), line.instrument
        assert _drift_rank(lacking, line.instrument) >= min(_drift_rank(rich, line.instrument), 2)
    worst, was = (max((SEVERITY_RANKS[a.severity] for a in view.alerts), default=-1) for view in (poor, full))
    assert worst >= min(was, SEVERITY_RANKS_OF_BLIND), "the worst alert is milder than before the loss"


SEVERITY_RANKS_OF_BLIND = max(rank for severity, rank in SEVERITY_RANKS.items() if severity.value == "blind")


def _drift_rank(view: BookView, instrument: str) -> int:
    line = next(item for item in view.hedges if item.instrument == instrument)
    return hedge_verdict(SHOW, line.ratio, line.target_ratio, line.drift, view.thresholds).rank


MOVES = st.sampled_from([Decimal(text) for text in ("0.5", "0.9", "1", "1.1", "1.3", "1.6")])


@settings(deadline=None, max_examples=60)
@given(st.frozensets(st.sampled_from(LOSABLE), min_size=1, max_size=4), MOVES)
def test_never_having_had_an_input_is_never_better_than_having_it(lost: frozenset[str], move: Decimal) -> None:
    full, poor = engine(BOOK), engine(BOOK)
    for made, gone in ((full, frozenset[str]()), (poor, lost)):
        feed(made, [event for name, event in told().items() if name not in gone])
        run(made, gone, move, 0, 14)
    check(full.snapshot(at(14)), poor.snapshot(at(14)))


@settings(deadline=None, max_examples=60)
@given(st.frozensets(st.sampled_from(LOSABLE), min_size=1, max_size=4), MOVES, st.integers(1, 40))
def test_an_input_that_falls_silent_never_makes_anything_better(
    lost: frozenset[str], move: Decimal, seconds: int
) -> None:
    full, poor = engine(BOOK), engine(BOOK)
    for made, gone in ((full, frozenset[str]()), (poor, lost)):
        feed(made, list(told().values()))
        run(made, frozenset(), move, 0, 12)
        run(made, gone, move, 12, 12 + seconds)
    check(full.snapshot(at(12 + seconds)), poor.snapshot(at(12 + seconds)))


def run(made: Engine, lost: frozenset[str], move: Decimal, begin: int, end: int) -> None:
    """Let the market stream for a while."""
    for second in range(begin, end + 1):
        feed(made, streamed(second, lost, move))
        made.advance(at(second))


def test_the_full_book_is_known_throughout() -> None:
    """Else the comparisons above would compare nothing."""
    made = engine(BOOK)
    feed(made, list(told().values()))
    run(made, frozenset(), Decimal(1), 0, 14)
    book = made.snapshot(at(14)).books[0]
    gaps = {
        path: figure.missing for path, figure in figures(book) if figure.missing and "liquidation_venue" not in path
    }
    assert gaps == {}
    assert ticker(0).instrument == LINEAR
