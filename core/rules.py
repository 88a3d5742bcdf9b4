"""The alert rules of a book: which figure is read against which ladder, and what counts as blind.

Defaults of the thresholds are those of ``core.books.Thresholds``.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import msgspec

from core.alerts import Condition, Reading, identity
from core.books import Book, Thresholds
from core.exact import exactly
from core.figures import Figure, Freshness, derive, worst
from core.freshness import SECOND_NS
from core.memo import Memo
from core.risk import lifted, nearest_end, used_up
from core.snapshot import BagLine, BookView, HedgeLine, Severity

START_GRACE_NS = 10 * SECOND_NS
"""After a start nothing counts as blind or down for this long: data needs a moment to arrive."""

LIQUIDATION = "liquidation distance"
USAGE = "margin usage"
DRIFT = "ratio drift"
FUNDING = "funding paid"
BLIND = "blind"
LIQUIDATED = "liquidated"
FEED_DOWN = "feed down"
ORDER_REJECTED = "order rejected"
ORDER_UNKNOWN = "order unknown"
JOURNAL = "journal"
SETTINGS = "settings differ"
UNVERIFIED = "key unverified"

_DAY_HOURS = Decimal(24)
_NOTHING_HELD = Figure(absent="no position")
_LATE, _STALE, _UNKNOWN = Freshness.LATE, Freshness.STALE, Freshness.UNKNOWN
_SEVERITY_BLIND = Severity.BLIND

LASTING = frozenset({LIQUIDATION, USAGE, DRIFT, FUNDING, LIQUIDATED})
"""Rules about positions: their open alerts survive a restart and wait for sight."""


class BookFindings(msgspec.Struct, frozen=True):
    """Everything the rules of a book say of one view of it."""

    readings: tuple[Reading, ...]
    conditions: tuple[Condition, ...]


class LineFindings(msgspec.Struct, frozen=True, gc=False):
    """What the rules say of one hedge leg."""

    readings: tuple[Reading, ...]
    blind: Condition


@exactly
def findings(
    book: Book,
    view: BookView,
    now_ns: int,
    start_ns: int,
    already_liquidated: frozenset[str],
    memo: Memo[LineFindings] | None = None,
) -> BookFindings:
    """Apply every rule to a freshly valued book. ``already_liquidated`` holds the keys that have latched; ``memo`` what
    was found of lines that are still the same."""
    memo = Memo() if memo is None else memo
    readings: list[Reading] = []
    conditions: list[Condition] = []
    settling = now_ns - start_ns < START_GRACE_NS
    cross = {account.name for account in view.accounts if account.margin_mode == "cross"}
    bag = {line.asset: line for line in reversed(view.bag)}
    first: dict[str, HedgeLine] = {}
    for line in view.hedges:
        first.setdefault(line.account, line)
        made_of = (book, line, bag.get(line.asset), settling)
        found = memo.get(line.instrument, made_of) or memo.put(line.instrument, made_of, _of_line(*made_of))
        readings += found.readings
        if line.account not in cross:
            readings.append(_usage(book, line.instrument, line.margin_usage))
            conditions.append(_liquidated(book, view, line, already_liquidated))
        conditions.append(found.blind)
    for account in view.accounts:
        if account.margin_mode == "cross":
            readings.append(_usage(book, account.name, account.margin_usage))
            if account.name in first:
                conditions.append(
                    _liquidated(book, view, first[account.name], already_liquidated, subject=account.name)
                )
    return BookFindings(tuple(readings), tuple(conditions))


class _Words(NamedTuple):
    """What the rules of one hedge are called and say, which never changes."""

    distance: str
    drift: str
    funding: str
    blind: str
    liquidation: str
    account_ends: str
    over_hedged: str
    under_hedged: str
    costs: str
    blind_on: str


@lru_cache(maxsize=4096)
def _words(book: str, asset: str, instrument: str, account: str) -> _Words:
    name = f"{asset} hedge {instrument}"
    return _Words(
        identity(book, instrument, LIQUIDATION),
        identity(book, instrument, DRIFT),
        identity(book, instrument, FUNDING),
        identity(book, instrument, BLIND),
        f"{name}: liquidation is {{value}} away, threshold {{threshold}}",
        f"{name}: the end of account {account} (only {asset} moving) is {{value}} away, threshold {{threshold}}",
        f"{name}: over-hedged by {{value}} of the bag, threshold {{threshold}}",
        f"{name}: under-hedged by {{value}} of the bag, threshold {{threshold}}",
        f"{name}: funding costs {{value}} of notional a day, threshold {{threshold}}",
        f"blind on {name}: ",
    )


def _of_line(book: Book, line: HedgeLine, bag: BagLine | None, settling: bool) -> LineFindings:
    limits, words = book.thresholds, _words(book.name, line.asset, line.instrument, line.account)
    dwell = dwell_ns(limits)
    return LineFindings(
        (
            _distance(limits, dwell, words, line),
            _drift(limits, dwell, words, line),
            _funding(limits, dwell, words, line),
        ),
        _blind(words, dwell, bag, line, settling=settling),
    )


def _open(line: HedgeLine) -> bool:
    return line.quantity.value is None or bool(line.quantity.value)


def dwell_ns(limits: Thresholds) -> int:
    """The dwell in nanoseconds."""
    return int(limits.dwell_seconds * SECOND_NS)


def _distance(limits: Thresholds, dwell: int, words: _Words, line: HedgeLine) -> Reading:
    """The nearer of the position's liquidation price and the end of all that backs it; the text says which."""
    end = nearest_end(line.liquidation_distance, line.account_liquidation_distance)
    return Reading(
        key=words.distance,
        rule=LIQUIDATION,
        subject=line.instrument,
        text=words.account_ends if end.of_account else words.liquidation,
        value=end.distance,
        steps=limits.liquidation_distance,
        falls=True,
        exit_margin=limits.exit_margin,
        dwell_ns=dwell,
    )


