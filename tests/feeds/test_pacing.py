"""Delays between attempts: capped, jittered, limited a minute, begun again only on proof."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from feeds.pacing import Pacing
from feeds.timing import DEFAULT_TIMING

NS = 1_000_000_000


def pacing(seed: int = 1, attempts: int = 12) -> Pacing:
    return Pacing(
        first_seconds=1.0, cap_seconds=30.0, attempts=attempts, window_seconds=60.0, chance=random.Random(seed)
    )


@given(st.integers(0, 2**32), st.integers(1, 200))
def test_no_delay_is_longer_than_the_cap_or_than_its_turn_allows(seed: int, turns: int) -> None:
    delays = pacing(seed)
    for turn in range(turns):
        assert 0 <= delays.delay_seconds(0) <= min(30.0, 2.0**turn)


@given(st.integers(0, 2**32))
def test_never_more_attempts_in_a_window_than_allowed(seed: int) -> None:
    """Whatever fails, and however the dice fall: simulated over an hour of instant failures."""
    delays, now_ns, times = pacing(seed), 0, []
    while now_ns < 3600 * NS:
        delays.attempted(now_ns)
        times.append(now_ns)
        now_ns += round(delays.delay_seconds(now_ns) * NS)
    for earlier, later in zip(times, times[12:], strict=False):
        assert later - earlier >= 60 * NS - 1
    assert len(times) > 60, "and it never gives up"


def test_the_jitter_is_full_so_clients_that_lost_one_server_spread_out() -> None:
    firsts = []
    for seed in range(200):
        delays = pacing(seed)
        for _ in range(4):
            delays.delay_seconds(0)
        firsts.append(delays.delay_seconds(0))
    assert min(firsts) < 2
    assert max(firsts) > 14


def test_reset_starts_the_delays_again_but_not_the_limit() -> None:
    delays = pacing(attempts=3)
    for _ in range(3):
        delays.attempted(0)
        delays.delay_seconds(0)
    delays.reset()
    assert delays.failures == 0
    assert delays.delay_seconds(10 * NS) == 50.0
    assert delays.seconds_until_allowed(70 * NS) == 0.0


def test_a_venue_that_asks_for_more_gets_more() -> None:
    assert pacing().delay_seconds(0, at_least=120.0) == 120.0


def test_the_production_limits_are_a_venue_s() -> None:
    """Binance allows 300 connects in five minutes from an address, Bybit 500: twelve connections must fit."""
    assert DEFAULT_TIMING.attempts * 5 * 4 <= 300
