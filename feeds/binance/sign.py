"""How Binance requests prove who asks: HMAC-SHA256, lower-case hex, over the parameters as they travel.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info
"""

from __future__ import annotations

import hmac

from feeds.binance import facts
from feeds.venue import Credentials


def sign(secret: str, payload: str) -> str:
    """The signature of a payload: the query as it travels, percent-encoded, immediately followed by the body."""
    return hmac.new(secret.encode(), payload.encode(), "sha256").hexdigest()


def signed_query(credentials: Credentials, timestamp_ms: int, query: str) -> str:
    """The query with time and signature appended."""
    stamped = f"recvWindow={facts.RECV_WINDOW_MS}&timestamp={timestamp_ms}"
    payload = f"{query}&{stamped}" if query else stamped
    return f"{payload}&signature={sign(credentials.secret, payload)}"


def headers(credentials: Credentials) -> dict[str, str]:
    """The headers of any request that needs a key."""
    return {"X-MBX-APIKEY": credentials.key}
