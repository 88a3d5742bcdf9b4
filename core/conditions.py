"""The alert rules about what is no book: connections, the journal, how accounts are set, orders."""

from __future__ import annotations

from collections.abc import Sequence

from core.alerts import Condition, identity
from core.events import ConnectionState, OrderState
from core.feeds_health import ConnectionHealth
from core.freshness import SECOND_NS
from core.positions import Order
from core.rules import (
    FEED_DOWN,
    JOURNAL,
    ORDER_REJECTED,
    ORDER_UNKNOWN,
    SETTINGS,
    START_GRACE_NS,
    UNVERIFIED,
)
from core.snapshot import Severity

FEED_DWELL_NS = 2 * SECOND_NS
"""How long a connection may be away before it is an alert; a swap or a quick reconnect is none."""

FEEDS = "feeds"


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


def order_conditions(order: Order) -> tuple[Condition, Condition]:
    """Whether an order was rejected, and whether its outcome is unknown."""
    request = order.request
    what = f"the order to {request.in_words}"
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
