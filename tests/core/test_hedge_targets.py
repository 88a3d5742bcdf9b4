"""What a hedge is to reach: a ratio, an amount of money or coins, a floor, or a share by beta on another coin."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given

from core.books import Account, Book, Hedge, Lot
from core.commands import SetTarget, StageHedge, StepTarget, UndoTarget
from core.config import parse_config
from core.demo_book import seed_book
from core.engine import Engine
from core.errors import ConfigError, ConfigErrors, RequestError
from core.events import FundingPayment
from core.hedge_targets import Wanted, of_beta, of_coins, of_floor, of_money, of_ratio, proxy_coins, resolve
from core.journal import open_journal
from core.snapshot import HedgeLine
from tests.core.money import PRICES, decimals
from tests.support.builders import (
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
    running,
    spot,
    tiers,
)

BAGS = decimals("0.1", "1000", 3)
SHARES = decimals("0", "1", 4)
PRICE = Decimal(60_000)


# --- each kind -----------------------------------------------------------------------------------------------


def test_half_of_five_bitcoin_said_in_four_ways() -> None:
    """A floor of 270,000 at 48,000: the bag alone is worth 240,000 there, 2.5 short make the other 30,000."""
    ways = [
        of_ratio(Decimal("0.5"), Decimal(5)),
        of_money(Decimal(150_000), Decimal(5), PRICE),
        of_coins(Decimal("2.5"), Decimal(5)),
        of_floor(Decimal(270_000), Decimal(48_000), Decimal(5), PRICE),
    ]
    assert {(wanted.ratio, wanted.coins) for wanted in ways} == {(Decimal("0.5"), Decimal("2.5"))}


@given(BAGS, SHARES, PRICES, SHARES)
def test_a_floor_is_met_at_the_worst_price_and_above_it_and_not_with_less(
    bag: Decimal, share: Decimal, price: Decimal, drop: Decimal
) -> None:
    worst = (price * drop).quantize(Decimal("0.0001"))
    floor = (bag * price * share).quantize(Decimal("0.0001"))
    assume(worst < price and 0 < floor <= bag * price)
    wanted = of_floor(floor, worst, bag, price)
    coins, held = Fraction(wanted.coins), Fraction(bag)

    def worth(at_price: Fraction) -> Fraction:
        return held * at_price + coins * (Fraction(price) - at_price)

    slack = Fraction(floor) / 10**40
    for part in (Fraction(0), Fraction(1, 3), Fraction(1)):
        assert worth(Fraction(worst) + part * (Fraction(price) - Fraction(worst))) >= Fraction(floor) - slack
    assert 0 <= coins <= held * (1 + Fraction(1, 10**40))
    if coins:
        assert abs(worth(Fraction(worst)) - Fraction(floor)) <= slack, "no more is shorted than the floor asks for"
    else:
        assert held * Fraction(worst) >= Fraction(floor)


@given(BAGS, decimals("0.01", "0.99", 2), PRICES, decimals("0.5", "0.99", 2))
def test_a_floor_that_was_hedged_stays_hedged_by_the_same_coins(
    bag: Decimal, share: Decimal, price: Decimal, later: Decimal
) -> None:
    """The price falls and the hedge has earned what the bag lost on its part: nothing more is asked for."""
    floor, worst = bag * price * share, Decimal(0)
    short = of_floor(floor, worst, bag, price).coins
    fallen = price * later
    again = of_floor(floor, worst, bag, fallen, short * (price - fallen)).coins
    assert abs(Fraction(again) - Fraction(short)) <= Fraction(short) / 10**20


@given(BAGS, decimals("0.1", "3", 2), SHARES)
def test_hedging_down_to_a_beta_leaves_that_beta(bag: Decimal, beta: Decimal, share: Decimal) -> None:
    wanted = of_beta(beta * share, beta, bag)
    assert abs((1 - wanted.ratio) * beta - beta * share) < Decimal("1e-25")
    assert wanted.coins == bag * wanted.ratio


def test_a_beta_is_raised_by_a_purchase_and_left_by_nothing() -> None:
    assert of_beta(Decimal(3), Decimal("1.5"), Decimal(2)) == Wanted(ratio=Decimal(-1), coins=Decimal(-2))
    assert of_beta(Decimal("1.5"), Decimal("1.5"), Decimal(2)) == Wanted(ratio=Decimal(0), coins=Decimal(0))


def test_a_floor_at_any_price_is_one_at_zero() -> None:
    assert of_floor(Decimal(150_000), Decimal(0), Decimal(5), PRICE).coins == Decimal("2.5")


def test_a_bag_that_is_worth_the_floor_by_itself_needs_no_hedge() -> None:
    assert of_floor(Decimal(200_000), Decimal(48_000), Decimal(5), PRICE).ratio == 0


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: of_money(Decimal(300_001), Decimal(5), PRICE), "target_money"),
        (lambda: of_money(Decimal(-1), Decimal(5), PRICE), "target_money"),
        (lambda: of_money(Decimal("NaN"), Decimal(5), PRICE), "target_money"),
        (lambda: of_money(Decimal(1), Decimal(5), Decimal(0)), "price"),
        (lambda: of_coins(Decimal("5.1"), Decimal(5)), "target_coins"),
        (lambda: of_coins(Decimal(-1), Decimal(5)), "target_coins"),
        (lambda: of_coins(Decimal(1), Decimal(0)), "bag_quantity"),
        (lambda: of_ratio(Decimal(-1), Decimal(5)), "target_ratio"),
        (lambda: of_beta(Decimal("NaN"), Decimal(1), Decimal(5)), "target_beta"),
        (lambda: of_beta(Decimal(1), Decimal(0), Decimal(5)), "beta"),
        (lambda: of_floor(Decimal(300_001), Decimal(1), Decimal(5), PRICE), "target_floor"),
        (lambda: of_floor(Decimal(0), Decimal(1), Decimal(5), PRICE), "target_floor"),
        (lambda: of_floor(Decimal(1), PRICE, Decimal(5), PRICE), "target_floor_price"),
        (lambda: of_floor(Decimal(1), Decimal(-1), Decimal(5), PRICE), "target_floor_price"),
        (lambda: of_floor(Decimal(1), Decimal(1), Decimal(5), PRICE, Decimal("Infinity")), "hedge_profit"),
        (lambda: proxy_coins(Decimal(5), PRICE, Decimal(0), PRICE), "beta"),
        (lambda: proxy_coins(Decimal(5), PRICE, Decimal(1), Decimal(0)), "contract_price"),
    ],
)  # fmt: skip
def test_what_cannot_be_reached_is_refused_by_name(call: object, key: str) -> None:
    assert callable(call)
    with pytest.raises(RequestError) as refused:
        call()
    assert refused.value.key == key


def test_the_whole_bag_may_be_asked_for_and_no_more() -> None:
    """A floor at what bag and hedge are worth now is the full hedge at any worst price."""
    whole = [
        of_money(Decimal(300_000), Decimal(5), PRICE),
        of_coins(Decimal(5), Decimal(5)),
        of_floor(Decimal(300_000), Decimal(48_000), Decimal(5), PRICE),
        of_floor(Decimal(300_000), Decimal(0), Decimal(5), PRICE),
    ]
    assert {(wanted.ratio, wanted.coins) for wanted in whole} == {(Decimal(1), Decimal(5))}


HEDGE = Hedge(asset="BTC", instrument=LINEAR, account="paper")


def with_target(**target: str | None) -> Hedge:
    values = {key: None if value is None else Decimal(value) for key, value in target.items()}
    return msgspec.structs.replace(HEDGE, **values)


@pytest.mark.parametrize(
    ("target", "price", "profit"),
    [
        ({"target_ratio": "0.5"}, None, None),
        ({"target_coins": "2.5"}, None, None),
        ({"target_money": "150000"}, PRICE, None),
        ({"target_floor": "270000", "target_floor_price": "48000"}, PRICE, Decimal(0)),
    ],
)
def test_a_declared_target_needs_no_more_than_its_kind_does(
    target: dict[str, str], price: Decimal | None, profit: Decimal | None
) -> None:
    wanted = resolve(with_target(**target), Decimal(5), price, profit)
    assert (wanted.ratio, wanted.coins) == (Decimal("0.5"), Decimal("2.5"))


@pytest.mark.parametrize(
    ("target", "price", "profit", "key"),
    [
        ({}, "60000", "0", "target_ratio"),
        ({"target_ratio": "1", "target_coins": "1"}, "60000", "0", "target_coins"),
        ({"target_money": "1"}, None, "0", "price"),
        ({"target_floor": "1"}, "60000", "0", "target_floor_price"),
        ({"target_floor": "1", "target_floor_price": "1"}, "60000", None, "hedge_profit"),
    ],
)
def test_a_target_is_one_and_has_what_it_needs(
    target: dict[str, str], price: str | None, profit: str | None, key: str
) -> None:
    with pytest.raises(RequestError) as refused:
        resolve(
            with_target(**target),
            Decimal(5),
            None if price is None else Decimal(price),
            None if profit is None else Decimal(profit),
        )
    assert refused.value.key == key


# --- in a book -----------------------------------------------------------------------------------------------


def aiming(book: Book | None = None, **target: str) -> Book:
    made = book or seed_book()
    values = {"target_ratio": None, **{key: Decimal(value) for key, value in target.items()}}
    return msgspec.structs.replace(made, hedges=(msgspec.structs.replace(made.hedges[0], **values),))


def line(made: Engine, when: float = 0.1) -> HedgeLine:
    return made.snapshot(at(when)).books[0].hedges[0]


def test_a_target_in_money_follows_the_price() -> None:
    """180,000 of 300,000 is 0.6 of the bag; at 75,000 it is 0.48, and the hedge of 0.5 is above it."""
    made = running(60_000, aiming(target_money="180000"))
    shown = line(made)
    assert (shown.target_ratio.value, shown.drift.value) == (Decimal("0.6"), Decimal("-0.1"))
    assert not shown.target_ratio.estimated, "bag and contract are priced in one currency"
    assert shown.order_to_target.value == Decimal("-0.5")
    feed(made, market_at(1, 75_000))
    assert line(made, 1.1).target_ratio.value == Decimal("0.48")
    assert line(made, 1.1).order_to_target.value == Decimal("0.1")


def test_a_target_in_coins_does_not() -> None:
    made = running(75_000, aiming(target_coins="3"))
    assert (line(made).target_ratio.value, line(made).order_to_target.value) == (Decimal("0.6"), Decimal("-0.5"))


def test_a_floor_counts_what_the_hedge_has_earned() -> None:
    """270,000 at 48,000: 2.5 short from 60,000 hold it, and at 54,000 the same 2.5 still do."""
    made = running(54_000, aiming(target_floor="270000", target_floor_price="48000"))
    assert (line(made).target_ratio.value, line(made).drift.value) == (Decimal("0.5"), Decimal(0))
    assert line(made).order_to_target.absent == "the hedge is at its target: nothing to order"


@pytest.mark.parametrize("paid", [Decimal(6_000), Decimal(-6_000)])
def test_a_floor_counts_funding_that_was_paid_or_received(paid: Decimal) -> None:
    """12,000 a coin from 60,000 down to 48,000: 6,000 more to make up for is half a coin more to hedge."""
    made = running(60_000, aiming(target_floor="270000", target_floor_price="48000"))
    payment = FundingPayment(
        account="paper", payment_id="1", instrument=LINEAR, amount=-paid, asset="USDT",
        rate=Decimal("0.0001"), mark_price=Decimal(60_000), settled_ns=at(0), received_ns=at(0.1),
    )  # fmt: skip
    made.apply(payment)
    assert line(made, 0.2).target_ratio.value == Decimal("0.5") + paid / 60_000
    assert line(made, 0.2).order_to_target.value == -paid / 12_000


def test_a_floor_that_is_lost_is_no_target_of_zero() -> None:
    shown = line(running(47_000, aiming(target_floor="270000", target_floor_price="48000")))
    assert not shown.target_ratio.known
    assert "target_floor_price: expected a price below the present one" in shown.target_ratio.missing[0]
    assert not shown.order_to_target.known
    assert shown.ratio.value == Decimal("0.5")


def test_without_a_price_of_the_bag_a_target_in_money_is_unknown_by_name() -> None:
    made = engine(aiming(target_money="180000"))
    feed(made, reference())
    assert not line(made).target_ratio.known
    assert f"bid price of {SPOT}" in line(made).target_ratio.missing


def test_an_amount_is_staged_as_it_is_and_not_moved_by_steps() -> None:
    made = running(60_000, aiming(target_money="180000"))
    made.command(StageHedge(book="bitcoin", instrument=LINEAR), at(0.1))
    stage = made.snapshot(at(0.1)).stage
    assert stage is not None
    assert (stage.side, stage.quantity.value, stage.after.ratio.value) == ("sell", Decimal("0.5"), Decimal("0.6"))
    for command in (
        StepTarget(book="bitcoin", instrument=LINEAR, step=Decimal("0.1")),
        SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.1")),
    ):
        made.command(command, at(0.2))
        assert "is no ratio but an amount" in made.snapshot(at(0.2)).message
    made.command(UndoTarget(book="bitcoin"), at(0.3))
    assert line(made, 0.3).target_ratio.value == Decimal("0.6")


def test_an_inverse_hedge_reaches_a_floor_too() -> None:
    made = engine(aiming(inverse_book("0", None), target_floor="270000", target_floor_price="48000"))
    name = "bybit:inverse:BTCUSD"
    feed(made, listed(name), listed(SPOT), tiers(name), perpetual(0, 60_000, name), spot(0, 60_000))
    shown = line(made)
    assert (shown.target_ratio.value, shown.target_ratio.estimated) == (Decimal("0.5"), True), "USDT counted as USD"
    assert shown.order_to_target.value == -150_000


@pytest.mark.parametrize("price", [49_000, 54_000, 60_000, 72_000])
def test_coins_that_an_inverse_hedge_has_won_count_once_towards_a_floor(price: int) -> None:
    """Short 150,000 USD from 60,000 keeps 270,000 at 48,000, and goes on keeping it wherever the price is: the coins
    won are in the bag, and are not counted as a profit in dollars besides."""
    made = engine(aiming(inverse_book(), target_floor="270000", target_floor_price="48000"))
    name = "bybit:inverse:BTCUSD"
    feed(made, listed(name), listed(SPOT), tiers(name, first_cap="100"), perpetual(0, price, name), spot(0, price))
    shown = line(made)
    assert shown.drift.value == pytest.approx(Decimal(0), abs=Decimal("1e-30"))
    assert shown.order_to_target.absent == "the hedge is at its target: nothing to order"


def test_a_target_that_its_user_rewrote_leaves_the_position_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for book, target in (
        (aiming(target_money="180000"), "0.6"),
        (aiming(target_coins="1"), "0.2"),
        (seed_book(), "0.5"),
    ):
        journal = open_journal(path)
        made = engine(book, journal=journal)
        feed(made, reference(), market_at(0, 60_000))
        assert (line(made).target_ratio.value, line(made).quantity.value) == (Decimal(target), Decimal("-2.5"))
        made.command(SetTarget(book="bitcoin", instrument=LINEAR, ratio=Decimal("0.3")), at(0.2))
        journal.close()


# --- by beta on another coin ---------------------------------------------------------------------------------

ETH_SPOT = "bybit:spot:ETHUSDT"


def proxy(*, own: bool = False) -> Book:
    """100 ETH at 3,000 hedged on BTC with a beta of 1.2: 360,000 beta-dollars, 6 BTC at 60,000."""
    account = Account(name="paper", venue="bybit", settle="USDT", wallet_balance=Decimal(500_000))
    on_bitcoin = Hedge(
        asset="ETH", instrument=LINEAR, account="paper", target_ratio=Decimal("0.5"), beta=Decimal("1.2"),
        quantity=Decimal("-1.5"), entry_price=PRICE, isolated_margin=Decimal(45_000),
    )  # fmt: skip
    on_ether = Hedge(
        asset="ETH", instrument="bybit:linear:ETHUSDT", account="paper", target_ratio=Decimal("0.2"),
        quantity=Decimal(-20), entry_price=Decimal(3000), isolated_margin=Decimal(30_000),
    )  # fmt: skip
    lot = Lot(asset="ETH", quantity=Decimal(100), cost=Decimal(3000), price=ETH_SPOT)
    hedges = (on_bitcoin, on_ether) if own else (on_bitcoin,)
    return Book(name="ether", lots=(lot,), hedges=hedges, accounts=(account,))


def proxied(book: Book, *, ether: int | None = 3000) -> Engine:
    made = engine(book)
    feed(made, reference(), market_at(0, 60_000), listed(ETH_SPOT), listed("bybit:linear:ETHUSDT"))
    if ether is not None:
        feed(made, spot(0, ether, ETH_SPOT), perpetual(0, ether, "bybit:linear:ETHUSDT"))
    return made


def test_a_proxy_hedges_beta_dollars() -> None:
    """1.5 BTC short are 90,000 of 360,000: a quarter; half of them are 3 BTC."""
    shown = line(proxied(proxy()))
    assert (shown.ratio.value, shown.order_to_target.value) == (Decimal("0.25"), Decimal("-1.5"))
    assert shown.ratio.estimated, "a fixed beta is an estimate"
    assert proxy_coins(Decimal(100), Decimal(3000), Decimal("1.2"), PRICE) == 6


def test_hedges_of_one_bag_share_it() -> None:
    view = proxied(proxy(own=True)).snapshot(at(0.1)).books[0]
    assert [hedge.ratio.value for hedge in view.hedges] == [Decimal("0.25"), Decimal("0.2")]
    assert (view.totals.ratio.value, view.totals.target_ratio.value) == (Decimal("0.45"), Decimal("0.7"))


def test_a_bag_is_never_priced_by_the_index_of_its_proxy() -> None:
    """Without a spot price of ETH its proxy's index, a price of BTC, must not stand in."""
    view = proxied(proxy(), ether=None).snapshot(at(0.1)).books[0]
    assert not view.bag[0].price.known
    assert not view.hedges[0].ratio.known
    assert not view.hedges[0].order_to_target.known
    unpriced = msgspec.structs.replace(proxy(), lots=(msgspec.structs.replace(proxy().lots[0], price=None),))
    bag = proxied(unpriced).snapshot(at(0.1)).books[0].bag[0]
    assert bag.price.missing == ("price of ETH",)


