"""Every event that feeds hand to the engine, as one tagged union.

Times: ``received_ns`` is the receive time on the engine's timeline (ns since the epoch, never running backwards;
see ``feeds.clock``); ``venue_time_ns`` is the venue's own stamp, ``None`` where it sent none. Money and
quantities are ``Decimal``, printed as JSON strings. A field that is ``None`` was not said by this event.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.instruments import Instrument, TierTable
from core.legs import Leg


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag_field="event"):
    """Base of all events."""

    received_ns: int = 0


# --- market data ---------------------------------------------------------------------------------------------


class Ticker(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="ticker"):
    """What a venue says of one instrument now; every field present was affirmed by this frame.

    Where a venue sends sparse deltas the adapter merges them, so a field is present if the venue vouches for it
    at this moment, changed or not. Prices in quote per coin, sizes in the venue's quantity unit.
    ``funding_rate`` is the estimate for the running interval, a fraction, positive when longs pay shorts,
    charged at ``next_funding_time_ns``; ``funding_interval_hours`` is that contract's own interval.
    """

    instrument: str
    channel: str
    venue_time_ns: int | None = None
    mark_price: Decimal | None = None
    index_price: Decimal | None = None
    last_price: Decimal | None = None
    bid_price: Decimal | None = None
    bid_size: Decimal | None = None
    ask_price: Decimal | None = None
    ask_size: Decimal | None = None
    funding_rate: Decimal | None = None
    next_funding_time_ns: int | None = None
    funding_interval_hours: int | None = None


class DayStatistics(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="day"):
    """What a venue says of the last 24 hours of one instrument (its own rolling window).

    Prices in quote per coin; ``volume`` in the venue's quantity unit and ``turnover`` in quote (linear, spot) or in the
    coin (inverse), where the venue tells them so.
    """

    instrument: str
    channel: str
    venue_time_ns: int | None = None
    open_price: Decimal | None = None
    high_price: Decimal | None = None
    low_price: Decimal | None = None
    last_price: Decimal | None = None
    volume: Decimal | None = None
    turnover: Decimal | None = None


class FundingSettled(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="settled"):
    """The funding rate that was charged at ``settled_ns``: past, and never the estimate for the running interval.

    ``rate`` is a fraction of notional for that interval, positive when longs pay shorts.
    """

    instrument: str
    rate: Decimal
    settled_ns: int
    mark_price: Decimal | None = None
    interval_hours: int | None = None


class InstrumentListed(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="instrument"):
    """An instrument's description, new or changed."""

    instrument: Instrument


class TiersLoaded(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="tiers"):
    """A maintenance-margin table, new or changed."""

    table: TierTable


class CandlePrice(StrEnum):
    """Which price candles are of: a contract's mark price, its index price, its trades (where the venue keeps neither
    of the others), or the trades of a spot pair."""

    MARK = "mark"
    INDEX = "index"
    LAST = "last"
    SPOT = "spot"


class Candle(msgspec.Struct, frozen=True, gc=False):
    """First, highest, lowest and last price of one interval that begins at ``start_ns``, in quote per coin."""

    start_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class CandlesLoaded(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="candles"):
    """A stretch of price history as its venue keeps it: closed candles only, oldest first.

    ``interval_ns`` is the length of each. Loads overlap: of two candles of one interval the later one counts.
    """

    instrument: str
    price: CandlePrice
    interval_ns: int
    candles: tuple[Candle, ...]


# --- the state of feeds --------------------------------------------------------------------------------------


class ConnectionState(StrEnum):
    """Where one websocket connection stands. LIVE needs data on every channel, not an ack."""

    CONNECTING = "connecting"
    SUBSCRIBING = "subscribing"
    LIVE = "live"
    DEGRADED = "degraded"
    """Open, but at least one channel is silent or refused."""
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


class ConnectionChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="connection"):
    """A connection changed state. ``connection`` names it within its venue ("linear", "market" …). ``every_seconds`` is
    how often it is asked, where it is asked and does not speak by itself."""

    venue: str
    connection: str
    state: ConnectionState
    reason: str = ""
    attempt: int = 0
    every_seconds: float = 0.0


class ChannelState(StrEnum):
    """Where one subscription stands. ACKED without data is a fault, not calm."""

    REQUESTED = "requested"
    ACKED = "acked"
    LIVE = "live"
    SILENT = "silent"
    REFUSED = "refused"


class ChannelChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="channel"):
    """A subscription changed state; ``channel`` is the venue's own topic or stream name. Of what
    is asked for, LIVE says each time that an answer came."""

    venue: str
    connection: str
    channel: str
    state: ChannelState
    reason: str = ""


class FaultKind(StrEnum):
    """Why a frame, or a part of one, was not used."""

    NOT_JSON = "not_json"
    TRUNCATED = "truncated"
    OVERSIZE = "oversize"
    UNKNOWN_TOPIC = "unknown_topic"
    BAD_FIELD = "bad_field"
    """A field is missing, null, empty, of the wrong type, not finite, negative or absurd."""
    OUT_OF_ORDER = "out_of_order"
    BEFORE_SNAPSHOT = "before_snapshot"


class FrameFault(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="fault"):
    """A frame that was not used; counted and shown in feed health. Nothing of it reaches a price."""

    venue: str
    connection: str
    kind: FaultKind
    channel: str = ""
    field: str = ""
    detail: str = ""


