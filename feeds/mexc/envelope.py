"""The envelope around what the contract API answers, and its rows, read number by number so that none is rounded. Pure.

Refusals come with status 200: ``success`` false and a ``code``. Numbers may be texts and texts numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, FaultKind
from feeds.bodies import bad_row
from feeds.candles import open_body
from feeds.fields import Fields, plausible_symbol
from feeds.frames import clip
from feeds.mexc import facts

_OBJECT: Final = dict[str, msgspec.Raw]
_NOTHING: Final = msgspec.Raw(b"null")


def refused(code: str, message: str, *, outcome_unknown: bool = False, wait: float | None = None) -> VenueError:
    """A refusal of the venue's, with what its code means for asking again."""
    if code in facts.CODES_TOO_MANY and wait is None:
        wait = facts.TOO_MANY_SECONDS
    unknown = outcome_unknown or code in facts.CODES_OUTCOME_UNKNOWN
    return VenueError(facts.VENUE, code, clip(message, 200), outcome_unknown=unknown, retry_after_seconds=wait)


def data(place: str, body: bytes) -> msgspec.Raw:
    """What is in the envelope; nothing where there is no ``data``.

    Raises VenueError for a refusal, DecodeError for a body that is no envelope.
    """
    opened = open_body(facts.VENUE, place, body, _OBJECT)
    envelope = Fields(opened)
    code = envelope.shown("code")
    if "success" not in envelope and not code:
        raise bad(place, "success", "neither success nor a code: no answer of the contract API")
    if envelope.shown("success") != "true" or code not in ("0", ""):
        raise refused(code or "no_code", envelope.shown("message") or envelope.shown("msg") or "refused")
    return opened.get("data", _NOTHING)


def row(place: str, raw: msgspec.Raw, called: str = "data") -> Fields:
    """An object as fields; ``called`` is what it is called. Raises DecodeError."""
    return Fields(open_body(facts.VENUE, place, bytes(raw), _OBJECT, called))


def rows(place: str, raw: msgspec.Raw, called: str = "data") -> list[Fields]:
    """The rows of a list, of one page of a list, or a lone object as the only row. Raises DecodeError."""
    if bytes(raw)[:1] == b"{":
        lone = open_body(facts.VENUE, place, bytes(raw), _OBJECT, called)
        if "resultList" not in lone:
            if "totalPage" in lone:
                raise bad(place, "resultList", "a page without it")
            return [Fields(lone)]
        raw, called = lone["resultList"], "resultList"
    found = open_body(facts.VENUE, place, bytes(raw), list[msgspec.Raw], called)
    return [row(place, each, f"{called}.{number}") for number, each in enumerate(found)]


def objects(place: str, raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """The values of an object by name. Raises DecodeError."""
    return open_body(facts.VENUE, place, bytes(raw), _OBJECT, "data")


def positive(fields: Fields, name: str) -> Decimal | None:
    """A number above 0 of any kind: a size, a step, a limit."""
    value = fields.size(name)
    if value == 0:
        fields.note(name, "a number above 0")
    return value or None


def has_more(place: str, body: bytes, page: int, size: int) -> bool:
    """Whether a list goes on after this page: it says how many pages it has, or the page is full.

    Raises VenueError and DecodeError.
    """
    pages = page_count(place, body)
    return len(rows(place, data(place, body))) >= size if pages is None else page < pages


def page_count(place: str, body: bytes) -> int | None:
    """How many pages a list has; ``None`` where it does not say. Raises VenueError and DecodeError."""
    raw = data(place, body)
    if bytes(raw)[:1] == b"{":
        fields = row(place, raw)
        if "totalPage" in fields:
            return fields.whole("totalPage") or 0
    return None


def is_empty(place: str, body: bytes) -> bool:
    """True for an answer that succeeds and holds nothing. Raises VenueError and DecodeError."""
    return bytes(data(place, body)).strip() in (b"null", b"[]", b"{}", b'""')


def named(found: list[Fields], wanted: Collection[str] | None) -> Iterator[tuple[str, Fields]]:
    """Symbol and fields of each row whose symbol is wanted (``None``: all)."""
    for fields in found:
        symbol = fields.text("symbol") or ""
        if not plausible_symbol(symbol):
            fields.note("symbol", "a symbol")
        if wanted is None or symbol in wanted:
            yield symbol, fields


def faulty(place: str, symbol: str, fields: Fields, received_ns: int) -> list[AnyEvent]:
    """A FrameFault for each bad field of a row."""
    return [
        bad_row(facts.VENUE, place, name, f"{clip(symbol, 40)}: {detail}", received_ns) for name, detail in fields.bad
    ]


def bad(place: str, field: str, detail: str) -> DecodeError:
    """Why a body is not used."""
    return DecodeError(facts.VENUE, FaultKind.BAD_FIELD, channel=place, field=field, detail=detail)
