"""What a BingX key may do.

Source: https://bingx-api.github.io/docs-v3 (Query user API Key permissions); the sample there has no envelope
"""

from __future__ import annotations

from typing import Final

import msgspec

from core.errors import DecodeError, VenueError
from feeds.bingx import facts
from feeds.bingx.envelope import top
from feeds.rest import RestClient
from feeds.venue import KeyRights

_TRADES: Final = frozenset({1, 3})
"""Spot, and perpetual futures; 2 is reading."""

_WITHDRAWS: Final = 5
_MOVES: Final = frozenset({4, 5, 7})
"""Universal transfer, withdrawal, and transfer between accounts of one owner."""


class _Key(msgspec.Struct):
    permissions: list[int]
    addresses: list[str] | None = msgspec.field(name="ipAddresses", default=None)


def rights_of(body: bytes) -> KeyRights:
    """The rights in a body, enveloped or not. Raises DecodeError, and VenueError for a refusal."""
    content = top(body, facts.RIGHTS_PATH)
    try:
        key = msgspec.json.decode(content.get("data", msgspec.Raw(body)), type=_Key)
    except msgspec.DecodeError as error:
        raise DecodeError(
            facts.VENUE, "bad_field", channel=facts.RIGHTS_PATH, field="permissions", detail=str(error)
        ) from None
    held = set(key.permissions)
    return KeyRights(
        trades=bool(held & _TRADES),
        withdraws=_WITHDRAWS in held,
        moves=bool(held & _MOVES),
        bound=bool(key.addresses),
    )


async def read_rights(rest: RestClient) -> KeyRights:
    """Ask the venue. Raises VenueError."""
    try:
        return rights_of(await rest.get(facts.RIGHTS_PATH, signed=True))
    except DecodeError as error:
        raise VenueError(facts.VENUE, "bad_answer", str(error)) from None
