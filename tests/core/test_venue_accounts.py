"""Accounts that a venue keeps: unknown until told, aged like everything else, and counted once in whatever order the
venue tells of them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.books import Book, PositionMode
from core.demo_book import seed_book
from core.engine import Engine
from core.events import (
    AccountSettings,
    AccountSwept,
    AnyEvent,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FundingPayment,
    PositionUpdate,
)
from core.exact import ONE
from core.figures import Figure, Freshness
from core.instruments import ContractKind
from core.journal import open_journal
from core.ledger import Ledger
from core.legs import Leg
from core.pnl import Holding, apply_fill
from core.snapshot import AccountView, HedgeLine, Mode
from core.venue_accounts import VenueAccounts
from feeds.account_keeper import in_order
from tests.core.money import decimals
from tests.support.builders import INVERSE, LINEAR, at, instrument, market_at, reference

ACCOUNT = "kept"


def kept_book() -> Book:
    """The demo's book, its account kept by the venue."""
    book = seed_book()
    account = msgspec.structs.replace(book.accounts[0], name=ACCOUNT, paper=False, wallet_balance=Decimal(0))
    hedge = msgspec.structs.replace(
        book.hedges[0], account=ACCOUNT, quantity=Decimal(0), entry_price=None, isolated_margin=None
    )
    return msgspec.structs.replace(book, accounts=(account,), hedges=(hedge,))


def watching(*events: AnyEvent) -> Engine:
    """An engine that has seen a market, and then these events."""
    made = Engine([kept_book()], mode=Mode.PAPER, source="test")
    for event in (*reference(), *market_at(0, 60_000), *events):
        made.apply(event)
    return made


def told(quantity: str, entry: str | None = "60000", *, when: float = 1, venue: float | None = None) -> PositionUpdate:
    return PositionUpdate(
        received_ns=at(when),
        account=ACCOUNT,
        instrument=LINEAR,
        quantity=Decimal(quantity),
        entry_price=None if entry is None else Decimal(entry),
        isolated_margin=Decimal(75_000),
        venue_time_ns=at(when if venue is None else venue),
    )


def balance(amount: str, *, when: float = 1) -> BalanceUpdate:
    return BalanceUpdate(received_ns=at(when), account=ACCOUNT, asset="USDT", wallet_balance=Decimal(amount))


def swept(when: float = 1) -> AccountSwept:
    return AccountSwept(received_ns=at(when), account=ACCOUNT)


def sold(name: str, quantity: str, price: str, *, when: float, side: str = "sell", fee: str = "10") -> Fill:
    return Fill(
        received_ns=at(when + 0.5),
        account=ACCOUNT,
        fill_id=name,
        client_order_id="",
        instrument=LINEAR,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(fee),
        fee_asset="USDT",
        venue_time_ns=at(when),
    )


def shown(made: Engine, seconds: float) -> tuple[HedgeLine, AccountView]:
    (book,) = made.snapshot(at(seconds)).books
    return book.hedges[0], book.accounts[0]


def test_an_account_that_was_never_told_is_unknown_and_not_flat() -> None:
    hedge, account = shown(watching(), 1)
    assert (hedge.quantity.value, account.wallet_balance.value) == (None, None)
    assert any("bybit has not told" in reason for reason in hedge.quantity.missing)
    assert any("bybit has not told" in reason for reason in account.wallet_balance.missing)


def test_what_is_told_before_the_sweep_is_whole_is_not_shown() -> None:
    made = watching(told("-2.5"), balance("1000"))
    assert shown(made, 2)[0].quantity.value is None
    made.apply(swept(2))
    hedge, account = shown(made, 2)
    assert (hedge.quantity.value, account.wallet_balance.value) == (Decimal("-2.5"), Decimal(1000))


def test_an_account_told_as_empty_is_flat() -> None:
    hedge, account = shown(watching(told("0", None), balance("5"), swept()), 2)
    assert (hedge.quantity.value, account.wallet_balance.value) == (Decimal(0), Decimal(5))


