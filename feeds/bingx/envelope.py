"""The envelope of BingX's REST bodies: ``code``, ``msg`` and ``data``; a few answers come without one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from core.errors import DecodeError, VenueError
from core.events import FaultKind
from feeds.bingx import facts
from feeds.frames import clip, open_frame

_MOMENT = re.compile(r"(?<!\d)1\d{12}(?!\d)", re.ASCII)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def top(body: bytes, place: str) -> dict[str, msgspec.Raw]:
    """The top level of a body. Raises DecodeError for what is no object, VenueError for a refusal."""
    try:
        content = open_frame(facts.VENUE, body)
    except DecodeError as error:
        raise DecodeError(
            facts.VENUE, error.reason, channel=place, field=error.field or "body", detail=error.detail
        ) from None
    if isinstance(content, list):
        raise bad(place, "body", "an array")
    code = code_of(content)
    if code not in ("", "0"):
        raise refused(code, message_of(content))
    return content


def data(body: bytes, place: str) -> msgspec.Raw:
    """``data`` of a body, which may be ``null``. Raises as :func:`top` does, and DecodeError where there is none."""
    content = top(body, place)
    if "data" not in content:
        raise bad(place, "data", "the body has none")
    return content["data"]


def rows(part: msgspec.Raw, place: str, *names: str, called: str = "data", alone: bool = True) -> list[msgspec.Raw]:
    """The rows of a list; of the list in an object under one of ``names``; or the one object itself, as one row.

    ``null`` is no rows; ``called`` is what the part is called. Raises DecodeError for anything else, and for an object
    with none of the names where it cannot be a row: where rows never stand ``alone``.
    """
    raw = bytes(part).strip()
    if raw in (b"", b"null"):
        return []
    try:
        if raw[:1] == b"[":
            return _LIST.decode(raw)
        content = _OBJECT.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise bad(place, called, clip(raw.decode("utf-8", "replace"), 40)) from None
    for name in names:
        if name in content:
            return rows(content[name], place, called=name)
    if not alone:
        raise bad(place, " or ".join(names), f"{called} has none")
    return [part]


def objects(found: list[msgspec.Raw], place: str) -> Iterator[dict[str, msgspec.Raw]]:
    """Each row as an object. Raises DecodeError for one that is none."""
    for row in found:
        try:
            yield _OBJECT.decode(row)
        except (msgspec.DecodeError, RecursionError):
            raise bad(place, "row", clip(bytes(row).decode("utf-8", "replace"), 40)) from None


def code_of(content: Mapping[str, msgspec.Raw]) -> str:
    """``code`` as text, a number or a text as it comes; empty where there is none."""
    return _plain(content.get("code", msgspec.Raw(b'""')))


def message_of(content: Mapping[str, msgspec.Raw]) -> str:
    """``msg``, fit to be shown."""
    return clip(_plain(content.get("msg", msgspec.Raw(b'""'))), 200)


def _plain(raw: msgspec.Raw) -> str:
    text = bytes(raw).decode("utf-8", "replace").strip()
    if text[:1] != '"':
        return "" if text == "null" else clip(text, 40)
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError:
        return "?"


def refused(code: str, message: str, *, now_ms: int = 0) -> VenueError:
    """The error that a ``code`` other than 0 is."""
    wait: float | None = None
    if code in facts.CODES_TOO_MANY:
        told = _MOMENT.search(message)
        wait = (int(told.group()) - now_ms) / 1000 if told is not None and now_ms else facts.BLOCKED_SECONDS
        wait = min(max(1.0, wait), facts.LONGEST_BLOCK_SECONDS)
    elif code in facts.CODES_SETTLING:
        wait = facts.SETTLEMENT_SECONDS
    return VenueError(
        facts.VENUE,
        code,
        message or "refused",
        outcome_unknown=code in facts.CODES_OUTCOME_UNKNOWN,
        retry_after_seconds=wait,
    )


def bad(place: str, field: str, detail: str) -> DecodeError:
    """Why a body is not used."""
    return DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=place, field=field, detail=detail)
