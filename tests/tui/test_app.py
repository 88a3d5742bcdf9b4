"""How the monitor behaves: previews, freezing, alerts that break through, an engine that falls silent or stops."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.commands import CancelStage
from core.figures import Freshness
from core.snapshot import Mode, Severity
from tests.tui.emulated import EmulatedApp, quiet_display, run_emulated
from tests.tui.piloting import driven
from tests.tui.samples import BTC, ETH, SECOND, FakeLink, Marks, alert, snapshot, stage
from tui.app import HedgerowApp
from tui.picture import Picture
from tui.screens import PreviewScreen
from tui.start import DisplayOptions

UNDER = replace(BTC, target=Decimal("0.6"))


class SilentLink(FakeLink):
    """An engine that has nothing to say yet."""

    def latest(self) -> None:
        return None


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 10 * SECOND

    def __call__(self) -> int:
        return self.now


# --- the order preview ---------------------------------------------------------------------------------------------


async def test_a_refused_order_is_not_sent_and_says_why() -> None:
    link = FakeLink(UNDER)
    async with driven(link) as it:
        link.staged = stage(UNDER, refusals=("above the limit of 10,000",), order_id="refused")
        await it.cut()
        assert "REFUSED: above the limit of 10,000" in it.text
        await it.press("y")
        assert it.link.commands == []
        assert "Not sent: above the limit of 10,000" in it.text
        assert isinstance(it.app.screen, PreviewScreen)


async def test_an_order_that_changed_under_the_eyes_must_be_looked_at_again() -> None:
    link = FakeLink(UNDER)
    async with driven(link) as it:
        await it.press("enter")
        link.staged = stage(replace(UNDER, target=Decimal("0.7")), order_id="another")
        await it.cut()
        assert "SELL 1 BTC" in it.text
        await it.press("y")
        assert it.commands == ["StageHedge"]
        assert "has changed" in it.text
        await it.press("y")
        assert it.commands == ["StageHedge", "ConfirmStage"]


async def test_nothing_is_sent_while_private_mode_hides_the_size() -> None:
    async with driven(FakeLink(UNDER), private=True) as it:
        await it.press("enter", "y")
        assert it.commands == ["StageHedge"]
        assert "private mode hides the size" in it.text
        await it.press("p", "y")
        assert it.commands == ["StageHedge", "ConfirmStage"]


async def test_the_preview_goes_when_the_engine_drops_the_order_and_comes_with_the_next() -> None:
    link = FakeLink(UNDER)
    async with driven(link) as it:
        await it.press("enter")
        link.staged = None
        await it.cut()
        assert it.on_monitor
        await it.press("enter")
        assert isinstance(it.app.screen, PreviewScreen)


async def test_an_order_that_was_dropped_here_does_not_come_back() -> None:
    class DeafLink(FakeLink):
        def _obey(self, command: object) -> None:
            if not isinstance(command, CancelStage):
                super()._obey(command)  # type: ignore[arg-type]

    async with driven(DeafLink(UNDER)) as it:
        await it.press("enter", "x")
        await it.cut()
        assert it.on_monitor


async def test_keys_of_the_monitor_do_nothing_through_the_preview() -> None:
    async with driven(FakeLink(UNDER)) as it:
        await it.press("enter", "plus", "minus", "u", "r", "a", "3")
        assert it.commands == ["StageHedge"]
        assert it.app.monitor.zoomed == ""


async def test_staging_at_the_target_says_so_and_opens_nothing() -> None:
    async with driven() as it:
        await it.press("enter")
        assert it.on_monitor
        assert "already at target" in it.text


# --- freezing ------------------------------------------------------------------------------------------------------


async def test_a_frozen_picture_stays_but_alerts_break_through() -> None:
    async with driven(size=(120, 40)) as it:
        await it.press("space")
        it.link.legs[0] = replace(BTC, mark=Decimal(48_000))
        await it.cut(alerts=(alert(text="BTCUSDT liquidation distance 5% is under 6%", severity=Severity.CRITICAL),))
        assert "48,000.00" not in it.text
        assert "60,012.30" in it.text
        assert it.text.count("liquidation distance 5% is under 6%") == 2  # banner and panel
        assert "frozen" in it.text


@pytest.mark.parametrize("key", ["plus", "minus", "left_square_bracket", "right_square_bracket", "enter", "u"])
async def test_nothing_is_changed_on_a_frozen_picture(key: str) -> None:
    async with driven(FakeLink(UNDER)) as it:
        await it.press("space", key)
        assert it.link.commands == []
        assert "frozen" in it.text


def test_an_alert_rings_the_bell_once_and_only_if_it_is_new_or_worse() -> None:
    link = FakeLink()
    rung: list[int] = []

    class Counting(EmulatedApp):
        def bell(self) -> None:
            rung.append(1)

    async def script(app: EmulatedApp, pilot: Pilot[None]) -> None:
        for severity, times in (
            (Severity.NOTICE, 0), (Severity.WARNING, 1), (Severity.WARNING, 1), (Severity.CRITICAL, 2),
            (Severity.ALARM, 2),
        ):  # fmt: skip
            link.cut(alerts=(alert(severity=severity),))
            app.tick()
            assert len(rung) == times, severity
        await pilot.press("question_mark", "space")
        link.cut(alerts=(alert("other", Severity.ALARM),))
        app.tick()
        assert len(rung) == 3

    run_emulated(Counting(link, quiet_display()), script, (80, 24))


async def test_the_bell_can_be_switched_off_and_alerts_at_the_start_do_not_ring() -> None:
    link = FakeLink(alerts=())
    link.cut(alerts=(alert(),))
    picture = Picture(link, DisplayOptions())
    picture.poll()
    assert picture.new_alerts() == []
    async with driven(bell=False) as it:
        it.app.bell = lambda: pytest.fail("rung")  # type: ignore[method-assign]
        await it.cut(alerts=(alert(severity=Severity.CRITICAL),))


# --- an engine that falls silent or stops --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 30), (80, 14)])
async def test_an_engine_that_stopped_is_told_across_the_screen_and_nothing_looks_live(size: tuple[int, int]) -> None:
    async with driven(size=size) as it:
        it.link.closed = "the journal's disk is full"
        await it.tick()
        assert "ENGINE STOPPED: the journal's disk is full" in it.text
        assert "● LIVE" not in it.text
        assert "60,012.30" not in it.text
        assert "SAFE" not in it.text
        await it.press("plus")
        assert "The engine has stopped: nothing was done" in it.text
        await it.press("q")
        assert it.app.return_code == 1


async def test_an_engine_that_never_says_anything_is_waited_for_and_its_end_is_told() -> None:
    link = SilentLink()
    async with driven(link) as it:
        assert "waiting for the engine" in it.text
        await it.press("plus", "enter", "3")
        assert it.link.commands == []

    class Stillborn(FakeLink):
        def latest(self) -> None:
            super().latest()

    stillborn = Stillborn()
    stillborn.closed = "no configuration"
    async with driven(stillborn) as it:
        await it.tick()
        assert "The engine stopped before its first picture: no configuration" in it.text
        await it.press("q")
        assert it.app.return_code == 1


def test_an_engine_that_stands_still_is_noticed_by_the_views_own_clock() -> None:
    watch, link = Watch(), FakeLink()
    picture = Picture(link, DisplayOptions(refresh_hz=2.0), watch)
    picture.poll()
    states = []
    for seconds in (1, 1.9, 1.2, 28):
        watch.now += int(seconds * SECOND)
        link._snapshot = snapshot(sequence=picture.live.sequence + 1 if picture.live else 1, time_ns=link.time_ns)
        picture.poll()
        view = picture.view()
        assert view is not None
        states.append((view.silent_ns // SECOND, view.show.trust))
    assert states == [(0, Freshness.LIVE), (0, Freshness.LIVE), (4, Freshness.STALE), (32, Freshness.UNKNOWN)]
    link.cut()
    picture.poll()
    view = picture.view()
    assert view is not None
    assert (view.silent_ns, view.show.trust) == (0, Freshness.LIVE)


async def test_a_silent_engine_is_told_across_the_screen() -> None:
    async with driven() as it:
        it.app.picture._moved_at_ns -= 400 * SECOND
        await it.tick()
        assert "ENGINE SILENT" in it.text
        assert "SILENT" in it.text.splitlines()[0]
        assert "SAFE" not in it.text
        await it.cut()
        assert "SILENT" not in it.text


async def test_a_replay_that_has_ended_is_no_alarm() -> None:
    async with driven(FakeLink(mode=Mode.REPLAY)) as it:
        it.app.picture._moved_at_ns -= 400 * SECOND
        await it.tick()
        assert "REPLAY STANDS STILL" in it.text
        assert "60,012.30" in it.text
        assert "STALE" not in it.text


async def test_ages_grow_and_words_turn_blind_when_data_gets_old() -> None:
    async with driven() as it:
        await it.cut(marks=Marks(14 * SECOND, Freshness.STALE))
        assert "STALE 14s" in it.text
        assert "data 14s" in it.text
        assert "BLIND" in it.text
        await it.cut(marks=Marks(40 * SECOND, Freshness.UNKNOWN))
        assert "NO DATA" in it.text
        assert "60,012.30" not in it.text


# --- hedges, size, leaving -------------------------------------------------------------------------------------------


async def test_a_selected_hedge_stays_selected_when_others_come_and_go() -> None:
    link = FakeLink(BTC, ETH)
    async with driven(link) as it:
        await it.press("down")
        link.legs.insert(0, replace(ETH, asset="SOL"))
        await it.cut()
        assert "▸ ETH" in it.text
        link.legs = [BTC]
        await it.cut()
        await it.press("plus")
        assert it.link.commands[-1].instrument == "bybit:linear:BTCUSDT"  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 30), (80, 14), (30, 8)])
async def test_every_size_shows_something_right_after_a_resize(size: tuple[int, int]) -> None:
    async with driven(FakeLink(BTC, ETH), (100, 30)) as it:
        await it.pilot.resize_terminal(*size)
        await it.settle()
        assert len(it.text.splitlines()) == size[1]
        assert "SAFE" in it.text
        assert ("needs 40x10" in it.text) == (size == (30, 8))


async def test_a_critical_alert_makes_quitting_ask_once() -> None:
    async with driven() as it:
        await it.cut(alerts=(alert(severity=Severity.CRITICAL),))
        await it.press("q")
        assert it.app.return_code is None
        assert "press q again" in it.text
        await it.press("q")
        assert it.app.return_code == 0


async def test_an_engines_word_is_shown_for_a_while_and_masked_in_private() -> None:
    async with driven(FakeLink(message="sold 0.25 BTCUSDT at 60012.30")) as it:
        assert "sold 0.25 BTCUSDT" in it.text.splitlines()[-1]
        await it.press("p")
        assert "sold •.•• BTCUSDT" in it.text.splitlines()[-1]


async def test_ascii_means_ascii() -> None:
    async with driven(FakeLink(BTC, ETH), (120, 40), ascii=True) as it:
        assert it.text.isascii()
        assert "+- 3 margin & liquidation -" in it.text
        await it.press("question_mark")
        assert it.text.isascii()


async def test_an_unknown_theme_is_said_and_the_default_shown() -> None:
    async with driven(theme="no-such-theme") as it:
        assert "no-such-theme" in it.text.splitlines()[-1]


# --- colours -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({"NO_COLOR": ""}, "hedgerow-mono"),
        ({"TERM": "xterm"}, "hedgerow-ansi"),
        ({"TERM": "xterm-256color"}, "hedgerow"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "hedgerow"),
    ],
)
def test_the_terminal_decides_the_default_colours(
    environment: dict[str, str], theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "COLORTERM", "TERM", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert HedgerowApp(FakeLink()).theme == theme


def test_no_color_is_really_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    link = FakeLink(BTC, ETH)

    async def script(app: EmulatedApp, pilot: Pilot[None]) -> None:
        for _ in range(3):
            link.legs[0] = replace(link.legs[0], mark=link.legs[0].mark + 1)
            link.cut(alerts=(alert(severity=Severity.CRITICAL),))
            app.tick()
            await pilot.pause()
        await pilot.press("t", "question_mark")
        colours = {(cell[1], cell[2]) for row in app.emulator.grid() for cell in row}
        assert colours == {("default", "default")}

    run_emulated(EmulatedApp(link, quiet_display()), script, (80, 24))


# --- the last resort -----------------------------------------------------------------------------------------------


async def test_an_unexpected_error_is_one_line_without_values_and_a_log_without_locals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    secret = "sk1a2B3c4D5e6F7g8H9i0"

    class BrokenLink(FakeLink):
        def latest(self) -> None:
            api_secret = secret
            raise ValueError(f"bad header: api-key={api_secret}")

    app = HedgerowApp(BrokenLink(), quiet_display())
    with pytest.raises(ValueError, match="bad header"):
        async with app.run_test():
            pass
    assert app.return_code == 1
    printed = capfd.readouterr().err
    assert "stopped by an internal error: ValueError" in printed.replace("\n", " ")
    assert secret not in printed
    assert "bad header" not in printed
    log = (tmp_path / "hedgerow" / "hedgerow.log").read_text()
    assert "Traceback" not in printed
    assert "in latest" in log
    assert "ValueError: bad header" in log
    assert secret not in log
    assert (tmp_path / "hedgerow" / "hedgerow.log").stat().st_mode & 0o777 == 0o600


async def test_an_alert_does_not_wait_for_a_slow_picture() -> None:
    async with driven() as it:  # the picture is renewed every hundred seconds
        it.app.tick()
        it.link.cut(alerts=(alert(severity=Severity.ALARM),))
        it.app.tick(paint=False)
        await it.settle()
        assert "▲ ALARM" in it.text
        it.link.legs[0] = replace(BTC, mark=Decimal(48_000))
        it.link.cut()
        it.app.tick(paint=False)
        await it.settle()
        assert "48,000.00" not in it.text
        it.link.closed = "out of memory"
        it.app.tick(paint=False)
        await it.settle()
        assert "ENGINE STOPPED: out of memory" in it.text


async def test_nothing_is_sent_to_an_engine_that_is_silent() -> None:
    """It would act later, on a market that nobody has seen."""
    async with driven(FakeLink(UNDER)) as it:
        await it.press("enter")
        it.app.picture._moved_at_ns -= 400 * SECOND
        await it.press("y")
        assert it.commands == ["StageHedge"]
        assert "The engine is silent" in it.text
        await it.press("x")
        it.link.commands.clear()
        it.app.picture._moved_at_ns -= 400 * SECOND
        await it.press("plus", "enter", "u")
        assert it.commands == []
