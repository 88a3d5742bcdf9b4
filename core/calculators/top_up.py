"""The ``top-up`` calculator: how much collateral, or how much less hedge, restores a wanted liquidation price."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.book_fields import BookAccount, BookFields, stated_book
from core.calculators.fields import Answer, Beta, Exact, NotNegative, Positive, Request, Unknown
from core.calculators.scenario_fields import EXAMPLE_ACCOUNT
from core.errors import RequestError
from core.exact import ONE, ZERO, exactly
from core.explain import explained, note
from core.hedged_book import BookPool, HedgedBook, Market
from core.path_reach import path_reach
from core.pool import WeightStep
from core.top_up import Cut, Impossible, TopUp, Wanted, add_collateral, cut_position, margin_plan


class TopUpRequest(Request):
    """How much more collateral, or how much less of a position, puts its liquidation at a wanted price.

    The account has one position that is asked about, named by its place in positions. Its coin moves alone; everything
    else stands still unless betas say that it follows. plan_moves asks for the margin that a position like it needs
    at several leverages.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"account": EXAMPLE_ACCOUNT, "price": "105000"}]})

    account: BookAccount = Field(description="The account, positions and collateral.")
    position: int = Field(default=0, ge=0, description="Which of the account's positions, counted from 0.")
    price: Positive | None = Field(default=None, description="Wanted liquidation price, quote per coin.")
    distance: Positive | None = Field(
        default=None,
        description="Or the wanted distance, a fraction of the mark: above it for a short, below it for a long.",
    )
    asset: str | None = Field(default=None, description="What to add. Left out: the settle currency.")
    asset_price: Positive | None = Field(
        default=None, description="Quote per coin of asset, where the account has no price for it."
    )
    asset_ratio: NotNegative | None = Field(
        default=None, description="Collateral value ratio of asset, where the account holds none of it. Left out: 1."
    )
    betas: dict[str, Beta] = Field(
        default_factory=dict,
        max_length=1000,
        description="Coins that move along: exponents to the position's coin. Left out: they stand still.",
    )
    bag: Positive | None = Field(default=None, description="Coins hedged; asks for the hedge ratio that a cut leaves.")
    plan_moves: tuple[Positive, ...] = Field(
        default=(), max_length=20, description="Rises to plan for (0.5 is +50%); asks for the plan of a short."
    )
    plan_leverages: tuple[Positive, ...] = Field(
        default=(Decimal(2), Decimal(3), Decimal(5)), min_length=1, max_length=20, description="Leverages of the plan."
    )


class AddAnswer(Answer):
    """Money to add."""

    asset: str
    amount: Exact | None = Field(description="How much more of it; 0 where there is enough. Null: not to be had so.")
    cost: Exact | None = Field(description="The same in quote, at its present price.")
    liquidation_price: Exact | None = Field(description="Where the position is liquidated with it; null: nowhere.")
    reason: str | None = Field(description="Why there is no amount.")


class CutAnswer(Answer):
    """Hedge to close at the mark."""

    quantity: Exact | None = Field(description="How much less, order unit; 0 where none. Null: not to be had so.")
    share: Exact | None = Field(description="The same as a fraction of the position.")
    fee: Exact | None = Field(description="Taker fee of it, settle currency.")
    realised: Exact | None = Field(description="Profit realised by it, settle currency.")
    ratio: Exact | None = Field(description="Hedge ratio that it leaves; null without a bag.")
    liquidation_price: Exact | None
    reason: str | None


class PlanAnswer(Answer):
    """One line of the margin plan, settle currency."""

    leverage: Exact
    move: Exact
    initial: Exact = Field(description="Value / leverage.")
    needed: Exact = Field(description="Margin with which it is liquidated just at the move.")
    extra: Exact = Field(description="What has to be added to initial; 0 where it is enough.")


class TopUpAnswer(Answer):
    """What restores the price."""

    status: Literal["ok"] = "ok"
    pool: str
    wanted_price: Exact | None
    liquidation_price: Exact | None = Field(description="Where it is now on that side; null: nowhere.")
    add: AddAnswer | None
    cut: CutAnswer | None
    plan: tuple[PlanAnswer, ...]


@exactly
def top_up(request: TopUpRequest) -> TopUpAnswer | Unknown:
    """Answer a ``top-up`` request. Raises RequestError for fields that are lacking or contradict each other."""
    request.exclude_each_other("price", "distance")
    if request.position >= len(request.account.positions):
        raise RequestError("position", f"below {len(request.account.positions)}", str(request.position))
    if request.account.betas:
        raise RequestError("account.betas", "nothing: betas beside account", "betas")
    missing = () if request.plan_moves else request.lacking("price", "distance", why="or plan_moves")
    stated = request.account.positions[request.position]
    names = {stated.coin: ONE, request.account.quote: ZERO}
    fields = BookFields(accounts=(request.account,), driver=stated.coin, betas={**_still(request), **names})
    book = stated_book(fields)
    if isinstance(book, tuple) or missing:
        gaps = tuple(gap.replace("accounts.0.", "account.") for gap in book) if isinstance(book, tuple) else ()
        return Unknown(missing=(*missing, *gaps))
    pool, index = _find(book, request)
    held, market = pool.legs[index], _market(book, request)
    rises = held.leg.quantity < 0
    price = request.price
    if request.distance is not None:
        price = held.mark_price * (ONE + request.distance if rises else ONE - request.distance)
        given = {"mark_price": held.mark_price, "distance": request.distance}
        note("wanted price", f"mark_price * (1 {'+' if rises else '-'} distance)", price, given, unit="quote a coin")
    add = cut = None
    if price is not None:
        wanted = Wanted(market, _multiple(price, held.mark_price, rises=rises))
        try:
            add = _add(request, pool, wanted, held.mark_price, rises=rises)
            cut = _cut(request, pool, wanted, index, rises=rises)
        except RequestError as refused:
            if refused.key != "notional":
                raise
            return Unknown(missing=(f"a maintenance tier at {price}",))
    plan = margin_plan(held, request.plan_moves, request.plan_leverages) if request.plan_moves else ()
    return TopUpAnswer(
        pool=pool.name,
        wanted_price=price,
        liquidation_price=_where(pool, market, held.mark_price, rises=rises),
        add=add,
        cut=cut,
        plan=tuple(
            PlanAnswer(leverage=row.leverage, move=row.move, initial=row.initial, needed=row.needed, extra=row.extra)
            for row in plan
        ),
    )


