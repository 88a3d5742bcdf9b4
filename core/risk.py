"""One position against the market: its risk figures, each with the marks of its inputs.

Pure: a real position and the one a staged order would leave are valued by the same code. Formulas are those of
``core.pnl``, ``core.margin``, ``core.liquidation`` and ``core.funding``; here they are lifted into figures.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

import msgspec

from core import funding, liquidation, margin
from core.errors import RequestError
from core.exact import exactly, plain
from core.figures import Figure, Freshness, absent, derive, exact, unknown, worst
from core.freshness import ACCOUNT_AGES_NS, SECOND_NS, by_age
from core.instrument_market import Shown
from core.instruments import ContractKind, Instrument, TierTable, instrument_id
from core.liquidation_results import DISPUTED
from core.market import Market
from core.positions import Position

ZERO, ONE = Decimal(0), Decimal(1)

FREE = exact(ONE)
"""A price that nothing is multiplied by."""

NOT_QUOTED = unknown("a quote")

NO_POSITION = absent("no position")

NO_REPORT = absent("no report of a venue: the position is kept here")

_NOT_COMPARED = absent(NO_REPORT.absent)

NO_FUNDING = absent("a dated contract pays no funding")

USED_UP = "no equity left behind the position"
"""Why a margin usage has no value although there is something to maintain: worse than any number."""


def lifted(function: Callable[..., Decimal], *inputs: Figure, estimated: bool = False) -> Figure:
    """``derive``, with an impossible input (a notional above the last tier, say) turned into a named unknown."""
    try:
        return derive(function, *inputs, estimated=estimated)
    except RequestError as error:
        return unknown(str(error))


class Quotes(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the market says of one contract at one moment."""

    instrument: Instrument | None
    mark: Figure
    index: Figure
    funding_rate: Figure
    funding_interval: Figure
    next_funding: Figure
    tiers: TierTable | None
    tiers_known: Figure
    bid: Figure = NOT_QUOTED
    ask: Figure = NOT_QUOTED
    settle_price: Figure = FREE
    """Quote per settle coin of a quanto contract; the other kinds do without."""


QuotesInputs = tuple[Instrument | None, Shown, TierTable | None, Freshness, str, Figure]
"""What quotes are made of: description, figures of the feed, tiers with their freshness and fault, settle price."""


def quotes_inputs(market: Market, name: str, now_ns: int) -> QuotesInputs:
    """All that :func:`quotes` reads of one contract at ``now_ns``."""
    held = market.of(name)
    return (
        held.instrument,
        market.shown(name, now_ns),
        *market.tiers(name, now_ns),
        held.tiers_fault,
        settle_price(market, held.instrument, now_ns),
    )


def quotes(name: str, inputs: QuotesInputs) -> Quotes:
    """One contract's market."""
    instrument, shown, table, freshness, fault, paid_in = inputs
    known = Figure(value=ZERO, freshness=freshness, estimated=table is not None and table.estimated)
    if table is None:
        refused = f" (the table was refused: {fault})" if fault else ""
        known = unknown(f"maintenance tiers of {name}{refused}")
    dated = instrument is not None and instrument.expiry_ns is not None
    return Quotes(
        instrument=instrument,
        mark=shown.mark,
        index=shown.index,
        bid=shown.bid,
        ask=shown.ask,
        funding_rate=NO_FUNDING if dated else shown.funding_rate,
        funding_interval=NO_FUNDING if dated else _interval(instrument, shown.funding_interval),
        next_funding=NO_FUNDING if dated else shown.next_funding,
        tiers=table,
        tiers_known=known,
        settle_price=paid_in,
    )


def settlement_due(instrument: Instrument | None, now_ns: int) -> str:
    """What is not known of a position in a contract that has expired; empty while it runs, and where it never ends.

    The venue settles it, sooner or later after the instant of expiry, and reports then that nothing is held.
    """
    if instrument is None or instrument.expiry_ns is None or now_ns < instrument.expiry_ns:
        return ""
    day = _day(instrument.expiry_ns)
    return f"settlement of {instrument.id}, which expired on {day}"


