"""Verdicts: what is missing, old or used up never earns a calm word."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.books import Thresholds
from core.events import ConnectionState
from core.figures import Figure, Freshness, absent, exact, unknown
from core.risk import USED_UP
from core.snapshot import Severity
from tests.tui.samples import BTC, ETH, alert, feed, snapshot
from tui.format import SECOND_NS, Formatter
from tui.words import (
    connection_word,
    cost_verdict,
    distance_verdict,
    hedge_verdict,
    open_alerts,
    safety_of,
    usage_verdict,
    worst_verdict,
)

NOW = 1_790_000_000 * SECOND_NS
SHOW = Formatter(NOW)
LIMITS = Thresholds()
CALM = {"SAFE", "HEDGED", "EARNING", "FREE", "NOTHING AT RISK", "UNHEDGED"}


def of_age(value: str, freshness: Freshness) -> Figure:
    return Figure(value=Decimal(value), freshness=freshness, observed_ns=NOW - 20 * SECOND_NS)


@pytest.mark.parametrize(
    ("distance", "word"),
    [
        ("0.49", "SAFE"), ("0.30", "WATCH"), ("0.2999", "WATCH"), ("0.19", "WARNING"), ("0.11", "DANGER"),
        ("0.05", "CRITICAL"), ("0", "CRITICAL"), ("-0.2", "CRITICAL"),
    ],
)  # fmt: skip
def test_distance_follows_the_books_ladder(distance: str, word: str) -> None:
    assert distance_verdict(SHOW, exact(Decimal(distance)), LIMITS).word == word


@pytest.mark.parametrize(
    ("usage", "word"),
    [
        ("0.01", "SAFE"),
        ("0.5", "WATCH"),
        ("0.7", "WARNING"),
        ("0.8", "DANGER"),
        ("0.95", "CRITICAL"),
        ("3", "CRITICAL"),
    ],
)
def test_usage_follows_the_books_ladder(usage: str, word: str) -> None:
    assert usage_verdict(SHOW, exact(Decimal(usage)), LIMITS).word == word


def test_a_book_with_its_own_ladder_is_judged_by_it() -> None:
    cautious = Thresholds(liquidation_distance=(Decimal("0.9"), Decimal("0.8"), Decimal("0.7"), Decimal("0.6")))
    assert distance_verdict(SHOW, exact(Decimal("0.75")), cautious).word == "WARNING"


@given(st.decimals(min_value=-1, max_value=2, places=4), st.decimals(min_value=-1, max_value=2, places=4))
def test_less_distance_is_never_safer(one: Decimal, other: Decimal) -> None:
    near, far = sorted((one, other))
    ranks = [distance_verdict(SHOW, exact(value), LIMITS).rank for value in (near, far)]
    assert ranks[0] >= ranks[1]


@pytest.mark.parametrize("figure", [unknown("mark price"), of_age("0.5", Freshness.STALE)])
def test_what_is_missing_or_stale_is_blind(figure: Figure) -> None:
    assert distance_verdict(SHOW, figure, LIMITS).word == "BLIND"
    assert usage_verdict(SHOW, figure, LIMITS).word == "BLIND"
    assert hedge_verdict(SHOW, figure, exact(Decimal("0.5")), figure, LIMITS).word == "BLIND"
    assert cost_verdict(SHOW, figure).word == "BLIND"


def test_margin_that_is_used_up_is_critical_although_it_has_no_value() -> None:
    assert usage_verdict(SHOW, absent(USED_UP), LIMITS).word == "CRITICAL"
    assert distance_verdict(SHOW, absent(USED_UP), LIMITS).word == "CRITICAL"


def test_no_position_is_nothing_at_risk() -> None:
    assert distance_verdict(SHOW, absent("no position"), LIMITS).word == "NOTHING AT RISK"


@given(st.sampled_from([Freshness.STALE, Freshness.UNKNOWN]), st.decimals(min_value=0, max_value=1, places=3))
def test_no_figure_is_calm_once_the_engine_is_not_to_be_trusted(trust: Freshness, value: Decimal) -> None:
    show = Formatter(NOW, trust=trust)
    figure = Figure(value=value, observed_ns=NOW)
    assert distance_verdict(show, figure, LIMITS).word not in CALM
    assert usage_verdict(show, figure, LIMITS).word not in CALM
    assert hedge_verdict(show, figure, figure, figure, LIMITS).word not in CALM
    assert cost_verdict(show, figure).word not in CALM


@pytest.mark.parametrize(
    ("ratio", "target", "word", "role"),
    [
        ("0.5", "0.5", "HEDGED", "safe"), ("0.48", "0.5", "HEDGED", "safe"), ("0.45", "0.5", "UNDER-HEDGED", "watch"),
        ("0.3", "0.5", "UNDER-HEDGED", "warning"), ("0.55", "0.5", "OVER-HEDGED", "watch"),
        ("0", "0", "UNHEDGED", "watch"),
    ],
)  # fmt: skip
def test_drift_in_words(ratio: str, target: str, word: str, role: str) -> None:
    one, other = Decimal(ratio), Decimal(target)
    verdict = hedge_verdict(SHOW, exact(one), exact(other), exact(one - other), LIMITS)
    assert (verdict.word, verdict.role) == (word, role)


def test_cost_in_words() -> None:
    assert [cost_verdict(SHOW, exact(Decimal(value))).word for value in (5, -5, 0)] == ["EARNING", "PAYING", "FREE"]


def test_safety_is_the_worse_of_distance_and_usage_and_never_good_without_tiers() -> None:
    blind = snapshot(replace(BTC, missing_tiers=True)).books[0]
    assert safety_of(SHOW, blind.hedges[0], blind).word == "BLIND"
    thin = snapshot(replace(BTC, margin=Decimal(1_000))).books[0]
    assert safety_of(SHOW, thin.hedges[0], thin).word in ("DANGER", "CRITICAL")
    both = snapshot(BTC, replace(ETH, missing_tiers=True)).books[0]
    assert worst_verdict(safety_of(SHOW, hedge, both) for hedge in both.hedges).word == "BLIND"


@pytest.mark.parametrize(
    ("states", "word"),
    [
        ([], "NO FEED"),
        ([ConnectionState.LIVE, ConnectionState.LIVE], "LIVE"),
        ([ConnectionState.LIVE, ConnectionState.DEGRADED], "DEGRADED"),
        ([ConnectionState.LIVE, ConnectionState.RECONNECTING], "RECONNECTING"),
        ([ConnectionState.LIVE, ConnectionState.CLOSED], "CLOSED"),
        ([ConnectionState.SUBSCRIBING], "CONNECTING"),
    ],
)
def test_the_connections_in_one_word(states: list[ConnectionState], word: str) -> None:
    assert connection_word([feed(state=state) for state in states])[0] == word


def test_open_alerts_come_worst_first_and_without_those_that_are_over() -> None:
    alerts = [
        alert("a", Severity.NOTICE, since_ns=5),
        alert("b", Severity.CRITICAL, since_ns=1),
        alert("c", Severity.CRITICAL, since_ns=2),
        alert("d", Severity.CRITICAL, ended_ns=3),
        alert("e", Severity.BLIND),
        alert("f", Severity.ALARM),
    ]
    assert [item.key for item in open_alerts(alerts)] == ["c", "b", "f", "e", "a"]
