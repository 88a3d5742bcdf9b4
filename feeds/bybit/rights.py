"""What a Bybit key may do.

Source: https://bybit-exchange.github.io/docs/v5/user/apikey-info
"""

from __future__ import annotations

import msgspec

from core.errors import VenueError
from feeds.bybit import facts
from feeds.rest import RestClient
from feeds.venue import KeyRights


class _Key(msgspec.Struct):
    read_only: int = msgspec.field(name="readOnly")
    permissions: dict[str, list[str]]
    addresses: list[str] = msgspec.field(name="ips", default_factory=list)


class _Answer(msgspec.Struct):
    result: _Key


async def read_rights(rest: RestClient) -> KeyRights:
    """Ask the venue. Raises VenueError."""
    try:
        key = msgspec.json.decode(await rest.get(facts.RIGHTS_PATH, signed=True), type=_Answer).result
    except msgspec.DecodeError:
        raise VenueError(facts.VENUE, "bad_answer", f"{facts.RIGHTS_PATH}: not the rights of a key") from None
    wallet = key.permissions.get("Wallet", [])
    return KeyRights(
        trades=key.read_only != 1,
        withdraws="Withdraw" in wallet,
        moves=bool(wallet),
        bound=bool(key.addresses) and "*" not in key.addresses,
    )
