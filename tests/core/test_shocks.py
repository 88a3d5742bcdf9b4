"""Shocks by name take every asset where they say."""

from __future__ import annotations

import pytest

from core.errors import RequestError
from core.hedged_book import Market
from core.scenario import Outcome, Scenario, run
from core.shocks import FAILURES, HISTORY, LADDER, apply, failure, historical
from tests.core.scenario_books import D, book, isolated, short


@pytest.mark.parametrize("name", [shock.name for shock in HISTORY])
def test_a_historical_shock_ends_where_it_says(name: str) -> None:
    shock, held = historical(name), book(isolated("short", "75000", short("BTC", "2.5")), BTC="5", ETH="10", SOL="9")
    shocked, scenario = apply(shock, held, "BTC", Scenario(days=D(1)))
    assert scenario.path == (1 + shock.moves["BTC"],)
    assert scenario.days == 1
    market = Market(shocked.betas, jumps=scenario.jumps)
    for asset in ("ETH", "SOL"):
        move = shock.moves.get(asset, shock.others)
        if move is None:
            assert shocked.betas[asset] == held.betas[asset]
        else:
            assert abs(market.multiple(asset, scenario.path[0]) - 1 - move) < D("1e-25")
    assert shocked.betas["USDT"] == 0
    assert isinstance(run(shocked, scenario), Outcome)


def test_a_shock_says_when_and_who_says_so() -> None:
    for shock in HISTORY:
        assert shock.when.split()[-1] == shock.name.split("-")[0]
        assert shock.source
        assert all(-1 < move < 0 for move in shock.moves.values())


def test_the_ladder_is_its_percentages() -> None:
    assert [round((point - 1) * 100) for point in LADDER] == [-50, -20, -10, -5, 5, 10, 20, 50, 100]


def test_unknown_names_and_drivers_are_refused() -> None:
    with pytest.raises(RequestError, match="shock"):
        historical("2018-11")
    with pytest.raises(RequestError, match="shock"):
        failure("meteor")
    with pytest.raises(RequestError, match="driver"):
        apply(historical("2020-03"), book(BTC="1"), "SOL", Scenario())
    assert [failure(item.name) for item in FAILURES] == list(FAILURES)
