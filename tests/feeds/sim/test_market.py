"""The simulated market: reproducible, plausible, and still where it is pinned."""

from __future__ import annotations

import itertools
import math
import statistics
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.errors import RequestError
from core.tiers import check_continuity
from feeds.sim.book import average_price, side_levels
from feeds.sim.catalogue import COINS, quarter_end_ms
from feeds.sim.history import DAY_MS, HOUR_MS, MINUTE_MS
from feeds.sim.market import STEP_YEARS, Market
from feeds.sim.registry import VENUES, venue_rules
from feeds.sim.simulator import Simulator, SimulatorOptions
from tests.feeds.sim.desk import START_MS, Desk

ALL = [listing for venue in VENUES for listing in venue_rules(venue).listings(START_MS)]


def tape(seed: int, start_ms: int, steps: int) -> list[tuple[Decimal, ...]]:
    """What a run of the simulator quotes, whatever the wall clock says."""
    simulator = Simulator(SimulatorOptions(seed=seed), start_ms)
    rows: list[tuple[Decimal, ...]] = []
    for number in range(1, steps + 1):
        simulator.step(start_ms + number * 100)
        for venue in simulator.venues.values():
            for listing in venue.exchange.listings.values():
                if listing.expiry_ms is not None:
                    continue
                quote = venue.exchange.quote(listing)
                rows.append((quote.index, quote.last, quote.bid, quote.ask, quote.bid_size, quote.ask_size))
    return rows


def log_returns(market: Market, coin: str, steps: int, every: int) -> list[float]:
    prices = [market.fair(coin)]
    for number in range(1, steps + 1):
        market.step()
        if number % every == 0:
            prices.append(market.fair(coin))
    return [math.log(after / before) for before, after in itertools.pairwise(prices)]


def test_one_seed_is_one_market_to_the_bit_at_any_time_of_day() -> None:
    first = tape(seed=11, start_ms=START_MS, steps=40)
    assert tape(seed=11, start_ms=START_MS + 7_654_321, steps=40) == first
    assert tape(seed=12, start_ms=START_MS, steps=40) != first


def test_bitcoin_starts_at_sixty_thousand() -> None:
    desk = Desk(pins={"ETH": "3000"})
    assert abs(desk.exchange.index("BTC") - 60_000) < 60


def test_a_coin_moves_about_as_much_as_its_volatility_says() -> None:
    for coin in COINS:
        returns = log_returns(Market(5), coin.name, steps=12_000, every=10)
        yearly = statistics.pstdev(returns) / math.sqrt(10 * STEP_YEARS)
        assert coin.volatility / 3 < yearly < coin.volatility * 3, coin.name


def test_coins_move_together() -> None:
    market, paths = Market(8), {"BTC": [0.0], "ETH": [0.0]}
    for _ in range(6_000):
        market.step()
        for coin, path in paths.items():
            path.append(math.log(market.fair(coin)))
    moves = [[b - a for a, b in itertools.pairwise(path[1:])] for path in paths.values()]
    assert 0.6 < statistics.correlation(moves[0], moves[1]) < 0.95


def test_volatility_itself_moves_and_stays_positive() -> None:
    market = Market(3)
    seen = []
    for _ in range(5_000):
        market.step()
        seen.append(market.volatility("BTC"))
    assert min(seen) > 0
    assert max(seen) / min(seen) > 1.01


def test_quotes_lie_on_their_grid_and_make_sense() -> None:
    simulator = Simulator(SimulatorOptions(seed=21), START_MS)
    for number in range(1, 301):
        simulator.step(START_MS + number * 100)
        for venue in simulator.venues.values():
            for listing in venue.exchange.listings.values():
                quote, instrument = venue.exchange.quote(listing), listing.instrument
                assert quote.bid < quote.ask
                assert quote.bid <= quote.last <= quote.ask
                assert not quote.bid % instrument.tick_size
                assert not quote.ask % instrument.tick_size
                assert not quote.bid_size % instrument.quantity_step
                assert abs(quote.mark / quote.index - 1) < Decimal("0.03")


