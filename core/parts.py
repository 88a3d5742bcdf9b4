"""Profit by cause, in parts that add up to the whole to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import attrgetter

import msgspec

from core.exact import ONE, ZERO, exactly
from core.explain import is_recording, note

PLACES = 18
"""Parts are multiples of 1e-18 of the currency, so that they can add up exactly."""
WIDEST = 40
"""Digits of the largest figure; one too large for 18 places is cut to this many."""


class Parts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Profit by cause, each + gained, − lost; :attr:`total` is their sum, exactly.

    * ``price``: coins at the anchor times the move of spot; a leg's coins are its delta there, as a screen shows it;
    * ``basis``: the leg's delta times the move of mark less spot, and the basis its fills were made at;
    * ``convexity``: coin-settled legs only: the coins such a leg had gained or lost by the anchor, times the move of
      the mark. With ``price`` and ``basis`` it makes a coin-margined leg the straight line in quote that it is;
    * ``funding``: received or paid; ``fees``: paid is negative; ``slippage``: fills worse than mark are negative;
    * ``fx``: the move of quote and settle currencies (a stablecoin off its peg) on what was valued in them before;
    * ``residual``: what none of these explains, such as coins that moved without a deposit being noted.
    """

    price: Decimal = ZERO
    basis: Decimal = ZERO
    convexity: Decimal = ZERO
    funding: Decimal = ZERO
    fees: Decimal = ZERO
    slippage: Decimal = ZERO
    fx: Decimal = ZERO
    residual: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The sum of the parts."""
        return _sum(self)

    @property
    def gross(self) -> Decimal:
        """The sum before fees and funding."""
        return _sum(self, leave_out=("fees", "funding"))


@exactly
def added(one: Parts, other: Parts) -> Parts:
    """The parts of two together, cause by cause."""
    both = Parts(**{name: getattr(one, name) + getattr(other, name) for name in one.__struct_fields__})
    if is_recording():
        for name in one.__struct_fields__:
            given = {"bag": getattr(one, name), "hedge": getattr(other, name)}
            note(f"together {name}", "bag + hedge", getattr(both, name), given)
    return both


@exactly
def summed(lines: Sequence[Parts], before: Decimal, after: Decimal, whose: str = "") -> Parts:
    """The lines' parts, not yet rounded, as one whose total is the change of worth from ``before`` to ``after``.

    Both worths are rounded to the grid that the parts are rounded to, so that totals of intervals that follow each
    other add up exactly too. What rounding leaves over, some units of the last place, goes to the largest part;
    anything more is not explained, and so residual. ``whose`` names the whole where its parts are explained.
    """
    raw = {name: sum(map(attrgetter(name), lines), ZERO) for name in Parts.__struct_fields__}
    largest = max(abs(figure) for figure in (*raw.values(), before, after))
    grid = ONE.scaleb(max(-PLACES, largest.adjusted() - WIDEST))
    parts = {name: figure.quantize(grid) for name, figure in raw.items()}
    left = after.quantize(grid) - before.quantize(grid) - sum(parts.values(), ZERO)
    rounding = abs(left) <= grid * (len(raw) + 2)
    last = max(raw, key=lambda name: abs(raw[name])) if rounding else "residual"
    parts[last] += left
    if is_recording():
        for name, figure in parts.items():
            given: dict[str, object] = {"lines": tuple(getattr(line, name) for line in lines), "grid": grid}
            rest = {"left_over": left} if name == last and left else {}
            formula = f"rounded(sum(lines), grid){' + left_over' if rest else ''}"
            note(f"{whose} {name}".strip(), formula, figure, {**given, **rest})
    return Parts(**parts)


@exactly
def _sum(parts: Parts, leave_out: tuple[str, ...] = ()) -> Decimal:
    return sum((getattr(parts, name) for name in parts.__struct_fields__ if name not in leave_out), ZERO)