class Heard(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="heard"):
    """A frame that is understood and carries no market data: an ack, a pong, a topic that is not used.

    ``kind`` is ``ack``, ``refusal``, ``pong``, ``unused``, ``notice`` (the venue will close this socket), ``ping`` (the
    venue wants an answer; ``detail`` is what it sent), ``login`` (a private socket was let in), ``expired`` (it will
    not be served any more), ``warning`` (the venue warns an account) or ``answer`` (a request was answered, and nothing
    in it is for the book). ``channel`` is what it is about, ``request`` the request id it answers.
    """

    kind: str
    channel: str = ""
    request: str = ""
    detail: str = ""


# --- account events (from venues' private streams and from the paper broker) --------------------------------


class OrderState(StrEnum):
    """The life of an order. UNKNOWN blocks its contract until it is looked up."""

    STAGED = "staged"
    SENT = "sent"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class OrderUpdate(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="order"):
    """The state of one order. Quantities in the venue's order unit, unsigned; ``side`` is ``buy`` or ``sell``.

    ``leg`` is the position it is for, here and below: ``net``, or one of the two of hedge mode.
    """

    account: str
    client_order_id: str
    instrument: str
    side: str
    quantity: Decimal
    state: OrderState
    filled_quantity: Decimal = Decimal(0)
    average_price: Decimal | None = None
    limit_price: Decimal | None = None
    reduce_only: bool = False
    reason: str = ""
    venue_order_id: str = ""
    venue_time_ns: int | None = None
    leg: Leg = Leg.NET


class FillOrigin(StrEnum):
    """Why an execution happened: an order of the account's, or something the venue did to it."""

    ORDER = "order"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    DELIVERY = "delivery"


class Fill(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="fill"):
    """One execution. ``fill_id`` is unique per account: seeing it twice changes nothing.

    ``quantity`` is unsigned in the venue's order unit; ``fee`` in ``fee_asset``, + paid by us, − rebate.
    """

    account: str
    fill_id: str
    client_order_id: str
    instrument: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool = False
    venue_time_ns: int | None = None
    leg: Leg = Leg.NET
    origin: FillOrigin = FillOrigin.ORDER


class FundingPayment(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="funding"):
    """One funding settlement of one position. ``amount`` in ``asset``: + received, − paid (a short with a
    positive rate receives). ``estimated`` where it was computed here and not read from the venue's ledger. A ledger
    of a hedge-mode account that does not tell the leg says ``net``; one that does not tell ``rate`` or ``mark_price``,
    where no record of settled rates has it either, leaves them ``None``."""

    account: str
    payment_id: str
    instrument: str
    amount: Decimal
    asset: str
    rate: Decimal | None = None
    mark_price: Decimal | None = None
    settled_ns: int
    estimated: bool = False
    leg: Leg = Leg.NET


class BalanceUpdate(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="balance"):
    """The wallet balance of one asset, absolute, without unrealised P&L. ``asked_ns`` as in ``PositionUpdate``."""

    account: str
    asset: str
    wallet_balance: Decimal
    venue_time_ns: int | None = None
    asked_ns: int | None = None


class PositionUpdate(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="position"):
    """A position as its venue reports it, absolute; the two legs of hedge mode are reported apart.

    ``quantity`` is signed (short negative, in the short leg too) in the venue's order unit. ``liquidation_price`` is
    the venue's own; ``None`` where it sent none: that is UNKNOWN, not "safe". ``asked_ns`` is when it was asked for
    (engine timeline), ``None`` for what the venue pushed by itself; ``venue_time_ns`` is when it last changed.
    """

    account: str
    instrument: str
    quantity: Decimal
    entry_price: Decimal | None
    liquidation_price: Decimal | None = None
    isolated_margin: Decimal | None = None
    leverage: Decimal | None = None
    venue_time_ns: int | None = None
    leg: Leg = Leg.NET
    asked_ns: int | None = None


class FeeCharged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="fee"):
    """One entry of a venue's ledger that is a fee. ``amount`` in ``asset``, + paid by us, − rebate.

    Fees of fills are in the fills already: ``fill_id`` names the fill where the venue tells it, so that nothing is
    counted twice. ``kind`` is ``trade``, ``liquidation``, ``delivery`` or ``other``.
    """

    account: str
    record_id: str
    amount: Decimal
    asset: str
    kind: str
    charged_ns: int
    instrument: str = ""
    fill_id: str = ""


class AccountSettings(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="settings"):
    """How an account is set at its venue, as read; ``None`` where this event does not say.

    ``instrument`` is empty for what holds for the whole account. ``position_mode`` is ``one-way`` or ``hedge``,
    ``margin_mode`` ``isolated`` or ``cross``; ``leverage`` is that of the leg named (``net`` for both).
    ``key_verified`` is false where nobody could see what the key that reads the account may do. ``no_funding_records``
    is true where the venue tells no payments of this instrument: what was received is then not known.
    """

    account: str
    instrument: str = ""
    position_mode: str | None = None
    margin_mode: str | None = None
    leverage: Decimal | None = None
    leg: Leg = Leg.NET
    multi_asset: bool | None = None
    key_verified: bool | None = None
    no_funding_records: bool | None = None


class AccountSwept(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="swept"):
    """Everything that REST tells of an account has been told by the events before this one; it was asked for from
    ``asked_ns`` on (engine timeline)."""

    account: str
    asked_ns: int | None = None


AnyEvent = (
    Ticker
    | DayStatistics
    | FundingSettled
    | InstrumentListed
    | TiersLoaded
    | CandlesLoaded
    | ConnectionChanged
    | ChannelChanged
    | FrameFault
    | Heard
    | OrderUpdate
    | Fill
    | FundingPayment
    | BalanceUpdate
    | PositionUpdate
    | FeeCharged
    | AccountSettings
    | AccountSwept
)
"""All of the above: what ``Engine.apply`` takes and what the journal stores."""
