"""What happens in an account, from its venue or from the paper broker: orders, fills, payments, balances, positions."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from core.events.base import Event
from core.legs import Leg


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
    where no record of settled rates has it either, leaves them ``None``. ``booked_ns`` is when the wallet moved, where
    the venue tells that apart from the settlement."""

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
    booked_ns: int | None = None


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
