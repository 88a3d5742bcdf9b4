"""Engines that have seen a market, one for each way of being hedged: what explanations are tried on."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import msgspec

from core.books import Account, Book, Collateral, Equivalent, Hedge, Lot, MarginMode, PositionMode
from core.commands import ConfirmStage, SetAnchor, SetTarget, ShowScenarios, StageHedge
from core.contract_sheet import listings
from core.demo_book import seed_book
from core.engine import Engine
from core.events import (
    AnyEvent,
    BalanceUpdate,
    Candle,
    CandlePrice,
    CandlesLoaded,
    FundingPayment,
    InstrumentListed,
    PositionUpdate,
    TiersLoaded,
)
from core.instruments import ContractKind, Instrument, Tier, TierTable
from core.legs import Leg
from core.scenario_view import ScenarioAxis
from core.snapshot import Mode
from feeds.paper import PaperBroker
from tests.core.sheets import config, priced_engine, told
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
    market_at,
    perpetual,
    reference,
    running,
    spot,
    ticker,
    tiers,
)

ETH = "bybit:linear:ETHUSDT"
ETH_SPOT = "bybit:spot:ETHUSDT"
QUANTO = "bitmex:quanto:ETHUSD"
DAY = 86_400 * 1_000_000_000
TODAY = START // DAY * DAY


def candles(name: str, price: float, swing: float, days: int = 60) -> CandlesLoaded:
    """Daily candles that go up and down, the days of two coins alike but not the same."""
    found = []
    for number in range(days):
        level = price * (1 + swing * math.sin(number * 1.7) + swing / 5 * math.cos(number * 3.1 + price))
        low, high = level * (1 - swing / 2), level * (1 + swing / 2)
        values = (Decimal(f"{value:.4f}") for value in (level, high, low, level))
        found.append(Candle(TODAY - (days - number) * DAY, *values))
    return CandlesLoaded(
        received_ns=at(0), instrument=name, price=CandlePrice.MARK, interval_ns=DAY, candles=tuple(found)
    )


def seed(price: int = 48_000) -> Engine:
    """The seed's book, isolated and linear, with a price history."""
    made = engine()
    feed(made, reference(), candles(LINEAR, 60_000, 0.03), market_at(0, price))
    return made


def taken(price: int, *events: AnyEvent, **changes: object) -> Engine:
    """The seed's book with its account changed, after these events."""
    book = seed_book()
    account = msgspec.structs.replace(book.accounts[0], **changes)
    made = engine(msgspec.structs.replace(book, accounts=(account,)))
    feed(made, reference(), candles(LINEAR, 60_000, 0.03), market_at(0, price), events)
    return made


def long_position() -> Engine:
    report = PositionUpdate(
        received_ns=at(0.05), account="paper", instrument=LINEAR, quantity=Decimal(3), entry_price=Decimal(60_000),
        isolated_margin=Decimal(60_000), liquidation_price=Decimal("41000"),
    )  # fmt: skip
    return taken(57_000, report)


def disputed() -> Engine:
    report = PositionUpdate(
        received_ns=at(0.05), account="paper", instrument=LINEAR, quantity=Decimal("-2.5"),
        entry_price=Decimal(60_000), isolated_margin=Decimal(75_000), liquidation_price=Decimal(70_000),
    )  # fmt: skip
    return taken(60_000, report)


def inverse(price: int = 52_000, **changes: object) -> Engine:
    """Coin-margined, with funding paid in coins."""
    book = inverse_book()
    account = msgspec.structs.replace(book.accounts[0], **changes)
    hedge = book.hedges[0]
    if changes.get("margin_mode") is MarginMode.CROSS:
        hedge = msgspec.structs.replace(hedge, isolated_margin=None)
    made = engine(msgspec.structs.replace(book, accounts=(account,), hedges=(hedge,)))
    contract = msgspec.structs.replace(listed(INVERSE).instrument, quantity_step=Decimal(1))
    feed(
        made,
        InstrumentListed(instrument=contract, received_ns=at(0)),
        listed(SPOT),
        tiers(INVERSE, first_cap="2"),
        candles(INVERSE, 60_000, 0.02),
        perpetual(0, price, INVERSE),
        spot(0, price),
        FundingPayment(
            received_ns=at(0.01), account="coins", payment_id="1", instrument=INVERSE, amount=Decimal("-0.0007"),
            asset="BTC", rate=Decimal("0.0001"), mark_price=Decimal(60_000), settled_ns=START, estimated=True,
        ),
    )  # fmt: skip
    return made


