"""One position against the market: every risk figure of it, each with the marks of its inputs.

Pure: a real position and the one a staged order would leave are valued by the same code. Formulas are those of
``core.pnl``, ``core.margin``, ``core.liquidation`` and ``core.funding``; here they are lifted into figures.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from core import funding, liquidation, margin, pnl
from core.books import Account, MarginMode
from core.errors import RequestError
from core.figures import Figure, Freshness, absent, derive, exact, unknown, worst
from core.freshness import ACCOUNT_AGES_NS, SECOND_NS, by_age
from core.instruments import ContractKind, Instrument, TierTable, instrument_id
from core.margin_rules import rules_for
from core.market import Field, Market
from core.positions import Position

ZERO, ONE = Decimal(0), Decimal(1)

NO_POSITION = absent("no position")

NO_FUNDING = absent("a dated contract pays no funding")

USED_UP = "no equity left behind the position"
"""Why a margin usage has no value although there is something to maintain: worse than any number."""


def lifted(function: Callable[..., Decimal], *inputs: Figure, estimated: bool = False) -> Figure:
    """``derive``, with an impossible input (a notional above the last tier, say) turned into a named unknown."""
    try:
        return derive(function, *inputs, estimated=estimated)
    except RequestError as error:
        return unknown(str(error))


class Quotes(msgspec.Struct, frozen=True, kw_only=True):
    """What the market says of one contract at ``time_ns``."""

    time_ns: int
    instrument: Instrument | None
    mark: Figure
    index: Figure
    funding_rate: Figure
    funding_interval: Figure
    next_funding: Figure
    tiers: TierTable | None
    tiers_known: Figure
    settle_price: Figure = exact(ONE)
    """Quote per settle coin of a quanto contract; the other kinds do without."""


def quotes(market: Market, name: str, now_ns: int) -> Quotes:
    """Read one contract's market at ``now_ns``."""
    held = market.of(name)
    table, freshness = market.tiers(name, now_ns)
    known = Figure(value=ZERO, freshness=freshness)
    if table is None:
        fault = f" (the table was refused: {held.tiers_fault})" if held.tiers_fault else ""
        known = unknown(f"maintenance tiers of {name}{fault}")
    dated = held.instrument is not None and held.instrument.expiry_ns is not None
    return Quotes(
        time_ns=now_ns,
        instrument=held.instrument,
        mark=market.figure(name, Field.MARK, now_ns),
        index=market.figure(name, Field.INDEX, now_ns),
        funding_rate=NO_FUNDING if dated else market.figure(name, Field.FUNDING_RATE, now_ns),
        funding_interval=NO_FUNDING if dated else _interval(market, name, now_ns),
        next_funding=NO_FUNDING if dated else market.figure(name, Field.NEXT_FUNDING, now_ns),
        tiers=table,
        tiers_known=known,
        settle_price=settle_price(market, held.instrument, now_ns),
    )


def settle_price(market: Market, instrument: Instrument | None, now_ns: int) -> Figure:
    """The price of a quanto contract's settle coin in its quote: the middle of that pair at the same venue."""
    if instrument is None or instrument.kind is not ContractKind.QUANTO:
        return exact(ONE)
    pair = instrument_id(instrument.venue, "spot", f"{instrument.settle}{instrument.quote}")
    return market.middle(pair, now_ns)


def _interval(market: Market, name: str, now_ns: int) -> Figure:
    quoted = market.figure(name, Field.FUNDING_INTERVAL, now_ns)
    instrument = market.of(name).instrument
    if quoted.known or instrument is None or instrument.funding_interval_hours is None:
        return quoted
    return exact(Decimal(instrument.funding_interval_hours))


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """A position's figures that need no account: money in ``settle`` unless said otherwise."""

    quantity: Figure
    entry_price: Figure
    delta: Figure
    notional: Figure
    profit: Figure
    profit_quote: Figure
    initial_margin: Figure
    maintenance: Figure


