"""Bybit's REST manners: the envelope, retCodes, signatures over the exact bytes, windows and limits."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote as percent_encode
from urllib.parse import unquote

import msgspec
from aiohttp import web

from feeds.sim.wire import encode

DEFAULT_WINDOW_MS = 5_000
AHEAD_MS = 1_000
ADDRESS_REQUESTS, ADDRESS_SECONDS = 600, 5

LONGEST_WINDOW_MS = 7 * 86_400_000

Parameters = Mapping[str, Any]

_Row = TypeVar("_Row")


class BybitRefusal(Exception):
    """A business error: HTTP 200 with this retCode."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


def signature(secret: str, payload: str | bytes) -> str:
    """HMAC-SHA256 as lower-case hex."""
    raw = payload.encode() if isinstance(payload, str) else payload
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def rest_payload(timestamp: str, key: str, window: str, exact: bytes) -> bytes:
    """What a REST request signs; ``exact`` is the raw query string (GET) or the raw body (POST)."""
    return f"{timestamp}{key}{window}".encode() + exact


def socket_payload(expires: str) -> str:
    """What the private socket's auth signs."""
    return f"GET/realtime{expires}"


def check_signed(headers: Mapping[str, str], exact: bytes, secret_of: Callable[[str], str | None], now_ms: int) -> str:
    """The API key of a correctly signed request. Raises BybitRefusal."""
    key = headers.get("X-BAPI-API-KEY", "")
    stamp, window = headers.get("X-BAPI-TIMESTAMP", ""), headers.get("X-BAPI-RECV-WINDOW", str(DEFAULT_WINDOW_MS))
    secret = secret_of(key)
    if secret is None:
        raise BybitRefusal(10003, "API key is invalid.")
    if not stamp.isascii() or not stamp.isdigit() or not window.isdigit():
        raise BybitRefusal(10001, "request parameter error: timestamp or recv_window")
    if not now_ms - int(window) <= int(stamp) < now_ms + AHEAD_MS:
        text = f"invalid request, please check your server timestamp or recv_window param. req_timestamp[{stamp}],"
        raise BybitRefusal(10002, f"{text}server_timestamp[{now_ms}],recv_window[{window}]")
    expected = signature(secret, rest_payload(stamp, key, window, exact))
    if not hmac.compare_digest(expected, headers.get("X-BAPI-SIGN", "").lower()):
        raise BybitRefusal(10004, "error sign! please check your signature generation algorithm.")
    return key


def envelope(code: int, message: str, result: Any, now_ms: int, headers: Mapping[str, str]) -> web.Response:
    """The one shape of every answer."""
    body = {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": now_ms}
    return web.Response(body=encode(body), content_type="application/json", headers=dict(headers))


def json_body(raw: bytes) -> dict[str, Any]:
    """A POST body's fields. Raises BybitRefusal."""
    try:
        return msgspec.json.decode(raw or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise BybitRefusal(10001, "request body is not a JSON object") from None


def text(parameters: Parameters, name: str, default: str = "") -> str:
    """A parameter as text, whatever JSON type it came as."""
    value = parameters.get(name, default)
    if isinstance(value, bool):
        return "true" if value else "false"
    return default if value is None else str(value)


def required(parameters: Parameters, name: str) -> str:
    """A parameter that must be there. Raises BybitRefusal."""
    value = text(parameters, name)
    if not value:
        raise BybitRefusal(10001, f"params error: {name} is required")
    return value


def whole(parameters: Parameters, name: str, default: int, *, lowest: int = 0, highest: int = 1 << 53) -> int:
    """A parameter that must be a whole number in a range. Raises BybitRefusal."""
    value = text(parameters, name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        number = lowest - 1
    if not lowest <= number <= highest:
        raise BybitRefusal(10001, f"params error: {name} invalid")
    return number


def one_page(parameters: Parameters, found: Sequence[_Row], size: int) -> tuple[Sequence[_Row], str]:
    """One page, and the cursor of the next; a cursor is already percent-encoded, and encoded once more by clients.

    Raises BybitRefusal for a cursor that is none of ours.
    """
    cursor = unquote(text(parameters, "cursor"))
    prefix, _, offset = cursor.partition("=")
    if cursor and (prefix != "first" or not offset.isdigit()):
        raise BybitRefusal(10001, "params error: cursor invalid")
    first = int(offset or 0)
    following = first + size
    return found[first:following], percent_encode(f"first={following}") if following < len(found) else ""


def window(parameters: Parameters, now_ms: int, usual_ms: int) -> tuple[int, int]:
    """First and last moment (ms) of a history asked for: ``usual_ms`` where not both are named.

    Raises BybitRefusal for more than seven days.
    """
    start, end = whole(parameters, "startTime", 0), whole(parameters, "endTime", 0)
    first = start or (end or now_ms) - usual_ms
    last = end or (start + usual_ms if start else now_ms)
    if last - first > LONGEST_WINDOW_MS or last < first:
        raise BybitRefusal(10001, "The time range between startTime and endTime cannot exceed 7 days")
    return first, last
