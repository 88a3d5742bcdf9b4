"""The book that scenarios run on, as it is made of a live one: prices in dollars, funding, fees, each coin once."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.book_scenario import Built, build, order_unit
from core.books import Account, Book, Collateral, Hedge, Lot, MarginMode
from core.demo_book import seed_book
from core.engine import Engine
from core.events import AnyEvent
from core.figures import unknown
from core.hedged_book import HedgedBook
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    at,
    engine,
    feed,
    inverse_book,
    listed,
    market_at,
    perpetual,
    reference,
    spot,
    ticker,
    tiers,
)

D = Decimal
ETH_PAIR = "bybit:spot:ETHUSDT"


def made_of(book: Book, *events: AnyEvent) -> tuple[Engine, Built]:
    """An engine on the book that has seen these, and what scenarios of it run on."""
    made = engine(book)
    feed(made, reference(), list(events))
    bag = made.snapshot(at(1)).books[0].bag
    return made, build(made._valuation.standing(book, bag, at(1)))


def built(book: Book, *events: AnyEvent) -> HedgedBook:
    found = made_of(book, *events)[1]
    assert found.book is not None, found.ground.missing
    return found.book


def coin_margined(*events: AnyEvent, book: Book | None = None) -> HedgedBook:
    """A mark of 60,000, and a bag that is priced at 59,000."""
    market = (listed(INVERSE), tiers(INVERSE), perpetual(0, 60_000, INVERSE), spot(0, 59_000))
    return built(book or inverse_book(), *market, *events)


def test_a_settle_coin_is_worth_the_mark_of_the_accounts_own_contract() -> None:
    """Liquidation prices are marks: what backs the account goes by the same."""
    held = coin_margined()
    backing, idle = held.pools
    assert [(leg.mark_price, leg.settle_price) for leg in backing.legs] == [(D(60_000), D(60_000))]
    assert [(coin.asset, coin.amount, coin.price) for coin in backing.collateral] == [("BTC", D("1.25"), D(60_000))]
    assert [(coin.asset, coin.amount, coin.price) for coin in idle.collateral] == [("BTC", D("3.75"), D(60_000))]
    assert held.spot == (), "all of the bag lies in the account"


def test_a_settle_coin_of_an_account_that_holds_nothing_is_worth_what_the_bag_is() -> None:
    flat = coin_margined(book=inverse_book("0", margin=None))
    (idle,) = flat.pools
    assert not idle.legs
    assert [(coin.asset, coin.amount, coin.price) for coin in idle.collateral] == [("BTC", D(5), D(59_000))]
    assert flat.spot == ()


def test_coins_that_back_a_coin_margined_account_are_priced_in_dollars() -> None:
    """They are told in the account's own coin: 0.00001667 BTC each, at 60,000."""
    pair, book = "bybit:spot:USDCBTC", inverse_book(margin=None)
    dollars = Collateral(asset="USDC", quantity=D(10_000), ratio=D("0.9"), price=pair)
    account = msgspec.structs.replace(
        book.accounts[0], margin_mode=MarginMode.CROSS, multi_asset=True, collateral=(dollars,)
    )
    described = listed(pair)
    instrument = msgspec.structs.replace(described.instrument, base="USDC", quote="BTC")
    held = coin_margined(
        msgspec.structs.replace(described, instrument=instrument),
        ticker(0, pair, bid="0.00001666", ask="0.00001668"),
        book=msgspec.structs.replace(book, accounts=(account,)),
    )
    (pool,) = held.pools
    assert {coin.asset: (coin.amount, coin.price) for coin in pool.collateral} == {
        "BTC": (D(5), D(60_000)),
        "USDC": (D(10_000), D("1.0002")),
    }


def test_funding_is_paid_as_often_as_the_contract_says() -> None:
    for interval in (1, 4, 8):
        often = ticker(0, mark=60_000, index=60_000, rate="0.0001", interval=interval)
        pool = built(seed_book(), often, spot(0, 60_000)).pools[0]
        assert [leg.funding_interval_hours for leg in pool.legs] == [interval]
        assert [leg.funding_rate for leg in pool.legs] == [D("0.0001")]


