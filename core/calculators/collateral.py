"""``collateral``: what balances count for as margin after haircuts, and what it takes to cover a debt with a coin."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field

from core.calculators.account_fields import RatioStep
from core.calculators.declared import by
from core.calculators.fields import Answer, Exact, NotNegative, Number, Positive, Request, Share, Unknown
from core.exact import ONE, ZERO, exactly
from core.explain import note
from core.pool import Collateral, WeightStep, counted


class BalanceField(Request):
    """One balance, and how its venue counts it."""

    asset: str = Field(min_length=1, description="Name of the coin or currency.")
    amount: Number | None = Field(description="Balance in coins; negative for a debt.")
    price: Positive | None = Field(description="Index price, quote per coin (1 for the quote currency).")
    ratio: Number | None = Field(
        default=ONE, description="Collateral value ratio of a positive balance, a fraction from 0 to 1: 0.95."
    )
    ratio_steps: tuple[RatioStep, ...] | None = Field(
        default=None, min_length=1, max_length=1000, description="Instead of ratio: ratios by amount, lowest first."
    )
    bid_buffer: Share = Field(
        default=ZERO, description="A positive balance is priced at price * (1 - bid_buffer) (Binance multi-assets)."
    )
    ask_buffer: NotNegative = Field(
        default=ZERO, description="A debt is priced at price * (1 + ask_buffer) (Binance multi-assets)."
    )


class CollateralRequest(Request):
    """What balances count for as margin: amount * price after the venue's buffers * ratio; debts in full.

    cover_debt asks how much of each coin covers a debt of so much quote at its ratio.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "balances": [
                        {"asset": "USDT", "amount": "-5000", "price": "1", "ask_buffer": "0.005"},
                        {
                            "asset": "BTC",
                            "amount": "30",
                            "price": "60000",
                            "ratio_steps": [{"floor": "0", "ratio": "0.98"}, {"floor": "20", "ratio": "0.95"}],
                        },
                    ]
                }
            ]
        }
    )

    balances: tuple[BalanceField, ...] = Field(min_length=1, max_length=1000, description="The balances, any order.")
    cover_debt: Positive | None = Field(default=None, description="A debt in quote, unsigned, to be covered by a coin.")


class BalanceAnswer(Answer):
    """One balance; money in quote."""

    asset: str
    bid_rate: Exact | None = Field(
        description="price * (1 - bid_buffer).", json_schema_extra=by("price * (1 - bid_buffer)")
    )
    ask_rate: Exact | None = Field(
        description="price * (1 + ask_buffer).", json_schema_extra=by("price * (1 + ask_buffer)")
    )
    worth: Exact | None = Field(
        description="amount * price, before any haircut.", json_schema_extra=by("amount * price")
    )
    value: Exact | None = Field(description="What it counts for as margin; negative for a debt.")
    haircut: Exact | None = Field(
        description="worth - value: what does not count.", json_schema_extra=by("worth - value")
    )
    ratio: Exact | None = Field(
        description="value / worth; null for no balance.", json_schema_extra=by("value / worth")
    )
    cover_value: Exact | None = Field(
        description="Worth of this coin that covers cover_debt at its first ratio. Null where not asked, or at ratio 0."
    )
    cover_coins: Exact | None = Field(description="The same in coins.", json_schema_extra=by("cover_value / price"))
    missing: tuple[str, ...] = Field(description="Inputs without which its figures are unknown.")


class CollateralAnswer(Answer):
    """Balances in the order given, and their sum in quote."""

    status: Literal["ok"] = "ok"
    balances: tuple[BalanceAnswer, ...]
    worth: Exact | None = Field(description="Sum, before haircuts; null as soon as one is not known.")
    value: Exact | None = Field(description="Sum of what counts as margin; null as soon as one is not known.")
    haircut: Exact | None = Field(json_schema_extra=by("worth - value"))
    missing: tuple[str, ...]


@exactly
def collateral(request: CollateralRequest) -> CollateralAnswer | Unknown:
    """Answer a ``collateral`` request. Raises RequestError for fields that contradict each other."""
    answers = tuple(_balance(request, index) for index in range(len(request.balances)))
    missing = tuple(name for answer in answers for name in answer.missing)
    if all(answer.missing for answer in answers):
        return Unknown(missing=missing)
    worth = _sum("worth", [item.worth for item in answers])
    value = _sum("value", [item.value for item in answers])
    haircut = None if worth is None or value is None else worth - value
    return CollateralAnswer(balances=answers, worth=worth, value=value, haircut=haircut, missing=missing)


def _sum(name: str, parts: list[Decimal | None]) -> Decimal | None:
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return None
    whole = sum(known, ZERO)
    note(name, "sum(balances)", whole, {"balances": known}, unit="quote")
    return whole


def _balance(request: CollateralRequest, index: int) -> BalanceAnswer:
    stated, key = request.balances[index], f"balances.{index}."
    if stated.ratio_steps is not None and stated.given("ratio"):
        stated.exclude_each_other("ratio", "ratio_steps", within=key)
    missing = [key + name for name in ("amount", "price") if getattr(stated, name) is None]
    if stated.ratio is None and stated.ratio_steps is None:
        missing.append(f"{key}ratio")
    bid = None if stated.price is None else stated.price * (ONE - stated.bid_buffer)
    ask = None if stated.price is None else stated.price * (ONE + stated.ask_buffer)
    worth = None if stated.amount is None or stated.price is None else stated.amount * stated.price
    value = None
    steps = tuple(WeightStep(step.floor, step.ratio) for step in stated.ratio_steps or ())
    if not missing and stated.amount is not None and bid is not None:
        steps = steps or (WeightStep(ZERO, stated.ratio or ZERO),)
        coins = counted(Collateral(asset=stated.asset, amount=stated.amount, steps=steps))
        rate = bid if stated.amount > 0 or ask is None else ask
        value = coins * rate
        note(f"value of {stated.asset}", "counted * rate", value, {"counted": coins, "rate": rate}, unit="quote")
    cover = None
    if request.cover_debt is not None and not missing and steps[0].ratio:
        cover = request.cover_debt / (steps[0].ratio * (ONE - stated.bid_buffer))
        given = {"cover_debt": request.cover_debt, "ratio": steps[0].ratio, "bid_buffer": stated.bid_buffer}
        note("cover value", "cover_debt / (ratio * (1 - bid_buffer))", cover, given, unit="quote")
    return BalanceAnswer(
        asset=stated.asset,
        bid_rate=bid,
        ask_rate=ask,
        worth=worth,
        value=value,
        haircut=None if worth is None or value is None else worth - value,
        ratio=value / worth if value is not None and worth else None,
        cover_value=cover,
        cover_coins=None if cover is None or stated.price is None else cover / stated.price,
        missing=tuple(missing),
    )
