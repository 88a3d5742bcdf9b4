"""What a WEEX key may do: the venue does not tell. ``accountConfig`` speaks of the account, whatever the key.

Source: https://www.weex.com/api-doc/contract/Account_API/GetAccountConfig
"""

from __future__ import annotations

from feeds.rest import RestClient
from feeds.venue import KeyRights
from feeds.weex import facts


async def read_rights(rest: RestClient) -> KeyRights | None:
    """``None``, after asking whether the key is good. Raises VenueError where it is not."""
    await rest.get(facts.CONFIG_PATH, signed=True)
    return None
