from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from core.anchors import Anchor, Coins, Leg, with_deposit, with_fill, with_funding
from core.attribution import UnknownAttribution, attribute, effective_cost, included
from core.errors import RequestError
from core.instruments import ContractKind
from core.parts import Parts
from tests.core.hedged import (
    INVERSE,
    LINEAR,
    NONE,
    QUANTO,
    at,
    book,
    coins,
    known,
    leg,
    short,
)
from tests.core.money import amounts


def test_the_seed_book_falls_20_per_cent_with_half_of_it_hedged() -> None:
    held = short(LINEAR, "2.5")
    before = book(coins("5", "60000"), held)
    now = book(coins("5", "48000"), with_funding(at(held, "48000"), Decimal(45)), time_ns=1)
    found = known(before, now)
    assert found.bag == Parts(price=Decimal(-60_000))
    assert found.hedge == Parts(price=Decimal(30_000), funding=Decimal(45))
    assert (found.unhedged, found.hedged, found.protection) == amounts(-60_000, -29_955, 30_045)
    assert (found.realised, found.unrealised) == amounts(0, 30_000)
    assert found.hedge.gross == 30_000
    assert found.includes == (
        "bag at spot and hedge at mark, in USDT; realised and unrealised, after fees and funding; "
        "deposits, withdrawals and spot trades are no profit"
    )


def test_what_a_profit_includes_names_no_currency_while_none_is_known() -> None:
    said = included(book(coins("5", "60000"), currency=""), estimated=False)
    assert said.startswith("bag at spot; realised and unrealised")


def test_parts_too_large_for_eighteen_places_still_sum_exactly() -> None:
    vast = "123456789012345678901234567890"
    held = short(INVERSE, vast, "70001")
    found = known(
        book(coins(vast, "70001"), held), book(coins(vast, "69999.99"), at(held, "69999.99", "70000"), time_ns=1)
    )
    assert found.bag == Parts(price=Decimal("-124691356902469135690246913568.9"))
    listed = sum((Fraction(getattr(found.hedge, name)) for name in Parts.__struct_fields__), Fraction(0))
    assert listed == Fraction(found.hedge.total)
    assert abs(listed - Fraction(vast) * Fraction("1.01") / 70_001) < Fraction(1, 10**8)


def test_a_rally_is_the_opportunity_that_the_hedge_gives_up() -> None:
    held = short(LINEAR, "2.5")
    found = known(book(coins("5", "60000"), held), book(coins("5", "72000"), at(held, "72000"), time_ns=1))
    assert (found.unhedged, found.hedged, found.protection) == amounts(60_000, 30_000, -30_000)


def test_a_dated_short_earns_its_basis_and_says_so() -> None:
    held = with_fill(
        leg(LINEAR, "61200", "60000"),
        "sell",
        Decimal(61_200),
        Decimal(5),
        mark_price=Decimal(61_200),
        spot_price=Decimal(60_000),
    )
    found = known(book(coins("5", "60000"), held), book(coins("5", "48000"), at(held, "48000"), time_ns=1))
    assert found.bag.price == -60_000
    assert (found.hedge.price, found.hedge.basis) == amounts(60_000, 6_000)
    assert found.hedged == 6_000


def test_a_coin_margined_short_in_profit_holds_coins_that_fall_too_and_the_sum_stays_straight() -> None:
    held = short(INVERSE, "150000")
    first, second, third = (
        book(at(held, price), time_ns=index) for index, price in enumerate(["60000", "48000", "40000"])
    )
    assert known(first, second).hedge == Parts(price=Decimal(30_000))
    later = known(second, third).hedge
    # 3.125 coins short on the screen, 0.625 coins gained so far: each falls by 8,000.
    assert (later.price, later.convexity) == amounts(25_000, -5_000)
    assert later.total == 20_000
    assert known(first, third).hedge == Parts(price=Decimal(50_000))
    assert known(second, third).unrealised == 50_000


def test_funding_and_fees_of_a_coin_margined_leg_are_valued_at_its_mark() -> None:
    held = short(INVERSE, "60000")
    paid = with_fill(
        with_funding(held, Decimal("0.01")),
        "buy",
        Decimal(60_000),
        Decimal(30_000),
        fee=Decimal("0.001"),
        mark_price=Decimal(60_000),
        spot_price=Decimal(60_000),
    )
    found = known(book(held), book(at(paid, "50000"), time_ns=1)).hedge
    assert (found.funding, found.fees) == amounts(500, -50)
    later = known(book(at(paid, "50000")), book(at(paid, "40000"), time_ns=1)).hedge
    # 0.1 coin of open profit, 0.009 of funding less fee, and a delta of 0.6 coin.
    assert later.convexity == Decimal("-1090.000000000000000000")
    assert later.price == 6_000
    assert later.total == Decimal(4_910)


