"""What the monitor keeps where there is little room: whole figures, the mode, what an order leads to, a refusal."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from core.snapshot import Severity
from tests.tui.drawing import PlainCanvas, drawn, view_of
from tests.tui.piloting import driven
from tests.tui.samples import BTC, START, FakeLink, alert, feed, snapshot, stage
from tui.panels.header import Header

CANVAS = PlainCanvas()


@pytest.mark.parametrize("width", [40, 50, 60, 80])
def test_mode_and_connection_are_whole_on_the_narrowest_screen(width: int) -> None:
    line = drawn(Header(CANVAS, "header"), view_of(snapshot(feeds=(feed("spot"),))), width, 1)[0]
    assert " DEMO " in line
    assert "● LIVE  data <1s" in line


def test_a_source_that_is_shortened_says_so() -> None:
    shown = snapshot(source="simulated bybit, binance, mexc, bingx, weex, seed 1")
    line = drawn(Header(CANVAS, "header"), view_of(shown), 80, 1)[0]
    assert re.search(r"simulated bybit, binance[a-z, ]*, …  ", line)
    assert "seed 1" in drawn(Header(CANVAS, "header"), view_of(shown), 160, 1)[0]


async def test_a_strip_with_room_tells_more_of_the_hedge_and_the_alerts() -> None:
    async with driven(FakeLink(), (40, 16)) as it:
        await it.cut(alerts=(alert(text="the funding is paid", severity=Severity.WARNING),))
        assert re.search(r"P&L +−30\.75 USDT", it.text)
        assert "the funding is paid" in it.text


async def test_scenarios_leave_out_whole_columns_and_keep_the_net() -> None:
    async with driven(FakeLink(), (60, 30)) as it:
        await it.press("s")
        heading = next(line for line in it.text.splitlines() if "BTC moves" in line)
        assert "funding" not in heading
        assert "net USD" in heading
        assert "LIQ" in it.text
    async with driven(FakeLink(), (40, 40)) as it:
        await it.press("s")
        heading = next(line for line in it.text.splitlines() if "BTC moves" in line)
        assert heading.split() == ["│", "BTC", "moves", "net", "USD", "margin", "used", "│"]


async def test_a_preview_with_little_room_keeps_the_order_what_it_leads_to_and_the_keys() -> None:
    async with driven(FakeLink(replace(BTC, target=Decimal("0.6"))), (40, 12)) as it:
        await it.press("enter")
        assert "SELL 0.5 BTC" in it.text
        assert re.search(r"price +60,0\d\d\.\d\d USDT", it.text)
        assert re.search(r"hedge ratio +→ +60\.0%", it.text)
        assert re.search(r"distance +→ +≈\d+\.\d% SAFE", it.text)
        assert "y sends" in it.text


async def test_no_preview_of_an_account_that_is_only_read_speaks_of_a_live_order() -> None:
    link = FakeLink(replace(BTC, target=Decimal("0.6")))
    refusals = ("account kept takes no orders: only paper accounts do",)
    link.staged = msgspec.structs.replace(
        stage(link.legs[0], order_id="hr-1", time_ns=START), paper=False, refusals=refusals
    )
    link.cut()
    async with driven(link) as it:
        await it.tick()
        assert "READ ONLY: the account takes no orders" in it.text
        assert "LIVE ORDER" not in it.text


async def test_an_alert_that_is_cut_keeps_every_word_that_has_room() -> None:
    alerts = [alert(str(n), text=f"ETH hedge bybit:linear:ETHUSDT{n}: under-hedged by 50.0%") for n in range(3)]
    async with driven() as it:
        await it.cut(alerts=tuple(alerts))
        assert re.search(r"bybit:linear:ETHUSDT\d: (under-hedged )?…", it.text)
        assert "2 more open: A lists all" in it.text


async def test_a_refusal_is_read_before_anything_else_gets_room() -> None:
    link = FakeLink(replace(BTC, target=Decimal("0.6")))
    link.staged = msgspec.structs.replace(
        stage(link.legs[0], order_id="hr-1", time_ns=START), refusals=("larger than the largest order, 1,000 USDT",)
    )
    link.cut()
    async with driven(link, (40, 12)) as it:
        await it.tick()
        assert "REFUSED: larger than the largest" in it.text
        assert "y does nothing while the order is" in it.text
