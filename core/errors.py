"""Every error Hedgerow raises on purpose.

HedgerowError
├── ConfigError        a configuration file is wrong: names file, line, key, expectation
│   └── ConfigErrors   all that is wrong with one file, in its order
├── RequestError       a request to a calculator or a command is wrong: names the key
│   └── RequestErrors  all that is wrong with one request
├── DecodeError        one frame or REST body could not be turned into events
├── VenueError         a venue answered a request with an error
├── JournalError       the journal could not be read or written
├── CaptureError       a capture could not be made or is none
└── LinkClosed         the engine behind a link has stopped
"""

from __future__ import annotations

from collections.abc import Sequence


class HedgerowError(Exception):
    """Base of the tree; its text is fit to be shown to the user as it is."""


class ConfigError(HedgerowError):
    """A configuration file is refused.

    ``line`` is 1-based; 0 where no line can be named (the file is missing, for instance).
    """

    def __init__(self, file: str, line: int, key: str, expected: str, found: str = "") -> None:
        self.file, self.line, self.key, self.expected, self.found = file, line, key, expected, found
        place = f"{file}:{line}" if line else file
        got = f", found {found}" if found else ""
        super().__init__(f"{place}: {key}: expected {expected}{got}")


class ConfigErrors(ConfigError):
    """Everything a file is refused for, one error a line; as a ConfigError it stands for the first of them."""

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        first = errors[0]
        super().__init__(first.file, first.line, first.key, first.expected, first.found)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class RequestError(HedgerowError):
    """A request (calculator input, command argument) is refused; ``key`` names the field."""

    def __init__(self, key: str, expected: str, found: str = "") -> None:
        self.key, self.expected, self.found = key, expected, found
        got = f", found {found}" if found else ""
        super().__init__(f"{key}: expected {expected}{got}")


class RequestErrors(RequestError):
    """Everything a request is refused for, one error a line; as a RequestError it stands for the first of them."""

    def __init__(self, errors: Sequence[RequestError]) -> None:
        first = errors[0]
        super().__init__(first.key, first.expected, first.found)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class DecodeError(HedgerowError):
    """A frame or body is refused; nothing of it may be shown.

    ``reason`` is one of the fault kinds of :class:`core.events.FrameFault`; ``channel`` and
    ``field`` are empty where they are not known.
    """

    def __init__(self, venue: str, reason: str, *, channel: str = "", field: str = "", detail: str = "") -> None:
        self.venue, self.reason, self.channel, self.field, self.detail = venue, reason, channel, field, detail
        parts = [venue, channel, field, reason.replace("_", " "), detail]
        super().__init__(": ".join(part for part in parts if part))


class VenueError(HedgerowError):
    """A venue refused or failed a request. ``outcome_unknown`` is true where it may have acted on it.

    ``retry_after_seconds`` is how long the venue wants to be left alone, ``None`` where it did not say.
    """

    def __init__(
        self,
        venue: str,
        code: str,
        message: str,
        *,
        outcome_unknown: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.venue, self.code, self.message, self.outcome_unknown = venue, code, message, outcome_unknown
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{venue}: {code}: {message}")


class JournalError(HedgerowError):
    """The journal could not be read or written; nothing that depends on it may go ahead."""


class CaptureError(HedgerowError):
    """A capture could not be made, or a file is not one; names the file."""

    def __init__(self, file: str, problem: str) -> None:
        self.file, self.problem = file, problem
        super().__init__(f"{file}: {problem}")


class LinkClosed(HedgerowError):
    """The engine behind this link has stopped; ``str()`` says why."""
