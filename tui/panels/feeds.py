"""Whether the data can be believed: every connection, its state in a word, its age, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.events import ChannelState, ConnectionState
from core.figures import Freshness
from core.snapshot import FeedView
from tui.format import Cell, Formatter, age, number
from tui.glyphs import DASH, DOT
from tui.panel import Panel
from tui.picture import View
from tui.rows import Row, fit, wrapped

_ROLES = {
    ConnectionState.LIVE: "live",
    ConnectionState.CONNECTING: "watch",
    ConnectionState.SUBSCRIBING: "watch",
    ConnectionState.DEGRADED: "warning",
    ConnectionState.RECONNECTING: "danger",
    ConnectionState.CLOSED: "danger",
}
_STATE, _AGE, _FAULTS, _RECONNECTS, _FAULTS_IN_WORDS = 12, 6, 8, 12, 14


class FeedsPanel(Panel):
    """Feed health; never frozen."""

    NUMBER = 7
    TITLE = "feeds"
    HELP = (
        "Each connection: LIVE needs data on every channel, not an acknowledgement. OPEN is one that speaks only "
        "when something happens, as an account's does. Faults are frames that were not used; nothing of them reached "
        "a price."
    )

    def content(self, view: View, width: int, height: int) -> list[Row]:
        """The connections, the worst first, with the channels that are not live below them where there is room."""
        show = view.live_show
        feeds = sorted(view.live.feeds, key=lambda feed: _standing(feed)[1] == "live")
        if not feeds:
            return [(Cell("no connection", "blind"),)]
        rows: list[Row] = []
        if len(feeds) > height:
            rows = _venues(show, view.live.feeds, width)
            if len(rows) > height:
                rows = _venues(show, view.live.feeds, width, counts=False)[:height]
        roomy = height >= 2 * len(feeds) + 2
        table = _Table(show, feeds, width)
        for index, feed in enumerate(feeds if len(rows) < height else ()):
            hidden = len(feeds) - index
            if len(rows) >= height - 1 and hidden > 1:
                more = f"{hidden} more connections" if index else f"{hidden} connections"
                return [*rows, (Cell(f"{more}: 7 shows all", "label"),)][:height]
            rows.append(table.line(feed))
            if roomy or feed.state is not ConnectionState.LIVE:
                rows += _trouble(show, feed, width)[: max(0, height - len(rows) - (hidden - 1))]
            if roomy:
                rows += table.channels(feed)[: max(0, height - len(rows) - (hidden - 1))]
        return rows[:height]

    def everything(self, view: View, width: int, height: int) -> list[Row]:
        """Every connection with its channels; without those of live ones where that saves scrolling."""
        feeds = sorted(view.live.feeds, key=lambda feed: _standing(feed)[1] == "live")
        if not feeds:
            return self.content(view, width, height)
        table = _Table(view.live_show, feeds, width, counts=width >= 70)
        blocks = [
            (feed, [table.line(feed), *_trouble(view.live_show, feed, width)], table.channels(feed)) for feed in feeds
        ]
        roomy = sum(len(head) + len(channels) for _feed, head, channels in blocks) <= height
        rows: list[Row] = [table.heading()]
        for feed, head, channels in blocks:
            rows += [*head, *(channels if roomy or feed.state is not ConnectionState.LIVE else ())]
        return rows


def _venues(show: Formatter, feeds: Sequence[FeedView], width: int, *, counts: bool = True) -> list[Row]:
    """Every venue in a few words, as many a row as fit: how many of its connections are live, how the worst stands.

    Without ``counts`` one of which all are live is a name alone.
    """
    silent = show.trust is not Freshness.LIVE
    rows: list[Row] = []
    room = 0
    for venue in dict.fromkeys(feed.venue for feed in feeds):
        own = [feed for feed in feeds if feed.venue == venue]
        away = [standing for standing in map(_standing, own) if standing[1] != "live"]
        word = " UNKNOWN" if silent else f" {away[0][0]}" if away else ""
        role = "stale" if silent else away[0][1] if away else "live"
        live = f" {len(own) - len(away)}/{len(own)}" if counts or word else ""
        text, gap = f"{venue}{live}{word}", "  " if counts else " "
        if room < len(gap) + len(DOT) + 1 + len(text):
            rows.append((Cell(f"{DOT} ", role), Cell(text, "text")))
            room = width - len(DOT) - 1 - len(text)
        else:
            rows[-1] = (*rows[-1], Cell(f"{gap}{DOT} ", role), Cell(text, "text"))
            room -= len(gap) + len(DOT) + 1 + len(text)
    return rows


class _Table:
    """Connections and their channels in the same columns: name, state, age, and counts where they are wanted."""

    def __init__(self, show: Formatter, feeds: Sequence[FeedView], width: int, *, counts: bool = False) -> None:
        self._show, self._width, self._counts = show, width, counts
        self._silent = show.trust is not Freshness.LIVE
        self._faults = not counts and width >= 54 and any(feed.faults for feed in feeds)
        counted = _FAULTS + _RECONNECTS if counts else _FAULTS_IN_WORDS if self._faults else 0
        self._name = max(8, width - len(DOT) - 1 - _STATE - _AGE - counted)

    def heading(self) -> Row:
        """What the columns are."""
        names = (fit("  connection", self._name + len(DOT) + 1), fit("state", _STATE), "age".rjust(_AGE))
        counts = ("faults".rjust(_FAULTS), "reconnects".rjust(_RECONNECTS)) if self._counts else ()
        return (Cell("".join((*names, *counts)), "label"),)

    def line(self, feed: FeedView) -> Row:
        """One connection."""
        word, role = _standing(feed)
        counts = ""
        if self._counts:
            counts = number(Decimal(feed.faults), 0, _FAULTS) + number(Decimal(feed.reconnects), 0, _RECONNECTS)
        elif self._faults:
            counts = f"{feed.faults} fault{'' if feed.faults == 1 else 's'}".rjust(_FAULTS_IN_WORDS)
        return (
            Cell(f"{DOT} ", "stale" if self._silent else role),
            Cell(fit(f"{feed.venue} {feed.connection}", self._name - 1) + " ", "text"),
            Cell(fit("UNKNOWN" if self._silent else word, _STATE), "stale" if self._silent else role),
            Cell(self._age(feed.last_data_ns), "age"),
            Cell(counts, "label"),
        )

    def channels(self, feed: FeedView) -> list[Row]:
        """Its channels, with what is wrong with them."""
        rows: list[Row] = []
        for channel in feed.channels:
            heard = channel.last_data_ns is not None
            good = channel.state is ChannelState.LIVE or (feed.state is ConnectionState.LIVE and not heard)
            rows.append(
                (
                    Cell(fit(f"    {channel.channel}", self._name + len(DOT)) + " ", "label"),
                    Cell(
                        fit("OPEN" if good and not heard else channel.state.upper(), _STATE),
                        "label" if good else "warning",
                    ),
                    Cell(self._age(channel.last_data_ns), "age"),
                )
            )
            if channel.reason:
                rows += _indented(channel.reason, self._width, 6)
        return rows

    def _age(self, seen_ns: int | None) -> str:
        return (DASH if seen_ns is None else age(self._show.now_ns - seen_ns)).rjust(_AGE)


def _standing(feed: FeedView) -> tuple[str, str]:
    """How a connection stands in one word, and its style role. None is said to be live without data that is."""
    if feed.state is not ConnectionState.LIVE:
        return feed.state.upper(), _ROLES[feed.state]
    if feed.last_data_ns is None:
        return "OPEN" if feed.channels else "ANSWERS", "live"
    if feed.freshness in (Freshness.STALE, Freshness.UNKNOWN):
        return "STALE", "warning"
    return "LIVE", "live"


def _trouble(show: Formatter, feed: FeedView, width: int) -> list[Row]:
    texts = [feed.reason] if feed.reason and feed.state is not ConnectionState.LIVE else []
    if feed.last_fault:
        texts.append(f"last fault: {feed.last_fault}")
    return [row for text in texts for row in _indented(text, width, 2)]


def _indented(text: str, width: int, by: int) -> list[Row]:
    return [(Cell(" " * by, "label"), *row) for row in wrapped(text, width - by, "label")]
