"""A position's own figures come out the same all at once and each for itself."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.books import Account
from core.exact import exactly
from core.explain import recording
from core.exposure import Exposure, exposure
from core.figures import Figure, Freshness, exact, ground, unknown
from core.instruments import ContractKind
from core.positions import Position
from core.risk import Quotes
from tests.core.money import KINDS, LEVERAGES, PRICES, QUANTITIES, SIGNS, SIZES
from tests.support.builders import LINEAR, instrument

D = Decimal
STATES = st.sampled_from([Freshness.LIVE, Freshness.LATE, Freshness.STALE])


def valued(
    kind: ContractKind, size: Decimal, quantity: Figure, entry: Decimal | None, mark: Figure, leverage: Decimal
) -> Exposure:
    described = msgspec.structs.replace(instrument(), kind=kind, contract_size=size)
    nothing = unknown("nothing")
    market = Quotes(
        instrument=described, mark=mark, index=nothing, funding_rate=nothing, funding_interval=nothing,
        next_funding=nothing, tiers=None, tiers_known=nothing,
    )  # fmt: skip
    account = Account(name="a", venue="bybit", settle="USDT", wallet_balance=D(0), leverage=leverage)
    held = Position(account="a", instrument=LINEAR, quantity=quantity.value or D(0), entry_price=entry)
    return exactly(exposure)(held, account, market, told=quantity)


@given(KINDS, SIZES, QUANTITIES, SIGNS, PRICES, PRICES, LEVERAGES, STATES, STATES, st.booleans())
def test_all_at_once_is_each_for_itself(
    kind: ContractKind,
    size: Decimal,
    quantity: Decimal,
    sign: int,
    entry: Decimal,
    price: Decimal,
    leverage: Decimal,
    told: Freshness,
    seen: Freshness,
    estimated: bool,
) -> None:
    held = Figure(value=sign * quantity, freshness=told, observed_ns=7)
    mark = Figure(value=price, estimated=estimated, freshness=seen, observed_ns=5)
    at_once = valued(kind, size, held, entry, mark, leverage)
    with recording():  # then every formula is worked out, and noted, by itself
        each = valued(kind, size, held, entry, mark, leverage)
    assert repr(at_once) == repr(each)
    assert at_once.ground == ground(held, exact(entry), mark)


@pytest.mark.parametrize("price", [D("1e41"), D("1e-41"), D("-1"), D("NaN")])
def test_a_price_that_cannot_be_is_named_by_what_rests_on_it_alone(price: Decimal) -> None:
    found = valued(ContractKind.LINEAR, D(1), exact(D(-2)), D(60_000), exact(price), D(2))
    assert (found.delta.value, found.profit.value, found.notional.value) == (D(-2), None, None)
    assert "price" in found.profit.missing[0]


def test_without_an_entry_price_what_does_not_rest_on_it_is_known() -> None:
    found = valued(ContractKind.LINEAR, D(1), exact(D(-2)), None, exact(D(60_000)), D(2))
    assert (found.notional.value, found.initial_margin.value) == (D(120_000), D(60_000))
    assert found.profit.missing == found.ground.missing == (f"entry price of {LINEAR}",)
