"""What the panels say: complete at the usual sizes, honest about what is old or missing, discreet in private."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import ChannelState, ConnectionState
from core.figures import Figure, Freshness, absent, exact, unknown
from core.snapshot import (
    AlertView,
    BetaView,
    ChannelView,
    CollateralView,
    DeathView,
    Mode,
    Severity,
    Snapshot,
    TogetherView,
    TransferView,
)
from tests.tui.drawing import PlainCanvas, drawn, view_of
from tests.tui.samples import BTC, ETH, START, FakeLink, Marks, alert, degraded_feed, feed, order_from, snapshot, stage
from tui.actions import MONITOR, hints
from tui.layout import PANEL_NAMES, Shape, plan
from tui.monitor import PANELS
from tui.panel import Lines, Panel
from tui.panels.alerts import AlertsPanel
from tui.panels.answers import Answers, Banner
from tui.panels.bag import BagPanel
from tui.panels.feeds import FeedsPanel
from tui.panels.fields import hedge_names
from tui.panels.footer import Footer
from tui.panels.funding import FundingPanel
from tui.panels.header import Header
from tui.panels.hedge import HedgePanel
from tui.panels.margin import MarginPanel
from tui.panels.orders import OrdersPanel
from tui.panels.preview import PreviewPanel
from tui.panels.profit import ProfitPanel
from tui.panels.ratio import RatioPanel
from tui.panels.small import Strip, Tiny

CANVAS = PlainCanvas()
BOOKS: dict[str, Snapshot] = {
    "seed": snapshot(),
    "two assets": snapshot(BTC, ETH),
    "ten hedges": snapshot(*(replace(ETH, asset=f"C{index:02d}") for index in range(10))),
    "alerts": snapshot(alerts=(alert(), alert("b", Severity.CRITICAL, "margin use 95% is over 90%"))),
    "late": snapshot(marks=Marks(5 * 10**9, Freshness.LATE)),
    "stale": snapshot(marks=Marks(14 * 10**9, Freshness.STALE), feeds=(degraded_feed(), feed("spot"))),
    "unknown": snapshot(marks=Marks(40 * 10**9, Freshness.UNKNOWN), feeds=()),
    "no tiers": snapshot(replace(BTC, missing_tiers=True)),
    "no position": snapshot(replace(BTC, short=Decimal(0))),
    "paying": snapshot(replace(BTC, rate=Decimal("-0.0004"), target=Decimal("0.6"))),
}


def panel(name: str) -> Panel:
    return PANELS[name](CANVAS, name)


def one(kind: type[Panel], snap: Snapshot, width: int = 40, height: int = 12, *, private: bool = False) -> str:
    return "\n".join(drawn(kind(CANVAS, "it"), view_of(snap, private=private), width, height))


# --- all of them -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=str)
@pytest.mark.parametrize("book", ["seed", "two assets", "alerts", "late", "no position", "paying"])
def test_at_the_usual_sizes_nothing_is_cut_off(size: tuple[int, int], book: str) -> None:
    view = view_of(BOOKS[book])
    books = view.snapshot.books
    shape = Shape(sum(len(item.hedges) for item in books), sum(len(item.bag) for item in books), len(view.live.feeds))
    for name, place in plan(*size, "", shape).places.items():
        if name in PANELS:
            text = "\n".join(drawn(panel(name), view, place.width, place.height))
            assert "…" not in text, text
            assert "#" not in text, text


@given(
    st.sampled_from(sorted(BOOKS)),
    st.sampled_from(sorted(PANELS)),
    st.integers(36, 220),
    st.integers(4, 70),
    st.booleans(),
)
def test_every_panel_fits_every_place(book: str, name: str, width: int, height: int, private: bool) -> None:
    lines = drawn(panel(name), view_of(BOOKS[book], private=private), width, height)
    assert len(lines) == height
    number = next(key for key, value in PANEL_NAMES.items() if value == name)
    assert lines[0].startswith(f"╭─ {number} ")


@given(st.sampled_from(sorted(BOOKS)), st.integers(40, 220))
def test_every_single_line_fits_every_width(book: str, width: int) -> None:
    view = view_of(BOOKS[book])
    for widget in (Header(CANVAS, "h"), Banner(CANVAS, "b"), Footer(CANVAS, "f", hints(MONITOR))):
        text = drawn(widget, view, width, 1)
        assert len(text) == 1
        assert len(text[0]) <= width


@pytest.mark.parametrize("name", sorted(PANELS))
def test_the_title_has_the_digit_that_zooms_the_panel(name: str) -> None:
    kind = PANELS[name]
    assert PANEL_NAMES[kind.NUMBER] == name
    assert kind.HELP.endswith((".", ")."))


# --- honesty -------------------------------------------------------------------------------------------------------

MARKETPANELS: list[type[Panel]] = [MarginPanel, HedgePanel, BagPanel, FundingPanel]


@pytest.mark.parametrize("kind", MARKETPANELS)
def test_the_title_says_how_old_the_data_is(kind: type[Panel]) -> None:
    titles = [one(kind, BOOKS[name]).splitlines()[0] for name in ("seed", "late", "stale", "unknown")]
    assert "<1s" in titles[0]
    assert "late 5s" in titles[1]
    assert "STALE 14s" in titles[2]
    assert "NO DATA" in titles[3]


def test_unknown_figures_are_dashes_that_name_what_is_missing() -> None:
    text = one(MarginPanel, BOOKS["no tiers"])
    assert re.search(r"liq\. price .*—.*needs tier table", text)
    assert "BLIND" in text
    assert "SAFE" not in text
    text = one(BagPanel, BOOKS["unknown"])
    assert re.search(r"value .*— needs mark price", text)
    assert "5.0000" in text  # what the user typed in does not age


def test_a_panel_of_which_a_part_is_missing_says_so() -> None:
    assert "INCOMPLETE" in one(MarginPanel, BOOKS["no tiers"]).splitlines()[0]


def test_a_long_alert_is_cut_only_where_it_says_so() -> None:
    long = " ".join(f"word{index}" for index in range(40))
    text = one(AlertsPanel, snapshot(alerts=(alert(text=long), alert("b", text=long))), 40, 6)
    assert "…" in text
    assert "1 more open: A lists all" in text
    assert len(text.splitlines()) == 6


def test_an_estimate_keeps_its_mark() -> None:
    assert re.search(r"liq\. price +≈89,552\.24", one(MarginPanel, BOOKS["seed"]))
    assert "≈+45.01" in one(FundingPanel, BOOKS["seed"])


def test_a_stale_figure_says_its_age_in_its_row() -> None:
    assert re.search(r"mark +60,012\.30 USDT +14s", one(HedgePanel, BOOKS["stale"]))


def test_no_calm_word_survives_stale_data() -> None:
    banner = drawn(Banner(CANVAS, "b"), view_of(BOOKS["stale"]), 120, 1)[0]
    assert banner.count("BLIND") == 3
    assert "SAFE" not in banner
    assert "HEDGED" not in banner


def test_text_from_outside_is_shown_as_it_is() -> None:
    nasty = "[b]BTC[/b] [@click=app.quit]x[/] \\[ {0} %s"
    view = view_of(snapshot(alerts=(alert(text=nasty),), feeds=(feed(reason=nasty, state=ConnectionState.CLOSED),)))
    assert nasty in "\n".join(drawn(AlertsPanel(CANVAS, "a"), view, 120, 10))
    assert nasty in "\n".join(drawn(FeedsPanel(CANVAS, "f"), view, 120, 10))
    assert nasty in drawn(Banner(CANVAS, "b"), view, 120, 1)[0]


# --- each ----------------------------------------------------------------------------------------------------------


def test_the_seeds_book_at_48_000_has_the_right_figures() -> None:
    """5 BTC bought at 60,000 lose 60,000; a short of 2.5 BTC earns 30,000."""
    fallen = replace(BTC, mark=Decimal(48_000), index=Decimal(48_000))
    assert "−60,000.00" in one(BagPanel, snapshot(fallen))
    assert "+30,000.00" in one(HedgePanel, snapshot(fallen))


def test_the_margin_panel_has_a_bar_that_empties_with_the_distance() -> None:
    full = one(MarginPanel, snapshot()).count("█")
    less = one(MarginPanel, snapshot(replace(BTC, margin=Decimal(20_000)))).count("█")
    assert full > less > 0
    assert one(MarginPanel, BOOKS["unknown"]).count("█") == 0


DISPUTED = replace(BTC, venue_price=Decimal(91_500), account_end=Decimal(70_000))


def test_the_smallest_panel_keeps_distance_liquidation_account_end_and_margin_use() -> None:
    text = one(MarginPanel, snapshot(DISPUTED), 40, 7)
    assert re.search(r"distance +≈16\.6% WARNING", text)
    assert re.search(r"liq\. price +≈89,552\.24 DISPUTED", text)
    assert re.search(r"account end +≈70,000\.00 ≈16\.6%", text)
    assert re.search(r"margin use +1\.0% SAFE", text)


def test_the_venues_price_ours_and_their_difference_are_shown_by_name_with_the_reports_age() -> None:
    text = one(MarginPanel, snapshot(DISPUTED), 60, 24)
    assert re.search(r"venue's own +91,500\.00 <1s old", text)
    assert re.search(r"ours +≈89,552\.24 USDT", text)
    assert re.search(r"difference +≈−1,947\.76 DISPUTED, the nearer counts", text)
    agreed = one(MarginPanel, snapshot(replace(BTC, venue_price=Decimal(89_600))), 60, 24)
    assert re.search(r"difference +≈−47\.76 agree", agreed)
    assert "DISPUTED" not in agreed
    unreported = one(MarginPanel, snapshot(), 60, 24)
    assert "venue's own no report of a venue" in unreported
    assert "difference" not in unreported


def test_the_likelihood_names_its_estimator_and_its_window() -> None:
    text = one(MarginPanel, snapshot(), 60, 24)
    assert re.search(r"sigmas +≈16\.4 of a day", text)
    assert "touch 1d <0.1% 7d ≈1.2% 30d ≈13%" in text
    assert "volatility ≈2.1% a day: Yang-Zhang, 90 daily candles" in text
    without = one(MarginPanel, snapshot(replace(BTC, volatility=None)), 60, 24)
    assert re.search(r"sigmas +— needs not reckoned", without)
    assert "touch" not in without


def test_the_safe_answer_follows_the_nearer_end_and_says_which() -> None:
    text = "\n".join(drawn(Answers(CANVAS, "a"), view_of(snapshot(DISPUTED)), 120, 6))
    assert "WARNING" in text
    assert "to account end" in text
    assert "≈16.6%" in drawn(Strip(CANVAS, "s"), view_of(snapshot(DISPUTED)), 80, 10)[0]


def unified() -> Snapshot:
    """Two coins behind a multi-asset account, one of them without a price."""
    snap = snapshot(DISPUTED)
    book = snap.books[0]
    gap = unknown("price of SOL")
    collateral = (
        CollateralView(asset="BTC", amount=exact(Decimal(2)), price=exact(Decimal(60_000)),
                       counted=exact(Decimal("1.9")), value=exact(Decimal(114_000))),
        CollateralView(asset="SOL", amount=exact(Decimal(200)), price=gap, counted=exact(Decimal(160)), value=gap),
    )  # fmt: skip
    deaths = (
        DeathView(coin="BTC", price=exact(Decimal(60_000)), above=exact(Decimal(80_000)), below=absent("covered"),
                  distance_above=exact(Decimal("0.3333")), distance_below=absent("covered")),
        DeathView(coin="SOL", price=gap, above=gap, below=gap, distance_above=gap, distance_below=gap),
    )  # fmt: skip
    together = TogetherView(
        driver="BTC", above=Figure(value=Decimal("0.381"), estimated=True), below=absent("covered"),
        betas=(BetaView(coin="BTC", beta=exact(Decimal(1))), BetaView(coin="SOL", beta=exact(Decimal("1.62")))),
        source="least squares on daily returns",
    )  # fmt: skip
    account = msgspec.structs.replace(
        book.accounts[0], margin_mode="cross", ratio=exact(Decimal("0.0123")), ratio_label="MM rate",
        rules="bybit unified (2026-10): x",
        collateral=collateral, deaths=deaths, together=together,
    )  # fmt: skip
    return msgspec.structs.replace(snap, books=(msgspec.structs.replace(book, accounts=(account,)),))


def test_a_unified_account_shows_all_coins_together_what_counts_and_the_venues_ratio() -> None:
    text = one(MarginPanel, unified(), 72, 40)
    assert "together    BTC ≈+38.1% / none" in text
    assert "betas SOL 1.62, least squares on daily returns" in text
    assert re.search(r"ratio +1\.2% higher is worse, bybit: MM rate", text)
    assert re.search(r"BTC +2\.0000 counts +1\.9000  = 114,000\.00 USDT", text)
    assert re.search(r"SOL +200\.0000 counts +160\.0000  needs price of SOL", text)
    assert re.search(r"BTC alone +rise +33\.3% fall +none", text)
    assert "SOL alone   — needs price of SOL" in text
    masked = one(MarginPanel, unified(), 72, 40, private=True)
    assert "114,000" not in masked
    assert "1.9000" not in masked


def test_several_hedges_are_a_table_with_the_selected_one_marked() -> None:
    text = one(MarginPanel, BOOKS["two assets"])
    assert re.search(r"▸ BTC +≈49\.2% SAFE", text)
    assert re.search(r"  ETH +≈", text)


def test_more_hedges_than_fit_are_counted() -> None:
    text = one(RatioPanel, BOOKS["ten hedges"], 40, 8)
    assert re.search(r"\d+ more: j k to move", text)


def test_the_ratio_panel_says_which_order_closes_the_gap() -> None:
    assert "SELL 0.5 BTC" in one(RatioPanel, snapshot(replace(BTC, target=Decimal("0.6"))))
    assert "BUY 0.5 BTC" in one(RatioPanel, snapshot(replace(BTC, target=Decimal("0.4"))))
    assert "the hedge is at its target" in one(RatioPanel, snapshot())
    assert re.search(r"drift +−10\.0pt", one(RatioPanel, snapshot(replace(BTC, target=Decimal("0.6")))))


def test_the_funding_panel_says_whether_the_hedge_earns_or_pays() -> None:
    earning, paying = one(FundingPanel, snapshot()), one(FundingPanel, BOOKS["paying"])
    assert "EARNING" in earning
    assert "+0.0100% /8h" in earning
    assert "PAYING" in paying
    assert "−0.0400% /8h" in paying


def test_the_alerts_panel_lists_the_worst_first_and_counts_the_rest() -> None:
    alerts: tuple[AlertView, ...] = tuple(
        alert(str(index), Severity.NOTICE, f"notice number {index}", since_ns=START - index) for index in range(6)
    )
    text = one(AlertsPanel, snapshot(alerts=(*alerts, alert("x", Severity.CRITICAL, "the worst"))), 40, 8)
    assert text.index("CRITICAL") < text.index("NOTICE")
    assert re.search(r"2 more open: A lists all", text)
    assert "no open alerts" in one(AlertsPanel, snapshot())
    assert "ended 5s ago" in one(AlertsPanel, snapshot(alerts=(alert(ended_ns=START - 5 * 10**9),)))


def test_feeds_show_the_worst_first_with_the_reason() -> None:
    text = one(FeedsPanel, BOOKS["stale"], 60, 8)
    assert text.index("DEGRADED") < text.index("LIVE")
    assert "tickers.ETHUSDT silent for 14 s" in text
    assert "3 faults" in text


def test_no_connection_is_said_to_be_live_without_data_that_is() -> None:
    """An account's stream rests until something happens; one that was heard of in trouble only answers again."""
    acked = ChannelView(channel="position", state=ChannelState.ACKED)
    resting = msgspec.structs.replace(
        feed("account"), last_data_ns=None, freshness=Freshness.UNKNOWN, channels=(acked,)
    )
    answers = msgspec.structs.replace(feed("reference"), last_data_ns=None, channels=())
    old = msgspec.structs.replace(feed("spot"), last_data_ns=START - 14 * 10**9, freshness=Freshness.STALE)
    rows = one(FeedsPanel, snapshot(feeds=(feed("linear"), resting, answers, old)), 60, 12).splitlines()
    stands = {
        name: next(row for row in rows if f"bybit {name} " in row)
        for name in ("linear", "account", "reference", "spot")
    }
    assert re.search(r"LIVE +<1s", stands["linear"])
    assert re.search(r"OPEN +—", stands["account"])
    assert re.search(r"ANSWERS +—", stands["reference"])
    assert re.search(r"STALE +14s", stands["spot"])
    assert "spot" in rows[1], "the worst first"
    assert not [row for row in rows if "LIVE" in row and "—" in row]
    assert re.search(r"position +OPEN +—", "\n".join(rows))
    assert "bybit 3/4 STALE" in one(FeedsPanel, snapshot(feeds=(feed("linear"), resting, answers, old)), 40, 5)


