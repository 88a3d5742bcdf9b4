"""What a MEXC key may do: asked of the spot API, which tells of contracts too.

Source: https://www.mexc.com/api-docs/spot-v3/spot-account-trade/query-api-key-info
"""

from __future__ import annotations

from typing import Final

import msgspec

from core.errors import VenueError
from feeds.mexc import facts
from feeds.rest import RestClient
from feeds.venue import KeyRights

_TRADES: Final = frozenset({"SPOT_DEAL_WRITE", "CONTRACT_DEAL_WRITE"})


class _Key(msgspec.Struct):
    permissions: str
    addresses: str | None = msgspec.field(name="ipWhiteList", default=None)


def read_key(body: bytes) -> KeyRights:
    """What the answer says. Any right to write that has WITHDRAW in its name counts as one to withdraw, and TRANSFER
    likewise: the venue adds names. Raises VenueError."""
    try:
        key = msgspec.json.decode(body, type=_Key)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VenueError(facts.VENUE, "bad_answer", f"{facts.RIGHTS_PATH}: not the rights of a key") from None
    held = {name.strip().upper() for name in key.permissions.split(",")}
    writes = {name for name in held if name.endswith("WRITE")}
    withdraws = any("WITHDRAW" in name for name in writes)
    return KeyRights(
        trades=bool(held & _TRADES),
        withdraws=withdraws,
        moves=withdraws or any("TRANSFER" in name for name in writes),
        bound=bool((key.addresses or "").strip()),
    )


async def read_rights(rest: RestClient, key: str) -> KeyRights | None:
    """Ask the venue about ``key``, the one that asks; ``None`` for a key that may read contracts and may not ask this.
    Raises VenueError, and for one that may not even read."""
    try:
        return read_key(await rest.get(facts.RIGHTS_PATH, {"accessKey": key}, signed=True))
    except VenueError as error:
        if error.code not in facts.CODES_MAY_NOT_ASK:
            raise
    await rest.get(facts.POSITION_MODE_PATH, signed=True)
    return None
