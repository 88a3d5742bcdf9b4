"""What is on the screen and why: the snapshot shown, whether it is frozen, what is selected, what the engine is doing.

The picture knows nothing of widgets. Panels are handed a :class:`View`, which never changes under them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.commands import AnyCommand
from core.errors import LinkClosed
from core.figures import Figure, Freshness, worst
from core.link import EngineLink
from core.snapshot import AlertView, BookView, HedgeLine, Mode, Snapshot, StageView
from tui.format import SECOND_NS, Formatter
from tui.start import DisplayOptions
from tui.trend import History, Sample
from tui.words import SEVERITY_RANKS, open_alerts

SILENT_AFTER_NS = 3 * SECOND_NS
BLIND_AFTER_NS = 30 * SECOND_NS
MESSAGE_NS = 8 * SECOND_NS
NOTICE_NS = 5 * SECOND_NS

HedgeKey = tuple[str, str]
"""Which hedge: its book's name and its instrument."""


@dataclass(frozen=True, slots=True)
class View:
    """One picture, whole: everything a panel may read.

    ``snapshot`` is what is shown (held while the picture is frozen), ``live`` the newest there is; alerts and the
    header read ``live``. ``show`` and ``live_show`` format figures of the one and of the other. ``lost`` says why
    the engine has stopped, ``silent_ns`` for how long it has not moved on (0 while it does). ``samples`` is how the
    selected hedge has moved.
    """

    snapshot: Snapshot
    live: Snapshot
    show: Formatter
    live_show: Formatter
    selected: HedgeKey | None
    frozen_ns: int | None
    lost: str
    silent_ns: int
    notice: str
    refresh_hz: float
    samples: tuple[Sample, ...] = ()

    @property
    def hedges(self) -> list[tuple[BookView, HedgeLine]]:
        """Every hedge of every book, in the order of the books."""
        return [(book, hedge) for book in self.snapshot.books for hedge in book.hedges]

    @property
    def hedge(self) -> tuple[BookView, HedgeLine] | None:
        """The hedge that the keys act on, with its book."""
        hedges = self.hedges
        for book, hedge in hedges:
            if (book.name, hedge.instrument) == self.selected:
                return book, hedge
        return hedges[0] if hedges else None

    @property
    def book(self) -> BookView | None:
        """The selected hedge's book, or the first."""
        if self.hedge is not None:
            return self.hedge[0]
        return self.snapshot.books[0] if self.snapshot.books else None

    @property
    def replaying(self) -> bool:
        """True where the engine plays back a capture."""
        return self.live.mode is Mode.REPLAY

    def banner(self) -> AlertView | None:
        """The alert that must not be overlooked: the worst one that nobody has acknowledged, from ALARM up or BLIND."""
        for alert in open_alerts(self.live.alerts):
            if not alert.acknowledged and SEVERITY_RANKS[alert.severity] >= 2:
                return alert
        return None