def test_a_quanto_pays_in_a_third_coin_whose_own_move_is_fx() -> None:
    held = with_fill(
        leg(QUANTO, "2000", contract_size=Decimal("0.000001")),
        "sell",
        Decimal(2_000),
        Decimal(1_000),
        mark_price=Decimal(2_000),
        spot_price=Decimal(2_000),
    )
    first = book(held, XBT="60000", USDT="1", currency="USD")
    second = book(at(held, "1500"), XBT="50000", USDT="1", currency="USD", time_ns=1)
    found = known(first, second).hedge
    assert found == Parts(price=Decimal(25_000))
    third = book(at(held, "1500"), XBT="40000", USDT="1", currency="USD", time_ns=2)
    assert known(second, third).hedge == Parts(fx=Decimal(-5_000))


def test_a_stablecoin_off_its_peg_is_fx_on_bag_and_hedge_alike() -> None:
    held = short(LINEAR, "5", "60000")
    cash = Coins(asset="USDT", currency="USDT", quantity=Decimal(10_000), price=Decimal(1))
    before = book(coins("5", "50000"), cash, at(held, "50000"), currency="USD", USDT="1")
    now = book(coins("5", "50000"), cash, at(held, "50000"), currency="USD", USDT="0.98", time_ns=1)
    found = known(before, now)
    assert found.bag == Parts(fx=Decimal("-5200"))
    assert found.hedge == Parts(fx=Decimal("-1000"))


def test_fills_are_slippage_against_the_mark_and_basis_and_price_from_there() -> None:
    opened = with_fill(
        leg(mark="60100", spot="60000"),
        "sell",
        Decimal(60_080),
        Decimal(2),
        fee=Decimal(66),
        mark_price=Decimal(60_100),
        spot_price=Decimal(60_000),
    )
    found = known(book(), book(at(opened, "59040", "59000"), time_ns=1)).hedge
    assert (found.price, found.basis, found.slippage, found.fees) == amounts(2_000, 120, -40, -66)
    assert found.total == 2 * (60_080 - 59_040) - 66


def test_without_mark_and_spot_of_a_fill_only_the_split_is_an_estimate() -> None:
    held = leg(mark="60100", spot="60000")
    told = with_fill(held, "sell", Decimal(60_100), Decimal(2), mark_price=Decimal(60_100), spot_price=Decimal(60_000))
    untold = with_fill(held, "sell", Decimal(60_100), Decimal(2))
    one, other = (known(book(), book(at(item, "59040", "59000"), time_ns=1)) for item in (told, untold))
    assert one.hedge == other.hedge
    assert (one.estimated, other.estimated) == (False, True)
    assert other.includes.endswith("price, basis and slippage of some fills estimated")
    bare = with_fill(leg(mark="60100"), "sell", Decimal(60_080), Decimal(2), spot_price=Decimal(60_000))
    assert known(book(), book(at(bare, "60080", "60000"), time_ns=1)).hedge == NONE


def test_a_leg_closed_and_gone_from_the_venue_needs_no_price_any_more() -> None:
    held = short(LINEAR, "2")
    closed = with_fill(held, "buy", Decimal(59_000), Decimal(2), mark_price=Decimal(59_000), spot_price=Decimal(59_010))
    gone = msgspec.structs.replace(closed, mark_price=None, spot_price=None)
    found = known(book(held), book(gone, time_ns=1))
    assert found.hedge == known(book(held), book(at(closed, "70000"), time_ns=1)).hedge
    assert (found.hedge.total, found.realised, found.unrealised) == amounts(2_000, 2_000, 0)
    assert (found.hedge.price, found.hedge.basis) == amounts(1_980, 20)
    assert known(book(gone), book(gone, time_ns=1)).hedge == NONE