def test_an_account_that_is_not_told_of_any_more_becomes_unknown() -> None:
    made = watching(told("-2.5"), balance("1000"), swept())
    for event in market_at(150, 60_000):
        made.apply(event)
    hedge, account = shown(made, 150)
    assert (hedge.quantity.value, account.wallet_balance.value) == (None, None)
    assert any("149 s ago" in reason for reason in hedge.quantity.missing)


@pytest.mark.parametrize(("seconds", "freshness"), [(10, Freshness.LIVE), (25, Freshness.LATE), (70, Freshness.STALE)])
def test_what_was_told_ages(seconds: float, freshness: Freshness) -> None:
    made = watching(told("-2.5"), balance("1000"), swept())
    for event in market_at(1 + seconds, 60_000):
        made.apply(event)
    hedge, account = shown(made, 1 + seconds)
    figures: Sequence[Figure] = (hedge.quantity, account.wallet_balance)
    assert [figure.freshness for figure in figures] == [freshness] * 2
    assert [figure.observed_ns for figure in figures] == [at(1)] * 2


ORDERS = list(itertools.permutations(range(3)))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("quantity", "entry", "fill", "realised"),
    [
        ("-3", "61000", sold("f", "0.5", "66000", when=3), 0),
        ("-2", "60000", sold("f", "0.5", "59000", when=3, side="buy"), 500),
        ("0", None, sold("f", "2.5", "59000", when=3, side="buy"), 2500),
        ("0.5", "59000", sold("f", "3", "59000", when=3, side="buy"), 2500),
    ],
)
def test_a_fill_counts_once_whenever_its_report_comes(
    order: tuple[int, ...], quantity: str, entry: str | None, fill: Fill, realised: int
) -> None:
    ledger = Ledger(kept_book().accounts)
    ledger.described(instrument(LINEAR))
    ledger.reported(told("-2.5", when=1))
    ledger.wallets.reported(balance("1000", when=1))
    after = (fill, told(quantity, entry, when=4, venue=3), balance(str(1000 + realised - 10), when=4))
    for index in order:
        event = after[index]
        if isinstance(event, Fill):
            ledger.fill(event)
        elif isinstance(event, PositionUpdate):
            ledger.reported(event)
        else:
            ledger.wallets.reported(event)
    position = ledger.position(ACCOUNT, LINEAR)
    assert (position.quantity, position.realised, position.fees) == (Decimal(quantity), Decimal(realised), Decimal(10))
    assert position.unexplained == 0
    assert ledger.wallets.settle(ACCOUNT) == 1000 + realised - 10
    assert ledger.wallets.transfers[ACCOUNT, "USDT"] == 0


def test_a_fill_that_the_first_report_counts_already_may_come_after_it() -> None:
    ledger = Ledger(kept_book().accounts)
    ledger.described(instrument(LINEAR))
    ledger.reported(told("-0.03", "60020", when=2))
    ledger.wallets.reported(balance("990", when=2))
    ledger.fill(sold("f", "0.01", "60040", when=1))
    position = ledger.position(ACCOUNT, LINEAR)
    assert (position.quantity, position.entry_price) == (Decimal("-0.03"), Decimal(60_020))
    assert position.opened == Holding(Decimal("-0.02"), Decimal(60_010))
    assert (position.unexplained, position.fees) == (Decimal(0), Decimal(10))
    assert not ledger.wallets.transfers.get((ACCOUNT, "USDT")), "the first balance told counted the fee"


