"""What is made to go wrong on a venue's REST side."""

from __future__ import annotations

import msgspec


class RestFaults(msgspec.Struct):
    """What is made to go wrong on REST."""

    lost_answers: int = 0
    """So many order requests to come are carried out and answered as if their fate were unknown."""
    cut: bool = False
    """The lost answer is a cut connection instead of an error body."""
    skew_ms: int = 0
    """How far the venue's clock is ahead of ours."""
