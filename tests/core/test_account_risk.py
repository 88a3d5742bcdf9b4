"""Accounts of an odd kind, all the way through an engine: each figure is right, or says what it lacks."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.books import Account, Book, Collateral, Hedge, Lot, MarginMode, PositionMode
from core.demo_book import seed_book
from core.engine import Engine
from core.events import BalanceUpdate, Fill, FundingPayment, InstrumentListed, PositionUpdate
from core.legs import Leg
from core.risk import USED_UP
from core.snapshot import AccountView, BookView, DeathView
from tests.support.builders import (
    INVERSE,
    LINEAR,
    SPOT,
    START,
    at,
    engine,
    feed,
    inverse_book,
    listed,
    perpetual,
    reference,
    running,
    spot,
    tiers,
)

ETH = "bybit:linear:ETHUSDT"
ETH_SPOT = "bybit:spot:ETHUSDT"


def shown(made: Engine, when: float = 0.1) -> BookView:
    return made.snapshot(at(when)).books[0]


def with_account(book: Book, **changes: object) -> Book:
    return msgspec.structs.replace(book, accounts=(msgspec.structs.replace(book.accounts[0], **changes),))


def cross(book: Book, **changes: object) -> Book:
    hedges = tuple(msgspec.structs.replace(hedge, isolated_margin=None) for hedge in book.hedges)
    changed = with_account(book, margin_mode=MarginMode.CROSS, **changes)
    return msgspec.structs.replace(changed, hedges=hedges)


def report(quantity: str, name: str = LINEAR, /, **changes: object) -> PositionUpdate:
    told = PositionUpdate(
        received_ns=at(0.05), account="paper", instrument=name, quantity=Decimal(quantity), entry_price=Decimal(60_000)
    )
    return msgspec.structs.replace(told, **changes)


def death(account: AccountView, coin: str) -> DeathView:
    return next(item for item in account.deaths if item.coin == coin)


# --- a contract that has expired -----------------------------------------------------------------------------


def expiring(name: str, seconds: float) -> InstrumentListed:
    told = listed(name)
    return msgspec.structs.replace(told, instrument=msgspec.structs.replace(told.instrument, expiry_ns=at(seconds)))


@pytest.mark.parametrize("mode", [MarginMode.ISOLATED, MarginMode.CROSS])
def test_an_expired_contract_hedges_nothing_that_is_known(mode: MarginMode) -> None:
    """Its delta and its isolated liquidation price need no mark price, and would stay as they were for ever."""
    made = running(60_000, cross(seed_book()) if mode is MarginMode.CROSS else seed_book())
    feed(made, expiring(LINEAR, 1))
    assert shown(made, 0.9).hedges[0].ratio.value == Decimal("0.5")
    book = shown(made, 1)
    line, account = book.hedges[0], book.accounts[0]
    gap = (f"settlement of {LINEAR}, which expired on 2026-08-09",)
    for name in ("quantity", "delta", "ratio", "liquidation_price", "margin_usage", "account_liquidation"):
        assert getattr(line, name).missing[:1] == gap, name
    assert account.margin_balance.missing == account.margin_usage.missing == gap
    assert not book.totals.ratio.known
    feed(made, report("0", received_ns=at(1.1)))
    assert shown(made, 1.2).hedges[0].ratio.value == 0, "the venue has settled it: nothing is held"


# --- hedge mode ----------------------------------------------------------------------------------------------


def both_legs(long: str, short: str, wallet: str = "40000") -> Engine:
    seed = cross(seed_book(), venue="binance", position_mode=PositionMode.HEDGE, wallet_balance=Decimal(wallet))
    hedges = tuple(msgspec.structs.replace(hedge, leg=Leg.SHORT) for hedge in seed.hedges)
    made = running(60_000, msgspec.structs.replace(seed, hedges=hedges))
    feed(made, report(long, leg=Leg.LONG), report(short, leg=Leg.SHORT))
    return made


def test_a_short_leg_under_a_larger_long_one_is_liquidated_by_a_fall() -> None:
    """3.5 long and 2.5 short on 40,000: a fall to 20,603 ends both, and is 66% away from the short too."""
    line = shown(both_legs("3.5", "-2.5")).hedges[0]
    expected = (Decimal(60_000) - 40_000) / (1 - 6 * Decimal("0.005"))
    assert line.liquidation_price.value == pytest.approx(expected)
    assert line.liquidation_distance.value == pytest.approx(1 - expected / 60_000)
    assert line.account_liquidation.value == pytest.approx(expected)
    assert line.account_liquidation_distance.value == pytest.approx(1 - expected / 60_000)
    assert line.bankruptcy_price.value == pytest.approx(Decimal(20_000))
    assert line.touch_day.value != 1


def test_a_short_leg_over_a_smaller_long_one_is_liquidated_by_a_rise() -> None:
    line = shown(both_legs("1.5", "-2.5")).hedges[0]
    expected = Decimal(100_000) / (1 + 4 * Decimal("0.005"))
    assert line.liquidation_price.value == pytest.approx(expected)
    assert line.liquidation_distance.value == pytest.approx(expected / 60_000 - 1)


def test_legs_that_cancel_out_are_liquidated_by_a_rise_of_the_requirement() -> None:
    line = shown(both_legs("2.5", "-2.5", "3000")).hedges[0]
    assert line.liquidation_price.value == pytest.approx(Decimal(120_000))
    assert line.liquidation_distance.value == pytest.approx(Decimal(1))


def test_the_side_that_hurts_is_not_guessed_while_the_other_leg_is_unknown() -> None:
    """The venue's price is known and the position behind it is not: nobody knows on which side of it safety lies."""
    made = both_legs("3.5", "-2.5")
    feed(made, report("-2.5", leg=Leg.SHORT, liquidation_price=Decimal(20_000)))
    assert shown(made).hedges[0].liquidation_distance.value == pytest.approx(Decimal(2) / 3)
    feed(made, report("-3.5", leg=Leg.LONG))
    line = shown(made).hedges[0]
    assert line.liquidation_venue.value == 20_000
    assert line.liquidation_distance.missing
    assert line.account_liquidation_distance.missing


