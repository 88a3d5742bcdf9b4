"""What is made to go wrong on a venue's REST side, and the two places where a venue asks about it."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
from aiohttp import web

from feeds.sim.wire import wall_ms

REACH_SECONDS = 0.01
"""So long a connection is kept before it is cut: what was accepted must reach the book first."""


class RestFaults(msgspec.Struct):
    """What is made to go wrong on REST."""

    lost_answers: int = 0
    """So many order requests to come are carried out and answered as if their fate were unknown."""
    cut: bool = False
    """The lost answer is a cut connection instead of an error body."""
    answer_delay_ms: int = 0
    """Answers to order requests are held back so long, or until this ends; their events are not, and come first."""
    skew_ms: int = 0
    """How far the venue's clock is ahead of ours."""
    forced_status: int | None = None
    """The HTTP status with which every request is refused for coming too often."""
    later_status: int | None = None
    """What ``forced_status`` becomes for a client that goes on, after ``requests_until_later`` more of them."""
    requests_until_later: int = 0
    ended: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    """Set once these faults are ended: others may follow."""

    def now_ms(self) -> int:
        """The venue's clock: what signatures are checked against."""
        return wall_ms() + self.skew_ms

    def limited(self) -> int | None:
        """The status to refuse this request with, if it is to be refused. Ask once for each request: it is counted."""
        status = self.forced_status
        if status is not None and self.later_status is not None:
            self.requests_until_later -= 1
            if self.requests_until_later <= 0:
                self.forced_status, self.later_status = self.later_status, None
        return status

    async def order_answer(self, request: web.Request, answer: web.Response, unknown: web.Response) -> web.Response:
        """The answer to an order request that was carried out: ``answer``, or as faults have it late, ``unknown`` (the
        venue's own "we do not know what became of it"), or none at all."""
        if self.answer_delay_ms:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), self.answer_delay_ms / 1000)
        if self.lost_answers <= 0:
            return answer
        self.lost_answers -= 1
        if self.cut and request.transport is not None:
            await asyncio.sleep(REACH_SECONDS)
            request.transport.abort()
        return unknown

    def clear(self) -> None:
        """End them all."""
        self.ended.set()
        for name, default in msgspec.structs.asdict(RestFaults()).items():
            setattr(self, name, default)