class Picture:
    """Follows the engine through its link and remembers what the user has chosen to see.

    ``monotonic_ns`` is the view's own clock: it measures for how long the engine has been silent, never a price's age.
    """

    def __init__(
        self, link: EngineLink, display: DisplayOptions, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.private = display.private
        self.refresh_hz = display.refresh_hz
        self._link = link
        self._clock = monotonic_ns
        self._silent_after_ns = max(SILENT_AFTER_NS, int(3 * SECOND_NS / display.refresh_hz))
        self._live: Snapshot | None = None
        self._frozen: Snapshot | None = None
        self._frozen_at_ns = 0
        self._moved_at_ns = self._clock()
        self._lost = ""
        self._notice = ""
        self._notice_until_ns = 0
        self._selected: HedgeKey | None = None
        self._known_alerts: dict[str, int] | None = None
        self._history = History()

    # --- following the engine ------------------------------------------------------------------------------

    def poll(self) -> bool:
        """Ask the link for its newest snapshot; true where it is a new one."""
        if self._lost:
            return False
        try:
            snapshot = self._link.latest()
        except LinkClosed as error:
            self._lost = str(error) or "no reason was given"
            return True
        if snapshot is None or (self._live is not None and snapshot.sequence == self._live.sequence):
            return False
        if self._live is None or snapshot.time_ns != self._live.time_ns:
            self._moved_at_ns = self._clock()
        self._live = snapshot
        if self._frozen is None:
            self._history.take(snapshot)
        return True

    def send(self, command: AnyCommand) -> bool:
        """Hand ``command`` to the engine; false (and a notice) where there is none left to take it."""
        if not self._lost:
            try:
                self._link.send(command)
            except LinkClosed as error:
                self._lost = str(error) or "no reason was given"
        if self._lost:
            self.say("The engine has stopped: nothing was done")
            return False
        return True

    def new_alerts(self) -> list[AlertView]:
        """Open alerts that were not open, or were milder, when this was last asked; none at the first picture."""
        if self._live is None:
            return []
        current = {alert.key: SEVERITY_RANKS[alert.severity] for alert in open_alerts(self._live.alerts)}
        known, self._known_alerts = self._known_alerts, current
        if known is None:
            return []
        return [alert for alert in open_alerts(self._live.alerts) if current[alert.key] > known.get(alert.key, -1)]

    @property
    def lost(self) -> str:
        """Why the engine has stopped; empty while it runs."""
        return self._lost

    @property
    def stage(self) -> StageView | None:
        """The order being looked at, in the newest snapshot."""
        return self._live.stage if self._live is not None else None

    @property
    def live(self) -> Snapshot | None:
        """The newest snapshot."""
        return self._live

    # --- what the user chooses -----------------------------------------------------------------------------

    @property
    def frozen(self) -> bool:
        """True while the picture is held."""
        return self._frozen is not None

    def toggle_freeze(self) -> None:
        """Hold the picture as it is, or let it go on."""
        if self._frozen is not None:
            self._frozen = None
        elif self._live is not None:
            self._frozen = self._live
            self._frozen_at_ns = self._clock()

    def move_selection(self, step: int) -> None:
        """Select the hedge ``step`` rows further down, stopping at either end."""
        view = self.view()
        if view is None or not view.hedges:
            return
        keys = [(book.name, hedge.instrument) for book, hedge in view.hedges]
        current = keys.index(self._selected) if self._selected in keys else 0
        self._selected = keys[max(0, min(len(keys) - 1, current + step))]

    def say(self, text: str) -> None:
        """Show ``text`` in the footer for a few seconds."""
        self._notice = text
        self._notice_until_ns = self._clock() + NOTICE_NS

    # --- the result ----------------------------------------------------------------------------------------

    def view(self) -> View | None:
        """The present picture; ``None`` before the engine's first."""
        live = self._live
        if live is None:
            return None
        shown = self._frozen or live
        now = self._clock()
        silent = self._silence(now)
        # A replay that has come to its end stands still by rights, and its figures are as old as they ever were.
        elapsed = 0 if live.mode is Mode.REPLAY else silent
        trust = Freshness.LIVE
        if self._lost or elapsed > BLIND_AFTER_NS:
            trust = Freshness.UNKNOWN
        elif elapsed:
            trust = Freshness.STALE
        view = View(
            snapshot=shown,
            live=live,
            show=Formatter(shown.time_ns if self._frozen else live.time_ns + elapsed, self.private, trust),
            live_show=Formatter(live.time_ns + elapsed, self.private, trust),
            selected=self._selected,
            frozen_ns=now - self._frozen_at_ns if self._frozen is not None else None,
            lost=self._lost,
            silent_ns=silent,
            notice=self._footer_notice(live, now),
            refresh_hz=self.refresh_hz,
        )
        if (chosen := view.hedge) is None:
            return view
        return replace(view, samples=self._history.of(chosen[0].name, chosen[1].instrument))

    def _silence(self, now: int) -> int:
        silent = now - self._moved_at_ns
        return silent if silent >= self._silent_after_ns else 0

    def _footer_notice(self, live: Snapshot, now: int) -> str:
        if self._notice and now < self._notice_until_ns:
            return self._notice
        if live.message and live.time_ns - live.message_ns < MESSAGE_NS:
            return live.message
        return ""


def oldest(show: Formatter, figures: tuple[Figure, ...]) -> tuple[int | None, Freshness]:
    """The age (ns) of the oldest of the figures that age, and the worst freshness among all of them."""
    observed = [figure.observed_ns for figure in figures if figure.observed_ns is not None]
    age = show.now_ns - min(observed) if observed else None
    return age, worst(*(show.freshness(figure) for figure in figures))
