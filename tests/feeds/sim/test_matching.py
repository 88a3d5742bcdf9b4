"""Orders on the simulated venues: what fills, what is refused, what it costs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.books import MarginMode
from core.pnl import unrealised
from feeds.sim.accounts import OrderStatus, TimeInForce
from feeds.sim.events import BalanceChanged, OrderChanged
from feeds.sim.order_checks import Refused, Why
from feeds.sim.printed import liquidation_price
from tests.feeds.sim.desk import Desk


def refused(desk: Desk, *arguments: str, ids_for_ever: bool = False, **more: object) -> Why:
    with pytest.raises(Refused) as caught:
        desk.trade(desk.request(*arguments, **more), ids_for_ever=ids_for_ever)  # type: ignore[arg-type]
    return caught.value.why


def test_a_market_sale_fills_at_the_bid_and_pays_the_taker_fee() -> None:
    desk = Desk()
    order = desk.trade(desk.request("sell", "0.5"))
    assert order.status is OrderStatus.FILLED
    assert order.average_price == Decimal("59999.9")
    assert desk.position.quantity == Decimal("-0.5")
    assert desk.account.wallet["USDT"] == 100_000 - Decimal("59999.9") / 2 * Decimal("0.0005")
    kinds = [type(event) for event in desk.events]
    assert kinds == [OrderChanged, OrderChanged, BalanceChanged]


def test_a_large_order_walks_the_book() -> None:
    desk = Desk(wallet={"USDT": "10000000"})
    order = desk.trade(desk.request("buy", "60"))
    fills = list(desk.account.fills)
    assert order.status is OrderStatus.FILLED
    assert len(fills) > 1
    assert [fill.price for fill in fills] == sorted(fill.price for fill in fills)
    assert sum(fill.quantity for fill in fills) == 60
    assert order.average_price > fills[0].price


def test_a_resting_order_fills_at_its_own_price_as_maker() -> None:
    desk = Desk()
    order = desk.trade(desk.request("sell", "0.1", "60500"))
    desk.step(3)
    assert not order.filled
    desk.pin("60600")
    assert order.status is OrderStatus.FILLED
    fill = desk.account.fills[-1]
    assert (fill.price, fill.maker, fill.fee) == (Decimal(60_500), True, Decimal("6050") * Decimal("0.0002"))


def test_a_limit_order_that_crosses_trades_and_rests_with_what_is_left() -> None:
    desk = Desk(wallet={"USDT": "10000000"})
    top = desk.exchange.quote(desk.listing).ask_size
    order = desk.trade(desk.request("buy", top + 1, "60000.1"))
    assert order.is_open()
    assert order.filled == top
    desk.exchange.matching.cancel(desk.account, order)
    assert order.status is OrderStatus.CANCELLED
    assert desk.position.quantity == top


@pytest.mark.parametrize(
    ("force", "price", "status"),
    [
        (TimeInForce.POST_ONLY, "60010", OrderStatus.CANCELLED),
        (TimeInForce.POST_ONLY, "59990", OrderStatus.NEW),
        (TimeInForce.IOC, "59990", OrderStatus.EXPIRED),
        (TimeInForce.IOC, "60010", OrderStatus.FILLED),
        (TimeInForce.FOK, "60010", OrderStatus.FILLED),
        (TimeInForce.FOK, "59990", OrderStatus.EXPIRED),
    ],
)
def test_time_in_force(force: TimeInForce, price: str, status: OrderStatus) -> None:
    desk = Desk()
    order = desk.trade(desk.request("buy", "0.01", price, force=force))
    assert order.status is status
    assert (order.filled == order.quantity) is (status is OrderStatus.FILLED)


def test_filters_refuse_by_name() -> None:
    desk = Desk()
    assert refused(desk, "buy", "0.0015") is Why.QUANTITY_PRECISION
    assert refused(desk, "buy", "0") is Why.QUANTITY_RANGE
    assert refused(desk, "buy", "2000") is Why.QUANTITY_RANGE
    assert refused(desk, "buy", "0.01", "59990.05") is Why.PRICE_PRECISION
    assert refused(desk, "buy", "0.001") is Why.MINIMUM_NOTIONAL
    assert refused(desk, "buy", "0.01", "64000") is Why.PRICE_BAND
    assert refused(desk, "sell", "0.01", "56000") is Why.PRICE_BAND
    assert refused(desk, "buy", "20") is Why.MARGIN
    assert refused(Desk(leverage=100, wallet={"USDT": "1000000"}), "buy", "10") is Why.POSITION_LIMIT
    assert not desk.account.orders
    assert desk.account.wallet == {"USDT": Decimal(100_000)}


def test_reduce_only_never_opens_or_turns_a_position() -> None:
    for venue, why in (("binance", Why.REDUCE_ONLY), ("bybit", None)):
        desk = Desk(venue)
        assert refused(desk, "buy", "0.1", reduce_only=True) is Why.REDUCE_ONLY
        desk.trade(desk.request("sell", "0.1"))
        assert refused(desk, "sell", "0.1", reduce_only=True) is Why.REDUCE_ONLY
        if why is None:
            desk.trade(desk.request("buy", "0.3", reduce_only=True))
            assert desk.position.quantity == 0
        else:
            assert refused(desk, "buy", "0.3", reduce_only=True) is why


def test_a_resting_reduce_only_order_shrinks_with_the_position() -> None:
    desk = Desk()
    desk.trade(desk.request("sell", "0.3"))
    order = desk.trade(desk.request("buy", "0.3", "59000", reduce_only=True))
    desk.trade(desk.request("buy", "0.3"))
    desk.pin("58000")
    assert order.status is OrderStatus.CANCELLED
    assert desk.position.quantity == 0


def test_closing_needs_no_free_margin() -> None:
    desk = Desk(wallet={"USDT": "6100"}, leverage=10)
    desk.trade(desk.request("sell", "1"))
    assert refused(desk, "sell", "0.1") is Why.MARGIN
    assert desk.trade(desk.request("buy", "1")).status is OrderStatus.FILLED


def test_a_client_id_is_unique_among_open_orders_on_binance_and_for_ever_on_bybit() -> None:
    binance, bybit = Desk("binance"), Desk("bybit")
    for desk, for_ever in ((binance, False), (bybit, True)):
        first = desk.trade(desk.request("sell", "0.1", "61000", client_id="a"), ids_for_ever=for_ever)
        assert refused(desk, "sell", "0.1", "61000", client_id="a", ids_for_ever=for_ever) is Why.DUPLICATE_ID
        desk.pin("61500")
        assert first.status is OrderStatus.FILLED
    assert binance.trade(binance.request("sell", "0.1", "61900", client_id="a")).status is OrderStatus.NEW
    assert refused(bybit, "sell", "0.1", "61900", client_id="a", ids_for_ever=True) is Why.DUPLICATE_ID


def test_an_amended_order_keeps_its_identity_and_may_trade_at_once() -> None:
    desk = Desk()
    order = desk.trade(desk.request("buy", "0.1", "59000"))
    desk.exchange.matching.amend(desk.account, order, Decimal("0.2"), Decimal("60100"))
    assert order.status is OrderStatus.FILLED
    assert desk.position.quantity == Decimal("0.2")
    with pytest.raises(Refused):
        desk.exchange.matching.amend(desk.account, order, Decimal("0.3"), Decimal("60100"))


def test_spot_orders_exchange_coins() -> None:
    desk = Desk("bybit", category="spot", symbol="BTCUSDT", wallet={"USDT": "100000"})
    desk.trade(desk.request("buy", "1"))
    assert desk.account.wallet["USDT"] == 100_000 - Decimal("60000.1")
    assert desk.account.wallet["BTC"] == Decimal("0.999")
    assert refused(desk, "sell", "1") is Why.MARGIN
    desk.trade(desk.request("sell", "0.5"))
    assert desk.account.wallet["BTC"] == Decimal("0.499")


FILLS = some.lists(
    some.tuples(some.sampled_from(["buy", "sell"]), some.integers(2, 400), some.integers(57_000, 63_000)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(fills=FILLS, mode=some.sampled_from(list(MarginMode)), venue=some.sampled_from(["binance", "bybit"]))
def test_whatever_is_traded_the_books_balance(fills: list[tuple[str, int, int]], mode: MarginMode, venue: str) -> None:
    desk = Desk(venue, mode=mode, wallet={"USDT": "1000000"})
    for side, thousandths, price in fills:
        desk.pin(str(price))
        desk.trade(desk.request(side, Decimal(thousandths) / 1000))
        liquidation = liquidation_price(desk.exchange.risk, desk.account, desk.position)
        assert liquidation is None or liquidation > 0
    account, position = desk.account, desk.position
    assert account.wallet["USDT"] == 1_000_000 + sum(row.amount for row in account.ledger)
    signed = sum(fill.quantity if fill.side == "buy" else -fill.quantity for fill in account.fills)
    assert position.quantity == signed
    traded = sum(fill.quantity * fill.price * (-1 if fill.side == "buy" else 1) for fill in account.fills)
    mark, fees = desk.exchange.risk.mark(desk.listing), sum(fill.fee for fill in account.fills)
    profit = account.wallet["USDT"] - 1_000_000 + fees
    if position.holding.entry_price is not None:
        instrument = desk.listing.instrument
        profit += unrealised(
            instrument.kind, position.quantity, instrument.contract_size, position.holding.entry_price, mark
        )
    assert abs(profit - (traded + signed * mark)) < Decimal("0.000001")
    if mode is MarginMode.CROSS or not position.quantity:
        assert position.margin == 0
    else:
        assert position.margin > 0
