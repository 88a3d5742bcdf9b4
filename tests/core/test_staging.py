"""From a wish to an order: previewed, refused where it must be, journaled before it is handed out, sent once."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.books import Account, Limits
from core.commands import AnyCommand, CancelStage, ConfirmStage, SetTarget, StageHedge, StepTarget, UndoTarget
from core.demo_book import seed_book
from core.engine import Engine
from core.errors import RequestError
from core.events import ConnectionState, Fill, OrderState, OrderUpdate, PositionUpdate
from core.snapshot import Mode, Snapshot, StageView
from core.staging import limit_price
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    at,
    connection,
    engine,
    feed,
    inverse_book,
    listed,
    market_at,
    perpetual,
    reference,
    running,
    spot,
    ticker,
    tiers,
)


def step(made: Engine, size: str, when: float = 0.1) -> None:
    made.command(StepTarget(book="bitcoin", instrument=LINEAR, step=Decimal(size)), at(when))


def stage(made: Engine, when: float = 0.1) -> StageView:
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(when))
    view = made.snapshot(at(when)).stage
    assert view is not None, made.snapshot(at(when)).message
    return view


def confirm(made: Engine, view: StageView, when: float = 0.2) -> Snapshot:
    made.command(ConfirmStage(client_order_id=view.client_order_id), at(when))
    return made.snapshot(at(when))


def staged(ratio: str = "0.6", price: int = 60_000) -> tuple[Engine, StageView]:
    made = running(price)
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal(ratio)), at(0.1))
    return made, stage(made)


# --- targets -------------------------------------------------------------------------------------------------


def target(made: Engine, when: float = 0.1) -> Decimal | None:
    return made.snapshot(at(when)).books[0].hedges[0].target_ratio.value


def test_steps_move_the_target_within_its_bounds() -> None:
    made = running()
    step(made, "0.05")
    assert target(made) == Decimal("0.55")
    step(made, "-0.01")
    assert target(made) == Decimal("0.54")
    step(made, "7")
    assert target(made) == Decimal("1.05")
    step(made, "-7")
    assert target(made) == 0
    step(made, "-0.05")
    assert made.snapshot(at(0.2)).message == "the target stays at 0%: it is at its limit"


@given(steps=st.lists(st.decimals("-0.5", "0.5", places=2), max_size=12))
def test_undo_takes_back_every_step(steps: list[Decimal]) -> None:
    made = running()
    seen = [target(made)]
    for size in steps:
        step(made, str(size))
        if target(made) != seen[-1]:
            seen.append(target(made))
    while seen:
        assert target(made) == seen.pop()
        made.command(UndoTarget(book="bitcoin"), at(0.1))
    assert made.snapshot(at(0.1)).message == "no change of target to take back"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (StepTarget(book="nowhere", instrument=LINEAR, step=Decimal(1)), "there is no book named nowhere"),
        (StepTarget(book="bitcoin", instrument="x", step=Decimal(1)), "book bitcoin has no hedge on x"),
        (SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("NaN")), "a target is a number, not NaN"),
        (StepTarget(book="bitcoin", instrument=LINEAR, step=Decimal("sNaN")), "a target is a number, not sNaN"),
        (CancelStage(client_order_id="hr-1"), "that order is not staged"),
        (UndoTarget(book="nowhere"), "there is no book named nowhere"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_in_words(command: AnyCommand, words: str) -> None:
    made = running()
    before = made.snapshot(at(0.1)).books
    made.command(command, at(0.1))
    assert made.snapshot(at(0.1)).message == words
    assert made.snapshot(at(0.1)).books == before


def test_moving_the_target_drops_what_was_staged_for_the_old_one() -> None:
    made, view = staged()
    step(made, "0.05")
    assert made.snapshot(at(0.2)).stage is None
    assert "dropped" in made.snapshot(at(0.2)).message
    assert "no longer the one staged" in confirm(made, view).message
    assert made.take_orders() == []


# --- preview -------------------------------------------------------------------------------------------------


def test_the_preview_tells_what_will_be_sold_and_what_that_leaves() -> None:
    _, view = staged("0.6")
    assert (view.side, view.paper, view.reduce_only, view.refusals) == ("sell", True, False, ())
    assert view.quantity.value == Decimal("0.5")
    assert view.residual.value == 0
    assert view.price.value == Decimal("59999.9")
    assert view.price_source == "best bid"
    assert view.notional.value == Decimal("29999.95")
    assert view.fee.value == Decimal("29999.95") * Decimal("0.00055")
    assert view.fee.estimated
    after = view.after
    assert after.quantity.value == -3
    assert after.ratio.value == Decimal("0.6")
    assert after.margin.value == 75_000 + Decimal("29999.95") / 2
    entry = (150_000 + Decimal("29999.95")) / 3
    expected = (Decimal("89999.975") + 3 * entry) / (3 * Decimal("1.005"))
    assert after.liquidation_price.value == pytest.approx(expected)
    assert after.margin_usage.value == pytest.approx(900 / (Decimal("89999.975") + 3 * (entry - 60_000)))
    assert after.liquidation_distance.value == pytest.approx(expected / 60_000 - 1)


def test_the_size_is_rounded_so_as_never_to_pass_the_target() -> None:
    _, view = staged("0.50111")
    assert view.raw_quantity.value == Decimal("0.00555")
    assert view.quantity.value == Decimal("0.005")
    assert view.residual.value == Decimal("-0.00055")
    assert view.after.ratio.value == Decimal("0.501")


def test_buying_back_is_reduce_only_at_the_ask_and_releases_margin() -> None:
    _, view = staged("0.4")
    assert (view.side, view.reduce_only, view.price_source) == ("buy", True, "best ask")
    assert view.price.value == Decimal("60000.1")
    assert view.after.quantity.value == -2
    assert view.after.margin.value == 60_000


def test_the_preview_follows_the_market() -> None:
    made, view = staged()
    feed(made, perpetual(1, 60_100))
    later = made.snapshot(at(1)).stage
    assert later is not None
    assert later.client_order_id == view.client_order_id
    assert later.price.value == Decimal("60099.9")
    assert later.after.liquidation_price.value != view.after.liquidation_price.value


def test_without_a_price_the_preview_knows_nothing_of_what_comes_after() -> None:
    made = engine()
    feed(made, reference(), ticker(0, mark=60_000, index=60_000), spot(0, 60_000))
    step(made, "0.1")
    view = stage(made)
    assert view.price.missing == (f"bid price of {LINEAR}",)
    for name in view.after.__struct_fields__:
        assert getattr(view.after, name).missing == (f"bid price of {LINEAR}",), name
    assert "the best bid is unknown" in view.refusals


def test_an_inverse_order_is_sized_in_dollars() -> None:
    made = engine(inverse_book())
    contract = msgspec.structs.replace(listed(INVERSE).instrument, quantity_step=Decimal(1))
    feed(made, msgspec.structs.replace(listed(INVERSE), instrument=contract), tiers(INVERSE, first_cap="100"))
    feed(made, perpetual(0, 50_000, INVERSE), spot(0, 50_000))
    made.command(StageHedge(book="inverse", instrument=INVERSE), at(0.1))
    view = made.snapshot(at(0.1)).stage
    assert view is not None
    assert (view.side, view.quantity.value, view.quantity_unit) == ("buy", Decimal(12_500), "USD")
    assert view.after.ratio.value is not None
    assert Decimal("0.5") < view.after.ratio.value < Decimal("0.5001"), "the fee takes coins from the bag"
    assert view.settle == "BTC"


# --- refusals ------------------------------------------------------------------------------------------------


def refusals(made: Engine, when: float = 0.1) -> str:
    return " / ".join(stage(made, when).refusals)


def limited(**limits: int | Decimal) -> Engine:
    made = running(60_000, msgspec.structs.replace(seed_book(), limits=Limits(**limits)))  # type: ignore[arg-type]
    step(made, "0.1")
    return made


def test_limits_refuse_by_name() -> None:
    assert "above the limit of 10,000" in refusals(limited(maximum_order_notional=Decimal(10_000)))
    assert refusals(limited(maximum_order_notional=30_000)) == ""
    assert "0 orders were sent within a minute" in refusals(limited(maximum_orders_per_minute=0))


def test_a_ratio_over_the_limit_is_refused() -> None:
    """The bag's own hedge is far over: an order that reduces it is allowed, one that adds is not."""
    made = running(60_000, msgspec.structs.replace(seed_book(), limits=Limits(maximum_ratio=Decimal("0.55"))))
    feed(made, PositionUpdate(
        received_ns=at(0.1), account="paper", instrument=LINEAR, quantity=Decimal(-3), entry_price=Decimal(60_000),
        isolated_margin=Decimal(90_000),
    ))  # fmt: skip
    view = stage(made)
    assert view.reduce_only
    assert view.refusals == ()


