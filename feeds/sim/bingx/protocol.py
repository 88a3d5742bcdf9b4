"""BingX's REST manners: the envelope, codes under status 200, signatures over the parameters, windows and limits."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from aiohttp import web

from feeds.sim.wire import encode

LONGEST_WINDOW_MS = 5_000
WINDOW_SECONDS = 10
PUBLIC_REQUESTS = 500
SIGNED_REQUESTS = 2_000

Parameters = Mapping[str, str]


class BingxRefusal(Exception):
    """An error with the venue's code; HTTP 200 unless another status is named. ``bare`` is the gateway's own shape."""

    def __init__(self, code: int, message: str, *, status: int = 200, bare: bool = False) -> None:
        self.code, self.message, self.status, self.bare = code, message, status, bare
        super().__init__(f"{code}: {message}")

    def answer(self) -> web.Response:
        """The error as it is sent."""
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        if self.bare:
            body["retryable"] = 0
        else:
            body["data"] = {}
        return web.Response(body=encode(body), status=self.status, content_type="application/json")


def signature(secret: str, parameters: Parameters) -> str:
    """HMAC-SHA256 as lower-case hex over all parameters but the signature itself, sorted, as they were before being
    encoded for the way."""
    named = sorted((name, value) for name, value in parameters.items() if name != "signature")
    payload = "&".join(f"{name}={value}" for name, value in named)
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def parameters_of(query: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The parameters of a request: those of the query, and those of a JSON body. Raises BingxRefusal."""
    found = dict(query)
    if not body:
        return found
    try:
        content = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise BingxRefusal(100400, "request body is not a JSON object") from None
    for name, value in content.items():
        found[name] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return found


def check_signed(
    headers: Mapping[str, str], parameters: Parameters, secret_of: Callable[[str], str | None], now_ms: int
) -> str:
    """The API key of a correctly signed request. Raises BingxRefusal."""
    key = headers.get("X-BX-APIKEY", "")
    secret = secret_of(key)
    if secret is None:
        raise BingxRefusal(100413, "Incorrect apiKey")
    given = parameters.get("signature", "")
    if not given:
        raise BingxRefusal(100412, "Null signature")
    stamp, window = parameters.get("timestamp", ""), parameters.get("recvWindow", str(LONGEST_WINDOW_MS))
    if not (stamp.isascii() and stamp.isdigit() and window.isascii() and window.isdigit()):
        raise BingxRefusal(100421, "Null timestamp or timestamp mismatch")
    if abs(now_ms - int(stamp)) > min(int(window), LONGEST_WINDOW_MS):
        raise BingxRefusal(100421, "Null timestamp or timestamp mismatch")
    if not hmac.compare_digest(signature(secret, parameters).encode(), given.encode()):
        raise BingxRefusal(100001, "Signature verification failed")
    return key


def answer(data: Any, **more: Any) -> web.Response:
    """A good answer in its envelope."""
    return web.Response(body=encode({"code": 0, "msg": "", **more, "data": data}), content_type="application/json")


def flat(body: Any) -> web.Response:
    """A good answer of the few endpoints that have no envelope."""
    return web.Response(body=encode(body), content_type="application/json")


def required(parameters: Parameters, name: str) -> str:
    """A parameter that must be there. Raises BingxRefusal."""
    value = parameters.get(name, "")
    if not value:
        raise BingxRefusal(109400, f"Invalid parameters, err:{name}: This field is required")
    return value


def whole(parameters: Parameters, name: str, default: int, *, lowest: int = 0, highest: int = 1 << 62) -> int:
    """A parameter that must be a whole number in a range. Raises BingxRefusal."""
    value = parameters.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and lowest <= int(value[:20]) <= highest):
        raise BingxRefusal(109400, f"Invalid parameters, err:{name} is invalid")
    return int(value)


def number(parameters: Parameters, name: str) -> Decimal:
    """A parameter that must be a finite number. Raises BingxRefusal."""
    try:
        found = Decimal(required(parameters, name))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise BingxRefusal(109400, f"Invalid parameters, err:{name} is invalid")
    return found
