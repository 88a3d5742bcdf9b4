"""One simulated MEXC a test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from feeds.sim.process import SimulatorProcess, start_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """The venue as a process of its own, as any outside client would meet it; faults end with each test."""
    with start_simulator(venues=["mexc"], seed=7) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_fault_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "simulator" in request.fixturenames:
        running: SimulatorProcess = request.getfixturevalue("simulator")
        running.control("clear", venue="mexc")
