"""What a wallet gains and loses by contracts, at every venue and in every kind of contract: it is told why, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from core.books import Account, MarginMode, PositionMode
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FundingPayment,
    InstrumentListed,
    OrderState,
    PositionUpdate,
)
from core.ledger import Ledger
from core.orders import OrderRequest
from feeds.account_keeper import in_order
from feeds.registry import venue_feed
from tests.support.kept import HELD_AT, KEPT, Kind, cases, every
from tests.support.own_account import COINS, Own, followed, held, of, patiently, state

pytestmark = every(cases(*Kind))

ROUNDED = Decimal("1E-8")
"""At most so much of a fill is lost where a wallet keeps eight places."""
LOWER, HIGHER = Decimal(59_000), Decimal(61_000)


class Kept:
    """The account as the engine keeps it, by what is told of it."""

    def __init__(self, own: Own, events: Sequence[AnyEvent]) -> None:
        desk = own.desk
        mode = PositionMode.HEDGE if desk.both_legs else PositionMode.ONE_WAY
        account = Account(
            name=KEPT,
            venue=desk.venue,
            settle=desk.settle,
            wallet_balance=Decimal(0),
            paper=False,
            margin_mode=MarginMode.CROSS,
            position_mode=mode,
        )
        self.ledger = Ledger([account])
        folds: dict[type, Callable[[Any], object]] = {
            Fill: self.ledger.fill,
            FundingPayment: self.ledger.funding,
            FeeCharged: self.ledger.charged,
            PositionUpdate: self.ledger.reported,
            BalanceUpdate: self.ledger.wallets.reported,
            AccountSettings: self.ledger.reports.set,
            AccountSwept: self.ledger.swept,
            InstrumentListed: lambda event: self.ledger.described(event.instrument),
        }
        for event in events:
            if type(event) in folds:
                folds[type(event)](event)
        self.balance = self.ledger.wallets.settle(KEPT)
        self.position = self.ledger.position(KEPT, desk.contract, desk.leg)


async def moved(own: Own, price: Decimal, left: Decimal, **fault: Any) -> None:
    """BTC is held at another price, and what happens to the position there leaves so much of it."""
    own.desk.simulator.control("pin", coin="BTC", price=str(price))
    own.control(**fault, **own.contract)
    await own.until(lambda: held(own.log.events) == -left)


async def placed(own: Own, order: OrderRequest, left: Decimal) -> None:
    assert state(await patiently(lambda: own.feed.place(order))) is not OrderState.REJECTED
    await own.until(lambda: held(own.log.events) == -left)


async def test_what_a_wallet_gains_is_told_why_and_once(own: Own) -> None:
    """Sold, funded, bought back in part, deleveraged, and closed by force: the profit, the fees and the funding that
    are told are all that the wallet has gained, in the currency that the contract pays."""
    desk, quantity = own.desk, own.quantity
    desk.simulator.control("pin", coin="BTC", price=str(HELD_AT))
    market = venue_feed(desk.venue, desk.endpoints, own.key)
    begun = [*await patiently(lambda: market.reference((desk.contract,)))]
    asked_ns = time.time_ns()
    begun += in_order(await own.swept(), asked_ns)
    own.past(time.time_ns())
    async with followed(own):
        await placed(own, own.sale(), quantity)
        if not desk.kind.dated:
            own.control("fund", **own.contract)
        desk.simulator.control("pin", coin="BTC", price=str(LOWER))
        closing = desk.order("buy", str(COINS / 2), "60500", reduce_only=desk.both_legs)
        await placed(own, closing, quantity / 2)
        key = {"key": own.key.key}
        await moved(own, LOWER, quantity / 4, fault="deleverage", quantity=str(quantity / 4), **key)
        end = {"fault": "deliver"} if desk.kind.dated else {"fault": "liquidate", **key}
        await moved(own, HIGHER, Decimal(0), **end)
        asked_ns = time.time_ns()
        swept = await own.swept(lambda events: held(events) == 0)
    ended = in_order(swept, asked_ns)
    check_gain(own, begun, [*own.log.events, *ended])
    if desk.kind.dated and desk.venue == "binance":
        assert not of(Fill, ended), "of a contract that has expired it tells executions as they happen, and never again"
    else:
        check_gain(own, begun, ended)


def check_gain(own: Own, begun: Sequence[AnyEvent], since: Sequence[AnyEvent]) -> None:
    """What the wallet has gained is what is told of the contract, and nothing is told of any other position."""
    desk, before = own.desk, Kept(own, begun).balance
    kept = Kept(own, [*begun, *since])
    position, moved = kept.position, kept.ledger.wallets.transfers[KEPT, desk.settle]
    fills = {fill.fill_id: fill for fill in of(Fill, since)}.values()
    assert {fill.fee_asset for fill in fills} == {desk.settle}
    assert not position.quantity
    assert not position.unexplained
    assert not position.foreign_sums
    others = [one for one in kept.ledger.positions.values() if one is not position]
    assert not [one for one in others if one.fees or one.funding or one.realised]
    entry, *exits = sorted(fills, key=lambda fill: fill.side == "buy")
    sign = -1 if desk.listing.inverse else 1
    gained = sum((fill.quantity * desk.size * (entry.price**sign - fill.price**sign) for fill in exits), Decimal(0))
    assert position.realised == pytest.approx(gained * sign, abs=Decimal("1E-20"))
    rest = kept.balance - before - (position.realised - position.fees + position.funding)
    if desk.kind.dated or desk.offers("funding records"):
        assert abs(rest) <= ROUNDED * len(fills)
        assert not moved
        assert bool(position.funding) is not desk.kind.dated
    else:
        assert position.unbooked_funding, "said to be unknown: it is not zero"
        assert abs(rest - moved) <= ROUNDED * len(fills)
        assert rest > ROUNDED * len(fills)
