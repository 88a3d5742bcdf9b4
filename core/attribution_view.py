"""A book's profit as the snapshot shows it: every part a figure that names what is missing and how far to trust it.

Bag and hedge are reckoned apart, so that a price that one of them lacks does not hide the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from core.anchors import Anchor, Coins
from core.attribution import Attribution, MoveMemo, UnknownAttribution, attribute, effective_cost, included
from core.book_anchor import BookNow, Kept, only_new_gaps, since_inception, with_sums
from core.errors import RequestError
from core.exact import ZERO, exactly
from core.figures import Figure, absent, derive, exact, ground, on, total, unknown
from core.parts import Parts
from core.risk import lifted
from core.snapshot import AttributionView, BagLine, HedgeLine, PartsView, Since, TransferView
from core.totals import in_quote, summed_in

CAUSES = {
    "price": "price",
    "convexity": "convexity",
    "basis": "basis",
    "funding": "funding",
    "fees": "fees",
    "slippage": "slippage",
    "currencies": "fx",
    "residual": "residual",
}
"""The parts of a view by the names that the arithmetic has for them."""
_FIELDS = (*CAUSES, "total")

_BY_SPOT = frozenset({"price", "basis"})
"""Parts that rest on the spot price too: the others do not change with it."""
_SPLIT = frozenset({"price", "basis", "slippage"})
"""Parts that rest on what the market was when a fill came in."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured: from ``before`` to ``after``, and what is known to be lacking or estimated at the start."""

    since: Since
    before: Anchor
    after: Anchor
    bag_missing: tuple[str, ...] = ()
    transfers: tuple[tuple[str, str, Decimal], ...] = ()
    estimated: bool = False
    opened: bool = False


def inception(now: BookNow) -> Span:
    """From nothing: coins at their cost, positions at their entry."""
    after, missing = since_inception(now)
    before = Anchor(time_ns=0, currency=after.currency)
    return Span(since=Since.INCEPTION, before=before, after=after, bag_missing=missing, opened=now.opened)


def since_kept(since: Since, kept: Kept, now: BookNow, sums: dict[str, Coins]) -> Span:
    """From an anchor that was set."""
    before, after = only_new_gaps(kept.anchor, with_sums(now.anchor, sums))
    return Span(since=since, before=before, after=after, transfers=kept.transfers, estimated=kept.estimated)


@exactly
def attribution_view(span: Span, now: BookNow, memo: MoveMemo) -> AttributionView:
    """The profit of ``span``, by cause; ``memo`` has what was found last time over the same span."""
    bag = measured_side(span, now.bag_missing + span.bag_missing, legs=False, memo=memo)
    hedge = measured_side(span, now.hedge_missing, legs=True, memo=memo)
    bag_parts, hedge_parts = _bag_parts(bag, span, now), _hedge_parts(hedge, span, now)
    parts = PartsView(**{name: total(getattr(bag_parts, name), getattr(hedge_parts, name)) for name in _FIELDS})
    split = span.opened or (isinstance(hedge, Attribution) and hedge.estimated)
    made = hedge_parts.total
    realised, unrealised = _locked_in_and_open(hedge, span, now)
    return AttributionView(
        since=span.since,
        since_ns=span.before.time_ns,
        currency=span.after.currency,
        parts=parts,
        bag_parts=bag_parts,
        hedge_parts=hedge_parts,
        bag=bag_parts.total,
        hedge=made,
        hedged=parts.total,
        unhedged=bag_parts.total,
        protection=made,
        gross=derive(lambda net, funding, fees: net - funding - fees, parts.total, parts.funding, parts.fees),
        realised=realised,
        unrealised=unrealised,
        includes=_includes(span, now, split=split),
        transfers=_transfers(span, now),
    )


def measured_side(
    span: Span, missing: tuple[str, ...], *, legs: bool, memo: MoveMemo | None = None
) -> Attribution | UnknownAttribution:
    """One side of the book alone: its hedges (``legs``), or its bag. ``missing`` is what it is known to lack."""
    other: dict[str, tuple[()]] = {"coins": ()} if legs else {"legs": ()}
    before, after = (msgspec.structs.replace(anchor, **other) for anchor in (span.before, span.after))
    try:
        found = attribute(before, after, memo)
    except RequestError as error:
        found = UnknownAttribution((str(error),))
    if isinstance(found, UnknownAttribution):
        missing = (*missing, *found.missing)
    return UnknownAttribution(tuple(dict.fromkeys(missing))) if missing else found


def _bag_parts(found: Attribution | UnknownAttribution, span: Span, now: BookNow) -> PartsView:
    if isinstance(found, UnknownAttribution):
        return _unknown_parts(found)
    estimated = span.estimated or now.bag_at_par
    return PartsView(**{name: _figure(found.bag, name, now.bag_inputs, estimated=estimated) for name in _FIELDS})


