"""The line at the top: whose screen this is, in which mode, whether the data lives, how old the worst of it is."""

from __future__ import annotations

from core.figures import Freshness
from core.snapshot import Mode
from tui.format import SECOND_NS, Cell, age
from tui.glyphs import DASH, DOT, ELLIPSIS
from tui.panel import Lines
from tui.picture import View
from tui.rows import Row, fit, joined, row_width, spread
from tui.words import SEVERITY_ROLES, connection_word, open_alerts


class Header(Lines):
    """One row."""

    def lines(self, view: View) -> list[Row]:
        """Name and mode at the left; connection, age and alerts at the right; FROZEN instead of the source."""
        width = self.place.width
        mode = view.live.mode
        brand, badge = Cell(" hedgerow ", "brand"), Cell(f" {mode} ", "replay" if mode is Mode.REPLAY else "mode")
        right = self._right(view)
        # Where there is little room the name goes first: the mode says whether money is real, the rest whether data is.
        left = [brand, badge] if row_width((brand, badge, *right)) <= width else [badge, Cell(" ", "text")]
        if row_width((*left, *right)) > width:
            right = self._right(view, alerts=False)
        room = width - row_width(tuple(left)) - row_width(right) - 2
        if view.frozen_ns is not None:
            text = f" FROZEN {age(view.frozen_ns)} "
            longer = f" FROZEN {age(view.frozen_ns)}: space resumes "
            left += [Cell(" ", "text"), Cell(longer if len(longer) <= room else text, "frozen")]
        elif room >= 8 and view.live.source:
            left.append(Cell(f" {_shortened(view.live.source, room)}", "label"))
        return [spread(tuple(left), right, width)]

    def _right(self, view: View, *, alerts: bool = True) -> Row:
        parts: list[Row] = []
        if view.show.private:
            parts.append((Cell("PRIVATE", "watch"),))
        parts.append(self._connection(view))
        parts.append(self._data_age(view))
        if alerts:
            parts.append(_alerts(view))
        return (*joined(parts), Cell(" ", "text"))

    def _connection(self, view: View) -> Row:
        if view.lost:
            return (Cell(" STOPPED ", "critical_badge"),)
        if view.silent_ns and not view.replaying:
            return (Cell(" SILENT ", "danger_badge"),)
        word, role = connection_word(view.live.feeds)
        return (Cell(f"{DOT} {word}", role),)

    def _data_age(self, view: View) -> Row:
        live = view.live
        if live.worst_age_ns is None or view.lost:
            return (Cell(f"data {DASH}", "unknown"),)
        text = f"data {age(live.worst_age_ns + max(0, view.live_show.now_ns - live.time_ns)):>3}"
        silent = view.silent_ns > 10 * SECOND_NS and not view.replaying
        if silent or live.worst_freshness in (Freshness.STALE, Freshness.UNKNOWN):
            return (Cell(f"{text} STALE", "warning"),)
        if live.worst_freshness is Freshness.LATE:
            return (Cell(f"{text} late", "watch"),)
        return (Cell(text, "age"),)


def _shortened(source: str, room: int) -> str:
    """As many of the source's parts as fit; what follows a comma can be left out, an ellipsis stands for it."""
    if len(source) <= room:
        return source
    kept = source
    while len(kept) + 3 > room and ", " in kept:
        kept = kept.rpartition(", ")[0]
    return f"{kept}, {ELLIPSIS}" if len(kept) + 3 <= room else fit(source, room)


def _alerts(view: View) -> Row:
    alerts = open_alerts(view.live.alerts)
    if view.live_show.trust is not Freshness.LIVE:
        return (Cell(f"alerts {DASH}", "blind"),)
    if not alerts:
        return (Cell("no alerts", "label"),)
    word = "alert" if len(alerts) == 1 else "alerts"
    return (Cell(f"{len(alerts)} {word}", SEVERITY_ROLES[alerts[0].severity]),)
