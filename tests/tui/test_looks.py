"""What is on the screen can be read: nothing runs together, no number is cut, every figure has its unit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from rich.style import Style

from core.figures import absent, exact, unknown
from core.snapshot import BookView, HedgeLine, Severity, Snapshot
from tests.tui.drawing import PlainCanvas, drawn, view_of
from tests.tui.piloting import Driven, driven
from tests.tui.samples import BTC, ETH, SECOND, START, FakeLink, Leg, alert, snapshot
from tui.panel import Panel
from tui.panels.answers import Answers, Banner
from tui.panels.bag import BagPanel
from tui.panels.hedge import HedgePanel
from tui.panels.margin import MarginPanel
from tui.themes import OWN_THEMES, own_themes, palette_of

CANVAS = PlainCanvas()
SIZES = ((40, 12), (60, 20), (80, 24), (120, 40), (200, 60))
HUGE = Leg("HUGE", coins=Decimal(1_234_567_890), cost=Decimal("0.01"), short=Decimal(612_345_678),
           entry=Decimal("1.5"), mark=Decimal("0.00001234"), index=Decimal("0.00001234"),
           rate=Decimal("-0.0123"), margin=Decimal(987_654_321))  # fmt: skip


class Changed(FakeLink):
    """An engine whose every book is changed before it is shown."""

    def __init__(self, *legs: Leg, change: Callable[[BookView], BookView], **options: object) -> None:
        self.change = change
        super().__init__(*legs, **options)

    def cut(self, seconds: float = 0.5, **changes: object) -> Snapshot:
        """The next snapshot, changed."""
        made = super().cut(seconds, **changes)
        books = tuple(map(self.change, made.books))
        self._snapshot = msgspec.structs.replace(made, books=books)
        return self._snapshot


def hedges_changed(*changes: dict[str, object]) -> Callable[[BookView], BookView]:
    """Each hedge of a book with other fields."""

    def change(book: BookView) -> BookView:
        lines = [msgspec.structs.replace(line, **new) for line, new in zip(book.hedges, changes, strict=True)]
        return msgspec.structs.replace(book, hedges=tuple(lines))

    return change


def column_of(text: str, label: str, unit: str) -> int:
    """Where the unit of a labelled figure stands in its row."""
    row = next(line for line in text.splitlines() if line.startswith(f"│ {label} "))
    return row.index(f" {unit}")


async def everywhere(it: Driven) -> list[str]:
    """What every panel alone, and every overlay, shows."""
    seen = [it.text]
    for key in "123456789":
        await it.press(key)
        seen.append(it.text)
    await it.press("0")
    for opening in (("s",), ("w",), ("A",), ("plus", "enter")):
        await it.press(*opening)
        seen.append(it.text)
        await it.press("escape")
    return seen


# --- figures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("panel", "labels"),
    [
        (HedgePanel, ("entry", "mark", "P&L", "result", "notional", "fees paid")),
        (BagPanel, ("price", "value", "P&L", "net P&L", "cost")),
        (MarginPanel, ("liq. price", "maintenance", "mark", "wallet")),
    ],
)
def test_units_below_each_other_stand_in_one_column(panel: type[Panel], labels: tuple[str, ...]) -> None:
    text = "\n".join(drawn(panel(CANVAS, "panel"), view_of(snapshot()), 60, 30))
    assert len({column_of(text, label, "USDT") for label in labels}) == 1


@pytest.mark.parametrize("size", SIZES)
async def test_no_number_is_cut_and_none_runs_into_the_next(size: tuple[int, int]) -> None:
    async with driven(FakeLink(BTC, HUGE, ETH), size) as it:
        for text in await everywhere(it):
            assert not re.search(r"\d…", text), text
            assert not re.search(r"[\d%kMBT][+−≈]+\d", text), text


async def test_hedges_of_one_table_are_counted_in_coins_and_not_in_what_each_venue_counts() -> None:
    contracts: dict[str, object] = {"venue": "mexc", "quantity": exact(Decimal(-25_000)), "quantity_unit": "contracts"}
    async with driven(Changed(BTC, ETH, change=hedges_changed(contracts, {})), (120, 40)) as it:
        await it.press("2")
        table, _, detail = it.text.partition("all hedges")
        assert re.search(r"BTC +−2\.5000 ", table)
        assert "25,000" not in table
        assert "−25,000.00 contracts" in detail


async def test_the_books_result_is_not_among_the_figures_of_one_of_its_hedges() -> None:
    async with driven(FakeLink(BTC, ETH), (120, 40)) as it:
        await it.press("2")
        assert "all hedges" in it.text
        assert "│ result " not in it.text
    async with driven(FakeLink(BTC), (120, 40)) as it:
        assert "│ result " in it.text


async def test_the_delta_of_a_hedge_by_beta_is_in_the_coin_of_its_contract() -> None:
    async with driven(Changed(BTC, change=hedges_changed({"asset": "ADA"})), (120, 40)) as it:
        await it.press("2")
        assert "−2.5000 BTC" in it.text
        assert "linear for ADA" in it.text


async def test_funding_in_several_currencies_says_row_by_row_in_which() -> None:
    async with driven(Changed(BTC, ETH, change=hedges_changed({"settle": "BTC"}, {})), (120, 40)) as it:
        await it.press("4")
        assert re.search(r"BTC +\+0\.0100% .*≈\+45\.\d+ BTC", it.text)
        assert re.search(r"ETH +−0\.0040% .*≈−\d.* USDT", it.text)
    async with driven(FakeLink(BTC, ETH), (120, 40)) as it:
        assert "USDT/day" in it.text


# --- the answers ------------------------------------------------------------------------------------------------


def answers(shown: Snapshot) -> str:
    return "\n".join(drawn(Answers(CANVAS, "answers"), view_of(shown), 200, 6))


def per_day(shown: Snapshot) -> list[Decimal]:
    return [line.funding.per_day.value or Decimal(0) for line in shown.books[0].hedges]


def test_what_it_costs_is_the_funding_of_all_hedges_together() -> None:
    shown = snapshot(BTC, replace(BTC, asset="SOL"))
    both, one = sum(per_day(shown)), per_day(shown)[0]
    line = drawn(Banner(CANVAS, "banner"), view_of(shown), 120, 1)[0]
    assert f"EARNING ≈+{both:.2f} USDT/day" in line
    assert f"{one:.2f}" not in line


def test_where_currencies_differ_the_cost_is_one_hedges_and_says_whose() -> None:
    shown = snapshot(BTC, ETH)
    (book,) = shown.books
    shown = msgspec.structs.replace(shown, books=(hedges_changed({"settle": "BTC"}, {})(book),))
    assert "BTC a day on BTC" in answers(shown)
    assert "BTC/day BTC" in drawn(Banner(CANVAS, "banner"), view_of(shown), 120, 1)[0]


def test_the_cost_is_unknown_where_that_of_one_hedge_is() -> None:
    shown = snapshot(BTC, ETH)
    (book,) = shown.books
    line = book.hedges[1]
    blind = msgspec.structs.replace(line, funding=msgspec.structs.replace(line.funding, per_day=unknown("rate")))
    shown = msgspec.structs.replace(shown, books=(msgspec.structs.replace(book, hedges=(book.hedges[0], blind)),))
    assert re.search(r"BLIND  —", drawn(Banner(CANVAS, "banner"), view_of(shown), 120, 1)[0])


@pytest.mark.parametrize("width", range(40, 130))
def test_no_amount_in_the_line_of_answers_stands_without_what_it_is(width: int) -> None:
    shown = snapshot(replace(BTC, mark=Decimal(86_000), short=Decimal("2.4")), ETH)
    line = drawn(Banner(CANVAS, "banner"), view_of(shown), width, 1)[0]
    assert "…" not in line
    assert re.search(r"(CRITICAL|DANGER) +≈\d", line)
    for amount in re.findall(r"(?:net )?≈?[+−][\d,.]+[kM]?(?: USDT)?(?:/day)?", line):
        assert amount.startswith("net ") or amount.endswith("/day"), line


def test_the_worst_of_several_hedges_is_named_beside_its_distance() -> None:
    line = drawn(Banner(CANVAS, "banner"), view_of(snapshot(BTC, replace(ETH, margin=Decimal(2_000)))), 120, 1)[0]
    assert re.search(r"≈\d+\.\d% ETH to liq\.", line)
    short = drawn(Banner(CANVAS, "banner"), view_of(snapshot(BTC, replace(ETH, margin=Decimal(2_000)))), 80, 1)[0]
    assert re.search(r"≈\d+\.\d% ETH ", short)


def test_a_word_is_not_spelt_in_block_letters() -> None:
    none = absent("no position")
    flat: dict[str, object] = {"liquidation_distance": none, "account_liquidation_distance": none, "margin_usage": none}
    shown = snapshot(BTC)
    shown = msgspec.structs.replace(shown, books=(hedges_changed(flat)(shown.books[0]),))
    assert "n o n e" not in answers(shown)
    assert re.search(r"│ none +│", answers(shown))


# --- reading on -------------------------------------------------------------------------------------------------


async def test_a_panel_alone_can_be_read_to_its_end() -> None:
    coins = [replace(ETH, asset=f"C{number:02d}") for number in range(30)]
    async with driven(FakeLink(*coins), (80, 24)) as it:
        await it.press("1")
        assert re.search(r"pgdn pgup 1-19 of \d+", it.text)
        seen = it.text
        for _ in range(6):
            await it.press("pagedown")
            seen += it.text
        assert all(f" {coin.asset} " in seen for coin in coins)
        assert "Net adds the hedge's result" in it.text
        await it.press("pageup", *["pageup"] * 5)
        assert "1-19 of" in it.text
        assert "esc all panels" in it.text
        await it.press("escape")
        assert "esc all panels" not in it.text


async def test_without_a_panel_alone_there_is_a_word_on_how_to_read_on() -> None:
    async with driven() as it:
        await it.press("pagedown")
        assert "1 to 9 show one panel alone" in it.text


LONG = (
    "blind on BTC hedge bybit:linear:BTCUSDT: mark price stale, index price stale, funding rate stale; over after 2 s"
)


async def test_the_list_of_alerts_shows_each_whole_and_reaches_every_one() -> None:
    ended = [
        alert("same", Severity.BLIND, f"{LONG} {n}", since_ns=START - n * SECOND, ended_ns=START) for n in range(9)
    ]
    async with driven() as it:
        await it.cut(alerts=(alert("open", Severity.ALARM, f"the worst: {LONG}"), *ended))
        await it.press("A")
        assert f"the worst: {LONG}" in " ".join(it.text.replace("│", " ").split())
        for n in range(9):
            await it.press("j")
            assert it.app.selected_alert is not None
            assert it.app.selected_alert.text == f"{LONG} {n}"
        assert re.search(r"after 2 s 8 ", it.text)


async def test_alerts_that_have_ended_are_not_counted_among_those_that_are_open() -> None:
    alerts = [alert(str(n), Severity.NOTICE, f"notice {n}", since_ns=START - n) for n in range(4)]
    ended = [alert(f"e{n}", Severity.NOTICE, f"over {n}", ended_ns=START) for n in range(4)]
    async with driven() as it:
        await it.cut(alerts=(*alerts, *ended))
        assert "2 more open, 4 ended: A lists all" in it.text
        await it.cut(alerts=(alerts[0], *ended))
        assert re.search(r"[34] ended: A lists all", it.text)
        assert "more open" not in it.text


# --- without colour ---------------------------------------------------------------------------------------------


async def test_the_marked_panel_is_marked_by_more_than_its_frame() -> None:
    async with driven() as it:
        assert "▸" not in it.text
        await it.press("tab")
        assert "▸1 bag" in it.text
        await it.press("tab")
        assert "▸2 hedge" in it.text
        assert "▸1 bag" not in it.text


def luminance(style: Style, *, ground: bool) -> float:
    colour = style.bgcolor if ground else style.color
    assert colour is not None
    parts = [value / 255 for value in colour.get_truecolor()]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [theme for theme in own_themes() if not theme.ansi], ids=lambda theme: theme.name)
def test_every_text_of_our_themes_stands_out_from_its_ground(theme: object) -> None:
    """By the measure of WCAG 2, whose AA level asks 4.5 of text. Frames and empty bars are not text."""
    palette = palette_of(theme)  # type: ignore[arg-type]
    for role, style in palette.items():
        if role not in ("frame", "track", "trend"):
            dark, bright = sorted((luminance(style, ground=False), luminance(style, ground=True)))
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, role


def test_sixteen_colours_use_none_that_a_palette_may_have_made_its_ground() -> None:
    """Solarized paints its ground in bright black; bright yellow cannot be read on white."""
    ansi = next(theme for theme in own_themes() if theme.name == "hedgerow-ansi")
    assert ansi.name in OWN_THEMES
    names = {style.color.name for style in palette_of(ansi).values() if style.color is not None}
    assert not names & {"bright_black", "bright_yellow", "white", "bright_white"} - {"bright_white"}


XTERM = {
    "black": "#000000", "red": "#cd0000", "green": "#00cd00", "yellow": "#cdcd00", "blue": "#0000ee",
    "magenta": "#cd00cd", "cyan": "#00cdcd", "white": "#e5e5e5", "bright_black": "#7f7f7f", "bright_red": "#ff0000",
    "bright_green": "#00ff00", "bright_yellow": "#ffff00", "bright_blue": "#5c5cff", "bright_magenta": "#ff00ff",
    "bright_cyan": "#00ffff", "bright_white": "#ffffff",
}  # fmt: skip
"""The sixteen colours as xterm has them."""


def test_sixteen_colours_can_be_read_on_black_and_on_white() -> None:
    """By the measure of WCAG 2, of which 3 is asked of bold text; cyan on white has 2, and yellow 1.7."""
    ansi = next(theme for theme in own_themes() if theme.name == "hedgerow-ansi")
    for role, style in palette_of(ansi).items():
        if style.color is None:
            continue
        grounds = ("#000000", "#ffffff") if style.bgcolor is None else (XTERM[style.bgcolor.name],)
        for ground in grounds:
            painted = Style(color=XTERM[style.color.name], bgcolor=ground)
            dark, bright = sorted((luminance(painted, ground=False), luminance(painted, ground=True)))
            assert (bright + 0.05) / (dark + 0.05) >= 3, (role, ground)


@pytest.mark.parametrize("name", ["hedgerow-ansi", "hedgerow-mono"])
@pytest.mark.parametrize("role", ["watch", "warning", "danger", "critical", "blind"])
def test_what_is_not_calm_stands_out_without_its_colour(name: str, role: str) -> None:
    palette = palette_of(next(theme for theme in own_themes() if theme.name == name))
    calm = palette["safe"]
    assert not any((calm.bold, calm.underline, calm.reverse))
    assert any((palette[role].bold, palette[role].underline))


# --- words ------------------------------------------------------------------------------------------------------


def one_hedge(shown: Snapshot, **changes: object) -> HedgeLine:
    return msgspec.structs.replace(shown.books[0].hedges[0], **changes)


def test_a_contract_that_is_not_known_yet_is_told_in_plain_words() -> None:
    shown = snapshot()
    line = one_hedge(shown, profit=unknown("description of bybit:linear:BTCUSDT"))
    shown = msgspec.structs.replace(shown, books=(msgspec.structs.replace(shown.books[0], hedges=(line,)),))
    text = "\n".join(drawn(HedgePanel(CANVAS, "hedge"), view_of(shown), 40, 20))
    assert re.search(r"P&L +— needs contract details", text)


async def test_empty_panels_say_what_would_fill_them() -> None:
    async with driven(size=(80, 24)) as it:
        await it.press("8")
        assert "no orders yet: + and − move the target, enter previews the order" in it.text


def test_a_book_without_hedges_says_where_one_is_added() -> None:
    shown = snapshot()
    shown = msgspec.structs.replace(shown, books=(msgspec.structs.replace(shown.books[0], hedges=()),))
    text = " ".join("".join(drawn(HedgePanel(CANVAS, "hedge"), view_of(shown), 40, 8)).replace("│", " ").split())
    assert "no hedge: [[books.hedges]] in the configuration adds one" in text


async def test_orders_say_in_which_unit_and_whose_time() -> None:
    async with driven(FakeLink(replace(BTC, target=Decimal("0.6")))) as it:
        await it.press("enter", "y", "8")
        assert re.search(r"\d\d:\d\d UTC SELL 0\.5 BTC bybit BTCUSDT FILLED", it.text)
        assert re.search(r"0\.5 BTC filled at 60,012\.30 USDT", it.text)