def test_a_price_outside_the_collar_is_refused() -> None:
    made = running()
    step(made, "0.1")
    feed(made, ticker(0.2, mark=60_000, bid=59_699, ask=60_001))
    assert "the best bid 59,699 is more than 0.5% away from the mark 60,000" in refusals(made, 0.2)
    feed(made, ticker(0.3, mark=60_000, bid=59_701, ask=60_001))
    assert refusals(made, 0.3) == ""


@pytest.mark.parametrize(("age", "word"), [(2.9, ""), (3, "late"), (10, "stale"), (29, "stale")])
def test_prices_must_be_live(age: float, word: str) -> None:
    made = running()
    step(made, "0.1")
    found = refusals(made, age)
    assert ("the mark price is" in found) is bool(word)
    assert word in found


def test_a_lost_connection_refuses_at_once() -> None:
    made = running()
    step(made, "0.1")
    feed(made, connection(0.2, ConnectionState.RECONNECTING))
    assert "the best bid is stale" in refusals(made, 0.2)


def test_below_the_smallest_order_nothing_can_be_sent() -> None:
    made = running()
    step(made, "0.0001")
    view = stage(made)
    assert any("below" in refusal for refusal in view.refusals)
    assert confirm(made, view).message.startswith("not sent: ")
    assert made.take_orders() == []


