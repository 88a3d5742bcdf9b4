"""The engine as a whole: nothing but its input decides what it shows, and no input makes it fall over."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_UP, Decimal, localcontext

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.commands import (
    AcknowledgeAlerts,
    AnyCommand,
    CancelStage,
    ConfirmStage,
    Resync,
    SetTarget,
    StageHedge,
    StepTarget,
    UndoTarget,
)
from core.demo_book import replay_book, seed_book
from core.engine import Engine
from core.events import (
    AnyEvent,
    BalanceUpdate,
    Candle,
    CandlePrice,
    CandlesLoaded,
    ChannelChanged,
    ChannelState,
    ConnectionChanged,
    ConnectionState,
    FaultKind,
    Fill,
    FrameFault,
    FundingPayment,
    Heard,
    OrderState,
    OrderUpdate,
    PositionUpdate,
    Ticker,
)
from core.figures import Figure, Freshness
from core.history import DAY_NS, HOUR_NS
from core.snapshot import Mode, Snapshot
from feeds.paper import PaperBroker
from tests.support.builders import (
    LINEAR,
    SECOND,
    SPOT,
    START,
    at,
    channel,
    connection,
    engine,
    feed,
    market_at,
    perpetual,
    reference,
    running,
    spot,
    ticker,
)

# --- anything may come in ------------------------------------------------------------------------------------

MOMENTS = st.integers(0, 40_000).map(lambda tenth: START + tenth * SECOND // 10)
PRICES = st.one_of(
    st.none(),
    st.integers(50_000, 95_000).map(Decimal),
    st.sampled_from([Decimal(text) for text in ("0", "-1", "NaN", "sNaN", "Infinity", "1e-300", "1e300", "3")]),
)
QUANTITIES = st.decimals("-5", "5", places=3)
AMOUNTS = st.decimals("0.001", "5", places=3)
NAMES = st.sampled_from([LINEAR, SPOT, "bybit:linear:ETHUSDT", "nonsense", "", "::"])
ACCOUNTS = st.sampled_from(["paper", "another"])
SIDES = st.sampled_from(["buy", "sell"])

TICKERS = st.builds(
    Ticker,
    received_ns=MOMENTS,
    instrument=NAMES,
    channel=st.sampled_from(["a", "b"]),
    venue_time_ns=st.one_of(st.none(), MOMENTS),
    mark_price=PRICES,
    index_price=PRICES,
    last_price=PRICES,
    bid_price=PRICES,
    ask_price=PRICES,
    funding_rate=st.one_of(st.none(), st.decimals("-1", "1", places=4), st.just(Decimal("NaN"))),
    next_funding_time_ns=st.one_of(st.none(), MOMENTS, st.just(-5)),
    funding_interval_hours=st.one_of(st.none(), st.integers(-1, 24)),
)
CANDLES = st.builds(
    Candle,
    start_ns=st.one_of(st.integers(-5, 10**30), st.integers(-400, 2).map(lambda days: START + days * DAY_NS)),
    **dict.fromkeys(("open", "high", "low", "close"), PRICES.filter(lambda price: price is not None)),
)
FEEDS = st.one_of(
    st.builds(
        ConnectionChanged, received_ns=MOMENTS, venue=st.just("bybit"),
        connection=st.sampled_from(["linear", "spot", "x"]), state=st.sampled_from(ConnectionState),
    ),
    st.builds(
        ChannelChanged, received_ns=MOMENTS, venue=st.just("bybit"), connection=st.sampled_from(["linear", "spot"]),
        channel=st.sampled_from(["a", "b"]), state=st.sampled_from(ChannelState),
    ),
    st.builds(
        FrameFault, received_ns=MOMENTS, venue=st.just("bybit"), connection=st.sampled_from(["linear", ""]),
        kind=st.sampled_from(FaultKind),
    ),
    st.builds(
        CandlesLoaded, received_ns=MOMENTS, instrument=NAMES, price=st.sampled_from(CandlePrice),
        interval_ns=st.sampled_from([DAY_NS, HOUR_NS, 0, -1]), candles=st.lists(CANDLES, max_size=5).map(tuple),
    ),
    st.builds(Heard, received_ns=MOMENTS, kind=st.just("pong"), channel=st.sampled_from(["a", "q"])),
)  # fmt: skip
ACCOUNT_EVENTS = st.one_of(
    st.builds(
        Fill, received_ns=MOMENTS, account=ACCOUNTS, fill_id=st.sampled_from("abcdef"), client_order_id=st.just(""),
        instrument=NAMES, side=SIDES, price=st.one_of(st.just(Decimal(0)), st.integers(50_000, 90_000).map(Decimal)),
        quantity=st.one_of(st.just(Decimal(0)), AMOUNTS), fee=QUANTITIES, fee_asset=st.sampled_from(["USDT", "BNB"]),
    ),
    st.builds(
        FundingPayment, received_ns=MOMENTS, account=ACCOUNTS, payment_id=st.sampled_from("abc"), instrument=NAMES,
        amount=QUANTITIES, asset=st.just("USDT"), rate=QUANTITIES, mark_price=AMOUNTS, settled_ns=MOMENTS,
    ),
    st.builds(BalanceUpdate, received_ns=MOMENTS, account=ACCOUNTS, asset=st.just("USDT"), wallet_balance=QUANTITIES),
    st.builds(
        PositionUpdate, received_ns=MOMENTS, account=ACCOUNTS, instrument=NAMES, quantity=QUANTITIES,
        entry_price=st.one_of(st.none(), st.just(Decimal(60_000))),
    ),
    st.builds(
        OrderUpdate, received_ns=MOMENTS, account=ACCOUNTS, client_order_id=st.sampled_from(["hr-1", "?"]),
        instrument=NAMES, side=SIDES, quantity=AMOUNTS, state=st.sampled_from(OrderState),
    ),
)  # fmt: skip
COMMANDS = st.one_of(
    st.builds(StepTarget, book=st.sampled_from(["bitcoin", "?"]), instrument=NAMES, step=QUANTITIES),
    st.builds(SetTarget, book=st.just("bitcoin"), instrument=st.just(LINEAR), ratio=QUANTITIES),
    st.builds(StageHedge, book=st.just("bitcoin"), instrument=st.just(LINEAR)),
    st.builds(UndoTarget, book=st.just("bitcoin")),
    st.builds(AcknowledgeAlerts, key=st.sampled_from(["", "?"])),
    st.builds(CancelStage, client_order_id=st.just("hr-1")),
    st.just("confirm what is staged"),
    st.just(Resync()),
)
STEPS = st.lists(st.one_of(TICKERS, TICKERS, FEEDS, ACCOUNT_EVENTS, COMMANDS, MOMENTS), max_size=40)
Step = AnyEvent | AnyCommand | int | str


def run(steps: Sequence[Step]) -> list[bytes]:
    """Play steps into a new engine with its broker; every snapshot taken, as bytes."""
    made = engine()
    broker = PaperBroker(seed_book().accounts, made.positions)
    feed(made, reference(), market_at(0, 60_000))
    pictures: list[Snapshot] = []
    now = START
    for step in steps:
        if isinstance(step, int):
            now = max(now, step)
        elif step == "confirm what is staged":
            staged = pictures[-1].stage if pictures else None
            made.command(ConfirmStage(client_order_id=staged.client_order_id if staged else "?"), now)
        elif isinstance(step, AnyCommand):
            made.command(step, now)
        elif isinstance(step, AnyEvent):
            made.apply(step)
            feed(made, broker.observe(step))
            now = max(now, step.received_ns)
        for order in made.take_orders():
            feed(made, broker.submit(order, now))
        pictures.append(made.snapshot(now))
    return [msgspec.json.encode(picture) for picture in pictures]


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_the_same_input_gives_the_same_bytes_whatever_it_is(steps: list[Step]) -> None:
    """Also: no event, however absurd, raises, and each picture survives the wire unchanged."""
    first = run(steps)
    assert run(steps) == first
    for picture in first:
        assert msgspec.json.encode(msgspec.json.decode(picture, type=Snapshot)) == picture


def each_figure(thing: object) -> list[Figure]:
    if isinstance(thing, Figure):
        return [thing]
    if isinstance(thing, msgspec.Struct):
        return [found for name in thing.__struct_fields__ for found in each_figure(getattr(thing, name))]
    if isinstance(thing, tuple):
        return [found for item in thing for found in each_figure(item)]
    return []


@settings(max_examples=100, deadline=None)
@given(steps=STEPS)
def test_every_figure_has_a_value_or_says_why_not(steps: list[Step]) -> None:
    for picture in run(steps):
        for figure in each_figure(msgspec.json.decode(picture, type=Snapshot)):
            assert (figure.value is not None) + bool(figure.missing) + bool(figure.absent) == 1, figure
            if figure.value is not None:
                assert figure.value.is_finite()
                assert figure.freshness is not Freshness.UNKNOWN
            if figure.missing:
                assert figure.freshness is Freshness.UNKNOWN


# --- the picture ---------------------------------------------------------------------------------------------


def test_before_anything_is_heard_the_picture_has_no_market_figure() -> None:
    snapshot = engine().snapshot(at(0))
    assert snapshot.sequence == 1
    assert snapshot.events == 0
    assert snapshot.worst_age_ns is None
    assert snapshot.worst_freshness is Freshness.UNKNOWN
    book = snapshot.books[0]
    assert book.bag[0].cost.value == 300_000
    assert not book.bag[0].value.known
    assert not book.totals.net_profit.known
    assert not book.hedges[0].mark_price.known
    assert not book.hedges[0].profit.known


def test_the_oldest_input_gives_the_age() -> None:
    made = running()
    feed(made, spot(4, 60_000), ticker(5, index=60_000))
    snapshot = made.snapshot(at(6))
    assert snapshot.worst_age_ns == 6 * SECOND, "mark and funding were last affirmed at the start"
    assert snapshot.worst_freshness is Freshness.LATE
    assert snapshot.events == len(reference()) + 4


def test_an_input_that_was_never_seen_leaves_no_age() -> None:
    made = engine()
    feed(made, reference(), ticker(0, mark=60_000, rate="0.0001"), spot(0, 60_000))
    snapshot = made.snapshot(at(1))
    assert snapshot.worst_age_ns is None
    assert snapshot.worst_freshness is Freshness.UNKNOWN
    feed(made, perpetual(1, 60_000))
    assert made.snapshot(at(31.5)).worst_age_ns == 31_500_000_000, "too old to be shown, but its age is known"


def test_time_never_runs_backwards() -> None:
    made = running()
    made.advance(at(50))
    snapshot = made.snapshot(at(10))
    assert snapshot.time_ns == at(50)
    assert not snapshot.books[0].hedges[0].mark_price.known


def test_sequence_and_events_count_up() -> None:
    made = running()
    pictures = [made.snapshot(at(second)) for second in range(3)]
    assert [picture.sequence for picture in pictures] == [1, 2, 3]


def test_the_header_says_mode_and_source() -> None:
    made = Engine((seed_book(),), mode=Mode.REPLAY, source="capture of 9 August")
    snapshot = made.snapshot(at(0))
    assert (snapshot.mode, snapshot.source) == (Mode.REPLAY, "capture of 9 August")


def test_feeds_are_shown_by_connection_with_their_channels() -> None:
    made = engine()
    feed(made, connection(0, ConnectionState.SUBSCRIBING), channel(0, ChannelState.ACKED), perpetual(1, 60_000))
    feed(made, channel(1, ChannelState.LIVE), connection(1, ConnectionState.LIVE))
    (view,) = made.snapshot(at(2)).feeds
    assert (view.venue, view.connection, view.state) == ("bybit", "linear", ConnectionState.LIVE)
    assert view.last_data_ns == at(1)
    (topic,) = view.channels
    assert (topic.channel, topic.state, topic.last_data_ns) == ("tickers.BTCUSDT", ChannelState.LIVE, at(1))


def test_a_picture_does_not_change_after_it_was_taken() -> None:
    made = running()
    before = made.snapshot(at(0.1))
    bytes_before = msgspec.json.encode(before)
    feed(made, market_at(1, 50_000), connection(1, ConnectionState.CLOSED))
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal(1)), at(1))
    made.snapshot(at(2))
    assert msgspec.json.encode(before) == bytes_before


def test_news_are_handed_out_once() -> None:
    made = running()
    made.snapshot(at(40))
    assert [view.rule for view in made.take_news()] == ["blind"]
    assert made.take_news() == []


def test_reopening_the_feeds_is_acknowledged() -> None:
    made = running()
    made.command(Resync(), at(1))
    assert made.snapshot(at(1)).message == "all feeds are reopened"
    assert made.snapshot(at(1)).message_ns == at(1)


# --- accounts ------------------------------------------------------------------------------------------------


def fill(identity: str, quantity: str, price: int, *, side: str = "sell", fee_asset: str = "USDT") -> Fill:
    return Fill(
        received_ns=at(0.1), account="paper", fill_id=identity, client_order_id="", instrument=LINEAR, side=side,
        price=Decimal(price), quantity=Decimal(quantity), fee=Decimal(10), fee_asset=fee_asset,
    )  # fmt: skip


def test_a_reduction_realises_profit_and_releases_margin() -> None:
    made = running(48_000)
    feed(made, fill("1", "1", 48_000, side="buy"))
    book = made.snapshot(at(0.2)).books[0]
    line = book.hedges[0]
    assert line.quantity.value == Decimal("-1.5")
    assert line.entry_price.value == 60_000
    assert line.realised.value == 12_000
    assert line.profit.value == 18_000
    assert line.margin.value == 45_000
    assert line.fees.value == 10
    assert book.totals.hedge_profit.value == 29_990
    assert book.accounts[0].wallet_balance.value == 200_000 + 12_000 - 10


def test_a_flip_through_zero_begins_anew() -> None:
    made = running(48_000)
    feed(made, fill("1", "3", 48_000, side="buy"))
    line = made.snapshot(at(0.2)).books[0].hedges[0]
    assert line.quantity.value == Decimal("0.5")
    assert line.entry_price.value == 48_000
    assert line.realised.value == 30_000
    assert line.margin.value == 12_000


def test_closing_leaves_nothing_to_liquidate() -> None:
    made = running(48_000)
    feed(made, fill("1", "2.5", 48_000, side="buy"))
    line = made.snapshot(at(0.2)).books[0].hedges[0]
    assert line.quantity.value == 0
    assert line.liquidation_price.absent == "no position"
    assert line.margin_usage.absent == "no position"
    assert line.margin.value == 0
    assert line.ratio.value == 0


def test_a_fee_in_another_coin_is_not_passed_over() -> None:
    made = running(60_000)
    feed(made, fill("1", "0.1", 60_000, fee_asset="BNB"))
    book = made.snapshot(at(0.2)).books[0]
    assert book.hedges[0].fees.missing == ("value of fees paid in BNB",)
    assert not book.totals.net_profit.known


def test_a_fill_before_its_contract_is_known_counts_once_it_is() -> None:
    made = engine()
    feed(made, market_at(0, 60_000), fill("1", "0.5", 60_000))
    assert not made.snapshot(at(0.2)).books[0].hedges[0].quantity.known
    feed(made, reference())
    assert made.snapshot(at(0.3)).books[0].hedges[0].quantity.value == -3


def test_events_of_other_accounts_change_nothing() -> None:
    made = running()
    before = made.snapshot(at(0.2)).books
    feed(
        made,
        msgspec.structs.replace(fill("1", "1", 60_000), account="another"),
        BalanceUpdate(received_ns=at(0.1), account="another", asset="USDT", wallet_balance=Decimal(1)),
        BalanceUpdate(received_ns=at(0.1), account="paper", asset="DOGE", wallet_balance=Decimal(1)),
    )
    assert made.snapshot(at(0.2)).books == before


def test_a_wallet_reported_by_its_venue_replaces_ours() -> None:
    made = running()
    feed(made, BalanceUpdate(received_ns=at(0.1), account="paper", asset="USDT", wallet_balance=Decimal(90_000)))
    account = made.snapshot(at(0.2)).books[0].accounts[0]
    assert account.wallet_balance.value == 90_000
    assert account.available.value == 15_000


def test_a_position_whose_entry_its_venue_does_not_tell_has_no_profit() -> None:
    made = running()
    feed(
        made,
        PositionUpdate(received_ns=at(0.1), account="paper", instrument=LINEAR, quantity=Decimal(-2), entry_price=None),
    )
    line = made.snapshot(at(0.2)).books[0].hedges[0]
    assert line.profit.missing == (f"entry price of {LINEAR}",)
    assert line.margin.missing == (f"isolated margin of {LINEAR}",)
    assert not line.liquidation_price.known
    assert not line.liquidation_price.absent
    assert line.ratio.value == Decimal("0.4")


# --- several books, and the whole way of an order ------------------------------------------------------------


def test_books_are_kept_apart() -> None:
    replayed = replay_book({"ETH": Decimal(20)})
    account = msgspec.structs.replace(replayed.accounts[0], name="second")
    hedges = tuple(msgspec.structs.replace(hedge, account="second") for hedge in replayed.hedges)
    other = msgspec.structs.replace(replayed, accounts=(account,), hedges=hedges)
    made = Engine((seed_book(), other), mode=Mode.PAPER, source="test")
    feed(made, reference(), market_at(0, 48_000))
    books = {book.name: book for book in made.snapshot(at(0.1)).books}
    assert books["bitcoin"].totals.net_profit.value == -30_000
    assert not books["replay"].totals.net_profit.known


@pytest.mark.parametrize(("ratio", "quantity"), [("1", Decimal(-5)), ("0", Decimal(0)), ("0.7", Decimal("-3.5"))])
def test_from_a_key_press_to_the_target(ratio: str, quantity: Decimal) -> None:
    made = running(60_000)
    broker = PaperBroker(seed_book().accounts, made.positions)
    for event in (*reference(), *market_at(1, 60_000)):
        made.apply(event)
        feed(made, broker.observe(event))
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal(ratio)), at(1))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(1))
    staged = made.snapshot(at(1)).stage
    assert staged is not None
    made.command(ConfirmStage(client_order_id=staged.client_order_id), at(1))
    for order in made.take_orders():
        feed(made, broker.submit(order, at(1)))
    snapshot = made.snapshot(at(1))
    line = snapshot.books[0].hedges[0]
    assert line.quantity.value == quantity
    assert line.drift.value == 0
    assert line.ratio.value == staged.after.ratio.value
    assert snapshot.orders[0].state is OrderState.FILLED
    assert line.fees.value == staged.fee.value
    for name in ("quantity", "margin", "liquidation_price", "margin_usage", "liquidation_distance"):
        before, now = getattr(staged.after, name), getattr(line, name)
        assert (before.value, before.absent) == (now.value, now.absent), name


def test_the_callers_decimal_context_changes_nothing() -> None:
    """A library may have set how its thread rounds; pictures and alerts are the same to the byte."""
    events = [reference(), market_at(0, 87_123)]
    events += [market_at(second, Decimal("88123.4567890123456789")) for second in range(1, 14)]

    def told() -> bytes:
        made = engine()
        feed(made, *events)
        return msgspec.json.encode(made.snapshot(at(14)))

    usual = told()
    with localcontext() as context:
        context.rounding, context.prec = ROUND_UP, 5
        assert told() == usual
