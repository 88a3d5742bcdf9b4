"""One simulator a test module, and independent clients pointed at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from feeds.sim.process import SimulatorProcess, start_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """A simulated exchange as a process of its own, as any outside client would meet it."""
    with start_simulator(seed=5) as running:
        yield running
