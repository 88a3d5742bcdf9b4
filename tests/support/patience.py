"""How long tests wait for what has to happen."""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 60.0
"""Seconds after which what has to happen is taken not to happen at all. Waiting costs nothing where it does happen, and
a machine that is busy with other tests must never be the reason that it seems not to."""
