"""A figure on its way to the screen: a value, or the names of what is missing, and how far to trust it.

Pure arithmetic (``core.pnl``, ``core.margin`` …) takes and returns plain ``Decimal``. ``Figure`` is what the
valuation layer lifts it into, so that no dash, estimate or stale number can lose its mark on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import msgspec


class Freshness(StrEnum):
    """How far a value may be trusted for its age, best first. Compare with :func:`worst`."""

    LIVE = "live"
    LATE = "late"
    STALE = "stale"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__  # an enumeration's own is many times as slow


_LIVE = Freshness.LIVE
_ZERO = Decimal(0)
_ORDER = {Freshness.LIVE: 0, Freshness.LATE: 1, Freshness.STALE: 2, Freshness.UNKNOWN: 3}


def worst(*states: Freshness) -> Freshness:
    """The least trustworthy of the states; LIVE when there is none."""
    return max(states, key=_ORDER.__getitem__, default=Freshness.LIVE)


class Figure(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One number as shown, or its absence.

    Exactly one of three holds:

    * ``value`` is a number;
    * ``absent`` says why there is rightly none ("no liquidation above: coin collateral covers the position");
    * ``missing`` names the inputs without which it cannot be known. Unknown is never zero.

    ``estimated`` marks a number that is not exact by the venue's own rules. ``freshness`` is the worst of its
    inputs and ``observed_ns`` the receive time (ns, engine timeline) of the oldest of them; ``None`` where no
    input ages. A figure whose freshness is UNKNOWN has no value: it is a dash.
    """

    value: Decimal | None = None
    missing: tuple[str, ...] = ()
    absent: str = ""
    estimated: bool = False
    freshness: Freshness = Freshness.LIVE
    observed_ns: int | None = None

    @property
    def known(self) -> bool:
        """True where there is a number to show."""
        return self.value is not None


NOT_RECKONED = Figure(missing=("not reckoned",), freshness=Freshness.UNKNOWN)
"""What a figure is until somebody reckons it."""


def exact(value: Decimal) -> Figure:
    """A number that does not age: typed in by the user or fixed by a contract."""
    return Figure(value=value)


def unknown(*missing: str) -> Figure:
    """A figure that cannot be known, for want of the inputs named."""
    return Figure(missing=missing, freshness=Freshness.UNKNOWN)


def absent(reason: str, *inputs: Figure) -> Figure:
    """A figure that rightly has no value, for the reason given; it ages with its inputs."""
    return Figure(
        absent=reason,
        estimated=any(item.estimated for item in inputs),
        freshness=worst(*(item.freshness for item in inputs)),
        observed_ns=min((item.observed_ns for item in inputs if item.observed_ns is not None), default=None),
    )


def derive(function: Callable[..., Decimal], *inputs: Figure, estimated: bool = False) -> Figure:
    """``function`` of the inputs' values; unknown as soon as one of them has none.

    The result names every missing input, is estimated if any input is, and carries the worst freshness and the
    oldest observation among the inputs.
    """
    if len(inputs) == 2:
        one, other = inputs
        first, second = one.value, other.value
        if first is not None and second is not None:
            freshness, observed_ns, seen = one.freshness, one.observed_ns, other.observed_ns
            if other.freshness is not freshness and _ORDER[other.freshness] > _ORDER[freshness]:
                freshness = other.freshness
            if observed_ns is None or (seen is not None and seen < observed_ns):
                observed_ns = seen
            doubtful = estimated or one.estimated or other.estimated
            return Figure(function(first, second), (), "", doubtful, freshness, observed_ns)
    values = []
    freshness, observed_ns = _LIVE, None
    for item in inputs:  # a plain loop: a picture of a large book makes ten thousand figures
        value, seen = item.value, item.observed_ns
        if value is None:
            gaps = [gap for figure in inputs if figure.value is None for gap in (figure.missing or (figure.absent,))]
            return unknown(*dict.fromkeys(gaps))
        values.append(value)
        if item.freshness is not freshness and _ORDER[item.freshness] > _ORDER[freshness]:
            freshness = item.freshness
        if seen is not None and (observed_ns is None or seen < observed_ns):
            observed_ns = seen
        if item.estimated:
            estimated = True
    return Figure(function(*values), (), "", estimated, freshness, observed_ns)


def ground(*inputs: Figure) -> Figure:
    """What several figures of the same inputs rest on (:func:`on`): no number of its own, but the marks of them all.

    Unknown, naming every gap, as soon as one input has no value.
    """
    freshness, observed_ns, estimated = _LIVE, None, False
    for item in inputs:
        seen = item.observed_ns
        if item.value is None:
            gaps = [gap for figure in inputs if figure.value is None for gap in (figure.missing or (figure.absent,))]
            return unknown(*dict.fromkeys(gaps))
        if item.freshness is not freshness and _ORDER[item.freshness] > _ORDER[freshness]:
            freshness = item.freshness
        if seen is not None and (observed_ns is None or seen < observed_ns):
            observed_ns = seen
        if item.estimated:
            estimated = True
    return Figure(_ZERO, (), "", estimated, freshness, observed_ns)


def on(ground: Figure, value: Decimal, *, estimated: bool = False) -> Figure:
    """``value`` with the marks of a ground that is known."""
    return Figure(value, (), "", estimated or ground.estimated, ground.freshness, ground.observed_ns)


def total(*inputs: Figure) -> Figure:
    """The sum of the inputs; unknown as soon as one is (a sum that leaves something out would be a lie)."""
    return derive(_sum, *inputs)


def _sum(*values: Decimal) -> Decimal:
    return sum(values, _ZERO)
