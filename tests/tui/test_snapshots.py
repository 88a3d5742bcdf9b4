"""Pictures of the monitor with frozen data: a change of any cell must be looked at and agreed to.

``pytest tests/tui/test_snapshots.py --snapshot-update`` takes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from core.snapshot import Severity
from tests.tui.emulated import quiet_display
from tests.tui.samples import BTC, ETH, FakeLink, alert, degraded_feed, feed
from tui.app import HedgerowApp

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TEXTUAL_COLOR_SYSTEM", "truecolor")


def seed() -> HedgerowApp:
    return HedgerowApp(FakeLink(), quiet_display())


def troubled() -> HedgerowApp:
    link = FakeLink(replace(BTC, margin=Decimal(13_000), target=Decimal("0.65")), ETH)
    link.cut(
        alerts=(alert(severity=Severity.WARNING, text="BTCUSDT liquidation distance 7.7% is under 12%"),),
        feeds=(feed("spot"), degraded_feed()),
    )
    return HedgerowApp(link, quiet_display())


def test_the_seeds_book_at_80x24(snap_compare: Compare) -> None:
    assert snap_compare(seed(), terminal_size=(80, 24))


def test_two_hedges_in_trouble_at_120x40(snap_compare: Compare) -> None:
    assert snap_compare(troubled(), terminal_size=(120, 40))


def test_an_order_preview_at_80x24(snap_compare: Compare) -> None:
    app = HedgerowApp(FakeLink(replace(BTC, target=Decimal("0.6"))), quiet_display())
    assert snap_compare(app, press=["enter"], terminal_size=(80, 24))


def test_typing_a_mark_price_at_80x24(snap_compare: Compare) -> None:
    app = HedgerowApp(FakeLink(replace(BTC, typed=True)), quiet_display())
    assert snap_compare(app, press=["e", *"6600"], terminal_size=(80, 24))


def test_the_seeds_book_without_colours(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(seed(), terminal_size=(80, 24))


def test_the_profit_by_cause_at_80x24(snap_compare: Compare) -> None:
    assert snap_compare(seed(), press=["9", "m"], terminal_size=(80, 24))


def test_the_profit_by_cause_beside_the_hedges_share_at_120x40(snap_compare: Compare) -> None:
    assert snap_compare(troubled(), press=["9"], terminal_size=(120, 40))


def disputed() -> HedgerowApp:
    legs = (replace(BTC, venue_price=Decimal(91_500), account_end=Decimal(70_000)),)
    return HedgerowApp(FakeLink(*legs), quiet_display())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_disputed_liquidation_price(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(disputed(), terminal_size=size)


def test_the_margin_panel_alone_at_80x24(snap_compare: Compare) -> None:
    assert snap_compare(disputed(), press=["3"], terminal_size=(80, 24))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_scenarios(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(seed(), press=["s"], terminal_size=size)


def test_the_grid_of_scenarios_at_80x24(snap_compare: Compare) -> None:
    assert snap_compare(seed(), press=["s", "b", "down", "down"], terminal_size=(80, 24))


ASK_WHY = ["w", *["j"] * 17, "enter"]
"""Open the list of the hedge's figures, go down to its distance to liquidation, and explain that."""


def test_why_the_distance_to_liquidation_at_80x24(snap_compare: Compare) -> None:
    assert snap_compare(seed(), press=ASK_WHY, terminal_size=(80, 24))


def test_why_the_distance_to_liquidation_at_120x40(snap_compare: Compare) -> None:
    assert snap_compare(seed(), press=ASK_WHY, terminal_size=(120, 40))
