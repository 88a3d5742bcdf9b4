"""Whether the data can be believed: every connection, its state in a word, its age, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from core.events import ChannelState, ConnectionState
from core.figures import Freshness
from core.snapshot import FeedView
from tui.format import Cell, Formatter, age
from tui.glyphs import DASH, DOT
from tui.panel import Panel
from tui.picture import View
from tui.rows import Row, fit

_ROLES = {
    ConnectionState.LIVE: "live",
    ConnectionState.CONNECTING: "watch",
    ConnectionState.SUBSCRIBING: "watch",
    ConnectionState.DEGRADED: "warning",
    ConnectionState.RECONNECTING: "danger",
    ConnectionState.CLOSED: "danger",
}
_STATE = 12


class FeedsPanel(Panel):
    """Feed health; never frozen."""

    NUMBER = 7
    TITLE = "feeds"
    HELP = (
        "Each connection: LIVE needs data on every channel, not an acknowledgement. Faults are frames that were not "
        "used; nothing of them reached a price."
    )

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """The connections, the worst first, with the channels that are not live below them where there is room."""
        show = view.live_show
        feeds = sorted(view.live.feeds, key=lambda feed: feed.state is ConnectionState.LIVE)
        if not feeds:
            return [(Cell("no connection", "blind"),)]
        rows: list[Row] = []
        if len(feeds) > height:
            rows = _venues(show, view.live.feeds, width)
            if len(rows) > height:
                rows = _venues(show, view.live.feeds, width, counts=False)[:height]
        roomy = height >= 2 * len(feeds) + 2
        counts = width >= 70 or (width >= 54 and any(feed.faults for feed in feeds))
        for index, feed in enumerate(feeds if len(rows) < height else ()):
            hidden = len(feeds) - index
            if len(rows) >= height - 1 and hidden > 1:
                return [*rows, (Cell(f"{hidden} connections: 7 shows all", "label"),)][:height]
            rows.append(_line(show, feed, width, counts=counts))
            if roomy or feed.state is not ConnectionState.LIVE:
                rows += _trouble(show, feed, width)[: max(0, height - len(rows) - (hidden - 1))]
            if roomy:
                rows += _channels(show, feed, width)[: max(0, height - len(rows) - (hidden - 1))]
        return rows[:height]


def _venues(show: Formatter, feeds: Sequence[FeedView], width: int, *, counts: bool = True) -> list[Row]:
    """Every venue in a few words, as many a row as fit: how many of its connections are live, how the worst stands.

    Without ``counts`` one of which all are live is a name alone.
    """
    silent = show.trust is not Freshness.LIVE
    rows: list[Row] = []
    room = 0
    for venue in dict.fromkeys(feed.venue for feed in feeds):
        own = [feed for feed in feeds if feed.venue == venue]
        away = [feed for feed in own if feed.state is not ConnectionState.LIVE]
        word = " UNKNOWN" if silent else f" {away[0].state.upper()}" if away else ""
        role = "stale" if silent else _ROLES[away[0].state] if away else "live"
        live = f" {len(own) - len(away)}/{len(own)}" if counts or word else ""
        text, gap = f"{venue}{live}{word}", "  " if counts else " "
        if room < len(gap) + len(DOT) + 1 + len(text):
            rows.append((Cell(f"{DOT} ", role), Cell(text, "text")))
            room = width - len(DOT) - 1 - len(text)
        else:
            rows[-1] = (*rows[-1], Cell(f"{gap}{DOT} ", role), Cell(text, "text"))
            room -= len(gap) + len(DOT) + 1 + len(text)
    return rows


def _line(show: Formatter, feed: FeedView, width: int, *, counts: bool) -> Row:
    role = _ROLES[feed.state]
    if feed.freshness in (Freshness.STALE, Freshness.UNKNOWN) and feed.state is ConnectionState.LIVE:
        role = "warning"
    silent = show.trust is not Freshness.LIVE
    seen = DASH if feed.last_data_ns is None else age(show.now_ns - feed.last_data_ns)
    name = f"{feed.venue} {feed.connection}"
    name_width = max(8, width - _STATE - 9)
    counted = f"{feed.faults:>7} faults" if counts else ""
    if width >= 70:
        counted += f"{feed.reconnects:>5} reconnects"
    name_width = max(8, name_width - len(counted))
    return (
        Cell(f"{DOT} ", "stale" if silent else role),
        Cell(fit(name, name_width), "text"),
        Cell(fit("UNKNOWN" if silent else feed.state.upper(), _STATE), "stale" if silent else role),
        Cell(seen.rjust(6), "age"),
        Cell(counted, "label"),
    )


def _trouble(show: Formatter, feed: FeedView, width: int) -> list[Row]:
    texts = [feed.reason] if feed.reason and feed.state is not ConnectionState.LIVE else []
    if feed.last_fault:
        texts.append(f"last fault: {feed.last_fault}")
    return [(Cell(fit(f"  {text}", width), "label"),) for text in texts]


def _channels(show: Formatter, feed: FeedView, width: int) -> list[Row]:
    rows: list[Row] = []
    for channel in feed.channels:
        seen = DASH if channel.last_data_ns is None else age(show.now_ns - channel.last_data_ns)
        good = channel.state is ChannelState.LIVE
        room = max(8, width - _STATE - 9)
        rows.append(
            (
                Cell(fit(f"    {channel.channel}", room + 2), "label"),
                Cell(fit(channel.state.upper(), _STATE), "label" if good else "warning"),
                Cell(seen.rjust(6), "age"),
            )
        )
        if channel.reason:
            rows.append((Cell(fit(f"      {channel.reason}", width), "label"),))
    return rows
