"""Every event that feeds hand to the engine, as one tagged union.

Times: ``received_ns`` is the receive time on the engine's timeline (ns since the epoch, never running backwards;
see ``feeds.clock``); ``venue_time_ns`` is the venue's own stamp, ``None`` where it sent none. Money and
quantities are ``Decimal``, printed as JSON strings. A field that is ``None`` was not said by this event.
"""

from __future__ import annotations

from core.events.account import (
    AccountSettings,
    AccountSwept,
    BalanceUpdate,
    FeeCharged,
    Fill,
    FillOrigin,
    FundingPayment,
    OrderState,
    OrderUpdate,
    PositionUpdate,
)
from core.events.base import Event
from core.events.feeds import (
    ChannelChanged,
    ChannelState,
    ConnectionChanged,
    ConnectionState,
    FaultKind,
    FrameFault,
    Heard,
)
from core.events.market import (
    Candle,
    CandlePrice,
    CandlesLoaded,
    DayStatistics,
    FundingSettled,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)

__all__ = [
    "AccountSettings",
    "AccountSwept",
    "AnyEvent",
    "BalanceUpdate",
    "Candle",
    "CandlePrice",
    "CandlesLoaded",
    "ChannelChanged",
    "ChannelState",
    "ConnectionChanged",
    "ConnectionState",
    "DayStatistics",
    "Event",
    "FaultKind",
    "FeeCharged",
    "Fill",
    "FillOrigin",
    "FrameFault",
    "FundingPayment",
    "FundingSettled",
    "Heard",
    "InstrumentListed",
    "OrderState",
    "OrderUpdate",
    "PositionUpdate",
    "Ticker",
    "TiersLoaded",
]

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