def test_legs_that_cancel_out_in_a_contract_that_nobody_has_described_stop_nothing() -> None:
    seed = cross(seed_book(), venue="binance", position_mode=PositionMode.HEDGE)
    hedge = msgspec.structs.replace(seed.hedges[0], leg=Leg.SHORT, quantity=Decimal(-1))
    made = engine(msgspec.structs.replace(seed, hedges=(hedge,)))
    feed(made, report("1", leg=Leg.LONG), report("-1", leg=Leg.SHORT), perpetual(0.1, 60_000))
    line = shown(made).hedges[0]
    assert line.quantity.value == -1
    for figure in (line.liquidation_price, line.liquidation_distance, line.account_liquidation, line.margin_usage):
        assert figure.missing


def test_legs_past_their_requirement_are_past_it_whichever_is_larger() -> None:
    for long, short in (("3.5", "-2.5"), ("1.5", "-2.5"), ("2.5", "-2.5")):
        line = shown(both_legs(long, short, "1000")).hedges[0]
        away = line.liquidation_distance
        assert away.absent == USED_UP or (away.value is not None and away.value < 0), (long, short)


# --- coins that back an account ------------------------------------------------------------------------------


def backed(settle: str, pair: str) -> Account:
    return msgspec.structs.replace(
        seed_book().accounts[0],
        settle=settle,
        margin_mode=MarginMode.CROSS,
        multi_asset=True,
        collateral=(Collateral(asset="ETH", quantity=Decimal(10), price=pair, ratio=Decimal(1)),),
    )


def test_coins_behind_a_coin_settled_account_are_not_worth_so_many_of_its_coins_as_dollars() -> None:
    """10 ETH at 3,000 USDT are not 30,000 BTC."""
    book = inverse_book(margin=None)
    account = msgspec.structs.replace(backed("BTC", ETH_SPOT), name="coins", wallet_balance=Decimal(1))
    made = engine(msgspec.structs.replace(book, accounts=(account,)))
    feed(made, listed(INVERSE), listed(SPOT), listed(ETH_SPOT), tiers(INVERSE, first_cap="100"))
    feed(made, perpetual(0, 60_000, INVERSE), spot(0, 60_000), spot(0, 3_000, ETH_SPOT))
    view = shown(made)
    for figure in (view.accounts[0].margin_balance, view.accounts[0].margin_usage, view.hedges[0].liquidation_price):
        assert figure.missing == ("rate of USDT in BTC",)


