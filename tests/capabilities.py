"""What each venue can do here, and which tests have shown it: the table in ``docs/venues.md`` comes from a test run.

A test says what it shows with the marker ``verifies(venue, market, *capabilities, client=...)``; ``client`` is who
checked it: an independent client such as ``ccxt.pro``, or ``hedgerow`` for our own client against the simulated
exchange. What a venue does not offer, or tells only so that figures are estimates, is in
``feeds.<venue>.facts.NOT_OFFERED`` and ``ESTIMATED``: reasons by ``(market, capability)``.
"""

from __future__ import annotations

from typing import Final

CAPABILITIES: Final = (
    "mark price",
    "index price",
    "funding rate",
    "last settled funding rate",
    "funding interval",
    "best bid and ask",
    "24 h ticker",
    "candles",
    "instruments",
    "maintenance tiers",
    "balances",
    "positions",
    "open orders",
    "fills",
    "funding records",
    "fee records",
    "private stream",
    "position mode",
    "margin mode",
    "leverage",
    "place an order",
    "cancel an order",
    "query an order",
    "post-only",
    "reduce-only",
    "client order id",
    "key permissions",
    "server time",
    "rate-limit budget",
    "test network",
)
"""In the order of the table."""
