"""What changed: alerts, the worst first, then those that have ended."""

from __future__ import annotations

from core.figures import Freshness
from core.snapshot import AlertView
from tui.format import Cell, Formatter, age
from tui.glyphs import ELLIPSIS
from tui.panel import Panel
from tui.picture import View
from tui.rows import Row, fit, wrapped
from tui.words import SEVERITY_ROLES, open_alerts

NO_ALERTS = Cell("no open alerts", "safe")


class AlertsPanel(Panel):
    """Open and recently ended alerts; never frozen."""

    NUMBER = 6
    TITLE = "alerts"
    HELP = "What has crossed a threshold, the worst first. Acknowledging silences an alert; only the value can end it."

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """As many alerts as fit whole; the last row counts the rest."""
        show = view.live_show
        alerts = open_alerts(view.live.alerts)
        ended = sorted(
            (alert for alert in view.live.alerts if alert.ended_ns is not None),
            key=lambda alert: -(alert.ended_ns or 0),
        )
        if not alerts:
            blind = show.trust is not Freshness.LIVE
            rows: list[Row] = [(Cell("blind: the engine is not watching", "blind") if blind else NO_ALERTS,)]
            return [*rows, *(row for alert in ended for row in _ended(show, alert, width))][:height]
        blocks = [_open(show, alert, width) for alert in alerts] + [_ended(show, alert, width) for alert in ended]
        return _whole_blocks(blocks, height)


def _open(show: Formatter, alert: AlertView, width: int) -> list[Row]:
    role = SEVERITY_ROLES[alert.severity]
    word = Cell(f" {alert.severity.upper()} ", "notice" if role == "watch" else f"{role}_badge")
    state = "acknowledged" if alert.acknowledged else "new"
    since = age(show.now_ns - alert.since_ns)
    head: Row = (word, Cell(f" {since} ", "age"), Cell(state, "label" if alert.acknowledged else "strong"))
    used = sum(len(cell.text) for cell in head) + 1
    if used + len(alert.text) <= width:
        return [(*head, Cell(f" {alert.text}", "text"))]
    return [head, *wrapped(alert.text, width)]


def _ended(show: Formatter, alert: AlertView, width: int) -> list[Row]:
    text = f"ended {age(show.now_ns - (alert.ended_ns or 0))} ago: {alert.text}"
    return wrapped(text, width, "label")


def _whole_blocks(blocks: list[list[Row]], height: int) -> list[Row]:
    rows: list[Row] = []
    for index, block in enumerate(blocks):
        left = len(blocks) - index
        last = left == 1
        room = height - len(rows) - (0 if last else 1)
        if len(block) > room and rows:
            return [*rows, (Cell(f"{left} more: A lists all", "label"),)]
        rows += block if len(block) <= room else [*block[: room - 1], _cut(block[room - 1])]
    return rows[:height]


def _cut(row: Row) -> Row:
    """A row of which more follows."""
    return (*row[:-1], Cell(f"{row[-1].text[:-1]}{ELLIPSIS}", row[-1].role))


def alert_line(show: Formatter, alert: AlertView, width: int) -> Row:
    """One alert on one line, for lists."""
    role = SEVERITY_ROLES[alert.severity]
    state = "ended" if alert.ended_ns is not None else "seen " if alert.acknowledged else "new  "
    return (
        Cell(fit(f" {alert.severity.upper()}", 10), role if alert.ended_ns is None else "label"),
        Cell(fit(f" {age(show.now_ns - (alert.ended_ns or alert.since_ns))}", 6), "age"),
        Cell(f"{state} ", "strong" if state == "new  " else "label"),
        Cell(fit(alert.text, max(0, width - 22)), "text" if alert.ended_ns is None else "label"),
    )
