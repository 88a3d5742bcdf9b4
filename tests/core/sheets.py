"""A contract sheet as a user would copy it from an exchange's page, for the tests of sheets and configuration."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from core.config import Config, parse_config
from core.contract_sheet import ContractSheet, listings
from core.engine import Engine
from core.events import Ticker
from core.journal import Journal
from core.snapshot import Mode
from tests.support.builders import SPOT, at, feed, listed, spot

FILE = Path("/somewhere/config.toml")
MBT = """\
[[contracts]]
venue = "cme"
symbol = "MBT"
kind = "linear"
base = "BTC"
quote = "USD"
settle = "USD"
multiplier = 0.1
tick_size = 5
tick_value = 0.5
quantity_step = 1
minimum_quantity = 1
settlement = "cash"
settlement_source = "CME CF Bitcoin Reference Rate, 16:00 London"
initial_margin = 2486
maintenance_margin = 2260
margin_as_of = 2026-11-20
fee = 2.5

[contracts.trading_hours]
zone = "America/Chicago"
sessions = ["Sun 17:00 - Fri 16:00"]
breaks = ["Mon 16:00 - Mon 17:00", "Tue 16:00 - Tue 17:00", "Wed 16:00 - Wed 17:00", "Thu 16:00 - Thu 17:00"]
holidays = [2026-12-25, 2027-01-01]

[[contracts.months]]
month = "2026-11"
last_trading_day = 2026-11-27
settles = 2026-11-27T16:00:00Z

[[contracts.months]]
month = "2026-12"
last_trading_day = 2026-12-24
settles = 2026-12-25T16:00:00Z
"""
BOOK = """\
[[accounts]]
name = "broker"
venue = "cme"
settle = "USD"
wallet_balance = 100000

[[books]]
name = "main"
lots = [{ asset = "BTC", quantity = 5, price = "bybit:spot:BTCUSDT" }]

[[books.hedges]]
asset = "BTC"
instrument = "cme:futures:MBT-2026-12"
account = "broker"
target_ratio = 0.5
quantity = -25
entry_price = 90000
"""
ONE_EXPIRY = MBT[: MBT.index("[[contracts.months]]")].replace(
    'settlement = "cash"', 'expiry = 2026-12-25T10:00:00-06:00\nsettlement = "cash"'
)


def config(text: str = MBT + BOOK) -> Config:
    return parse_config(text, FILE)


def sheet(contracts: str = MBT) -> ContractSheet:
    return config(
        contracts + '[[books]]\nname = "a"\nlots = [{asset = "X", quantity = 1, price = "bybit:spot:XUSDT"}]\n'
    ).contracts[0]


ALWAYS_OPEN = 'sessions = ["Mon 00:00 - Mon 00:00"]\nbreaks = []\nholidays = []\n'
PRICED = "cme:futures:MBT-2099-12"


def priced(source: str, *, account: str = 'margin_mode = "cross"', always_open: bool = True) -> str:
    """A configuration of 10 BTC hedged with 50 contracts of 0.1 BTC that settle in 2099, priced by ``source``."""
    contract = MBT[: MBT.index("[[contracts.months]]")]
    if always_open:
        hours = contract[contract.index("sessions") :]
        contract = contract.replace(hours, ALWAYS_OPEN)
    month = (
        '[[contracts.months]]\nmonth = "2099-12"\nlast_trading_day = 2099-12-24\nsettles = 2099-12-25T16:00:00Z\n'
        f"[contracts.months.price]\n{source}\n"
    )
    book = BOOK.replace("MBT-2026-12", "MBT-2099-12").replace("quantity = -25", "quantity = -50")
    book = book.replace("quantity = 5,", "quantity = 10, cost = 60000,")
    book = book.replace("wallet_balance = 100000", f"wallet_balance = 300000\n{account}")
    return f"{contract}{month}\n{book}"


def priced_engine(
    source: str, *, journal: Journal | None = None, spot_price: int | None = 92_000, **options: object
) -> Engine:
    """An engine on the configuration of :func:`priced`, which has heard of the contract and of the spot price."""
    made_of = config(priced(source, **options))  # type: ignore[arg-type]
    made = Engine(made_of.books, mode=Mode.PAPER, source="test", journal=journal, sheets=made_of.contracts)
    feed(made, listed(SPOT), *(list(listings(item, at(0))) for item in made_of.contracts))
    if spot_price is not None:
        feed(made, spot(0, spot_price))
    return made


def told(when: float, price: Decimal | str | int, seen: float | None = None) -> Ticker:
    """A price of the contract of :func:`priced`, received ``when`` and as old as ``seen`` (both in seconds)."""
    return Ticker(
        received_ns=at(when),
        instrument=PRICED,
        channel="MBT-2099-12 file",
        venue_time_ns=at(when if seen is None else seen),
        mark_price=Decimal(price),
    )