def _usage(book: Book, subject: str, figure: Figure) -> Reading:
    limits = book.thresholds
    return Reading(
        key=identity(book.name, subject, USAGE),
        rule=USAGE,
        subject=subject,
        text=f"{subject}: {{value}} of the margin is used by maintenance, threshold {{threshold}}",
        value=figure,
        steps=limits.margin_usage,
        falls=False,
        exit_margin=limits.exit_margin,
        dwell_ns=dwell_ns(limits),
    )


def _drift(limits: Thresholds, dwell: int, words: _Words, line: HedgeLine) -> Reading:
    drift = line.drift
    return Reading(
        key=words.drift,
        rule=DRIFT,
        subject=line.instrument,
        text=words.under_hedged if drift.value is None or drift.value <= 0 else words.over_hedged,
        value=derive(abs, drift),
        steps=limits.ratio_drift,
        falls=False,
        exit_margin=limits.exit_margin,
        dwell_ns=dwell,
        held_off=bool(line.order_to_target.absent),
    )


def _funding(limits: Thresholds, dwell: int, words: _Words, line: HedgeLine) -> Reading:
    paid = _NOTHING_HELD
    if line.quantity.value is None:
        paid = Figure(missing=line.quantity.missing, freshness=Freshness.UNKNOWN)
    elif line.quantity.value and not line.funding.next_payment.absent:
        daily = _long_pays_a_day if line.quantity.value > 0 else _short_pays_a_day
        paid = lifted(daily, line.funding.rate, line.funding.interval_hours)
    return Reading(
        key=words.funding,
        rule=FUNDING,
        subject=line.instrument,
        text=words.costs,
        value=paid,
        steps=limits.funding_paid_per_day,
        falls=False,
        exit_margin=limits.exit_margin,
        dwell_ns=dwell,
    )


def _long_pays_a_day(rate: Decimal, hours: Decimal) -> Decimal:
    return rate * 1 * _DAY_HOURS / hours


def _short_pays_a_day(rate: Decimal, hours: Decimal) -> Decimal:
    return rate * -1 * _DAY_HOURS / hours


