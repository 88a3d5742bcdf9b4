"""Hedged books at several instants: builders, histories in which anything happens, and their worth in fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import strategies as st

from core.anchors import Anchor, Coins, Leg, with_deposit, with_fill, with_funding
from core.attribution import Attribution, attribute
from core.instruments import ContractKind
from core.parts import Parts
from tests.core.money import PRICES, QUANTITIES, decimals

PEGS = decimals("0.9", "1.1", 4)
FLOWS = decimals("-500", "500", 2)
BASES = decimals("-0.05", "0.05", 4)
GRID = Fraction(1, 10**17)
LINEAR, INVERSE, QUANTO = ContractKind.LINEAR, ContractKind.INVERSE, ContractKind.QUANTO
SETTLE = {LINEAR: "USDT", INVERSE: "BTC", QUANTO: "XBT"}
NONE = Parts()


def coins(quantity: str, price: str | None, **more: Any) -> Coins:
    fields = {"asset": "BTC", "currency": "USDT", **more}
    return Coins(quantity=Decimal(quantity), price=None if price is None else Decimal(price), **fields)


def leg(kind: ContractKind = LINEAR, mark: str = "60000", spot: str | None = None, **more: Any) -> Leg:
    fields = {"contract_size": Decimal(1), "asset": "BTC", "quote": "USDT", "settle": SETTLE[kind], **more}
    return Leg(
        instrument=f"x:{kind.value}:BTC",
        kind=kind,
        mark_price=Decimal(mark),
        spot_price=Decimal(spot if spot is not None else mark),
        **fields,
    )


def at(held: Leg, mark: str, spot: str | None = None) -> Leg:
    moved = Decimal(spot if spot is not None else mark)
    return msgspec.structs.replace(held, mark_price=Decimal(mark), spot_price=moved)


def short(kind: ContractKind, quantity: str, price: str = "60000") -> Leg:
    amount, entry = Decimal(quantity), Decimal(price)
    return with_fill(leg(kind, price), "sell", entry, amount, mark_price=entry, spot_price=entry)


def book(*lines: Coins | Leg, time_ns: int = 0, currency: str = "USDT", **rates: str) -> Anchor:
    return Anchor(
        time_ns=time_ns,
        currency=currency,
        coins=tuple(line for line in lines if isinstance(line, Coins)),
        legs=tuple(line for line in lines if isinstance(line, Leg)),
        rates={name: Decimal(rate) for name, rate in rates.items()},
    )


def known(anchor: Anchor, now: Anchor) -> Attribution:
    found = attribute(anchor, now)
    assert isinstance(found, Attribution)
    return found


def worth_of(anchor: Anchor) -> tuple[Fraction, Fraction]:
    """Bag and hedge in the anchor's currency, deposits at what they were worth taken off; no rounding anywhere."""
    rates = {anchor.currency: Fraction(1)} | {name: Fraction(rate or 0) for name, rate in anchor.rates.items()}
    bag = sum(
        (
            Fraction(line.quantity) * Fraction(line.price or 0) * rates[line.currency] - Fraction(line.deposited_worth)
            for line in anchor.coins
        ),
        Fraction(0),
    )
    hedge = Fraction(0)
    for line in anchor.legs:
        units, mark = Fraction(line.quantity) * Fraction(line.contract_size), Fraction(line.mark_price or 0)
        gained = Fraction(line.realised) - Fraction(line.fees) + Fraction(line.funding)
        if line.quantity:
            entry = Fraction(line.entry_price or 0)
            gained += units * (1 / entry - 1 / mark) if line.kind is INVERSE else units * (mark - entry)
        hedge += gained * (mark * rates[line.quote] if line.kind is INVERSE else rates[line.settle])
    return bag, hedge


@st.composite
def histories(draw: st.DrawFn, length: int = 2) -> list[Anchor]:
    """A book of a bag and one leg of each kind at ``length`` instants, with anything happening in between."""
    bag = coins(str(draw(QUANTITIES)), "1")
    legs = [leg(LINEAR), leg(INVERSE, contract_size=Decimal(100)), leg(QUANTO, contract_size=Decimal("0.0001"))]
    found = []
    for index in range(length):
        spot, rate, coin = draw(PRICES), draw(PEGS), draw(PRICES)
        for _ in range(draw(st.integers(0, 2))):
            bag = with_deposit(bag, draw(FLOWS), draw(PRICES), draw(PEGS))
        legs = [draw(happened(held)) for held in legs]
        mark = spot * (1 + draw(BASES))
        bag = msgspec.structs.replace(bag, price=spot)
        legs = [msgspec.structs.replace(held, mark_price=mark, spot_price=spot) for held in legs]
        rates: dict[str, Decimal | None] = {"USDT": rate, "XBT": coin}
        found.append(Anchor(time_ns=index, currency="USD", coins=(bag,), legs=tuple(legs), rates=rates))
    return found


@st.composite
def happened(draw: st.DrawFn, held: Leg) -> Leg:
    for _ in range(draw(st.integers(0, 2))):
        price = draw(PRICES)
        mark, spot = price * (1 + draw(BASES)), price * (1 + draw(BASES))
        fee = draw(FLOWS)
        side = draw(st.sampled_from(["buy", "sell"]))
        held = with_fill(held, side, price, draw(QUANTITIES), fee=fee, mark_price=mark, spot_price=spot)
    return with_funding(held, draw(FLOWS))
