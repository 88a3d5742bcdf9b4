"""``account``: an account of several positions and coins: its health, and where each contract and coin ends it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from core.account import MarginPool, unused
from core.account_figures import (
    CoinFigures,
    Comparison,
    LegFigures,
    Nearest,
    PoolFigures,
    coin_figures,
    coins_of,
    leg_figures,
    nearest,
    pool_figures,
)
from core.calculators.account_fields import Account, account_pools
from core.calculators.account_together import TogetherAnswer, TogetherAsked, together
from core.calculators.declared import by
from core.calculators.fields import Answer, Exact, NoValue, Undefined, Unknown
from core.calculators.liquidation_fields import LiquidatedAnswer
from core.calculators.tier_fields import TierAnswer, tier_answer
from core.exact import exactly
from core.explain import explained
from core.figures import Figure
from core.liquidation_results import AlwaysLiquidated, Liquidation, LiquidationPrice, NoLiquidation
from core.margin_rules import Backing


class AccountRequest(TogetherAsked):
    """A futures account with all its positions and balances.

    Each position needs one of tiers, maintenance_rate, maintenance_margin. Isolated positions have their own margin
    (isolated_margin, or leverage); cross ones share collateral (or wallet_balance). One coin moves at a time; betas ask
    for where all move together as well.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "positions": [
                        {
                            "name": "BTCUSDT",
                            "coin": "BTC",
                            "kind": "linear",
                            "side": "short",
                            "quantity": "2.5",
                            "entry_price": "60000",
                            "mark_price": "63000",
                            "leverage": "3",
                            "tiers": [{"floor": "0", "rate": "0.004"}, {"floor": "50000", "rate": "0.005"}],
                            "liquidation_price": "107000",
                        }
                    ],
                    "collateral": [
                        {"asset": "USDT", "amount": "20000"},
                        {"asset": "BTC", "amount": "1", "ratio": "0.95"},
                    ],
                    "backing": "all_coins",
                }
            ]
        }
    )


class PriceAnswer(Answer):
    """A liquidation or bankruptcy price."""

    status: Literal["ok"] = "ok"
    price: Exact = Field(description="Quote per coin, exact; venues round it to the tick.")
    move: Exact | None = Field(description="price / present price - 1: 0.2 is a rise of 20%, -0.2 a fall of 20%.")
    tier: TierAnswer | None = Field(description="The maintenance tier there; null where there is none.")


Part = Annotated[PriceAnswer | NoValue | Unknown | LiquidatedAnswer, Field(discriminator="status")]


class ComparisonAnswer(Answer):
    """The venue's liquidation price beside ours."""

    venue: Part = Field(description="What the venue sent; unknown for null, blank, dashes or zero.")
    difference: Exact | None = Field(description="Ours - venue's, quote per coin.")
    fraction: Exact | None = Field(description="Size of the difference / mark price.")
    disputed: bool | None = Field(
        description="True above 0.02 of the mark price, and where only one of the two has a price. Null: not known."
    )
    nearer: Literal["venue", "ours", "equal"] | None = Field(description="The one nearer to the mark: act on that.")


class PositionAnswer(Answer):
    """One position; money in its settle currency."""

    name: str
    side: Literal["long", "short"]
    settle: str
    value: Exact | None = Field(description="Value at mark, unsigned.")
    unrealised: Exact | None = Field(description="Unrealised profit from entry to mark.")
    requirement: Exact | None = Field(description="Maintenance margin with the closing fee where the rules add it.")
    closing_fee: Exact | None = Field(description="That fee.")
    initial_margin: Exact | None = Field(description="Value / leverage, plus the closing fee where it is an amount.")
    tier: TierAnswer | None = Field(description="The maintenance tier at present.")
    liquidation: Part = Field(
        description="As a venue prints it: this contract alone moves (two legs of it together), all else stays."
    )
    distance: Exact | None = Field(description="Fraction of mark between mark and liquidation; positive is safe.")
    bankruptcy: Part = Field(description="Where the pool's equity is used up on the same path.")
    venue: ComparisonAnswer | None = Field(description="Null where liquidation_price was not sent.")
    undefined: Undefined = Field(default_factory=dict)


class CoinAnswer(Answer):
    """Where one coin alone ends a pool: every contract on it, the coin as collateral, and what is settled in it."""

    coin: str
    price: Exact | None = Field(description="Present price, quote per coin.")
    above: Part
    below: Part


