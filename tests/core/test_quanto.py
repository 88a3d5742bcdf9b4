"""Quanto contracts: profit in a third coin, exposure only with that coin's price, and never a figure without it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given

from core.books import Account, Book, Hedge, Lot
from core.calculators import answer
from core.errors import RequestError
from core.events import InstrumentListed
from core.hedging import order_to_target, target_quantity
from core.instruments import ContractKind, Instrument, Tier, TierTable
from core.liquidation import isolated
from core.liquidation_results import LiquidationPrice
from core.margin import maintenance_margin
from core.pnl import Holding, apply_fill, delta, fee, notional, settle_notional, unrealised
from core.snapshot import BookView
from core.totals import book_totals
from tests.core.money import PRICES, QUANTITIES, SIGNS, SIZES
from tests.support.builders import at, engine, feed, perpetual, spot

QUANTO = ContractKind.QUANTO
ONE = Decimal(1)
ETHUSD = "bitmex:quanto:ETHUSD"
BITCOIN = "bitmex:spot:BTCUSD"
SIZE = Decimal("0.000001")
"""BitMEX's ETHUSD: 0.000001 BTC per contract and per dollar of ETH's price."""


def test_profit_is_paid_in_the_settle_coin() -> None:
    """1,000 contracts from 3,000 to 2,400: 0.001 BTC for each dollar of ETH."""
    assert unrealised(QUANTO, Decimal(-1000), SIZE, Decimal(3000), Decimal(2400)) == Decimal("0.6")
    assert settle_notional(QUANTO, Decimal(-1000), SIZE, Decimal(2400)) == Decimal("2.4")
    assert fee(QUANTO, Decimal(-1000), SIZE, Decimal(2400), Decimal("0.0005")) == Decimal("0.0012")


def test_exposure_follows_the_price_of_the_settle_coin() -> None:
    """At 60,000 a bitcoin those 1,000 contracts lose 60 dollars for each dollar of ETH: they are 60 ETH short."""
    bitcoin = Decimal(60_000)
    assert delta(QUANTO, Decimal(-1000), SIZE, Decimal(2400), bitcoin) == -60
    assert notional(QUANTO, Decimal(-1000), SIZE, Decimal(2400), bitcoin) == 144_000
    assert delta(QUANTO, Decimal(-1000), SIZE, Decimal(2400), bitcoin / 2) == -30


@given(SIGNS, QUANTITIES, SIZES, PRICES, PRICES, PRICES)
def test_delta_is_profit_in_quote_per_one_of_price(
    sign: int, quantity: Decimal, size: Decimal, entry: Decimal, price: Decimal, settle_price: Decimal
) -> None:
    gained = Fraction(unrealised(QUANTO, sign * quantity, size, entry, price)) * Fraction(settle_price)
    exposure = Fraction(delta(QUANTO, sign * quantity, size, price, settle_price))
    assert abs(gained - exposure * (Fraction(price) - Fraction(entry))) <= abs(exposure) * Fraction(1, 10**40)
    in_quote = Fraction(notional(QUANTO, sign * quantity, size, price, settle_price))
    assert abs(in_quote - abs(exposure) * Fraction(price)) <= in_quote / 10**40


@pytest.mark.parametrize("bad", [None, Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("Infinity")], ids=str)
def test_without_the_settle_coins_price_there_is_no_exposure(bad: Decimal | None) -> None:
    for ask in (delta, notional):
        with pytest.raises(RequestError) as refused:
            ask(QUANTO, ONE, ONE, ONE, bad)
        assert refused.value.key == "settle_price"
    with pytest.raises(RequestError, match="settle_price"):
        target_quantity(QUANTO, ONE, ONE, ONE, ONE, bad)


def test_entries_average_as_those_of_linear_contracts() -> None:
    holding, _ = apply_fill(QUANTO, SIZE, Holding(Decimal(-1000), Decimal(3000)), "sell", Decimal(6000), Decimal(2000))
    assert holding == Holding(Decimal(-3000), Decimal(5000))
    left, realised = apply_fill(QUANTO, SIZE, holding, "buy", Decimal(4000), Decimal(1000))
    assert (left.quantity, left.entry_price, realised) == (Decimal(-2000), Decimal(5000), ONE)


def test_margin_and_liquidation_are_reckoned_in_the_settle_coin() -> None:
    table = TierTable("x", "coin", (Tier(Decimal(0), None, Decimal("0.01"), Decimal(0)),), 0, "test")
    assert maintenance_margin(QUANTO, Decimal(-1000), SIZE, Decimal(3000), table) == Decimal("0.03")
    found = isolated(QUANTO, Decimal(-1000), SIZE, Decimal(3000), Decimal("0.6"), table)
    assert isinstance(found, LiquidationPrice)
    assert (found.price * Decimal("0.00101")).quantize(Decimal("1e-20")) == Decimal("3.6")
    with pytest.raises(RequestError, match=r"table\.unit: expected coin for quanto contracts"):
        maintenance_margin(QUANTO, ONE, SIZE, ONE, msgspec.structs.replace(table, unit="quote"))


def contract() -> Instrument:
    return Instrument(
        id=ETHUSD, venue="bitmex", market="quanto", symbol="ETHUSD", kind=QUANTO, base="ETH", quote="USD", settle="BTC",
        contract_size=SIZE, tick_size=Decimal("0.05"), quantity_step=ONE, minimum_quantity=ONE,
        funding_interval_hours=8,
    )  # fmt: skip


def test_an_order_to_a_target_never_over_hedges() -> None:
    """Half of 100 ETH at 61,000 a bitcoin is 819.67 contracts: 819, and 0.041 ETH left open."""
    sizing = order_to_target(contract(), Decimal(100), Decimal("0.5"), Decimal(0), Decimal(3000), Decimal(61_000))
    assert sizing.signed_quantity == -819
    assert sizing.residual_coins.quantize(Decimal("1e-20")) == Decimal("-0.041")


def book() -> Book:
    account = Account(name="coins", venue="bitmex", settle="BTC", wallet_balance=Decimal(2))
    hedge = Hedge(
        asset="ETH", instrument=ETHUSD, account="coins", target_ratio=Decimal("0.6"), quantity=Decimal(-1000),
        entry_price=Decimal(3000), isolated_margin=Decimal(1),
    )  # fmt: skip
    lot = Lot(asset="ETH", quantity=Decimal(100), cost=Decimal(3000))
    return Book(name="quanto", lots=(lot,), hedges=(hedge,), accounts=(account,))


def view(*, bitcoin: int | None) -> BookView:
    made = engine(book())
    feed(made, InstrumentListed(instrument=contract(), received_ns=at(0)), perpetual(0, 2400, ETHUSD))
    if bitcoin is not None:
        feed(made, spot(0, bitcoin, BITCOIN))
    return made.snapshot(at(0.1)).books[0]


def test_a_book_shows_a_quanto_hedge_in_coins_quote_and_settle() -> None:
    line = view(bitcoin=60_000).hedges[0]
    assert (line.delta.value, line.notional.value) == (Decimal(-60), Decimal(144_000))
    assert (line.profit.value, line.profit_quote.value) == (Decimal("0.6"), Decimal(36_000))
    assert line.ratio.value == Decimal("0.6")
    assert line.quantity_unit == "contracts"


def test_without_the_settle_coins_price_a_book_names_it_and_shows_the_rest() -> None:
    line = view(bitcoin=None).hedges[0]
    for figure in (line.delta, line.notional, line.profit_quote, line.ratio, line.order_to_target):
        assert not figure.known
        assert f"bid price of {BITCOIN}" in figure.missing
    assert line.profit.value == Decimal("0.6")


def test_amounts_in_a_third_coin_are_not_added_to_dollars() -> None:
    made = view(bitcoin=60_000)
    spent = msgspec.structs.replace(made.hedges[0], fees=msgspec.structs.replace(made.hedges[0].fees, value=ONE))
    assert book_totals(made.bag, (spent,)).fees.missing == ("rate of BTC in USD",)


def test_the_calculators_reckon_a_quanto_position_in_its_settle_coin() -> None:
    """The same figures as above through ``pnl`` and ``margin``; what needs a third price is null there."""
    asked = {"kind": "quanto", "side": "short", "quantity": "1000", "contract_size": "0.000001"}
    gained = answer("pnl", {**asked, "entry_price": "3000", "exit_price": "2400"})
    assert (gained["gross"], gained["gross_quote"]) == ("0.6", None)
    margin = answer("margin", {**asked, "mark_price": "3000", "maintenance_rate": "0.01"})
    assert (margin["maintenance_margin"], margin["delta"]) == ("0.03", None)
