"""Coins that back an account beside its settle currency: what they count for, and that none is lost or made up."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import pool
from core.books import Account, Book, Collateral, PositionMode
from core.collateral import collateral_steps, declared_balances
from core.config import parse_config
from core.demo_book import seed_book
from core.engine import Engine
from core.errors import ConfigError, ConfigErrors, RequestError
from core.events import AnyEvent, BalanceUpdate, Fill, FundingPayment
from core.journal import open_journal
from core.ledger import Ledger
from tests.core.money import decimals
from tests.support.builders import LINEAR, START, at, engine, feed, instrument, reference

HALF = Collateral(asset="BTC", quantity=Decimal(2), ratio=Decimal("0.5"))
TIERED = Collateral(
    asset="BTC",
    quantity=Decimal(2),
    ratio_steps=((Decimal(0), Decimal("0.98")), (Decimal(10), Decimal("0.9")), (Decimal(50), Decimal(0))),
)


def counted_coins(collateral: Collateral, quantity: Decimal) -> Decimal:
    steps = collateral_steps(collateral)
    return pool.counted(pool.Collateral(asset=collateral.asset, amount=quantity, steps=steps))


# --- haircuts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "counted"),
    [("0", "0"), ("4", "3.92"), ("10", "9.8"), ("11", "10.7"), ("50", "45.8"), ("51", "45.8"), ("1000", "45.8")],
)
def test_each_slice_of_an_amount_counts_at_its_own_ratio(quantity: str, counted: str) -> None:
    """0.98 of the first ten coins, 0.9 of the next forty, nothing of the rest."""
    assert counted_coins(TIERED, Decimal(quantity)) == Decimal(counted)


def test_a_single_ratio_holds_for_every_coin() -> None:
    assert counted_coins(HALF, Decimal(3)) == Decimal("1.5")


def test_a_coin_may_count_in_full() -> None:
    full = msgspec.structs.replace(HALF, ratio=Decimal(1))
    assert counted_coins(full, Decimal(3)) == 3
    assert counted_coins(full, Decimal("0.5")) == Decimal("0.5")


def test_steps_may_share_a_ratio() -> None:
    steps = ((Decimal(0), Decimal("0.9")), (Decimal(5), Decimal("0.9")))
    assert counted_coins(msgspec.structs.replace(HALF, ratio=None, ratio_steps=steps), Decimal(10)) == 9


def test_a_debt_counts_whole() -> None:
    assert counted_coins(HALF, Decimal(-3)) == -3
    assert counted_coins(TIERED, Decimal(-3)) == -3


@given(decimals("0", "200", 3), decimals("0", "200", 3))
def test_more_coins_never_count_for_less_nor_for_more_than_they_are(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert counted_coins(TIERED, low) <= counted_coins(TIERED, high)
    assert 0 <= counted_coins(TIERED, high) <= high
    gained = Fraction(counted_coins(TIERED, high)) - Fraction(counted_coins(TIERED, low))
    assert gained <= (Fraction(high) - Fraction(low)) * Fraction(98, 100)


@pytest.mark.parametrize(
    "changes",
    [
        {"ratio": None},
        {"ratio_steps": ((Decimal(0), Decimal(1)),)},
        {"ratio": Decimal("1.01")},
        {"ratio": Decimal("-0.01")},
        {"ratio": Decimal("NaN")},
        {"ratio": None, "ratio_steps": ((Decimal(1), Decimal(1)),)},
        {"ratio": None, "ratio_steps": ((Decimal(0), Decimal("0.5")), (Decimal(0), Decimal("0.4")))},
        {"ratio": None, "ratio_steps": ((Decimal(0), Decimal("0.5")), (Decimal(1), Decimal("0.6")))},
    ],
)
def test_ratios_that_cannot_be_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(RequestError, match="ratio"):
        counted_coins(msgspec.structs.replace(HALF, **changes), Decimal(1))


# --- balances ------------------------------------------------------------------------------------------------

UNIFIED = Account(
    name="paper", venue="bybit", settle="USDT", wallet_balance=Decimal(200_000), multi_asset=True, collateral=(HALF,)
)


def ledger(account: Account = UNIFIED) -> Ledger:
    made = Ledger([account])
    made.described(instrument())
    return made


def balance(asset: str, amount: str, when: float = 0.1) -> BalanceUpdate:
    return BalanceUpdate(received_ns=at(when), account="paper", asset=asset, wallet_balance=Decimal(amount))


def sale(fee: str, asset: str, name: str = "1") -> Fill:
    return Fill(
        received_ns=at(0.1), account="paper", fill_id=name, client_order_id="", instrument=LINEAR, side="sell",
        price=Decimal(60_000), quantity=Decimal(1), fee=Decimal(fee), fee_asset=asset,
    )  # fmt: skip


def paid(amount: str, asset: str, *, estimated: bool = False) -> FundingPayment:
    return FundingPayment(
        received_ns=at(0.2), account="paper", payment_id="1", instrument=LINEAR, amount=Decimal(amount), asset=asset,
        rate=Decimal("0.0001"), mark_price=Decimal(60_000), settled_ns=START, estimated=estimated,
    )  # fmt: skip


def test_an_account_holds_its_wallet_and_its_collateral() -> None:
    assert declared_balances(UNIFIED) == {"USDT": Decimal(200_000), "BTC": Decimal(2)}
    assert ledger().wallets.balances == {("paper", "USDT"): Decimal(200_000), ("paper", "BTC"): Decimal(2)}


def test_a_balance_that_a_venue_reports_is_that_assets() -> None:
    made = ledger()
    assert made.wallets.reported(balance("BTC", "1.75"))
    assert made.wallets.reported(balance("USDT", "100"))
    assert (made.wallets.balances["paper", "BTC"], made.wallets.settle("paper")) == (Decimal("1.75"), Decimal(100))


def test_a_coin_that_was_not_declared_backs_a_multi_asset_account_only() -> None:
    assert ledger().wallets.reported(balance("ETH", "3"))
    single = ledger(msgspec.structs.replace(UNIFIED, multi_asset=False, collateral=()))
    assert not single.wallets.reported(balance("ETH", "3"))
    assert ("paper", "ETH") not in single.wallets.balances


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_a_balance_that_is_no_number_changes_nothing(amount: str) -> None:
    made = ledger()
    assert not made.wallets.reported(balance("BTC", amount))
    assert made.wallets.balances["paper", "BTC"] == 2


def test_a_fee_in_a_collateral_coin_is_taken_from_that_coin() -> None:
    made = ledger()
    made.fill(sale("0.001", "BTC"))
    assert (made.wallets.balances["paper", "BTC"], made.wallets.settle("paper")) == (Decimal("1.999"), Decimal(200_000))
    position = made.position("paper", LINEAR)
    assert (position.fees, position.foreign_fees) == (Decimal(0), ("BTC",)), "and is no fee in USDT"


def test_a_fee_in_a_coin_that_the_account_does_not_hold_is_named_only() -> None:
    made = ledger()
    made.fill(sale("0.01", "BNB"))
    assert made.wallets.balances == ledger().wallets.balances
    assert made.position("paper", LINEAR).foreign_fees == ("BNB",)


@pytest.mark.parametrize("asset", ["USDT", "BTC"])
@pytest.mark.parametrize("estimated", [True, False])
def test_a_balance_is_an_estimate_once_a_payment_into_it_was_and_until_it_is_told(asset: str, estimated: bool) -> None:
    made = ledger()
    assert made.funding(paid("0.25", asset, estimated=estimated))
    assert made.wallets.estimated == ({("paper", asset)} if estimated else set())
    made.wallets.reported(balance(asset, "1"))
    assert made.wallets.estimated == set()


def test_funding_in_a_collateral_coin_is_booked_there() -> None:
    made = ledger()
    made.fill(sale("0", "USDT"))
    margin = made.position("paper", LINEAR).margin
    made.funding(paid("-0.0005", "BTC", estimated=True))
    assert made.wallets.balances["paper", "BTC"] == Decimal("1.9995")
    assert made.wallets.settle("paper") == 200_000
    assert made.wallets.estimated == {("paper", "BTC")}
    position = made.position("paper", LINEAR)
    assert (position.funding, position.margin) == (Decimal(0), margin)
    assert position.unbooked_funding == ("funding of -0.0005 BTC",), "which is no amount of USDT"
    made.wallets.reported(balance("BTC", "1.9995"))
    assert not made.wallets.estimated


# --- restarts ------------------------------------------------------------------------------------------------


def book(account: Account) -> Book:
    return msgspec.structs.replace(seed_book(), accounts=(account,))


def run(path: Path, account: Account, *events: AnyEvent) -> dict[tuple[str, str], Decimal]:
    with closing(open_journal(path)) as journal:
        made: Engine = engine(book(account), journal=journal)
        feed(made, reference(), list(events))
        return dict(made._ledger.wallets.balances)


def test_a_restart_keeps_every_balance(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = run(path, UNIFIED, balance("BTC", "1.5"), balance("ETH", "3"), paid("-0.1", "BTC"))
    assert first == {
        ("paper", "USDT"): Decimal(200_000),
        ("paper", "BTC"): Decimal("1.4"),
        ("paper", "ETH"): Decimal(3),
    }
    assert run(path, UNIFIED) == first


def test_collateral_that_its_user_rewrote_starts_from_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    run(path, UNIFIED, balance("BTC", "1.5"), balance("USDT", "150000"))
    more = msgspec.structs.replace(UNIFIED, collateral=(msgspec.structs.replace(HALF, quantity=Decimal(7)),))
    assert run(path, more) == {("paper", "USDT"): Decimal(150_000), ("paper", "BTC"): Decimal(7)}
    none = msgspec.structs.replace(UNIFIED, collateral=())
    assert run(path, none) == {("paper", "USDT"): Decimal(150_000)}


def test_an_account_whose_currency_went_and_came_back_has_its_wallet(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    dollars = msgspec.structs.replace(UNIFIED, collateral=())
    run(path, dollars)
    run(path, msgspec.structs.replace(dollars, settle="USDC", wallet_balance=Decimal(5)), sale("0", "USDC"))
    assert run(path, dollars) == {("paper", "USDT"): Decimal(200_000)}


# --- configuration -------------------------------------------------------------------------------------------

FILE = Path("/somewhere/config.toml")
TEXT = """\
[[accounts]]
name = "unified"
venue = "bybit"
settle = "USDT"
wallet_balance = 20000
margin_mode = "cross"
multi_asset = true
margin_rules = "binance-usdm"
closing_fee = 0.00055
position_mode = "hedge"

