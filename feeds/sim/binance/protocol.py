"""Binance's REST manners: error bodies, signatures over raw query and raw body, windows, weights and bans."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from feeds.sim.wire import encode

DEFAULT_WINDOW_MS = 5_000
MAXIMUM_WINDOW_MS = 60_000
AHEAD_MS = 1_000
WEIGHT_LIMIT = {"futures": 2_400, "spot": 6_000}
PATIENCE = 20
"""So many requests after a 429 turn it into a ban."""
FIRST_BAN_MS = 120_000

Parameters = Mapping[str, str]


class BinanceRefusal(Exception):
    """An error answer: HTTP status, negative code, text."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


BAD_SIGNATURE = "Signature for this request is not valid."
OUTSIDE_WINDOW = "Timestamp for this request is outside of the recvWindow."
TOO_FAR_AHEAD = "Timestamp for this request was 1000ms ahead of the server's time."
BAD_KEY = "Invalid API-key, IP, or permissions for action."


def signature(secret: str, payload: str | bytes) -> str:
    """HMAC-SHA256 as lower-case hex."""
    raw = payload.encode() if isinstance(payload, str) else payload
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def parameters_of(query: bytes, body: bytes) -> dict[str, str]:
    """All parameters, wherever they travelled; of a repeated name the first counts."""
    found: dict[str, str] = {}
    for part in (query, body):
        for name, value in parse_qsl(part.decode("utf-8", "replace"), keep_blank_values=True):
            found.setdefault(name, value)
    return found


def signed_payload(query: bytes, body: bytes) -> bytes:
    """What was signed: raw query and raw body one after the other, without the signature itself."""
    return _without_signature(query) + _without_signature(body)


def check_key(headers: Mapping[str, str], known: Callable[[str], bool]) -> str:
    """The API key of the header. Raises BinanceRefusal."""
    key = headers.get("X-MBX-APIKEY", "")
    if not key:
        raise BinanceRefusal(-2014, "API-key format invalid.", 401)
    if not known(key):
        raise BinanceRefusal(-2015, BAD_KEY, 401)
    return key


def check_signature(parameters: Parameters, payload: bytes, secret: str, now_ms: int) -> None:
    """Raise BinanceRefusal unless the window is right and the signature fits the exact bytes."""
    given = parameters.get("signature", "")
    if not given:
        raise BinanceRefusal(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
    check_window(parameters, now_ms)
    if not hmac.compare_digest(signature(secret, payload), given):
        raise BinanceRefusal(-1022, BAD_SIGNATURE)


def check_window(parameters: Parameters, now_ms: int) -> None:
    """Raise BinanceRefusal unless ``timestamp`` lies in its window."""
    stamp = whole(parameters, "timestamp")
    try:
        window = Decimal(parameters.get("recvWindow", str(DEFAULT_WINDOW_MS)))
    except InvalidOperation:
        window = Decimal(-1)
    if not 0 <= window <= MAXIMUM_WINDOW_MS:
        raise BinanceRefusal(-1131, "recvWindow must be less than 60000.")
    if stamp >= now_ms + AHEAD_MS:
        raise BinanceRefusal(-1021, TOO_FAR_AHEAD)
    if now_ms - stamp > window:
        raise BinanceRefusal(-1021, OUTSIDE_WINDOW)


def mandatory(parameters: Parameters, name: str) -> str:
    """A parameter that must be there. Raises BinanceRefusal."""
    value = parameters.get(name, "")
    if not value:
        text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
        raise BinanceRefusal(-1102, text)
    return value


def whole(parameters: Parameters, name: str, default: int | None = None) -> int:
    """A whole-number parameter. Raises BinanceRefusal."""
    value = parameters.get(name, "") if default is not None else mandatory(parameters, name)
    if not value and default is not None:
        return default
    if not (value.isascii() and value.isdigit()):
        raise BinanceRefusal(
            -1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."
        )
    return int(value)


class _Use(msgspec.Struct):
    minute: int = 0
    weight: int = 0
    overruns: int = 0
    bans: int = 0
    banned_until_ms: int = 0


class Weights:
    """Request weight by address and product; too much is refused, and persistence is banned."""

    def __init__(self) -> None:
        self._use: dict[tuple[str, str], _Use] = {}

    def take(
        self, product: str, address: str, weight: int, now_ms: int, forced: int | None = None
    ) -> tuple[dict[str, str], web.Response | None]:
        """Charge one request: the weight headers, and the refusal if it is refused; ``forced`` (429 or 418) refuses it
        whatever it weighs."""
        use = self._use.setdefault((product, address), _Use())
        minute = now_ms // 60_000
        if use.minute != minute:
            use.minute, use.weight, use.overruns = minute, 0, 0
        use.weight += weight
        headers = {"X-MBX-USED-WEIGHT": str(use.weight), "X-MBX-USED-WEIGHT-1M": str(use.weight)}
        limit = WEIGHT_LIMIT[product]
        if use.weight > limit:
            use.overruns += 1
            if use.overruns > PATIENCE and now_ms >= use.banned_until_ms:
                use.bans += 1
                use.banned_until_ms = now_ms + FIRST_BAN_MS * 2 ** (use.bans - 1)
        if forced == 418 or now_ms < use.banned_until_ms:
            return headers, _banned(max(use.banned_until_ms, now_ms + 1000), now_ms)
        if forced == 429 or use.weight > limit:
            return headers, _too_much(limit, (minute + 1) * 60_000 - now_ms)
        return headers, None


def answer(body: Any, headers: Mapping[str, str], status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=encode(body), status=status, content_type="application/json", headers=dict(headers))


def error_body(code: int, message: str) -> dict[str, Any]:
    """The one shape of errors."""
    return {"code": code, "msg": message}


def _banned(until_ms: int, now_ms: int) -> web.Response:
    text = (
        f"Way too many requests; IP banned until {until_ms}. Please use the websocket for live updates to avoid bans."
    )
    return answer(error_body(-1003, text), {"Retry-After": str(max(1, (until_ms - now_ms) // 1000))}, 418)


def _too_much(limit: int, wait_ms: int) -> web.Response:
    text = (
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    return answer(error_body(-1003, text), {"Retry-After": str(max(1, wait_ms // 1000))}, 429)


def _without_signature(part: bytes) -> bytes:
    kept = [item for item in part.split(b"&") if not item.startswith(b"signature=")]
    return b"&".join(kept)
