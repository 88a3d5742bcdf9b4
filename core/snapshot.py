"""The immutable picture the engine cuts for whoever looks: panels, ``status --json``, replay.

Everything a view needs is here, derived once; a view formats and computes nothing on money. Sections are named as
the screen names them. Ratios and rates are fractions; times are ns on the engine's timeline; money says its
currency. A snapshot is plain data: ``encode``/``decode`` carry it over a socket unchanged. The lines of a book, its
accounts and its profit have modules of their own.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from core.books import Thresholds
from core.events import ChannelState, ConnectionState, OrderState
from core.explanation import Explanation
from core.figures import Figure, Freshness
from core.scenario_view import ScenarioView
from core.snapshot_accounts import AccountView, BetaView, CollateralView, DeathView, TogetherView
from core.snapshot_lines import BagLine, FundingView, HedgeLine
from core.snapshot_profit import AttributionView, PartsView, Since, TransferView

__all__ = [
    "AccountView",
    "AlertView",
    "AttributionView",
    "BagLine",
    "BetaView",
    "BookView",
    "ChannelView",
    "CollateralView",
    "DeathView",
    "FeedView",
    "FundingView",
    "HedgeLine",
    "MarketView",
    "Mode",
    "OrderView",
    "PartsView",
    "PreviewAfter",
    "Severity",
    "Since",
    "Snapshot",
    "StageView",
    "TogetherView",
    "Totals",
    "TransferView",
]


class Severity(StrEnum):
    """How bad, mildest first. ``BLIND`` is an alert about not being able to see, and ranks with ALARM."""

    NOTICE = "notice"
    WARNING = "warning"
    BLIND = "blind"
    ALARM = "alarm"
    CRITICAL = "critical"

    __hash__ = str.__hash__  # an enumeration's own is many times as slow


class Totals(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The book in quote: bag value and profit, hedge profit (unrealised + realised − fees + funding), their net,
    and the value-weighted hedge ratio and target."""

    currency: str
    bag_value: Figure
    bag_cost: Figure
    bag_profit: Figure
    hedge_notional: Figure
    hedge_profit: Figure
    funding_received: Figure
    fees: Figure
    net_profit: Figure
    ratio: Figure
    target_ratio: Figure
    drift: Figure


class BookView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One book, whole. ``thresholds`` are the book's own, so that a view can say in words how near each figure is
    to an alert. ``attributions`` are its profit since inception, today and, where one is set, since the user's own
    anchor."""

    name: str
    bag: tuple[BagLine, ...]
    hedges: tuple[HedgeLine, ...]
    accounts: tuple[AccountView, ...]
    totals: Totals
    thresholds: Thresholds = Thresholds()
    attributions: tuple[AttributionView, ...] = ()


class AlertView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One alert, open or recently ended. ``key`` is its identity (book, subject, rule), never its value.

    ``ended_ns`` is ``None`` while it is open. ``text`` is complete in itself: value, threshold, what it is about.
    """

    key: str
    rule: str
    severity: Severity
    subject: str
    text: str
    value: Figure
    threshold: Figure
    since_ns: int
    ended_ns: int | None = None
    acknowledged: bool = False


class ChannelView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One subscription. ``last_data_ns`` is ``None`` until it has carried data."""

    channel: str
    state: ChannelState
    last_data_ns: int | None = None
    reason: str = ""


class FeedView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One connection: its state in a word, the age of its newest data, what it counted."""

    venue: str
    connection: str
    state: ConnectionState
    reason: str
    freshness: Freshness
    last_data_ns: int | None
    frames: int
    faults: int
    reconnects: int
    last_fault: str
    channels: tuple[ChannelView, ...] = ()


class MarketView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What a venue says of one instrument, whether or not a book uses it.

    Prices in quote per coin; ``funding_rate`` per ``funding_interval_hours``, a fraction, positive when longs pay: the
    estimate of the running interval. ``settled_rate`` is the one that was charged at ``settled_ns``. ``day_volume`` of
    the last 24 hours is in the venue's quantity unit, ``day_turnover`` in quote (linear, spot) or coins (inverse).
    """

    instrument: str
    mark_price: Figure
    index_price: Figure
    bid_price: Figure
    ask_price: Figure
    funding_rate: Figure
    funding_interval_hours: Figure
    next_funding_ns: Figure
    settled_rate: Figure
    settled_ns: Figure
    day_open: Figure
    day_high: Figure
    day_low: Figure
    day_volume: Figure
    day_turnover: Figure


class PreviewAfter(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What the book would be after the staged order filled at ``price``."""

    quantity: Figure
    ratio: Figure
    margin: Figure
    margin_usage: Figure
    liquidation_price: Figure
    liquidation_distance: Figure


class StageView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The order being looked at, not yet sent.

    ``raw_quantity`` is what the target asks for, ``quantity`` what the venue's filters allow (unsigned, order
    unit), ``residual`` the difference in coins. ``fee`` in settle is an estimate, and ``fee_source`` says by
    what. ``refusals`` lists every limit or filter that forbids sending; with one present ``y`` does nothing but say so.
    """

    client_order_id: str
    book: str
    instrument: str
    account: str
    paper: bool
    side: str
    raw_quantity: Figure
    quantity: Figure
    quantity_unit: str
    residual: Figure
    price: Figure
    price_source: str
    notional: Figure
    fee: Figure
    settle: str
    reduce_only: bool
    after: PreviewAfter
    refusals: tuple[str, ...] = ()
    fee_source: str = "at the taker rate"


class OrderView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """An order sent, newest first in the snapshot."""

    client_order_id: str
    account: str
    instrument: str
    side: str
    quantity: Figure
    filled_quantity: Figure
    average_price: Figure
    state: OrderState
    reason: str
    updated_ns: int
    paper: bool


class Mode(StrEnum):
    """What the header says in words."""

    DEMO = "DEMO"
    PAPER = "PAPER"
    REPLAY = "REPLAY"


class Snapshot(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The whole picture at ``time_ns``; ``sequence`` grows by one per cut; ``events`` counts events applied.

    ``worst_age_ns`` is the age of the oldest market input that an open book relies on, ``None`` while one of them
    has never been seen. ``message`` is the engine's last word to the user (a refused command, an order's fate).
    ``scenario`` is there while somebody looks at scenarios.
    ``explanation`` is of the figure that was asked for, ``None`` where none was or it is not there now.
    """

    sequence: int
    time_ns: int
    mode: Mode
    source: str
    books: tuple[BookView, ...]
    alerts: tuple[AlertView, ...]
    feeds: tuple[FeedView, ...]
    markets: tuple[MarketView, ...] = ()
    stage: StageView | None = None
    orders: tuple[OrderView, ...] = ()
    events: int = 0
    worst_age_ns: int | None = None
    worst_freshness: Freshness = Freshness.UNKNOWN
    message: str = ""
    message_ns: int = 0
    journal: str = ""
    scenario: ScenarioView | None = None
    explanation: Explanation | None = None
