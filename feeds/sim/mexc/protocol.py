"""MEXC's REST manners: two envelopes, two signatures, codes with status 200, and numbers that are numbers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
from aiohttp import web

from feeds.sim.wire import encode

Parameters = Mapping[str, Any]
_EXACT = msgspec.json.Decoder(float_hook=Decimal)
TOLERANCE_MS = 10_000
LONGEST_WINDOW_MS = 60_000
SPOT_WINDOW_MS = 5_000


class MexcRefusal(Exception):
    """A business error of the contract API: status 200 and this code."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class SpotRefusal(Exception):
    """An error of the spot API: this status and code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(f"{status} {code}: {message}")


def number(value: Decimal) -> msgspec.Raw:
    """A decimal as a JSON number, without an exponent."""
    text = f"{value.normalize():f}" if value else "0"
    return msgspec.Raw(text.encode())


def good(data: Any) -> web.Response:
    """An answer of the contract API; without ``data`` where there is none."""
    body = {"success": True, "code": 0} | ({} if data is None else {"data": data})
    return web.Response(body=encode(body), content_type="application/json")


def refused(refusal: MexcRefusal) -> web.Response:
    """A refusal of the contract API."""
    body = {"success": False, "code": refusal.code, "message": refusal.message}
    return web.Response(body=encode(body), content_type="application/json")


def spot_answer(data: Any) -> web.Response:
    """An answer of the spot API."""
    return web.Response(body=encode(data), content_type="application/json")


def spot_refused(refusal: SpotRefusal, headers: Mapping[str, str] | None = None) -> web.Response:
    """A refusal of the spot API."""
    body = encode({"code": refusal.code, "msg": refusal.message})
    return web.Response(status=refusal.status, body=body, content_type="application/json", headers=headers)


def signature(secret: str, payload: bytes) -> str:
    """HMAC-SHA256 as lower-case hex."""
    return hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()


def contract_payload(method: str, query: str, body: bytes) -> bytes:
    """What is signed after key and time: a POST's exact bytes, or the parameters sorted by name."""
    if method == "POST":
        return body
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs).encode()


def check_contract(request: web.Request, body: bytes, secret_of: Callable[[str], str | None], now_ms: int) -> str:
    """The API key of a correctly signed request. Raises MexcRefusal."""
    key, stamp = request.headers.get("ApiKey", ""), request.headers.get("Request-Time", "")
    secret = secret_of(key)
    if secret is None:
        raise MexcRefusal(401, "Not logged in or login has expired")
    window = request.headers.get("Recv-Window", "")
    allowed = min(int(window), LONGEST_WINDOW_MS) if window.isdigit() else TOLERANCE_MS
    if not (stamp.isascii() and stamp.isdigit()) or abs(int(stamp) - now_ms) > allowed:
        raise MexcRefusal(513, "Invalid request timestamp")
    query = request.raw_path.partition("?")[2]
    payload = f"{key}{stamp}".encode() + contract_payload(request.method, query, body)
    if not hmac.compare_digest(signature(secret, payload), request.headers.get("Signature", "")):
        raise MexcRefusal(602, "Confirming signature failed")
    return key


def check_spot(request: web.Request, secret_of: Callable[[str], str | None], now_ms: int) -> str:
    """The API key of a correctly signed request, over the query as it was sent. Raises SpotRefusal."""
    key = request.headers.get("X-MEXC-APIKEY", "")
    secret = secret_of(key)
    if secret is None:
        raise SpotRefusal(400, 10072, "Api key info invalid")
    payload, _, given = request.raw_path.partition("?")[2].rpartition("&signature=")
    fields = dict(parse_qsl(payload))
    stamp, window = fields.get("timestamp", ""), fields.get("recvWindow", str(SPOT_WINDOW_MS))
    if not stamp.isdigit() or not window.isdigit():
        raise SpotRefusal(400, 700003, "Timestamp for this request is outside of the recvWindow.")
    if not now_ms - min(int(window), LONGEST_WINDOW_MS) <= int(stamp) < now_ms + 1_000:
        raise SpotRefusal(400, 700003, "Timestamp for this request is outside of the recvWindow.")
    if not hmac.compare_digest(signature(secret, payload.encode()), given):
        raise SpotRefusal(400, 700002, "Signature for this request is not valid.")
    return key


def login_accepted(param: Mapping[str, Any], secret_of: Callable[[str], str | None], now_ms: int) -> str | None:
    """The key of a websocket login; ``None`` for one that is not to be let in."""
    key, stamp = str(param.get("apiKey", "")), str(param.get("reqTime", ""))
    secret = secret_of(key)
    if secret is None or not stamp.isdigit() or abs(int(stamp) - now_ms) > TOLERANCE_MS:
        return None
    expected = signature(secret, f"{key}{stamp}".encode())
    return key if hmac.compare_digest(expected, str(param.get("signature", ""))) else None


def json_body(raw: bytes) -> Any:
    """A POST's JSON, numbers kept exactly. Raises MexcRefusal."""
    try:
        return _EXACT.decode(raw or b"{}")
    except (msgspec.DecodeError, InvalidOperation):
        raise MexcRefusal(601, "Data decoding error") from None


def text(parameters: Parameters, name: str, default: str = "") -> str:
    """A parameter as text, whatever JSON type it came as."""
    value = parameters.get(name, default)
    if isinstance(value, bool):
        return "true" if value else "false"
    return default if value is None else str(value)


def whole(parameters: Parameters, name: str, default: int, *, lowest: int = 0, highest: int = 1 << 53) -> int:
    """A parameter that must be a whole number in a range. Raises MexcRefusal."""
    value = text(parameters, name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
        raise MexcRefusal(600, f"Parameter error: {name}")
    return int(value)


def decimal(parameters: Parameters, name: str, code: int) -> Decimal:
    """A parameter that must be a number. Raises MexcRefusal with the code given."""
    try:
        value = Decimal(text(parameters, name))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise MexcRefusal(code, f"Parameter error: {name}")
    return value