def test_coins_that_moved_without_a_deposit_are_the_residual() -> None:
    found = known(book(coins("5", "60000")), book(coins("4", "60000"), time_ns=1))
    assert found.bag == Parts(residual=Decimal(-60_000))
    assert known(book(coins("5", "60000")), book(coins("0", "60000"), time_ns=1)).bag == Parts(
        residual=Decimal(-300_000)
    )
    assert known(book(coins("0", "60000")), book(coins("5", "60000"), time_ns=1)).bag == Parts(
        residual=Decimal(300_000)
    )
    sold = with_deposit(coins("5", "60000"), Decimal(-1), Decimal(60_000))
    assert known(book(coins("5", "60000")), book(sold, time_ns=1)).bag == NONE


def test_a_venue_position_that_no_fill_explains_is_the_residual() -> None:
    held = short(LINEAR, "2")
    found = known(book(held), book(msgspec.structs.replace(held, realised=Decimal(7)), time_ns=1))
    assert found.hedge == Parts(residual=Decimal(7))


def test_a_position_that_vanished_without_a_fill_is_moved_by_the_market_and_the_rest_is_unexplained() -> None:
    held = short(LINEAR, "2")
    vanished = msgspec.structs.replace(at(held, "59000", "59100"), quantity=Decimal(0), entry_price=None)
    found = known(book(held), book(vanished, time_ns=1)).hedge
    assert found == Parts(price=Decimal(1_800), basis=Decimal(200), residual=Decimal(-2_000))
    blank = msgspec.structs.replace(vanished, mark_price=None, spot_price=None)
    missing = ("mark price of x:linear:BTC", "spot price of BTC")
    assert attribute(book(held), book(blank, time_ns=1)) == UnknownAttribution(missing)


def test_a_position_older_than_its_record_of_fills_needs_no_price_once_it_is_closed() -> None:
    taken_over = leg(quantity=Decimal(-2), entry_price=Decimal(60_000))
    closed = with_fill(
        taken_over, "buy", Decimal(59_000), Decimal(2), mark_price=Decimal(59_000), spot_price=Decimal(59_000)
    )
    gone = msgspec.structs.replace(closed, mark_price=None, spot_price=None)
    assert known(book(taken_over), book(gone, time_ns=1)).hedge == Parts(price=Decimal(2_000))


def test_a_leg_closed_at_its_own_price_still_tells_the_move_from_the_slippage() -> None:
    held = short(LINEAR, "2")
    closed = with_fill(held, "buy", Decimal(60_000), Decimal(2), mark_price=Decimal(59_990), spot_price=Decimal(59_990))
    gone = msgspec.structs.replace(closed, mark_price=None, spot_price=None)
    found = known(book(held), book(gone, time_ns=1)).hedge
    assert found == Parts(price=Decimal(20), slippage=Decimal(-20))


@pytest.mark.parametrize(
    "line",
    [
        leg(quantity=Decimal(-2), entry_price=Decimal(60_000)),
        with_funding(leg(), Decimal(45)),
        msgspec.structs.replace(leg(), fees=Decimal(3)),
        msgspec.structs.replace(leg(), traded=short(LINEAR, "2").traded),
    ],
    ids=["held", "funded", "charged", "traded"],
)
def test_a_leg_that_was_of_any_use_may_not_be_missing_later(line: Leg) -> None:
    assert attribute(book(line), book(time_ns=1)) == UnknownAttribution(("position in x:linear:BTC",))


def test_a_fill_whose_prices_were_not_told_is_no_estimate_of_a_later_interval() -> None:
    untold = with_fill(leg(), "sell", Decimal(60_000), Decimal(2))
    found = known(book(untold), book(at(untold, "59000"), time_ns=1))
    assert not found.estimated
    assert known(book(), book(untold, time_ns=1)).estimated


def test_coins_bought_and_sold_within_the_interval_are_no_deposit_gain_but_their_move_is() -> None:
    bag = coins("0", None)
    bought = with_deposit(bag, Decimal(2), Decimal(50_000))
    sold = with_deposit(bought, Decimal(-2), Decimal(51_000))
    assert known(book(bag), book(sold, time_ns=1)).bag == Parts(price=Decimal(2_000))


def test_earlier_deposits_are_no_part_of_a_later_interval() -> None:
    first = with_deposit(coins("0", "52000"), Decimal(2), Decimal(50_000), Decimal("0.9"))
    second = msgspec.structs.replace(with_deposit(first, Decimal(1), Decimal(55_000)), price=Decimal(60_000))
    before, now = book(first, currency="USD", USDT="1"), book(second, currency="USD", USDT="0.99", time_ns=1)
    assert known(before, now).bag == Parts(price=Decimal("20790"), fx=Decimal("-1590"))


