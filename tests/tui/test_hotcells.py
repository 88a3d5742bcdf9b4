"""Changed cells written straight to the terminal leave exactly the screen that a full repaint paints."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from core.figures import Freshness
from core.snapshot import Severity
from tests.tui.emulated import EmulatedApp, differences, quiet_display, run_emulated
from tests.tui.samples import BTC, ETH, FakeLink, Marks, alert, degraded_feed, feed

SIZES = [(80, 24), (120, 40), (200, 60)]


def move(link: FakeLink, rng: random.Random) -> None:
    """Move every price a little and cut a snapshot."""
    for index, leg in enumerate(link.legs):
        factor = 1 + Decimal(rng.randint(-3000, 3000)) / 1_000_000
        price = (leg.index * factor).quantize(Decimal("0.01"))
        link.legs[index] = replace(leg, index=price, mark=price + Decimal(rng.randint(-50, 200)) / 100)
    link.cut()


def assert_same(app: EmulatedApp) -> None:
    found = differences(app.emulator.grid(), app.full_repaint())
    assert not found, "\n".join(found)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["hedgerow", "hedgerow-ansi", "textual-light"])
def test_ticks_leave_what_a_full_repaint_paints_without_a_single_frame(size: tuple[int, int], theme: str) -> None:
    link = FakeLink(BTC, ETH)
    rng = random.Random(3)

    async def script(app: EmulatedApp, pilot: Pilot[None]) -> None:
        frames = app.frames
        for _ in range(40):
            move(link, rng)
            app.tick()
        assert app.frames == frames
        assert_same(app)
        assert "bybit" in app.emulator.text

    run_emulated(EmulatedApp(link, quiet_display(theme=theme)), script, size)


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_events_leaves_what_a_full_repaint_paints(seed: int) -> None:
    rng = random.Random(seed)
    link = FakeLink(BTC, ETH)

    async def script(app: EmulatedApp, pilot: Pilot[None]) -> None:
        for _ in range(30):
            await one_event(app, pilot, link, rng)
        await pilot.press("0")
        await pilot.pause()
        move(link, rng)
        app.tick()
        assert_same(app)

    run_emulated(EmulatedApp(link, quiet_display()), script, SIZES[seed % 3])


async def one_event(app: EmulatedApp, pilot: Pilot[None], link: FakeLink, rng: random.Random) -> None:
    """Something that happens to a monitor, followed by a comparison as soon as the screen is at rest."""
    kind = rng.randint(0, 9)
    if kind <= 3:
        for _ in range(rng.randint(1, 5)):
            move(link, rng)
            app.tick()
        return
    if kind == 4:
        await app.resize(*rng.choice([*SIZES, (60, 30), (100, 15), (30, 8), (161, 43)]))
        app.tick()
    elif kind == 5:
        await pilot.press(rng.choice(["?", "A", "colon"]))
        move(link, rng)
        app.tick()
        await pilot.pause(0.02)
        move(link, rng)
        app.tick()
        await pilot.press("escape")
        app.tick()
    elif kind == 6:
        await pilot.press(rng.choice(["tab", "1", "3", "6", "0", "plus", "j", "k", "t", "p", "space", "z"]))
    elif kind == 7:
        await pilot.press("plus", "enter")
        app.tick()
        await pilot.press(rng.choice(["y", "x"]))
    elif kind == 8:
        link.cut(alerts=() if rng.random() < 0.4 else (alert(severity=rng.choice(list(Severity))),))
        app.tick()
    else:
        age = rng.choice([(0.2, Freshness.LIVE), (5, Freshness.LATE), (15, Freshness.STALE), (40, Freshness.UNKNOWN)])
        link.cut(
            marks=Marks(int(age[0] * 1e9), age[1]),
            feeds=rng.choice([(feed(),), (feed("linear"), degraded_feed()), ()]),
        )
        app.tick()
    await pilot.pause(0.02)
    move(link, rng)
    app.tick()
    if len(app.screen_stack) == 1:
        await pilot.pause(0.02)
        assert_same(app)


def test_rows_with_wide_or_combining_characters_are_left_to_textual() -> None:
    link = FakeLink(BTC)
    texts = ["BTC 清算まで 11.2%", "cafe\u0301 and ｗｉｄｅ", "plain"]

    async def script(app: EmulatedApp, pilot: Pilot[None]) -> None:
        for text in texts * 2:
            link.cut(alerts=(alert(text=text, acknowledged=True),))
            app.tick()
            await pilot.pause(0.02)
            assert_same(app)

    run_emulated(EmulatedApp(link, quiet_display()), script, (120, 40))


def test_nothing_is_written_directly_while_something_lies_over_the_panels() -> None:
    link = FakeLink(BTC, ETH)
    rng = random.Random(1)

    async def script(app: EmulatedApp, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await pilot.pause(0.05)
        shown = app.emulator.text.splitlines()[3:-1]
        for _ in range(5):
            move(link, rng)
            app.tick()
            await pilot.pause(0.01)
        assert app.emulator.text.splitlines()[3:-1] == shown
        assert "Raise the target" in app.emulator.text

    run_emulated(EmulatedApp(link, quiet_display()), script, (120, 40))
