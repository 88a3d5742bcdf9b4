"""Alerts: ladders with hysteresis and dwell, plain conditions, and their life from raised to ended.

An alert is identified by book, subject and rule, never by its value. A step of a ladder speaks once the value has
been past it for the dwell, and falls silent only when the value is back by the exit margin of that step's threshold.
A reading that cannot be trusted (missing or stale) can make an alert worse, never better: silence needs sight.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.figures import Figure, Freshness
from core.freshness import SECOND_NS
from core.risk import USED_UP
from core.snapshot import AlertView, Severity

LADDER = (Severity.NOTICE, Severity.WARNING, Severity.ALARM, Severity.CRITICAL)

RANK = {severity: rank for rank, severity in enumerate(Severity)}
"""Mildest first, as the enumeration is written."""

HISTORY = 50
RECENT_NS = 15 * 60 * SECOND_NS
"""How many ended alerts are kept, and for how long a snapshot still shows them."""


class Reading(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one ladder rule measures now.

    ``falls``: the value is bad when it is low. In ``text``, ``{value}`` and ``{threshold}`` become percentages.
    ``held_off``: the value is known to need no alert, whatever it is (a drift below the smallest order).
    """

    key: str
    rule: str
    subject: str
    text: str
    value: Figure
    steps: tuple[Decimal, ...]
    falls: bool
    exit_margin: Decimal
    dwell_ns: int
    held_off: bool = False


