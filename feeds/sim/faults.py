"""What can be made to go wrong, by name: the one table behind ``POST /sim/control``.

A request is a JSON object with the fault's name under ``fault`` and its parameters beside it; ``venue`` may be left
out where a fault concerns any venue, and then concerns all. A fault that a venue does not have is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import RequestError
from feeds.sim import account_faults, line_faults, market_faults
from feeds.sim.fault import ANY, Fault, Parameters, text, venues_of

if TYPE_CHECKING:
    from feeds.sim.simulator import Simulator


def _clear(simulator: Simulator, parameters: Parameters) -> None:
    for venue in venues_of(simulator, parameters):
        venue.clear()
        exchange = venue.exchange
        exchange.frozen = False
        exchange.stale.clear()
        exchange.matching.most_per_fill.clear()
        exchange.book.expired.clear()
        exchange.reopen()


FAULTS: dict[str, Fault] = {
    **market_faults.FAULTS,
    **line_faults.FAULTS,
    **account_faults.FAULTS,
    "clear": Fault("end every fault; pins, terms, settings, accounts and positions stay", ANY, _clear),
}


def inject(simulator: Simulator, parameters: Parameters) -> Parameters:
    """Apply one fault by name. Raises RequestError naming the parameter that is wrong."""
    name = text(parameters, "fault")
    fault = FAULTS.get(name)
    if fault is None:
        raise RequestError("fault", f"one of {', '.join(FAULTS)}", name)
    for key in parameters:
        if key not in (*fault.parameters, "fault"):
            raise RequestError(key, f"one of the parameters of {name}: {', '.join(fault.parameters) or 'none'}")
    return fault.apply(simulator, parameters) or {}
