"""What a Bybit body refuses: a ``retCode`` other than 0, with HTTP status 200. Pure.

Source: https://bybit-exchange.github.io/docs/v5/error
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from core.errors import VenueError
from feeds.bybit import facts
from feeds.frames import clip

_CODE: Final = re.compile(r"-?\d{1,9}", re.ASCII)
_TIME: Final = re.compile(rb'"?(\d{1,13})"?')


class Envelope(msgspec.Struct, frozen=True):
    """What every answer begins with; ``time_ms`` is 0 where it tells none."""

    code: int
    message: str = ""
    time_ms: int = 0


class _Sent(msgspec.Struct, frozen=True):
    code: int | str = msgspec.field(name="retCode")
    message: msgspec.Raw = msgspec.field(name="retMsg", default=msgspec.Raw(b""))
    time: msgspec.Raw = msgspec.field(name="time", default=msgspec.Raw(b""))


class _Coded(msgspec.Struct, frozen=True):
    code: msgspec.Raw = msgspec.field(name="retCode", default=msgspec.Raw(b""))


def envelope(body: bytes) -> Envelope | None:
    """The envelope, its numbers as text or not; ``None`` for what is none of Bybit's."""
    try:
        sent = msgspec.json.decode(body, type=_Sent)
        message = msgspec.json.decode(sent.message) if sent.message else ""
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    if not _CODE.fullmatch(str(sent.code)):
        return None
    time = _TIME.fullmatch(bytes(sent.time).strip())
    return Envelope(
        int(sent.code), message if isinstance(message, str) else "", 0 if time is None else int(time.group(1))
    )


def odd_code(body: bytes) -> bool:
    """True where an answer has a ``retCode`` that is none."""
    try:
        return bool(msgspec.json.decode(body, type=_Coded).code) and envelope(body) is None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False


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