@pytest.mark.parametrize("described", [True, False])
def test_collateral_priced_in_another_dollar_counts_at_par_by_estimate(described: bool) -> None:
    pair = "bybit:spot:ETHUSDC"
    for name, at_par in ((ETH_SPOT, False), (pair, True)):
        made = running(60_000, msgspec.structs.replace(cross(seed_book()), accounts=(backed("USDT", name),)))
        if described:
            told = listed(name)
            instrument = msgspec.structs.replace(told.instrument, quote=name.removeprefix("bybit:spot:ETH"))
            feed(made, msgspec.structs.replace(told, instrument=instrument))
        feed(made, spot(0, 3_000, name))
        balance = shown(made).accounts[0].margin_balance
        assert balance.value == 230_000
        assert balance.estimated is at_par


@pytest.mark.parametrize(
    ("asset", "amount", "worth"),
    [("SOL", "10", 0), ("SOL", "0", 0), ("SOL", "-10", None), ("USDC", "1000", 0), ("USDC", "-1000", -1000)],
)
def test_a_coin_of_no_declared_weight_counts_for_nothing_and_a_debt_of_it_in_full(
    asset: str, amount: str, worth: int | None
) -> None:
    made = running(60_000, cross(seed_book(), multi_asset=True))
    before = shown(made).accounts[0].margin_balance
    told = BalanceUpdate(received_ns=at(0.05), account="paper", asset=asset, wallet_balance=Decimal(amount))
    feed(made, told)
    account = shown(made).accounts[0]
    assert before.value is not None
    if worth is None:
        assert account.margin_balance.missing == account.margin_usage.missing == (f"price of {asset}",)
        return
    assert account.margin_balance.value == before.value + worth
    assert account.margin_balance.estimated is bool(worth), "a dollar is worth a dollar by estimate"
    assert account.margin_usage.known


# --- what ends a cross account ------------------------------------------------------------------------------------


def crossed(*more: Hedge, wallet: int = 60_000) -> Engine:
    """The seed's short of 2.5 BTC in a cross account, with other positions beside it."""
    seed = cross(seed_book(), wallet_balance=Decimal(wallet))
    made = running(60_000, msgspec.structs.replace(seed, hedges=(*seed.hedges, *more)))
    feed(made, perpetual(0, 3_000, ETH))
    return made


def held_eth(quantity: str) -> Hedge:
    return Hedge(
        asset="ETH", instrument=ETH, account="paper", target_ratio=Decimal(0), quantity=Decimal(quantity),
        entry_price=Decimal(3_000) if Decimal(quantity) else None,
    )  # fmt: skip


@pytest.mark.parametrize("quantity", ["0.5", "-0.5", "60", "-60"])
def test_each_coin_has_its_own_end_on_the_side_that_hurts_and_a_distance_to_it(quantity: str) -> None:
    made = crossed(held_eth(quantity))
    feed(made, listed(ETH), tiers(ETH))
    book = shown(made)
    for coin, price, short in (("BTC", 60_000, True), ("ETH", 3_000, Decimal(quantity) < 0)):
        end = death(book.accounts[0], coin)
        assert end.price.value == price
        for side, away, sign in ((end.above, end.distance_above, 1), (end.below, end.distance_below, -1)):
            if side.value is None:
                assert away.absent == side.absent != ""
            else:
                assert away.value == pytest.approx(sign * (side.value - price) / price)
        facing = end.above if short else end.below
        assert facing.value is not None or abs(Decimal(quantity)) < 1, "half an ether cannot end 60,000"
        assert (end.below if short else end.above).absent


@pytest.mark.parametrize(("venue", "exact"), [("binance", True), ("bybit", False), ("weex", False)])
def test_the_end_of_an_account_is_exact_where_the_rules_of_its_venue_are(venue: str, exact: bool) -> None:
    line = shown(running(60_000, cross(seed_book(), venue=venue))).hedges[0]
    assert line.account_liquidation.value is not None
    assert line.account_liquidation.estimated is not exact


