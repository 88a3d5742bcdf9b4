"""The alert rules of a book: which figure is read against which ladder, and what counts as blind.

Defaults of the thresholds are those of ``core.books.Thresholds``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from core.alerts import Condition, Reading, identity
from core.books import Book, Thresholds
from core.events import ConnectionState, OrderState
from core.exact import exactly
from core.feeds_health import ConnectionHealth
from core.figures import Figure, Freshness, derive, worst
from core.freshness import SECOND_NS
from core.memo import Memo
from core.positions import Order
from core.risk import lifted, nearest_end, used_up
from core.snapshot import BagLine, BookView, HedgeLine, Severity

START_GRACE_NS = 10 * SECOND_NS
"""After a start nothing counts as blind or down for this long: data needs a moment to arrive."""

FEED_DWELL_NS = 2 * SECOND_NS
"""How long a connection may be away before it is an alert; a swap or a quick reconnect is none."""

FEEDS = "feeds"

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

LASTING = frozenset({LIQUIDATION, USAGE, DRIFT, FUNDING, LIQUIDATED})
"""Rules about positions: their open alerts survive a restart and wait for sight."""


class BookFindings(msgspec.Struct, frozen=True):
    """Everything the rules of a book say of one view of it."""

    readings: tuple[Reading, ...]
    conditions: tuple[Condition, ...]


class LineFindings(msgspec.Struct, frozen=True):
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


def _of_line(book: Book, line: HedgeLine, bag: BagLine | None, settling: bool) -> LineFindings:
    return LineFindings(
        (_distance(book, line), _drift(book, line), _funding(book, line)), _blind(book, bag, line, settling=settling)
    )


def _open(line: HedgeLine) -> bool:
    return line.quantity.value is None or bool(line.quantity.value)


def _reading(book: Book, rule: str, subject: str, text: str, value: Figure, *, falls: bool = False) -> Reading:
    limits = book.thresholds
    steps = {
        LIQUIDATION: limits.liquidation_distance,
        USAGE: limits.margin_usage,
        DRIFT: limits.ratio_drift,
        FUNDING: limits.funding_paid_per_day,
    }[rule]
    return Reading(
        key=identity(book.name, subject, rule),
        rule=rule,
        subject=subject,
        text=text,
        value=value,
        steps=steps,
        falls=falls,
        exit_margin=limits.exit_margin,
        dwell_ns=dwell_ns(limits),
    )


def dwell_ns(limits: Thresholds) -> int:
    """The dwell in nanoseconds."""
    return int(limits.dwell_seconds * SECOND_NS)


def _distance(book: Book, line: HedgeLine) -> Reading:
    """The nearer of the position's liquidation price and the end of all that backs it; the text says which."""
    end = nearest_end(line.liquidation_distance, line.account_liquidation_distance)
    what = f"the end of account {line.account} (only {line.asset} moving)" if end.of_account else "liquidation"
    text = f"{_name(line)}: {what} is {{value}} away, threshold {{threshold}}"
    return _reading(book, LIQUIDATION, line.instrument, text, end.distance, falls=True)


def _usage(book: Book, subject: str, figure: Figure) -> Reading:
    text = f"{subject}: {{value}} of the margin is used by maintenance, threshold {{threshold}}"
    return _reading(book, USAGE, subject, text, figure)


def _drift(book: Book, line: HedgeLine) -> Reading:
    way = "over" if (line.drift.value or 0) > 0 else "under"
    text = f"{_name(line)}: {way}-hedged by {{value}} of the bag, threshold {{threshold}}"
    reading = _reading(book, DRIFT, line.instrument, text, derive(abs, line.drift))
    return msgspec.structs.replace(reading, held_off=bool(line.order_to_target.absent))


def _funding(book: Book, line: HedgeLine) -> Reading:
    paid = Figure(absent="no position")
    if line.quantity.value is None:
        paid = Figure(missing=line.quantity.missing, freshness=Freshness.UNKNOWN)
    elif line.quantity.value and not line.funding.next_payment.absent:
        sign = 1 if line.quantity.value > 0 else -1
        rate, hours = line.funding.rate, line.funding.interval_hours
        paid = lifted(lambda r, h: r * sign * Decimal(24) / h, rate, hours)
    text = f"{_name(line)}: funding costs {{value}} of notional a day, threshold {{threshold}}"
    return _reading(book, FUNDING, line.instrument, text, paid)


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