def test_orders_show_what_became_of_them() -> None:
    link = FakeLink()
    link.orders = (order_from(stage(replace(BTC, target=Decimal("0.6"))), START),)
    text = one(OrdersPanel, link.cut(), 60, 8)
    assert " UTC SELL 0.5 BTC bybit BTCUSDT FILLED paper" in text
    assert "0.5 BTC filled at 60,012.30 USDT" in text


def test_the_header_names_mode_source_connection_and_age() -> None:
    for mode in Mode:
        line = drawn(Header(CANVAS, "h"), view_of(snapshot(mode=mode)), 120, 1)[0]
        for word in ("hedgerow", str(mode), "simulated exchange, seed 7", "● LIVE", "data <1s", "no alerts"):
            assert word in line
    assert "1 alert" in drawn(Header(CANVAS, "h"), view_of(snapshot(alerts=(alert(),))), 80, 1)[0]
    assert "data —" in drawn(Header(CANVAS, "h"), view_of(BOOKS["unknown"]), 80, 1)[0]


@pytest.mark.parametrize("width", [80, 120])
def test_the_header_says_in_words_how_old_the_data_is(width: int) -> None:
    for book, words in (("seed", "data <1s  no alerts"), ("late", "data  5s late  "), ("stale", "data 14s STALE  ")):
        (line,) = drawn(Header(CANVAS, "header"), view_of(BOOKS[book]), width, 1)
        assert words in line, line