class RatioAnswer(Answer):
    """The margin ratio as the venue shows it."""

    label: str
    value: Exact | None
    worse: Literal["higher", "lower"] = Field(description="Which way leads to liquidation.")
    liquidates_at: Exact | None = Field(description="Null where it is the tier's maintenance rate.")


class PoolAnswer(Answer):
    """Positions that are liquidated together, and what backs them; money in ``currency``."""

    name: str
    margin_mode: Literal["isolated", "cross"]
    currency: str
    state: Literal["safe", "past", "unknown"] = Field(description="past: equity is at or below the requirement.")
    collateral: Exact | None = Field(description="Balances at their ratios, without unrealised profit.")
    unrealised: Exact | None
    equity: Exact | None = Field(
        description="collateral + unrealised.", json_schema_extra=by("collateral + unrealised")
    )
    requirement: Exact | None = Field(description="All maintenance margin, with closing fees where the rules add them.")
    initial_margin: Exact | None
    available: Exact | None = Field(
        description="equity - initial_margin.", json_schema_extra=by("equity - initial_margin")
    )
    health: Exact | None = Field(
        description="equity / requirement: 1 is liquidation, lower is worse.",
        json_schema_extra=by("equity / requirement"),
    )
    usage: Exact | None = Field(
        description="requirement / equity: 1 is liquidation, higher is worse.",
        json_schema_extra=by("requirement / equity"),
    )
    ratio: RatioAnswer
    positions: tuple[PositionAnswer, ...]
    coins: tuple[CoinAnswer, ...] = Field(description="Per coin: the prices at which its move alone ends the pool.")
    together: TogetherAnswer | None = Field(description="Where all coins moving by betas end the pool; null without.")
    rules: str = Field(description="The rule set, and what it rests on.")
    estimate: bool = Field(description="True where the venue's own liquidation price may differ by more than a tick.")
    undefined: Undefined = Field(default_factory=dict)


class NearestAnswer(Answer):
    """The pool that a coin's move ends first, and where."""

    pool: str
    liquidation: Part


class AccountCoinAnswer(Answer):
    """A coin's nearest liquidation upwards and downwards among all pools of the account."""

    coin: str
    price: Exact | None
    above: NearestAnswer
    below: NearestAnswer


class AccountAnswer(Answer):
    """Pool by pool: margin that backs one is of no use to another."""

    status: Literal["ok"] = "ok"
    backing: Backing = Field(description="What backs the cross positions.")
    worst_pool: str = Field(description="The pool nearest to liquidation by usage; one that is unknown leads.")
    pools: tuple[PoolAnswer, ...]
    coins: tuple[AccountCoinAnswer, ...]
    unused_collateral: tuple[str, ...] = Field(description="Balances that back no position here.")
    missing: tuple[str, ...] = Field(description="Inputs without which some figures are unknown.")


@exactly
def account(request: AccountRequest) -> AccountAnswer | Unknown:
    """Answer an ``account`` request. Raises RequestError for fields that are lacking or contradict each other."""
    held = account_pools(request)
    gaps = [name for pool in held.pools for name in (*pool.past_equity, *pool.initial_missing)]
    missing = tuple(dict.fromkeys(gaps))
    if all(pool.value is None for pool in held.pools):
        return Unknown(missing=missing)
    figures = [pool_figures(pool) for pool in held.pools]
    coins = {pool.name: [coin_figures(pool, coin, held.prices) for coin in coins_of(pool)] for pool in held.pools}
    moved = together(request, held)
    worst = max(range(len(figures)), key=lambda index: _badness(figures[index]))
    return AccountAnswer(
        backing=held.backing,
        worst_pool=held.pools[worst].name,
        pools=tuple(
            _pool(pool, found, coins[pool.name], moved.get(pool.name))
            for pool, found in zip(held.pools, figures, strict=True)
        ),
        coins=_account_coins(held, coins),
        unused_collateral=unused(held.positions, held.balances, held.backing),
        missing=missing,
    )


def _badness(found: PoolFigures) -> tuple[int, Decimal]:
    """Past its requirement with no equity, then unknown, then by usage, then a pool that requires nothing."""
    if found.equity.value is not None and found.requirement.value is not None and found.equity.value <= 0:
        return (3, -found.equity.value)
    if found.usage.missing:
        return (2, Decimal(0))
    return (1, found.usage.value or Decimal(0))


