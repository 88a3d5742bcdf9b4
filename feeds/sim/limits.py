"""Rolling request limits, as every venue keeps them in one form or another."""

from __future__ import annotations

from collections import deque


class RollingLimits:
    """How often something was asked in the last so many seconds, by key."""

    def __init__(self) -> None:
        self._asked: dict[str, deque[int]] = {}

    def take(self, key: str, limit: int, seconds: float, now_ms: int) -> tuple[bool, int, int]:
        """Count one request: whether it is allowed, how many are left, and when (ms) the oldest is forgotten."""
        asked = self._asked.setdefault(key, deque())
        horizon = now_ms - int(seconds * 1000)
        while asked and asked[0] <= horizon:
            asked.popleft()
        allowed = len(asked) < limit
        if allowed:
            asked.append(now_ms)
        reset = (asked[0] if asked else now_ms) + int(seconds * 1000)
        return allowed, limit - len(asked), reset
