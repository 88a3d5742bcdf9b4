"""Which of two reports of one thing is the later: one that a venue pushed, or one that was asked for.

Clocks differ, and what is pushed may come late. What was asked for tells the state at some moment between question and
answer; it holds unless something was pushed since the question. What is pushed bears the venue's own time and is told
from what came before by that.
"""

from __future__ import annotations

from core.events import BalanceUpdate, PositionUpdate
from core.freshness import SECOND_NS

LATE_PUSH_NS = 5 * SECOND_NS
"""A push this much older than a question, by the clocks of both, was in the answer."""


class LastWord:
    """The last report of one position or balance. All times in ns since the epoch."""

    __slots__ = ("asked_ns", "covers_ns", "pushed_ns", "said_ns")

    def __init__(self) -> None:
        self.pushed_ns = 0
        """When the last push was received."""
        self.said_ns = 0
        """The venue's own time of what is held, as far as it was told."""
        self.asked_ns = 0
        """When the last answer was asked for."""
        self.covers_ns = 0
        """Fills up to this time are counted in what is held."""

    def takes_report(self, event: PositionUpdate | BalanceUpdate) -> bool:
        """Whether a venue's report is later than the one that is held; it is the last word then."""
        return self.takes(asked_ns=event.asked_ns, venue_time_ns=event.venue_time_ns, received_ns=event.received_ns)

    def takes(self, *, asked_ns: int | None, venue_time_ns: int | None, received_ns: int) -> bool:
        """Whether a report is later than the one that is held; it is the last word then."""
        if asked_ns is not None:
            if self.pushed_ns > asked_ns or self.asked_ns > asked_ns:
                return False
            self.asked_ns, self.said_ns = asked_ns, venue_time_ns or 0
            self.covers_ns = max(asked_ns, self.said_ns)
            return True
        said_ns = received_ns if venue_time_ns is None else venue_time_ns
        if said_ns < self.said_ns or said_ns < self.asked_ns - LATE_PUSH_NS:
            return False
        self.pushed_ns, self.said_ns, self.covers_ns = received_ns, said_ns, said_ns
        return True