@lru_cache(maxsize=1024)
def _day(time_ns: int) -> str:
    """The date of a moment, UTC."""
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).date().isoformat()


def settle_price(market: Market, instrument: Instrument | None, now_ns: int) -> Figure:
    """The price of a quanto contract's settle coin in its quote: the middle of that pair at the same venue."""
    if instrument is None or instrument.kind is not ContractKind.QUANTO:
        return FREE
    pair = instrument_id(instrument.venue, "spot", f"{instrument.settle}{instrument.quote}")
    return market.middle(pair, now_ns)


def _interval(instrument: Instrument | None, quoted: Figure) -> Figure:
    if quoted.known or instrument is None or instrument.funding_interval_hours is None:
        return quoted
    return exact(Decimal(instrument.funding_interval_hours))


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


class Chosen(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The liquidation price to act on, and the two it was chosen from: quote per coin.

    ``difference`` is ours − the venue's. Where they are further apart than :data:`DISPUTED` of the mark price, or one
    has a price and the other says there is none, they are ``disputed`` and the nearer one counts.
    """

    price: Figure
    venue: Figure
    ours: Figure
    difference: Figure
    disputed: bool
    is_venues: bool


def choose_liquidation(position: Position, market: Quotes, ours: Figure, facing: Figure, reported: Freshness) -> Chosen:
    """The venue's own price, with its age, where it sent one lately, else ours; the nearer where they are disputed.

    ``facing`` has the sign of what a fall hurts (+) or a rise (−); ``reported`` is :func:`report_freshness`. A price
    that the mark has passed is the nearest.
    """
    venue = venue_liquidation(position, reported)
    if venue is NO_REPORT and position.venue_liquidation is None:
        difference = unknown(*ours.missing) if ours.missing else _NOT_COMPARED
        return Chosen(price=ours, venue=venue, ours=ours, difference=difference, disputed=False, is_venues=False)
    difference = lifted(Decimal.__sub__, ours, venue) if ours.known and venue.known else _no_difference(ours, venue)
    disputed = _disputed(venue, ours, market.mark)
    if not venue.known:
        # Nothing was heard of the position for as long: what we make of it must not look better than the venue's word.
        silent = position.venue_liquidation is not None
        price = floor_freshness(ours, Freshness.STALE) if silent else ours
        return Chosen(price=price, venue=venue, ours=ours, difference=difference, disputed=False, is_venues=False)
    is_venues = not (disputed and _nearer(ours, venue, market.mark, facing))
    price = venue if is_venues else floor_freshness(ours, venue.freshness)
    return Chosen(price=price, venue=venue, ours=ours, difference=difference, disputed=disputed, is_venues=is_venues)


def report_freshness(position: Position, now_ns: int) -> Freshness:
    """How far the venue's last report of a position may be trusted for its age; UNKNOWN where there was none."""
    return by_age(now_ns - position.reported_ns, ACCOUNT_AGES_NS) if position.reported_ns else Freshness.UNKNOWN


def venue_liquidation(position: Position, reported: Freshness) -> Figure:
    """The liquidation price that the venue reported, as old as its report; unknown where it sent none, or too old."""
    if not position.open:
        return NO_POSITION
    if not position.reported_ns:
        return NO_REPORT
    if position.venue_liquidation is None or reported is Freshness.UNKNOWN:
        return unknown(f"a present liquidation price of the venue for {position.instrument}")
    return Figure(value=position.venue_liquidation, freshness=reported, observed_ns=position.reported_ns)


def _no_difference(ours: Figure, venue: Figure) -> Figure:
    gaps = (*ours.missing, *venue.missing)
    return unknown(*gaps) if gaps else absent(venue.absent or ours.absent)


def _disputed(venue: Figure, ours: Figure, mark: Figure) -> bool:
    if venue.value is None or mark.value is None:
        return False
    if ours.value is None:
        return bool(ours.absent)
    return abs(ours.value - venue.value) > DISPUTED * mark.value


def _nearer(ours: Figure, venue: Figure, mark: Figure, facing: Figure) -> bool:
    """True where the mark reaches ours before the venue's on its way, or ours says that it is past already."""
    if ours.value is None:
        return ours.absent == USED_UP
    one, other = distance(ours, mark, facing).value, distance(venue, mark, facing).value
    return one is not None and other is not None and one < other


_distance = plain(liquidation.distance)


@exactly
def distance(price: Figure, mark: Figure, quantity: Figure) -> Figure:
    """(liquidation − mark) ÷ mark, positive for safety; absent where there is rightly no liquidation price."""
    if price.absent:
        return absent(price.absent, price)
    if quantity.value is None:
        return unknown(*quantity.missing)
    return lifted(_below if quantity.value > 0 else _above, price, mark)


def _below(price: Decimal, mark: Decimal) -> Decimal:
    return _distance(price, mark, "long")


def _above(price: Decimal, mark: Decimal) -> Decimal:
    return _distance(price, mark, "short")


class End(msgspec.Struct, frozen=True, gc=False):
    """The nearer end of a position: its ``distance`` (positive is safety), and whether it is the whole account's."""

    distance: Figure
    of_account: bool


def nearest_end(liquidation: Figure, account: Figure) -> End:
    """The worse of the distances to the liquidation price and to where the account ends.

    As good as the worse known of the two: where one is missing the other is trusted no more than a stale one, so that
    losing either never looks calmer.
    """
    if USED_UP in (liquidation.absent, account.absent):
        of_account = liquidation.absent != USED_UP
        return End(account if of_account else liquidation, of_account)
    one, other = liquidation.value, account.value
    if one is not None and other is not None:
        nearer = liquidation if one <= other else account
        return End(floor_freshness(nearer, worst(liquidation.freshness, account.freshness)), nearer is not liquidation)
    found = [figure for figure in (liquidation, account) if figure.value is not None]
    gaps = [gap for figure in (liquidation, account) for gap in figure.missing]
    if not found:
        gap = unknown(*dict.fromkeys(gaps))
        return End(gap if gaps else absent(liquidation.absent, liquidation, account), of_account=False)
    nearer = min(found, key=lambda figure: figure.value or ZERO)
    state = Freshness.STALE if gaps else worst(liquidation.freshness, account.freshness)
    return End(floor_freshness(nearer, state), nearer is not liquidation)


def liquidation_source(chosen: Chosen, market: Quotes, *, same_coin: bool) -> str:
    """Whose liquidation price it is, from what, and what it leaves out."""
    if chosen.is_venues:
        return "the venue's own" + ("; ours is further away (disputed)" if chosen.disputed else "")
    instrument = market.instrument
    if instrument is not None and instrument.maintenance_per_contract is not None:
        return "ours, margin per contract as the exchange sets it"
    if market.tiers is None:
        return "unknown: maintenance tiers not loaded"
    day = _day(market.tiers.as_of_ns)
    beside = "; other positions on this coin held at their marks" if same_coin else ""
    nearer = "; the venue's own is further away (disputed)" if chosen.disputed else ""
    return f"ours, tiers of {day}{beside}{nearer}"


_payment = plain(funding.payment)


@exactly
def payment(market: Quotes, quantity: Figure) -> Figure:
    """What the next settlement would pay at the present mark and rate, in settle: always an estimate."""
    instrument = market.instrument
    if instrument is None:
        return unknown(*(quantity.missing or ("description of the contract",)))
    if not instrument.perpetual:
        return NO_FUNDING
    kind, size = instrument.kind, instrument.contract_size
    return lifted(
        lambda q, m, r: _payment(kind, q, size, m, r),
        quantity,
        market.mark,
        market.funding_rate,
        estimated=True,
    )


def floor_freshness(figure: Figure, floor: Freshness) -> Figure:
    """The figure, trusted no more than ``floor``."""
    freshness = worst(figure.freshness, floor)
    return figure if freshness is figure.freshness else msgspec.structs.replace(figure, freshness=freshness)