def _blind(book: Book, bag: BagLine | None, line: HedgeLine, *, settling: bool) -> Condition:
    """Whether an input of an open hedge cannot be relied on: stale or unknown speaks at once, late when it lasts.

    A mark that is late because its market is closed is no blindness: there is no newer one.

    With every input in order, the figures that the ladders judge must be known too.
    """
    found = [(name, figure.freshness) for name, figure in _inputs(bag, line)]
    if not line.kind:
        found.append(("description of the contract", Freshness.UNKNOWN))
    # Maintenance depends on the mark, which is already listed, and on tiers: what is worse than the mark is theirs.
    tiers = line.maintenance_margin.freshness
    if any("maintenance tiers" in gap for gap in line.maintenance_margin.missing):
        found.append(("maintenance tiers", Freshness.UNKNOWN))
    elif line.maintenance_margin.known and worst(tiers, line.mark_price.freshness) is not line.mark_price.freshness:
        found.append(("maintenance tiers", tiers))
    unseen = _unseen(found) or _unseen((name, figure.freshness) for name, figure in _judged(line))
    resting = ("mark price", Freshness.LATE) if line.price_rests else None
    late = [f"{name} {state.value}" for name, state in found if state is Freshness.LATE and (name, state) != resting]
    return Condition(
        key=identity(book.name, line.instrument, BLIND),
        rule=BLIND,
        subject=line.instrument,
        text=f"blind on {_name(line)}: {', '.join(unseen + late)}",
        severity=Severity.BLIND,
        active=bool(unseen or late) and _open(line) and not settling,
        dwell_ns=0 if unseen else dwell_ns(book.thresholds),
    )


def _unseen(found: Iterable[tuple[str, Freshness]]) -> list[str]:
    return [f"{name} {state.value}" for name, state in found if state in (Freshness.STALE, Freshness.UNKNOWN)]


def _judged(line: HedgeLine) -> tuple[tuple[str, Figure], ...]:
    """What the ladders are read against: unknown, they say nothing, and nothing would sound like calm."""
    return (
        ("position", line.quantity),
        ("margin usage", line.margin_usage),
        ("liquidation distance", line.liquidation_distance),
        ("end of the account", line.account_liquidation_distance),
        ("hedge ratio", line.ratio),
    )


def feed_condition(connection: ConnectionHealth, now_ns: int, start_ns: int) -> Condition:
    """Whether a connection is away. Before it was ever live it has the grace of a start."""
    down = connection.state is not ConnectionState.LIVE
    if not connection.been_live and now_ns - start_ns < START_GRACE_NS:
        down = False
    reason = f": {connection.reason}" if connection.reason else ""
    return Condition(
        key=identity(FEEDS, connection.subject, FEED_DOWN),
        rule=FEED_DOWN,
        subject=connection.subject,
        text=f"feed {connection.subject} is {connection.state.value}{reason}",
        severity=Severity.WARNING,
        active=down,
        dwell_ns=FEED_DWELL_NS,
    )


def journal_condition(failure: str, *, unread: bool = False) -> Condition:
    """Whether the journal fails; ``failure`` says how, empty where it does not. ``unread``: it was never opened."""
    unaware = "; positions and wallets are shown as the book declares them, without what happened since"
    return Condition(
        key=identity(FEEDS, "journal", JOURNAL),
        rule=JOURNAL,
        subject="journal",
        text=f"{failure}: orders and changes of target are refused{unaware if unread else ''}",
        severity=Severity.ALARM,
        active=bool(failure),
    )


def settings_condition(account: str, differences: Sequence[str]) -> Condition:
    """Whether an account is set otherwise at its venue than in the configuration; ``differences`` say how."""
    return Condition(
        key=identity("accounts", account, SETTINGS),
        rule=SETTINGS,
        subject=account,
        text="; ".join(differences) or f"{account} is set as configured",
        severity=Severity.WARNING,
        active=bool(differences),
    )


def key_condition(account: str, *, unverified: bool) -> Condition:
    """Whether nobody could see what the key of an account may do."""
    return Condition(
        key=identity("accounts", account, UNVERIFIED),
        rule=UNVERIFIED,
        subject=account,
        text=f"{account}: unverified, as its venue does not tell what the key may do; look there that it only reads",
        severity=Severity.NOTICE,
        active=unverified,
    )


def _name(line: HedgeLine) -> str:
    return f"{line.asset} hedge {line.instrument}"


def order_conditions(order: Order) -> tuple[Condition, Condition]:
    """Whether an order was rejected, and whether its outcome is unknown."""
    request = order.request
    what = f"order {request.client_order_id} ({request.side} {request.quantity.normalize():f} {request.instrument})"
    reason = f": {order.reason}" if order.reason else ""

    def condition(rule: str, severity: Severity, state: OrderState, text: str) -> Condition:
        return Condition(
            key=identity("orders", request.client_order_id, rule),
            rule=rule,
            subject=request.client_order_id,
            text=f"{what} {text}{reason}",
            severity=severity,
            active=order.state is state,
        )

    return (
        condition(ORDER_REJECTED, Severity.WARNING, OrderState.REJECTED, "was rejected"),
        condition(ORDER_UNKNOWN, Severity.ALARM, OrderState.UNKNOWN, "has an unknown outcome"),
    )