@pytest.mark.parametrize("price", [70_000, 66_000])
def test_coins_that_are_owed_are_no_equity_however_few(price: int) -> None:
    """0.1 BTC against a short of 150,000 USD: what is missing is less than a coin."""
    book = cross(inverse_book(margin=None), venue="binance", wallet_balance=Decimal("0.1"))
    made = engine(book)
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE), perpetual(0, price, INVERSE), spot(0, price))
    account = shown(made).accounts[0]
    assert account.margin_balance.value is not None
    assert -1 < account.margin_balance.value < 0
    assert account.ratio.absent == account.margin_usage.absent == USED_UP


def test_what_a_position_is_on_must_be_known_before_any_end_is_told() -> None:
    assert [item.coin for item in shown(crossed()).accounts[0].deaths] == ["BTC"]
    assert [item.coin for item in shown(crossed(held_eth("0"))).accounts[0].deaths] == ["BTC"]
    assert shown(crossed(held_eth("-1"))).accounts[0].deaths == ()
    described = crossed(held_eth("0"))
    feed(described, listed(ETH), tiers(ETH))
    assert [item.coin for item in shown(described).accounts[0].deaths] == ["BTC"], "nothing is held on it"


# --- several pools -------------------------------------------------------------------------------------------


def two_pools(venue: str = "bybit") -> Engine:
    other = Hedge(
        asset="BTC", instrument=ETH, account="paper", target_ratio=Decimal(0), beta=Decimal(1),
        quantity=Decimal(-10), entry_price=Decimal(3_000), isolated_margin=Decimal(15_000),
    )  # fmt: skip
    seed = with_account(seed_book(), venue=venue)
    made = running(60_000, msgspec.structs.replace(seed, hedges=(*seed.hedges, other)))
    feed(made, listed(ETH), perpetual(0, 5_000, ETH))
    return made


def test_a_pool_that_is_past_its_requirement_is_not_hidden_by_one_that_is_unknown() -> None:
    """The short of ETH is past liquidation; then the tiers of the other contract are gone."""
    made = two_pools()
    feed(made, tiers(ETH))
    assert death(shown(made).accounts[0], "ETH").above.absent == USED_UP
    broken = tiers(LINEAR)
    first = msgspec.structs.replace(broken.table.tiers[0], rate=Decimal(2))
    feed(made, msgspec.structs.replace(broken, table=msgspec.structs.replace(broken.table, tiers=(first,))))
    account = shown(made).accounts[0]
    assert account.margin_usage.absent == USED_UP
    for coin in ("BTC", "ETH"):
        assert death(account, coin).above.absent == death(account, coin).below.absent == USED_UP


def test_of_positions_past_liquidation_the_one_with_nothing_left_leads_though_another_is_unknown() -> None:
    """At 89,700 the short of bitcoin has 750 left for 1,121; the short of ether owes 5,000."""
    made, sol = two_pools(), "bybit:linear:SOLUSDT"
    feed(made, tiers(ETH), listed(sol), perpetual(0, 150, sol), report("-1", sol, entry_price=Decimal(150)))
    feed(made, perpetual(0.06, 89_700))
    book = shown(made)
    past = book.hedges[0].margin_usage.value
    assert past is not None
    assert past > 1
    assert book.hedges[1].margin_usage.absent == book.accounts[0].margin_usage.absent == USED_UP
    feed(made, perpetual(0.07, 3_000, ETH))
    assert shown(made).accounts[0].margin_usage.value == past


def test_a_venues_ratio_over_no_equity_is_used_up_by_the_same_word() -> None:
    """Binance divides by the equity: what reads the figure must know that it is worse than any number."""
    made = running(80_000, cross(seed_book(), venue="binance", wallet_balance=Decimal(40_000)))
    account = shown(made).accounts[0]
    assert account.ratio.absent == account.margin_usage.absent == USED_UP


@pytest.mark.parametrize(
    ("venue", "label", "worse"),
    [("bybit", "MM rate", "higher"), ("okx", "maintenance margin ratio", "lower"), ("weex", "margin rate", "lower")],
)
def test_a_margin_ratio_bears_the_venues_name_for_it(venue: str, label: str, worse: str) -> None:
    for book in (cross(seed_book(), venue=venue), with_account(seed_book(), venue=venue)):
        account = shown(running(60_000, book)).accounts[0]
        assert (account.ratio_label, account.usage_label, account.ratio_worse) == (label, label, worse)
    several = shown(two_pools(venue)).accounts[0]
    assert (several.ratio_label, several.usage_label) == (label, f"{label}, worst position")
    untold = shown(engine(seed_book())).accounts[0]
    assert (untold.ratio_label, untold.usage_label, untold.ratio_worse) == ("margin usage", "margin usage", "higher")


