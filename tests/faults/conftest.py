"""Accounts at simulated venues, in one kind of contract."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from feeds.sim.process import SimulatorProcess, start_simulator
from tests.support.kept import HELD_AT, Desk, Kind
from tests.support.own_account import Own


@pytest.fixture(scope="module")
def simulated(request: pytest.FixtureRequest) -> Iterator[tuple[str, SimulatorProcess]]:
    """One simulated venue, its prices held; see :func:`tests.support.kept.every`."""
    name: str = request.param
    with start_simulator(venues=[name], pins={"BTC": HELD_AT, "ETH": Decimal(3_000)}) as simulator:
        yield name, simulator


@pytest.fixture
def own(simulated: tuple[str, SimulatorProcess], kind: Kind) -> Iterator[Own]:
    """A fresh account, and no faults."""
    venue, simulator = simulated
    yield Own(Desk(venue, simulator, kind))
    simulator.control("clear")
