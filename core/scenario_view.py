"""What a snapshot says of scenarios: what moves and failures would do to a book, and what would mend it.

Money in USD (stablecoins at par); moves are fractions of the driver's price. All of it is an estimate of what has not
happened, as good as the inputs at ``reckoned_ns``. What is not known names its input; it is never guessed.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from core.figures import Figure


class ScenarioAxis(StrEnum):
    """What the columns of the grid shift."""

    HEDGE = "hedge"
    BASIS = "basis"
    FUNDING = "funding_rate"


class LiquidatedView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A pool that a shock liquidates: the driver's ``move`` and ``price`` where it does."""

    pool: str
    move: Figure
    price: Figure


class ShockView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What one shock comes to: the driver ends at ``move``.

    ``bag`` is the change of coins, posted ones included, ``hedge`` that of contracts with all that liquidations and
    lost venues took, ``funding`` what is received over the horizon; ``net`` is all of it. ``usage`` is the worst margin
    usage among what survives (1 is liquidation).
    """

    name: str
    note: str
    move: Figure
    bag: Figure
    hedge: Figure
    funding: Figure
    net: Figure
    usage: Figure
    liquidated: tuple[LiquidatedView, ...] = ()
    gone: tuple[str, ...] = ()


class GridView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Net by [row, column]: the driver ends at ``rows`` (moves), the axis stands at ``columns``.

    ``columns`` are what ``column_word`` names, as fractions; ``here`` is the value that holds now. ``left`` is what is
    left of the book, and ``liquidated`` names who is liquidated on the way. ``null`` cells are not known.
    """

    axis: ScenarioAxis
    column_word: str
    here: Figure
    rows: tuple[Decimal, ...]
    columns: tuple[Decimal, ...]
    net: tuple[tuple[Decimal | None, ...], ...]
    left: tuple[tuple[Decimal | None, ...], ...]
    liquidated: tuple[tuple[tuple[str, ...], ...], ...]


class ReverseView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The smallest ``rise`` (or fall) of the driver that liquidates a pool, to which price, and which pool."""

    rise: bool
    move: Figure
    price: Figure
    pool: str = ""


class AdditionView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """``amount`` more of a coin as collateral, worth ``cost``; 0 where there is enough."""

    asset: str
    amount: Figure
    cost: Figure


class TopUpView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What puts a pool's liquidation ``wanted`` away from the mark, its ``coin`` alone moving; now it is ``distance``.

    Either one of the ``additions``, or closing ``cut`` (order unit) of ``instrument`` at its mark: ``cut_share`` of it,
    for ``cut_fee`` (+ paid), realising ``cut_profit``, both in ``settle``.
    """

    pool: str
    coin: str
    instrument: str
    wanted: Decimal
    distance: Figure
    additions: tuple[AdditionView, ...]
    cut: Figure
    cut_unit: str
    cut_share: Figure
    cut_fee: Figure
    cut_profit: Figure
    settle: str


class ScenarioBeta(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How an asset follows the driver: exponent of its price to that of the driver's (0: it stands still)."""

    asset: str
    beta: Figure


class ScenarioView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Scenarios of one book. ``ground`` has the marks of all they rest on: what is missing, how old, how exact.

    ``price`` is the driver's (the mark of a contract held on it, if any), ``before`` what the book is worth now,
    ``days`` the horizon of funding. It is reckoned part by part: while not ``complete``, parts are lacking
    or still those of the time before.
    """

    book: str
    axis: ScenarioAxis
    reckoned_ns: int
    driver: str
    price: Figure
    ground: Figure
    before: Figure
    days: int
    betas: tuple[ScenarioBeta, ...] = ()
    ladder: tuple[ShockView, ...] = ()
    history: tuple[ShockView, ...] = ()
    failures: tuple[ShockView, ...] = ()
    grid: GridView | None = None
    reverse: tuple[ReverseView, ...] = ()
    top_up: tuple[TopUpView, ...] = ()
    complete: bool = False