def test_a_fill_that_comes_before_anything_is_told_of_its_position_makes_none_of_its_own() -> None:
    ledger = Ledger(kept_book().accounts)
    ledger.described(instrument(LINEAR))
    ledger.fill(sold("f", "0.01", "60040", when=1, side="buy"))
    ledger.fill(sold("g", "0.02", "60050", when=3))
    assert ledger.position(ACCOUNT, LINEAR).quantity == 0
    ledger.reported(told("-0.03", "60020", when=2))
    position = ledger.position(ACCOUNT, LINEAR)
    assert position.opened == Holding(Decimal("-0.04"), Decimal(60_020))
    assert (position.quantity, position.realised) == (Decimal("-0.05"), Decimal("-0.2"))
    assert position.unexplained == 0


@given(
    st.tuples(st.integers(-5, 5), st.integers(90, 110)),
    st.lists(st.tuples(st.integers(-4, 4).filter(bool), st.integers(90, 110), st.integers(0, 2)), max_size=6),
    st.integers(0, 6),
    st.randoms(use_true_random=False),
)
def test_profit_since_the_first_report_is_told_whole_whenever_fills_come(
    begun: tuple[int, int], fills: list[tuple[int, int, int]], reported_after: int, chance: random.Random
) -> None:
    """Fills before the first report come before it, after it, or not at all; those after it come as they happen."""
    ledger = Ledger(kept_book().accounts)
    ledger.described(instrument(LINEAR))
    held = Holding(Decimal(begun[0]), Decimal(begun[1])) if begun[0] else Holding()
    early: list[Fill] = []
    late: list[Fill] = []
    after: list[Fill] = []
    first = held
    for number, (change, price, fate) in enumerate(fills):
        side = "buy" if change > 0 else "sell"
        fill = sold(str(number), str(abs(change)), str(price), when=number, side=side)
        held, _ = apply_fill(ContractKind.LINEAR, ONE, held, side, fill.price, fill.quantity)
        if number < reported_after:
            first = held
            {0: early, 1: late, 2: []}[fate].append(fill)
        else:
            after.append(fill)
    chance.shuffle(late)
    for fill in early:
        ledger.fill(fill)
    entry = None if first.entry_price is None else str(first.entry_price)
    ledger.reported(told(str(first.quantity), entry, when=reported_after - 0.5))
    for fill in (*late, *after):
        ledger.fill(fill)
    position, mark = ledger.position(ACCOUNT, LINEAR), Decimal(100)
    assert position.quantity == held.quantity
    assert position.unexplained == 0
    opened = position.opened
    unrealised = held.quantity * (mark - position.entry_price) if position.entry_price else Decimal(0)
    begun_with = opened.quantity * (mark - opened.entry_price) if opened.entry_price else Decimal(0)
    flow = position.traded.coins * mark - position.traded.at_fill
    assert position.realised + unrealised == pytest.approx(begun_with + flow, abs=Decimal("1e-20"))


@given(
    st.lists(
        st.tuples(st.sampled_from(["buy", "sell"]), decimals("0.1", "3", 1), decimals("50000", "70000", 0)),
        min_size=1,
        max_size=5,
    ),
    st.data(),
)
def test_fills_that_come_after_the_report_that_counts_them_are_booked_as_if_before(
    trades: list[tuple[str, Decimal, Decimal]], data: st.DataObject
) -> None:
    fills = [
        sold(str(number), str(quantity), str(price), when=number + 2, side=side)
        for number, (side, quantity, price) in enumerate(trades)
    ]
    counted = data.draw(st.integers(1, len(fills)), "fills that the report counts")
    comes = data.draw(st.integers(0, counted), "fills before the report")
    ordered, late = (Ledger(kept_book().accounts) for _ in range(2))
    for ledger in (ordered, late):
        ledger.described(instrument(LINEAR))
        ledger.reported(told("0", None, when=1))
    for fill in fills[:counted]:
        ordered.fill(fill)
    then = ordered.position(ACCOUNT, LINEAR)
    entry = None if then.entry_price is None else str(then.entry_price)
    report = told(str(then.quantity), entry, when=20, venue=counted + 1.5)
    for fill in fills[counted:]:
        ordered.fill(fill)
    for fill in fills[:comes]:
        late.fill(fill)
    late.reported(report)
    for fill in fills[comes:]:
        late.fill(fill)
    wanted, found = (ledger.position(ACCOUNT, LINEAR) for ledger in (ordered, late))
    for name in ("quantity", "entry_price", "realised", "fees", "traded", "unexplained"):
        assert getattr(found, name) == getattr(wanted, name), name


