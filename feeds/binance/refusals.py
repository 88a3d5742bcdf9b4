"""What a Binance answer refuses: a status and a negative ``code``. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info and .../error-code
"""

from __future__ import annotations

import msgspec

from core.errors import VenueError
from feeds.binance import facts
from feeds.frames import clip


class _Refusal(msgspec.Struct):
    code: int = 0
    message: str = msgspec.field(name="msg", default="")


def refusal(status: int, body: bytes, retry_after_seconds: float | None = None) -> VenueError | None:
    """The error in an answer: a status other than 200, or a negative ``code`` (set-style calls answer ``code`` 200).

    ``retry_after_seconds`` is what the answer's own header says.
    """
    try:
        told = msgspec.json.decode(body, type=_Refusal, strict=False)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        told = _Refusal()
    if status == 200 and told.code >= 0:
        return None
    code = str(told.code or status)
    usual = facts.STAY_AWAY_SECONDS.get(status, facts.THROTTLED_SECONDS if code in facts.CODES_TOO_MANY else None)
    return VenueError(
        facts.VENUE,
        code,
        clip(told.message or facts.STATUS_MEANINGS.get(status, "an answer that is not Binance's"), 200),
        outcome_unknown=_outcome_unknown(status, code, told.message),
        retry_after_seconds=None if usual is None else (retry_after_seconds or usual),
    )


def _outcome_unknown(status: int, code: str, message: str) -> bool:
    if code in facts.CODES_OUTCOME_UNKNOWN:
        return True
    failed_for_sure = code in facts.CODES_TOO_MANY or message.startswith("Service Unavailable")
    return (status >= 500 or status == 408) and not failed_for_sure
