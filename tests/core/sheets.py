"""A contract sheet as a user would copy it from an exchange's page, for the tests of sheets and configuration."""

from __future__ import annotations

from pathlib import Path

from core.config import Config, parse_config
from core.contract_sheet import ContractSheet

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
