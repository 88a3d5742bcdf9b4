"""What a ``scenario`` request may hold, and what its answer holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, WithJsonSchema
from pydantic_core import PydanticCustomError

from core.calculators.book_fields import BookFields
from core.calculators.declared import by
from core.calculators.fields import Answer, Exact, IntervalRate, NotNegative, Positive, Request, read_number


def _read_move(value: object) -> Decimal:
    number = read_number(value)
    if number <= -1:
        raise PydanticCustomError("expectation", "{what}", {"what": "a move above -1 (-0.2 is a fall of 20%)"})
    return number


Move = Annotated[
    Decimal,
    BeforeValidator(_read_move),
    WithJsonSchema({"type": ["string", "number"], "exclusiveMinimum": -1}),
]
EXAMPLE_ACCOUNT: JsonValue = {
    "name": "binance",
    "venue": "binance",
    "positions": [
        {
            "name": "BTCUSDT",
            "coin": "BTC",
            "kind": "linear",
            "side": "short",
            "quantity": "2.5",
            "entry_price": "60000",
            "mark_price": "60000",
            "margin_mode": "isolated",
            "leverage": "2",
            "tiers": [{"floor": "0", "rate": "0.004"}, {"floor": "50000", "rate": "0.005"}],
            "funding_rate": "0.0001",
            "taker_fee_rate": "0.0005",
        }
    ],
}
EXAMPLE_BOOK: dict[str, JsonValue] = {
    "spot": [{"asset": "BTC", "quantity": "5", "price": "60000"}],
    "accounts": [EXAMPLE_ACCOUNT],
}


class GridField(Request):
    """A second axis; every one of its values is combined with every one of ``moves``."""

    axis: Literal["basis", "funding_rate", "volatility_multiple", "hedge"] = Field(
        description="What the values are: the field of that name."
    )
    values: tuple[Annotated[Decimal, BeforeValidator(read_number)], ...] = Field(min_length=1, max_length=101)


class ScenarioRequest(BookFields):
    """One scenario, a ladder of moves, or a grid of moves by a second axis, on a book.

    Positions of accounts are liquidated where the driver's way leads past their liquidation: what backed them is lost
    and the rest goes on. moves asks for one row each (left out: the ladder -50, -20, -10, -5, +5, +10, +20, +50,
    +100%); shock takes a historical or failure shock by name instead.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{**EXAMPLE_BOOK, "moves": ["-0.2", "0.6"], "days": 30}]})

    moves: tuple[Move, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=101,
        description="Where the driver ends, as fractions: -0.2 is a fall of 20%.",
    )
    via: tuple[Move, ...] = Field(
        default=(),
        max_length=20,
        description="Where the driver is on the way, before its end: [0.6] with moves [0.1] ends at +10% after +60%.",
    )
    shock: Literal["2020-03", "2022-11", "2025-10", "adl", "venue-gone", "depeg", "feed-dead"] | None = Field(
        default=None,
        description="A shock by name. Historical (magnitudes of public reports): 2020-03, 2022-11, 2025-10. Failures: "
        "adl (shorts closed by force at force_closed_at, or half way in the logarithm; moves default to -0.25), "
        "venue-gone (needs gone), depeg (USDT at 0.9 unless jumps says otherwise), feed-dead (no price shock).",
    )
    basis: Move = Field(default=Decimal(0), description="Shift of every contract's mark against its coin, a fraction.")
    jumps: dict[str, Positive] = Field(
        default_factory=dict,
        max_length=100,
        description='Multiples of assets that come at once and stay: {"USDT": 0.9}, or {"binance/USDE": 0.65} for one '
        "account alone. What is quoted in an asset that falls rises by as much.",
    )
    days: NotNegative = Field(default=Decimal(0), description="Horizon over which funding is paid, before the move.")
    funding_rate: IntervalRate | None = Field(
        default=None, description="Per 8 hours, for every contract, instead of the positions' own."
    )
    hedge: NotNegative = Field(default=Decimal(1), description="Multiple of every short, set at the start.")
    gone: tuple[str, ...] = Field(default=(), max_length=100, description="Accounts that are lost with all in them.")
    force_closed_at: Move | None = Field(
        default=None, description="The driver's move at which venues close every short (auto-deleveraging)."
    )
    close: bool = Field(default=False, description="Close everything at the end, at taker fees.")
    volatility: Positive | None = Field(default=None, description="Of the driver, per year; asks for sigmas.")
    volatility_multiple: Positive = Field(default=Decimal(1), description="Multiplies volatility.")
    grid: GridField | None = Field(default=None, description="Asks for a grid instead of rows.")


class PoolRow(Answer):
    """What is liquidated together, after the scenario."""

    name: str
    account: str
    liquidated_at: Exact | None = Field(description="The driver's move at which it was liquidated; null if it was not.")
    liquidated_price: Exact | None = Field(description="The driver's price there, where the book has one.")
    gone: bool
    left: Exact = Field(description="What it is worth after; of one that was liquidated, what the venue leaves.")
    equity: Exact | None
    requirement: Exact | None
    margin_usage: Exact | None = Field(
        description="Requirement / equity; 1 is liquidation. Null if it is gone.",
        json_schema_extra=by("requirement / equity"),
    )


class ScenarioRow(Answer):
    """One scenario. Quote currency; net = spot + coins + hedge + funding - fees."""

    move: Exact
    missing: tuple[str, ...] = Field(description="What is not known; then there are no figures.")
    spot: Exact | None = Field(description="Change of the coins outside accounts.")
    coins: Exact | None = Field(description="Change of the coins posted as collateral.")
    hedge: Exact | None = Field(description="Change of the positions' profit, with all that liquidations took.")
    funding: Exact | None
    fees: Exact | None
    net: Exact | None = Field(json_schema_extra=by("spot + coins + hedge + funding - fees"))
    net_share: Exact | None = Field(
        description="net, as a fraction of what the book was worth.", json_schema_extra=by("net / before")
    )
    left: Exact | None = Field(description="What the book is worth after.", json_schema_extra=by("before + net"))
    exposure: Exact | None = Field(description="What is left gains per +100% of the driver (beta-dollars).")
    sigmas: Exact | None = Field(description="Size of the move in standard deviations of the horizon; an estimate.")
    liquidated: tuple[str, ...]
    pools: tuple[PoolRow, ...]


class GridAnswer(Answer):
    """Figures by [move][value], estimates to 12 digits; null where not known."""

    axis: str
    moves: tuple[Exact, ...]
    values: tuple[Exact, ...]
    net: tuple[tuple[Exact | None, ...], ...]
    left: tuple[tuple[Exact | None, ...], ...]
    liquidated: tuple[tuple[tuple[str, ...], ...], ...] = Field(description="Names of the pools liquidated on the way.")
    sigmas: tuple[tuple[Exact, ...], ...] | None


class ScenarioAnswer(Answer):
    """The scenarios asked for."""

    status: Literal["ok"] = "ok"
    before: Exact = Field(description="What the book is worth now.")
    exposure: Exact = Field(description="What it gains per +100% of the driver, now.")
    note: str | None = Field(description="With a shock: when it was, what it is, and who says so.")
    rows: tuple[ScenarioRow, ...]
    grid: GridAnswer | None
