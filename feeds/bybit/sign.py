"""How Bybit v5 requests prove who asks: HMAC-SHA256, lower-case hex.

Source: https://bybit-exchange.github.io/docs/v5/guide#authentication
"""

from __future__ import annotations

import hmac

from feeds.bybit import facts
from feeds.venue import Credentials


def sign(secret: str, payload: str) -> str:
    """The signature of a payload."""
    return hmac.new(secret.encode(), payload.encode(), "sha256").hexdigest()


def greeting(expires_ms: int) -> str:
    """What the login of a private socket signs."""
    return f"GET/realtime{expires_ms}"


def headers(credentials: Credentials, timestamp_ms: int, content: str) -> dict[str, str]:
    """The headers of a REST request. ``content`` is the query (GET, without ``?``) or the body (POST) as it is sent."""
    payload = f"{timestamp_ms}{credentials.key}{facts.RECV_WINDOW_MS}{content}"
    return {
        "X-BAPI-API-KEY": credentials.key,
        "X-BAPI-TIMESTAMP": str(timestamp_ms),
        "X-BAPI-RECV-WINDOW": str(facts.RECV_WINDOW_MS),
        "X-BAPI-SIGN": sign(credentials.secret, payload),
    }