def test_an_account_without_the_margin_is_refused() -> None:
    account = msgspec.structs.replace(seed_book().accounts[0], wallet_balance=Decimal(80_000))
    made = running(60_000, msgspec.structs.replace(seed_book(), accounts=(account,)))
    step(made, "0.1")
    assert "account paper lacks 10,016.47 USDT of margin" in refusals(made)


def test_an_order_that_would_be_liquidated_at_once_is_refused() -> None:
    account = msgspec.structs.replace(seed_book().accounts[0], leverage=Decimal(50))
    made = running(89_600, msgspec.structs.replace(seed_book(), accounts=(account,)))
    step(made, "0.01")
    assert "past liquidation at once" in refusals(made)


def test_an_order_that_leaves_nobody_knowing_how_near_liquidation_is_is_refused() -> None:
    """Without tiers the margin may be free and the position past its requirement all the same."""
    made = engine()
    feed(made, listed(LINEAR), listed(SPOT), market_at(0, 60_000))
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.6")), at(0.1))
    assert stage(made).refusals == (f"the margin usage would be unknown: maintenance tiers of {LINEAR}",)
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.4")), at(0.1))
    assert stage(made).refusals == (), "a reduction needs none"


def test_an_order_for_a_contract_that_has_expired_is_refused() -> None:
    made = running()
    described = listed(LINEAR)
    ended = msgspec.structs.replace(described.instrument, expiry_ns=at(0.2))
    feed(made, msgspec.structs.replace(described, instrument=ended))
    made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.6")), at(0.1))
    view = stage(made)
    assert view.refusals == ()
    made.command(ConfirmStage(client_order_id=view.client_order_id), at(0.2))
    assert made.take_orders() == []
    for ratio in ("0.6", "0.4"):
        made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal(ratio)), at(0.2))
        assert f"{LINEAR} is not open for trading: expired" in stage(made, 0.2).refusals


def test_only_paper_accounts_take_orders() -> None:
    account = msgspec.structs.replace(seed_book().accounts[0], paper=False)
    made = running(60_000, msgspec.structs.replace(seed_book(), accounts=(account,)))
    step(made, "0.1")
    assert "only paper accounts do" in refusals(made)


def test_a_contract_that_is_not_trading_is_refused() -> None:
    made = running()
    feed(made, listed(LINEAR, status="settling"))
    step(made, "0.1")
    assert f"{LINEAR} is not open for trading: settling" in refusals(made)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda made: feed(made, market_at(0, 60_000)), f"the order filters of {LINEAR} are not known yet"),
        (lambda made: feed(made, listed(LINEAR)), f"cannot size the order: mark price of {LINEAR} is unknown"),
        (lambda made: feed(made, reference(), market_at(0, 60_000)), "the hedge is at its target: nothing to order"),
    ],
)
def test_what_cannot_be_sized_cannot_be_staged(build: Callable[[Engine], None], words: str) -> None:
    made = engine()
    build(made)
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.1))
    snapshot = made.snapshot(at(0.1))
    assert snapshot.stage is None
    assert snapshot.message == words


# --- confirm -------------------------------------------------------------------------------------------------


