"""A simulated exchange for the tests that want one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.feeds.sim.lines import Served, serving


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving(pins={"BTC": "60000"}) as running:
        yield running