def test_a_report_that_is_older_changes_nothing_and_says_so() -> None:
    ledger = Ledger(kept_book().accounts)
    assert ledger.wallets.reported(balance("1000", when=9))
    assert not ledger.wallets.reported(balance("900", when=1))
    assert ledger.reported(told("-2", when=9))
    assert not ledger.reported(told("-3", when=1))
    assert ledger.wallets.settle(ACCOUNT) == 1000
    assert ledger.position(ACCOUNT, LINEAR).quantity == -2


def test_an_account_that_is_kept_here_is_swept_by_no_venue() -> None:
    ledger = Ledger([*kept_book().accounts, *seed_book().accounts])
    assert not ledger.swept(msgspec.structs.replace(swept(), account="paper"))
    assert ledger.swept(swept())
    assert set(ledger.read_ns) == {ACCOUNT}


def test_a_deposit_is_told_from_profit() -> None:
    ledger = Ledger(kept_book().accounts)
    ledger.wallets.reported(balance("1000"))
    ledger.funding(payment("p", "3"))
    ledger.wallets.reported(balance("1503", when=5))
    assert ledger.wallets.transfers[ACCOUNT, "USDT"] == 500


@pytest.mark.parametrize(("booked", "transferred"), [(5, 0), (None, 3), (3, 3)])
def test_funding_that_is_booked_after_the_first_balance_is_not_in_it(booked: int | None, transferred: int) -> None:
    """Venues pay a while after the settlement: a wallet read in between has not moved yet."""
    ledger = Ledger(kept_book().accounts)
    ledger.wallets.reported(balance("1000", when=4))
    late = msgspec.structs.replace(payment("p", "3"), booked_ns=None if booked is None else at(booked))
    ledger.funding(late)
    ledger.wallets.reported(balance("1003", when=6))
    assert ledger.wallets.transfers[ACCOUNT, "USDT"] == transferred


def payment(name: str, amount: str) -> FundingPayment:
    return FundingPayment(
        account=ACCOUNT,
        payment_id=name,
        instrument=LINEAR,
        amount=Decimal(amount),
        asset="USDT",
        rate=Decimal("0.0001"),
        mark_price=Decimal(60_000),
        settled_ns=at(2),
    )


def fee(name: str, amount: str, kind: str) -> FeeCharged:
    return FeeCharged(
        account=ACCOUNT,
        record_id=name,
        amount=Decimal(amount),
        asset="USDT",
        kind=kind,
        charged_ns=at(3),
        instrument=LINEAR,
    )


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=9))
def test_a_fee_counts_once_and_those_of_fills_never(names: list[str]) -> None:
    ledger = Ledger(kept_book().accounts)
    ledger.wallets.reported(balance("1000"))
    taken = [ledger.charged(fee(name, "7", "liquidation")) for name in names]
    assert not ledger.charged(fee("t", "9", "trade"))
    assert sum(taken) == len(set(names))
    assert ledger.position(ACCOUNT, LINEAR).fees == 7 * len(set(names))


def test_a_fee_explains_what_left_the_wallet() -> None:
    ledger = Ledger(kept_book().accounts)
    ledger.wallets.reported(balance("1000"))
    assert ledger.charged(fee("a", "7", "liquidation"))
    ledger.wallets.reported(balance("993", when=5))
    assert ledger.wallets.transfers[ACCOUNT, "USDT"] == 0
    assert not ledger.charged(msgspec.structs.replace(fee("b", "7", "liquidation"), account="another"))


