"""Marks that a user types for contracts that nothing else prices: checked, journaled, taken in as any other price."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.events import Ticker
from core.exact import exactly
from core.market import Market
from core.records import MarkTyped
from core.sheet_price import PricedContract
from core.staging import Refused

CHANNEL = "typed"
"""The channel on which typed marks reach the market; the contract's symbol goes before it."""


FAR = Decimal("0.1")
"""A typed mark that is further away from the one held, as a fraction of it, is worth a second look."""


def typed_channel(instrument: str) -> str:
    """The channel of a contract's typed marks, one each: ``MBT-2026-12 typed``."""
    return f"{instrument.rpartition(':')[2]} {CHANNEL}"


def typed_ticker(instrument: str, price: Decimal, typed_ns: int, received_ns: int) -> Ticker:
    """A typed mark as an event."""
    return Ticker(
        instrument=instrument,
        channel=typed_channel(instrument),
        mark_price=price,
        venue_time_ns=typed_ns,
        received_ns=received_ns,
    )


@exactly
def change_from(held: Decimal, typed: Decimal) -> Decimal:
    """How far a typed mark is from the one held, as a fraction of it."""
    return (typed - held) / held


class TypedMarkets:
    """The contracts of hedges whose marks are typed."""

    def __init__(self, priced: Mapping[str, PricedContract], market: Market) -> None:
        self._priced, self._market = priced, market

    @exactly
    def propose(self, instrument: str, price: Decimal, now_ns: int) -> MarkTyped:
        """The mark as it is to be journaled. Raises Refused where it cannot be one."""
        contract = self._priced.get(instrument)
        if contract is None or not contract.typed:
            whence = f": it is the {contract.price.words}" if contract is not None else ""
            raise Refused(f"the mark price of {instrument} is not typed{whence}")
        if now_ns >= contract.settles_ns:
            raise Refused(f"{instrument} has settled: it has no mark price any more")
        if not price.is_finite() or price <= 0:
            raise Refused(f"a mark price is a number above 0, not {price}")
        if abs(price.adjusted()) > 18 or price % contract.tick_size:
            raise Refused(f"a mark price of {instrument} is a multiple of {contract.tick_size:f}, not {price}")
        return MarkTyped(instrument=instrument, price=price, typed_ns=now_ns)

    def apply(self, record: MarkTyped) -> None:
        """Take in a mark that is in the journal, if its contract is still priced so."""
        contract = self._priced.get(record.instrument)
        if contract is not None and contract.typed:
            self._market.apply(typed_ticker(record.instrument, record.price, record.typed_ns, record.typed_ns))
