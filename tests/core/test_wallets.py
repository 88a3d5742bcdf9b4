"""Which account a balance is of, and which payments the first balance that a venue told has counted."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from core.books import Account, Collateral
from core.events import BalanceUpdate, FeeCharged, Fill
from core.ledger import Ledger
from tests.support.builders import LINEAR, at, instrument

HERE = Account(
    name="here",
    venue="bybit",
    settle="USDT",
    wallet_balance=Decimal(1000),
    multi_asset=True,
    collateral=(Collateral(asset="BTC", quantity=Decimal(2), ratio=Decimal("0.9")),),
)
THERE = msgspec.structs.replace(
    HERE,
    name="there",
    collateral=(Collateral(asset="ETH", quantity=Decimal(30), ratio=Decimal("0.9")),),
)
KEPT = Account(name="kept", venue="bybit", settle="USDT", wallet_balance=Decimal(0), paper=False)


def balance(amount: str, when: float, account: str = "kept") -> BalanceUpdate:
    return BalanceUpdate(
        received_ns=at(when + 0.5),
        account=account,
        asset="USDT",
        wallet_balance=Decimal(amount),
        venue_time_ns=at(when),
    )


def fee(when: float) -> FeeCharged:
    return FeeCharged(
        account="kept", record_id=f"{when}", amount=Decimal(7), asset="USDT", kind="liquidation", charged_ns=at(when)
    )


def test_each_account_has_its_own_coins() -> None:
    wallets = Ledger([HERE, THERE]).wallets
    assert wallets.coins("here") == {"BTC": Decimal(2)}
    assert wallets.coins("there") == {"ETH": Decimal(30)}


def test_a_fill_leaves_an_exact_balance_behind() -> None:
    ledger = Ledger([HERE])
    ledger.described(instrument(LINEAR))
    fill = Fill(
        received_ns=at(1),
        account="here",
        fill_id="f",
        client_order_id="",
        instrument=LINEAR,
        side="sell",
        price=Decimal(60_000),
        quantity=Decimal(1),
        fee=Decimal(30),
        fee_asset="USDT",
    )
    assert ledger.fill(fill)
    assert ledger.wallets.settle("here") == 970
    assert not ledger.wallets.estimated


@pytest.mark.parametrize(("charged", "transferred"), [(4, 0), (5, 0), (6, 7)])
def test_the_first_balance_told_has_counted_what_was_charged_up_to_that_very_time(
    charged: float, transferred: int
) -> None:
    """Venues give a charge and the balance after it the same time. The second balance is as high as the first, so what
    was charged in between must have been paid in again."""
    ledger = Ledger([KEPT])
    ledger.wallets.reported(balance("1000", 5))
    ledger.charged(fee(charged))
    ledger.wallets.reported(balance("1000", 9))
    assert ledger.wallets.transfers["kept", "USDT"] == transferred


def test_a_balance_that_was_reckoned_and_is_told_as_the_same_is_worth_writing_down() -> None:
    wallets = Ledger([HERE]).wallets
    wallets.credit("here", "USDT", Decimal(5), at(1), estimated=True)
    assert wallets.reported(balance("1005", 2, "here")), "it is no estimate any more"
    assert not wallets.reported(balance("1005", 3, "here"))


@pytest.mark.parametrize("account", ["here", "kept"])
def test_a_balance_told_late_undoes_no_later_one(account: str) -> None:
    wallets = Ledger([HERE, KEPT]).wallets
    assert wallets.reported(balance("900", 5, account))
    assert not wallets.reported(balance("1000", 4, account))
    assert wallets.settle(account) == 900
