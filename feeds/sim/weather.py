"""A random sequence of faults by seed, one after another at every venue: bad weather, the same each time.

When what strikes whom follows from the seed and the steps of the market alone. Weather harms lines, answers and prices'
freshness and no account: it liquidates nobody and changes no terms. Each fault lasts some seconds and then everything
at its venue is cleared, faults injected by hand included.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from feeds.sim.fault import Parameters
from feeds.sim.faults import inject
from feeds.sim.market import STEPS_PER_SECOND
from feeds.sim.venue import SimVenue

if TYPE_CHECKING:
    from feeds.sim.simulator import Simulator

STRUCK_KEPT = 200
SHORTEST_SECONDS, LONGEST_SECONDS = 2, 8

Draw = Callable[[random.Random, SimVenue], Parameters]


def _plain(_: random.Random, __: SimVenue) -> Parameters:
    return {}


def _frames(generator: random.Random, _: SimVenue) -> Parameters:
    return {"frames": generator.randint(1, 20)}


def _milliseconds(generator: random.Random, _: SimVenue) -> Parameters:
    return {"milliseconds": generator.randint(100, 2_000)}


def _listing(generator: random.Random, venue: SimVenue) -> Parameters:
    there = [name for name in venue.exchange.listings if venue.exchange.find(*name) is not None]
    category, symbol = generator.choice(there)
    return {"category": category, "symbol": symbol}


def _limit(generator: random.Random, venue: SimVenue) -> Parameters:
    return {"status": generator.choice(venue.limit_statuses)}


KINDS: dict[str, Draw] = {
    "drop": _plain,
    "refuse": lambda generator, _: {"seconds": generator.randint(1, 5)},
    "silent": _plain,
    "half_open": _plain,
    "acks_only": _plain,
    "garbage": _frames,
    "gap": _frames,
    "duplicate": _frames,
    "reorder": _frames,
    "freeze": _plain,
    "stale": _listing,
    "delay_private": _milliseconds,
    "lose_private": lambda generator, _: {"events": generator.randint(1, 5)},
    "lose_answers": lambda generator, _: {"count": 1, "cut": generator.random() < 0.5},
    "delay_answers": _milliseconds,
    "skew": lambda generator, _: {"milliseconds": generator.choice((-20_000, -3_000, 3_000, 20_000))},
    "limit_rate": _limit,
    "resnapshot": _plain,
    "expire_listen_keys": _plain,
}


class Weather:
    """Strikes faults on a simulator as it steps. ``struck`` is what it did lately, newest last, by step number."""

    def __init__(self, simulator: Simulator, seed: int, mean_seconds: int) -> None:
        self.struck: list[Parameters] = []
        self._simulator = simulator
        self._mean_steps = mean_seconds * STEPS_PER_SECOND
        self._generator = random.Random(f"{seed}/weather")
        self._ends: dict[str, int] = {}
        self._steps = 0
        self._next = self._pause()

    def step(self) -> None:
        """Make what is due at this step."""
        self._steps += 1
        for venue in [name for name, end in self._ends.items() if end <= self._steps]:
            del self._ends[venue]
            self._apply({"fault": "clear", "venue": venue})
        if self._steps >= self._next:
            self._next = self._steps + self._pause()
            self._strike()

    def _strike(self) -> None:
        generator = self._generator
        venue = generator.choice(list(self._simulator.venues.values()))
        kind = generator.choice([name for name in KINDS if _has(venue, name)])
        seconds = generator.uniform(SHORTEST_SECONDS, LONGEST_SECONDS)
        self._ends[venue.name] = self._steps + round(seconds * STEPS_PER_SECOND)
        self._apply({"fault": kind, "venue": venue.name, **KINDS[kind](generator, venue)})

    def _apply(self, parameters: Parameters) -> None:
        self.struck = [*self.struck[-STRUCK_KEPT + 1 :], {"step": self._steps, **parameters}]
        inject(self._simulator, parameters)

    def _pause(self) -> int:
        return max(1, round(self._generator.expovariate(1 / self._mean_steps)))


def _has(venue: SimVenue, kind: str) -> bool:
    if kind == "limit_rate":
        return bool(venue.limit_statuses)
    optional = kind in ("resnapshot", "expire_listen_keys")
    return not optional or kind in venue.offers
