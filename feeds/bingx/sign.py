"""How BingX requests prove who asks: HMAC-SHA256, lower-case hex, over the parameters before they are encoded.

Source: https://bingx-api.github.io/docs-v3 (Signature)
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from feeds.bingx import facts
from feeds.venue import Credentials


def sign(secret: str, payload: str) -> str:
    """The signature of a payload."""
    return hmac.new(secret.encode(), payload.encode(), "sha256").hexdigest()


def payload(parameters: Mapping[str, str]) -> str:
    """What is signed: all parameters, sorted by name, not encoded."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))


def signed_query(credentials: Credentials, timestamp_ms: int, parameters: Mapping[str, str]) -> str:
    """The query as it travels: encoded, with time and window added, the signature last."""
    stamped = {**parameters, "recvWindow": str(facts.RECV_WINDOW_MS), "timestamp": str(timestamp_ms)}
    query = urlencode(sorted(stamped.items()))
    return f"{query}&signature={sign(credentials.secret, payload(stamped))}"


def headers(credentials: Credentials) -> dict[str, str]:
    """The headers of any request that needs a key."""
    return {"X-BX-APIKEY": credentials.key}
