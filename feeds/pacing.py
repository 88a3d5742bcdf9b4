"""When to try again: capped exponential delays with full jitter, and never more than so many attempts a minute."""

from __future__ import annotations

import random
from collections import deque

_NS = 1_000_000_000


class Pacing:
    """The delays between attempts to do one thing, for ever.

    The delay before attempt ``n`` is drawn evenly from 0 … min(cap, first × 2ⁿ) (full jitter spreads clients that
    lost the same server at the same moment). Only :meth:`reset` starts the series again: call it after proven
    success, never because something merely opened.
    """

    def __init__(
        self,
        *,
        first_seconds: float,
        cap_seconds: float,
        attempts: int,
        window_seconds: float,
        chance: random.Random | None = None,
    ) -> None:
        self._first, self._cap = first_seconds, cap_seconds
        self._window_ns = round(window_seconds * _NS)
        self._times: deque[int] = deque(maxlen=attempts)
        self._chance = chance or random.Random()  # noqa: S311 - jitter is no secret
        self.failures = 0

    def delay_seconds(self, now_ns: int, *, at_least: float = 0.0) -> float:
        """How long to wait from now before the next attempt; counts one failure."""
        ceiling = min(self._cap, self._first * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return max(self._chance.uniform(0, ceiling), at_least, self.seconds_until_allowed(now_ns))

    def seconds_until_allowed(self, now_ns: int) -> float:
        """How long the limit on attempts alone asks to wait from now."""
        if len(self._times) < (self._times.maxlen or 0):
            return 0.0
        return max(0, self._times[0] + self._window_ns - now_ns) / _NS

    def attempted(self, now_ns: int) -> None:
        """Note an attempt against the limit."""
        self._times.append(now_ns)

    def reset(self) -> None:
        """The last attempt proved good: the next failure waits as the first one did. The limit stays in force."""
        self.failures = 0