def test_the_four_answers_fit_in_one_line_of_eighty_columns() -> None:
    line = drawn(Banner(CANVAS, "b"), view_of(snapshot()), 80, 1)[0]
    assert " ".join(line.split()) == "SAFE ≈49.2% to liq. HEDGED 50.0% EARNING ≈+45.01/day no alerts net −75.48"


def test_the_big_answers_name_their_questions_and_verdicts() -> None:
    text = "\n".join(drawn(Answers(CANVAS, "a"), view_of(snapshot()), 120, 6))
    for words in (
        "am I safe",
        "am I hedged",
        "what does it cost",
        "what changed",
        "SAFE",
        "HEDGED",
        "EARNING",
        "no alerts",
    ):
        assert words in text
    assert "█▀█" in text


def test_an_alert_that_nobody_has_seen_takes_the_banner() -> None:
    line = drawn(Banner(CANVAS, "b"), view_of(BOOKS["alerts"]), 80, 1)[0]
    assert line.startswith(" ▲ CRITICAL: margin use 95% is over 90%")
    assert "+1" in line
    mild = snapshot(alerts=(alert(severity=Severity.NOTICE), alert("b", acknowledged=True)))
    assert "SAFE" in drawn(Banner(CANVAS, "b"), view_of(mild), 80, 1)[0]


