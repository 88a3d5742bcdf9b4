"""Any BingX REST body to events, by the path it came from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from core.events import AnyEvent, Heard
from feeds.bingx import account, candles, facts, market, orders, reference
from feeds.bingx.envelope import bad, data, objects, rows, top
from feeds.bingx.rights import rights_of
from feeds.bingx.rows import PositionMode
from feeds.fields import Fields
from feeds.venue import RestAnswer

_UNUSED: Final[Mapping[str, str]] = {
    facts.CANDLES_PATH: "candles of a contract's trades are not used",
    facts.OPEN_INTEREST_PATH: "open interest is not used",
    facts.INVERSE_OPEN_INTEREST_PATH: "open interest is not used",
}
"""What is understood and tells the book nothing."""


def _clock(answer: RestAnswer) -> Sequence[AnyEvent]:
    for content in objects(rows(data(answer.body, answer.path), answer.path), answer.path):
        fields = Fields(content)
        time_ms = fields.milliseconds("serverTime")
        if time_ms is None:
            raise bad(answer.path, *fields.bad[0])
        return (_heard(answer, str(time_ms)),)
    raise bad(answer.path, "serverTime", "the body has none")


def _unused(answer: RestAnswer) -> Sequence[AnyEvent]:
    top(answer.body, answer.path)
    return (_heard(answer, _UNUSED[answer.path]),)


def _rights(answer: RestAnswer) -> Sequence[AnyEvent]:
    held = rights_of(answer.body)
    names = [name for name in ("trades", "withdraws", "moves", "bound") if getattr(held, name)]
    return (_heard(answer, " ".join(names)),)


def _heard(answer: RestAnswer, detail: str) -> Heard:
    return Heard(received_ns=answer.received_ns, kind="answer", channel=answer.path, detail=detail)


READERS: Final[Mapping[str, Callable[[RestAnswer], Sequence[AnyEvent]]]] = {
    **{path: lambda answer: market.READERS[answer.path](answer, None) for path in market.READERS},
    **dict.fromkeys(candles.MARKETS, candles.events),
    **dict.fromkeys(_UNUSED, _unused),
    **dict.fromkeys((facts.CLOCK_PATH, facts.SPOT_CLOCK_PATH), _clock),
    facts.CONTRACTS_PATH: lambda answer: reference.contracts(answer.body, None, answer.received_ns),
    facts.INVERSE_CONTRACTS_PATH: lambda answer: reference.inverse_contracts(answer.body, None, answer.received_ns),
    facts.SPOT_SYMBOLS_PATH: lambda answer: reference.pairs(answer.body, None, answer.received_ns),
    **{path: lambda answer: account.READERS[answer.path](answer, PositionMode()) for path in account.READERS},
    **{path: lambda answer: orders.READERS[answer.path](answer, PositionMode()) for path in orders.READERS},
    facts.RIGHTS_PATH: _rights,
    facts.TIERS_PATH: lambda answer: reference.tiers(answer.body, None, answer.received_ns),
}
"""By path."""


def events(answer: RestAnswer) -> Sequence[AnyEvent]:
    """What a body says; position sides are taken for legs, since the position mode is not known here.

    Raises DecodeError for one that is not what its endpoint sends, VenueError for a refusal.
    """
    reader = READERS.get(answer.path)
    return () if reader is None else reader(answer)
