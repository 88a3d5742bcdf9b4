"""What a MEXC key may do: the venue does not tell.

The contract API has no endpoint for it and only refuses what a key may not do (codes 701 to 704); spot's account answer
tells what the account may do, whatever its keys may.
"""

from __future__ import annotations

from feeds.mexc import facts
from feeds.rest import RestClient
from feeds.venue import KeyRights


async def read_rights(rest: RestClient) -> KeyRights | None:
    """``None``: what a key may do stays unverified. Raises VenueError for one that may not even read."""
    await rest.get(facts.POSITION_MODE_PATH, signed=True)
    return None