class Condition(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one yes-or-no rule finds now; ``active`` is ``None`` where it cannot be told."""

    key: str
    rule: str
    subject: str
    text: str
    severity: Severity
    active: bool | None
    dwell_ns: int = 0
    value: Figure = Figure(absent="a condition, not a number")
    threshold: Figure = Figure(absent="a condition, not a number")


class _State:
    """One identity: which severities it is past since when, and the alert it shows, if any.

    ``calm`` is the last reading that was past nothing.
    """

    __slots__ = ("calm", "past_since", "speaking", "view")

    def __init__(self) -> None:
        self.past_since: dict[Severity, int] = {}
        self.speaking: set[Severity] = set()
        self.view: AlertView | None = None
        self.calm: Reading | None = None

    def severity(self) -> Severity | None:
        return max(self.speaking, key=RANK.__getitem__, default=None)


class Alerts:
    """Every alert that is open or was."""

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}
        self._ended: list[AlertView] = []
        self._changes: list[AlertView] = []

    def open_keys(self) -> tuple[str, ...]:
        """Identities of all open alerts."""
        return tuple(key for key, state in self._states.items() if state.view is not None)

    def measure(self, reading: Reading, now_ns: int) -> None:
        """Run one ladder rule's state forward to ``now_ns``."""
        state = self._states.get(reading.key)
        if state is None:
            state = self._states[reading.key] = _State()
        if state.calm is reading and state.view is None and not (state.past_since or state.speaking):
            return
        if state.view is None and not (state.past_since or state.speaking) and not _past_any(reading):
            state.calm = reading
            return
        state.calm = None
        state.speaking.intersection_update(LADDER[: len(reading.steps)])  # a restart may have shortened the ladder
        for step, limit in zip(LADDER, reading.steps, strict=False):
            self._step(state, reading, step, limit, now_ns)
        severity = state.severity()
        if severity is None and state.view is None:
            state.calm = None if state.past_since else reading
            return
        threshold = _threshold(reading, severity)
        text = reading.text.replace("{value}", percent(reading.value)).replace("{threshold}", percent(threshold))
        if not reading.value.known and reading.value.absent != USED_UP and state.view is not None:
            text = state.view.text
        self._show(
            state, now_ns, severity,
            AlertView(
                key=reading.key, rule=reading.rule, severity=severity or Severity.NOTICE, subject=reading.subject,
                text=text, value=reading.value, threshold=threshold, since_ns=now_ns,
            ),
        )  # fmt: skip

    def _step(self, state: _State, reading: Reading, severity: Severity, threshold: Decimal, now_ns: int) -> None:
        verdict = _judge(reading, threshold, speaking=severity in state.speaking)
        if verdict is None:
            return
        if not verdict:
            state.past_since.pop(severity, None)
            state.speaking.discard(severity)
            return
        if now_ns - state.past_since.setdefault(severity, now_ns) >= reading.dwell_ns:
            state.speaking.add(severity)

    def check(self, condition: Condition, now_ns: int) -> None:
        """Run one yes-or-no rule's state forward to ``now_ns``."""
        state = self._states.get(condition.key)
        if state is None:
            if not condition.active:
                return
            state = self._states[condition.key] = _State()
        if condition.active is False:
            state.past_since.clear()
            state.speaking.clear()
        elif condition.active:
            since = state.past_since.setdefault(condition.severity, now_ns)
            if now_ns - since >= condition.dwell_ns or state.speaking:
                state.speaking = {condition.severity}
        self._show(
            state, now_ns, state.severity(),
            AlertView(
                key=condition.key, rule=condition.rule, severity=condition.severity, subject=condition.subject,
                text=condition.text, value=condition.value, threshold=condition.threshold, since_ns=now_ns,
            ),
        )  # fmt: skip

    def _show(self, state: _State, now_ns: int, severity: Severity | None, view: AlertView) -> None:
        """Bring the alert shown into line with the state; raised, changed in severity and ended are news."""
        shown = state.view
        if severity is None:
            if shown is not None:
                self._end(state, shown, now_ns)
            return
        worse = shown is None or RANK[severity] > RANK[shown.severity]
        state.view = msgspec.structs.replace(
            view,
            severity=severity,
            since_ns=now_ns if shown is None else shown.since_ns,
            acknowledged=shown is not None and shown.acknowledged and not worse,
        )
        if worse:
            self._changes.append(state.view)

    def _end(self, state: _State, shown: AlertView, now_ns: int) -> None:
        lasted = duration(now_ns - shown.since_ns)
        ended = msgspec.structs.replace(shown, ended_ns=now_ns, text=f"{shown.text}; over after {lasted}")
        state.view = None
        self._ended = [*self._ended, ended][-HISTORY:]
        self._changes.append(ended)

    def end(self, key: str, now_ns: int) -> None:
        """End an alert whose subject is gone."""
        state = self._states.pop(key, None)
        if state is not None and state.view is not None:
            self._end(state, state.view, now_ns)

    def acknowledge(self, key: str) -> int:
        """Mark one alert, or all where ``key`` is empty, as seen; how many that were."""
        count = 0
        for name, state in self._states.items():
            if state.view is not None and not state.view.acknowledged and key in ("", name):
                state.view = msgspec.structs.replace(state.view, acknowledged=True)
                count += 1
        return count

    def restore(self, view: AlertView) -> None:
        """Take an alert back from the journal; an open one stays open until sight of the market ends it."""
        if view.ended_ns is not None:
            self._states.pop(view.key, None)
            self._ended = [*self._ended, view][-HISTORY:]
            return
        state = self._states.setdefault(view.key, _State())
        state.view = view
        below = [step for step in LADDER if view.severity in LADDER and RANK[step] <= RANK[view.severity]]
        state.speaking = set(below) or {view.severity}
        state.past_since = dict.fromkeys(state.speaking, view.since_ns)

    def take_changes(self) -> list[AlertView]:
        """Alerts raised, worsened or ended since last asked, oldest first."""
        changes, self._changes = self._changes, []
        return changes

    def views(self, now_ns: int) -> tuple[AlertView, ...]:
        """Open alerts, worst and then oldest first; after them those that ended lately, newest first."""
        live = [state.view for state in self._states.values() if state.view is not None]
        live.sort(key=lambda view: (-RANK[view.severity], view.since_ns, view.key))
        lately = [view for view in self._ended if now_ns - (view.ended_ns or 0) < RECENT_NS]
        return (*live, *reversed(lately))


def _past_any(reading: Reading) -> bool:
    """Whether any step of a ladder could be past: what is not leaves a quiet state as it is."""
    value = reading.value.value
    if value is None:
        return reading.value.absent == USED_UP
    if reading.held_off:
        return False
    if reading.falls:
        return any(value <= limit for limit in reading.steps)
    return any(value >= limit for limit in reading.steps)


def _judge(reading: Reading, threshold: Decimal, *, speaking: bool) -> bool | None:
    """True past the threshold, False safely back, None where the state must stay as it is."""
    figure = reading.value
    trusted = figure.freshness in (Freshness.LIVE, Freshness.LATE)
    if figure.absent:
        if figure.absent == USED_UP:
            return True
        return False if trusted else None
    if figure.value is None:
        return None
    if reading.held_off:
        return False if trusted else None
    past = figure.value <= threshold if reading.falls else figure.value >= threshold
    if past:
        return True
    if not trusted:
        return None
    if not speaking:
        return False
    way_back = threshold * reading.exit_margin
    back = figure.value >= threshold + way_back if reading.falls else figure.value <= threshold - way_back
    return False if back else True  # noqa: SIM211 - three outcomes read better spelled out


def _threshold(reading: Reading, severity: Severity | None) -> Figure:
    if severity is None or severity not in LADDER:
        return Figure(absent="no threshold passed")
    position = min(LADDER.index(severity), len(reading.steps) - 1)
    return Figure(value=reading.steps[position])


def percent(figure: Figure) -> str:
    """A fraction as a percentage in words, to three significant digits at least; an estimate is marked."""
    if figure.value is None:
        return figure.absent or "unknown"
    value = figure.value * 100
    digits = 1 if abs(value) >= 1 else 3
    return f"{'≈' if figure.estimated else ''}{value:.{digits}f}%"


def duration(span_ns: int) -> str:
    """A span of time in words: ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    seconds = span_ns // SECOND_NS
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def identity(book: str, subject: str, rule: str) -> str:
    """The key of an alert."""
    return "/".join((book, subject, rule))


def worst_open(views: Iterable[AlertView]) -> Severity | None:
    """The worst severity among open alerts, ``None`` when all is quiet."""
    return max((view.severity for view in views if view.ended_ns is None), key=RANK.__getitem__, default=None)
