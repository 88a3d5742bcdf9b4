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
    """The query with time and signature appended; with the usual ``recvWindow`` unless it has its own."""
    window = () if "recvWindow=" in query else (f"recvWindow={facts.RECV_WINDOW_MS}",)
    payload = "&".join((*((query,) if query else ()), *window, f"timestamp={timestamp_ms}"))
    return f"{payload}&signature={sign(credentials.secret, payload)}"


def signed_parameters(credentials: Credentials, timestamp_ms: int) -> dict[str, str | int]:
    """The parameters of a request over a websocket that needs none but who asks: signed in the order of their names."""
    parameters: dict[str, str | int] = {
        "apiKey": credentials.key,
        "recvWindow": facts.RECV_WINDOW_MS,
        "timestamp": timestamp_ms,
    }
    payload = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()))
    return parameters | {"signature": sign(credentials.secret, payload)}


def headers(credentials: Credentials) -> dict[str, str]:
    """The headers of any request that needs a key."""
    return {"X-MBX-APIKEY": credentials.key}
