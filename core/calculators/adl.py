"""``adl``: how near a position is to be closed by force in place of a bankrupt one."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.adl import (
    Place,
    Queued,
    account_margin_ratio,
    account_profit_ratio,
    account_score,
    closed_by_force,
    effective_leverage,
    place,
    position_score,
    profit_ratio,
)
from core.calculators.adl_fields import AdlAnswer, AdlRequest
from core.calculators.fields import NoValue, Unknown, contract_kind, signed
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.instruments import ContractKind
from core.pnl import settle_notional, unrealised

_BEHIND = ("effective_leverage", "bankruptcy_price", "leverage", "margin", "equity")
_OF_A_POSITION = ("profit_ratio", "side", "entry_price", "mark_price", "contract_size", *_BEHIND)
_OF_AN_ACCOUNT = ("wallet_balance", "unrealised", "maintenance_margin", "margin_ratio")


class _Scored(NamedTuple):
    profit_ratio: Decimal
    leverage: Decimal | None = None
    margin_ratio: Decimal | None = None
    score: Decimal | None = None
    why_not: str = ""


@exactly
def adl(request: AdlRequest) -> AdlAnswer | Unknown:
    """Answer an ``adl`` request. Raises RequestError for fields that are lacking or contradict each other."""
    gaps = _account_gaps(request) if request.rule == "account" else _position_gaps(request)
    gaps += [(name,) for name in ("quantity", "queue", "liquidated_quantity") if _null(request, name)]
    gaps += _queue_gaps(request)
    missing = tuple(dict.fromkeys(name for gap in gaps for name in gap))
    if missing:
        return Unknown(missing=missing)
    return _answer(request, _of_account(request) if request.rule == "account" else _of_position(request))


def _null(request: AdlRequest, name: str) -> bool:
    return request.given(name) and getattr(request, name) is None


def _queue_gaps(request: AdlRequest) -> list[tuple[str, ...]]:
    """Sizes are of all or of none, and of all where it is asked what is taken."""
    gaps, why = [], "beside sizes of the queue"
    if request.liquidated_quantity is not None:
        why = "beside liquidated_quantity"
        gaps += [request.lacking(name, why=why) for name in ("quantity", "queue")]
    others = request.queue or ()
    if request.liquidated_quantity is not None or any(other.given("quantity") for other in others):
        gaps += [request.lacking("quantity", why=why)]
        gaps += [other.lacking("quantity", why=why, within=f"queue.{at}.") for at, other in enumerate(others)]
    return gaps


def _account_gaps(request: AdlRequest) -> list[tuple[str, ...]]:
    request.refuse("beside rule account", *_OF_A_POSITION)
    request.exclude_each_other("maintenance_margin", "margin_ratio")
    gaps = [request.lacking(name, why="for rule account") for name in ("wallet_balance", "unrealised")]
    return [*gaps, request.lacking("maintenance_margin", "margin_ratio", why="for rule account")]


def _position_gaps(request: AdlRequest) -> list[tuple[str, ...]]:
    request.refuse("beside rule position", *_OF_AN_ACCOUNT)
    request.exclude_each_other("profit_ratio", "entry_price")
    request.exclude_each_other(*_BEHIND)
    gaps = [request.lacking("profit_ratio", "entry_price"), request.lacking(*_BEHIND, why="to have the leverage")]
    stated = request.given("profit_ratio")
    if stated and request.given("effective_leverage"):
        request.refuse("beside profit_ratio and effective_leverage", "side", "mark_price", "contract_size")
        return gaps
    if stated:
        raise RequestError("entry_price", f"a value beside {_first(request)}, instead of profit_ratio", "nothing")
    gaps += [request.lacking(name, why="beside entry_price") for name in ("side", "mark_price")]
    if request.margin is not None or request.equity is not None:
        gaps.append(request.lacking("quantity", why="beside margin or equity"))
    return gaps


def _first(request: AdlRequest) -> str:
    return next(name for name in _BEHIND if request.given(name))


# --- scores ------------------------------------------------------------------------------------------------------


def _of_account(request: AdlRequest) -> _Scored:
    balance, gain = request.wallet_balance or ZERO, request.unrealised or ZERO
    gained = account_profit_ratio(gain, balance)
    ratio = request.margin_ratio
    if ratio is None:
        ratio = account_margin_ratio(request.maintenance_margin or ZERO, balance, gain)
    return _Scored(gained, margin_ratio=ratio, score=account_score(gained, ratio))


def _of_position(request: AdlRequest) -> _Scored:
    if request.profit_ratio is not None:
        times = request.effective_leverage or ONE
        return _Scored(request.profit_ratio, times, score=position_score(request.profit_ratio, times))
    kind, size = contract_kind(request.kind), request.contract_size
    entry, mark, held = request.entry_price or ONE, request.mark_price or ONE, _held(request)
    entry_value, gain = settle_notional(kind, held, size, entry), unrealised(kind, held, size, entry, mark)
    ratio = profit_ratio(gain, entry_value)
    if request.effective_leverage is not None:
        times = request.effective_leverage
        return _Scored(ratio, times, score=position_score(ratio, times))
    left = _left(request, kind, held, entry_value, gain)
    if left <= 0:
        return _Scored(ratio, why_not=_bankrupt(request))
    times = effective_leverage(settle_notional(kind, held, size, mark), left)
    return _Scored(ratio, times, score=position_score(ratio, times))


def _bankrupt(request: AdlRequest) -> str:
    if request.bankruptcy_price is None:
        return "nothing is left of the margin at the mark: the position itself is bankrupt"
    beyond = "above" if request.side == "short" else "below"
    return f"the mark is not on this side of the bankruptcy price: a {request.side} is bankrupt {beyond} it"


def _held(request: AdlRequest) -> Decimal:
    """The position, signed; one unit where no size is stated, on which then nothing depends."""
    return signed(request.side or "short", request.quantity or ONE)


def _left(request: AdlRequest, kind: ContractKind, held: Decimal, entry_value: Decimal, gain: Decimal) -> Decimal:
    """What is left of the margin at the mark."""
    if request.equity is not None:
        return request.equity
    if request.bankruptcy_price is not None:
        mark = request.mark_price or ONE
        lost = unrealised(kind, held, request.contract_size, mark, request.bankruptcy_price)
        note("equity", "-loss", -lost, {"loss": lost}, unit="settle")
        return -lost
    margin = request.margin
    if margin is None:
        margin = entry_value / (request.leverage or ONE)
        given = {"entry_value": entry_value, "leverage": request.leverage}
        note("margin", "entry_value / leverage", margin, given, unit="settle")
    note("equity", "margin + unrealised", margin + gain, {"margin": margin, "unrealised": gain}, unit="settle")
    return margin + gain


# --- answer ------------------------------------------------------------------------------------------------------


def _answer(request: AdlRequest, found: _Scored) -> AdlAnswer:
    undefined: dict[str, NoValue | Unknown] = {}
    if found.score is None:
        undefined["score"] = NoValue(reason=found.why_not)
    standing = _place(request, found.score)
    closed = None
    if standing is not None and standing.ahead is not None and request.liquidated_quantity is not None:
        closed = closed_by_force(request.quantity or ONE, standing.ahead, request.liquidated_quantity)
    return AdlAnswer(
        rule=request.rule,
        profit_ratio=found.profit_ratio,
        effective_leverage=found.leverage,
        margin_ratio=found.margin_ratio,
        score=found.score,
        rank=None if standing is None else Decimal(standing.rank),
        ahead=None if standing is None else standing.ahead,
        percentile=None if standing is None else standing.percentile,
        lights=None if standing is None else Decimal(standing.lights),
        closed_quantity=closed,
        undefined=undefined,
    )


def _place(request: AdlRequest, score: Decimal | None) -> Place | None:
    if request.queue is None or score is None:
        return None
    others = [Queued(score=other.score, quantity=other.quantity) for other in request.queue]
    return place(score, request.quantity, others)