def test_an_unknown_pool_hides_what_is_not_past() -> None:
    made = two_pools()
    feed(made, perpetual(0.01, 3_000, ETH))
    assert death(shown(made).accounts[0], "BTC").above.missing == (f"maintenance tiers of {ETH}",)


def test_the_nearest_end_is_an_estimate_where_a_pool_without_one_is() -> None:
    """A margin that was only reckoned may be what spares a pool: the end of the others is then no exact one either."""
    made = two_pools("binance")
    feed(made, tiers(ETH), perpetual(0.01, 3_000, ETH))
    assert not death(shown(made).accounts[0], "BTC").above.estimated
    feed(
        made,
        FundingPayment(
            received_ns=at(0.05), account="paper", payment_id="1", instrument=ETH, amount=Decimal(-1), asset="USDT",
            rate=Decimal("0.0001"), mark_price=Decimal(3_000), settled_ns=START, estimated=True,
        ),
    )  # fmt: skip
    assert death(shown(made).accounts[0], "BTC").above.estimated


# --- coins won -----------------------------------------------------------------------------------------------


def sol_on_bitcoin() -> Engine:
    """1,000 SOL hedged by proxy with 60,000 USD of the coin-margined contract on BTC, at leverage 2."""
    book = inverse_book(quantity="-60000", margin="0.5")
    hedge = msgspec.structs.replace(book.hedges[0], asset="SOL", beta=Decimal(1))
    lot = Lot(asset="SOL", quantity=Decimal(1_000), price="bybit:spot:SOLUSDT")
    made = engine(msgspec.structs.replace(book, lots=(lot,), hedges=(hedge,)))
    feed(made, listed(INVERSE), listed("bybit:spot:SOLUSDT"), tiers(INVERSE, first_cap="100"))
    feed(made, perpetual(0, 50_000, INVERSE), spot(0, 100, "bybit:spot:SOLUSDT"))
    return made


def test_bitcoin_won_by_a_proxy_hedge_is_no_solana() -> None:
    """0.2 BTC are won: the bag is 1,000 SOL all the same, worth 2 BTC, of which 1.2 are short."""
    line = shown(sol_on_bitcoin()).hedges[0]
    assert line.profit.value == pytest.approx(Decimal("0.2"))
    assert line.ratio.value == pytest.approx(Decimal("0.6"))


def test_fees_in_a_third_coin_take_none_of_the_coins_won() -> None:
    made = engine(inverse_book())
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE, first_cap="100"))
    feed(made, perpetual(0, 60_000, INVERSE), spot(0, 60_000))
    feed(
        made,
        Fill(
            received_ns=at(0.05), account="coins", fill_id="1", client_order_id="", instrument=INVERSE, side="sell",
            price=Decimal(60_000), quantity=Decimal(60_000), fee=Decimal("0.1"), fee_asset="BNB",
        ),
    )  # fmt: skip
    assert shown(made).hedges[0].ratio.value == pytest.approx(Decimal("0.7"))


@pytest.mark.parametrize(
    ("asset", "reckoned", "coins"), [("BTC", False, "4.99"), ("BTC", True, "4.99"), ("USDT", False, "5")]
)
def test_funding_is_among_the_coins_and_an_estimate_as_it_is_itself(asset: str, reckoned: bool, coins: str) -> None:
    made = engine(inverse_book())
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE), perpetual(0, 60_000, INVERSE), spot(0, 60_000))
    paid = FundingPayment(
        received_ns=at(0.05), account="coins", payment_id="1", instrument=INVERSE, amount=Decimal("-0.01"), asset=asset,
        rate=Decimal("-0.0001"), mark_price=Decimal(60_000), settled_ns=START, estimated=reckoned,
    )  # fmt: skip
    feed(made, paid)
    held = shown(made).hedges[0].bag_coins
    assert held.value == Decimal(coins)
    assert held.estimated is (reckoned or asset != "BTC")


