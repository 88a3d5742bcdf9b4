"""The one word a figure deserves: am I safe, am I hedged, what does it cost.

Every colour on the screen comes with one of these words. A figure that is missing or too old never earns a calm one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.books import Thresholds
from core.events import ConnectionState
from core.figures import Figure, Freshness
from core.risk import End, nearest_end, used_up
from core.snapshot import AlertView, BookView, FeedView, HedgeLine, Severity
from tui.format import Formatter


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word and its style role; ``rank`` grows with danger, so that the worst of several can be found."""

    word: str
    role: str
    rank: int


SAFE = Verdict("SAFE", "safe", 0)
WATCH = Verdict("WATCH", "watch", 2)
WARNING = Verdict("WARNING", "warning", 3)
BLIND = Verdict("BLIND", "blind", 4)
DANGER = Verdict("DANGER", "danger", 5)
CRITICAL = Verdict("CRITICAL", "critical", 6)
NOTHING = Verdict("NOTHING AT RISK", "safe", 0)

LADDER = (WATCH, WARNING, DANGER, CRITICAL)

HEDGED = Verdict("HEDGED", "safe", 0)
NO_TARGET = Verdict("UNHEDGED", "watch", 1)
UNDER = Verdict("UNDER-HEDGED", "watch", 2)
OVER = Verdict("OVER-HEDGED", "watch", 2)
FAR_UNDER = Verdict("UNDER-HEDGED", "warning", 3)
FAR_OVER = Verdict("OVER-HEDGED", "warning", 3)

EARNING = Verdict("EARNING", "safe", 0)
FLAT = Verdict("FREE", "safe", 0)
PAYING = Verdict("PAYING", "watch", 2)

SEVERITY_ROLES = {
    Severity.NOTICE: "watch",
    Severity.WARNING: "warning",
    Severity.BLIND: "blind",
    Severity.ALARM: "danger",
    Severity.CRITICAL: "critical",
}
SEVERITY_RANKS = {severity: rank for rank, severity in enumerate(SEVERITY_ROLES)}


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The most dangerous of the verdicts; NOTHING where there is none."""
    return max(verdicts, key=lambda verdict: verdict.rank, default=NOTHING)


def _trusted(show: Formatter, figure: Figure) -> bool:
    return show.known(figure) and show.freshness(figure) is not Freshness.STALE


def distance_verdict(show: Formatter, figure: Figure, thresholds: Thresholds) -> Verdict:
    """What a liquidation distance (fraction, positive is safe) means by the book's own ladder."""
    if figure.value is None:
        return _without_value(figure)
    if not _trusted(show, figure):
        return BLIND
    return _ladder(-figure.value, [-step for step in thresholds.liquidation_distance])


def usage_verdict(show: Formatter, figure: Figure, thresholds: Thresholds) -> Verdict:
    """What a margin usage (fraction of the margin balance, 1 is liquidation) means by the book's own ladder."""
    if figure.value is None:
        return _without_value(figure)
    if not _trusted(show, figure):
        return BLIND
    return _ladder(figure.value, list(thresholds.margin_usage))


def _without_value(figure: Figure) -> Verdict:
    """What the absence of a figure means: nothing at risk, nothing left, or nothing known."""
    if used_up(figure):
        return CRITICAL
    return NOTHING if figure.absent and not figure.missing else BLIND


def _ladder(value: Decimal, steps: list[Decimal]) -> Verdict:
    passed = sum(1 for step in steps if value >= step)
    return LADDER[min(passed, len(LADDER)) - 1] if passed else SAFE


def hedge_verdict(show: Formatter, ratio: Figure, target: Figure, drift: Figure, thresholds: Thresholds) -> Verdict:
    """Whether a hedge is where its target wants it."""
    if drift.value is None or ratio.value is None or not (_trusted(show, drift) and _trusted(show, ratio)):
        return BLIND
    size = abs(drift.value)
    if size < thresholds.ratio_drift[0]:
        return NO_TARGET if target.value is not None and not target.value and not ratio.value else HEDGED
    far = len(thresholds.ratio_drift) > 1 and size >= thresholds.ratio_drift[1]
    if drift.value < 0:
        return FAR_UNDER if far else UNDER
    return FAR_OVER if far else OVER


def cost_verdict(show: Formatter, per_day: Figure) -> Verdict:
    """Whether holding the hedge earns or costs at the present funding rate."""
    if per_day.value is None and per_day.absent and not per_day.missing:
        return FLAT
    if per_day.value is None or not _trusted(show, per_day):
        return BLIND
    if not per_day.value:
        return FLAT
    return EARNING if per_day.value > 0 else PAYING


def end_of(hedge: HedgeLine) -> End:
    """The nearer of the hedge's liquidation price and the end of its account."""
    return nearest_end(hedge.liquidation_distance, hedge.account_liquidation_distance)


def safety_of(show: Formatter, hedge: HedgeLine, book: BookView) -> Verdict:
    """The worse of a hedge's margin usage and its distance to the nearer end."""
    return worst_verdict(
        (
            distance_verdict(show, end_of(hedge).distance, book.thresholds),
            usage_verdict(show, hedge.margin_usage, book.thresholds),
        )
    )


def connection_word(feeds: Iterable[FeedView]) -> tuple[str, str]:
    """All connections in one word, and its style role."""
    states = [feed.state for feed in feeds]
    if not states:
        return "NO FEED", "blind"
    if all(state is ConnectionState.LIVE for state in states):
        return "LIVE", "live"
    if any(state in (ConnectionState.RECONNECTING, ConnectionState.CLOSED) for state in states):
        return "RECONNECTING" if ConnectionState.RECONNECTING in states else "CLOSED", "danger"
    if ConnectionState.DEGRADED in states:
        return "DEGRADED", "warning"
    return "CONNECTING", "watch"


def open_alerts(alerts: Iterable[AlertView]) -> list[AlertView]:
    """Alerts not yet over, the worst and then the newest first."""
    return sorted(
        (alert for alert in alerts if alert.ended_ns is None),
        key=lambda alert: (-SEVERITY_RANKS[alert.severity], -alert.since_ns),
    )