def two_coins(**changes: object) -> Engine:
    """BTC and ETH hedged from one cross account of USDT, in two tiers each, with histories of both."""
    account = Account(
        name="cross", venue="bybit", settle="USDT", wallet_balance=Decimal(90_000), margin_mode=MarginMode.CROSS,
    )  # fmt: skip
    book = Book(
        name="two",
        lots=(
            Lot(asset="BTC", quantity=Decimal(5), cost=Decimal(60_000), price=SPOT, note="cold"),
            Lot(asset="BTC", quantity=Decimal("0.25"), cost=Decimal(41_000), account="cross"),
            Lot(asset="ETH", quantity=Decimal(40), cost=Decimal(2_900)),
            Lot(asset="WETH", quantity=Decimal(3), cost=Decimal(2_000)),
        ),
        hedges=(
            Hedge(
                asset="BTC", instrument=LINEAR, account="cross", target_ratio=Decimal("0.7"),
                quantity=Decimal("-2.5"), entry_price=Decimal(61_000),
            ),
            Hedge(
                asset="ETH", instrument=ETH, account="cross", target_money=Decimal(70_000), quantity=Decimal(-30),
                entry_price=Decimal(3_050),
            ),
        ),
        accounts=(msgspec.structs.replace(account, **changes),),
        equivalents=(Equivalent(asset="WETH", counts_as="ETH", haircut=Decimal("0.02")),),
    )  # fmt: skip
    made = engine(book)
    feed(
        made,
        reference(),
        [listed(ETH), listed(ETH_SPOT), tiers(LINEAR, first_cap="100000"), tiers(ETH, first_cap="150000")],
        [candles(LINEAR, 60_000, 0.03), candles(ETH, 3_000, 0.04)],
        market_at(0, 60_000),
        [perpetual(0, 3_000, ETH, rate="-0.0002"), spot(0, 3_001, ETH_SPOT)],
    )
    return made


def multi_asset(debt: bool = False) -> Engine:
    """Cross, backed by USDT, by ETH with a haircut in steps and by dollars of another kind (owed, if ``debt``)."""
    coins = Collateral(
        asset="ETH", quantity=Decimal(25), price=ETH_SPOT,
        ratio_steps=((Decimal(0), Decimal("0.95")), (Decimal(10), Decimal("0.9")), (Decimal(100), Decimal(0))),
    )  # fmt: skip
    dollars = Collateral(asset="USDC", quantity=Decimal(-4_000 if debt else 4_000), ratio=Decimal("0.99"))
    return two_coins(multi_asset=True, collateral=(coins, dollars), wallet_balance=Decimal(50_000))


def hedge_mode(mode: MarginMode = MarginMode.CROSS) -> Engine:
    """A short that hedges and a long of the same contract beside it, which is no hedge."""
    book = seed_book()
    account = msgspec.structs.replace(book.accounts[0], margin_mode=mode, position_mode=PositionMode.HEDGE)
    margin = None if mode is MarginMode.CROSS else Decimal(75_000)
    hedge = msgspec.structs.replace(book.hedges[0], leg=Leg.SHORT, isolated_margin=margin)
    made = engine(msgspec.structs.replace(book, accounts=(account,), hedges=(hedge,)))
    long = PositionUpdate(
        received_ns=at(0.05), account="paper", instrument=LINEAR, quantity=Decimal("0.5"), entry_price=Decimal(58_000),
        isolated_margin=Decimal(9_000), leg=Leg.LONG,
    )  # fmt: skip
    feed(made, reference(), market_at(0, 60_000), long)
    return made


def sheet() -> Engine:
    """A contract of an exchange without feeds, with margin per contract, priced by hand."""
    made_of = config()
    made = Engine(made_of.books, mode=Mode.PAPER, source="test")
    feed(made, listed(SPOT), *(list(listings(item, at(0))) for item in made_of.contracts), spot(0, 92_000))
    feed(made, ticker(0, "cme:futures:MBT-2026-12", mark=92_500, index=92_000, bid=92_495, ask=92_505))
    return made


def priced_sheet(source: str, price: int | None = 92_500, seconds: float = 0) -> Engine:
    """A contract whose sheet says where its price comes from, priced so long ago."""
    made = priced_engine(source)
    if price is not None:
        feed(made, told(0, price, seen=-seconds))
    return made


