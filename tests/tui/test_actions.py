"""Every action of the registry does what its description says, from the key that it names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from core.commands import (
    AcknowledgeAlerts,
    ClearAnchor,
    ConfirmStage,
    Explain,
    HideScenarios,
    SetAnchor,
    ShowScenarios,
    StageHedge,
    StepTarget,
    TypeMark,
    UndoTarget,
)
from core.scenario_view import ScenarioAxis
from core.snapshot import Severity
from tests.tui.piloting import Driven, driven
from tests.tui.samples import BTC, ETH, FakeLink, alert
from tui.actions import (
    ACTIONS,
    ALERTS,
    BY_ID,
    EVERYWHERE,
    HELP,
    MONITOR,
    PALETTE,
    PREVIEW,
    SCENARIOS,
    WHY,
    hints,
    key_label,
    keys_label,
    keys_table,
)
from tui.help import help_rows
from tui.layout import PANEL_NAMES
from tui.mark_screen import MarkScreen
from tui.palette import PaletteScreen
from tui.scenario_screen import ScenarioScreen
from tui.screens import AlertsScreen, HelpScreen, PreviewScreen
from tui.why_screen import WhyScreen

Check = Callable[[Driven, str], Awaitable[None]]
CHECKS: dict[str, Check] = {}
BTC_ID = "bybit:linear:BTCUSDT"


def checks(*names: str) -> Callable[[Check], Check]:
    """Register the check of these actions."""

    def register(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(names, check))
        return check

    return register


def a_link() -> FakeLink:
    link = FakeLink(replace(BTC, target=Decimal("0.6")), ETH)
    link.alerts = (alert("one", Severity.ALARM, acknowledged=True), alert("two", Severity.WARNING))
    link.cut()
    return link


@pytest.mark.parametrize("action", [action.id for action in ACTIONS])
async def test_the_key_does_what_the_help_says(action: str) -> None:
    for key in BY_ID[action].keys:
        async with driven(a_link(), (120, 40)) as it:
            await CHECKS[action](it, key)


def test_every_action_has_a_check_and_no_check_is_left_over() -> None:
    assert set(CHECKS) == {action.id for action in ACTIONS}


# --- the target and the order ------------------------------------------------------------------------------------


@checks("target_up", "target_down", "target_up_fine", "target_down_fine")
async def steps_the_target(it: Driven, key: str) -> None:
    step = {"plus": "0.05", "equals_sign": "0.05", "minus": "-0.05", "right_square_bracket": "0.01"}.get(key, "-0.01")
    await it.press(key)
    assert it.link.commands == [StepTarget(book="seed", instrument=BTC_ID, step=Decimal(step))]
    assert f"{60 + 100 * Decimal(step):.1f}%" in it.text


@checks("undo_target")
async def undoes(it: Driven, key: str) -> None:
    await it.press("plus", key)
    assert it.link.commands[-1] == UndoTarget(book="seed")
    assert it.link.legs[0].target == Decimal("0.6")


@checks("measure", "clear_anchor")
async def measures_from_here_and_no_longer(it: Driven, key: str) -> None:
    await it.press("9")
    assert "m sets it" in it.text
    await it.press("m")
    assert it.link.commands == [SetAnchor(book="seed")]
    assert "m sets it" not in it.text
    if key == "M":
        await it.press(key)
        assert it.link.commands[-1] == ClearAnchor(book="seed")
        assert "m sets it" in it.text


@checks("stage")
async def stages(it: Driven, key: str) -> None:
    await it.press(key)
    assert it.link.commands == [StageHedge(book="seed", instrument=BTC_ID)]
    assert isinstance(it.app.screen, PreviewScreen)
    assert "SELL 0.5 BTC" in it.text


@checks("select_next", "select_previous")
async def selects(it: Driven, key: str) -> None:
    await it.press("down")
    assert "▸ ETH" in it.text
    if key in ("up", "k"):
        await it.press(key)
        assert "▸ BTC" in it.text
    elif key == "j":
        await it.press("up", key)
        assert "▸ ETH" in it.text
    await it.press("plus")
    assert it.link.commands[-1].instrument.endswith("BTCUSDT" if key in ("up", "k") else "ETHUSDT")  # type: ignore[union-attr]


@checks("send")
async def sends(it: Driven, key: str) -> None:
    await it.press("enter", key)
    assert isinstance(it.link.commands[-1], ConfirmStage)
    assert it.link.orders[0].paper
    assert not isinstance(it.app.screen, PreviewScreen)
    assert "paper order filled" in it.text


@checks("cancel")
async def cancels(it: Driven, key: str) -> None:
    await it.press("enter", key)
    assert it.commands == ["StageHedge", "CancelStage"]
    assert not isinstance(it.app.screen, PreviewScreen)
    assert it.app.return_code is None


@checks("preview_private")
async def hides_amounts_in_the_preview(it: Driven, key: str) -> None:
    await it.press("enter", key)
    assert "SELL •••••" in it.text
    await it.press(key)
    assert "SELL 0.5 BTC" in it.text


@checks("type_mark", "take_mark", "typing_close")
async def types_a_mark(it: Driven, key: str) -> None:
    await it.press("e")
    assert it.on_monitor, "the venue tells this one"
    assert "is not typed: it is the venue’s own" in it.text
    it.link.legs[0] = replace(it.link.legs[0], typed=True)
    await it.cut()
    await it.press("e")
    assert isinstance(it.app.screen, MarkScreen)
    assert "60,012.30" in it.text
    await it.press(*"6x1-000.55", "backspace")
    assert "61000.5_" in it.text
    assert "+1.65%" in it.text
    assert "look again" not in it.text
    await it.press("escape" if key == "escape" else "enter")
    assert it.on_monitor
    typed = TypeMark(instrument=BTC_ID, price=Decimal("61000.5"))
    assert it.link.commands == ([] if key == "escape" else [typed])
    assert ("61,000.50" in it.text) is (key != "escape")


async def test_what_is_typed_must_be_a_price_and_one_far_away_is_marked() -> None:
    async with driven(FakeLink(replace(BTC, typed=True))) as it:
        await it.press("e")
        for typed in ("", "0", ".", "1.2.3"):
            await it.press(*typed, "enter")
            assert isinstance(it.app.screen, MarkScreen)
            assert "Type a price above 0" in it.text
            await it.press(*["backspace"] * 5)
        await it.press(*"6001")
        assert "far from the mark held: look again" in it.text
        await it.press(*"2", "y", "q", "plus")
        assert "60012_" in it.text
        assert "look again" not in it.text
        assert it.link.commands == []


async def test_no_mark_is_typed_into_a_frozen_picture() -> None:
    async with driven(FakeLink(replace(BTC, typed=True))) as it:
        await it.press("space", "e")
        assert it.on_monitor
        assert "press space first" in it.text


# --- the picture -------------------------------------------------------------------------------------------------


@checks("freeze")
async def freezes(it: Driven, key: str) -> None:
    await it.press(key)
    before = it.link.legs[0].mark
    it.link.legs[0] = replace(it.link.legs[0], mark=Decimal("70000"))
    await it.cut()
    assert "FROZEN" in it.text
    assert f"{before:,.2f}" in it.text
    await it.press(key)
    assert "FROZEN" not in it.text
    assert "70,000.00" in it.text


@checks(*(f"zoom_{name}" for name in PANEL_NAMES.values()))
async def zooms(it: Driven, key: str) -> None:
    title = f" {key} "
    await it.press(key)
    assert it.text.count("─ ") < 20
    assert title in it.text
    others = [number for number in PANEL_NAMES if str(number) != key]
    assert not any(f"╭─ {number} " in it.text for number in others)
    await it.press(key)
    assert sum(f"╭─ {number} " in it.text for number in PANEL_NAMES) >= 7


@checks("overview")
async def shows_all(it: Driven, key: str) -> None:
    await it.press("3", key)
    assert "╭─ 2 hedge" in it.text
    assert it.app.return_code is None


@checks("zoom_down", "zoom_up")
async def reads_on_in_a_panel_that_is_alone(it: Driven, key: str) -> None:
    await it.pilot.resize_terminal(80, 24)
    await it.press("3")
    top = it.text
    await it.press("pagedown")
    assert it.text != top
    if key == "pageup":
        await it.press(key)
        assert it.text == top


@checks("focus_next", "focus_previous", "zoom_focused")
async def marks_and_zooms(it: Driven, key: str) -> None:
    await it.press(key if key != "z" else "tab")
    focused = [name for name, part in it.app.monitor.parts.items() if getattr(part, "focused_panel", False)]
    assert focused == ["feeds" if key == "shift+tab" else "bag"]
    await it.press("z")
    assert it.app.monitor.zoomed == focused[0]
    await it.press("z")
    assert it.app.monitor.zoomed == ""


@checks("private")
async def hides_amounts(it: Driven, key: str) -> None:
    value = "300,007.75"
    assert value in it.text
    await it.press(key)
    assert value not in it.text
    assert "PRIVATE" in it.text
    await it.press(key)
    assert value in it.text


@checks("slower", "faster")
async def changes_the_rate(it: Driven, key: str) -> None:
    it.app.set_refresh(2.0)
    await it.press(key)
    assert it.app.picture.refresh_hz == (1.0 if key == "greater_than_sign" else 4.0)
    assert "times a second" in it.text


@checks("theme")
async def changes_colours(it: Driven, key: str) -> None:
    seen = set()
    for _ in range(4):
        seen.add((it.app.theme, str(it.app.role_styles["text"])))
        await it.press(key)
    assert len(seen) == 4


# --- scenarios ---------------------------------------------------------------------------------------------------


@checks("scenarios")
async def shows_scenarios(it: Driven, key: str) -> None:
    await it.press(key)
    assert isinstance(it.app.screen, ScenarioScreen)
    assert it.link.commands == [ShowScenarios(book="seed")]
    assert "a rise of ≈19.4% of BTC, to ≈89,552.24, liquidates account paper" in it.text


@checks("scenarios_hedge", "scenarios_basis", "scenarios_funding")
async def changes_the_axis(it: Driven, key: str) -> None:
    await it.press("s", key)
    axis = next(axis for axis in ScenarioAxis if axis.name[0].lower() == key)
    assert it.link.commands[-1] == ShowScenarios(book="seed", axis=axis)


@checks("scenarios_again")
async def reckons_again_along_the_same_axis(it: Driven, key: str) -> None:
    await it.press("s", "b", key)
    assert it.link.commands[-2:] == [ShowScenarios(book="seed", axis=ScenarioAxis.BASIS)] * 2


@checks("scenarios_down", "scenarios_up")
async def reads_on(it: Driven, key: str) -> None:
    await it.press("s")
    first = it.text
    await it.press("down" if key in ("up", "k", "pageup") else key)
    assert it.text != first
    if key in ("up", "k", "pageup"):
        await it.press(key)
        assert it.text == first


@checks("scenarios_private")
async def hides_amounts_in_the_scenarios(it: Driven, key: str) -> None:
    await it.press("s")
    assert "537,500" in it.text
    await it.press(key)
    assert "537,500" not in it.text
    assert "L•••" in it.text


@checks("scenarios_close")
async def closes_the_scenarios(it: Driven, key: str) -> None:
    await it.press("s", key)
    assert it.on_monitor
    assert it.link.commands[-1] == HideScenarios()
    assert it.app.return_code is None


# --- alerts and feeds --------------------------------------------------------------------------------------------


@checks("acknowledge")
async def acknowledges_the_worst_waiting(it: Driven, key: str) -> None:
    await it.press(key)
    assert it.link.commands == [AcknowledgeAlerts(key="two")]
    await it.press(key)
    assert it.commands == ["AcknowledgeAlerts"]
    assert "No alert is waiting" in it.text


@checks("alert_list")
async def lists_alerts(it: Driven, key: str) -> None:
    await it.press(key)
    assert isinstance(it.app.screen, AlertsScreen)
    assert "ALARM" in it.text
    assert "WARNING" in it.text


@checks("alert_down", "alert_up", "acknowledge_this")
async def chooses_and_acknowledges(it: Driven, key: str) -> None:
    await it.press("A")
    if key in ("up", "k"):
        await it.press("down", key)
        assert it.app.selected_alert is not None
        assert it.app.selected_alert.key == "one"
        return
    await it.press("down" if key in ("a", "enter") else key)
    assert it.app.selected_alert is not None
    assert it.app.selected_alert.key == "two"
    await it.press(key if key in ("a", "enter") else "a")
    assert it.link.commands == [AcknowledgeAlerts(key="two")]


@checks("acknowledge_all")
async def acknowledges_all(it: Driven, key: str) -> None:
    await it.press("A", key)
    assert it.link.commands == [AcknowledgeAlerts()]
    assert all(item.acknowledged for item in it.link.alerts)


@checks("alerts_close")
async def closes_the_list(it: Driven, key: str) -> None:
    await it.press("A", key)
    assert it.on_monitor
    assert it.app.return_code is None


@checks("resync")
async def reopens(it: Driven, key: str) -> None:
    await it.press(key)
    assert it.commands == ["Resync"]


# --- the program -------------------------------------------------------------------------------------------------


@checks("palette", "palette_run", "palette_up", "palette_down", "palette_close")
async def finds_commands(it: Driven, key: str) -> None:
    opener = key if key in ("colon", "ctrl+p") else "ctrl+p"
    await it.press(opener)
    assert isinstance(it.app.screen, PaletteScreen)
    if key in ("escape", "ctrl+p") and opener == key == "ctrl+p":
        await it.press(key)
        assert it.on_monitor
        return
    await it.press(*"target")
    await it.press("down" if key != "ctrl+n" else key)
    assert it.app.screen.chosen is BY_ID["target_down"]
    await it.press("up", "enter") if key == "up" else await it.press("escape" if key == "escape" else "enter")
    assert it.on_monitor
    assert it.commands == ([] if key == "escape" else ["StepTarget"])


@checks("help", "help_down", "help_up", "help_close")
async def shows_help(it: Driven, key: str) -> None:
    await it.press("question_mark")
    assert isinstance(it.app.screen, HelpScreen)
    first = it.text
    await it.press("down" if key in ("up", "k", "pageup", "escape", "q", "question_mark") else key)
    assert it.text != first
    if key in ("up", "k", "pageup"):
        await it.press(key)
        assert it.text == first
    elif key in ("escape", "q", "question_mark"):
        await it.press(key)
        assert it.on_monitor
        assert it.app.return_code is None


@checks("redraw")
async def redraws(it: Driven, key: str) -> None:
    before = it.text
    await it.press(key)
    assert it.text == before
    await it.press("question_mark", key)
    assert isinstance(it.app.screen, HelpScreen)


@checks("quit")
async def quits(it: Driven, key: str) -> None:
    await it.press(key)
    assert it.app.return_code == 0


@checks("quit_now")
async def quits_from_anywhere(it: Driven, key: str) -> None:
    await it.press("colon", "a", key)
    assert it.app.return_code == 0


# --- why this number ---------------------------------------------------------------------------------------------

DISTANCE = f"books/seed/hedges/{BTC_ID}/liquidation_distance"


async def opened(it: Driven, name: str = "distance to liquidation") -> None:
    """The list of figures of the hedge, with this one selected."""
    await it.press("w")
    for _ in range(40):
        if f"▸ BTC          {name} " in it.text:
            return
        await it.press("down")
    raise AssertionError(f"{name} is not listed")


@checks("why", "why_close")
async def lists_the_figures_of_the_hedge(it: Driven, key: str) -> None:
    await it.press("w")
    assert isinstance(it.app.screen, WhyScreen)
    assert "why: hedge" in it.text
    assert "average entry price" in it.text
    await it.press(key)
    assert it.on_monitor
    assert it.app.return_code is None


@checks("why_down", "why_up")
async def moves_among_figures(it: Driven, key: str) -> None:
    await it.press("w", "down", "down" if key in ("up", "k") else key)
    assert "▸ BTC          average entry price" in it.text
    if key in ("up", "k"):
        await it.press(key)
        assert "▸ BTC          delta" in it.text


@checks("why_enter")
async def explains_and_drills_down(it: Driven, key: str) -> None:
    await opened(it)
    await it.press(key)
    assert it.link.commands[-1] == Explain(path=DISTANCE)
    assert "(liquidation_price - mark_price) / mark_price" in it.text
    await it.press("down", key)
    assert it.link.commands[-1] == Explain(path=DISTANCE.replace("liquidation_distance", "mark_price"))
    assert "why: mark_price ‹ liquidation_distance" in it.text
    assert "channel tickers.BTCUSDT" in it.text
    await it.press(key)
    assert len(it.link.commands) == 2
    assert "Nothing further to ask here" in it.text


@checks("why_back")
async def goes_back(it: Driven, key: str) -> None:
    await opened(it)
    await it.press("enter", "down", "enter", key)
    assert it.link.commands[-1] == Explain(path=DISTANCE)
    assert "▸ mark_price" in it.text
    await it.press(key)
    assert it.link.commands[-1] == Explain()
    assert "▸ BTC          distance to liquidation" in it.text
    await it.press(key)
    assert it.on_monitor
    assert it.app.return_code is None


@checks("why_page_down", "why_page_up")
async def reads_the_explanation_on(it: Driven, key: str) -> None:
    await it.pilot.resize_terminal(80, 14)
    await opened(it)
    await it.press("enter")
    assert "rule " not in it.text
    await it.press("pagedown", "pagedown")
    assert "rule " in it.text
    if key == "pageup":
        await it.press(key, key)
        assert "formula" in it.text


@checks("why_private")
async def hides_amounts_in_explanations(it: Driven, key: str) -> None:
    await opened(it)
    await it.press("enter")
    assert "74,219.09625" in it.text
    await it.press(key)
    assert "74,219.09625" not in it.text
    assert "89,552.238806" in it.text


async def test_leaving_an_explanation_tells_the_engine_to_stop() -> None:
    async with driven(a_link()) as it:
        await opened(it)
        await it.press("enter", "q")
        assert it.link.commands[-1] == Explain()
        assert it.on_monitor


async def test_the_marked_panel_is_the_one_that_is_asked_about() -> None:
    async with driven(a_link()) as it:
        await it.press("4", "w")
        assert "why: funding" in it.text
        assert "funding rate a year" in it.text
        assert "average entry price" not in it.text


async def test_every_panel_lists_figures_or_says_that_it_has_none() -> None:
    async with driven(a_link()) as it:
        for number, name in PANEL_NAMES.items():
            await it.press(str(number), "w")
            assert f"why: {name}" in it.text
            assert ("there is no figure here to ask about" in it.text) is (name in ("orders", "feeds"))
            await it.press("q", "0")


# --- the registry itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [MONITOR, PREVIEW, ALERTS, HELP, PALETTE, SCENARIOS, WHY])
def test_no_key_has_two_meanings(scope: str) -> None:
    keys = Counter(key for action in ACTIONS if action.scope in (scope, EVERYWHERE) for key in action.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_escape_never_quits() -> None:
    assert not any("escape" in action.keys for action in ACTIONS if action.id in ("quit", "quit_now"))


def test_keys_that_multiplexers_and_terminals_need_are_left_alone() -> None:
    taken = {key for action in ACTIONS for key in action.keys}
    assert not taken & {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+z"}


@pytest.mark.parametrize("width", [36, 76, 96])
def test_the_help_has_every_action_and_cuts_none(width: int) -> None:
    lines = ["".join(cell.text for cell in row) for row in help_rows(width)]
    half = (width - 4) // 2 if width >= 92 else width
    text = " ".join(" ".join([*(line[:half] for line in lines), *(line[half:] for line in lines)]).split())
    assert all(len(line) <= width for line in lines)
    for action in ACTIONS:
        if not action.id.startswith("zoom_") or action.id == "zoom_focused":
            assert action.description in text
            assert key_label(action.keys[0]) in text
    assert "Zoom a panel" in text
    assert "…" not in text


def test_the_documentation_table_has_every_key() -> None:
    table = keys_table()
    assert all(action.description in table for action in ACTIONS)


@pytest.mark.parametrize("width", [72, 96, 97, 120])
def test_in_the_help_what_takes_two_lines_keeps_to_its_column_and_no_key_touches_its_meaning(width: int) -> None:
    lines = ["".join(cell.text for cell in row) for row in help_rows(width)]
    at = next(index for index, line in enumerate(lines) if "Show what moves and failures" in line)
    column = lines[at].index("Show what moves")
    if "would do" not in lines[at]:
        assert lines[at + 1][column:].split()[0] in ("would", "do")
    keys = [keys_label(action) for action in ACTIONS]
    assert not [line for line in lines for key in keys if re.search(rf"(^| {{4}}){re.escape(key)}[A-Z]", line)]


def test_the_footer_names_help_and_quit_first_among_what_fits() -> None:
    words = [word for _key, word in hints(MONITOR)]
    assert words[:4] == ["target", "order", "help", "quit"]
    assert len(words) == len(set(words))
