"""What changed: alerts, the worst first, then those that have ended."""

from __future__ import annotations

from core.figures import Freshness
from core.snapshot import AlertView
from tui.format import Cell, Formatter, age
from tui.glyphs import ELLIPSIS
from tui.panel import Panel
from tui.picture import View
from tui.rows import Row, continued, fit, row_width, wrapped
from tui.words import SEVERITY_ROLES, open_alerts

NO_ALERTS = Cell("no open alerts", "safe")


class AlertsPanel(Panel):
    """Open and recently ended alerts; never frozen."""

    NUMBER = 6
    TITLE = "alerts"
    HELP = "What has crossed a threshold, the worst first. Acknowledging silences an alert; only the value can end it."

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """As many alerts as fit whole; the last row counts the rest."""
        return alert_lines(view, width, height)


def alert_lines(view: View, width: int, height: int) -> list[Row]:
    """Open alerts, the worst first, then ended ones: as many as fit whole; the last row counts the rest."""
    show = view.live_show
    alerts = open_alerts(view.live.alerts)
    ended = sorted(
        (alert for alert in view.live.alerts if alert.ended_ns is not None),
        key=lambda alert: -(alert.ended_ns or 0),
    )
    over = [_ended(show, alert, width) for alert in ended]
    if not alerts:
        blind = show.trust is not Freshness.LIVE
        word: Row = (Cell("blind: the engine is not watching", "blind") if blind else NO_ALERTS,)
        return _whole_blocks([[word], *over], 0, width, height)
    return _whole_blocks([_open(show, alert, width) for alert in alerts] + over, len(alerts), width, height)


def _open(show: Formatter, alert: AlertView, width: int) -> list[Row]:
    role = SEVERITY_ROLES[alert.severity]
    word = Cell(f" {alert.severity.upper()} ", "notice" if role == "watch" else f"{role}_badge")
    state = "acknowledged" if alert.acknowledged else "new"
    since = age(show.now_ns - alert.since_ns)
    head: Row = (word, Cell(f" {since} ", "age"), Cell(state, "label" if alert.acknowledged else "strong"))
    told = show.told(alert.text)
    lines, below = continued(told, row_width(head) + 1, width), wrapped(told, width)
    if len(below) < len(lines):
        return [head, *below]
    first = (Cell(f" {lines[0]}", "text"),) if lines[0] else ()
    return [(*head, *first), *((Cell(line, "text"),) for line in lines[1:])]


def _ended(show: Formatter, alert: AlertView, width: int) -> list[Row]:
    text = f"ended {age(show.now_ns - (alert.ended_ns or 0))} ago: {show.told(alert.text)}"
    return wrapped(text, width, "label")


def _whole_blocks(blocks: list[list[Row]], open_ones: int, width: int, height: int) -> list[Row]:
    """As many blocks as fit whole; the last row counts the others, open and ended ones apart.

    The last open one has that row too, if it takes it: what has ended does not shorten what has not.
    """
    rows: list[Row] = []
    for index, block in enumerate(blocks):
        last = index == len(blocks) - 1
        room = height - len(rows) - (0 if last or index == open_ones - 1 else 1)
        if len(block) > room and rows:
            more = _rest(max(0, open_ones - index), len(blocks) - max(index, open_ones))
            return [*rows, more] if len(rows) < height else rows
        rows += block if len(block) <= room else [*block[: room - 1], _cut(block[room - 1], width)]
    return rows[:height]


def _cut(row: Row, width: int) -> Row:
    """A row of which more follows, broken off between two words."""
    text, role = row[-1]
    if row_width(row) + 2 > width:
        text = text[:-2].rpartition(" ")[0]
    return (*row[:-1], Cell(f"{text} {ELLIPSIS}", role))


def _rest(open_ones: int, ended: int) -> Row:
    words = [f"{open_ones} more open" if open_ones else "", f"{ended} ended" if ended else ""]
    return (Cell(f"{', '.join(filter(None, words))}: A lists all", "strong" if open_ones else "label"),)


def alert_rows(show: Formatter, alert: AlertView, width: int) -> list[Row]:
    """One alert in a list: how bad, since when, whether anybody has seen it, and its whole text."""
    role = SEVERITY_ROLES[alert.severity]
    over = alert.ended_ns is not None
    state = "ended" if over else "ack" if alert.acknowledged else "new"
    head: Row = (
        Cell(fit(f" {alert.severity.upper()}", 10), "label" if over else role),
        Cell(fit(f" {age(show.now_ns - (alert.ended_ns or alert.since_ns))}", 6), "age"),
        Cell(fit(state, 6), "strong" if state == "new" else "label"),
    )
    first, *others = wrapped(show.told(alert.text), max(10, width - row_width(head)), "label" if over else "text") or [
        ()
    ]
    indent = Cell(" " * row_width(head), "text")
    return [(*head, *first), *((indent, *line) for line in others)]