def exposure(position: Position, account: Account, market: Quotes, *, missing: str = "") -> Exposure:
    """Value a position at mark. ``missing`` names why its quantity is not known, where that is so."""
    instrument = market.instrument
    if missing or instrument is None:
        gap = unknown(missing or f"description of {position.instrument}")
        return Exposure(
            quantity=gap if missing else exact(position.quantity), entry_price=gap, delta=gap, notional=gap,
            profit=gap, profit_quote=gap, initial_margin=gap, maintenance=gap,
        )  # fmt: skip
    kind, size, mark = instrument.kind, instrument.contract_size, market.mark
    quantity = exact(position.quantity)
    if not position.quantity:
        zero = exact(ZERO)
        return Exposure(
            quantity=quantity, entry_price=NO_POSITION, delta=zero, notional=zero, profit=zero, profit_quote=zero,
            initial_margin=zero, maintenance=zero,
        )  # fmt: skip
    entry = _entry(position)
    profit = lifted(lambda q, e, m: pnl.unrealised(kind, q, size, e, m), quantity, entry, mark)
    inverse, paid_in = kind is ContractKind.INVERSE, market.settle_price
    free = exact(ONE)
    return Exposure(
        quantity=quantity,
        entry_price=entry,
        delta=lifted(lambda q, m, s: pnl.delta(kind, q, size, m, s), quantity, mark if inverse else free, paid_in),
        notional=lifted(
            lambda q, m, s: pnl.notional(kind, q, size, m, s), quantity, free if inverse else mark, paid_in
        ),
        profit=profit,
        profit_quote=derive(Decimal.__mul__, profit, mark if inverse else paid_in),
        initial_margin=lifted(lambda q, m: margin.initial_margin(kind, q, size, m, account.leverage), quantity, mark),
        maintenance=_maintenance(instrument, quantity, market),
    )


def _entry(position: Position) -> Figure:
    if position.entry_price is None:
        return unknown(f"entry price of {position.instrument}")
    return exact(position.entry_price)


def _maintenance(instrument: Instrument, quantity: Figure, market: Quotes) -> Figure:
    table = market.tiers
    if table is None:
        return lifted(lambda *_: ZERO, quantity, market.mark, market.tiers_known)
    kind, size = instrument.kind, instrument.contract_size
    return lifted(
        lambda q, m, _: margin.maintenance_margin(kind, q, size, m, table), quantity, market.mark, market.tiers_known
    )


def usage(maintenance: Figure, equity: Figure) -> Figure:
    """Maintenance ÷ equity; where equity is used up, absent with :data:`USED_UP`, which is worse than 1."""
    if maintenance.value is not None and equity.value is not None:
        if not maintenance.value:
            return NO_POSITION
        if equity.value <= 0:
            return absent(USED_UP, maintenance, equity)
    return lifted(margin.margin_usage, maintenance, equity)


def used_up(figure: Figure) -> bool:
    """True where a margin usage says that the position is past liquidation."""
    return figure.absent == USED_UP or (figure.value is not None and figure.value >= 1)


class Others(msgspec.Struct, frozen=True, kw_only=True):
    """The rest of a cross account, as it bears on one position; ``same_coin`` where some of it is on the same coin."""

    wallet: Figure
    unrealised: Figure
    maintenance: Figure
    same_coin: bool = False


def liquidation_price(position: Position, account: Account, market: Quotes, quantity: Figure, others: Others) -> Figure:
    """Ours by the convention recorded for the venue; the venue's own, with its age, where it sent one lately.

    Ours is an estimate unless that convention is known to meet the venue's figure to the tick, and where another
    position of a cross account is on the same coin: the convention holds it at its mark, but the two move together.
    """
    instrument = market.instrument
    if quantity.value is None or instrument is None:
        return unknown(*(quantity.missing or (f"description of {position.instrument}",)))
    if not quantity.value:
        return NO_POSITION
    freshness = venue_freshness(position, market)
    if freshness is not Freshness.UNKNOWN:
        return Figure(value=position.venue_liquidation, freshness=freshness, observed_ns=position.reported_ns)
    ours = _our_liquidation_price(position, account, market, instrument, others)
    # Nothing was heard of the position for as long: what we make of it must not look better than the venue's word.
    return ours if position.venue_liquidation is None else floor_freshness(ours, Freshness.STALE)