def _pool(pool: MarginPool, found: PoolFigures, coins: list[CoinFigures], moved: TogetherAnswer | None) -> PoolAnswer:
    undefined: dict[str, NoValue | Unknown] = {}
    state: Literal["safe", "past", "unknown"] = "unknown"
    if pool.value is not None and not pool.past_equity:
        state = "past" if pool.value.surplus <= 0 else "safe"
    named = {
        "collateral": found.collateral,
        "unrealised": found.unrealised,
        "equity": found.equity,
        "requirement": found.requirement,
        "initial_margin": found.initial,
        "available": found.available,
        "health": found.health,
        "usage": found.usage,
        "ratio": found.ratio,
    }
    values = {name: shown(name, figure, undefined) for name, figure in named.items()}
    ratio = values.pop("ratio")
    rules = pool.rules
    return PoolAnswer(
        name=pool.name,
        margin_mode=pool.mode.value,
        currency=pool.currency,
        state=state,
        ratio=RatioAnswer(label=found.ratio_label, value=ratio, worse=found.worse, liquidates_at=found.liquidates_at),
        positions=tuple(_position(leg_figures(pool, index)) for index in range(len(pool.positions))),
        coins=tuple(_coin(item) for item in coins),
        together=moved,
        rules=f"{rules.name}: {rules.note}" + (f" ({rules.dated})" if rules.dated else ""),
        estimate=not rules.exact(pool.mode),
        undefined=undefined,
        **values,
    )


def _position(found: LegFigures) -> PositionAnswer:
    undefined: dict[str, NoValue | Unknown] = {}
    named = {
        "value": found.value,
        "unrealised": found.unrealised,
        "requirement": found.requirement,
        "closing_fee": found.closing_fee,
        "initial_margin": found.initial,
    }
    position = found.position
    return PositionAnswer(
        name=position.contract.name,
        side=position.side,
        settle=position.contract.settle,
        tier=None if found.tier is None else tier_answer(found.tier),
        liquidation=part(found.liquidation, position.mark_price),
        distance=found.distance,
        bankruptcy=part(found.bankruptcy, position.mark_price),
        venue=None if found.comparison is None else _comparison(found.comparison, position.mark_price),
        undefined=undefined,
        **{name: shown(name, figure, undefined) for name, figure in named.items()},
    )


def _comparison(found: Comparison, mark: Decimal | None) -> ComparisonAnswer:
    return ComparisonAnswer(
        venue=part(found.venue, mark),
        difference=found.difference,
        fraction=found.fraction,
        disputed=found.disputed,
        nearer=found.nearer,
    )


def _coin(found: CoinFigures) -> CoinAnswer:
    return CoinAnswer(
        coin=found.coin,
        price=found.price,
        above=part(found.above, found.price),
        below=part(found.below, found.price),
    )


def _account_coins(held: Account, coins: dict[str, list[CoinFigures]]) -> tuple[AccountCoinAnswer, ...]:
    """Every coin once, with the pools that it can end."""
    names = dict.fromkeys(item.coin for found in coins.values() for item in found)
    answers = []
    for coin in names:
        price = held.prices.get(coin)
        found = [(pool, item) for pool, items in coins.items() for item in items if item.coin == coin]
        above = nearest(found, lambda item: item.above, price)
        below = nearest(found, lambda item: item.below, price)
        answers.append(
            AccountCoinAnswer(coin=coin, price=price, above=_nearest(above, price), below=_nearest(below, price))
        )
    return tuple(answers)


def _nearest(found: Nearest, price: Decimal | None) -> NearestAnswer:
    return NearestAnswer(pool=found.pool, liquidation=part(found.liquidation, price))


def part(found: Liquidation, now: Decimal | None) -> PriceAnswer | NoValue | Unknown | LiquidatedAnswer:
    """A liquidation result as an answer shows it; ``now`` is the present price that a move is reckoned from."""
    if isinstance(found, LiquidationPrice):
        move = None if now is None else _move(found.price, now)
        return PriceAnswer(price=found.price, move=move, tier=None if found.tier is None else tier_answer(found.tier))
    if isinstance(found, NoLiquidation):
        return NoValue(reason=found.reason)
    if isinstance(found, AlwaysLiquidated):
        return LiquidatedAnswer(reason=found.reason)
    return Unknown(missing=found.missing)


@explained("(price - price_now) / price_now", unit="fraction")
def _move(price: Decimal, price_now: Decimal) -> Decimal:
    return (price - price_now) / price_now


def shown(name: str, figure: Figure, undefined: dict[str, NoValue | Unknown]) -> Decimal | None:
    """A figure's value; where it has none, why is put into ``undefined``."""
    if figure.value is None:
        undefined[name] = NoValue(reason=figure.absent) if figure.absent else Unknown(missing=figure.missing)
    return figure.value