def _liquidated(book: Book, view: BookView, line: HedgeLine, latched: frozenset[str], subject: str = "") -> Condition:
    subject = subject or line.instrument
    key = identity(book.name, subject, LIQUIDATED)
    account = next(item for item in view.accounts if item.name == line.account)
    figure = account.margin_usage if subject == account.name else line.margin_usage
    quantities = [item.quantity for item in view.hedges if subject in (item.instrument, item.account)]
    flat = all(quantity.value is not None and not quantity.value for quantity in quantities)
    active: bool | None = used_up(figure)
    if not active and not flat and (key in latched or not (figure.known or figure.absent)):
        # Once past liquidation the venue would have closed it: a price that comes back does not undo that.
        active = None
    paper = "on paper, " if account.paper else ""
    return Condition(
        key=key,
        rule=LIQUIDATED,
        subject=subject,
        text=f"{subject}: {paper}the margin is used up: the position is past liquidation",
        severity=Severity.CRITICAL,
        active=active,
        value=figure,
        threshold=Figure(value=Decimal(1)),
    )


def inputs(view: BookView, line: HedgeLine) -> tuple[tuple[str, Figure], ...]:
    """The market inputs that one hedge leg relies on, by name."""
    return _inputs(next((item for item in view.bag if item.asset == line.asset), None), line)


def all_inputs(view: BookView) -> Iterable[Figure]:
    """The market inputs that the hedge legs of a book rely on."""
    prices = {line.asset: line.price for line in reversed(view.bag)}
    for line in view.hedges:
        yield line.mark_price
        if not line.index_price.absent:
            yield line.index_price
        if not line.funding.next_payment.absent:
            yield line.funding.rate
        if line.asset in prices:
            yield prices[line.asset]


def _inputs(bag: BagLine | None, line: HedgeLine) -> tuple[tuple[str, Figure], ...]:
    found = [("mark price", line.mark_price)]
    if not line.index_price.absent:
        found.append(("index price", line.index_price))
    if not line.funding.next_payment.absent:
        found.append(("funding rate", line.funding.rate))
    if bag is not None:
        found.append((_bag_source(bag), bag.price))
    return tuple(found)


def _bag_source(bag: BagLine) -> str:
    return f"price of the {bag.asset} bag"


def _blind(words: _Words, dwell: int, bag: BagLine | None, line: HedgeLine, *, settling: bool) -> Condition:
    """Whether an input of an open hedge cannot be relied on: stale or unknown speaks at once, late when it lasts.

    A mark that is late because its market is closed is no blindness: there is no newer one.

    With every input in order, the figures that the ladders judge must be known too.
    """
    found = [(name, figure.freshness) for name, figure in _inputs(bag, line)]
    if not line.kind:
        found.append(("description of the contract", Freshness.UNKNOWN))
    # Maintenance depends on the mark, which is already listed, and on tiers: what is worse than the mark is theirs.
    required, mark = line.maintenance_margin, line.mark_price.freshness
    if required.missing and any("maintenance tiers" in gap for gap in required.missing):
        found.append(("maintenance tiers", _UNKNOWN))
    elif required.freshness is not mark and required.known and worst(required.freshness, mark) is not mark:
        found.append(("maintenance tiers", required.freshness))
    unseen = _unseen(found) or _unseen((name, figure.freshness) for name, figure in _judged(line))
    resting = ("mark price", _LATE) if line.price_rests else None
    late = [f"{name} {state.value}" for name, state in found if state is _LATE and (name, state) != resting]
    return Condition(
        key=words.blind,
        rule=BLIND,
        subject=line.instrument,
        text=f"{words.blind_on}{', '.join(unseen + late)}",
        severity=_SEVERITY_BLIND,
        active=bool(unseen or late) and _open(line) and not settling,
        dwell_ns=0 if unseen else dwell,
    )


def _unseen(found: Iterable[tuple[str, Freshness]]) -> list[str]:
    return [f"{name} {state.value}" for name, state in found if state is _STALE or state is _UNKNOWN]


def _judged(line: HedgeLine) -> tuple[tuple[str, Figure], ...]:
    """What the ladders are read against: unknown, they say nothing, and nothing would sound like calm."""
    return (
        ("position", line.quantity),
        ("margin usage", line.margin_usage),
        ("liquidation distance", line.liquidation_distance),
        ("end of the account", line.account_liquidation_distance),
        ("hedge ratio", line.ratio),
    )
