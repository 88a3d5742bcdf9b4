"""How an order towards a target is sized: what is wanted, what is held, and rounding to the venue's step."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from core.explain import Step, text
from core.explanation import Input
from core.hedging import Sizing
from core.instruments import Instrument
from core.why.sources import given


def order_inputs(
    instrument: Instrument, sizing: Sizing, held: Decimal, wanted: Decimal, described: str
) -> tuple[str, tuple[Input, ...], tuple[Step, ...]]:
    """The signed order from ``held`` to ``wanted`` (order unit): its formula, its inputs, and the step before it."""
    raw = sizing.raw_quantity.copy_negate() if sizing.side == "sell" else sizing.raw_quantity
    step = given("quantity_step", f"quantity step of {instrument.id}", instrument.quantity_step, "", described)
    before = Step(
        name="order before rounding",
        formula="wanted_quantity - current_quantity",
        inputs=(("wanted_quantity", text(wanted)), ("current_quantity", text(held))),
        value=text(raw),
        unit="order unit",
    )
    rounded = (raw / instrument.quantity_step).to_integral_value(ROUND_CEILING) * instrument.quantity_step
    if rounded == sizing.signed_quantity:
        difference = given("raw_quantity", "position wanted less position held", raw, "", "worked out in the steps")
        return "ceil(raw_quantity / quantity_step) * quantity_step", (difference, step), (before,)
    # An odd lot that the step cannot close is left rather than turned into a long.
    current = given("current_quantity", "position held", held)
    return "floor(-current_quantity / quantity_step) * quantity_step", (current, step), (before,)
