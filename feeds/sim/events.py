"""What happens at a simulated venue that somebody is told of: to an account (private), and to a listing or a key.

The engines report these without any wire format. A venue's ``on_event`` turns the first kind into frames for the
account's own sockets, its ``on_notice`` the second kind into whatever the venue announces.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from feeds.sim.accounts import ZERO, Account, ApiKey, Fill, Order, Position, PositionSide
from feeds.sim.catalogue import Listing


class OrderChanged(msgspec.Struct, frozen=True):
    """An order came to exist, changed or ended. ``what`` is ``new``, ``trade``, ``amend``, ``cancel`` or ``expire``.

    ``fill`` is there with ``trade``; its purpose and the order's tell trades from what the venue forced.
    """

    account: Account
    order: Order
    what: str
    fill: Fill | None = None


class BalanceChanged(msgspec.Struct, frozen=True):
    """A wallet or positions changed. ``reason`` is ``order``, ``funding``, ``transfer`` or ``margin``.

    ``change`` is what came in or went out other than by P&L and fees, of each of ``assets``. ``wallet`` is the name of
    the wallet that the assets are in.
    """

    account: Account
    reason: str
    assets: tuple[str, ...]
    positions: tuple[Position, ...]
    change: Decimal = ZERO
    fill: Fill | None = None
    wallet: str = ""


class Setting(StrEnum):
    """What of an account can be set."""

    LEVERAGE = "leverage"
    MARGIN_MODE = "margin mode"
    POSITION_MODE = "position mode"


class SettingsChanged(msgspec.Struct, frozen=True):
    """A setting of the account was changed, by whichever client. ``listing`` is ``None`` for the whole account."""

    account: Account
    setting: Setting
    listing: Listing | None = None
    side: PositionSide = PositionSide.BOTH


AccountEvent = OrderChanged | BalanceChanged | SettingsChanged


class Term(StrEnum):
    """What of a listing can change."""

    TRADING = "trading"
    """What it takes: see ``Exchange.trading``."""
    TIERS = "tiers"
    FUNDING_INTERVAL = "funding interval"


class TermsChanged(msgspec.Struct, frozen=True):
    """A listing's terms changed; what they are now is read from the exchange."""

    listing: Listing
    term: Term


class Liquidated(msgspec.Struct, frozen=True):
    """A position was closed for want of margin; for streams that tell everybody."""

    fill: Fill


class KeyExpired(msgspec.Struct, frozen=True):
    """A key is no longer taken. Requests that it signs are refused by themselves; sockets that it opened are not."""

    key: ApiKey
    account: Account


Notice = TermsChanged | Liquidated | KeyExpired
