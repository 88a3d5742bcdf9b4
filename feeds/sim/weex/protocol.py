"""WEEX's REST manners: error bodies, signatures over the exact text, the 30 s window, and weights by ten seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.accounts import Account, AccountBook, ApiKey
from feeds.sim.wire import decode, encode

VALID_MS = 30_000
WEIGHT_LIMIT = 500
WINDOW_MS = 10_000
SOCKET_TEXT = "/v3/ws/private"
"""What the handshake of a private socket signs, whatever its own path is."""

Parameters = Mapping[str, Any]
"""Those of the query, or the JSON body's."""


class WeexRefusal(Exception):
    """An error answer: negative code, text, HTTP status."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


def signature(secret: str, payload: str) -> str:
    """HMAC-SHA256 as base64."""
    return base64.b64encode(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()).decode()


def owner(headers: Mapping[str, str], text: str, book: AccountBook, now_ms: int) -> tuple[ApiKey, Account]:
    """The key and account whose signature of ``text``, after the time, is in the headers. Raises WeexRefusal."""
    name, given, stamp = (headers.get(f"ACCESS-{part}", "") for part in ("KEY", "SIGN", "TIMESTAMP"))
    for value, code, header in ((name, -1040, "KEY"), (given, -1041, "SIGN"), (stamp, -1042, "TIMESTAMP")):
        if not value:
            raise WeexRefusal(code, f"Header 'ACCESS-{header}' is required.")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        raise WeexRefusal(-1043, "Invalid 'ACCESS-TIMESTAMP'.")
    if abs(int(stamp) - now_ms) > VALID_MS:
        raise WeexRefusal(-1046, "Request timestamp expired.")
    found = book.find(name)
    if found is None:
        raise WeexRefusal(-1044, "Invalid 'ACCESS-KEY'.", 401)
    key = found[0]
    if not hmac.compare_digest(headers.get("ACCESS-PASSPHRASE", "").encode(), key.passphrase.encode()):
        raise WeexRefusal(-1049, "Invalid API key or passphrase.", 401)
    if not hmac.compare_digest(signature(key.secret, stamp + text).encode(), given.encode()):
        raise WeexRefusal(-1047, "API verification failed.", 401)
    return found


def parameters_of(request: web.Request, body: bytes) -> dict[str, Any]:
    """The query's, and those of a JSON body. Raises WeexRefusal."""
    found: dict[str, Any] = dict(request.query)
    if body:
        if request.content_type != "application/json":
            raise WeexRefusal(-1045, "Content-Type must be application/json.")
        try:
            content = decode(body)
        except msgspec.DecodeError:
            raise WeexRefusal(-1135, "Invalid JSON Request.") from None
        if not isinstance(content, dict):
            raise WeexRefusal(-1135, "Invalid JSON Request.")
        found |= content
    return found


def mandatory(parameters: Parameters, name: str) -> str:
    """A parameter that must be there, as text. Raises WeexRefusal."""
    value = parameters.get(name)
    if value is None or value == "":
        raise WeexRefusal(-1141, f"Parameter '{name}' was empty.")
    return str(value)


def whole(parameters: Parameters, name: str, default: int) -> int:
    """A whole number, as a number or text. Raises WeexRefusal."""
    value = str(parameters.get(name, default))
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise WeexRefusal(-1142, f"Illegal parameter '{name}'.")
    return int(value)


def decimal(parameters: Parameters, name: str) -> Decimal:
    """A decimal number. Raises WeexRefusal."""
    try:
        value = Decimal(mandatory(parameters, name))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise WeexRefusal(-1142, f"Illegal parameter '{name}'.")
    return value


class _Use(msgspec.Struct):
    window: int = 0
    weight: int = 0
    blocked_until_ms: int = 0


class Weights:
    """Request weight by address and by account; too much is refused for as long as a window."""

    def __init__(self) -> None:
        self._use: dict[str, _Use] = {}

    def take(self, who: str, weight: int, now_ms: int) -> tuple[bool, int]:
        """Charge one request: whether it is allowed, and what was used of the window."""
        use = self._use.setdefault(who, _Use())
        window = now_ms // WINDOW_MS
        if use.window != window:
            use.window, use.weight = window, 0
        use.weight += weight
        if use.weight > WEIGHT_LIMIT and now_ms >= use.blocked_until_ms:
            use.blocked_until_ms = now_ms + WINDOW_MS
        return now_ms >= use.blocked_until_ms, use.weight


def weight_headers(used: int) -> dict[str, str]:
    """How much of the window's weight an address has used."""
    return {"x-used-weight-10s": str(used), "x-remaining-weight-10s": str(max(0, WEIGHT_LIMIT - used))}


def answer(body: Any, headers: Mapping[str, str], status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=encode(body), status=status, content_type="application/json", headers=dict(headers))


def error_body(code: int, message: str) -> dict[str, Any]:
    """The usual shape of errors."""
    return {"code": code, "msg": message}


def done(now_ms: int) -> dict[str, Any]:
    """The acknowledgement of a setting: its code is text."""
    return {"code": "200", "msg": "success", "requestTime": now_ms}
