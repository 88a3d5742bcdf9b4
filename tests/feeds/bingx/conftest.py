"""One simulated BingX a test module, and an account for each test that wants one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from feeds.sim.process import SimulatorProcess, start_simulator
from feeds.venue import Credentials

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """The venue as a process of its own."""
    with start_simulator(venues=["bingx"], seed=7) as running:
        yield running


@pytest.fixture
def account(simulator: SimulatorProcess) -> Iterator[Credentials]:
    """A fresh account, and no faults."""
    name = f"a{next(_numbers)}"
    wallets = {"swap": {"USDT": "100000"}, "coin": {"BTC": "2"}, "spot": {"USDT": "5000", "BTC": "1.5"}}
    opened = simulator.control("open_account", venue="bingx", name=name, wallets=wallets)
    key = next(key for key in opened["api_keys"] if key["permissions"] == "trade")
    yield Credentials(key["key"], key["secret"])
    simulator.control("clear", venue="bingx")