def _our_liquidation_price(
    position: Position, account: Account, market: Quotes, instrument: Instrument, others: Others
) -> Figure:
    kind, size, entry = instrument.kind, instrument.contract_size, position.entry_price
    inputs: tuple[Figure, ...] = (market.tiers_known,)
    rules = rules_for(account.venue, instrument.kind)
    at = rules.requirement_at
    exactly_so = rules.exact(account.margin_mode) and not others.same_coin and not position.margin_estimated
    try:
        if account.margin_mode is MarginMode.ISOLATED:
            found = liquidation.isolated(
                kind, position.quantity, size, entry, position.margin, market.tiers, requirement_at=at
            )
        else:
            inputs = (market.tiers_known, others.wallet, others.unrealised, others.maintenance)
            gaps = [gap for figure in inputs for gap in figure.missing]
            if gaps:
                return unknown(*dict.fromkeys(gaps))
            found = liquidation.cross(
                kind, position.quantity, size, entry, others.wallet.value, market.tiers,
                others_unrealised=others.unrealised.value, others_maintenance=others.maintenance.value,
                requirement_at=at,
            )  # fmt: skip
    except RequestError as error:
        return unknown(str(error))
    return _as_figure(found, position.instrument, inputs, estimated=not exactly_so)


def _as_figure(found: liquidation.Liquidation, name: str, inputs: tuple[Figure, ...], *, estimated: bool) -> Figure:
    match found:
        case liquidation.LiquidationPrice(price=price):
            return derive(lambda *_: price, *inputs, estimated=estimated)
        case liquidation.UnknownLiquidation(missing=missing):
            words = {"tiers": "maintenance tiers", "entry_price": "entry price", "margin": "isolated margin"}
            return unknown(*(f"{words.get(item, item)} of {name}" for item in missing))
        case liquidation.NoLiquidation(reason=reason):
            return absent(reason, *inputs)
        case liquidation.AlwaysLiquidated():
            return absent(USED_UP, *inputs)


def distance(price: Figure, mark: Figure, quantity: Figure) -> Figure:
    """(liquidation − mark) ÷ mark, positive for safety; absent where there is rightly no liquidation price."""
    if price.absent:
        return absent(price.absent, price)
    if quantity.value is None:
        return unknown(*quantity.missing)
    side = "long" if quantity.value > 0 else "short"
    return lifted(lambda p, m: liquidation.distance(p, m, side), price, mark)


def venue_freshness(position: Position, market: Quotes) -> Freshness:
    """How far the venue's own liquidation price may be trusted for its age; UNKNOWN where there is none."""
    if position.venue_liquidation is None:
        return Freshness.UNKNOWN
    return by_age(market.time_ns - position.reported_ns, ACCOUNT_AGES_NS)


def liquidation_source(position: Position, market: Quotes, others: Others) -> str:
    """Whose liquidation price it is, from what, and what it leaves out."""
    if venue_freshness(position, market) is not Freshness.UNKNOWN:
        return "the venue's own"
    if market.tiers is None:
        return "unknown: maintenance tiers not loaded"
    day = datetime.fromtimestamp(market.tiers.as_of_ns // SECOND_NS, UTC).date()
    beside = "; other positions on this coin held at their marks" if others.same_coin else ""
    return f"ours, tiers of {day}{beside}"


def payment(market: Quotes, quantity: Figure) -> Figure:
    """What the next settlement would pay at the present mark and rate, in settle: always an estimate."""
    instrument = market.instrument
    if instrument is None:
        return unknown(*(quantity.missing or ("description of the contract",)))
    if not instrument.perpetual:
        return NO_FUNDING
    kind, size = instrument.kind, instrument.contract_size
    return lifted(
        lambda q, m, r: funding.payment(kind, q, size, m, r),
        quantity,
        market.mark,
        market.funding_rate,
        estimated=True,
    )


def floor_freshness(figure: Figure, floor: Freshness) -> Figure:
    """The figure, trusted no more than ``floor``."""
    return msgspec.structs.replace(figure, freshness=worst(figure.freshness, floor))
