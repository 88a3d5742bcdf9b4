"""The grid of scenarios: the driver's moves downwards, a second shift across, net in each cell or what is left."""

from __future__ import annotations

from decimal import Decimal

from core.exact import exactly
from core.scenario_view import GridView, ScenarioAxis
from tui.format import Cell, Formatter, number
from tui.glyphs import DASH, MASKED
from tui.rows import Row, wrapped

LABEL = 7
LEAST_CELL = 6
TALL = 32
"""From this height on every row of the grid is shown, below it every second."""
STEPS = (1, 2, 4, 5, 10)
LIQUIDATED = "L"


def grid_rows(show: Formatter, grid: GridView, driver: str, days: int, width: int, height: int) -> list[Row]:
    """Heading, columns' values, one row a move; as many columns as fit, the first and the last always."""
    step = next((step for step in STEPS if _cell_width(grid, step, width) >= LEAST_CELL), STEPS[-1])
    chosen, each = range(0, len(grid.columns), step), min(10, _cell_width(grid, step, width))
    here = show.percent(grid.here).text.strip() if grid.here.value is not None else ""
    title = f"≈ net in USD after {days} d: {driver} moves down, {grid.column_word} across"
    rows: list[Row] = [(Cell(title[:width], "title"),)]
    legend = f"{LIQUIDATED}: liquidated on the way, the figure is what is left of the book"
    rows += wrapped(f"{legend}; {grid.column_word} now {here}" if here else legend, width, "label")
    heads = [Cell(_share(grid.columns[index], each, grid).rjust(each), "label") for index in chosen]
    rows.append((Cell(" " * LABEL, "label"), *heads))
    for line in range(0, len(grid.rows), 1 if height >= TALL else 2):
        move = grid.rows[line]
        label = f"{number(move.scaleb(2), 0, LABEL - 2, signed=True).strip()}%".rjust(LABEL)
        cells = [_cell(show, grid, line, index, each) for index in chosen]
        rows.append((Cell(label, "strong" if not move else "label"), *cells))
    return rows


def _cell_width(grid: GridView, step: int, width: int) -> int:
    return (width - LABEL) // len(range(0, len(grid.columns), step))


def _share(value: Decimal, width: int, grid: GridView) -> str:
    """The value of a column: a ratio in per cent, a shift with its sign, a rate in hundredths of a per cent."""
    if grid.axis is ScenarioAxis.HEDGE:
        return f"{number(value.scaleb(2), 0, width - 2).strip()}%"
    if grid.axis is ScenarioAxis.BASIS:
        return f"{number(value.scaleb(2), 1, width - 2, signed=True).strip()}%"
    return f"{number(value.scaleb(4), 0, width - 3, signed=True).strip()}bp"


@exactly
def _cell(show: Formatter, grid: GridView, line: int, index: int, width: int) -> Cell:
    net, left, dead = grid.net[line][index], grid.left[line][index], grid.liquidated[line][index]
    if net is None or left is None:
        return Cell(DASH.rjust(width), "unknown")
    if dead:
        text = MASKED * 3 if show.private else number(left.quantize(Decimal(1)), 0, width - 2).strip()
        return Cell(f"{LIQUIDATED}{text}".rjust(width), "danger")
    if show.private:
        return Cell((MASKED * 3).rjust(width), "value")
    whole = net.quantize(Decimal(1))
    role = "value" if not whole else "plus" if whole > 0 else "minus"
    return Cell(number(whole, 0, width - 1, signed=True).rjust(width), role)
