"""The answers to "where does it end", by name: the venue's, ours, the account's, all coins together; and how likely."""

from __future__ import annotations

from decimal import Decimal

from core.exact import exactly
from core.figures import Figure, Freshness
from core.liquidation_results import DISPUTED
from core.snapshot import AccountView, BookView, HedgeLine, TogetherView
from tui.format import Cell, Formatter, age, estimate_mark, number, price_places
from tui.glyphs import DASH
from tui.panels.fields import LABEL, VALUE, Field
from tui.rows import Row, fit
from tui.words import Verdict, distance_verdict, end_of, usage_verdict

IN_DISPUTE = Verdict("DISPUTED", "warning", 3)
ROOMY = 52
"""From this width on a row has room for both a word and what it is about."""
LEAST_SHOWN = Decimal("0.001")


def essential_rows(show: Formatter, book: BookView, hedge: HedgeLine, width: int) -> list[Row]:
    """The four rows that the smallest screen keeps: distance, liquidation price, end of the account, margin use."""
    end = end_of(hedge)
    account = next((item for item in book.accounts if item.name == hedge.account), None)
    distance = Field(
        "distance",
        end.distance,
        show.percent(end.distance),
        verdict=distance_verdict(show, end.distance, book.thresholds),
        hint="of the mark price, to the account's end" if end.of_account else "of the mark price, to liquidation",
    )
    price = Field(
        "liq. price",
        hedge.liquidation_price,
        show.price(hedge.liquidation_price),
        hedge.quote if width >= ROOMY else "",
        verdict=IN_DISPUTE if hedge.liquidation_disputed else None,
        note=_away(show, hedge.liquidation_distance) if width >= ROOMY or not hedge.liquidation_disputed else "",
        hint=hedge.liquidation_source,
    )
    death = Field(
        "account end",
        hedge.account_liquidation,
        show.price(hedge.account_liquidation),
        hedge.quote if width >= ROOMY else "",
        note=_away(show, hedge.account_liquidation_distance),
        hint=f"only {hedge.asset} moving, coins included",
    )
    use = Field(
        "margin use",
        hedge.margin_usage,
        show.percent(hedge.margin_usage),
        verdict=usage_verdict(show, hedge.margin_usage, book.thresholds),
        hint=hedge.margin_usage.absent or (_usage_name(account) if account is not None else ""),
    )
    return [field.row(show, width) for field in (distance, price, death, use)]


def _usage_name(account: AccountView) -> str:
    """What the venue calls the use of margin, so that it is found on its pages."""
    return "" if account.usage_label == "margin usage" else f'"{account.usage_label}" at {account.venue}'


def _away(show: Formatter, distance: Figure) -> str:
    return show.percent(distance).text.strip() if show.known(distance) else ""


def end_rows(show: Formatter, hedge: HedgeLine, account: AccountView | None, width: int) -> list[Row]:
    """The venue's price with its age, ours, their difference, all coins together, and bankruptcy."""
    rows = _both_rows(show, hedge, width)
    if account is not None:
        rows += _together_rows(show, account.together, width)
    bankruptcy = Field(
        "bankruptcy",
        hedge.bankruptcy_price,
        show.price(hedge.bankruptcy_price),
        hedge.quote,
        hint="equity used up",
    )
    return [*rows, bankruptcy.row(show, width)]


def _both_rows(show: Formatter, hedge: HedgeLine, width: int) -> list[Row]:
    """The venue's price, ours and their difference; where no venue reports the position, a word about that alone."""
    venue, ours = hedge.liquidation_venue, hedge.liquidation_ours
    if venue.absent:
        why = venue.absent if len(venue.absent) + LABEL < width else venue.absent.partition(":")[0]
        return [(Cell(fit("venue's own", LABEL), "label"), Cell(f" {why}", "text"))]
    aged = ""
    if venue.observed_ns is not None and show.freshness(venue) is Freshness.LIVE:
        aged = f"{age(show.now_ns - venue.observed_ns)} old"
    rows = [
        Field("venue's own", venue, show.price(venue), note=aged, hint="as the venue reported it").row(show, width),
        Field("ours", ours, show.price(ours), hedge.quote).row(show, width),
    ]
    known = show.known(hedge.liquidation_difference) or hedge.liquidation_disputed
    return [*rows, _difference_row(show, hedge, width)] if known else rows


