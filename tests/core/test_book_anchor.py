"""A book as an anchor: prices of its own view, rates that are known or named, gaps that are new or old."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.anchors import Anchor, Coins, Leg
from core.book_anchor import BookNow, book_now, fits, only_new_gaps, since_inception, with_sums
from core.books import Account, Book, Hedge, Lot
from core.engine import Engine
from core.events import InstrumentListed
from core.figures import Figure, Freshness
from core.instruments import ContractKind
from tests.core.hedged import INVERSE as COIN_MARGINED
from tests.core.hedged import coins, leg
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    at,
    engine,
    feed,
    instrument,
    inverse_book,
    listed,
    perpetual,
    reference,
    running,
    spot,
    ticker,
    tiers,
)


def now_of(made: Engine, book: Book, when: float = 0) -> BookNow:
    made.advance(at(when))
    view = made.snapshot(at(when)).books[0]
    return book_now(book, view, made._market, made._ledger, at(when))


def seed_now(made: Engine, when: float = 0) -> BookNow:
    return now_of(made, made._books[0], when)


def test_the_seed_book_as_an_anchor() -> None:
    now = seed_now(running(50_000))
    (held,), (short,) = now.anchor.coins, now.anchor.legs
    assert held == Coins(asset="BTC", currency="USDT", quantity=Decimal(5), price=Decimal(50_000))
    assert (short.instrument, short.kind, short.quantity) == (LINEAR, ContractKind.LINEAR, Decimal("-2.5"))
    assert (short.entry_price, short.mark_price, short.spot_price) == (
        Decimal(60_000),
        Decimal(50_000),
        Decimal(50_000),
    )
    assert short.traded.coins == Decimal("-2.5"), "what was held when it was declared was sold at its entry"
    assert short.traded.at_fill == short.traded.at_mark == short.traded.at_spot == -150_000
    assert (now.anchor.time_ns, now.anchor.currency, now.anchor.rates) == (at(0), "USDT", {})
    assert not short.traded.estimated, "only the profit since inception rests on that"
    assert now.opened
    assert not any((now.missing, now.estimated, now.bag_at_par, now.hedge_at_par, now.funding_estimated))


def test_since_inception_coins_come_in_at_their_cost() -> None:
    (held,) = since_inception(seed_now(running(50_000)))[0].coins
    assert held.deposited == 5
    assert held.deposited_value == held.deposited_worth == 300_000


def test_dollars_are_worth_each_other_by_estimate() -> None:
    book = inverse_book()
    made = engine(book)
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE), perpetual(0, 50_000, INVERSE), spot(0, 50_000))
    now = now_of(made, book)
    assert now.anchor.rates == {"USD": Decimal(1)}
    assert now.hedge_at_par
    assert not now.bag_at_par
    assert not now.estimated, "par is told apart from a price that is estimated"


def test_a_leg_that_was_never_used_needs_no_rate() -> None:
    book = inverse_book(quantity="0", margin=None)
    made = engine(book)
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE), perpetual(0, 50_000, INVERSE), spot(0, 50_000))
    now = now_of(made, book)
    assert now.anchor.rates == {}
    assert not any((now.hedge_at_par, now.marks, now.spots, now.coin_marks))


def test_where_there_is_no_index_the_bags_price_of_the_coin_stands_in() -> None:
    made = engine()
    feed(made, reference(), ticker(0, mark=50_010), spot(0, 50_000))
    now = seed_now(made)
    assert now.anchor.legs[0].spot_price == 50_000
    assert now.spots == (Figure(Decimal(50_000), estimated=True, freshness=Freshness.STALE, observed_ns=at(0)),)
    assert now.estimated


def test_a_contract_on_another_coin_is_not_reckoned_against_the_bags_price() -> None:
    made = engine()
    book = made._books[0]
    proxy = msgspec.structs.replace(book, hedges=(msgspec.structs.replace(book.hedges[0], beta=Decimal("1.2")),))
    made = engine(proxy)
    feed(made, reference(), ticker(0, mark=50_010), spot(0, 50_000))
    assert now_of(made, proxy).anchor.legs[0].spot_price is None


def test_a_quanto_leg_is_worth_what_its_settle_coin_is() -> None:
    name, pair = "bitmex:quanto:ETHUSD", "bitmex:spot:BTCUSD"
    contract = msgspec.structs.replace(
        instrument(name, contract_size="0.000001"), kind=ContractKind.QUANTO, quote="USD", settle="BTC"
    )
    account = Account(name="xbt", venue="bitmex", settle="BTC", wallet_balance=Decimal(1))
    hedge = Hedge(
        asset="ETH", instrument=name, account="xbt", target_ratio=Decimal("0.5"), quantity=Decimal(-1000),
        entry_price=Decimal(3000), isolated_margin=Decimal(1),
    )  # fmt: skip
    lot = Lot(asset="ETH", quantity=Decimal(100), cost=Decimal(3000), price="bitmex:spot:ETHUSD")
    book = Book(name="quanto", lots=(lot,), hedges=(hedge,), accounts=(account,))
    made = engine(book)
    pairs = [
        InstrumentListed(instrument=instrument(each, quote="USD"), received_ns=at(0))
        for each in (pair, "bitmex:spot:ETHUSD")
    ]
    feed(made, InstrumentListed(instrument=contract, received_ns=at(0)), pairs)
    feed(made, perpetual(0, 2_400, name), spot(0, 2_400, "bitmex:spot:ETHUSD"), spot(0, 60_000, pair))
    now = now_of(made, book)
    assert now.anchor.rates == {"BTC": Decimal(60_000)}
    assert [figure.value for figure in now.marks] == [2_400, 60_000]
    found = made.snapshot(at(0)).books[0].attributions[0]
    assert found.hedge.value == Decimal("0.6") * 60_000
    assert found.unhedged.value == -60_000


def anchor(*lines: Coins | Leg, currency: str = "USDT") -> Anchor:
    return Anchor(
        time_ns=0,
        currency=currency,
        coins=tuple(line for line in lines if isinstance(line, Coins)),
        legs=tuple(line for line in lines if isinstance(line, Leg)),
    )


def test_only_gaps_that_are_new_hide_a_profit() -> None:
    old, new = "funding of 1 USDC", "funding of 2 USDC"
    before, after = only_new_gaps(anchor(leg(unknown=(old,))), anchor(leg(unknown=(old, new, old))))
    assert before.legs[0].unknown == ()
    assert sorted(after.legs[0].unknown) == [old, new], "the same amount a second time is a second payment"


@pytest.mark.parametrize(
    ("now", "same"),
    [
        (anchor(coins("9", "1"), leg()), True),
        (anchor(coins("5", "1"), coins("1", "1", asset="ETH"), leg(), leg(COIN_MARGINED)), True),
        (anchor(coins("5", "1"), leg(), currency="USD"), False),
        (anchor(coins("5", "1", currency="USDC"), leg()), False),
        (anchor(coins("5", "1", asset="ETH"), leg()), False),
        (anchor(coins("5", "1")), False),
        (anchor(coins("5", "1"), leg(contract_size=Decimal(2))), False),
        (anchor(coins("5", "1"), leg(quote="USDC")), False),
        (anchor(coins("5", "1"), leg(settle="USDC")), False),
    ],
)
def test_an_anchor_fits_a_book_of_the_same_assets_contracts_and_currencies(now: Anchor, same: bool) -> None:
    assert fits(anchor(coins("5", "1"), leg()), now) is same


def test_sums_go_to_their_own_asset() -> None:
    more: dict[str, Any] = {"deposited": Decimal(5), "deposited_value": Decimal(7), "deposited_worth": Decimal(8)}
    found = with_sums(anchor(coins("5", "1"), coins("1", "1", asset="ETH")), {"BTC": coins("9", None, **more)})
    assert found.coins == (coins("5", "1", **more), coins("1", "1", asset="ETH"))


def test_transfers_are_those_of_the_books_own_accounts() -> None:
    made = running(50_000)
    made._ledger.wallets.transfers = {("paper", "USDT"): Decimal(7), ("other", "USDT"): Decimal(9)}
    assert seed_now(made).transfers == (("paper", "USDT", Decimal(7)),)