def test_of_an_account_that_its_venue_keeps_only_the_wallet_and_declared_coins_are_held() -> None:
    ledger = Ledger(kept_book().accounts)
    assert not ledger.wallets.reported(msgspec.structs.replace(balance("3"), asset="BTC"))
    assert ledger.wallets.reported(balance("3"))
    assert (ledger.wallets.coins(ACCOUNT), ledger.wallets.settle(ACCOUNT)) == ({}, Decimal(3))


def test_a_payment_that_names_no_leg_is_of_the_legs_that_are_open_and_else_of_the_contract() -> None:
    account = msgspec.structs.replace(kept_book().accounts[0], position_mode=PositionMode.HEDGE)
    for open_legs in ((), (Leg.LONG,), (Leg.LONG, Leg.SHORT)):
        ledger = Ledger([account])
        ledger.described(instrument(LINEAR))
        for leg in open_legs:
            ledger.reported(msgspec.structs.replace(told("1" if leg is Leg.LONG else "-1"), leg=leg))
        ledger.funding(payment("p", "3"))
        touched = {
            leg for leg in Leg if (held := ledger.position(ACCOUNT, LINEAR, leg)).funding or held.unbooked_funding
        }
        assert touched == (set(open_legs) or {Leg.NET})


def test_a_fee_that_a_fill_tells_too_is_counted_once() -> None:
    """Venues write the fees of liquidations and deliveries into their ledgers as well as into the executions."""
    for kind in ("liquidation", "delivery"):
        ledger = Ledger(kept_book().accounts)
        ledger.described(instrument(LINEAR))
        ledger.reported(told("-1"))
        ledger.wallets.reported(balance("1000"))
        ledger.fill(sold("f", "1", "60000", when=3, side="buy", fee="7"))
        assert not ledger.charged(msgspec.structs.replace(fee("a", "7", kind), fill_id="f"))
        ledger.wallets.reported(balance("993", when=5))
        assert ledger.position(ACCOUNT, LINEAR).fees == 7
        assert ledger.wallets.transfers[ACCOUNT, "USDT"] == 0


def dealt_with(*legs: Leg) -> Ledger:
    """Legs of hedge mode in which something was bought and sold again, and the others of which nothing was."""
    ledger = Ledger([msgspec.structs.replace(kept_book().accounts[0], position_mode=PositionMode.HEDGE)])
    ledger.described(instrument(LINEAR))
    for leg in (Leg.LONG, Leg.SHORT):
        ledger.reported(msgspec.structs.replace(told("0", None), leg=leg))
    for leg in legs:
        opens, closes = ("buy", "sell") if leg is Leg.LONG else ("sell", "buy")
        for when, side in ((2, opens), (3, closes)):
            ledger.fill(msgspec.structs.replace(sold(f"{leg} {side}", "1", "60000", when=when, side=side), leg=leg))
    return ledger


@pytest.mark.parametrize(
    ("legs", "meant"),
    [((), Leg.NET), ((Leg.SHORT,), Leg.SHORT), ((Leg.LONG,), Leg.LONG), ((Leg.LONG, Leg.SHORT), Leg.NET)],
)
def test_what_names_no_leg_and_comes_when_none_is_open_is_of_the_one_that_was(
    legs: tuple[Leg, ...], meant: Leg
) -> None:
    """The fee of a liquidation is told when the leg is gone, and so may the funding before it be."""
    ledger = dealt_with(*legs)
    before = {leg: ledger.position(ACCOUNT, LINEAR, leg).fees for leg in Leg}
    ledger.charged(fee("a", "7", "liquidation"))
    ledger.funding(payment("p", "3"))
    for leg in Leg:
        position = ledger.position(ACCOUNT, LINEAR, leg)
        fees, paid = (Decimal(7), Decimal(3)) if leg is meant else (Decimal(0), Decimal(0))
        assert (position.fees - before[leg], position.funding) == (fees, paid)