# --- what else is odd ----------------------------------------------------------------------------------------


def test_a_flat_contract_of_another_currency_leaves_the_account_known() -> None:
    """A venue that reports nothing held in a USDC contract says nothing against a USDT account."""
    made = running(60_000)
    name = "bybit:linear:ETHPERP"
    told = listed(name)
    usdc = msgspec.structs.replace(told.instrument, quote="USDC", settle="USDC")
    feed(made, msgspec.structs.replace(told, instrument=usdc), report("0", name))
    assert shown(made).accounts[0].margin_balance.value == 200_000
    feed(made, report("1", name, received_ns=at(0.06)))
    gap = (f"an account settled in USDC for {name}",)
    assert shown(made).accounts[0].margin_balance.missing == gap
    sold = Fill(
        received_ns=at(0.07), account="paper", fill_id="1", client_order_id="", instrument=name, side="sell",
        price=Decimal(61_000), quantity=Decimal(1), fee=Decimal(0), fee_asset="USDC",
    )  # fmt: skip
    feed(made, sold)
    assert shown(made).accounts[0].margin_balance.missing == gap, "1,000 USDC went into a wallet of USDT"


def test_a_closing_fee_that_the_user_names_is_never_left_out() -> None:
    """Binance's rules add none; an account that says otherwise is liquidated earlier, by 0.1% of its value."""
    for mode in (MarginMode.ISOLATED, MarginMode.CROSS):
        made = []
        for fee in ("0", "0.001"):
            book = with_account(seed_book(), venue="binance", closing_fee=Decimal(fee))
            made.append(shown(running(60_000, cross(book) if mode is MarginMode.CROSS else book)).hedges[0])
        without, named = made
        assert named.maintenance_margin.value == (without.maintenance_margin.value or 0) + 150
        assert (named.liquidation_price.value or 0) < (without.liquidation_price.value or 0)
        assert named.liquidation_price.estimated
        assert not without.liquidation_price.estimated


@pytest.mark.parametrize("inverse", [False, True])
def test_a_contract_described_with_no_size_stops_nothing(inverse: bool) -> None:
    book = inverse_book() if inverse else seed_book()
    name = book.hedges[0].instrument
    made = engine(book)
    feed(made, listed(name, contract_size="0"), listed(SPOT), tiers(name), perpetual(0, 60_000, name), spot(0, 60_000))
    view = shown(made)
    assert view.hedges[0].delta.missing == ("contract_size: expected a number above zero, found 0",)
    assert not view.attributions[0].hedge.known
    assert view.attributions[0].bag.value == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": Decimal("1e40"), "entry_price": Decimal("1e40")},
        {"quantity": Decimal("-1e40"), "entry_price": Decimal("1e-40")},
        {"quantity": Decimal("-1e40"), "entry_price": Decimal("1e99990")},
        {"quantity": Decimal("1e99990"), "entry_price": Decimal("1e-99990")},
        {"quantity": Decimal("-1e-45")},
        {"quantity": Decimal("-2.5"), "isolated_margin": Decimal("1e99990")},
        {"quantity": Decimal("-2.5"), "liquidation_price": Decimal("1e99990")},
    ],
)
@pytest.mark.parametrize("bag", ["5", "1e-30"])
@pytest.mark.parametrize("mode", [MarginMode.ISOLATED, MarginMode.CROSS])
@pytest.mark.parametrize("inverse", [False, True])
def test_no_number_that_a_venue_reports_stops_the_engine(
    changes: dict[str, Decimal], bag: str, mode: MarginMode, inverse: bool
) -> None:
    book = inverse_book() if inverse else seed_book()
    book = cross(book) if mode is MarginMode.CROSS else book
    lots = (msgspec.structs.replace(book.lots[0], quantity=Decimal(bag)),)
    made = engine(msgspec.structs.replace(book, lots=lots))
    feed(made, reference(), listed(INVERSE), tiers(INVERSE, first_cap="100"))
    feed(made, perpetual(0, 60_000), perpetual(0, 60_000, INVERSE), spot(0, 60_000))
    hedge = book.hedges[0]
    feed(made, report("1", hedge.instrument, account=hedge.account, **changes))
    usage = shown(made).hedges[0].margin_usage
    assert usage.missing or usage.absent or usage.value is not None
