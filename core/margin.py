"""Initial and maintenance margin, and how much of the equity they use.

Quantities, prices and settle currency as in :mod:`core.pnl`.
"""

from __future__ import annotations

from decimal import Decimal

from core.errors import RequestError
from core.exact import ZERO, exactly, finite, not_negative, positive
from core.explain import explained
from core.instruments import ContractKind, Instrument, TierTable
from core.pnl import settle_notional
from core.tiers import requirement, tier_for

TIER_UNIT = {ContractKind.LINEAR: "quote", ContractKind.INVERSE: "coin", ContractKind.QUANTO: "coin"}


@explained(
    {
        ContractKind.LINEAR: "abs(quantity) * contract_size * price / leverage",
        ContractKind.INVERSE: "abs(quantity) * contract_size / price / leverage",
    },
    unit="settle",
)
@exactly
def initial_margin(
    kind: ContractKind, quantity: Decimal, contract_size: Decimal, price: Decimal, leverage: Decimal
) -> Decimal:
    """Margin to open the position, in the settle currency: notional at ``price`` ÷ ``leverage``.

    Which price is the venue's choice: mark at Binance, entry at Bybit.
    """
    return settle_notional(kind, quantity, contract_size, price) / positive("leverage", leverage)


@exactly
def opening_margin(instrument: Instrument, quantity: Decimal, price: Decimal, leverage: Decimal) -> Decimal:
    """What opening ``quantity`` (either sign) at ``price`` asks for, in settle: so much a contract where its exchange
    sets margins so, else by the leverage."""
    if instrument.initial_per_contract is not None:
        return abs(finite("quantity", quantity)) * instrument.initial_per_contract
    return initial_margin(instrument.kind, quantity, instrument.contract_size, price, leverage)


@exactly
def maintenance_margin(
    kind: ContractKind,
    quantity: Decimal,
    contract_size: Decimal,
    price: Decimal,
    table: TierTable,
    closing_fee_rate: Decimal = ZERO,
) -> Decimal:
    """Margin below which the position is liquidated, in the settle currency, at ``price`` (mark).

    ``notional · (rate + closing fee rate) − deduction`` of the tier that the notional falls in. Venues that charge no
    closing fee in the requirement take the default of zero. Raises RequestError where the table's unit does not fit
    the kind or the notional lies above its last tier.
    """
    check_unit(kind, table)
    value = settle_notional(kind, quantity, contract_size, price)
    return requirement(tier_for(table, value), value, not_negative("closing_fee_rate", closing_fee_rate))


@explained("maintenance / equity", unit="ratio")
@exactly
def margin_usage(maintenance: Decimal, equity: Decimal) -> Decimal:
    """Maintenance margin ÷ equity, both in one currency: 1 is liquidation, more is worse.

    Equity of zero or less with something to maintain has no finite ratio: RequestError names ``equity``.
    """
    return not_negative("maintenance", maintenance) / positive("equity", equity)


def check_unit(kind: ContractKind, table: TierTable) -> None:
    """Raise RequestError where the table's unit is not the settle currency of ``kind``."""
    if TIER_UNIT.get(kind) != table.unit:
        raise RequestError("table.unit", f"{TIER_UNIT.get(kind, 'a table')} for {kind} contracts", table.unit)
