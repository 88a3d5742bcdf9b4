"""Why the nearest end of a book is where it is, and what of collateral or position puts it at a safe distance again."""

from __future__ import annotations

import msgspec

from core.exact import ONE
from core.explain import Step, recording
from core.explanation import Input
from core.reverse_stress import Reached, Threshold, smallest_moves
from core.scenario_view import AdditionView, ReverseView, TopUpView
from core.top_up_view import top_ups
from core.why.liquidation import SAFE
from core.why.place import Place, Told, fact
from core.why.scenarios import MOVE, number, scenario_told
from core.why.steps import of_step

ALONE = "the coin of the contract moving alone"
WAY = "the coin alone is moved until the pool's surplus, equity less requirement, is used up"
CUT = "the smallest part that, closed at the mark, leaves the pool a surplus of zero at the wanted distance"
MORE = "what the surplus lacks at the wanted distance, at the weight and the price that the coin has there"


@fact(
    ReverseView,
    "move",
    "smallest move of the driver that liquidates",
    MOVE,
    sign="+ up, − down",
    includes="every coin moving with the driver by its beta",
)
def _smallest(place: Place) -> Told:
    way = "the driver is moved, and every coin by its beta, until the first pool's surplus is used up"
    found = place.sources.once(place.chain_end(ReverseView), lambda: _searched(place))
    if found is None:
        return scenario_told(place, "", (), (), way)
    answer, steps = found
    words = f"the driver's multiple at which {answer.pool} is liquidated"
    inputs = (number("multiple", words, answer.multiple, "fraction of the price"),)
    return scenario_told(place, "multiple - 1", inputs, steps, way)


def _searched(place: Place) -> tuple[Reached, tuple[Step, ...]] | None:
    """The search again, on the book that it was made on; ``None`` where that is not kept or nothing is reached."""
    view = place.the(ReverseView)
    for built in place.sources.grounds() if view.move.known else ():
        if built.book is None:
            continue
        with recording() as steps:
            moves = smallest_moves(built.book, Threshold.LIQUIDATION)
        answer = moves.up if view.rise else moves.down
        if isinstance(answer, Reached) and answer.multiple - ONE == view.move.value:
            return answer, tuple(steps)
    return None


# --- what mends it -----------------------------------------------------------------------------------------------


def _steps(place: Place) -> tuple[Step, ...]:
    """The steps to this pool's view, from the book that it was reckoned from; nothing where that is not kept."""
    return place.sources.once(place.chain_end(TopUpView), lambda: _again(place))


def _again(place: Place) -> tuple[Step, ...]:
    view = place.the(TopUpView)
    for built in place.sources.grounds():
        if built.book is None:
            continue
        alone = tuple(pool for pool in built.book.pools if pool.name == view.pool)
        with recording() as steps:
            found = top_ups(msgspec.structs.replace(built.book, pools=alone), built.ground)
        if found == (view,):
            return tuple(steps)
    return ()


def _told(place: Place, method: str, step: str, unit: str, words: dict[str, str], *more: Input) -> Told:
    """By the step of that name, where it gave the figure, with ``more`` figures in the place of its own inputs."""
    steps = _steps(place)
    formula, inputs = of_step(steps, step, place.figure, unit, words) if step else ("", ())
    instead = {item.name: item for item in more}
    kept = tuple(item for item in inputs if item.name not in instead)
    return scenario_told(place, formula, (*more, *kept), steps, method)


@fact(TopUpView, "distance", "distance to liquidation now", "fraction of the mark price", sign=SAFE, includes=ALONE)
def _distance(place: Place) -> Told:
    return _told(place, WAY, "", "", {})


@fact(TopUpView, "cut", "position to close", "{unit}", sign="unsigned", includes=ALONE)
def _cut(place: Place) -> Told:
    view = place.the(TopUpView)
    words = {"held": "the position, without its sign"}
    return _told(place, CUT, "quantity", view.cut_unit, words, place.beside("cut_share", "share"))


@fact(TopUpView, "cut_share", "share of the position to close", "fraction of the position", includes=ALONE)
def _share(place: Place) -> Told:
    return _told(place, CUT, "", "", {})


@fact(TopUpView, "cut_fee", "fee of closing it", "{settle}", sign="+ paid", excludes="slippage")
def _fee(place: Place) -> Told:
    words = {"taker_fee_rate": "taker fee of the account", "share": "share closed"}
    return _told(place, "", "fee", place.the(TopUpView).settle, words, place.beside("cut_share", "share"))


@fact(TopUpView, "cut_profit", "profit that closing realises", "{settle}", sign="+ gained, − lost", excludes="the fee")
def _profit(place: Place) -> Told:
    return _told(place, "", "realised", place.the(TopUpView).settle, {}, place.beside("cut_share", "share"))


@fact(AdditionView, "amount", "coins to add", "{asset}", sign="0 where there is enough", includes=ALONE)
def _amount(place: Place) -> Told:
    return _told(place, MORE, "amount", place.the(AdditionView).asset, {"ratio": "collateral value ratio"})


@fact(AdditionView, "cost", "worth of the coins to add", "USD", excludes="fees and slippage of buying them")
def _cost(place: Place) -> Told:
    amount = place.beside("amount")
    return _told(place, "", "cost", "USD", {"price": "price of the coin, USD"}, amount)