def _multiple(price: Decimal, mark: Decimal, *, rises: bool) -> Decimal:
    """The wanted price as a multiple of the mark; it must be on the side of the danger."""
    x = price / mark
    note("wanted multiple", "price / mark_price", x, {"price": price, "mark_price": mark})
    if x <= 0 or x == 1 or (x > 1) is not rises:
        raise RequestError("price", f"{'above' if rises else 'below'} the mark of {mark} and above 0", str(price))
    return x


def _still(request: TopUpRequest) -> dict[str, Decimal]:
    """A beta of 0 for every coin of the account that is not said to move."""
    account = request.account
    names = [item.asset for item in account.collateral or ()]
    for position in account.positions:
        names += [position.coin, position.settle or account.quote]
    return {**dict.fromkeys(names, ZERO), **request.betas}


def _find(book: HedgedBook, request: TopUpRequest) -> tuple[BookPool, int]:
    """The pool that holds the position, and its place among the pool's legs."""
    stated = request.account.positions[request.position]
    isolated = stated.margin_mode == "isolated"
    alike = [
        place
        for place, item in enumerate(request.account.positions)
        if (item.name, item.side, item.margin_mode) == (stated.name, stated.side, stated.margin_mode)
    ].index(request.position)
    sign = 1 if stated.side == "long" else -1
    for pool in book.pools:
        for index, held in enumerate(pool.legs):
            same = held.leg.contract.name == stated.name and held.leg.quantity * sign > 0
            if same and pool.isolated is isolated:
                if not alike:
                    return pool, index
                alike -= 1
    raise RequestError("position", "a position of the account", str(request.position))


def _market(book: HedgedBook, request: TopUpRequest) -> Market:
    betas = dict(book.betas)
    if request.asset is not None:
        betas.setdefault(request.asset, request.betas.get(request.asset, ZERO))
    return Market(betas)


def _where(pool: BookPool, market: Market, mark: Decimal, *, rises: bool) -> Decimal | None:
    reach = path_reach(pool, market)
    at, unknown = (reach.above, reach.unknown_above) if rises else (reach.below, reach.unknown_below)
    return None if at is None or unknown else _liquidation_price(at, mark)


@explained("multiple * mark_price", unit="quote a coin")
def _liquidation_price(multiple: Decimal, mark_price: Decimal) -> Decimal:
    return multiple * mark_price


def _add(request: TopUpRequest, pool: BookPool, wanted: Wanted, mark: Decimal, *, rises: bool) -> AddAnswer:
    settle = pool.legs[0].leg.contract.settle
    asset = request.asset or settle
    price = request.asset_price
    known = {item.asset: item.price for item in pool.collateral} | {settle: pool.legs[0].settle_price}
    if price is None:
        price = known.get(asset)
    if price is None:
        raise RequestError("asset_price", f"quote per {asset}", "nothing")
    steps = None if request.asset_ratio is None else (WeightStep(ZERO, request.asset_ratio),)
    found = add_collateral(pool, wanted, asset, price=price, steps=steps)
    if isinstance(found, Impossible):
        return AddAnswer(asset=asset, amount=None, cost=None, liquidation_price=None, reason=found.reason)
    assert isinstance(found, TopUp)
    where = _where(found.pool, wanted.market, mark, rises=rises)
    return AddAnswer(asset=asset, amount=found.amount, cost=found.cost, liquidation_price=where, reason=None)


def _cut(request: TopUpRequest, pool: BookPool, wanted: Wanted, index: int, *, rises: bool) -> CutAnswer:
    found, held = cut_position(pool, wanted, index), pool.legs[index]
    if isinstance(found, Impossible):
        return CutAnswer(
            quantity=None, share=None, fee=None, realised=None, ratio=None, liquidation_price=None, reason=found.reason
        )
    assert isinstance(found, Cut)
    coins = held.leg.amount if held.leg.direct else held.leg.amount / held.mark_price
    ratio = None
    if request.bag is not None:
        ratio = -coins * (ONE - found.share) / request.bag
        given = {"coins": coins, "share": found.share, "bag": request.bag}
        note("ratio", "-coins * (1 - share) / bag", ratio, given, unit="fraction")
    return CutAnswer(
        quantity=found.quantity,
        share=found.share,
        fee=found.fee,
        realised=found.realised,
        ratio=ratio,
        liquidation_price=_where(found.pool, wanted.market, held.mark_price, rises=rises),
        reason=None,
    )