def test_the_basis_reverts() -> None:
    simulator = Simulator(SimulatorOptions(seed=2), START_MS)
    exchange = simulator.venues["bybit"].exchange
    listing = exchange.find("linear", "BTCUSDT")
    assert listing is not None
    seen = []
    for number in range(1, 3_001):
        simulator.step(START_MS + number * 100)
        quote = exchange.quote(listing)
        seen.append(float(quote.mid) / simulator.market.fair("BTC") - 1)
    assert max(map(abs, seen)) < 0.004
    assert statistics.pstdev(seen) > 0.00002


def test_a_pin_holds_index_mark_and_mid_exactly_on_every_listing() -> None:
    simulator = Simulator(SimulatorOptions(seed=4, pins={"BTC": Decimal("48000.5")}), START_MS)
    for number in range(1, 51):
        simulator.step(START_MS + number * 100)
        for venue in simulator.venues.values():
            for listing in venue.exchange.listings.values():
                if listing.instrument.base == "BTC":
                    quote = venue.exchange.quote(listing)
                    assert {quote.index, quote.mark, quote.mid, quote.last} == {Decimal("48000.5")}


def test_a_pin_leaves_other_coins_alone_and_ends_without_a_jump() -> None:
    free, pinned = Market(9), Market(9)
    pinned.pin("BTC", Decimal(48_000))
    for _ in range(200):
        free.step()
        pinned.step()
        assert free.fair("ETH") == pinned.fair("ETH")
    pinned.unpin("BTC")
    assert pinned.fair("BTC") == pytest.approx(48_000)
    before = free.fair("BTC")
    free.step()
    pinned.step()
    assert pinned.fair("BTC") / 48_000 == pytest.approx(free.fair("BTC") / before, rel=1e-12)


@pytest.mark.parametrize(("coin", "price"), [("XRP", "1"), ("BTC", "48000.05"), ("BTC", "0"), ("BTC", "NaN")])
def test_a_pin_that_cannot_be_quoted_is_refused(coin: str, price: str) -> None:
    with pytest.raises(RequestError, match="pin"):
        Market(1).pin(coin, Decimal(price))


@pytest.mark.parametrize(
    ("today", "expiry"),
    [
        ("2026-08-09", "2026-09-25"),
        ("2026-09-20", "2026-12-25"),
        ("2026-12-20", "2027-03-26"),
        ("2027-03-01", "2027-03-26"),
    ],
)
def test_a_dated_contract_expires_on_the_last_friday_of_a_quarter(today: str, expiry: str) -> None:
    day = datetime.fromisoformat(today).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(expiry).replace(hour=8, tzinfo=UTC)
    assert quarter_end_ms(int(day.timestamp() * 1000)) == int(expected.timestamp() * 1000)


def test_tier_tables_are_continuous() -> None:
    for listing in ALL:
        if listing.tiers is not None:
            check_continuity(listing.tiers)


def test_depth_begins_with_the_quote_and_impact_prices_lie_behind_it() -> None:
    desk = Desk(pins={"ETH": "3000"})
    quote = desk.exchange.quote(desk.listing)
    bids = side_levels(desk.listing, quote, bids=True, depth=50)
    assert (bids[0].price, bids[0].size) == (quote.bid, quote.bid_size)
    assert [level.price for level in bids] == sorted({level.price for level in bids}, reverse=True)
    assert average_price(desk.listing, quote, buy=True, notional=Decimal(10)) == pytest.approx(quote.ask)
    assert average_price(desk.listing, quote, buy=True, notional=Decimal(5_000_000)) > quote.ask
    assert average_price(desk.listing, quote, buy=False, notional=Decimal(5_000_000)) < quote.bid


@pytest.mark.parametrize("interval", [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS])
def test_candles_join_and_end_at_the_present(interval: int) -> None:
    desk = Desk(pins={"ETH": "3000"})
    desk.step(20)
    history = desk.exchange.history(desk.listing)
    candles = history.candles(interval, 0, desk.now_ms, 30)
    assert [candle.start_ms % interval for candle in candles] == [0] * 30
    assert {b.start_ms - a.start_ms for a, b in itertools.pairwise(candles)} == {interval}
    for before, after in itertools.pairwise(candles):
        assert after.open == pytest.approx(before.close)
    assert all(candle.low <= min(candle.open, candle.close) for candle in candles)
    assert all(candle.high >= max(candle.open, candle.close) for candle in candles)
    assert candles[-1].close == desk.simulator.market.fair("BTC")
