"""The shape of the configuration file: every key, what it may hold, its default and what it is for.

The documentation is written from these models, and so are the error messages.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from core.books import Limits, Thresholds
from core.config_contracts import ContractSection, HoursSection, MonthSection
from core.config_prices import PriceSection
from core.config_rules import Address, Choice, Flag, Ladder, Number, Parsed, Steps, Text, Whole, Words
from core.config_section import ASSET, NAME, NOT_NEGATIVE, POSITIVE, TOKEN, Section
from core.contract_sheet import is_sheet_name
from core.symbols import CCXT_VENUE, MARKETS, is_contract, is_spot_pair

_VARIABLE = Text("the name of an environment variable, in capitals (never what it holds)", "[A-Z][A-Z0-9_]{0,63}")
_FILE_NAME = Text("the path of a file", longest=1024)
_THEME = Text('the name of a theme, such as "hedgerow", or ""', "[a-z0-9][a-z0-9-]*|")
_FEE = Number(minimum=Decimal("-0.01"), maximum=Decimal("0.01"), what="a fraction of notional")
_SHORT = Number(maximum=0, phrase="0, or a negative number (a short of 2.5 is written -2.5)")
_CONTRACT = Parsed(
    'a contract such as "bybit:linear:BTCUSDT", "bybit:inverse:BTCUSD" or "binance:usdm:BTCUSDT", or one of '
    '[[contracts]] such as "cme:futures:MBT-2026-12"',
    lambda name: is_contract(name) or is_sheet_name(name),
)
_ACCOUNT_VENUE = Text(
    f"one of {', '.join(json.dumps(venue) for venue in MARKETS)}, {json.dumps(CCXT_VENUE)}, or the venue of a contract "
    "in [[contracts]]",
    r"[a-z][a-z0-9_-]{0,15}|ccxt\.[a-z0-9]{2,30}",
)
_SPOT_PAIR = Parsed('a spot pair such as "bybit:spot:BTCUSDT" or "binance:spot:BTCUSDT"', is_spot_pair)
_RULES = Text('the name of a venue\'s rules, or ""', "[a-z0-9][a-z0-9-]{0,39}|")
_MAYBE_NAME = Text('the name of an account, or ""', r"([A-Za-z0-9][A-Za-z0-9._-]{0,31})?")
_LIMITS, _THRESHOLDS = Limits(), Thresholds()


class VenueSection(Section):
    """How to reach one venue, and where its read-only API key is kept.

    Without this section a venue's public addresses are used and no key. A key is only ever *named* here: by
    environment variable, by a command that prints it or by a file with mode 0600.
    """

    rest: Annotated[str | None, Address("https", "http")] = Field(
        default=None, description="base address of the REST API, for a testnet or another domain of the venue"
    )
    websocket: Annotated[str | None, Address("wss", "ws")] = Field(
        default=None, description="base address of the websocket streams; given together with `rest`"
    )
    api_key_env: Annotated[str | None, _VARIABLE] = Field(
        default=None, description="the environment variable that holds the API key"
    )
    secret_env: Annotated[str | None, _VARIABLE] = Field(
        default=None, description="the environment variable that holds the API secret"
    )
    passphrase_env: Annotated[str | None, _VARIABLE] = Field(
        default=None, description="the environment variable that holds the passphrase, where the venue wants one"
    )
    secret_command: Annotated[tuple[str, ...] | None, Words()] = Field(
        default=None,
        description="a command that prints the API secret, or the API key and the secret on two lines, the passphrase "
        "on a third where the venue wants one; run without a shell",
    )
    secret_file: Annotated[str | None, _FILE_NAME] = Field(
        default=None,
        description="a file, mode 0600, that holds the API secret, or the API key and the secret on two lines, the "
        "passphrase on a third where the venue wants one",
    )


class CollateralSection(Section):
    """Coins that back the account above them beside its settlement currency. A multi-asset account has them.

    Either `ratio` or `ratio_steps` says how much of them the venue counts.
    """

    asset: Annotated[str, TOKEN] = Field(description="the coin")
    quantity: Annotated[Decimal, NOT_NEGATIVE] = Field(description="coins in the account")
    price: Annotated[str | None, _SPOT_PAIR] = Field(
        default=None, description="the spot pair that values it; without it what it counts for is unknown"
    )
    ratio: Annotated[Decimal | None, Number(minimum=0, maximum=1, what="a fraction")] = Field(
        default=None, description="the part of each coin that counts, after the venue's haircut"
    )
    ratio_steps: Annotated[tuple[tuple[Decimal, Decimal], ...] | None, Steps()] = Field(
        default=None, description="the same by amount: each ratio holds for the coins from its amount on"
    )


class AccountSection(Section):
    """A futures account: one venue, one settlement currency."""

    name: Annotated[str, NAME] = Field(description="what hedges call it")
    venue: Annotated[str, _ACCOUNT_VENUE] = Field(description="the venue")
    settle: Annotated[str, ASSET] = Field(
        description="the currency profit is paid in: USDT or USDC for linear contracts, the coin for inverse ones"
    )
    wallet_balance: Annotated[Decimal | None, NOT_NEGATIVE] = Field(
        default=None,
        description="what the account holds, in `settle`, without unrealised profit; a paper account needs it",
    )
    margin_mode: Annotated[str, Choice(("isolated", "cross"))] = Field(
        default="isolated", description="isolated: each position has its own margin; cross: the wallet backs them all"
    )
    leverage: Annotated[Decimal, Number(minimum=1, maximum=125)] = Field(
        default=Decimal(2), description="sizes the initial margin, and the margin an isolated position opens with"
    )
    taker_fee: Annotated[Decimal, _FEE] = Field(
        default=Decimal("0.00055"), description="fee of an order that takes liquidity"
    )
    maker_fee: Annotated[Decimal, _FEE] = Field(
        default=Decimal("0.0002"), description="fee of an order that rests; negative for a rebate"
    )
    paper: Annotated[bool, Flag()] = Field(
        default=True,
        description="true: it holds what this file says, and orders are simulated; false: its venue is asked what it "
        "holds, with the key of `[venues.NAME]`, and takes no orders from here",
    )
    multi_asset: Annotated[bool, Flag()] = Field(
        default=False, description="other coins back it too (unified, multi-asset mode): see `[[accounts.collateral]]`"
    )
    collateral: list[CollateralSection] = Field(default=[], description="coins that back it beside `settle`")
    margin_rules: Annotated[str, _RULES] = Field(
        default="", description='the venue rules for margin and liquidation; "" for those of `venue`'
    )
    closing_fee: Annotated[Decimal, Number(minimum=0, maximum=Decimal("0.01"), what="a fraction of notional")] = Field(
        default=Decimal(0), description="fee to close that the venue adds to its requirements"
    )
    position_mode: Annotated[str, Choice(("one-way", "hedge"))] = Field(
        default="one-way", description="hedge: a long and a short of one contract side by side"
    )


class LotSection(Section):
    """One purchase of spot coins, wherever they lie."""

    asset: Annotated[str, TOKEN] = Field(description="the coin")
    quantity: Annotated[Decimal, POSITIVE] = Field(description="coins held")
    cost: Annotated[Decimal | None, NOT_NEGATIVE] = Field(
        default=None, description="what one coin cost; without it the profit of the bag is unknown"
    )
    price: Annotated[str | None, _SPOT_PAIR] = Field(
        default=None, description="the spot pair that values it; without it the index price of the asset's hedge does"
    )
    note: Annotated[str, Text("one line of text", ".*", longest=120)] = Field(default="", description="for yourself")
    account: Annotated[str, _MAYBE_NAME] = Field(
        default="", description='the futures account in which the coins lie as collateral; "" for anywhere else'
    )


class EquivalentSection(Section):
    """A coin that is hedged as another, such as WETH or stETH as ETH: their lots are one bag."""

    asset: Annotated[str, TOKEN] = Field(description="the coin")
    counts_as: Annotated[str, ASSET] = Field(description="the coin it counts as")
    haircut: Annotated[Decimal, Number(minimum=0, maximum=1, what="a fraction")] = Field(
        default=Decimal(0), description="the part of it that is not counted"
    )


class HedgeSection(Section):
    """One futures contract held, or to be held, short against a coin of the bag."""

    asset: Annotated[str, ASSET] = Field(description="the coin it hedges; the book must hold it")
    instrument: Annotated[str, _CONTRACT] = Field(description="the contract, as venue:market:symbol")
    account: Annotated[str, NAME] = Field(description="the account it is held in")
    target_ratio: Annotated[Decimal | None, Number(minimum=0, maximum=2, what="a fraction")] = Field(
        default=None, description="the part of the bag to hedge: 0.5 is half; a hedge has one target, this or another"
    )
    target_money: Annotated[Decimal | None, NOT_NEGATIVE] = Field(
        default=None, description="how much of the bag's value to hedge, in the currency of its price"
    )
    target_coins: Annotated[Decimal | None, NOT_NEGATIVE] = Field(default=None, description="how many coins to hedge")
    target_floor: Annotated[Decimal | None, POSITIVE] = Field(
        default=None, description="what bag and hedge together must be worth at `target_floor_price` and above it"
    )
    target_floor_price: Annotated[Decimal | None, NOT_NEGATIVE] = Field(
        default=None, description="the worst price of the coin to count with; 0 for any price"
    )
    beta: Annotated[Decimal | None, Number(above=0, maximum=100)] = Field(
        default=None, description="for a contract on another coin: the coin's move per move of the contract's"
    )
    quantity: Annotated[Decimal, _SHORT] = Field(
        default=Decimal(0), description="the position held already, in the contract's order unit; a short is negative"
    )
    entry_price: Annotated[Decimal | None, POSITIVE] = Field(
        default=None, description="average entry price of that position; needed where `quantity` is not 0"
    )
    isolated_margin: Annotated[Decimal | None, POSITIVE] = Field(
        default=None, description="margin moved to that position, in the account's `settle`; isolated accounts only"
    )
    open_at_market: Annotated[bool, Flag()] = Field(
        default=False, description="open the target position on paper once, at the first mark price seen"
    )
    leg: Annotated[str, Choice(("net", "short"))] = Field(
        default="net", description="net: the account's one position in the contract; short: the short leg of hedge mode"
    )
    maintenance_rate: Annotated[Decimal | None, Number(above=0, below=1, what="a fraction")] = Field(
        default=None,
        description="the maintenance margin rate of the position's tier, as the venue's pages show it, for a contract "
        "whose tiers the venue does not tell; what rests on it is marked as an estimate",
    )


class LimitsSection(Section):
    """Bounds that no order passes."""

    maximum_order_notional: Annotated[Decimal, POSITIVE] = Field(
        default=_LIMITS.maximum_order_notional, description="largest order, in quote currency"
    )
    maximum_orders_per_minute: Annotated[int, Whole(1, 600)] = Field(
        default=_LIMITS.maximum_orders_per_minute, description="orders sent in any 60 seconds"
    )
    maximum_ratio: Annotated[Decimal, Number(above=0, maximum=2, what="a fraction")] = Field(
        default=_LIMITS.maximum_ratio, description="highest hedge ratio an order may lead to"
    )
    price_band: Annotated[Decimal, Number(above=0, below=1, what="a fraction")] = Field(
        default=_LIMITS.price_band, description="how far from the mark price an order may be filled"
    )


class ThresholdsSection(Section):
    """When alerts fire: lists run notice, warning, alarm, critical; all are fractions (0.30 is 30%)."""

    liquidation_distance: Annotated[tuple[Decimal, ...], Ladder(falling=True, maximum=10)] = Field(
        default=_THRESHOLDS.liquidation_distance, description="distance of the mark price from liquidation; falls"
    )
    margin_usage: Annotated[tuple[Decimal, ...], Ladder(falling=False)] = Field(
        default=_THRESHOLDS.margin_usage, description="maintenance margin ÷ margin balance; 1 is liquidation"
    )
    ratio_drift: Annotated[tuple[Decimal, ...], Ladder(falling=False)] = Field(
        default=_THRESHOLDS.ratio_drift, description="hedge ratio away from its target, either way"
    )
    funding_paid_per_day: Annotated[tuple[Decimal, ...], Ladder(falling=False)] = Field(
        default=_THRESHOLDS.funding_paid_per_day, description="funding paid in a day, as a fraction of notional"
    )
    exit_margin: Annotated[Decimal, Number(minimum=0, below=1, what="a fraction")] = Field(
        default=_THRESHOLDS.exit_margin, description="how far back, as a fraction of the threshold, ends an alert"
    )
    dwell_seconds: Annotated[Decimal, Number(minimum=0, maximum=3600, what="a number")] = Field(
        default=_THRESHOLDS.dwell_seconds, description="how long a breach must last before it speaks"
    )


class BookSection(Section):
    """A bag, the hedges against it, and how to watch them."""

    name: Annotated[str, NAME] = Field(description="what the screen and `--book` call it")
    lots: list[LotSection] = Field(min_length=1, description="the bag")
    hedges: list[HedgeSection] = Field(default=[], description="the hedges; none for a bag that is only watched")
    equivalents: list[EquivalentSection] = Field(default=[], description="coins that are hedged as others")
    limits: LimitsSection = Field(default=LimitsSection(), description="bounds of orders")
    thresholds: ThresholdsSection = Field(default=ThresholdsSection(), description="alert thresholds")


class DisplaySection(Section):
    """How the monitor looks and behaves."""

    refresh: Annotated[Decimal, Number(minimum=Decimal("0.1"), maximum=10, what="pictures a second,")] = Field(
        default=Decimal(2), description="how often the picture is renewed; alerts come at once"
    )
    theme: Annotated[str, _THEME] = Field(default="", description='colours; "" takes what fits the terminal')
    mouse: Annotated[bool, Flag()] = Field(default=False, description="report the mouse; off saves bytes over SSH")
    private: Annotated[bool, Flag()] = Field(default=False, description="start with amounts hidden")
    ascii: Annotated[bool, Flag()] = Field(default=False, description="draw with ASCII only")
    bell: Annotated[bool, Flag()] = Field(default=True, description="ring the terminal bell for an alarm")


class JournalSection(Section):
    """The record of everything that money depends on."""

    enabled: Annotated[bool, Flag()] = Field(default=True, description="keep it")
    path: Annotated[str | None, _FILE_NAME] = Field(
        default=None, description="the file; without it `journal.sqlite` in the data folder"
    )


class FileSection(Section):
    """The whole file."""

    venues: dict[str, VenueSection] = Field(default={}, description="by venue: addresses and keys")
    accounts: list[AccountSection] = Field(default=[], description="futures accounts")
    contracts: list[ContractSection] = Field(default=[], description="futures contracts that no feed describes")
    books: list[BookSection] = Field(min_length=1, description="what is watched")
    display: DisplaySection = Field(default=DisplaySection(), description="the monitor")
    journal: JournalSection = Field(default=JournalSection(), description="the journal")


SECTIONS: dict[str, type[Section]] = {
    "": FileSection,
    "venues.NAME": VenueSection,
    "accounts": AccountSection,
    "accounts.collateral": CollateralSection,
    "contracts": ContractSection,
    "contracts.price": PriceSection,
    "contracts.months": MonthSection,
    "contracts.months.price": PriceSection,
    "contracts.trading_hours": HoursSection,
    "books": BookSection,
    "books.lots": LotSection,
    "books.hedges": HedgeSection,
    "books.equivalents": EquivalentSection,
    "books.limits": LimitsSection,
    "books.thresholds": ThresholdsSection,
    "display": DisplaySection,
    "journal": JournalSection,
}
"""Every section by the dotted name of its header; ``NAME`` stands for any venue."""

REPEATED = frozenset(
    {
        "accounts",
        "accounts.collateral",
        "contracts",
        "contracts.months",
        "books",
        "books.lots",
        "books.hedges",
        "books.equivalents",
    }
)
"""The sections written as ``[[name]]``, once for each element."""


def header(name: str) -> str:
    """A section's header as it is written in the file."""
    return f"[[{name}]]" if name in REPEATED else f"[{name}]"