def test_a_confirmed_order_is_handed_out_once() -> None:
    made, view = staged()
    assert made.snapshot(at(0.2)).message == f"staged, not sent: sell 0.5 of {LINEAR} on account paper"
    snapshot = confirm(made, view)
    assert snapshot.message == f"sent: sell 0.5 of {LINEAR} on account paper"
    (order,) = made.take_orders()
    assert order.client_order_id == view.client_order_id
    assert (order.side, order.quantity, order.reduce_only) == ("sell", Decimal("0.5"), False)
    assert order.limit_price == 59_700
    assert order.expires_ns == at(60.2)
    assert snapshot.stage is None
    assert [(item.client_order_id, item.state) for item in snapshot.orders] == [(view.client_order_id, OrderState.SENT)]
    assert made.take_orders() == []
    again = f"the order to sell 0.5 of {LINEAR} on account paper was already sent: nothing is sent twice"
    assert confirm(made, view).message == again
    assert made.take_orders() == []


def test_only_the_preview_that_is_shown_can_be_confirmed() -> None:
    made, first = staged()
    second = stage(made)
    assert second.client_order_id != first.client_order_id
    assert "no longer the one staged" in confirm(made, first).message
    assert made.take_orders() == []
    assert confirm(made, second).stage is None
    assert len(made.take_orders()) == 1


def test_what_was_live_when_staged_must_be_live_when_confirmed() -> None:
    made, view = staged()
    snapshot = confirm(made, view, when=5)
    assert snapshot.message == "not sent: the best bid is late"
    assert snapshot.stage is not None
    assert made.take_orders() == []
    feed(made, market_at(5.1, 60_000))
    confirm(made, view, when=5.2)
    assert len(made.take_orders()) == 1


def test_a_market_that_has_moved_asks_for_another_look() -> None:
    made, view = staged()
    feed(made, market_at(0.15, 60_400))
    assert "has moved more than 0.5%" in confirm(made, view).message
    assert made.take_orders() == []


def test_a_position_that_has_changed_asks_for_another_look() -> None:
    made, view = staged()
    feed(made, fill("other", "0.1"))
    assert "position has changed" in confirm(made, view).message
    assert made.take_orders() == []


def fill(identity: str, quantity: str, *, order: str = "", side: str = "sell", when: float = 0.15) -> Fill:
    return Fill(
        received_ns=at(when), account="paper", fill_id=identity, client_order_id=order, instrument=LINEAR, side=side,
        price=Decimal(60_000), quantity=Decimal(quantity), fee=Decimal("3.3"), fee_asset="USDT",
    )  # fmt: skip


def update(view: StageView, state: OrderState, when: float, reason: str = "") -> OrderUpdate:
    assert view.quantity.value is not None
    return OrderUpdate(
        received_ns=at(when), account="paper", client_order_id=view.client_order_id, instrument=LINEAR,
        side=view.side, quantity=view.quantity.value, state=state, reason=reason,
        filled_quantity=view.quantity.value if state is OrderState.FILLED else Decimal(0),
    )  # fmt: skip


@pytest.mark.parametrize("state", [OrderState.OPEN, OrderState.UNKNOWN, OrderState.PARTIALLY_FILLED])
def test_an_order_that_is_still_out_blocks_its_contract(state: OrderState) -> None:
    made, view = staged()
    confirm(made, view)
    feed(made, update(view, state, 0.3))
    blocked = stage(made, 0.4)
    words = state.value.replace("_", " ")
    assert f"the order to sell 0.5 of {LINEAR} on account paper is still {words}" in blocked.refusals
    feed(made, update(view, OrderState.CANCELLED, 0.5))
    assert stage(made, 0.6).refusals == ()


def test_a_fill_is_told_with_its_size_and_price() -> None:
    made, view = staged()
    confirm(made, view)
    feed(made, fill("1", "0.5", order=view.client_order_id, when=0.3))
    assert made.snapshot(at(0.3)).message == f"sold 0.5 of {LINEAR} at 60,000"


def test_an_order_that_nobody_answers_becomes_unknown_and_alarms() -> None:
    made, view = staged()
    confirm(made, view)
    made.advance(at(10.1))
    assert made.snapshot(at(10.1)).orders[0].state is OrderState.SENT
    snapshot = made.snapshot(at(10.3))
    assert snapshot.orders[0].state is OrderState.UNKNOWN
    alert = next(item for item in snapshot.alerts if item.rule == "order unknown")
    assert alert.text == (
        f"the order to sell 0.5 of {LINEAR} on account paper has an unknown outcome: no answer for 10 s"
    )
    feed(made, fill("1", "0.5", order=view.client_order_id, when=11), update(view, OrderState.FILLED, 11))
    later = made.snapshot(at(11))
    assert later.orders[0].state is OrderState.FILLED
    assert all(item.ended_ns is not None for item in later.alerts if item.rule == "order unknown")


