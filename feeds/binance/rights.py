"""What a Binance key may do. Asked of the spot API, for futures keys too.

Source: https://developers.binance.com/docs/wallet/account/api-key-permission
"""

from __future__ import annotations

import msgspec

from core.errors import VenueError
from feeds.binance import facts
from feeds.rest import RestClient
from feeds.venue import KeyRights


class _Key(msgspec.Struct, rename="camel"):
    ip_restrict: bool
    enable_withdrawals: bool
    enable_internal_transfer: bool
    permits_universal_transfer: bool
    enable_spot_and_margin_trading: bool
    enable_futures: bool


async def read_rights(rest: RestClient) -> KeyRights:
    """Ask the venue. Raises VenueError."""
    return read_key(await rest.get(facts.RIGHTS_PATH, signed=True))


def read_key(body: bytes) -> KeyRights:
    """What the answer says. Raises VenueError."""
    try:
        key = msgspec.json.decode(body, type=_Key)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VenueError(facts.VENUE, "bad_answer", f"{facts.RIGHTS_PATH}: not the rights of a key") from None
    return KeyRights(
        trades=key.enable_spot_and_margin_trading or key.enable_futures,
        withdraws=key.enable_withdrawals,
        moves=key.enable_withdrawals or key.enable_internal_transfer or key.permits_universal_transfer,
        bound=key.ip_restrict,
    )