def test_a_strip_without_room_has_one_line_a_hedge() -> None:
    lines = drawn(Strip(CANVAS, "s"), view_of(BOOKS["two assets"]), 80, 3)
    assert [line.split()[1 if line.startswith("▸") else 0] for line in lines] == ["BTC", "ETH"]
    assert all("SAFE" in line and "HEDGED" in line for line in lines)


def test_a_tiny_screen_says_what_it_needs_and_whether_all_is_safe() -> None:
    text = "\n".join(drawn(Tiny(CANVAS, "t"), view_of(snapshot()), 30, 8))
    assert "needs 40x10, is 30x8" in text
    assert "SAFE" in text


# --- the preview ---------------------------------------------------------------------------------------------------


def preview(*, private: bool = False, refusals: tuple[str, ...] = (), width: int = 80, height: int = 24) -> str:
    leg = replace(BTC, target=Decimal("0.6"))
    snap = snapshot(leg, staged=stage(leg, refusals=refusals))
    return "\n".join(drawn(PreviewPanel(CANVAS, "body"), view_of(snap, private=private), width, height))


def test_the_preview_has_everything_that_must_be_looked_at() -> None:
    text = preview()
    for words in (
        "PAPER ORDER: nothing is sent to the venue", "SELL 0.5 BTC", "asked for", "left over", "60,012.30",
        "best bid", "≈16.50 USDT", "hedge ratio", "50.0%", "60.0%", "margin use", "liq. price", "distance",
        "y sends it as a paper order",
    ):  # fmt: skip
        assert words in text, words
    assert re.search(r"position +−2\.5 +→ +−3 BTC", text)


