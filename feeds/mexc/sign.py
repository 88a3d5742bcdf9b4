"""How MEXC requests prove who asks: HMAC-SHA256, lower-case hex, over other texts for contracts than for spot.

Source: https://www.mexc.com/api-docs/futures/integration-guide and https://www.mexc.com/api-docs/spot-v3/general-info
"""

from __future__ import annotations

import hmac
import json
from urllib.parse import parse_qsl, quote

from feeds.mexc import facts
from feeds.venue import Credentials


def sign(secret: str, payload: str) -> str:
    """The signature of a payload."""
    return hmac.new(secret.encode(), payload.encode(), "sha256").hexdigest()


def contract_headers(credentials: Credentials, timestamp_ms: int, query: str, body: str) -> dict[str, str]:
    """The headers of a request to the contract API.

    What is signed of a query are its parameters sorted by name, values encoded with ``%20`` for a blank; of a body, its
    bytes as they travel.
    """
    content = body or _sorted(query)
    return {
        "ApiKey": credentials.key,
        "Request-Time": str(timestamp_ms),
        "Signature": sign(credentials.secret, f"{credentials.key}{timestamp_ms}{content}"),
        "Content-Type": "application/json",
    }


def _sorted(query: str) -> str:
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def spot_query(credentials: Credentials, timestamp_ms: int, query: str) -> str:
    """The query of a request to the spot API, in the order it is sent, its signature last."""
    own = f"timestamp={timestamp_ms}&recvWindow={facts.RECV_WINDOW_MS}"
    payload = f"{query}&{own}" if query else own
    return f"{payload}&signature={sign(credentials.secret, payload)}"


def spot_headers(credentials: Credentials) -> dict[str, str]:
    """The headers of a request to the spot API."""
    return {"X-MEXC-APIKEY": credentials.key, "Content-Type": "application/json"}


def login_frame(credentials: Credentials, timestamp_ms: int) -> str:
    """The frame that opens the contract socket to an account."""
    signature = sign(credentials.secret, f"{credentials.key}{timestamp_ms}")
    param = {"apiKey": credentials.key, "reqTime": str(timestamp_ms), "signature": signature}
    return json.dumps({"method": "login", "param": param}, separators=(",", ":"))
