"""Bodies and frames with one field wrong: each field in turn left out, or holding what is no value for it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from core.errors import DecodeError, VenueError
from core.events import AnyEvent, FrameFault, Heard
from feeds.decoding import AnyFrameDecoder
from feeds.registry import rest_answer, venue_module

MS: Final = 1_789_999_200_000
"""A full hour."""

LEFT_OUT: Final = object()
NOTHING: Final[tuple[Any, ...]] = (LEFT_OUT, None, "", "--", "NaN", {"a": "1"}, [], "1e400")
"""What tells nothing, or nothing that can be a number."""

_NO_FIGURES: Final = ("received_ns", "venue_time_ns", "as_of_ns", "channel", "detail", "reason", "client_order_id")
"""What may follow from other fields, or is said in words."""

Place = tuple[str | int, ...]


class Case(NamedTuple):
    """A body of an endpoint, or a frame where ``endpoint`` is empty; ``spare`` are fields whose loss changes what
    follows from them in a way that is meant, or in which anything is a word that is kept."""

    venue: str
    market: str
    endpoint: str
    content: Any
    spare: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What the case is called."""
        return f"{self.venue} {self.endpoint or self.market}"


def told(case: Case, content: Any) -> tuple[list[AnyEvent], str]:
    """The events of a content, and what is said where it is refused. Any other error than the promised ones passes."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    if not case.endpoint:
        events: Sequence[AnyEvent] = AnyFrameDecoder(case.venue, case.market).decode(raw, 0)
    else:
        answer = rest_answer(case.venue, case.market, case.endpoint, raw, 0)
        try:
            events = venue_module(case.venue).rest_events(answer)
        except (DecodeError, VenueError) as error:
            return [], str(error)
    faults = [f"{event.channel} {event.field} {event.detail}" for event in events if isinstance(event, FrameFault)]
    return [event for event in events if not isinstance(event, FrameFault)], "; ".join(faults)


def figures(events: Sequence[AnyEvent]) -> set[tuple[str, str, Any]]:
    """Each figure and name in events: the kind of event, the field, the value."""
    found: set[tuple[str, str, Any]] = set()

    def walk(kind: str, path: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                if name not in _NO_FIGURES:
                    walk(kind, f"{path}.{name}", part)
        elif isinstance(value, list | tuple):
            for part in value:
                walk(kind, path, part)
        elif value is not None and not isinstance(value, bool):
            found.add((kind, path, Decimal(value) if _is_number(value) else value))

    for event in events:
        if not isinstance(event, Heard):
            walk(type(event).__name__, "", msgspec.to_builtins(event, str_keys=True))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.replace(".", "").lstrip("-").isdigit())


def count(events: Sequence[AnyEvent]) -> int:
    """How many events there are that say something."""
    return sum(not isinstance(event, Heard) for event in events)


def places(content: Any, above: Place = ()) -> Iterator[Place]:
    """Where each field of a content is; of a list, those of its first element."""
    parts = content.items() if isinstance(content, dict) else list(enumerate(content))[:1]
    for key, part in parts:
        if isinstance(key, str):
            yield (*above, key)
        if isinstance(part, dict | list):
            yield from places(part, (*above, key))


def changed(content: Any, place: Place, value: Any) -> Any:
    """A content with another value in one place, or without that place."""
    made = copy.deepcopy(content)
    part = made
    for key in place[:-1]:
        part = part[key]
    if value is LEFT_OUT:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    return made


def value_at(content: Any, place: Place) -> Any:
    """What is in one place."""
    for key in place:
        content = content[key]
    return content


def the_other_way(value: Any) -> Any:
    """A number as text, text that is a number as a number; ``LEFT_OUT`` for what is neither."""
    if isinstance(value, bool):
        return LEFT_OUT
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and _is_number(value):
        return json.loads(value)
    return LEFT_OUT