def test_a_rejection_is_told_and_alerted() -> None:
    made, view = staged()
    confirm(made, view)
    feed(made, update(view, OrderState.REJECTED, 0.3, "no fresh bid"))
    snapshot = made.snapshot(at(0.3))
    order = f"the order to sell 0.5 of {LINEAR} on account paper"
    assert snapshot.message == f"{order} is rejected: no fresh bid"
    assert [(item.rule, item.text) for item in snapshot.alerts] == [
        ("order rejected", f"{order} was rejected: no fresh bid")
    ]
    assert stage(made, 0.4).refusals == ()


def test_a_final_state_is_final() -> None:
    made, view = staged()
    confirm(made, view)
    feed(made, update(view, OrderState.CANCELLED, 0.3), update(view, OrderState.OPEN, 0.4))
    assert made.snapshot(at(0.5)).orders[0].state is OrderState.CANCELLED


def test_an_order_is_as_old_as_what_was_last_heard_of_it() -> None:
    made, view = staged()
    times = [confirm(made, view).orders[0].updated_ns]
    for when in (0.4, 0.3, 0.6):
        feed(made, update(view, OrderState.OPEN, when))
        times.append(made.snapshot(at(0.7)).orders[0].updated_ns)
    assert times == [at(0.2), at(0.4), at(0.4), at(0.6)]


def test_an_update_that_comes_late_does_not_take_back_what_was_filled() -> None:
    made, view = staged()
    confirm(made, view)
    partly = msgspec.structs.replace(update(view, OrderState.PARTIALLY_FILLED, 0.4), filled_quantity=Decimal("0.3"))
    feed(made, partly, update(view, OrderState.OPEN, 0.5))
    (order,) = made.snapshot(at(0.6)).orders
    assert order.state is OrderState.PARTIALLY_FILLED
    assert order.filled_quantity.value == Decimal("0.3")


def test_a_fill_counts_once_however_often_it_is_told() -> None:
    made, view = staged()
    confirm(made, view)
    feed(made, *[fill("1", "0.5", order=view.client_order_id)] * 3)
    line = made.snapshot(at(0.3)).books[0].hedges[0]
    assert line.quantity.value == -3
    assert line.fees.value == Decimal("3.3")
    assert line.ratio.value == Decimal("0.6")


def test_orders_a_minute_are_counted_over_a_sliding_minute() -> None:
    made = limited(maximum_orders_per_minute=2)
    for number in range(2):
        when = 0.3 + number
        feed(made, market_at(when, 60_000))
        view = stage(made, when)
        confirm(made, view, when)
        feed(made, update(view, OrderState.CANCELLED, when))
    feed(made, market_at(30, 60_000))
    assert "2 orders were sent within a minute: that is the limit" in refusals(made, 30)
    feed(made, market_at(60.4, 60_000))
    assert refusals(made, 60.4) == ""


def test_client_order_ids_are_venue_safe_distinct_and_replayable() -> None:
    names = []
    for _ in range(2):
        made, view = staged()
        run = [view.client_order_id]
        run += [stage(made).client_order_id for _ in range(20)]
        assert len(set(run)) == len(run)
        names.append(run)
    assert names[0] == names[1]
    assert all(re.fullmatch(r"hr-[A-Za-z0-9_-]{1,33}", name) for name in names[0])


@given(
    mark=st.decimals("0.001", "1000000", places=3),
    band=st.decimals("0.0001", "0.05", places=4),
    tick=st.sampled_from([Decimal(text) for text in ("0.0001", "0.01", "0.1", "0.5", "1")]),
)
def test_a_limit_price_is_on_the_tick_and_never_beyond_the_collar(mark: Decimal, band: Decimal, tick: Decimal) -> None:
    low, high = limit_price("sell", mark, band, tick), limit_price("buy", mark, band, tick)
    assert low % tick == 0
    assert high % tick == 0
    assert low >= mark * (1 - band)
    assert high <= mark * (1 + band)
    assert low - tick < mark * (1 - band)
    assert high + tick > mark * (1 + band)


def test_an_account_named_twice_and_a_position_claimed_twice_are_refused() -> None:
    other = msgspec.structs.replace(seed_book(), name="second")
    with pytest.raises(RequestError, match="in one leg"):
        Engine((seed_book(), other), mode=Mode.PAPER, source="test")
    richer = Account(name="paper", venue="bybit", settle="USDT", wallet_balance=Decimal(1))
    with pytest.raises(RequestError, match="one description of account paper"):
        Engine(
            (seed_book(), msgspec.structs.replace(other, accounts=(richer,), hedges=())), mode=Mode.PAPER, source="test"
        )