def test_a_refused_order_says_why_and_that_it_cannot_be_sent() -> None:
    text = preview(refusals=("notional 30,006 is above the limit of 10,000",))
    assert "REFUSED: notional 30,006 is above the limit of 10,000" in text
    assert "y sends" not in text


def test_private_mode_hides_the_size_in_the_preview_too() -> None:
    text = preview(private=True)
    assert "0.5" not in text.replace("50.0%", "")
    assert "p shows the size" in text


def test_the_preview_fits_the_smallest_usual_screen_with_its_keys() -> None:
    assert "y sends it as a paper order" in preview(height=21)


def test_private_mode_hides_amounts_in_what_the_engine_says_of_orders() -> None:
    told = "the order to sell 0.25 of bybit:linear:BTCUSDT on account paper was rejected: 1,234.56 USDT are lacking"
    shown = snapshot(alerts=(alert(text=told), alert("b", text=told, ended_ns=START - 5 * 10**9)))
    refused = preview(private=True, refusals=("notional 30,006.15 is above the limit of 10,000",))
    (banner,) = drawn(Banner(CANVAS, "banner"), view_of(shown, private=True), 160, 1)
    for text in (one(AlertsPanel, shown, 60, 12, private=True), banner, refused):
        assert not re.search(r"0\.25|1,234|30,006|10,000", text), text
    assert "sell •.•• of bybit:linear:BTCUSDT" in banner
    assert "notional ••,•••.•• is above" in refused


