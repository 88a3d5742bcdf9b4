"""Scenarios as rows: what ends the book and what mends it, the ladder, shocks by name, and the grid."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.exact import ZERO, exactly
from core.figures import Figure, Freshness
from core.scenario_view import ReverseView, ScenarioView, ShockView, TopUpView
from tui.format import Cell, Formatter, age, estimate_mark, number
from tui.glyphs import DASH
from tui.panels.fields import after_space, badge
from tui.panels.scenario_grid import grid_rows
from tui.rows import BLANK, Row, fit, row_width, wrapped
from tui.words import BLIND

NAME, AMOUNT, FUNDING, USE = 15, 11, 9, 7
"""Widths of the shocks' table: its first column, amounts, funding, margin use."""
ENDING, NARROW = 5, 60
"""Cells that every row keeps to say that something is liquidated; from which width on the first column is wide."""


def scenario_rows(show: Formatter, scenario: ScenarioView, width: int, height: int) -> list[Row]:
    """Every row, the most pressing first."""
    rows = _head(show, scenario, width)
    if scenario.ground.value is None:
        return rows
    rows += [row for item in scenario.reverse for row in _reverse_rows(show, scenario.driver, item, width)]
    rows += [row for item in scenario.top_up for row in _top_up_rows(show, item, width)]
    rows += _table(show, f"{scenario.driver} moves", scenario.ladder, width)
    if scenario.grid is not None:
        rows += [BLANK, *grid_rows(show, scenario.grid, scenario.driver, scenario.days, width, height)]
    rows += _table(show, "happened", scenario.history, width)
    rows += _table(show, "fails", scenario.failures, width)
    return rows


# --- what they rest on -----------------------------------------------------------------------------------------


@exactly
def _head(show: Formatter, scenario: ScenarioView, width: int) -> list[Row]:
    """The driver's price, the book's worth, the horizon, and how old the reckoning is; or what is missing for it."""
    ago = f"reckoned {age(show.now_ns - scenario.reckoned_ns)} ago"
    if not scenario.complete and not scenario.grid:
        ago = "being reckoned"
    if scenario.ground.value is None:
        why = "; ".join(scenario.ground.missing)
        return [
            (badge(BLIND), Cell(f" no scenario can be reckoned; {ago.replace('reckoned', 'tried')}", "text")),
            *wrapped(f"needs {why}", width, "unknown"),
        ]
    price, worth = show.price(scenario.price).text.strip(), show.money(scenario.before).text.strip()
    parts = [f"{scenario.driver} {price}", f"worth {worth} USD", f"moves come after {scenario.days} d of funding", ago]
    trust = show.freshness(scenario.ground)
    line = "  ".join(parts)
    rows: list[Row] = [(Cell(line, "label"),)] if len(line) <= width else wrapped(", ".join(parts), width, "label")
    if trust is not Freshness.LIVE:
        rows.append((Cell(f"inputs were {trust.value.upper()} when it was reckoned", "watch"),))
    betas = [
        f"{item.asset} {estimate_mark(item.beta)}{number(item.beta.value, 2, 8).strip()}"
        for item in scenario.betas
        if item.beta.value and item.asset != scenario.driver
    ]
    if betas:
        rows += wrapped(f"with {scenario.driver} move, by beta: {', '.join(betas)}", width, "label")
    return rows


def _reverse_rows(show: Formatter, driver: str, item: ReverseView, width: int) -> list[Row]:
    """The smallest rise or fall that liquidates something, as a sentence."""
    way = "rise" if item.rise else "fall"
    if item.move.missing:
        return wrapped(f"a {way} that liquidates is not known without {item.move.missing[0]}", width, "unknown")
    if item.move.value is None or not show.known(item.move):
        return wrapped(f"no {way} of {driver} liquidates anything", width, "label")
    size = number(abs(item.move.value).scaleb(2), 1, 8, mark=estimate_mark(item.move)).strip()
    price = show.price(item.price).text.strip()
    row: Row = (
        Cell(f"a {way} of {size}%", "strong"),
        Cell(f" of {driver}, to {price}, liquidates account ", "text"),
        Cell(item.pool, "strong"),
    )
    return [row] if row_width(row) <= width else wrapped("".join(cell.text for cell in row), width, "strong")


