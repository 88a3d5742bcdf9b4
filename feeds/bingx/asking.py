"""Signed questions to BingX, at a pace that leaves room for others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from core.errors import DecodeError, VenueError
from core.events import AccountSettings, AnyEvent
from feeds.bingx import account, facts, orders
from feeds.bingx.rows import PositionMode
from feeds.clock import Clock
from feeds.rest import RestClient, told_unless
from feeds.venue import RestAnswer

DAY_MS: Final = 86_400_000
_SHORTEST_MS: Final = 1000

_Result = TypeVar("_Result")


class Asker:
    """Signed questions, no more of one kind a second than leaves room for others."""

    def __init__(self, rest: RestClient, clock: Clock, account_name: str) -> None:
        self._rest, self._clock, self.account = rest, clock, account_name
        self._asked: dict[str, deque[float]] = {}

    async def ask(self, path: str, parameters: Mapping[str, str] | None = None) -> RestAnswer:
        """An answer with what was asked for it. Raises VenueError."""
        await self._respect(path)
        body = await self._rest.get(path, parameters, signed=True)
        return RestAnswer(
            path=path,
            body=body,
            received_ns=self._clock.now_ns(),
            parameters=parameters or {},
            account=self.account,
        )

    async def _respect(self, path: str) -> None:
        most = facts.PER_SECOND_SLOW if path in facts.SLOW_PATHS else facts.PER_SECOND
        times = self._asked.setdefault(path, deque(maxlen=most))
        loop = asyncio.get_running_loop()
        due = loop.time() if len(times) < most else max(loop.time(), times[0] + 1)
        times.append(due)
        await asyncio.sleep(due - loop.time())

    @property
    def now_ms(self) -> int:
        """The venue's time as far as it is known."""
        return self._rest.venue_now_ms

    @property
    def now_ns(self) -> int:
        """Ours."""
        return self._clock.now_ns()


class Record(NamedTuple):
    """A list of what happened: its path, and what its parameters of time and size are called."""

    path: str
    since: str
    until: str
    size: str


async def all_since(asker: Asker, record: Record, symbol: str, start_ms: int, end_ms: int) -> list[RestAnswer]:
    """Every answer about a symbol between these times: stretches of a week, cut in two while an answer is full; none
    about one that is not listed any more. Raises VenueError, DecodeError."""
    return await told_unless(facts.CODES_NO_SUCH_SYMBOL, _all_since(asker, record, symbol, start_ms, end_ms))


async def _all_since(asker: Asker, record: Record, symbol: str, start_ms: int, end_ms: int) -> list[RestAnswer]:
    stretches, answers = [], list[RestAnswer]()
    while start_ms <= end_ms:
        end = min(start_ms + facts.WINDOW_DAYS * DAY_MS - 1, end_ms)
        stretches.append((start_ms, end))
        start_ms = end + 1
    stretches.reverse()
    while stretches:
        start, end = stretches.pop()
        asked = {"symbol": symbol, record.since: str(start), record.until: str(end), record.size: str(facts.PAGE)}
        answer = await asker.ask(record.path, asked)
        if orders.counted(answer) >= facts.PAGE and end - start > _SHORTEST_MS:
            middle = (start + end) // 2
            stretches += [(middle + 1, end), (start, middle)]
            continue
        answers.append(answer)
    return answers


async def read_mode(asker: Asker, mode: PositionMode) -> list[AnyEvent]:
    """Read the position mode of USDT-margined contracts, and remember it. Raises VenueError."""
    answer = await asker.ask(facts.POSITION_MODE_PATH)
    try:
        told = account.position_mode(answer, mode)
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
    for event in told:
        if isinstance(event, AccountSettings):
            mode.hedge = event.position_mode == "hedge"
    return told


def is_refusal(error: VenueError) -> bool:
    """True where the venue heard a question and will not answer it: asking again would not help."""
    return error.code.isdigit() and error.retry_after_seconds is None and not error.outcome_unknown


async def together(questions: Sequence[Awaitable[_Result]]) -> list[_Result]:
    """All answers, in order. Raises the first error once every question has ended."""
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]