def _hedge_parts(found: Attribution | UnknownAttribution, span: Span, now: BookNow) -> PartsView:
    if isinstance(found, UnknownAttribution):
        return _unknown_parts(found)
    figures = {}
    coin_marks, marks, spots = ground(*now.coin_marks), ground(*now.marks), ground(*now.spots)
    for name in _FIELDS:
        inputs = [coin_marks if name in ("funding", "fees") else marks]
        estimated = span.estimated or now.hedge_at_par
        if name in _BY_SPOT:
            inputs.append(spots)
        if name in _SPLIT:
            estimated = estimated or span.opened or found.estimated
        if name in ("funding", "total"):
            estimated = estimated or now.funding_estimated
        figures[name] = _figure(found.hedge, name, inputs, estimated=estimated)
    return PartsView(**figures)


def _figure(parts: Parts, name: str, inputs: Sequence[Figure], *, estimated: bool) -> Figure:
    """A part as old as its inputs; one of nothing is exactly nothing, whatever it would have rested on."""
    value = _trimmed(parts.total if name == "total" else getattr(parts, CAUSES[name]))
    if not value and name != "total":
        return exact(ZERO)
    return derive(lambda *_: value, *inputs, estimated=estimated)


def _trimmed(value: Decimal) -> Decimal:
    """The same number without the zeros that end it."""
    whole = value.to_integral_value()
    return whole if value == whole else value.normalize()


def _unknown_parts(found: UnknownAttribution) -> PartsView:
    return PartsView(**{name: unknown(*found.missing) for name in _FIELDS})


def _locked_in_and_open(found: Attribution | UnknownAttribution, span: Span, now: BookNow) -> tuple[Figure, Figure]:
    """What the hedge realised, and the rest of what it made before funding and fees."""
    if isinstance(found, UnknownAttribution):
        return unknown(*found.missing), unknown(*found.missing)
    locked_in, rest = _trimmed(found.realised), _trimmed(found.hedge.gross - found.realised)
    estimated = span.estimated or now.hedge_at_par
    return (
        on(ground(*now.coin_marks), locked_in, estimated=estimated),
        on(ground(*now.marks), rest, estimated=estimated),
    )


def _transfers(span: Span, now: BookNow) -> tuple[TransferView, ...]:
    before = {(account, asset): moved for account, asset, moved in span.transfers}
    moved = {
        (account, asset): running - before.get((account, asset), ZERO) for account, asset, running in now.transfers
    }
    return tuple(
        TransferView(account=account, asset=asset, amount=exact(amount))
        for (account, asset), amount in moved.items()
        if amount
    )


def _includes(span: Span, now: BookNow, *, split: bool) -> str:
    said = [included(span.after, estimated=split)]
    if span.since is Since.INCEPTION:
        said.append("from cost and entry")
    if now.bag_at_par or now.hedge_at_par:
        said.append("dollars and stablecoins at par")
    if span.estimated:
        said.append("the start rests on an estimated or stale price")
    return "; ".join(said)


def not_measured(since: Since, since_ns: int, now: BookNow, missing: tuple[str, ...]) -> AttributionView:
    """A profit that cannot be measured from where it should be, for want of what is named."""
    gap = unknown(*missing)
    parts = PartsView(**dict.fromkeys(_FIELDS, gap))
    return AttributionView(
        since=since,
        since_ns=since_ns,
        currency=now.anchor.currency,
        parts=parts,
        bag_parts=parts,
        hedge_parts=parts,
        bag=gap,
        hedge=gap,
        hedged=gap,
        unhedged=gap,
        protection=gap,
        gross=gap,
        realised=gap,
        unrealised=gap,
        includes=included(now.anchor, estimated=False),
    )


@exactly
def net_cost(line: BagLine, hedges: Sequence[HedgeLine]) -> Figure:
    """The effective cost of one coin of ``line``, in its currency: what it cost, less what its hedges have realised
    and received in funding, plus their fees. Coins that a hedge was settled in count at the present mark."""
    own = [hedge for hedge in hedges if hedge.asset == line.asset]
    realised = summed_in(line.currency, (in_quote(hedge, hedge.realised) for hedge in own))
    received = summed_in(line.currency, (in_quote(hedge, hedge.funding.received) for hedge in own))
    fees = summed_in(line.currency, (in_quote(hedge, hedge.fees) for hedge in own))
    if line.quantity.value == ZERO:
        return absent("no coins", line.quantity)
    return lifted(effective_cost, line.cost, realised, received, fees, line.quantity)
