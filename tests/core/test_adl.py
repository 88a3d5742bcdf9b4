from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adl import Queued, closed_by_force, place, position_score
from tests.core.money import decimals

BITMEX = {"1": (3, 10), "2": (6, 10), "3": (1, 20), "4": (4, 30), "5": (5, 20), "6": (2, 10)}
"""Account: score and size. BitMEX, example of auto-deleveraging and the ranking system."""

ZUBR = [
    ("0.10", "4", 5),
    ("0.05", "0.5", 10),
    ("0.20", "1.2", 7),
    ("0.05", "10", 3),
    ("0.15", "2", 6),
    ("0.03", "4", 8),
    ("0.12", "5", 2),
    ("0.06", "0.8", 9),
    ("0.11", "11", 1),
    ("0.07", "6", 4),
]
"""Profit ratio, leverage and order of ten clients. help.zubr.io, auto-deleverage ranking example."""

QUEUES = st.lists(st.tuples(decimals("-2", "5", 3), decimals("0.001", "100", 3)), max_size=12)


def others(account: str) -> list[Queued]:
    queue = [(score, size) for name, (score, size) in BITMEX.items() if name != account]
    return [Queued(score=Decimal(score), quantity=Decimal(size)) for score, size in queue]


@pytest.mark.parametrize(("account", "fifth"), [("2", 1), ("5", 2), ("4", 3), ("1", 4), ("6", 4), ("3", 5)])
def test_bitmex_ranks_six_longs_by_contracts(account: str, fifth: int) -> None:
    score, size = BITMEX[account]
    found = place(Decimal(score), Decimal(size), others(account))
    assert found.lights == 6 - fifth
    assert found.rank == 7 - score


@pytest.mark.parametrize(("account", "closed"), [("2", 10), ("5", 10), ("4", 0), ("3", 0)])
def test_bitmex_hands_a_short_of_twenty_to_the_first_two(account: str, closed: int) -> None:
    score, size = BITMEX[account]
    ahead = place(Decimal(score), Decimal(size), others(account)).ahead
    assert ahead is not None
    assert closed_by_force(Decimal(size), ahead, Decimal(20)) == closed


def test_zubr_ranks_ten_clients_by_profit_times_leverage() -> None:
    scores = [position_score(Decimal(ratio), Decimal(times)) for ratio, times, _ in ZUBR]
    for index, (_, _, order) in enumerate(ZUBR):
        queue = [Queued(score=score) for at, score in enumerate(scores) if at != index]
        found = place(scores[index], None, queue)
        assert found.rank == order
        assert (found.ahead, found.percentile) == (None, Decimal(order) / 10)


@given(decimals("-3", "5", 3), decimals("0.001", "100", 3), QUEUES, decimals("0", "1000", 3))
def test_what_is_taken_is_taken_from_the_front_and_never_more_than_is_held(
    score: Decimal, quantity: Decimal, queue: list[tuple[Decimal, Decimal]], taken: Decimal
) -> None:
    """Over the whole queue it adds up to what is handed down, or to all of it."""
    positions = [(score, quantity), *((each, size) for each, size in queue if each != score)]
    scores = {each for each, _ in positions}
    positions = [next(pair for pair in positions if pair[0] == each) for each in sorted(scores)]
    total = Decimal(0)
    for each, size in positions:
        rest = [Queued(score=other, quantity=held) for other, held in positions if other != each]
        found = place(each, size, rest)
        assert found.ahead is not None
        assert 0 < found.percentile <= 1
        assert 1 <= found.lights <= 5
        total += closed_by_force(size, found.ahead, taken)
    assert total == min(taken, sum(size for _, size in positions))


@given(decimals("0.001", "5", 3), decimals("1", "100", 2), decimals("0.01", "10", 2))
def test_leverage_brings_a_gain_forward_and_a_loss_back(ratio: Decimal, leverage: Decimal, more: Decimal) -> None:
    assert position_score(ratio, leverage + more) > position_score(ratio, leverage)
    assert position_score(-ratio, leverage + more) > position_score(-ratio, leverage)
    assert position_score(Decimal(0), leverage) == 0
