"""The protocol between an engine and whoever watches it: snapshots one way, commands the other.

The view never shares an object that the engine still changes, so that the same protocol can be carried by a queue
between threads today and a Unix socket tomorrow.
"""

from __future__ import annotations

from typing import Protocol

from core.commands import AnyCommand
from core.snapshot import Snapshot


class EngineLink(Protocol):
    """A view's end of the link. Neither method blocks."""

    def latest(self) -> Snapshot | None:
        """The newest snapshot, or ``None`` before the first. Raises LinkClosed if the engine has died."""
        ...

    def send(self, command: AnyCommand) -> None:
        """Hand a command to the engine; its effect shows in a later snapshot."""
        ...