def quanto() -> Engine:
    """1,000 contracts whose profit is paid in bitcoin."""
    contract = Instrument(
        id=QUANTO, venue="bitmex", market="quanto", symbol="ETHUSD", kind=ContractKind.QUANTO, base="ETH", quote="USD",
        settle="BTC", contract_size=Decimal("0.000001"), tick_size=Decimal("0.05"), quantity_step=Decimal(1),
        minimum_quantity=Decimal(1), funding_interval_hours=8,
    )  # fmt: skip
    account = Account(name="coins", venue="bitmex", settle="BTC", wallet_balance=Decimal(2))
    hedge = Hedge(
        asset="ETH", instrument=QUANTO, account="coins", target_coins=Decimal(70), quantity=Decimal(-1000),
        entry_price=Decimal(3000), isolated_margin=Decimal(1),
    )  # fmt: skip
    lot = Lot(asset="ETH", quantity=Decimal(100), cost=Decimal(3000))
    table = TierTable(QUANTO, "coin", (Tier(Decimal(0), None, Decimal("0.01"), Decimal(0)),), at(0), "test")
    made = engine(Book(name="quanto", lots=(lot,), hedges=(hedge,), accounts=(account,)))
    feed(made, InstrumentListed(instrument=contract, received_ns=at(0)), TiersLoaded(table=table, received_ns=at(0)))
    feed(made, perpetual(0, 2400, QUANTO), spot(0, 60_000, "bitmex:spot:BTCUSD"))
    return made


def targets(**target: Decimal | None) -> Engine:
    """The seed's book with a target of another kind."""
    book = seed_book()
    hedge = msgspec.structs.replace(book.hedges[0], target_ratio=None)
    return running(58_000, msgspec.structs.replace(book, hedges=(msgspec.structs.replace(hedge, **target),)))


def proxy(*, priced: bool = True) -> Engine:
    """SOL hedged with a contract on BTC, by beta; its own price is not known unless it is ``priced``."""
    book = seed_book()
    hedge = msgspec.structs.replace(book.hedges[0], asset="SOL", beta=Decimal("1.4"))
    lot = Lot(asset="SOL", quantity=Decimal(1500), cost=Decimal(150), price="bybit:spot:SOLUSDT")
    made = engine(msgspec.structs.replace(book, lots=(lot,), hedges=(hedge,)))
    feed(made, reference(), listed("bybit:spot:SOLUSDT"), market_at(0, 61_000))
    if priced:
        feed(made, spot(0, 170, "bybit:spot:SOLUSDT"))
    return made


def staged(made: Engine, ratio: str, *, send: bool = False) -> Engine:
    """The same with an order to a new target staged, or sent and filled."""
    view = made.snapshot(at(0.1)).books[0]
    name, instrument = view.name, view.hedges[0].instrument
    made.command(SetTarget(book=name, instrument=instrument, ratio=Decimal(ratio)), at(0.1))
    made.command(StageHedge(book=name, instrument=instrument), at(0.1))
    if send:
        stage = made.snapshot(at(0.1)).stage
        assert stage is not None
        made.command(ConfirmStage(client_order_id=stage.client_order_id), at(0.1))
        (order,) = made.take_orders()
        broker = PaperBroker([msgspec.structs.replace(account) for account in seed_book().accounts], made.positions)
        feed(made, [event for item in reference() for event in broker.observe(item)])
        for event in market_at(0.1, 48_000):
            feed(made, broker.observe(event))
        feed(made, broker.submit(order, at(0.1)))
    return made


def measured(made: Engine, *later: AnyEvent) -> Engine:
    """The same measured from an anchor; then money is paid in and the market moves."""
    account = made.snapshot(at(0.1)).books[0].accounts[0]
    made.command(SetAnchor(book=made.snapshot(at(0.1)).books[0].name), at(0.1))
    assert account.wallet_balance.value is not None
    paid = account.wallet_balance.value + Decimal("1.5")
    feed(
        made,
        BalanceUpdate(received_ns=at(0.2), account=account.name, asset=account.settle, wallet_balance=paid),
        later,
    )
    return made


def imagined(made: Engine, axis: ScenarioAxis = ScenarioAxis.HEDGE) -> Engine:
    """The same with its scenarios shown, all of them reckoned."""
    made.command(ShowScenarios(book=made.snapshot(at(0.3)).books[0].name, axis=axis), at(0.3))
    views = [made.snapshot(at(0.3)).scenario for _ in range(12)]
    assert views[-1] is not None
    assert views[-1].complete
    return made


def no_market() -> Engine:
    book = seed_book()
    return engine(msgspec.structs.replace(book, lots=(*book.lots, Lot(asset="BTC", quantity=Decimal(1), note="gift"))))


def no_tiers() -> Engine:
    made = engine()
    feed(made, listed(LINEAR), listed(SPOT), market_at(0, 60_000))
    return made


def no_spot() -> Engine:
    made = engine()
    feed(made, reference(), perpetual(0, 60_000))
    return made


