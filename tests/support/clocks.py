"""Time that stands while the machine does: a stall holds up server and client, and is no silence of either."""

from __future__ import annotations

import asyncio
import time

from feeds.clock import Clock

_LONGEST_STEP_NS = 20_000_000


class LoopClock(Clock):
    """Time that passes while the event loop turns, at most 20 ms a turn, for a server and a client on one loop."""

    def __init__(self) -> None:
        super().__init__()
        self._shown_ns = self._seen_ns = super().now_ns()

    def now_ns(self) -> int:
        return self._shown_ns

    async def run(self) -> None:
        """Let time pass, until cancelled."""
        while True:
            await asyncio.sleep(0.002)
            seen_ns = super().now_ns()
            self._pass(min(seen_ns - self._seen_ns, _LONGEST_STEP_NS))
            self._seen_ns = seen_ns

    def _pass(self, passed_ns: int) -> None:
        self._shown_ns += passed_ns


class TwoThreadsClock(LoopClock):
    """The same for a client on a thread of its own that looks at the clock many times a second: time passes only while
    it looks, and the loop on which the server runs turns."""

    def __init__(self) -> None:
        super().__init__()
        self._looked = True

    def now_ns(self) -> int:
        self._looked = True
        return super().now_ns()

    def _pass(self, passed_ns: int) -> None:
        if self._looked:
            self._looked = False
            super()._pass(passed_ns)


def let_pass(seconds: float) -> None:
    """Let so many seconds have passed for all that waits in the running loop."""
    loop = asyncio.get_running_loop()
    usual = loop.time
    loop.time = lambda: usual() + seconds  # type: ignore[method-assign]


async def clear_of_the_hour(before: float = 30) -> None:
    """Return at once, unless an hour turns within so many seconds or has just turned: then a little later. Candles that
    closed this moment are not told yet, so that one less is told than was asked for."""
    since_the_turn = (time.time() + before) % 3600
    await asyncio.sleep(max(0.0, before + 15 - since_the_turn))
