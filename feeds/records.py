"""What a capture holds: raw frames and bodies as they came, each with its receive time.

Market data only: no frame of an account socket is ever recorded, and addresses lose their query, so a capture can be
handed on.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag_field="t"):
    """Base of all records. ``ns`` is the time on the engine's timeline, ns since the epoch."""

    ns: int


class Connected(Record, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="connect"):
    """A websocket opened. ``conn`` names it in this capture; ``venue`` and ``connection`` say which plan it serves,
    and are empty where a foreign capture tells only the address."""

    conn: str
    addr: str
    venue: str = ""
    connection: str = ""


class Closed(Record, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="close"):
    """A websocket is gone."""

    conn: str


class Sent(Record, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="send"):
    """A frame went out."""

    conn: str
    data: str


class Received(Record, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="recv"):
    """A frame came in. ``data`` is its bytes; the file holds them as text where they are text."""

    conn: str
    data: bytes


class Oversized(Record, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="oversize"):
    """A frame came in that was too long to use; its ``size`` (bytes, at least) is all that is kept."""

    conn: str
    size: int


class Fetched(Record, frozen=True, gc=False, omit_defaults=True, kw_only=True, tag="http"):
    """A REST answer. ``url`` has its path and query: public requests carry no secret."""

    url: str
    data: bytes
    venue: str = ""


AnyRecord = Connected | Closed | Sent | Received | Oversized | Fetched

Tap = Callable[[AnyRecord], None]
"""Takes a record at once, without blocking and without raising."""
