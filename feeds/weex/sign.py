"""How WEEX V3 requests prove who asks: HMAC-SHA256, base64, in the headers.

Source: https://www.weex.com/api-doc/contract/QuickStart/Signature
"""

from __future__ import annotations

import base64
import hmac
from typing import Final

from feeds.venue import Credentials

SOCKET_TEXT: Final = "/v3/ws/private"
"""What the handshake of a private socket signs after the time, wherever the socket is."""


def sign(secret: str, payload: str) -> str:
    """The signature of a payload."""
    return base64.b64encode(hmac.digest(secret.encode(), payload.encode(), "sha256")).decode()


def request_payload(timestamp_ms: int, method: str, path: str, query: str, body: str) -> str:
    """What a request signs: query (without ``?``) and body exactly as they travel, each empty where there is none."""
    mark = "?" if query else ""
    return f"{timestamp_ms}{method.upper()}{path}{mark}{query}{body}"


def headers(credentials: Credentials, timestamp_ms: int, payload: str) -> dict[str, str]:
    """The headers that vouch for a payload, which holds the same time."""
    return {
        "ACCESS-KEY": credentials.key,
        "ACCESS-SIGN": sign(credentials.secret, payload),
        "ACCESS-PASSPHRASE": credentials.passphrase,
        "ACCESS-TIMESTAMP": str(timestamp_ms),
    }


def socket_headers(credentials: Credentials, timestamp_ms: int) -> dict[str, str]:
    """The headers of the handshake of a private socket."""
    return headers(credentials, timestamp_ms, f"{timestamp_ms}{SOCKET_TEXT}")