# --- private mode --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bag", "hedge", "margin", "ratio", "funding"])
def test_private_mode_shows_no_amount(name: str) -> None:
    leg = replace(BTC, coins=Decimal("7.7777"), short=Decimal("3.3333"), margin=Decimal(88_888), target=Decimal("0.6"))
    text = "\n".join(drawn(panel(name), view_of(snapshot(leg), private=True), 120, 40))
    for digits in ("7.7777", "3.3333", "88,88", "466,7", "200,0"):
        assert digits not in text
    assert "•••••" in text


def test_widgets_start_empty() -> None:
    assert Lines(CANVAS, "x").text == ""


# --- profit --------------------------------------------------------------------------------------------------------


def test_the_profit_panel_shows_hedged_beside_unhedged_and_every_cause() -> None:
    text = one(ProfitPanel, BOOKS["seed"], 80, 24)
    assert re.search(r"inception +today \d\d:\d\d +anchor", text)
    assert re.search(r"unhedged +\+7\.75 +\S+ +m sets it", text)
    assert re.search(r" hedged +−75\.48 +−7\.55 ", text)
    assert re.search(r"difference +−83\.23 ", text)
    causes = ("price", "convexity", "basis", "funding", "fees", "slippage", "currencies", "residual")
    assert all(re.search(rf"  {name} +[≈+−\d]", text) for name in causes)
    assert re.search(r"BTC costs +59,994\.00 USDT", text)
    assert "Included: bag at spot and hedge at mark" in text


def test_a_wide_profit_panel_shows_the_hedges_share_of_each_cause() -> None:
    text = one(ProfitPanel, BOOKS["seed"], 120, 24)
    assert text.count("of hedge") == 3
    assert re.search(r"price +≈\+3\.88 +≈−3\.88 ", text)


def test_a_low_profit_panel_leaves_out_whole_blocks() -> None:
    text = one(ProfitPanel, BOOKS["seed"], 66, 8)
    assert "difference" in text
    assert "price" not in text
    assert re.search(r"BTC costs", text)


def test_an_unknown_profit_names_what_is_missing() -> None:
    text = one(ProfitPanel, BOOKS["unknown"], 80, 24)
    assert "inception needs mark price" in text
    assert re.search(r"hedged +— +—", text)


