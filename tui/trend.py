"""How a figure has moved while the monitor has been open: a few rows of columns, where a panel has room to spare."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from core.figures import Figure, Freshness
from core.risk import nearest_end
from core.snapshot import BookView, HedgeLine, Snapshot
from tui.format import SECOND_NS, Cell, duration
from tui.glyphs import TREND
from tui.rows import Row

SAMPLE_NS = 5 * SECOND_NS
KEPT = 720
EIGHTHS = len(TREND)
LEAST_ROWS = 4
MOST_ROWS = 9


class Sample(NamedTuple):
    """One hedge's figures at one moment; ``None`` where they were unknown or stale."""

    time_ns: int
    mark_price: Decimal | None
    distance: Decimal | None
    ratio: Decimal | None
    basis: Decimal | None
    net_profit: Decimal | None


class Trend(NamedTuple):
    """What to draw: its name, its values (oldest first, ``None`` for a gap) and how a value is written."""

    label: str
    values: Sequence[Decimal | None]
    write: Callable[[Figure], Cell]


class History:
    """The last hour of every hedge, one sample in five seconds of the engine's time."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str], deque[Sample]] = {}

    def take(self, snapshot: Snapshot) -> None:
        """Keep a sample of each hedge, if the last one is old enough."""
        for book in snapshot.books:
            for hedge in book.hedges:
                samples = self._samples.setdefault((book.name, hedge.instrument), deque(maxlen=KEPT))
                if samples and snapshot.time_ns - samples[-1].time_ns < SAMPLE_NS:
                    continue
                samples.append(_sample(snapshot.time_ns, book, hedge))

    def of(self, book: str, instrument: str) -> tuple[Sample, ...]:
        """A hedge's samples, oldest first."""
        return tuple(self._samples.get((book, instrument), ()))


def _sample(time_ns: int, book: BookView, hedge: HedgeLine) -> Sample:
    return Sample(
        time_ns,
        _live(hedge.mark_price),
        _live(nearest_end(hedge.liquidation_distance, hedge.account_liquidation_distance).distance),
        _live(hedge.ratio),
        _live(hedge.basis),
        _live(book.totals.net_profit),
    )


def _live(figure: Figure) -> Decimal | None:
    return figure.value if figure.freshness in (Freshness.LIVE, Freshness.LATE) else None


def trend_rows(trend: Trend, width: int, room: int) -> list[Row]:
    """The trend in at most ``room`` rows: a caption with its lowest and highest value, then the columns."""
    values = list(trend.values[-width:])
    known = [value for value in values if value is not None]
    if room < LEAST_ROWS or len(known) < 2:
        return []
    low, high = min(known), max(known)
    height = min(room, MOST_ROWS) - 1
    span = duration(SAMPLE_NS * (len(values) - 1))
    caption = f"{trend.label}, last {span}: {_written(trend, low)} to {_written(trend, high)}"
    if len(caption) > width:
        caption = f"{_written(trend, low)} to {_written(trend, high)}"
    columns = [_column(value, low, high, height) for value in values]
    pad = " " * (width - len(columns))
    rows: list[Row] = [(Cell(caption[:width], "label"),)]
    rows += [(Cell(pad + "".join(column[y] for column in columns), "trend"),) for y in range(height)]
    return rows


def _written(trend: Trend, value: Decimal) -> str:
    return trend.write(Figure(value=value)).text.strip()


def _column(value: Decimal | None, low: Decimal, high: Decimal, height: int) -> str:
    """One column from its top cell to its bottom cell; the lowest value is an eighth high, a gap is empty."""
    if value is None:
        return " " * height
    full = height * EIGHTHS
    eighths = full // 2 if high == low else 1 + int((value - low) / (high - low) * (full - 1))
    cells = []
    for y in range(height - 1, -1, -1):
        filled = eighths - y * EIGHTHS
        cells.append(" " if filled <= 0 else TREND[min(filled, EIGHTHS) - 1])
    return "".join(cells)
