"""The one timeline of a run: nanoseconds since the epoch that never run backwards."""

from __future__ import annotations

import time

_MONOTONIC = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """Wall time at the start, advanced by a monotonic clock.

    An age computed from it cannot jump when the system clock is set, and (where the platform has a boot-time
    clock) it grows while the machine sleeps, so that data from before a suspend looks as old as it is.
    """

    def __init__(self) -> None:
        self._offset = time.time_ns() - time.clock_gettime_ns(_MONOTONIC)

    def now_ns(self) -> int:
        """The present, ns since the epoch as reckoned at the start of the run."""
        return self._offset + time.clock_gettime_ns(_MONOTONIC)