[[accounts.collateral]]
asset = "BTC"
quantity = 1
price = "bybit:spot:BTCUSDT"
ratio = 0.95

[[accounts.collateral]]
asset = "ETH"
quantity = 30
ratio_steps = [[0, 0.9], ["10.5", 0.8]]

[[books]]
name = "main"
lots = [{ asset = "BTC", quantity = 5, price = "bybit:spot:BTCUSDT" }]
hedges = [{ asset = "BTC", instrument = "bybit:linear:BTCUSDT", account = "unified", target_ratio = 1, leg = "short" }]
"""


def faults(text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, FILE)
    error = caught.value
    return {item.key: item.expected for item in (error.errors if isinstance(error, ConfigErrors) else (error,))}


def test_an_account_is_read_with_all_that_backs_it() -> None:
    (account,) = parse_config(TEXT, FILE).accounts
    assert account.collateral == (
        Collateral(asset="BTC", quantity=Decimal(1), price="bybit:spot:BTCUSDT", ratio=Decimal("0.95")),
        Collateral(
            asset="ETH",
            quantity=Decimal(30),
            ratio_steps=((Decimal(0), Decimal("0.9")), (Decimal("10.5"), Decimal("0.8"))),
        ),
    )
    assert (account.multi_asset, account.margin_rules) == (True, "binance-usdm")
    assert (account.closing_fee, account.position_mode) == (Decimal("0.00055"), PositionMode.HEDGE)


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("multi_asset = true\n", "", "accounts[0].multi_asset", "true, as other coins back the account"),
        ('settle = "USDT"', 'settle = "BTC"', "accounts[0].settle", "one of USDT, USDC, USD"),
        ('"binance-usdm"', '"binence-usdm"', "accounts[0].margin_rules", 'did you mean "binance-usdm"?'),
        ("ratio = 0.95\n", "", "accounts[0].collateral[0].ratio", "either one ratio or ratio_steps"),
        ("ratio = 0.95", "ratio = 0.95\nratio_steps = [[0, 1]]", "accounts[0].collateral[0].ratio", "either one"),
        ("ratio = 0.95", "ratio = 95", "accounts[0].collateral[0].ratio", "a fraction from 0 up to 1"),
        ('asset = "ETH"', 'asset = "BTC"', "accounts[0].collateral[1].asset", "a coin that is listed once"),
        ('asset = "ETH"', 'asset = "USDT"', "accounts[0].collateral[1].asset", "which wallet_balance counts"),
        ("bybit:spot:BTCUSDT", "bybit:spot:ETHUSDT", "accounts[0].collateral[0].price", "a spot pair of BTC"),
        ("quantity = 30", "quantity = -30", "accounts[0].collateral[1].quantity", "a number from 0"),
        ("closing_fee = 0.00055", "closing_fee = 0.55", "accounts[0].closing_fee", "up to 0.01"),
        ('position_mode = "hedge"', 'position_mode = "both"', "accounts[0].position_mode", '"one-way", "hedge"'),
        *(
            ('[[0, 0.9], ["10.5", 0.8]]', steps, "accounts[0].collateral[1].ratio_steps", "[amount from, ratio]")
            for steps in (
                "[]",
                "[0, 0.9]",
                "[[1, 0.9]]",
                "[[0, 0.9], [0, 0.8]]",
                "[[0, 0.8], [1, 0.9]]",
                "[[0, 2]]",
                "5",
            )
        ),
    ],
)
def test_collateral_that_does_not_agree_is_refused(old: str, new: str, key: str, expected: str) -> None:
    assert old in TEXT
    found = faults(TEXT.replace(old, new, 1))
    assert expected in found[key]


@given(st.lists(st.tuples(st.integers(-2, 12), st.integers(-1, 3)), max_size=4))
def test_steps_that_the_file_may_hold_are_steps_that_can_be_reckoned_with(pairs: list[tuple[int, int]]) -> None:
    written = ", ".join(f"[{floor}, {ratio / 2}]" for floor, ratio in pairs)
    text = TEXT.replace('[[0, 0.9], ["10.5", 0.8]]', f"[{written}]")
    steps = tuple((Decimal(floor), Decimal(ratio) / 2) for floor, ratio in pairs)
    eth = Collateral(asset="ETH", quantity=Decimal(30), ratio_steps=steps)
    try:
        counted = counted_coins(eth, Decimal(30))
    except RequestError:
        assert list(faults(text)) == ["accounts[0].collateral[1].ratio_steps"]
        return
    assert 0 <= counted <= 30
    assert counted_coins(parse_config(text, FILE).accounts[0].collateral[1], Decimal(30)) == counted
