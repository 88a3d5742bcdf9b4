"""The scenario screen: what it says in words, at every size, in private, and where something is not known."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.figures import Figure, Freshness, unknown
from core.scenario_view import ScenarioAxis, ScenarioView
from tests.tui.drawing import PlainCanvas, view_of
from tests.tui.piloting import driven
from tests.tui.samples import BTC, FakeLink, scenario_view, snapshot
from tui.layout import Place
from tui.rows import row_width
from tui.scenario_screen import ScenarioScreen, ScenarioText


def text(scenario: ScenarioView | None, width: int = 80, height: int = 80, *, private: bool = False) -> str:
    widget = ScenarioText(PlainCanvas(), "body", "scenarios")
    widget.place = Place(0, 0, width, height)
    rows = widget.lines(view_of(snapshot(scenario=scenario), private=private))
    assert {row_width(row) for row in rows} == {width}
    assert len(rows) == height
    return "\n".join("".join(cell.text for cell in row) for row in rows)


@given(
    st.sampled_from(list(ScenarioAxis)), st.sampled_from([60_000, 75_000]), st.integers(40, 220), st.integers(8, 80),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)  # the first of them reckons the scenarios
def test_it_fits_every_size(axis: ScenarioAxis, price: int, width: int, height: int, private: bool) -> None:
    assert text(scenario_view(axis, price), width, height, private=private).startswith("╭─ scenarios of bitcoin")


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("axis", list(ScenarioAxis))
def test_at_the_usual_widths_nothing_is_cut(width: int, axis: ScenarioAxis) -> None:
    found = text(scenario_view(axis), width)
    assert "…" not in found
    assert "#" not in found


def test_it_says_what_ends_the_book_and_what_mends_it() -> None:
    found = " ".join(text(scenario_view()).replace("│", " ").split())
    assert "a rise of ≈19.4% of BTC, to ≈89,552.24, liquidates account paper" in found
    assert "no fall of BTC liquidates anything" in found
    assert "for 30% add ≈19,968.75 USDT, or close ≈0.870240 BTC (≈34.8%) for a fee of ≈35.90" in found
    safe = " ".join(text(scenario_view(price=60_000)).replace("│", " ").split())
    assert "account paper: ≈49.3% to liquidation if BTC alone moves, more than the 30% wanted" in safe


def test_a_liquidated_shock_and_a_liquidated_cell_say_so_in_words_and_what_is_left() -> None:
    found = text(scenario_view(), 200)
    assert "LIQUIDATED paper at ≈90,223.88" in found
    assert "LOST paper" in found
    assert "L687,500" in found
    assert "L: liquidated on the way, the figure is what is left of the book; hedge ratio now 50.0%" in found
    assert "LIQUIDATED" in text(scenario_view(), 80)


def test_wide_screens_show_every_column_and_narrow_ones_the_first_and_the_last() -> None:
    assert "  55%" in text(scenario_view(), 200)
    narrow = text(scenario_view(), 80)
    assert "  55%" not in narrow
    assert "  0%   10%" in narrow
    assert "100%" in narrow


def test_low_screens_show_every_second_row_of_the_grid() -> None:
    assert text(scenario_view(), 80, 80).count("+45%") == 1
    widget = ScenarioText(PlainCanvas(), "body", "scenarios")
    widget.place = Place(0, 0, 80, 21)
    rows = widget.all_rows(view_of(snapshot(scenario=scenario_view())), 76)
    labels = ["".join(cell.text for cell in row)[:7].strip() for row in rows]
    assert labels.count("+45%") == 0
    assert labels.count("+40%") == 1


def test_private_mode_shows_no_amount() -> None:
    found = text(scenario_view(), 200, private=True)
    for digits in ("537,500", "687,500", "19,968", "0.870240", "35.90", "187,500", "13,053"):
        assert digits not in found, digits
    assert "19.4%" in found


def test_unknown_inputs_are_named_and_no_cell_is_shown() -> None:
    gap = unknown("daily candles of bybit:linear:ETHUSDT", "funding rate")
    blind = ScenarioView(
        book="b", axis=ScenarioAxis.HEDGE, reckoned_ns=0, driver="BTC", price=gap, ground=gap, before=gap, days=30
    )
    found = text(blind)
    assert "BLIND" in found
    assert "needs daily candles of bybit:linear:ETHUSDT; funding rate" in found
    assert "net" not in found


def test_an_unknown_shock_and_an_unknown_cell_are_dashes_that_name_what_is_missing() -> None:
    view = scenario_view()
    assert view.grid is not None
    gap = unknown("a maintenance tier of paper")
    shock = msgspec.structs.replace(view.ladder[-1], net=gap, bag=gap, hedge=gap)
    net = tuple(tuple(None for _ in row) for row in view.grid.net)
    grid = msgspec.structs.replace(view.grid, net=net)
    found = text(msgspec.structs.replace(view, ladder=(shock,), grid=grid, reverse=(
        msgspec.structs.replace(view.reverse[0], move=gap),
    )))  # fmt: skip
    assert "+100%          " in found
    assert "— needs a maintenance tier of paper" in found
    assert "a rise that liquidates is not known without a maintenance tier of paper" in found
    assert "L562" not in found


def test_inputs_that_were_old_are_said_to_be() -> None:
    ground = Figure(value=Decimal(0), freshness=Freshness.STALE)
    assert "inputs were STALE when it was reckoned" in text(msgspec.structs.replace(scenario_view(), ground=ground))


def test_before_the_engine_has_answered_it_says_so() -> None:
    assert "the engine is reckoning" in text(None)


async def test_it_follows_the_engine_while_the_picture_is_frozen() -> None:
    async with driven(FakeLink(BTC), (120, 40)) as it:
        await it.press("space", "s")
        assert isinstance(it.app.screen, ScenarioScreen)
        assert "a rise of" in it.text


async def test_what_is_still_being_reckoned_is_waited_for() -> None:
    async with driven(FakeLink(BTC), (120, 40)) as it:
        await it.press("s")
        screen, whole = it.app.screen, scenario_view()
        assert isinstance(screen, ScenarioScreen)
        waited = []
        for scenario in (None, msgspec.structs.replace(whole, complete=False), whole):
            await it.cut(scenario=scenario)
            waited.append(screen.waiting)
        assert waited == [True, True, False]
