"""The listen key in BingX's answer, which comes without an envelope, or with one."""

from __future__ import annotations

import re

import msgspec

from core.errors import VenueError
from feeds.bingx import facts

_KEY = re.compile(r"[\w-]{16,200}", re.ASCII)


class _Flat(msgspec.Struct):
    key: str = msgspec.field(name="listenKey", default="")


class _Answer(_Flat):
    data: _Flat | None = None


def key_of(body: bytes) -> str:
    """The key. Raises VenueError, which does not hold it."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.DecodeError:
        raise VenueError(facts.VENUE, "bad_answer", "no listen key") from None
    key = answer.key or (answer.data.key if answer.data is not None else "")
    if not _KEY.fullmatch(key):
        raise VenueError(facts.VENUE, "bad_answer", "no listen key")
    return key