def test_a_fee_that_names_no_leg_is_of_the_one_that_is_open() -> None:
    ledger = dealt_with(Leg.LONG, Leg.SHORT)
    ledger.fill(msgspec.structs.replace(sold("more", "1", "60000", when=4, fee="0"), leg=Leg.SHORT))
    before = ledger.position(ACCOUNT, LINEAR, Leg.SHORT).fees
    ledger.charged(fee("a", "7", "liquidation"))
    assert ledger.position(ACCOUNT, LINEAR, Leg.SHORT).fees == before + 7
    assert not ledger.position(ACCOUNT, LINEAR).fees


# --- inverse contracts ------------------------------------------------------------------------------------------------


@given(
    prices=st.lists(decimals("30000", "90000", places=1), min_size=1, max_size=6),
    told_first=st.booleans(),
    deposit=st.sampled_from([Decimal(0), Decimal("0.001"), Decimal(-1)]),
)
def test_what_a_wallet_of_coins_rounds_is_no_transfer(
    prices: list[Decimal], told_first: bool, deposit: Decimal
) -> None:
    """A coin of profit has no last digit, and a wallet keeps eight places."""
    account = msgspec.structs.replace(kept_book().accounts[0], settle="BTC")
    ledger = Ledger([account])
    ledger.described(instrument(INVERSE))
    ledger.reported(msgspec.structs.replace(told("-100000", "60000"), instrument=INVERSE))
    wallet = Decimal(5)
    ledger.wallets.reported(msgspec.structs.replace(balance("5"), asset="BTC"))
    for number, price in enumerate(prices, start=1):
        bought = sold(f"f{number}", "1000", str(price), when=2 * number, side="buy", fee="0.00000833")
        fill = msgspec.structs.replace(bought, instrument=INVERSE, fee_asset="BTC")
        gained = 1000 * (1 / price - 1 / Decimal(60_000))
        wallet += gained.quantize(Decimal("1E-8")) - fill.fee
        report = msgspec.structs.replace(balance(str(wallet), when=2 * number + 1), asset="BTC")
        if told_first:
            ledger.wallets.reported(report)
        ledger.fill(fill)
        if not told_first:
            ledger.wallets.reported(report)
        assert ledger.wallets.transfers[ACCOUNT, "BTC"] == 0
    later = msgspec.structs.replace(balance(str(wallet + deposit), when=99), asset="BTC")
    ledger.wallets.reported(later)
    assert ledger.wallets.transfers[ACCOUNT, "BTC"] == deposit


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity"])
def test_a_fee_that_is_no_number_spoils_no_sum(amount: str) -> None:
    ledger = Ledger(kept_book().accounts)
    assert not ledger.charged(fee("a", amount, "liquidation"))
    assert ledger.charged(fee("a", "7", "liquidation")), "and does not keep out the one that is told right"
    assert ledger.position(ACCOUNT, LINEAR).fees == 7


def test_settings_that_differ_are_said_and_nothing_is_changed() -> None:
    made = watching(told("-2.5"), balance("1000"), swept())
    same = AccountSettings(received_ns=at(1), account=ACCOUNT, instrument=LINEAR, leverage=Decimal(2))
    other = msgspec.structs.replace(same, leverage=Decimal(20), margin_mode="cross")
    foreign = msgspec.structs.replace(other, instrument="bybit:linear:XRPUSDT")
    made.apply(same)
    made.apply(foreign)
    assert not [alert for alert in made.snapshot(at(2)).alerts if alert.rule == "settings differ"]
    made.apply(other)
    (alert,) = [alert for alert in made.snapshot(at(2)).alerts if alert.rule == "settings differ"]
    assert "cross margin at the venue, and isolated here" in alert.text
    assert "leverage 20 at the venue, and 2 here" in alert.text
    made.apply(msgspec.structs.replace(same, margin_mode="isolated"))
    open_now = [
        alert for alert in made.snapshot(at(3)).alerts if alert.rule == "settings differ" and alert.ended_ns is None
    ]
    assert not open_now


