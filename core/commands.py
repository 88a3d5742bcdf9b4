"""What a user (a key press, a script) can ask of the engine. Each is journaled before it takes effect, but
for those that only choose what is reckoned for the screen.

Commands are plain data so that a queue or a Unix socket can carry them alike.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from core.scenario_view import ScenarioAxis


class Command(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="command"):
    """Base of all commands."""


class StepTarget(Command, frozen=True, kw_only=True, tag="step_target"):
    """Move one hedge's target ratio by ``step`` (a fraction, signed); clamped to 0 … the book's maximum."""

    book: str
    instrument: str
    step: Decimal


class SetTarget(Command, frozen=True, kw_only=True, tag="set_target"):
    """Set one hedge's target ratio (a fraction)."""

    book: str
    instrument: str
    ratio: Decimal


class UndoTarget(Command, frozen=True, kw_only=True, tag="undo_target"):
    """Take back the last change of a target ratio in this book."""

    book: str


class StageHedge(Command, frozen=True, kw_only=True, tag="stage"):
    """Stage the order that brings one hedge to its target; the preview appears in the snapshot."""

    book: str
    instrument: str


class ConfirmStage(Command, frozen=True, kw_only=True, tag="confirm"):
    """Send the staged order, if it is still the one named: a preview that changed must be looked at again."""

    client_order_id: str


class CancelStage(Command, frozen=True, kw_only=True, tag="cancel_stage"):
    """Drop the staged order."""

    client_order_id: str


class TypeMark(Command, frozen=True, kw_only=True, tag="type_mark"):
    """Take ``price`` (quote per coin) as the mark price of a contract whose sheet says that its marks are typed."""

    instrument: str
    price: Decimal


class AcknowledgeAlerts(Command, frozen=True, kw_only=True, tag="acknowledge"):
    """Acknowledge one alert by its key, or all of them where ``key`` is empty."""

    key: str = ""


class Resync(Command, frozen=True, kw_only=True, tag="resync"):
    """Drop and reopen every feed now."""


class SetAnchor(Command, frozen=True, kw_only=True, tag="set_anchor"):
    """Measure a book's profit from here, in place of an earlier anchor."""

    book: str


class ClearAnchor(Command, frozen=True, kw_only=True, tag="clear_anchor"):
    """Forget the anchor that was set."""

    book: str


class ShowScenarios(Command, frozen=True, kw_only=True, tag="show_scenarios"):
    """Reckon the scenarios of a book into each snapshot, the grid along ``axis``; told again, reckon them anew."""

    book: str
    axis: ScenarioAxis = ScenarioAxis.HEDGE


class HideScenarios(Command, frozen=True, kw_only=True, tag="hide_scenarios"):
    """Reckon no scenarios any more."""


class Explain(Command, frozen=True, kw_only=True, tag="explain"):
    """Explain one figure of the snapshot in every snapshot from now on; none where ``path`` is empty."""

    path: str = ""


AnyCommand = (
    StepTarget
    | SetTarget
    | UndoTarget
    | StageHedge
    | ConfirmStage
    | CancelStage
    | TypeMark
    | AcknowledgeAlerts
    | Resync
    | SetAnchor
    | ClearAnchor
    | ShowScenarios
    | HideScenarios
    | Explain
)