def test_coins_that_are_all_sold_need_no_price_any_more() -> None:
    held = coins("5", "60000")
    sold = msgspec.structs.replace(with_deposit(held, Decimal(-5), Decimal(61_000)), price=None)
    assert known(book(held), book(sold, time_ns=1)).bag == Parts(price=Decimal(5_000))


@pytest.mark.parametrize("kind", [LINEAR, INVERSE])
def test_a_leg_opened_and_closed_within_the_interval_has_earned_what_its_fills_say(kind: ContractKind) -> None:
    closed = with_fill(
        short(kind, "60000" if kind is INVERSE else "1"),
        "buy",
        Decimal(50_000),
        Decimal(60_000 if kind is INVERSE else 1),
        mark_price=Decimal(50_000),
        spot_price=Decimal(50_100),
    )
    found = known(book(), book(at(closed, "40000"), time_ns=1))
    # The coin-margined one keeps a fifth of a coin, which falls on to 40,000.
    assert found.hedge.total == (8_000 if kind is INVERSE else 10_000)
    assert found.hedge.residual == found.unrealised == 0
    assert found.realised == found.hedge.total
    # Closed 100 of spot higher than the mark: that much of basis on what was bought back, 1.2 coins or one.
    assert found.hedge.basis == (120 if kind is INVERSE else 100)


def test_a_closed_leg_may_lack_either_price() -> None:
    price, lots = Decimal(60_000), Decimal(2_000)
    bare = leg(contract_size=Decimal("0.001"))
    held = with_fill(bare, "sell", price, lots, mark_price=price, spot_price=price)
    closed = with_fill(held, "buy", Decimal(59_000), lots, mark_price=Decimal(59_000), spot_price=Decimal(59_010))
    full = known(book(held), book(at(closed, "70000"), time_ns=1)).hedge
    for name in ("mark_price", "spot_price"):
        partly = msgspec.structs.replace(at(closed, "70000"), **{name: None})
        assert known(book(held), book(partly, time_ns=1)).hedge == full


def test_a_position_that_appeared_without_a_fill_is_valued_and_unexplained() -> None:
    appeared = leg(mark="59000", quantity=Decimal(-2), entry_price=Decimal(60_000))
    found = known(book(leg()), book(appeared, time_ns=1))
    assert found.hedge == Parts(residual=Decimal(2_000))
    assert found.unrealised == 2_000


def test_profit_since_inception_is_that_from_an_empty_anchor() -> None:
    bag = with_deposit(with_deposit(coins("0", "48000"), Decimal(3), Decimal(50_000)), Decimal(2), Decimal(40_000))
    found = known(Anchor(time_ns=0, currency="USDT"), book(bag, at(short(LINEAR, "2.5"), "48000"), time_ns=1))
    assert found.unhedged == 5 * 48_000 - 230_000
    assert found.protection == 30_000


def test_the_effective_cost_of_the_bag_nets_the_hedge() -> None:
    cost = effective_cost(Decimal(300_000), Decimal(30_000), Decimal(45), Decimal("148.5"), Decimal(5))
    assert cost == Decimal("54020.7")
    with pytest.raises(RequestError, match="coins: expected a number above zero"):
        effective_cost(Decimal(1), Decimal(0), Decimal(0), Decimal(0), Decimal(0))


# --- what is missing, what cannot be ---------------------------------------------------------------------------


def without(anchor: Anchor, **fields: Any) -> Anchor:
    held = anchor.legs[0]
    return msgspec.structs.replace(anchor, legs=(msgspec.structs.replace(held, **fields),))


BEFORE = book(coins("5", "60000"), short(LINEAR, "2.5"), currency="USD", USDT="1")
NOW = book(coins("5", "48000"), at(short(LINEAR, "2.5"), "48000"), currency="USD", USDT="1", time_ns=5)


