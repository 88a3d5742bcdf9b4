"""What a statistic is where there are too few observations for it."""

from __future__ import annotations

import msgspec


class Insufficient(msgspec.Struct, frozen=True):
    """A statistic that cannot be known yet: ``needed`` observations of ``what``, ``found`` so many. It is not zero."""

    what: str
    needed: int
    found: int

    def __str__(self) -> str:
        return f"insufficient data: {self.needed} {self.what} needed, {self.found} found"