def test_a_private_profit_shows_no_amount() -> None:
    text = one(ProfitPanel, BOOKS["seed"], 80, 24, private=True)
    assert "•••••" in text
    assert "75.48" not in text


def test_coins_that_moved_are_told_apart_from_profit() -> None:
    shown = snapshot()
    moved = TransferView(account="main", asset="USDT", amount=exact(Decimal(50_000)))
    first = msgspec.structs.replace(shown.books[0].attributions[0], transfers=(moved,))
    book = msgspec.structs.replace(shown.books[0], attributions=(first, *shown.books[0].attributions[1:]))
    text = one(ProfitPanel, msgspec.structs.replace(shown, books=(book,)), 80, 24)
    assert re.search(r"USDT moved +\+50,000\.00 USDT +into main \(\+\) or out of it: no profit", text)


def test_a_book_that_was_never_measured_says_so() -> None:
    shown = snapshot()
    book = msgspec.structs.replace(shown.books[0], attributions=())
    assert "nothing measured yet" in one(ProfitPanel, msgspec.structs.replace(shown, books=(book,)))


def test_the_hedge_panel_says_where_a_price_of_a_sheet_comes_from() -> None:
    for rests, words in ((False, "priced at the mark price typed in"), (True, "typed in; its market is closed")):
        made = snapshot(replace(BTC, typed=True))
        (book,) = made.books
        line = msgspec.structs.replace(book.hedges[0], price_rests=rests)
        made = msgspec.structs.replace(made, books=(msgspec.structs.replace(book, hedges=(line,)),))
        assert words in one(HedgePanel, made, 76, 20)
    assert "priced at" not in one(HedgePanel, snapshot(BTC), 76, 20)


def test_where_not_all_connections_fit_every_venue_still_stands_there() -> None:
    """In words and counts, not in colour: a venue of which a connection is away says how it stands."""
    venues = ("binance", "bybit", "bingx", "weex", "mexc")
    feeds = [
        msgspec.structs.replace(feed(name), venue=venue) for venue in venues for name in ("linear", "spot", "premium")
    ]
    feeds[3] = msgspec.structs.replace(feeds[3], state=ConnectionState.RECONNECTING)
    text = one(FeedsPanel, snapshot(feeds=tuple(feeds)), 56, 4)
    assert all(venue in text for venue in venues)
    assert "bybit 2/3 RECONNECTING" in text
    assert "weex 3/3" in text
    narrow = one(FeedsPanel, snapshot(feeds=tuple(feeds[:3] + feeds[6:])), 40, 4)
    assert all(venue in narrow for venue in ("binance", "bingx", "weex", "mexc"))


def test_hedges_at_several_venues_are_told_apart_by_them() -> None:
    (book,) = snapshot(BTC).books
    hedges = [(book, msgspec.structs.replace(book.hedges[0], venue=venue)) for venue in ("bybit", "mexc")]
    assert hedge_names(hedges) == ["bybit", "mexc"]


@pytest.mark.parametrize("kind", [HedgePanel, MarginPanel, RatioPanel, FundingPanel])
@pytest.mark.parametrize("symbols", [("BTCUSDT", "BTCUSDT-26MAR27", "BTCUSDT-25DEC26"), ("BTCUSDT", "BTCUSDC")])
def test_hedges_whose_names_begin_alike_are_told_apart_at_80_columns(
    kind: type[Panel], symbols: tuple[str, ...]
) -> None:
    made = snapshot(*[BTC] * len(symbols))
    (book,) = made.books
    lines = tuple(
        msgspec.structs.replace(line, symbol=symbol, instrument=f"bybit:linear:{symbol}")
        for line, symbol in zip(book.hedges, symbols, strict=True)
    )
    made = msgspec.structs.replace(made, books=(msgspec.structs.replace(book, hedges=lines),))
    rows = one(kind, made, 38, 12).splitlines()
    heading = next(index for index, row in enumerate(rows) if "hedge " in row and index)
    names = [row[3:10].strip() for row in rows[heading + 1 : heading + 1 + len(symbols)]]
    assert all(names)
    assert len(set(names)) == len(symbols), names
