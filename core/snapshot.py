"""The immutable picture the engine cuts for whoever looks: panels, ``status --json``, replay.

Everything a view needs is here, derived once; a view formats and computes nothing on money. Sections are named as
the screen names them. Ratios and rates are fractions; times are ns on the engine's timeline; money says its
currency. A snapshot is plain data: ``encode``/``decode`` carry it over a socket unchanged.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from core.books import Thresholds
from core.events import ChannelState, ConnectionState, OrderState
from core.explanation import Explanation
from core.figures import Figure, Freshness
from core.scenario_view import ScenarioView

NOT_RECKONED = Figure(missing=("not reckoned",), freshness=Freshness.UNKNOWN)
"""What a figure is until somebody reckons it."""


class Severity(StrEnum):
    """How bad, mildest first. ``BLIND`` is an alert about not being able to see, and ranks with ALARM."""

    NOTICE = "notice"
    WARNING = "warning"
    BLIND = "blind"
    ALARM = "alarm"
    CRITICAL = "critical"

    __hash__ = str.__hash__  # an enumeration's own is many times as slow


class BagLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """All lots of one asset. ``price`` in quote per coin, ``price_source`` says what it is ("spot mid", "index
    price"); ``cost`` is what was paid (quote), ``profit`` is value − cost, unrealised.
    ``effective_cost`` is the cost of one coin (quote) net of what its hedges have realised, their funding and their
    fees; open profit is not in it."""

    asset: str
    currency: str
    quantity: Figure
    price: Figure
    price_source: str
    value: Figure
    cost: Figure
    profit: Figure
    effective_cost: Figure = NOT_RECKONED


class FundingView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Funding of one hedge. ``rate`` per ``interval_hours``; ``annualised`` is simple (rate × intervals a year).

    ``next_payment`` in the settle currency at the present mark and rate, + received, always an estimate;
    ``received`` is what settlements have paid so far; ``per_day`` the projection of the present rate.
    """

    rate: Figure
    interval_hours: Figure
    next_funding_ns: Figure
    annualised: Figure
    next_payment: Figure
    per_day: Figure
    received: Figure


class HedgeLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One hedge leg.

    ``quantity`` signed in the venue's order unit, ``delta`` in coins, ``notional`` in quote (unsigned) at mark.
    ``profit`` is unrealised P&L at mark and ``realised`` what closing fills have locked in, before fees, both in
    ``settle``; ``fees`` + paid. ``profit_quote`` is the same unrealised P&L in quote (equal for linear). ``basis``
    is mark − index as a fraction of index. ``ratio`` is −delta ÷ ``bag_coins``, the bag in coins of the contract, those
    that coin-margined hedges have won or lost among them; ``drift`` = ratio − target.
    ``liquidation_distance`` = (liquidation − mark) ÷ mark for a short, signed so that positive is safety for the
    held side (where both legs of hedge mode share a wallet, the larger one's). ``order_to_target`` is the signed order
    quantity that reaches the target, rounded to the venue's filters so as never to over-hedge. ``leg`` is ``net``, or
    the leg of hedge mode that the position is.

    ``liquidation_price`` is one of two: ``liquidation_venue``, the venue's own with its age, or ``liquidation_ours``;
    ``liquidation_difference`` is ours − the venue's. ``liquidation_disputed`` where they differ by more than 2 % of the
    mark price: then the nearer one counts. ``bankruptcy_price`` is where the equity behind the position is used up.
    ``account_liquidation`` is the mark price at which all that backs the position is liquidated when the coin alone
    moves, with everything that is on it, coin collateral included. ``volatility`` is that of a day, by the estimator
    and window of ``volatility_source``; ``liquidation_sigmas`` the distance to the liquidation price in such days, and
    ``touch_day``, ``touch_week`` and ``touch_month`` the probability of touching it within 1, 7 and 30 days: estimates.

    Of a contract whose sheet tells its price, ``price_source`` says in words what the mark price is and where it comes
    from; ``price_typed`` where its user types it, ``price_rests`` where it is old only because the market is closed.
    """

    asset: str
    instrument: str
    venue: str
    symbol: str
    kind: str
    settle: str
    quote: str
    account: str
    quantity: Figure
    quantity_unit: str
    delta: Figure
    entry_price: Figure
    mark_price: Figure
    index_price: Figure
    bid_price: Figure
    ask_price: Figure
    notional: Figure
    profit: Figure
    profit_quote: Figure
    realised: Figure
    fees: Figure
    basis: Figure
    funding: FundingView
    margin: Figure
    maintenance_margin: Figure
    margin_usage: Figure
    liquidation_price: Figure
    liquidation_distance: Figure
    liquidation_source: str
    ratio: Figure
    target_ratio: Figure
    drift: Figure
    order_to_target: Figure
    opened_note: str = ""
    leg: str = "net"
    bag_coins: Figure = NOT_RECKONED
    liquidation_venue: Figure = NOT_RECKONED
    liquidation_ours: Figure = NOT_RECKONED
    liquidation_difference: Figure = NOT_RECKONED
    liquidation_disputed: bool = False
    bankruptcy_price: Figure = NOT_RECKONED
    account_liquidation: Figure = NOT_RECKONED
    account_liquidation_distance: Figure = NOT_RECKONED
    volatility: Figure = NOT_RECKONED
    volatility_source: str = ""
    liquidation_sigmas: Figure = NOT_RECKONED
    touch_day: Figure = NOT_RECKONED
    touch_week: Figure = NOT_RECKONED
    touch_month: Figure = NOT_RECKONED
    price_source: str = ""
    price_typed: bool = False
    price_rests: bool = False


class CollateralView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Coins that back an account: ``amount`` in coins, of which ``counted`` count after the venue's haircut, worth
    ``value`` in the account's settle currency at ``price``."""

    asset: str
    amount: Figure
    price: Figure
    counted: Figure
    value: Figure


class DeathView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Where an account is liquidated when only ``coin`` moves, from ``price``: the nearest of its pools ``above`` and
    ``below``, in quote per coin, with their distances as fractions of ``price``, positive while safe."""

    coin: str
    price: Figure
    above: Figure
    below: Figure
    distance_above: Figure
    distance_below: Figure


class BetaView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """How many per cent ``coin`` moves with one per cent of the driver: a statistic."""

    coin: str
    beta: Figure


class TogetherView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Where an account is liquidated when all coins move by their betas to ``driver``: moves of the driver as fractions
    of its price, ``above`` positive and ``below`` negative. Estimates; ``source`` says where the betas come from."""

    driver: str
    above: Figure
    below: Figure
    betas: tuple[BetaView, ...]
    source: str


class AccountView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A futures account. Money in ``settle``. ``margin_usage`` = maintenance margin ÷ margin balance (worse is
    higher, 1 is liquidation); ``usage_label`` is what the venue calls it. ``ratio`` is the margin ratio as the venue
    shows it, under ``ratio_label``, worse when ``ratio_worse``; ``rules`` names the margin rules and what they rest on.
    """

    name: str
    venue: str
    settle: str
    margin_mode: str
    paper: bool
    wallet_balance: Figure
    unrealised: Figure
    margin_balance: Figure
    initial_margin: Figure
    maintenance_margin: Figure
    margin_usage: Figure
    usage_label: str
    available: Figure
    rules: str = ""
    ratio: Figure = NOT_RECKONED
    ratio_label: str = ""
    ratio_worse: str = "higher"
    collateral: tuple[CollateralView, ...] = ()
    deaths: tuple[DeathView, ...] = ()
    together: TogetherView | None = None


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


class Since(StrEnum):
    """What a profit is measured from: the beginning, the first valuation of the UTC day, or the user's own anchor."""

    INCEPTION = "inception"
    TODAY = "today"
    ANCHOR = "anchor"


class PartsView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A profit by cause, in the book's currency, + gained: the parts add up to ``total`` exactly.

    ``price`` is what the move of spot made; ``convexity`` that of the coins which a coin-settled hedge had gained or
    lost before; ``basis`` the move of mark less spot; ``funding`` + received; ``fees`` − paid; ``slippage`` − where
    fills were worse than the mark; ``currencies`` the move of quote and settle currencies; ``residual`` what none of
    these explains.
    """

    price: Figure
    convexity: Figure
    basis: Figure
    funding: Figure
    fees: Figure
    slippage: Figure
    currencies: Figure
    residual: Figure
    total: Figure


class TransferView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What came into (+) or left (−) an account, in ``asset``, by its venue's word: never a profit."""

    account: str
    asset: str
    amount: Figure


class AttributionView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The profit of a book since ``since_ns`` (0: since its lots and positions were declared), in ``currency``.

    ``hedged`` is bag and hedge together (``parts``), ``unhedged`` what the ``bag`` alone made (``bag_parts``), and
    ``protection`` hedged less unhedged, which is what the ``hedge`` made (``hedge_parts``): − where it cost more than
    it saved. All are realised and unrealised, after fees and funding; ``gross`` is ``hedged`` before both. Of the hedge
    alone, before both, ``realised`` is what reducing fills have locked in meanwhile and ``unrealised`` the rest.
    ``includes`` says the same in words, and what is estimated.
    """

    since: Since
    since_ns: int
    currency: str
    parts: PartsView
    bag_parts: PartsView
    hedge_parts: PartsView
    bag: Figure
    hedge: Figure
    hedged: Figure
    unhedged: Figure
    protection: Figure
    gross: Figure
    realised: Figure
    unrealised: Figure
    includes: str
    transfers: tuple[TransferView, ...] = ()


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
