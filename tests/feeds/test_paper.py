"""The paper broker: fills at prices that are really there, each order once, funding at each settlement."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.books import Account
from core.demo_book import seed_book
from core.events import AnyEvent, ConnectionState, Fill, FundingPayment, OrderState, OrderUpdate, Ticker
from core.orders import OrderRequest
from core.positions import Position
from feeds.paper import PaperBroker
from tests.support.builders import (
    HOUR,
    INVERSE,
    LINEAR,
    SECOND,
    START,
    at,
    connection,
    engine,
    feed,
    listed,
    market_at,
    perpetual,
    reference,
    ticker,
)

ACCOUNT = seed_book().accounts[0]


def order(
    name: str = "hr-1",
    *,
    side: str = "sell",
    quantity: str = "0.5",
    limit: str = "59700",
    reduce_only: bool = False,
    expires: float | None = None,
    instrument: str = LINEAR,
    account: str = "paper",
) -> OrderRequest:
    return OrderRequest(
        client_order_id=name, account=account, instrument=instrument, side=side, quantity=Decimal(quantity),
        limit_price=Decimal(limit), reduce_only=reduce_only, created_ns=at(0),
        expires_ns=None if expires is None else at(expires),
    )  # fmt: skip


def held(quantity: str, instrument: str = LINEAR, account: str = "paper") -> list[Position]:
    return [Position(account=account, instrument=instrument, quantity=Decimal(quantity))]


@pytest.fixture
def broker() -> PaperBroker:
    """A broker that knows the contract and has just seen 59,999.9 / 60,000.1."""
    made = PaperBroker([ACCOUNT], lambda: held("-2.5"))
    made.observe(listed(LINEAR))
    made.observe(perpetual(0, 60_000))
    return made


def states(events: list[AnyEvent]) -> list[OrderState]:
    return [event.state for event in events if isinstance(event, OrderUpdate)]


def fills(events: list[AnyEvent]) -> list[Fill]:
    return [event for event in events if isinstance(event, Fill)]


def reason(events: list[AnyEvent]) -> str:
    (event,) = events
    assert isinstance(event, OrderUpdate)
    assert event.state is OrderState.REJECTED
    return event.reason


# --- orders --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "limit", "price"), [("sell", "59700", "59999.9"), ("buy", "60300", "60000.1")])
def test_a_marketable_order_fills_at_the_best_opposite_price_as_taker(
    broker: PaperBroker, side: str, limit: str, price: str
) -> None:
    events = broker.submit(order(side=side, limit=limit), at(0.1))
    (fill,) = fills(events)
    assert fill.price == Decimal(price)
    assert fill.fee == Decimal("0.5") * Decimal(price) * ACCOUNT.taker_fee
    assert (fill.fee_asset, fill.maker, fill.side) == ("USDT", False, side)
    assert states(events) == [OrderState.FILLED]
    assert isinstance(events[0], Fill), "a run that ends between the two must have the position right"


def test_an_order_beyond_the_market_rests_until_it_is_touched_and_fills_as_maker(broker: PaperBroker) -> None:
    assert states(broker.submit(order(limit="60100"), at(0.1))) == [OrderState.OPEN]
    assert broker.observe(perpetual(1, 60_050)) == []
    assert broker.observe(ticker(2, bid=60_099, ask=60_101)) == []
    events = broker.observe(ticker(3, bid=60_102, ask=60_103))
    (fill,) = fills(events)
    assert (fill.price, fill.maker) == (Decimal(60_100), True)
    assert fill.fee == Decimal("0.5") * 60_100 * ACCOUNT.maker_fee
    assert states(events) == [OrderState.FILLED]
    assert broker.observe(ticker(4, bid=60_200, ask=60_201)) == []


def test_a_resting_order_is_cancelled_when_its_time_is_over(broker: PaperBroker) -> None:
    broker.submit(order(limit="60100", expires=60), at(0.1))
    assert broker.observe(perpetual(59, 60_000)) == []
    events = broker.observe(ticker(60, bid=60_200, ask=60_201))
    assert states(events) == [OrderState.CANCELLED]
    assert broker.observe(ticker(61, bid=60_300, ask=60_301)) == []


def test_a_resting_order_can_be_cancelled_once(broker: PaperBroker) -> None:
    broker.submit(order(limit="60100"), at(0.1))
    assert states(broker.cancel("hr-1", at(1))) == [OrderState.CANCELLED]
    assert broker.cancel("hr-1", at(2)) == []
    assert broker.observe(ticker(3, bid=60_200, ask=60_201)) == []


def test_the_same_id_tells_the_same_outcome_and_does_nothing_more(broker: PaperBroker) -> None:
    first = broker.submit(order(), at(0.1))
    broker.observe(perpetual(1, 70_000))
    assert broker.submit(order(quantity="2"), at(1)) == first
    made = engine()
    feed(made, reference(), market_at(0, 60_000), first, first)
    assert made.positions()[0].quantity == -3


def test_a_rejection_is_told_again_not_tried_again(broker: PaperBroker) -> None:
    first = broker.submit(order(), at(60))
    broker.observe(perpetual(61, 60_000))
    assert broker.submit(order(), at(61)) == first


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (order(account="other"), "other is not a paper account"),
        (order(instrument=INVERSE), f"{INVERSE} is not described yet"),
        (order(quantity="0.0005"), "not a multiple of 0.001"),
        (order(quantity="0"), "not a multiple"),
        (order(side="sell", reduce_only=True), "would not reduce"),
        (order(side="buy", quantity="2.6", limit="60300", reduce_only=True), "would not reduce"),
    ],
)
def test_what_cannot_be_is_rejected_in_words(broker: PaperBroker, request_: OrderRequest, words: str) -> None:
    assert words in reason(broker.submit(request_, at(0.1)))


def test_below_the_minimum_is_rejected(broker: PaperBroker) -> None:
    contract = msgspec.structs.replace(listed(LINEAR).instrument, minimum_quantity=Decimal(1))
    broker.observe(msgspec.structs.replace(listed(LINEAR), instrument=contract))
    assert "below the minimum of 1" in reason(broker.submit(order(), at(0.1)))


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_without_a_fresh_quote_an_order_is_rejected(broker: PaperBroker, side: str) -> None:
    limit = "59700" if side == "sell" else "60300"
    assert "there is no fresh" in reason(broker.submit(order(side=side, limit=limit), at(3)))
    broker.observe(perpetual(4, 60_000))
    assert states(broker.submit(order("hr-2", side=side, limit=limit), at(6.9))) == [OrderState.FILLED]


def test_after_a_lost_connection_the_old_quote_is_no_price(broker: PaperBroker) -> None:
    broker.observe(connection(0.1, ConnectionState.RECONNECTING))
    assert "no fresh bid" in reason(broker.submit(order(), at(0.2)))
    broker.observe(perpetual(1, 60_000))
    assert states(broker.submit(order("hr-2"), at(1))) == [OrderState.FILLED]


@pytest.mark.parametrize(("side", "bid", "ask"), [("sell", 200_000, 200_001), ("buy", 1, 2)])
def test_no_order_fills_at_an_absurdly_good_price(broker: PaperBroker, side: str, bid: int, ask: int) -> None:
    broker.observe(ticker(0.1, bid=bid, ask=ask))
    limit = "59700" if side == "sell" else "60300"
    assert states(broker.submit(order(side=side, limit=limit), at(0.2))) == [OrderState.OPEN]


@pytest.mark.parametrize("rests", [True, False])
def test_no_order_fills_at_a_crossed_quote(broker: PaperBroker, rests: bool) -> None:
    """The market refuses a frame whose bid is above its ask; what it refuses is no price to trade at either."""
    limit = "60100" if rests else "59700"
    if rests:
        broker.submit(order(limit=limit), at(0.1))
    events = broker.observe(ticker(0.2, bid=90_000, ask=60_001))
    if not rests:
        events = broker.submit(order(limit=limit), at(0.3))
    assert [fill.price for fill in fills(events)] == ([] if rests else [Decimal("59999.9")])


def test_a_resting_reduction_is_cancelled_where_there_is_nothing_left_to_reduce() -> None:
    positions = held("-2.5")
    broker = PaperBroker([ACCOUNT], lambda: positions)
    broker.observe(listed(LINEAR))
    broker.observe(perpetual(0, 60_000))
    broker.submit(order(side="buy", quantity="2.5", limit="59000", reduce_only=True), at(0.1))
    positions[:] = held("-1")
    events = broker.observe(ticker(1, bid=58_990, ask=58_995))
    assert states(events) == [OrderState.CANCELLED]
    assert fills(events) == []


def test_an_inverse_fee_is_in_coins() -> None:
    account = Account(name="coins", venue="bybit", settle="BTC", wallet_balance=Decimal(5))
    broker = PaperBroker([account])
    broker.observe(listed(INVERSE))
    broker.observe(perpetual(0, 50_000, INVERSE))
    events = broker.submit(order(instrument=INVERSE, account="coins", quantity="1000", limit="49000"), at(0.1))
    (fill,) = fills(events)
    assert fill.fee_asset == "BTC"
    assert fill.fee == pytest.approx(Decimal(1000) / Decimal("49999.9") * account.taker_fee)


@given(
    prices=st.lists(st.integers(59_000, 61_000), min_size=1, max_size=30),
    limit=st.integers(59_000, 61_000),
    side=st.sampled_from(["buy", "sell"]),
)
def test_no_fill_is_ever_worse_than_the_limit_and_no_order_fills_twice(
    prices: list[int], limit: int, side: str
) -> None:
    broker = PaperBroker([ACCOUNT])
    broker.observe(listed(LINEAR))
    broker.observe(perpetual(0, prices[0]))
    events = broker.submit(order(side=side, limit=str(limit)), at(0))
    for second, price in enumerate(prices):
        events += broker.observe(perpetual(second, price))
    done = fills(events)
    assert len(done) <= 1
    for fill in done:
        assert fill.price >= limit if side == "sell" else fill.price <= limit
    reachable = [
        price
        for price in prices
        if (price - Decimal("0.1") >= limit if side == "sell" else price + Decimal("0.1") <= limit)
    ]
    assert bool(done) is bool(reachable)


# --- funding -------------------------------------------------------------------------------------------------


def quote(when: float, *, rate: str = "0.0001", mark: int = 60_000, due: int = START + 8 * HOUR) -> Ticker:
    return ticker(when, mark=mark, bid=mark - 1, ask=mark + 1, rate=rate, next_funding_ns=due, interval=8)


EIGHT = 8 * 3600.0


def payments(events: list[AnyEvent]) -> list[FundingPayment]:
    return [event for event in events if isinstance(event, FundingPayment)]


def test_a_short_receives_positive_funding_when_the_timetable_rolls_over(broker: PaperBroker) -> None:
    broker.observe(quote(EIGHT - 1, rate="0.0002", mark=50_000))
    (payment,) = payments(broker.observe(quote(EIGHT - 0.5, rate="0.0009", mark=51_000, due=START + 16 * HOUR)))
    assert payment.amount == Decimal("2.5") * 50_000 * Decimal("0.0002")
    assert (payment.rate, payment.mark_price) == (Decimal("0.0002"), Decimal(50_000))
    assert payment.settled_ns == START + 8 * HOUR
    assert payment.asset == "USDT"
    assert payment.estimated


def test_funding_is_settled_by_engine_time_where_the_venue_is_slow_and_not_again_after(broker: PaperBroker) -> None:
    broker.observe(quote(EIGHT - 1))
    (payment,) = payments(broker.observe(listed(LINEAR, when=EIGHT + 0.1)))
    assert payment.amount == 15
    assert payments(broker.observe(quote(EIGHT + 1))) == []
    assert payments(broker.observe(quote(EIGHT + 2, due=START + 16 * HOUR))) == []
    assert len(payments(broker.observe(quote(2 * EIGHT + 1, due=START + 24 * HOUR)))) == 1


def test_something_else_that_falls_due_does_not_settle_again(broker: PaperBroker) -> None:
    broker.observe(quote(EIGHT - 1))
    broker.submit(order(limit="60100", expires=EIGHT + 5), at(EIGHT - 1))
    assert len(payments(broker.observe(listed(LINEAR, when=EIGHT)))) == 1
    events = broker.observe(listed(LINEAR, when=EIGHT + 5))
    assert states(events) == [OrderState.CANCELLED]
    assert payments(events) == []


def test_a_rate_that_the_market_refuses_settles_nothing(broker: PaperBroker) -> None:
    broker.observe(ticker(1, rate="0.5"))
    (payment,) = broker.observe(ticker(8 * 3600, mark=60_000))
    assert isinstance(payment, FundingPayment)
    assert payment.rate == Decimal("0.0001")


def test_a_timetable_that_is_rewritten_long_before_pays_nothing(broker: PaperBroker) -> None:
    assert broker.observe(quote(10, due=START + 4 * HOUR)) == []
    assert broker.observe(quote(20, due=START + 8 * HOUR)) == []
    (payment,) = payments(broker.observe(quote(EIGHT + 1, due=START + 16 * HOUR)))
    assert payment.settled_ns == START + 8 * HOUR


def test_a_long_pays_and_a_flat_account_does_not_take_part() -> None:
    positions = held("1") + held("0", account="idle")
    idle = msgspec.structs.replace(ACCOUNT, name="idle")
    broker = PaperBroker([ACCOUNT, idle], lambda: positions)
    broker.observe(listed(LINEAR))
    broker.observe(quote(0))
    (payment,) = payments(broker.observe(quote(EIGHT, due=START + 16 * HOUR)))
    assert (payment.account, payment.amount) == ("paper", Decimal(-6))


def test_without_a_rate_no_payment_is_invented(broker: PaperBroker) -> None:
    fresh = PaperBroker([ACCOUNT], lambda: held("-2.5"))
    fresh.observe(listed(LINEAR))
    fresh.observe(ticker(0, mark=60_000, next_funding_ns=START + 8 * HOUR))
    assert fresh.observe(ticker(EIGHT + 1, mark=60_000)) == []


def test_the_brokers_own_fills_count_where_it_is_told_of_no_positions() -> None:
    broker = PaperBroker([ACCOUNT])
    broker.observe(listed(LINEAR))
    broker.observe(quote(0))
    broker.submit(order(), at(0.1))
    (payment,) = payments(broker.observe(quote(EIGHT + 1, due=START + 16 * HOUR)))
    assert payment.amount == Decimal("0.5") * 60_000 * Decimal("0.0001")


def test_the_engine_books_each_settlement_once_on_what_it_holds() -> None:
    """Engine and broker together over a day: three settlements of 15 on the seed's short."""
    made = engine()
    broker = PaperBroker(seed_book().accounts, made.positions)
    for hour in range(25):
        for second in (0, 5):
            due = START + (hour // 8 + 1) * 8 * HOUR
            for event in (listed(LINEAR, when=hour * 3600 + second), quote(hour * 3600 + second, due=due)):
                made.apply(event)
                feed(made, broker.observe(event))
    line = made.snapshot(START + 24 * HOUR + 6 * SECOND).books[0].hedges[0]
    assert line.funding.received.value == 45
    assert line.funding.received.estimated


# --- what is odd -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "quoted", "lacking"), [("buy", "ask", "bid"), ("sell", "bid", "ask")])
def test_a_quote_of_one_side_is_a_price_for_that_side_alone(side: str, quoted: str, lacking: str) -> None:
    made = PaperBroker([ACCOUNT], lambda: held("-2.5"))
    made.observe(listed(LINEAR))
    made.observe(ticker(0, **{quoted: 60_000}))  # type: ignore[arg-type]
    (fill,) = fills(made.submit(order(side=side, limit="60000"), at(0.1)))
    assert fill.price == 60_000, "the limit itself is reached"
    other = "sell" if side == "buy" else "buy"
    assert f"no fresh {lacking}" in reason(made.submit(order("hr-2", side=other, limit="60000"), at(0.1)))


@pytest.mark.parametrize("mark", ["NaN", "sNaN", "Infinity", "0", "-1"])
def test_a_mark_that_is_no_price_is_none_to_settle_at(broker: PaperBroker, mark: str) -> None:
    broker.observe(ticker(1, mark=mark))
    (payment,) = broker.observe(perpetual(8 * 3600, 60_000))
    assert isinstance(payment, FundingPayment)
    assert (payment.mark_price, payment.amount) == (Decimal(60_000), Decimal("2.5") * 60_000 * Decimal("0.0001"))


def test_without_a_mark_no_payment_is_invented() -> None:
    made = PaperBroker([ACCOUNT], lambda: held("-2.5"))
    made.observe(listed(LINEAR))
    made.observe(ticker(0, rate="0.0001", next_funding_ns=at(60)))
    assert made.observe(ticker(61, rate="0.0001", next_funding_ns=at(60 + 8 * 3600))) == []


def test_a_contract_is_settled_at_its_own_time_and_no_other() -> None:
    other = "bybit:linear:ETHUSDT"
    made = PaperBroker([ACCOUNT], lambda: [*held("-2.5"), *held("-10", other)])
    for name, price, hours in ((LINEAR, 60_000, 4), (other, 3_000, 8)):
        made.observe(listed(name))
        made.observe(ticker(0, name, mark=price, rate="0.0001", next_funding_ns=at(hours * 3600)))
    settled = [made.observe(connection(hours * 3600, ConnectionState.LIVE)) for hours in (3, 4, 5, 8, 9)]
    names = [[event.instrument for event in events if isinstance(event, FundingPayment)] for events in settled]
    assert names == [[], [LINEAR], [], [other], []]


@pytest.mark.parametrize(
    ("held_now", "side", "quantity", "taken"),
    [
        ("-0.5", "buy", "0.3", True), ("-0.5", "buy", "0.5", True), ("-0.5", "buy", "0.501", False),
        ("-0.5", "sell", "0.3", False), ("0.5", "sell", "0.3", True), ("0.5", "buy", "0.3", False),
        ("0", "buy", "0.3", False),
    ],
)  # fmt: skip
def test_a_reduction_is_no_larger_than_what_it_reduces(held_now: str, side: str, quantity: str, taken: bool) -> None:
    made = PaperBroker([ACCOUNT], lambda: held(held_now))
    made.observe(listed(LINEAR))
    made.observe(perpetual(0, 60_000))
    limit = "60300" if side == "buy" else "59700"
    events = made.submit(order(side=side, quantity=quantity, limit=limit, reduce_only=True), at(0.1))
    assert states(events) == [OrderState.FILLED if taken else OrderState.REJECTED]
