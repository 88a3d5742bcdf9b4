"""What was worked out last time, for as long as it is made of the very same things.

Inputs are compared by identity: they are immutable, and an equal number written with other digits is another number
to whoever reads it. While somebody records how a figure comes about nothing is taken from here: no step is left out.
"""

from __future__ import annotations

from collections.abc import Hashable
from operator import is_
from typing import Generic, TypeVar

from core.explain import is_recording

_Result = TypeVar("_Result")


class Memo(Generic[_Result]):
    """The newest result of each key, with what it was made of."""

    __slots__ = ("_results",)

    def __init__(self) -> None:
        self._results: dict[Hashable, tuple[tuple[object, ...], _Result]] = {}

    def get(self, key: Hashable, inputs: tuple[object, ...]) -> _Result | None:
        """The result of ``key``, if it was made of these inputs."""
        kept = self._results.get(key)
        if kept is None or len(kept[0]) != len(inputs) or not all(map(is_, kept[0], inputs)) or is_recording():
            return None
        return kept[1]

    def put(self, key: Hashable, inputs: tuple[object, ...], result: _Result) -> _Result:
        """Keep a result of ``key``, made of these inputs, in place of the one before; the result."""
        self._results[key] = (inputs, result)
        return result