# --- configuration -------------------------------------------------------------------------------------------

TEXT = """\
[[accounts]]
name = "usdt"
venue = "bybit"
settle = "USDT"
wallet_balance = 1000

[[books]]
name = "main"
lots = [{ asset = "ETH", quantity = 100, price = "bybit:spot:ETHUSDT" }]

[[books.hedges]]
asset = "ETH"
instrument = "bybit:linear:BTCUSDT"
account = "usdt"
beta = 1.2
target_money = 100_000
"""


def test_a_file_may_give_any_one_target() -> None:
    hedge = parse_config(TEXT, Path("c.toml")).books[0].hedges[0]
    assert (hedge.target_money, hedge.target_ratio, hedge.beta) == (Decimal(100_000), None, Decimal("1.2"))
    floor = TEXT.replace("target_money = 100_000", "target_floor = 250000\ntarget_floor_price = 0")
    hedge = parse_config(floor, Path("c.toml")).books[0].hedges[0]
    assert (hedge.target_floor, hedge.target_floor_price) == (Decimal(250_000), Decimal(0))


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("target_money = 100_000\n", "", "target_ratio", "exactly one of target_ratio, target_money, target_coins"),
        ("target_money", "target_ratio = 0.5\ntarget_money", "target_money", "only one target (target_ratio is given)"),
        ("target_money = 100_000", "target_floor = 1", "target_floor_price", "the worst price at which the floor"),
        ("beta = 1.2", "target_floor_price = 1\nbeta = 1", "target_floor_price", "target_floor beside it"),
        ("target_money = 100_000", "target_money = -1", "target_money", "a number from 0"),
        ("target_money = 100_000", "target_floor = 0", "target_floor", "a number above 0"),
        ("beta = 1.2\n", "", "instrument", "a contract on ETH, the coin it hedges, or beta beside it"),
        ("beta = 1.2", "beta = 0", "beta", "a number above 0"),
        ("linear:BTCUSDT", "linear:ETHUSDT", "beta", "nothing: bybit:linear:ETHUSDT is on ETH itself"),
    ],
)
def test_targets_that_contradict_are_refused(old: str, new: str, key: str, expected: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        parse_config(TEXT.replace(old, new, 1), Path("c.toml"))
    error = caught.value
    found = {item.key: item.expected for item in (error.errors if isinstance(error, ConfigErrors) else (error,))}
    assert expected in found[f"books[0].hedges[0].{key}"]


def test_a_floor_is_of_a_bag_with_one_hedge_and_a_proxy_gives_no_index_price() -> None:
    second = '[[books.hedges]]\nasset = "ETH"\ninstrument = "bybit:linear:ETHUSDT"\naccount = "usdt"\n'
    text = TEXT + second + "target_floor = 1\ntarget_floor_price = 0\n"
    with pytest.raises(ConfigError, match="the only hedge of ETH"):
        parse_config(text, Path("c.toml"))
    with pytest.raises(ConfigError, match="no hedge of ETH gives an index price"):
        parse_config(TEXT.replace(', price = "bybit:spot:ETHUSDT"', ""), Path("c.toml"))