@pytest.mark.parametrize("size", ["1", "100"])
def test_a_fee_for_each_contract_is_a_fraction_of_what_one_is_worth(size: str) -> None:
    """0.000001 BTC for a contract of 1 USD at 60,000 is 6% of it, and a hundredth of that for one of 100 USD."""
    described = listed(INVERSE, contract_size=size)
    charged = msgspec.structs.replace(described.instrument, fee_per_contract=D("0.000001"))
    held = coin_margined(msgspec.structs.replace(described, instrument=charged))
    assert [leg.taker_fee_rate * D(size) for leg in held.pools[0].legs] == [D("0.06")]


def test_a_maker_that_is_paid_for_trades_is_not_charged_less_than_nothing() -> None:
    paid = msgspec.structs.replace(seed_book().accounts[0], taker_fee=D("-0.0001"))
    held = built(msgspec.structs.replace(seed_book(), accounts=(paid,)), *market_at(0, 60_000))
    assert [leg.taker_fee_rate for leg in held.pools[0].legs] == [0]


def test_a_coin_of_which_there_is_none_needs_no_price() -> None:
    none = Lot(asset="ETH", quantity=D(0), cost=D(3_000), price=ETH_PAIR)
    book = msgspec.structs.replace(seed_book(), lots=(*seed_book().lots, none))
    assert [item.asset for item in built(book, *market_at(0, 60_000)).spot] == ["BTC"]
    one = msgspec.structs.replace(book, lots=(*seed_book().lots, msgspec.structs.replace(none, quantity=D(1))))
    found = made_of(one, *market_at(0, 60_000))[1]
    assert found.book is None
    assert any(ETH_PAIR in gap for gap in found.ground.missing)


def test_a_quantity_that_is_not_known_makes_the_book_unknown_and_says_so() -> None:
    made = made_of(seed_book(), *market_at(0, 60_000))[0]
    (line,) = made.snapshot(at(1)).books[0].bag
    bag = (msgspec.structs.replace(line, quantity=unknown("what the exchange holds")),)
    found = build(made._valuation.standing(seed_book(), bag, at(1)))
    assert found.book is None
    assert found.ground.missing == ("what the exchange holds",)


def test_what_is_posted_is_no_longer_in_the_bag_and_never_less_than_nothing() -> None:
    backing = Collateral(asset="BTC", quantity=D(9), ratio=D("0.9"), price=SPOT)
    account = Account(
        name="unified", venue="bybit", settle="USDT", wallet_balance=D(50_000), multi_asset=True,
        collateral=(backing,), margin_mode=MarginMode.CROSS,
    )  # fmt: skip
    hedge = msgspec.structs.replace(seed_book().hedges[0], account="unified", isolated_margin=None)
    book = msgspec.structs.replace(seed_book(), accounts=(account,), hedges=(hedge,))
    held = built(book, *market_at(0, 60_000))
    assert held.spot == ()
    assert {coin.asset: coin.amount for coin in held.pools[0].collateral} == {"USDT": 50_000, "BTC": 9}


def test_positions_that_stand_alone_are_named_by_their_contracts() -> None:
    name = "bybit:linear:BTCUSDC"
    seed = seed_book()
    second = Hedge(
        asset="BTC", instrument=name, account="paper", target_ratio=D("0.1"), quantity=D("-0.5"),
        entry_price=D(60_000), isolated_margin=D(15_000),
    )  # fmt: skip
    book = msgspec.structs.replace(seed, hedges=(*seed.hedges, second))
    held = built(book, listed(name), tiers(name), *market_at(0, 60_000), perpetual(0, 60_000, name))
    *alone, idle = held.pools
    assert [pool.name for pool in alone] == ["paper BTCUSDT", "paper BTCUSDC"]
    assert [coin.amount for pool in alone for coin in pool.collateral] == [75_000, 15_000]
    assert [pool.isolated for pool in alone] == [True, True]
    assert (idle.name, idle.account, idle.legs) == ("paper idle", "paper", ())
    assert [coin.amount for coin in idle.collateral] == [seed.accounts[0].wallet_balance - 75_000 - 15_000]


def test_a_quantity_is_counted_in_coins_dollars_or_contracts() -> None:
    (linear,) = built(seed_book(), *market_at(0, 60_000)).pools[0].legs
    (inverse,) = coin_margined().pools[0].legs
    (lots,) = built(seed_book(), listed(LINEAR, contract_size="0.001"), *market_at(0, 60_000)).pools[0].legs
    assert [order_unit(leg) for leg in (linear, inverse, lots)] == ["BTC", "USD", "contracts"]