@pytest.mark.parametrize(
    ("long", "short", "said"),
    [
        (20, 20, ["{} has leverage 20 at the venue, and 2 here"]),
        (2, 20, ["of the short leg: {} has leverage 20 at the venue, and 2 here"]),
        (2, 2, []),
    ],
)
def test_what_both_legs_have_in_common_is_said_once(long: int, short: int, said: list[str]) -> None:
    accounts = VenueAccounts(kept_book().accounts)
    for leg, leverage in ((Leg.LONG, long), (Leg.SHORT, short)):
        accounts.set(AccountSettings(account=ACCOUNT, instrument=LINEAR, leg=leg, leverage=Decimal(leverage)))
    where = f"{LINEAR} in {ACCOUNT}"
    assert list(accounts.differences(ACCOUNT, [LINEAR])) == [words.format(where) for words in said]


def test_a_key_of_which_the_venue_says_nothing_is_called_unverified() -> None:
    made = watching(AccountSettings(received_ns=at(1), account=ACCOUNT, key_verified=False))
    assert [alert.rule for alert in made.snapshot(at(1)).alerts if "unverified" in alert.text] == ["key unverified"]


# --- which of two reports is the later -----------------------------------------------------------------------------


def answered(quantity: str, *, asked: float, when: float, changed: float | None = None) -> PositionUpdate:
    """A position that was asked for; ``changed`` is when it changed last, as the venue says."""
    report = told(quantity, None if quantity == "0" else "60000", when=when)
    return msgspec.structs.replace(report, asked_ns=at(asked), venue_time_ns=None if changed is None else at(changed))


def held(*events: PositionUpdate) -> Decimal:
    ledger = Ledger(kept_book().accounts)
    ledger.described(instrument(LINEAR))
    for event in events:
        ledger.reported(event)
    return ledger.position(ACCOUNT, LINEAR).quantity


def test_an_answer_holds_however_long_ago_the_position_changed() -> None:
    """A flat told by our clock, which runs ahead, must not keep out what was opened since by the venue's."""
    assert held(answered("0", asked=10, when=10.2), answered("-10", asked=25, when=25.2, changed=9)) == -10


def test_what_was_pushed_since_the_question_holds_against_the_answer() -> None:
    assert held(told("-3", when=10.1), answered("-2", asked=10, when=10.3, changed=4)) == -3
    assert held(told("-3", when=9.9), answered("-2", asked=10, when=10.3, changed=9.95)) == -2


def test_a_push_that_was_held_back_does_not_undo_an_answer() -> None:
    assert held(answered("-2", asked=20, when=20.3, changed=19), told("-3", when=40, venue=12)) == -2
    assert held(answered("0", asked=20, when=20.3), told("-3", when=40, venue=12)) == 0


def test_an_older_question_that_is_answered_later_is_not_the_last_word() -> None:
    assert held(answered("-2", asked=20, when=20.3), answered("-3", asked=19, when=21)) == -2


def test_a_wallet_is_told_by_the_last_word_too() -> None:
    ledger = Ledger(kept_book().accounts)
    ledger.wallets.reported(balance("1000", when=5))
    ledger.wallets.reported(balance("400", when=10.1))
    ledger.wallets.reported(msgspec.structs.replace(balance("1000", when=10.4), asked_ns=at(10)))
    assert ledger.wallets.settle(ACCOUNT) == 400


