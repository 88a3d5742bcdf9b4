"""The small sums of a hedge's margin and costs, each with its formula."""

from __future__ import annotations

from decimal import Decimal

from core.exact import exactly
from core.explain import explained


@explained("value / leverage", unit="settle")
@exactly
def initial_margin(value: Decimal, leverage: Decimal) -> Decimal:
    """Margin to open a position, settle currency: value ÷ leverage."""
    return value / leverage


@explained("value / leverage / counts", name="collateral", unit="coins of the collateral")
@exactly
def collateral_needed(value: Decimal, leverage: Decimal, counts: Decimal) -> Decimal:
    """Coins of collateral that the leverage asks for; ``counts`` is what one of them counts for, settle currency."""
    return value / leverage / counts


@explained("amount * quote", unit="quote")
@exactly
def collateral_value(amount: Decimal, quote: Decimal) -> Decimal:
    """What the collateral is worth in quote, before a haircut; ``quote`` is its price."""
    return amount * quote


@explained("value / (amount * counts)", unit="times")
@exactly
def effective_leverage(value: Decimal, amount: Decimal, counts: Decimal) -> Decimal:
    """Value ÷ what the collateral counts for."""
    return value / (amount * counts)


@explained("(taker_fee_rate + half_spread) * value", unit="quote")
@exactly
def cost_of_crossing(taker_fee_rate: Decimal, half_spread: Decimal, value: Decimal) -> Decimal:
    """Taker fee and half a spread of a trade, + paid; rates are fractions of ``value``."""
    return (taker_fee_rate + half_spread) * value


@explained("settlement_fee_rate * value", unit="quote")
@exactly
def cost_of_settling(settlement_fee_rate: Decimal, value: Decimal) -> Decimal:
    """Fee of a settlement at expiry, + paid."""
    return settlement_fee_rate * value
