"""An order that is not found is UNKNOWN, and not sent again, for as long as the venue may still take it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.events import OrderState
from core.legs import Leg
from core.orders import OrderRequest
from feeds.order_fate import SentOrders, became

VALID_NS = 5_000_000_000
SENT_NS = 1_790_000_000_000_000_000


def order(identity: str = "hr-1", *, created_ns: int = 1) -> OrderRequest:
    return OrderRequest(
        client_order_id=identity,
        account="hedge",
        instrument="binance:usdm:BTCUSDT",
        side="sell",
        quantity=Decimal("0.010"),
        limit_price=Decimal(68000),
        reduce_only=False,
        created_ns=created_ns,
    )


@pytest.mark.parametrize(
    ("age_ns", "state"),
    [
        (0, OrderState.UNKNOWN),
        (VALID_NS - 1, OrderState.UNKNOWN),
        (VALID_NS, OrderState.REJECTED),
        (10 * VALID_NS, OrderState.REJECTED),
    ],
)
def test_an_order_that_was_sent_is_unknown_while_its_request_is_valid(age_ns: int, state: OrderState) -> None:
    fates = SentOrders(VALID_NS)
    fates.sent(order(), SENT_NS)
    assert fates.unheard_of(order(), SENT_NS + age_ns) is state
    assert fates.may_come(order(), SENT_NS + age_ns) is (state is OrderState.UNKNOWN)
    assert fates.was_sent(order()), "the venue may know it for ever"


def test_the_last_time_it_was_sent_counts() -> None:
    fates = SentOrders(VALID_NS)
    fates.sent(order(), SENT_NS)
    fates.sent(order(), SENT_NS + VALID_NS)
    assert fates.unheard_of(order(), SENT_NS + 2 * VALID_NS - 1) is OrderState.UNKNOWN


@pytest.mark.parametrize(("age_ns", "state"), [(VALID_NS - 1, OrderState.UNKNOWN), (VALID_NS, OrderState.REJECTED)])
def test_an_order_made_a_moment_ago_may_have_been_sent_by_an_earlier_run(age_ns: int, state: OrderState) -> None:
    fresh = order(created_ns=SENT_NS)
    assert SentOrders(VALID_NS).unheard_of(fresh, SENT_NS + age_ns) is state


def test_an_order_that_was_never_sent_may_be() -> None:
    fresh = order(created_ns=SENT_NS)
    assert not SentOrders(VALID_NS).may_come(fresh, SENT_NS)
    assert not SentOrders(VALID_NS).was_sent(fresh)


def test_an_order_made_before_the_run_may_have_been_sent_by_an_earlier_one() -> None:
    begun_ns = SENT_NS + 1_000_000_000
    fates, old, own = SentOrders(VALID_NS, begun_ns), order(created_ns=SENT_NS), order("hr-2", created_ns=begun_ns)
    assert (fates.was_sent(old), fates.was_sent(own)) == (True, False)
    assert (fates.may_come(old, SENT_NS + VALID_NS - 1), fates.may_come(own, begun_ns)) == (True, False)
    assert not fates.may_come(old, SENT_NS + VALID_NS), "what is not found by then never will be"
    assert fates.was_sent(old), "but a look-up that fails proves nothing, however old it is"
    fates.sent(old, begun_ns + VALID_NS)
    assert fates.may_come(old, begun_ns + 2 * VALID_NS - 1), "sent again, it may come again"


def test_an_order_that_was_refused_may_be_sent_again_at_once() -> None:
    fates = SentOrders(VALID_NS)
    fates.sent(order(), SENT_NS)
    fates.sent(order("hr-2"), SENT_NS)
    fates.refused(order())
    fates.refused(order("hr-3"))
    assert not fates.was_sent(order())
    assert fates.unheard_of(order(), SENT_NS) is OrderState.REJECTED
    assert fates.may_come(order("hr-2"), SENT_NS), "another order's fate is its own"


def test_what_became_of_an_order_is_told_with_all_that_was_asked_for() -> None:
    asked = msgspec.structs.replace(order(), reduce_only=True, leg=Leg.SHORT)
    told = became(asked, OrderState.REJECTED, SENT_NS, reason="x" * 300, venue_order_id="12")
    assert (told.received_ns, told.state, told.venue_order_id) == (SENT_NS, OrderState.REJECTED, "12")
    assert told.reason == "x" * 200 + "…"
    names = ("account", "client_order_id", "instrument", "side", "quantity", "limit_price", "reduce_only", "leg")
    assert [getattr(told, name) for name in names] == [getattr(asked, name) for name in names]
    assert told.filled_quantity == 0
