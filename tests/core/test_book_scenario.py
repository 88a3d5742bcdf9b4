"""Scenarios of a live book: the figures by hand, each coin once, nothing guessed, and reckoned only while looked at."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from core.book_scenario import Built
from core.books import Account, Book, Collateral, Hedge, Lot, MarginMode
from core.commands import HideScenarios, ShowScenarios
from core.demo_book import seed_book
from core.engine import Engine
from core.events import Candle, CandlePrice, CandlesLoaded
from core.figures import Figure, exact
from core.history import DAY_NS
from core.scenario_report import ROWS, local_jumps, reckon
from core.scenario_view import ScenarioAxis, ScenarioView, ShockView
from core.shocks import LADDER, historical
from tests.core.scenario_books import book, isolated, short
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
    running,
    spot,
    ticker,
    tiers,
)

D = Decimal
ETH = "bybit:linear:ETHUSDT"


def shown(made: Engine, when: float = 1, axis: ScenarioAxis = ScenarioAxis.HEDGE) -> ScenarioView:
    book = made.snapshot(at(when)).books[0].name
    made.command(ShowScenarios(book=book, axis=axis), at(when))
    return whole(made, when)


def whole(made: Engine, when: float) -> ScenarioView:
    """The view once every part has been reckoned."""
    for _ in range(12):
        view = made.snapshot(at(when)).scenario
        if view is not None and view.complete:
            return view
    raise AssertionError("not complete after twelve steps")


def at_move(view: ScenarioView, move: str) -> ShockView:
    return view.ladder[LADDER.index(1 + D(move))]


def close(figure: Figure, value: str) -> bool:
    wanted = D(value)
    return figure.value is not None and abs(figure.value - wanted) <= D("1e-6") * max(D(1), abs(wanted))


# --- figures by hand -------------------------------------------------------------------------------------------


def test_the_ladder_of_the_seeds_book() -> None:
    """5 BTC against a short of 2.5 at 60,000; 0.01% three times a day for 30 days on 150,000 is 1,350."""
    view = shown(running(60_000))
    assert view.driver == "BTC"
    assert view.price.value == 60_000
    assert view.before.value == 500_000, "300,000 of coins, and the whole wallet, not only the margin"
    up = at_move(view, "0.1")
    assert close(up.bag, "30000")
    assert close(up.hedge, "-15000")
    assert close(up.funding, "1350")
    assert close(up.net, "16350")
    assert up.usage.value is not None
    assert abs(up.usage.value - D(165_000) * D("0.005") / (75_000 + 1_350 - 15_000)) < D("1e-9")
    assert up.liquidated == ()
    assert all(figure.estimated for figure in (up.bag, up.hedge, up.funding, up.net, up.usage))


def test_a_liquidation_says_where_and_takes_the_margin() -> None:
    double = at_move(shown(running(60_000)), "1")
    (end,) = double.liquidated
    assert (end.pool, end.price.estimated, end.move.estimated) == ("paper", True, True)
    assert close(end.price, str((D(76_350) + 150_000) / (D("2.5") * D("1.005"))))
    assert close(double.hedge, "-76350")
    assert close(double.net, "225000")
    assert double.usage.absent


def test_the_nearest_end_is_the_liquidation_price() -> None:
    made = running(60_000)
    feed(made, spot(0, 59_000))  # the bag is priced below the mark
    rise, fall = shown(made).reverse
    line = made.snapshot(at(1)).books[0].hedges[0]
    assert line.account_liquidation.value is not None
    assert close(rise.price, str(line.account_liquidation.value))
    assert (rise.rise, rise.pool, fall.rise, fall.pool) == (True, "paper", False, "")
    assert fall.move.absent == "nothing is liquidated"


def test_what_restores_thirty_per_cent_is_costed_both_ways() -> None:
    """At 75,000 the short has lost 37,500; at 97,500 it needs 93,750 + 1,218.75 where 75,000 is."""
    (item,) = shown(running(75_000)).top_up
    (usdt,) = item.additions
    assert (usdt.asset, item.settle, item.cut_unit, item.wanted) == ("USDT", "USDT", "BTC", D("0.3"))
    assert close(usdt.amount, "19968.75")
    assert close(usdt.cost, "19968.75")
    share, fee = item.cut_share.value, item.cut_fee.value
    assert share is not None
    assert fee is not None
    assert close(item.cut, str(D("2.5") * share))
    assert close(item.cut_fee, str(share * D("2.5") * 75_000 * D("0.00055")))
    assert close(item.cut_profit, str(-37_500 * share))
    left = D("2.5") * (1 - share)
    equity = 75_000 - 37_500 * share - fee + left * (60_000 - 97_500)
    assert abs(equity - left * 97_500 * D("0.005")) < D("1e-6")


@pytest.mark.parametrize(("size", "unit"), [("1", "BTC"), ("0.001", "contracts")])
def test_what_is_to_be_closed_is_counted_in_the_order_unit(size: str, unit: str) -> None:
    made = engine()
    feed(made, reference(), listed(LINEAR, contract_size=size), market_at(0, 75_000))
    (item,) = shown(made).top_up
    assert item.cut_unit == unit


def test_where_the_distance_is_kept_nothing_is_to_be_added_or_closed() -> None:
    (item,) = shown(running(60_000)).top_up
    assert close(item.distance, "0.49253731343")
    for figure in (item.additions[0].amount, item.cut, item.cut_share):
        assert figure.value == 0


def test_the_grid_agrees_with_the_ladder_and_marks_who_is_liquidated() -> None:
    view = shown(running(60_000))
    grid = view.grid
    assert grid is not None
    assert (len(grid.rows), len(grid.columns), grid.here.value) == (21, 21, D("0.5"))
    up, half = grid.rows.index(D("0.1")), grid.columns.index(D("0.5"))
    assert grid.net[up][half] == 16_350
    assert grid.net[up][0] == D("30000") - 150_000 * D("0.00055"), "no hedge: the bag alone, less the fee of closing"
    assert grid.liquidated[0][-1] == ("paper",)
    assert grid.liquidated[up][half] == ()
    assert grid.left[0][-1] == 575_000, "450,000 of coins at +50%; of the wallet what is no margin"


@pytest.mark.parametrize(
    ("axis", "column", "net"),
    [(ScenarioAxis.BASIS, "0.01", "-150"), (ScenarioAxis.FUNDING, "-0.0005", "-6750")],
)
def test_the_grids_other_axes(axis: ScenarioAxis, column: str, net: str) -> None:
    """A mark 1% above its coin costs the short 1,500 of its 1,350; −0.05% per 8 h costs 6,750 in 30 days."""
    grid = shown(running(60_000), axis=axis).grid
    assert grid is not None
    found = grid.net[ROWS.index(D(1))][grid.columns.index(D(column))]
    assert found is not None
    assert abs(found - D(net)) < D("1e-6")


def test_failures_and_days_that_happened() -> None:
    view = shown(running(60_000))
    named = {item.name: item for item in (*view.history, *view.failures)}
    assert list(named) == ["2020-03", "2022-11", "2025-10", "ADL", "paper gone", "USDT at 0.9"]
    assert close(named["2020-03"].net, "-75000")
    assert close(named["paper gone"].hedge, "-200000"), "the 75,000 behind the short and the 125,000 beside it"
    assert named["paper gone"].gone == ("paper",)
    assert close(named["ADL"].bag, "-75000")
    adl = named["ADL"].hedge.value
    assert adl is not None
    assert D(15_000) < adl < D(37_500), "closed on the way, the short earns less than all the way down"
    assert close(named["USDT at 0.9"].bag, "-20000"), "a tenth of the wallet"
    assert close(named["USDT at 0.9"].hedge, "-15000")


def test_a_jump_that_one_venue_saw_is_its_accounts() -> None:
    jumps = local_jumps(historical("2025-10"), {"one": "binance", "two": "bybit", "three": "binance"})
    assert jumps == {f"{account}/{coin}": D("0.65") for account in ("one", "three") for coin in ("USDE", "USDe")}
    everywhere = msgspec.structs.replace(historical("2025-10"), jumps={"USDT": D("0.9"), "bybit/USDC": D("0.8")})
    assert local_jumps(everywhere, {"one": "binance", "two": "bybit"}) == {"USDT": D("0.9"), "two/USDC": D("0.8")}


# --- each coin once ----------------------------------------------------------------------------------------------


def test_coins_posted_by_a_unified_account_are_taken_off_the_bag() -> None:
    backing = Collateral(asset="BTC", quantity=D(2), ratio=D("0.9"), price=SPOT)
    account = Account(
        name="unified", venue="bybit", settle="USDT", wallet_balance=D(50_000), multi_asset=True,
        collateral=(backing,), margin_mode=MarginMode.CROSS,
    )  # fmt: skip
    hedge = msgspec.structs.replace(seed_book().hedges[0], account="unified", isolated_margin=None)
    view = shown(running(60_000, msgspec.structs.replace(seed_book(), accounts=(account,), hedges=(hedge,))))
    assert view.before.value == 350_000, "5 BTC, of which 2 lie in the account, and 50,000 USDT"
    assert close(at_move(view, "0.1").bag, "30000")
    assert {item.asset for item in view.top_up[0].additions} == {"USDT", "BTC"}


@pytest.mark.parametrize("posted", [True, False])
def test_a_coin_that_no_contract_is_on_counts_wherever_it_lies(posted: bool) -> None:
    """20,000 USDC, in the bag or in the account, stay where they are as bitcoin rises, and may lose a tenth."""
    pair, seed = "bybit:spot:USDCUSDT", seed_book()
    if posted:
        coin = Collateral(asset="USDC", quantity=D(20_000), ratio=D(1), price=pair)
        account = msgspec.structs.replace(
            seed.accounts[0], margin_mode=MarginMode.CROSS, multi_asset=True, collateral=(coin,)
        )
        held = msgspec.structs.replace(
            seed, accounts=(account,), hedges=(msgspec.structs.replace(seed.hedges[0], isolated_margin=None),)
        )
    else:
        held = msgspec.structs.replace(
            seed, lots=(*seed.lots, Lot(asset="USDC", quantity=D(20_000), cost=D(1), price=pair))
        )
    made = engine(held)
    described = listed(pair)
    coins = msgspec.structs.replace(described.instrument, base="USDC")
    feed(made, reference(), msgspec.structs.replace(described, instrument=coins), market_at(0, 60_000))
    feed(made, ticker(0, pair, bid=D("0.9999"), ask=D("1.0001")))
    view = shown(made)
    assert {item.asset: item.beta.value for item in view.betas}["USDC"] == 0
    assert close(at_move(view, "0.1").bag, "30000")
    lost = next(item for item in view.failures if item.name == "USDC at 0.9")
    assert close(lost.bag, "-2000")


def test_a_coin_margined_book_is_reckoned_in_dollars() -> None:
    made = engine(inverse_book())
    feed(made, listed(INVERSE), listed(SPOT), tiers(INVERSE), perpetual(0, 60_000, INVERSE), spot(0, 60_000))
    view = shown(made)
    assert view.before.value == 300_000
    up = at_move(view, "0.1")
    assert close(up.hedge, "-15000"), "150,000 contracts of 1 USD lose 10% in dollars"
    # The margin of 1.25 BTC is part of the 5; funding is paid in coins that rise too.
    assert up.bag.value is not None
    assert up.funding.value is not None
    assert abs(up.bag.value - 30_000 - up.funding.value / 10) < D("1e-6")


# --- nothing is guessed ------------------------------------------------------------------------------------------


def two_coins() -> Engine:
    hedge = Hedge(
        asset="ETH", instrument=ETH, account="paper", target_ratio=D("0.5"), quantity=D(-10), entry_price=D(3_000),
        isolated_margin=D(10_000),
    )  # fmt: skip
    seed = seed_book()
    lots = (*seed.lots, Lot(asset="ETH", quantity=D(20), cost=D(3_000), price="bybit:spot:ETHUSDT"))
    made = engine(Book(name="two", lots=lots, hedges=(*seed.hedges, hedge), accounts=seed.accounts))
    feed(made, reference(), listed(ETH), listed("bybit:spot:ETHUSDT"), tiers(ETH), market_at(0, 60_000))
    feed(made, perpetual(0, 3_000, ETH), spot(0, 3_000, "bybit:spot:ETHUSDT"))
    return made


def empty(view: ScenarioView) -> bool:
    return not (view.ladder or view.history or view.failures or view.reverse or view.top_up or view.grid)


def test_without_a_beta_no_cell_is_guessed() -> None:
    view = shown(two_coins())
    assert view.ground.missing == (f"daily candles of {ETH}",)
    assert view.before.missing == view.ground.missing
    assert empty(view)


def daily(name: str, price: int, swing: str) -> CandlesLoaded:
    """Sixty days up and down by a fraction, in step with one another."""
    first = at(0) // DAY_NS * DAY_NS - 60 * DAY_NS
    closes = [D(price) * (1 + D(swing) * (day % 3)) for day in range(60)]
    candles = tuple(
        Candle(start_ns=first + day * DAY_NS, open=close, high=close, low=close, close=close)
        for day, close in enumerate(closes)
    )
    return CandlesLoaded(
        received_ns=at(0), instrument=name, interval_ns=DAY_NS, price=CandlePrice.MARK, candles=candles
    )  # fmt: skip


def test_a_beta_comes_from_price_history_and_is_an_estimate() -> None:
    made = two_coins()
    feed(made, daily(LINEAR, 60_000, "0.01"), daily(ETH, 3_000, "0.02"))
    view = shown(made)
    beta = next(item.beta for item in view.betas if item.asset == "ETH")
    assert beta.estimated
    assert beta.value is not None
    assert abs(beta.value - D("1.99")) < D("0.01")
    up, multiple = at_move(view, "0.1").bag.value, D("1.1") ** beta.value
    assert up is not None
    assert abs(up - (D(30_000) + 60_000 * (multiple - 1))) < D("1e-6")
    assert {item.pool for item in view.top_up} == {"paper BTCUSDT", "paper ETHUSDT"}


def without(*lost: str) -> Callable[[], Engine]:
    def make() -> Engine:
        made = engine()
        feed(made, listed(SPOT), [] if "description" in lost else listed(LINEAR), [] if "tiers" in lost else tiers())
        feed(made, [] if "bag" in lost else spot(0, 60_000))
        feed(
            made,
            ticker(
                0, mark=None if "mark" in lost else 60_000, index=None if "bag" in lost else 60_000,
                rate=None if "rate" in lost else "0.0001", interval=8,
            ),
        )  # fmt: skip
        return made

    return make


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        ("mark", "mark price"),
        ("tiers", "maintenance tiers"),
        ("rate", "funding rate"),
        ("bag", "bybit:spot:BTCUSDT"),
        ("description", "description"),
    ],
)
def test_an_input_that_is_missing_is_named_and_nothing_is_shown(lost: str, named: str) -> None:
    view = shown(without(lost)())
    assert any(named in gap for gap in view.ground.missing), view.ground.missing
    assert empty(view)


def test_a_bag_that_is_priced_in_euros_is_not_reckoned_in_dollars() -> None:
    seed, pair = seed_book(), "bybit:spot:BTCEUR"
    lots = (msgspec.structs.replace(seed.lots[0], price=pair),)
    made = running(60_000, msgspec.structs.replace(seed, lots=lots))
    described = listed(pair)
    described = msgspec.structs.replace(
        described, instrument=msgspec.structs.replace(described.instrument, quote="EUR")
    )
    feed(made, described, spot(0, 52_000, pair))
    view = shown(made)
    assert view.ground.missing == ("price of BTC in USD, not EUR",)
    assert empty(view)


def test_a_day_that_says_nothing_of_the_driver_is_unknown_and_the_others_are_not() -> None:
    """Of solana the reports of March 2020 say nothing; in November 2022 it lost 60%."""
    name, pair = "bybit:linear:SOLUSDT", "bybit:spot:SOLUSDT"
    hedge = Hedge(
        asset="SOL", instrument=name, account="paper", target_ratio=D("0.5"), quantity=D(-500), entry_price=D(150),
        isolated_margin=D(75_000),
    )  # fmt: skip
    lots = (Lot(asset="SOL", quantity=D(1_000), cost=D(150), price=pair),)
    made = engine(Book(name="sol", lots=lots, hedges=(hedge,), accounts=seed_book().accounts))
    feed(made, listed(name), listed(pair), tiers(name), perpetual(0, 150, name), spot(0, 150, pair))
    view = shown(made)
    assert view.driver == "SOL"
    days = {item.name: item for item in view.history}
    for figure in (days["2020-03"].net, days["2020-03"].move, days["2020-03"].bag):
        assert "driver" in str(figure.missing)
    assert close(days["2022-11"].bag, "-90000")
    assert close(days["2022-11"].hedge, "45000")


def test_whatever_the_arithmetic_refuses_is_said_in_place_of_figures() -> None:
    held = msgspec.structs.replace(book(isolated("short", "75000", short("BTC", "2.5")), BTC="5"), betas={"BTC": D(1)})
    built = Built(book=held, ground=exact(D(0)), driver="BTC", price=exact(D(60_000)), betas={})
    *_, view = reckon("seed", built, exact(D("0.5")), {}, ScenarioAxis.HEDGE, at(1))
    assert "betas.USDT" in str(view.ground.missing)
    assert view.complete
    assert empty(view)


def test_a_table_that_ends_makes_only_what_lies_beyond_it_unknown() -> None:
    made = running(60_000)
    table = tiers().table
    table = msgspec.structs.replace(table, tiers=(msgspec.structs.replace(table.tiers[0], cap=D(180_000)),))
    feed(made, msgspec.structs.replace(tiers(), table=table))
    view = shown(made)
    assert close(at_move(view, "0.1").net, "16350")
    assert any("tier" in gap for gap in at_move(view, "0.5").net.missing)
    assert view.reverse[0].move.missing
    assert view.grid is not None
    assert view.grid.net[0][view.grid.columns.index(D("0.5"))] is None


def test_a_book_without_positions_has_its_bag() -> None:
    seed = seed_book()
    made = running(60_000, msgspec.structs.replace(seed, hedges=()))
    view = shown(made)
    assert close(at_move(view, "-0.1").net, "-30000")
    assert view.before.value == 500_000
    assert view.top_up == ()
    assert all(item.move.absent for item in view.reverse)
    assert view.price.value == 60_000, "as the bag is priced"


def test_coins_that_are_all_posted_are_priced_as_collateral() -> None:
    backing = tuple(
        Collateral(asset=coin, quantity=D(1), ratio=D("0.9"), price=pair)
        for coin, pair in (("ETH", "bybit:spot:ETHUSDT"), ("BTC", SPOT))
    )
    account = Account(
        name="unified", venue="bybit", settle="USDT", wallet_balance=D(50_000), multi_asset=True, collateral=backing
    )
    made = engine(Book(name="posted", lots=(), hedges=(), accounts=(account,)))
    feed(made, reference(), listed("bybit:spot:ETHUSDT"), market_at(0, 60_000), spot(0, 3_000, "bybit:spot:ETHUSDT"))
    view = shown(made)
    assert view.driver == "BTC"
    assert view.price.value == 60_000


# --- when it is reckoned -----------------------------------------------------------------------------------------


def test_nothing_is_reckoned_while_nobody_looks() -> None:
    made = running(60_000)
    assert made.snapshot(at(1)).scenario is None
    shown(made)
    made.command(HideScenarios(), at(2))
    assert made.snapshot(at(2)).scenario is None


def settled(made: Engine, when: float) -> ScenarioView:
    """The view after more steps than there are parts."""
    views = [made.snapshot(at(when)).scenario for _ in range(12)]
    assert views[-1] is not None
    return views[-1]


def test_it_is_reckoned_every_five_seconds_and_when_told() -> None:
    made = running(60_000)
    shown(made, 1)
    times = []
    for when in (2, 5.9, 6, 7, 8):
        if when == 7:
            made.command(ShowScenarios(book="bitcoin"), at(when))
        times.append(settled(made, when).reckoned_ns)
    assert times == [at(1), at(1), at(6), at(7), at(7)]


def test_each_step_of_the_engine_reckons_one_part_and_the_nearest_end_comes_first() -> None:
    made = running(60_000)
    made.command(ShowScenarios(book="bitcoin"), at(1))
    seen = [made.snapshot(at(1)).scenario for _ in range(10)]
    assert all(view is not None for view in seen)
    shapes = [
        tuple(map(len, (view.reverse, view.ladder, view.top_up, view.history, view.failures))) for view in seen if view
    ]
    assert shapes[:2] == [(0, 0, 0, 0, 0), (2, 0, 0, 0, 0)]
    assert shapes[4:7] == [(2, 9, 0, 0, 0), (2, 9, 1, 0, 0), (2, 9, 1, 3, 0)]
    assert [view.grid is not None for view in seen if view] == [False] * 8 + [True] * 2
    assert [view.complete for view in seen if view] == [False] * 9 + [True]


def test_another_axis_is_answered_at_once_with_the_other_parts_as_they_were() -> None:
    made = running(60_000)
    before = shown(made, 1)
    made.command(ShowScenarios(book="bitcoin", axis=ScenarioAxis.BASIS), at(2))
    view = made.snapshot(at(2)).scenario
    assert view is not None
    assert view.grid is not None
    assert (view.axis, view.grid.axis, view.complete) == (ScenarioAxis.BASIS, ScenarioAxis.BASIS, False)
    assert (view.ladder, view.reckoned_ns) == (before.ladder, before.reckoned_ns)
    assert whole(made, 2).reckoned_ns == at(2)


def test_an_input_lost_meanwhile_empties_the_view() -> None:
    made = running(60_000)
    shown(made, 1)
    made.command(ShowScenarios(book="bitcoin"), at(100))
    view = whole(made, 100)
    assert any("mark price" in gap for gap in view.ground.missing)
    assert empty(view)


def test_a_book_that_does_not_exist_is_refused_in_words() -> None:
    made = running(60_000)
    made.command(ShowScenarios(book="other"), at(1))
    snapshot = made.snapshot(at(1))
    assert (snapshot.scenario, snapshot.message) == (None, "there is no book named other")


def test_the_snapshot_with_scenarios_is_plain_data() -> None:
    made = running(60_000)
    shown(made)
    snapshot = made.snapshot(at(1))
    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=type(snapshot)) == snapshot


def test_numpy_is_loaded_when_scenarios_are_first_shown_and_not_before() -> None:
    code = (
        "import sys; from tests.support.builders import running, at; from core.commands import ShowScenarios\n"
        "made = running(60_000); made.snapshot(at(1)); before = 'numpy' in sys.modules\n"
        "made.command(ShowScenarios(book='bitcoin'), at(1)); [made.snapshot(at(1)) for _ in range(12)]\n"
        "print(before, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
