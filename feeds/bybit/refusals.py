"""What a Bybit body refuses: a ``retCode`` other than 0, with HTTP status 200. Pure.

Source: https://bybit-exchange.github.io/docs/v5/error
"""

from __future__ import annotations

import msgspec

from core.errors import VenueError
from feeds.bybit import facts
from feeds.frames import clip


class Envelope(msgspec.Struct):
    """What every answer begins with."""

    code: int = msgspec.field(name="retCode")
    message: str = msgspec.field(name="retMsg", default="")
    time_ms: int = msgspec.field(name="time", default=0)


def envelope(body: bytes) -> Envelope | None:
    """The envelope; ``None`` for what is none of Bybit's."""
    try:
        return msgspec.json.decode(body, type=Envelope)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def refusal(body: bytes, reset_seconds: float = 0.0) -> VenueError | None:
    """The error in a body; ``None`` where it is a good answer, or no answer of Bybit's.

    ``reset_seconds`` is when the limit that was exceeded is said to be free again.
    """
    told = envelope(body)
    if told is None or told.code == 0:
        return None
    code = str(told.code)
    return VenueError(
        facts.VENUE,
        code,
        clip(told.message, 200),
        outcome_unknown=code in facts.CODES_OUTCOME_UNKNOWN,
        retry_after_seconds=max(facts.LIMIT_SECONDS, reset_seconds) if code in facts.CODES_TOO_MANY else None,
    )