@pytest.mark.parametrize(
    ("before", "now", "missing"),
    [
        (BEFORE, without(NOW, mark_price=None), ["mark price of x:linear:BTC"]),
        (without(BEFORE, mark_price=None), NOW, ["mark price of x:linear:BTC at the anchor"]),
        (BEFORE, without(NOW, spot_price=None), ["spot price of BTC"]),
        (BEFORE, without(NOW, unknown=("value of fees paid in BNB",)), ["value of fees paid in BNB"]),
        (without(BEFORE, unknown=("funding of May",)), NOW, ["funding of May"]),
        (BEFORE, without(NOW, entry_price=None), ["entry price of x:linear:BTC"]),
        (msgspec.structs.replace(BEFORE, coins=(coins("5", None),)), NOW, ["price of BTC at the anchor"]),
        (BEFORE, msgspec.structs.replace(NOW, coins=(coins("5", None),)), ["price of BTC"]),
        (BEFORE, msgspec.structs.replace(NOW, rates={}), ["rate of USDT in USD"]),
        (msgspec.structs.replace(BEFORE, rates={"USDT": None}), NOW, ["rate of USDT in USD at the anchor"]),
        (BEFORE, msgspec.structs.replace(NOW, coins=(), legs=()), ["holding of BTC", "position in x:linear:BTC"]),
        (
            msgspec.structs.replace(BEFORE, rates={}),
            without(NOW, mark_price=None, spot_price=None),
            ["rate of USDT in USD at the anchor", "mark price of x:linear:BTC", "spot price of BTC"],
        ),
    ],
)
def test_what_is_missing_is_named_and_gives_no_figure(before: Anchor, now: Anchor, missing: list[str]) -> None:
    assert attribute(before, now) == UnknownAttribution(tuple(missing))


def test_a_missing_price_that_nothing_depends_on_changes_nothing() -> None:
    idle = leg(INVERSE)
    blank = msgspec.structs.replace(idle, mark_price=None, spot_price=None)
    sold_out = coins("0", None, asset="ETH")
    before, now = book(blank, sold_out), book(blank, sold_out, time_ns=1)
    assert known(before, now).hedged == 0
    assert attribute(before, book(time_ns=1)) == known(book(), book(time_ns=1))


def test_a_flat_coin_margined_leg_still_owns_the_coins_it_earned() -> None:
    earned = with_funding(leg(INVERSE, "60000"), Decimal("0.5"))
    assert known(book(earned), book(at(earned, "50000"), time_ns=1)).hedge == Parts(convexity=Decimal(-5_000))
    blank = msgspec.structs.replace(earned, mark_price=None)
    assert attribute(book(earned), book(blank, time_ns=1)) == UnknownAttribution(("mark price of x:inverse:BTC",))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: attribute(NOW, BEFORE), "now.time_ns"),
        (lambda: attribute(BEFORE, msgspec.structs.replace(NOW, currency="EUR")), "now.currency"),
        (lambda: attribute(BEFORE, without(NOW, contract_size=Decimal(2))), "now.legs.x:linear:BTC.contract_size"),
        (lambda: attribute(BEFORE, without(NOW, settle="USDC")), "now.legs.x:linear:BTC.settle"),
        (lambda: attribute(without(BEFORE, quantity=Decimal("NaN")), NOW), "anchor.legs.x:linear:BTC.quantity"),
        (lambda: attribute(BEFORE, without(NOW, quantity=Decimal("NaN"))), "now.legs.x:linear:BTC.quantity"),
        (lambda: attribute(BEFORE, without(NOW, funding=Decimal("Infinity"))), "now.legs.x:linear:BTC.funding"),
        (lambda: attribute(BEFORE, without(NOW, mark_price=Decimal(0))), "mark price of x:linear:BTC"),
        (lambda: attribute(BEFORE, msgspec.structs.replace(NOW, coins=NOW.coins * 2)), "now"),
        (lambda: attribute(BEFORE, msgspec.structs.replace(NOW, rates={"USDT": Decimal(-1)})), "rate of USDT in USD"),
        (
            lambda: attribute(BEFORE, msgspec.structs.replace(NOW, coins=(coins("5", "1", currency="EUR"),))),
            "now.coins.BTC.currency",
        ),
        (lambda: with_deposit(coins("1", "1"), Decimal(1), Decimal(0)), "price"),
        (lambda: with_deposit(coins("1", "1"), Decimal(1), Decimal(1), Decimal(0)), "rate"),
        (lambda: with_fill(leg(), "hold", Decimal(1), Decimal(1)), "side"),
        (lambda: with_fill(leg(), "buy", Decimal(1), Decimal(1), fee=Decimal("NaN")), "fee"),
        (lambda: with_fill(leg(), "buy", Decimal(1), Decimal(1), mark_price=Decimal(0)), "mark_price"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call: Callable[[], object], named: str) -> None:
    with pytest.raises(RequestError, match=f"^{named}:"):
        call()
