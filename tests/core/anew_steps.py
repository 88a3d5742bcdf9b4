"""All that may happen to the two books of :mod:`tests.core.anew_books`, one thing after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from core.commands import AnyCommand, ClearAnchor, Explain, SetAnchor, StageHedge, StepTarget, TypeMark
from core.engine import Engine
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    Candle,
    CandlePrice,
    CandlesLoaded,
    ChannelState,
    ConnectionState,
    FeeCharged,
    Fill,
    FundingPayment,
    InstrumentListed,
    PositionUpdate,
    Ticker,
)
from core.history import DAY_NS
from core.legs import Leg
from core.snapshot import Snapshot
from tests.core.anew_books import (
    ALPHA,
    BETA,
    ETH,
    FILED,
    KEPT,
    PAIRS,
    PERPETUALS,
    QUANTO,
    SOL,
    STRAY,
    TYPED,
    D,
    begun,
    described,
    table_of,
)
from tests.support.builders import INVERSE, LINEAR, START, at, channel, connection, feed, perpetual, spot, ticker


class Step(NamedTuple):
    """One thing that happens, so many seconds after the one before; ``seed`` says of what, and how much."""

    what: str
    after: float
    seed: int


Happened = Sequence[AnyEvent | AnyCommand]
Happening = Callable[[Random, float, int], Happened]
_Case = tuple[str, Happening]


def _near(random: Random, price: int, spread: float = 0.08) -> Decimal:
    """A price near another, written with more or fewer digits."""
    found = D(str(round(price * random.uniform(1 - spread, 1 + spread), random.choice([0, 1, 2]))))
    return found.quantize(D("0.001")) if random.random() < 0.3 else found


def _mark(random: Random, when: float, place: int) -> Happened:
    name = random.choice(list(PERPETUALS))
    return [perpetual(when, _near(random, PERPETUALS[name]), name, rate=random.choice(["0.0001", "-0.0003"]))]


def _bit(random: Random, when: float, place: int) -> Happened:
    """One field alone, as a venue that sends deltas says it."""
    name = random.choice(list(PERPETUALS))
    field = random.choice(["mark", "index", "bid", "ask"])
    return [ticker(when, name, **{field: _near(random, PERPETUALS[name], 0.01)})]  # type: ignore[arg-type]


def _interval(random: Random, when: float, place: int) -> Happened:
    name, hours = random.choice(list(PERPETUALS)), random.choice([1, 4, 8])
    return [ticker(when, name, rate="0.0002", interval=hours, next_funding_ns=at(when) + hours * 3600 * 10**9)]


def _spot(random: Random, when: float, place: int) -> Happened:
    name = random.choice(list(PAIRS))
    return [spot(when, _near(random, PAIRS[name]), name)]


def _all(random: Random, when: float, place: int) -> Happened:
    prices = [perpetual(when, _near(random, price, 0.02), name) for name, price in PERPETUALS.items()]
    return [*prices, *(spot(when, _near(random, price, 0.02), name) for name, price in PAIRS.items())]


def _held(random: Random) -> tuple[str, str, Leg]:
    return random.choice(
        [
            ("kept", LINEAR, Leg.NET),
            ("kept", STRAY, Leg.NET),
            ("unified", ETH, Leg.SHORT),
            ("unified", ETH, Leg.LONG),
            ("unified", SOL, Leg.SHORT),
            ("unified", STRAY, Leg.LONG),
            ("coins", INVERSE, Leg.NET),
            ("coins", QUANTO, Leg.NET),
            ("broker", FILED, Leg.NET),
        ]
    )


def _report(random: Random, when: float, place: int) -> Happened:
    account, name, leg = _held(random)
    price = PERPETUALS.get(name, 60_000)
    size = D(random.choice([0, 1, 2, 5])) * {LINEAR: 1, ETH: 10, SOL: 100, STRAY: 1000}.get(name, 1)
    return [
        PositionUpdate(
            received_ns=at(when), account=account, instrument=name, quantity=size if leg is Leg.LONG else -size,
            entry_price=_near(random, price) if size else None, leg=leg,
            isolated_margin=random.choice([None, D(75_000)]),
            liquidation_price=random.choice([None, _near(random, price * 2)]),
            venue_time_ns=at(when - random.choice([0, 1])),
        )
    ]  # fmt: skip


def _balance(random: Random, when: float, place: int) -> Happened:
    account, asset = random.choice(
        [("kept", "USDT"), ("kept", "ETH"), ("coins", "BTC"), *(("unified", coin) for coin in ("USDT", "ETH", "BTC"))]
    )
    amount = D(random.choice(["90000", "250000", "250000.00"] if asset == "USDT" else ["-3", "0", "12.50"]))
    return [BalanceUpdate(received_ns=at(when), account=account, asset=asset, wallet_balance=amount)]


def _swept(random: Random, when: float, place: int) -> Happened:
    return [AccountSwept(received_ns=at(when), account=random.choice([*KEPT, "coins"]))]


def _whole_sweep(random: Random, when: float, place: int) -> Happened:
    """What REST tells of every kept account, as it comes together."""
    balances = [
        BalanceUpdate(received_ns=at(when), account=account, asset="USDT", wallet_balance=D(400_000))
        for account in KEPT
    ]
    return [*balances, *_report(random, when, place), *(AccountSwept(received_ns=at(when), account=a) for a in KEPT)]


def first_sweep(when: float) -> list[AnyEvent]:
    """What REST tells of every kept account at first: a position and a wallet in each."""
    held = (
        ("kept", LINEAR, Leg.NET, D("-1.5")),
        ("unified", ETH, Leg.SHORT, D(-30)),
        ("unified", SOL, Leg.SHORT, D(-200)),
    )
    found: list[AnyEvent] = [
        PositionUpdate(
            received_ns=at(when), account=account, instrument=name, quantity=quantity, leg=leg,
            entry_price=D(PERPETUALS[name]), isolated_margin=D(45_000), liquidation_price=D(PERPETUALS[name] * 2),
        )
        for account, name, leg, quantity in held
    ]  # fmt: skip
    found += [
        BalanceUpdate(received_ns=at(when), account=name, asset="USDT", wallet_balance=D(100_000)) for name in KEPT
    ]
    return [*found, *(AccountSwept(received_ns=at(when), account=name) for name in KEPT)]


def _settings(random: Random, when: float, place: int) -> Happened:
    account, name, leg = _held(random)
    return [
        AccountSettings(
            received_ns=at(when), account=account, instrument=random.choice(["", name]), leg=leg,
            margin_mode=random.choice([None, "isolated", "cross"]), leverage=random.choice([None, D(2), D(10)]),
            multi_asset=random.choice([None, True, False]), key_verified=random.choice([None, False]),
        )
    ]  # fmt: skip


def _charged(random: Random, when: float, place: int) -> Happened:
    account, name, _ = _held(random)
    return [
        FeeCharged(
            received_ns=at(when), account=account, record_id=f"c{place}", amount=_near(random, 5),
            asset=random.choice(["USDT", "BTC"]), kind=random.choice(["other", "liquidation"]), charged_ns=at(when),
            instrument=random.choice(["", name]),
        )
    ]  # fmt: skip


def _fill(random: Random, when: float, place: int) -> Happened:
    account, name, leg = _held(random)
    return [
        Fill(
            received_ns=at(when), account=account, fill_id=f"f{place}", client_order_id="", instrument=name, leg=leg,
            side=random.choice(["buy", "sell"]), price=_near(random, PERPETUALS.get(name, 60_000)),
            quantity=D(random.choice(["0.1", "1"])), fee=D(1), fee_asset=random.choice(["USDT", "BTC"]),
            venue_time_ns=at(when - random.choice([0, 3])),
        )
    ]  # fmt: skip


def _payment(random: Random, when: float, place: int) -> Happened:
    account, name, leg = _held(random)
    return [
        FundingPayment(
            received_ns=at(when), account=account, payment_id=f"p{place}", instrument=name, leg=leg,
            amount=_near(random, 60) * random.choice([1, -1]),
            asset=random.choice(["USDT", "ETH" if account == "unified" else "BTC"]),
            settled_ns=at(when), estimated=random.random() < 0.5,
        )
    ]  # fmt: skip


def _file(random: Random, when: float, place: int) -> Happened:
    """A price of the file, as old as it says."""
    said = at(when - random.choice([0, 0, 20, 50, 200]))
    return [
        Ticker(
            received_ns=at(when), instrument=FILED, channel="MBT-2099-12 file", venue_time_ns=said,
            mark_price=_near(random, 60_500, 0.03),
        )
    ]  # fmt: skip


def _typed(random: Random, when: float, place: int) -> Happened:
    return [TypeMark(instrument=TYPED, price=D(5 * random.randint(550, 650)))]


def _tiers_again(random: Random, when: float, place: int) -> Happened:
    name = random.choice(list(PERPETUALS))
    found = table_of(
        name, when - random.choice([0, 3600, 90_000]), random.choice(["0.005", "0.004", "0.0200"]), "500000"
    )
    return [msgspec.structs.replace(found, received_ns=at(when))]


def _listed_again(random: Random, when: float, place: int) -> Happened:
    name = random.choice(list(PERPETUALS))
    found = described(name, random.choice([1, 4, 8, None]), random.choice(["trading", "halted"]))
    if random.random() < 0.2:
        found = msgspec.structs.replace(found, expiry_ns=at(when + random.choice([-5, 30, 400])))
    return [InstrumentListed(instrument=found, received_ns=at(when))]


def _candles(random: Random, when: float, place: int) -> Happened:
    name, today = random.choice([*PERPETUALS, *PAIRS]), START - START % DAY_NS
    price, rows = float((PERPETUALS | PAIRS)[name]), []
    for day in range(random.choice([20, 60]), 0, -1):
        opened, price = price, price * random.uniform(0.96, 1.04)
        first, last = D(f"{opened:.4f}"), D(f"{price:.4f}")
        rows.append(Candle(today - day * DAY_NS, first, max(first, last), min(first, last), last))
    kind = CandlePrice.SPOT if name in PAIRS else CandlePrice.MARK
    return [CandlesLoaded(received_ns=at(when), instrument=name, price=kind, interval_ns=DAY_NS, candles=tuple(rows))]


def _target(random: Random, when: float, place: int) -> Happened:
    book = random.choice([ALPHA, BETA])
    hedge = random.choice(book.hedges)
    return [StepTarget(book=book.name, instrument=hedge.instrument, step=D(random.choice(["0.05", "-0.1"])))]


def _anchor(random: Random, when: float, place: int) -> Happened:
    book = random.choice(["alpha", "beta"])
    return [ClearAnchor(book=book) if random.random() < 0.3 else SetAnchor(book=book)]


def _stage(random: Random, when: float, place: int) -> Happened:
    book = random.choice([ALPHA, BETA])
    return [StageHedge(book=book.name, instrument=random.choice(book.hedges).instrument)]


def _explain(random: Random, when: float, place: int) -> Happened:
    paths = [
        "",
        "books[0].hedges[0].ratio",
        "books[0].accounts[1].margin_usage",
        "books[1].hedges[0].liquidation_price",
    ]
    return [Explain(path=random.choice(paths))]


def _connection(random: Random, when: float, place: int) -> Happened:
    venue, name = random.choice([("bybit", "linear"), ("bybit", "spot"), ("bybit", "inverse"), ("cme", "futures")])
    return [
        connection(when, random.choice([ConnectionState.RECONNECTING, ConnectionState.LIVE]), venue=venue, name=name)
    ]


def _silent(random: Random, when: float, place: int) -> Happened:
    name = random.choice(["BTCUSDT", "ETHUSDT"])
    return [channel(when, random.choice([ChannelState.SILENT, ChannelState.LIVE]), f"tickers.{name}")]


HAPPENINGS: dict[str, Happening] = {
    "nothing": lambda *_: [],
    "mark": _mark,
    "bit": _bit,
    "interval": _interval,
    "spot": _spot,
    "all": _all,
    "report": _report,
    "balance": _balance,
    "swept": _swept,
    "whole sweep": _whole_sweep,
    "settings": _settings,
    "charged": _charged,
    "fill": _fill,
    "payment": _payment,
    "file": _file,
    "typed": _typed,
    "tiers": _tiers_again,
    "listed": _listed_again,
    "candles": _candles,
    "target": _target,
    "anchor": _anchor,
    "stage": _stage,
    "explain": _explain,
    "connection": _connection,
    "silent": _silent,
}
PAUSES = (0, 0.01, 0.3, 1, 2, 4, 9, 15, 20, 25, 40, 60, 61, 120, 400, 30_000, 90_000)
"""Seconds: every age at which something turns, from one to the next or past several."""

STEPS = st.lists(
    st.builds(Step, st.sampled_from(sorted(HAPPENINGS)), st.sampled_from(PAUSES), st.integers(0, 9999)), max_size=12
)


def happening(step: Step, when: float, place: int) -> Happened:
    """What a step comes to at ``when``."""
    return HAPPENINGS[step.what](Random(step.seed), when, place)


def take(made: Engine, step: Step, when: float, place: int = 0) -> None:
    """Let the engine go through a step at ``when``."""
    for item in happening(step, when, place):
        if isinstance(item, AnyCommand):
            made.command(item, at(when))
        else:
            made.apply(item)


def lived(steps: Sequence[Step], pictures: Callable[[Engine, int], Snapshot] = Engine.snapshot) -> list[Snapshot]:
    """The snapshots of an engine that goes through the steps, one after each."""
    made, when = begun(), 1.0
    found = [pictures(made, at(when))]
    feed(made, first_sweep(when))
    found.append(pictures(made, at(when)))
    for place, step in enumerate(steps):
        when += step.after
        take(made, step, when, place)
        found.append(pictures(made, at(when)))
    return found