def _top_up_rows(show: Formatter, item: TopUpView, width: int) -> list[Row]:
    """What restores the wanted distance: so much more of a coin, or so much less hedge, and what each costs."""
    wanted = f"{number(item.wanted.scaleb(2), 0, 3).strip()}%"
    away = show.percent(item.distance).text.strip()
    if item.distance.absent and not item.distance.missing:
        return wrapped(f"account {item.pool}: no move of {item.coin} alone liquidates it", width, "text")
    head = f"account {item.pool}: {away} to liquidation if {item.coin} alone moves"
    if item.cut.value == 0 and all(addition.amount.value == 0 for addition in item.additions):
        return wrapped(f"{head}, more than the {wanted} wanted", width, "text")
    ways = []
    for addition in item.additions:
        if addition.amount.value is None:
            ways.append(f"adding {addition.asset}: {_why(addition.amount)}")
        else:
            amount = show.coins(addition.amount).text.strip()
            cost = "" if addition.asset == item.settle else f" (worth {show.money(addition.cost).text.strip()} USD)"
            ways.append(f"add {amount} {addition.asset}{cost}")
    if item.cut.value is None:
        ways.append(f"closing some: {_why(item.cut)}")
    else:
        size, share = show.coins(item.cut).text.strip(), show.percent(item.cut_share).text.strip()
        fee = show.money(item.cut_fee, currency=item.settle).text.strip()
        profit = show.profit(item.cut_profit, currency=item.settle).text.strip()
        ways.append(f"close {size} {item.cut_unit} ({share}) for a fee of {fee}, realising {profit} {item.settle}")
    return wrapped(f"{head}; for {wanted} {', or '.join(ways)}", width, "watch")


def _why(figure: Figure) -> str:
    return figure.absent or f"{DASH} needs {', '.join(figure.missing)}"


# --- shocks ----------------------------------------------------------------------------------------------------


def _table(show: Formatter, first: str, shocks: Sequence[ShockView], width: int) -> list[Row]:
    """The shocks below their heading; nothing where they have not been reckoned yet."""
    return [BLANK, _table_head(first, width), *(_shock_row(show, item, width) for item in shocks)] if shocks else []


def _columns(width: int) -> tuple[int, dict[str, int]]:
    """The width of the first column, and those of the others that have room whole; the net is the last to go."""
    sizes = {"bag": AMOUNT, "hedge": AMOUNT, "funding": FUNDING, "net USD": AMOUNT, "margin": USE}
    name = NAME if width >= NARROW else NAME - 4
    for dropped in ("", "funding", "hedge", "bag"):
        sizes.pop(dropped, None)
        if name + sum(sizes.values()) <= width - ENDING:
            break
    return name, sizes


def _table_head(first: str, width: int) -> Row:
    name, sizes = _columns(width)
    heads = [Cell(word.rjust(size), "label") for word, size in sizes.items()]
    used = " used" if name + sum(sizes.values()) + 5 <= width else ""
    return (Cell(fit(first, name), "title"), *heads, Cell(used, "label"))


def _shock_row(show: Formatter, item: ShockView, width: int) -> Row:
    move, (size, sizes) = _plain_move(item.move), _columns(width)
    if item.net.missing:
        return (
            Cell(fit(item.name or move, size), "text"),
            Cell(fit(f" {DASH} needs {item.net.missing[0]}", width - size), "unknown"),
        )
    named = item.name if item.move.value in (None, ZERO) else f"{item.name} {move}"
    name = Cell(fit(named, size), "text") if item.name else Cell(move.rjust(size), "value")
    figures = {"bag": item.bag, "hedge": item.hedge, "funding": item.funding, "net USD": item.net}
    row: Row = (
        name,
        *(after_space(amount(show, figures[word], sizes[word] - 1)) for word in sizes if word in figures),
        after_space(show.percent(item.usage, USE - 1, places=0)),
    )
    room = width - row_width(row)
    ended = next((text for text in _endings(show, item) if len(text) <= room), "")
    if ended:
        return (*row, Cell(ended, "danger"))
    return (*row, Cell(f"  {item.note}" if len(item.note) + 2 <= room else "", "label"))


def _plain_move(figure: Figure) -> str:
    """A shock's own size is exact, whatever follows from it."""
    return "" if figure.value is None else f"{number(figure.value.scaleb(2), 0, 5, signed=True).strip()}%"


def _endings(show: Formatter, item: ShockView) -> list[str]:
    """Who is liquidated and where, or lost, from the longest form to the shortest."""
    if item.gone:
        return [f" LOST {', '.join(item.gone)}", " LOST"]
    if not item.liquidated:
        return []
    places = [(end.pool, show.price(end.price).text.strip()) for end in item.liquidated]
    return [
        f" LIQUIDATED {', '.join(f'{pool} at {price}' for pool, price in places)}",
        f" LIQUIDATED {', '.join(pool for pool, _price in places)}",
        f" LIQUIDATED{'' if len(places) == 1 else f' {len(places)}'}",
        " LIQ.",
    ]


@exactly
def amount(show: Formatter, figure: Figure, width: int) -> Cell:
    """A gain or a loss in whole dollars."""
    cell = show.profit(figure, width, currency="USD")
    if figure.value is None or show.private or not show.known(figure):
        return cell
    whole = figure.value.quantize(Decimal(1))
    return Cell(number(whole, 0, width, signed=True, mark=estimate_mark(figure)), cell.role)