def flat() -> Engine:
    book = seed_book()
    hedge = msgspec.structs.replace(book.hedges[0], quantity=Decimal(0), entry_price=None, isolated_margin=None)
    return running(60_000, msgspec.structs.replace(book, hedges=(hedge,)))


def bagless() -> Engine:
    """A hedge of ether to a worth, of which the bag holds nothing: an index prices what is not there."""
    hedge = Hedge(
        asset="ETH", instrument=ETH, account="paper", target_money=Decimal(3_000), quantity=Decimal(-2),
        entry_price=Decimal(3_050),
    )  # fmt: skip
    book = seed_book()
    made = engine(msgspec.structs.replace(book, hedges=(*book.hedges, hedge)))
    feed(made, reference(), [listed(ETH), tiers(ETH)], market_at(0, 60_000), perpetual(0, 3_000, ETH))
    return made


Case = tuple[Callable[[], Engine], float]
CASES: dict[str, Case] = {
    "linear isolated": (seed, 0.1),
    "in danger": (lambda: seed(80_000), 6),
    "past liquidation": (lambda: seed(95_000), 6),
    "a long": (long_position, 6),
    "disputed with the venue": (disputed, 0.1),
    "the venue silent": (disputed, 200),
    "requirement at entry": (lambda: taken(52_000, margin_rules="bybit-classic"), 0.1),
    "closing fee in the requirement": (lambda: taken(52_000, margin_rules="bingx-usdtm"), 0.1),
    "inverse isolated": (inverse, 0.1),
    "inverse cross": (lambda: inverse(margin_mode=MarginMode.CROSS, wallet_balance=Decimal("0.4")), 0.1),
    "cross with two coins": (two_coins, 0.1),
    "multi-asset with haircut": (multi_asset, 0.1),
    "multi-asset with a debt": (lambda: multi_asset(debt=True), 0.1),
    "hedge mode cross": (hedge_mode, 0.1),
    "hedge mode isolated": (lambda: hedge_mode(MarginMode.ISOLATED), 0.1),
    "a contract sheet": (sheet, 0.1),
    "priced by a file": (lambda: priced_sheet('file = "a"'), 0.1),
    "priced by a file, late": (lambda: priced_sheet('file = "a"', seconds=40), 0.1),
    "priced by a file, with an index": (lambda: priced_sheet('file = "a"\nindex = "bybit:spot:BTCUSDT"'), 0.1),
    "priced by hand": (lambda: priced_sheet("typed = true", None), 0.1),
    "staged at a price of the sheet": (
        lambda: staged(priced_sheet('file = "a"\nprice = "last"'), "0.6"),
        0.1,
    ),
    "quanto": (quanto, 0.1),
    "target in money": (lambda: targets(target_money=Decimal(100_000)), 0.1),
    "target in coins": (lambda: targets(target_coins=Decimal(2)), 0.1),
    "target as a floor": (
        lambda: targets(target_floor=Decimal(250_000), target_floor_price=Decimal(30_000)),
        0.1,
    ),
    "proxy by beta": (proxy, 0.1),
    "proxy without a price": (lambda: proxy(priced=False), 0.1),
    "staged sale": (lambda: staged(seed(), "0.6137"), 0.1),
    "staged purchase": (lambda: staged(seed(), "0.2"), 0.1),
    "staged inverse": (lambda: staged(inverse(), "0.8"), 0.1),
    "staged cross": (lambda: staged(two_coins(), "0.61"), 0.1),
    "order sent": (lambda: staged(seed(), "0.6", send=True), 0.2),
    "no market": (no_market, 0.1),
    "no tiers": (no_tiers, 0.1),
    "no spot price": (no_spot, 0.1),
    "flat": (flat, 0.1),
    "nothing in the bag": (bagless, 0.1),
    "since an anchor": (lambda: imagined(measured(seed(), *market_at(0.2, 51_234))), 0.4),
    "since an anchor, traded": (
        lambda: imagined(measured(staged(seed(), "0.6", send=True), *market_at(0.2, 47_321)), ScenarioAxis.BASIS),
        0.4,
    ),
    "since an anchor, inverse": (
        lambda: imagined(measured(inverse(), perpetual(0.2, 57_013, INVERSE), spot(0.2, 57_000))),
        0.4,
    ),
    "scenarios of two coins": (
        lambda: imagined(measured(multi_asset(), perpetual(0.2, 3_100, ETH), spot(0.2, 3_099, ETH_SPOT))),
        0.4,
    ),
    "scenarios with nothing hedged": (lambda: imagined(flat()), 0.4),
    "scenarios of a quanto": (lambda: imagined(quanto()), 0.4),
    "late": (seed, 5),
    "stale": (two_coins, 20),
    "gone": (multi_asset, 4_000),
}