def test_a_sweep_is_told_in_the_order_in_which_it_can_be_folded() -> None:
    """A short of 1 that was bought back before the sweep is flat, not long of 1."""
    ledger = Ledger(kept_book().accounts)
    ledger.described(instrument(LINEAR))
    ledger.reported(told("-1", when=1))
    swept_events = in_order(
        [told("0", None, when=20.5), sold("f", "1", "59000", when=18, side="buy"), swept(20.5)], at(20)
    )
    for event in swept_events:
        if isinstance(event, Fill):
            ledger.fill(event)
        elif isinstance(event, PositionUpdate):
            ledger.reported(event)
    position = ledger.position(ACCOUNT, LINEAR)
    assert (position.quantity, position.realised, position.unexplained) == (Decimal(0), Decimal(1000), Decimal(0))
    assert isinstance(swept_events[-1], AccountSwept)
    assert swept_events[-1].asked_ns == at(20)


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_sweep_is_told_as_it_happened_whichever_way_its_lists_are_sorted(newest_first: bool) -> None:
    """A leg that was opened and closed while nobody listened: closing it first would take it through zero."""
    ledger = Ledger([msgspec.structs.replace(kept_book().accounts[0], position_mode=PositionMode.HEDGE)])
    ledger.described(instrument(LINEAR))
    flat = msgspec.structs.replace(told("0", None), leg=Leg.SHORT)
    ledger.reported(flat)
    sides = [(2, "sell"), (2, "buy"), (3, "sell"), (4, "buy")]
    fills = [
        msgspec.structs.replace(sold(f"f{number}", "1", "60000", when=when, side=side), leg=Leg.SHORT)
        for number, (when, side) in enumerate(sides)
    ]
    others: list[AnyEvent] = [payment("p", "3"), fee("a", "7", "liquidation")]
    listed: list[AnyEvent] = [*(fills[::-1] if newest_first else fills), *others]
    for event in in_order([flat, *listed], at(20)):
        if isinstance(event, Fill):
            ledger.fill(event)
        elif isinstance(event, PositionUpdate):
            ledger.reported(event)
        elif isinstance(event, FundingPayment):
            ledger.funding(event)
        elif isinstance(event, FeeCharged):
            ledger.charged(event)
    position = ledger.position(ACCOUNT, LINEAR, Leg.SHORT)
    assert (position.fees, position.unexplained) == (Decimal(47), Decimal(0))
    assert position.funding == 3, "it was settled at the moment of the first fill"


def test_reports_that_say_the_same_are_not_written_down() -> None:
    ledger = Ledger(kept_book().accounts)
    reports = [answered("-2", asked=number, when=number + 0.1, changed=1) for number in (10, 20, 30)]
    assert [ledger.reported(event) for event in reports] == [True, False, False]
    assert ledger.position(ACCOUNT, LINEAR).reported_ns == at(30.1), "it is as fresh as the last of them"
    wallets = [msgspec.structs.replace(balance("7", when=number), asked_ns=at(number)) for number in (10, 20)]
    assert [ledger.wallets.reported(event) for event in wallets] == [True, False]


def test_the_next_run_reads_records_from_the_last_whole_sweep_on(tmp_path: Path) -> None:
    """Also where nothing happened that could be told, and however far the stream got without sweeps."""
    with closing(open_journal(tmp_path / "journal.sqlite")) as journal:
        made = Engine([kept_book()], mode=Mode.PAPER, source="test", journal=journal)
        made.apply(msgspec.structs.replace(swept(100), asked_ns=at(99)))
        made.apply(sold("f", "1", "59000", when=500))
        assert made.read_ns(ACCOUNT) == at(99)
    with closing(open_journal(tmp_path / "journal.sqlite")) as journal:
        again = Engine([kept_book()], mode=Mode.PAPER, source="test", journal=journal)
        assert again.read_ns(ACCOUNT) == at(99)


def test_where_the_venue_tells_no_payments_none_is_not_zero() -> None:
    untold = AccountSettings(received_ns=at(1), account=ACCOUNT, instrument=LINEAR, no_funding_records=True)
    hedge, _ = shown(watching(untold, told("-2.5"), balance("1000"), swept()), 2)
    assert hedge.funding.received.value is None
    assert "tells no payments" in hedge.funding.received.missing[0]