@exactly
def _difference_row(show: Formatter, hedge: HedgeLine, width: int) -> Row:
    """Ours less the venue's, and in words whether they agree."""
    figure, mark = hedge.liquidation_difference, hedge.mark_price.value
    value = figure.value
    if value is None or not show.known(figure):
        # Where one has a price and the other says that there is none there is no difference, and yet a dispute.
        disputed = IN_DISPUTE if hedge.liquidation_disputed else None
        return Field("difference", figure, Cell(DASH, "unknown"), verdict=disputed).row(show, width)
    places = price_places(value if mark is None else mark)
    text = number(value, places, VALUE - 1, signed=True, mark=estimate_mark(figure))
    words = "agree"
    if hedge.liquidation_disputed:
        words = "DISPUTED, the nearer counts" if width >= ROOMY else "DISPUTED"
    share = "" if not mark else f"{abs(value) / mark * 100:.1f}% of mark; {DISPUTED * 100:.0f}% is a dispute"
    role = "warning" if hedge.liquidation_disputed else "value"
    return Field("difference", figure, Cell(text, role), note=words, hint=share).row(show, width)


@exactly
def _together_rows(show: Formatter, together: TogetherView | None, width: int) -> list[Row]:
    """How far the driver may move, up and down, when all coins move by their betas."""
    if together is None:
        return [(Cell(fit("together", LABEL), "label"), Cell(" one coin: as account end", "text"))]
    gaps = (*together.above.missing, *together.below.missing)
    if gaps:
        return [
            (Cell(fit("together", LABEL), "label"), Cell(fit(f" {DASH} needs {gaps[0]}", width - LABEL), "unknown"))
        ]
    rows: list[Row] = [
        (
            Cell(fit("together", LABEL), "label"),
            Cell(f" {together.driver} ", "label"),
            move_cell(show, together.above),
            Cell(" / ", "label"),
            move_cell(show, together.below),
        )
    ]
    betas = ", ".join(
        f"{item.coin} {estimate_mark(item.beta)}{number(item.beta.value, 2, 8).strip()}"
        for item in together.betas
        if item.beta.value is not None and item.coin != together.driver
    )
    if betas:
        source = f", {together.source}"
        text = f"betas {betas}"
        rows.append((Cell(fit(text + source if len(text + source) <= width else text, width), "label"),))
    return rows


def move_cell(show: Formatter, figure: Figure) -> Cell:
    """A move as a signed percentage, as short as it is."""
    cell = show.percent(figure, 9, signed=True)
    return Cell(cell.text.strip(), cell.role)


def chance_rows(show: Formatter, hedge: HedgeLine, width: int) -> list[Row]:
    """The distance in daily sigmas, the probability of touching it, and what both were measured by."""
    sigmas = hedge.liquidation_sigmas
    if sigmas.value is None or not show.known(sigmas):
        return [Field("sigmas", sigmas, show.percent(sigmas)).row(show, width)]
    text = number(sigmas.value, 1, VALUE - 1, mark=estimate_mark(sigmas))
    rows = [
        Field("sigmas", sigmas, Cell(text, "value"), note="of a day", hint="to the liquidation price").row(show, width)
    ]
    touch: list[Cell] = [Cell("touch", "label")]
    for days, figure in ((1, hedge.touch_day), (7, hedge.touch_week), (30, hedge.touch_month)):
        touch += [Cell(f" {days}d ", "label"), _chance(show, figure)]
    rows.append(tuple(touch))
    daily = show.percent(hedge.volatility).text.strip()
    measured = f"volatility {daily} a day: {hedge.volatility_source}"
    rows.append((Cell(fit(measured if len(measured) <= width else f"by {hedge.volatility_source}", width), "label"),))
    return rows


def _chance(show: Formatter, figure: Figure) -> Cell:
    """A probability in at most five cells."""
    if figure.value is None or not show.known(figure):
        return Cell(DASH, "unknown")
    mark = estimate_mark(figure)
    if 0 < figure.value < LEAST_SHOWN:
        return Cell("<0.1%", "value")
    places = 1 if figure.value < Decimal("0.1") else 0
    return Cell(f"{number(figure.value.scaleb(2), places, 5, mark=mark).strip()}%", "value")
