"""The calculators by name, and the way from JSON to JSON."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from core.calculators.account import AccountAnswer, AccountRequest, account
from core.calculators.adl import adl
from core.calculators.adl_fields import AdlAnswer, AdlRequest
from core.calculators.attribution import attribution
from core.calculators.attribution_fields import AttributionAnswer, AttributionRequest
from core.calculators.band import BandAnswer, BandRequest, band
from core.calculators.basis import basis_of
from core.calculators.basis_fields import BasisAnswer, BasisRequest
from core.calculators.beta import beta
from core.calculators.beta_fields import BetaAnswer, BetaRequest
from core.calculators.carry import carry
from core.calculators.carry_fields import CarryAnswer, CarryRequest
from core.calculators.chooser import ChooserAnswer, ChooserRequest, chooser
from core.calculators.collateral import CollateralAnswer, CollateralRequest, collateral
from core.calculators.context import ContextAnswer, ContextRequest, context
from core.calculators.fields import Request, Unknown
from core.calculators.funding import funding
from core.calculators.funding_fields import FundingAnswer, FundingRequest
from core.calculators.hedge_size import hedge_size
from core.calculators.hedge_size_fields import HedgeSizeAnswer, HedgeSizeRequest
from core.calculators.liquidation import liquidation
from core.calculators.liquidation_fields import (
    LiquidatedAnswer,
    LiquidationAnswer,
    LiquidationRequest,
    NoLiquidationAnswer,
)
from core.calculators.margin import margin
from core.calculators.margin_fields import MarginAnswer, MarginRequest
from core.calculators.multi_hedge import MultiHedgeAnswer, MultiHedgeRequest, multi_hedge
from core.calculators.pnl import profit
from core.calculators.pnl_fields import PnlAnswer, PnlRequest
from core.calculators.reading import FiguresNotKnown, read_request, refusal
from core.calculators.reverse_stress import ReverseStressAnswer, ReverseStressRequest, reverse_stress
from core.calculators.scenario import scenario
from core.calculators.scenario_fields import ScenarioAnswer, ScenarioRequest
from core.calculators.top_up import TopUpAnswer, TopUpRequest, top_up
from core.calculators.touch import TouchAnswer, TouchRequest, touch
from core.calculators.value_at_risk import ValueAtRiskAnswer, ValueAtRiskRequest, value_at_risk
from core.calculators.volatility import volatility
from core.calculators.volatility_fields import VolatilityAnswer, VolatilityRequest
from core.errors import RequestError

_Asked = TypeVar("_Asked", bound=Request)
CONVENTIONS = (
    "Numbers in a request are decimals, as JSON strings or JSON numbers (read exactly either way), with at most 50 "
    "digits. Figures of an answer are decimals as JSON strings, rounded to 40 significant digits; those of an answer "
    "with estimated: true are statistics, rounded to 12. Rates and ratios are fractions: 0.005 is 0.5%. Prices are "
    "quote per coin. Money is + gained or received, - lost or paid; fees are + paid. A field that is left out takes "
    "its default or asks for nothing; a field that is null is a figure you do not know: if it is needed, the answer is "
    "status unknown and names it. An unknown, lacking or wrong field is refused."
)


class Calculator(Generic[_Asked]):
    """One calculator: its name, what it does in a line, its request and answers, and the function between them."""

    def __init__(
        self,
        name: str,
        summary: str,
        request: type[_Asked],
        answers: tuple[type[BaseModel], ...],
        function: Callable[[_Asked], BaseModel],
    ) -> None:
        self.name, self.summary, self.request, self.answers, self.function = name, summary, request, answers, function

    def read(self, fields: Mapping[str, Any]) -> _Asked:
        """The request that a mapping describes.

        Raises RequestErrors naming every wrong field: FiguresNotKnown where all that is wrong with them is that they
        are null.
        """
        try:
            return self.request.model_validate(dict(fields))
        except ValidationError as wrong:
            raise refusal(wrong, field_names(self.request)) from None

    def answer(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request given as a mapping; figures are strings. Raises RequestError."""
        try:
            return self.function(self.read(fields)).model_dump(mode="json")
        except FiguresNotKnown as gap:
            return gap.answer.model_dump(mode="json")

    def schema(self) -> dict[str, Any]:
        """JSON schemas of request and answer."""
        answers: Any = self.answers[0]
        for other in self.answers[1:]:
            answers |= other
        return {
            "calculator": self.name,
            "summary": self.summary,
            "conventions": CONVENTIONS,
            "request": plain_schema(self.request.model_json_schema(mode="validation")),
            "answer": plain_schema(TypeAdapter(answers).json_schema(mode="serialization")),
        }


@functools.cache
def field_names(request: type[Request]) -> frozenset[str]:
    """The names of all fields that such a request may have, at any depth."""
    return frozenset(_names(request.model_json_schema(mode="validation")))


