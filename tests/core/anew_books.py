"""Two books with accounts of every sort, and an engine on both.

The books share an account in hedge mode that its venue keeps, with coins behind it. Beside it are an isolated one that
is kept too, one settled in a coin, and one for contracts that their sheets price: from a file, and typed by hand, in a
market that closes and opens again within minutes.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.books import Account, Book, Collateral, Hedge, Lot, MarginMode, PositionMode
from core.contract_sheet import ContractSheet, listings
from core.engine import Engine
from core.events import InstrumentListed, TiersLoaded
from core.instruments import ContractKind, Instrument
from core.legs import Leg
from core.snapshot import Mode
from tests.core.sheets import BOOK, MBT, config
from tests.support.builders import INVERSE, LINEAR, SPOT, at, feed, instrument, listed, perpetual, spot, tiers

D = Decimal
ETH, SOL, ETH_SPOT = "bybit:linear:ETHUSDT", "bybit:linear:SOLUSDT", "bybit:spot:ETHUSDT"
QUANTO, STRAY = "bybit:quanto:ETHUSDTM", "bybit:linear:DOGEUSDT"
FILED, TYPED = "cme:futures:MBT-2099-12", "cme:futures:MET-2099-12"
PERPETUALS = {LINEAR: 60_000, ETH: 3_000, SOL: 150, INVERSE: 60_000, QUANTO: 3_000, STRAY: 1}
PAIRS = {SPOT: 60_000, ETH_SPOT: 3_000}
KEPT = ("kept", "unified")


def _sheet(symbol: str, base: str, source: str) -> ContractSheet:
    """A contract whose market closes two minutes after the start, opens three later, and has a break after that."""
    hours = MBT[MBT.index("zone =") : MBT.index("[[contracts.months]]")]
    opened = 'sessions = ["Sun 21:00 - Sun 21:22", "Sun 21:25 - Fri 16:00"]'
    opened += '\nbreaks = ["Sun 21:31 - Sun 21:33"]\nholidays = []'
    text = MBT[: MBT.index("[[contracts.months]]")].replace(hours, f'zone = "UTC"\n{opened}\n')
    text = text.replace('"MBT"', f'"{symbol}"').replace('base = "BTC"', f'base = "{base}"')
    month = '[[contracts.months]]\nmonth = "2099-12"\nlast_trading_day = 2099-12-24\nsettles = 2099-12-25T16:00:00Z\n'
    book = BOOK.replace("MBT-2026-12", f"{symbol}-2099-12")
    book = book.replace('asset = "BTC"', f'asset = "{base}"').replace(SPOT, f"bybit:spot:{base}USDT")
    return config(f"{text}{month}[contracts.months.price]\n{source}\n{book}").contracts[0]


SHEETS = (
    _sheet("MBT", "BTC", f'file = "mbt.txt"\nindex = "{SPOT}"'),
    _sheet("MET", "ETH", "typed = true\nstale_after_seconds = 40"),
)
UNIFIED = Account(
    name="unified",
    venue="bybit",
    settle="USDT",
    wallet_balance=D(0),
    margin_mode=MarginMode.CROSS,
    paper=False,
    multi_asset=True,
    collateral=(
        Collateral(asset="ETH", quantity=D(20), ratio=D("0.9"), price=ETH_SPOT),
        Collateral(asset="BTC", quantity=D(1), ratio_steps=((D(0), D("0.98")), (D("0.5"), D("0.9"))), price=SPOT),
    ),
    position_mode=PositionMode.HEDGE,
)
ALPHA = Book(
    name="alpha",
    lots=(Lot(asset="BTC", quantity=D(5), cost=D(60_000), price=SPOT), Lot(asset="ETH", quantity=D(50))),
    hedges=(
        Hedge(asset="BTC", instrument=LINEAR, account="kept", target_ratio=D("0.3")),
        Hedge(
            asset="ETH", instrument=ETH, account="unified", leg=Leg.SHORT, target_floor=D(90_000),
            target_floor_price=D(2_000),
        ),
        Hedge(
            asset="BTC", instrument=INVERSE, account="coins", target_ratio=D("0.2"), quantity=D(-60_000),
            entry_price=D(61_000),
        ),
        Hedge(
            asset="ETH", instrument=QUANTO, account="coins", target_ratio=D("0.1"), quantity=D(-300),
            entry_price=D(3_100),
        ),
    ),
    accounts=(
        Account(name="kept", venue="bybit", settle="USDT", wallet_balance=D(0), paper=False),
        UNIFIED,
        Account(name="coins", venue="bybit", settle="BTC", wallet_balance=D(2), margin_mode=MarginMode.CROSS),
    ),
)  # fmt: skip
BETA = Book(
    name="beta",
    lots=(
        Lot(asset="BTC", quantity=D(10), cost=D(50_000), price=SPOT),
        Lot(asset="ETH", quantity=D(7), price=ETH_SPOT),
    ),
    hedges=(
        Hedge(
            asset="BTC", instrument=FILED, account="broker", target_ratio=D("0.5"), quantity=D(-50),
            entry_price=D(61_000),
        ),
        Hedge(
            asset="ETH", instrument=TYPED, account="broker", target_money=D(9_000), quantity=D(-20),
            entry_price=D(3_050),
        ),
        Hedge(
            asset="ETH", instrument=SOL, account="unified", leg=Leg.SHORT, beta=D("1.3"), target_ratio=D("0.4")
        ),
    ),
    accounts=(
        Account(name="broker", venue="cme", settle="USD", wallet_balance=D(300_000), margin_mode=MarginMode.CROSS),
        UNIFIED,
    ),
)  # fmt: skip


def described(name: str, interval: int | None = 8, status: str = "trading") -> Instrument:
    if name != QUANTO:
        return instrument(name, interval=interval, status=status)
    made = instrument(name, quote="USDT", contract_size="0.000001", step="1", minimum="1", interval=interval)
    return msgspec.structs.replace(made, kind=ContractKind.QUANTO, settle="BTC", status=status)


def table_of(name: str, when: float, rate: str = "0.005", cap: str = "2000000") -> TiersLoaded:
    table = tiers(name, when=when, rate=rate, first_cap=cap)
    if name != QUANTO:
        return table
    return msgspec.structs.replace(table, table=msgspec.structs.replace(table.table, unit="coin"))


def begun() -> Engine:
    """An engine on both books that has heard of every contract and of the market, and nothing yet of kept accounts."""
    made = Engine((ALPHA, BETA), mode=Mode.PAPER, source="test", sheets=SHEETS)
    feed(made, *(list(listings(sheet, at(0))) for sheet in SHEETS))
    for name, price in PERPETUALS.items():
        feed(made, InstrumentListed(instrument=described(name), received_ns=at(0)), table_of(name, 0))
        feed(made, perpetual(0, price, name))
    for name, price in PAIRS.items():
        feed(made, listed(name), spot(0, price, name))
    return made