def _names(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {name for item in schema for name in _names(item)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own.union(*(_names(item) for name, item in schema.items() if name != "examples"))


def plain_schema(part: Any) -> Any:
    """A schema without pydantic's titles, and without null as a default: left out and null are not the same here."""
    if isinstance(part, list):
        return [plain_schema(item) for item in part]
    if not isinstance(part, dict):
        return part
    if isinstance(part.get("description"), str):
        part = {**part, "description": " ".join(part["description"].split())}
    kept = {name: item for name, item in part.items() if not (name == "title" and isinstance(item, str))}
    if "default" in kept and kept["default"] is None:
        del kept["default"]
    return {name: plain_schema(item) for name, item in kept.items()}


CALCULATORS: dict[str, Calculator[Any]] = {
    found.name: found
    for found in (
        Calculator(
            "pnl",
            "profit and loss of a position or of a run of fills: realised, unrealised, fees, funding, average entry",
            PnlRequest,
            (PnlAnswer, Unknown),
            profit,
        ),
        Calculator(
            "margin",
            "initial and maintenance margin, tiers, fees, margin ratio and bankruptcy price",
            MarginRequest,
            (MarginAnswer, Unknown),
            margin,
        ),
        Calculator(
            "liquidation",
            "liquidation price of one position, isolated or in cross among others, and the distance to it",
            LiquidationRequest,
            (LiquidationAnswer, NoLiquidationAnswer, LiquidatedAnswer, Unknown),
            liquidation,
        ),
        Calculator(
            "funding",
            "funding payments, a rate per day and per year, and the rate a venue's formula gives",
            FundingRequest,
            (FundingAnswer, Unknown),
            funding,
        ),
        Calculator(
            "hedge-size",
            "contracts that hedge a share of a bag, and the order that gets there within the venue's filters",
            HedgeSizeRequest,
            (HedgeSizeAnswer, Unknown),
            hedge_size,
        ),
        Calculator(
            "account",
            "an account of positions and coins: equity, margin, health, and where each contract and each coin ends it",
            AccountRequest,
            (AccountAnswer, Unknown),
            account,
        ),
        Calculator(
            "chooser",
            "one hedge on several contracts side by side: size, margin, carry, fees, break-even and liquidation",
            ChooserRequest,
            (ChooserAnswer, Unknown),
            chooser,
        ),
        Calculator(
            "collateral",
            "what balances count for as margin after haircuts, and what it takes to cover a debt with a coin",
            CollateralRequest,
            (CollateralAnswer, Unknown),
            collateral,
        ),
        Calculator(
            "volatility",
            "volatility from candles, closes or returns by eight estimators, or a known one, per bar, day and year",
            VolatilityRequest,
            (VolatilityAnswer, Unknown),
            volatility,
        ),
        Calculator(
            "touch",
            "how probably a price touches a barrier such as a liquidation price, and the distance in sigmas",
            TouchRequest,
            (TouchAnswer, Unknown),
            touch,
        ),
        Calculator(
            "beta",
            "hedge ratio of a bag with its error bar: minimum variance, weighted, lead and lag, tracking error",
            BetaRequest,
            (BetaAnswer, Unknown),
            beta,
        ),
        Calculator(
            "value-at-risk",
            "value at risk and expected shortfall, normal or historical",
            ValueAtRiskRequest,
            (ValueAtRiskAnswer, Unknown),
            value_at_risk,
        ),
        Calculator(
            "band",
            "no-trade band of a hedge and what to trade outside it",
            BandRequest,
            (BandAnswer, Unknown),
            band,
        ),
        Calculator(
            "basis",
            "basis of a contract over spot, per year three ways, what a roll costs and a synthetic dollar yields",
            BasisRequest,
            (BasisAnswer, Unknown),
            basis_of,
        ),
        Calculator(
            "carry",
            "funding to come, what a hedge costs or earns a day, month and year, and what repays it",
            CarryRequest,
            (CarryAnswer, Unknown),
            carry,
        ),
        Calculator(
            "attribution",
            "profit of a bag and its hedge by cause: price, basis, funding, fees, slippage, currencies, residual",
            AttributionRequest,
            (AttributionAnswer, Unknown),
            attribution,
        ),
        Calculator(
            "scenario",
            "a book under a price move, a ladder, a grid or a named shock: net, what is left, what is liquidated",
            ScenarioRequest,
            (ScenarioAnswer, Unknown),
            scenario,
        ),
        Calculator(
            "reverse-stress",
            "the smallest move that liquidates, uses up margin, or costs a book so much",
            ReverseStressRequest,
            (ReverseStressAnswer, Unknown),
            reverse_stress,
        ),
        Calculator(
            "top-up",
            "how much collateral, or how much less hedge, restores a liquidation price; margin plan for a rise",
            TopUpRequest,
            (TopUpAnswer, Unknown),
            top_up,
        ),
        Calculator(
            "multi-hedge",
            "weights of several hedging instruments at once, with R² in and out of the sample",
            MultiHedgeRequest,
            (MultiHedgeAnswer, Unknown),
            multi_hedge,
        ),
        Calculator(
            "context",
            "distance to the long average, z-score, half-life, volatility target, and what removing variance costs",
            ContextRequest,
            (ContextAnswer, Unknown),
            context,
        ),
        Calculator(
            "adl",
            "how near a position is to auto-deleveraging: profit ratio, effective leverage, score, place in the queue",
            AdlRequest,
            (AdlAnswer, Unknown),
            adl,
        ),
    )
}


def calculator(name: str) -> Calculator[Any]:
    """The calculator of that name; RequestError naming ``calculator`` where there is none."""
    found = CALCULATORS.get(name)
    if found is None:
        raise RequestError("calculator", f"one of {', '.join(CALCULATORS)}", name)
    return found


def answer(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of calculator ``name`` to a request given as a mapping. Raises RequestError."""
    return calculator(name).answer(fields)


def answer_json(name: str, text: str | bytes) -> str:
    """The answer of calculator ``name`` to a JSON request, as indented JSON. Raises RequestError."""
    return json.dumps(answer(name, read_request(text)), indent=2, ensure_ascii=False)
