"""From JSON text to a request, and from what is wrong with it to a refusal that names the field."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.calculators.fields import FIGURE, Unknown
from core.errors import RequestError, RequestErrors

MAXIMUM_CHARACTERS = 10_000_000


class FiguresNotKnown(RequestErrors):
    """A request with figures that are null where each of them is needed: an answer, not a mistake."""

    @property
    def answer(self) -> Unknown:
        """What is answered: nothing can be reckoned without them."""
        return Unknown(missing=tuple(dict.fromkeys(error.key for error in self.errors)))


def refusal(wrong: ValidationError, names: Collection[str] = ()) -> RequestErrors:
    """Every wrong field by name; FiguresNotKnown where all that is wrong with them is that they are null.

    ``names`` are those that the request's fields have at any depth, to say which one an unknown field may mean.
    """
    found = _own(wrong.errors(include_url=False))
    problems = [_problem(details, names) for details in found]
    if all(details["type"] == FIGURE and details["input"] is None for details in found):
        return FiguresNotKnown(problems)
    return RequestErrors(problems)


def read_request(text: str | bytes) -> dict[str, Any]:
    """A JSON object with its numbers as Decimal. Raises RequestError naming ``request`` or the doubled field."""
    if len(text) > MAXIMUM_CHARACTERS:
        raise RequestError("request", f"at most {MAXIMUM_CHARACTERS} characters", str(len(text)))
    try:
        found = json.loads(
            text, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_once
        )
    except json.JSONDecodeError as wrong:
        place = f"{wrong.msg.lower()} at line {wrong.lineno}, column {wrong.colno}"
        raise RequestError("request", "a JSON object", place) from None
    except UnicodeDecodeError:
        raise RequestError("request", "JSON in UTF-8", "other bytes") from None
    except RecursionError:
        raise RequestError("request", "a JSON object", "one nested too deeply") from None
    if not isinstance(found, dict):
        raise RequestError("request", "a JSON object", f"a JSON {_json_type(found)}")
    return found


def _refuse_constant(text: str) -> None:
    raise RequestError("request", "finite numbers", text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, value in pairs:
        if name in seen:
            raise RequestError(name, "the field once", "it twice")
        seen[name] = value
    return seen


_PLAIN_TYPES = {
    "tuple_type": "a JSON array",
    "list_type": "a JSON array",
    "dict_type": "a JSON object",
    "model_type": "a JSON object",
    "string_type": "a JSON string",
    "string_too_short": "a JSON string that is not empty",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}


def _own(found: list[ErrorDetails]) -> list[ErrorDetails]:
    """The errors without those that only follow from one further in: a list is not short because an item is wrong."""
    places = [details["loc"] for details in found]

    def follows(place: tuple[int | str, ...]) -> bool:
        return any(len(other) > len(place) and other[: len(place)] == place for other in places)

    return [details for details in found if not follows(details["loc"])]


_CALLED_ELSEWHERE = {
    "qty": "quantity",
    "size": "quantity",
    "position_size": "quantity",
    "contracts": "quantity",
    "usd": "quantity",
    "entry": "entry_price",
    "avg_price": "entry_price",
    "avg_entry_price": "entry_price",
    "open_price": "entry_price",
    "mark": "mark_price",
    "exit": "exit_price",
    "close_price": "exit_price",
    "multiplier": "contract_size",
    "mult": "contract_size",
    "face_value": "contract_size",
    "contract_multiplier": "contract_size",
    "mmr": "maintenance_rate",
    "maintenance_margin_rate": "maintenance_rate",
    "cum": "maintenance_deduction",
    "maintenance_amount": "maintenance_deduction",
    "mm": "maintenance_margin",
    "imr": "initial_rate",
    "initial_margin_rate": "initial_rate",
    "im": "initial_margin",
    "wallet": "wallet_balance",
    "balance": "wallet_balance",
    "upnl": "unrealised",
    "funding_rate": "rate",
    "taker": "closing_fee_rate",
    "taker_fee": "closing_fee_rate",
    "taker_fee_rate": "closing_fee_rate",
    "spot": "spot_price",
    "index": "index_price",
    "future": "price",
    "future_price": "price",
    "futures_price": "price",
    "days_to_expiry": "days",
    "vol": "volatility",
    "sigma": "volatility",
    "hedge_ratio": "target_ratio",
    "lambda": "decay",
    "haircut": "ratio",
    "collateral_ratio": "ratio",
    "portfolio_value": "bag_value",
    "portfolio_beta": "beta",
    "futures_beta": "contract_beta",
    "desired_beta": "target_beta",
    "new_beta": "target_beta",
    "spot_deviation": "bag_deviation",
    "futures_deviation": "hedge_deviation",
    "spot_returns": "bag_returns",
    "futures_returns": "hedge_returns",
    "unhedged_variance": "bag_variance",
    "unhedged_deviation": "bag_deviation",
    "rho": "correlation",
    "r2": "r_squared",
    "day_count": "year_days",
    "days_in_year": "year_days",
    "risk_free_rate": "interest_rate",
    "pnl_percentage": "profit_ratio",
    "bust_price": "bankruptcy_price",
}
"""What fields are called by venues and books."""


def _meant(key: str, names: Collection[str]) -> str:
    """Which of the names an unknown field may mean, as words to add; empty where none comes near."""
    last = key.rpartition(".")[2].lower()
    usual = _CALLED_ELSEWHERE.get(last)
    near = [usual] if usual in names else difflib.get_close_matches(last, sorted(names), n=1, cutoff=0.75)
    return f"; perhaps {near[0]}" if near else ""


def _problem(details: ErrorDetails, names: Collection[str]) -> RequestError:
    key = ".".join(str(part) for part in details["loc"]) or "request"
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        return RequestError(key, f"a field that the schema names (see --schema{_meant(key, names)})", "an unknown one")
    if kind == "missing":
        return RequestError(key, "a value", "nothing")
    if kind in ("too_short", "too_long"):
        least, most = details["ctx"].get("min_length"), details["ctx"].get("max_length")
        what = f"at least {least} item{'s' * (least != 1)}" if kind == "too_short" else f"at most {most} items"
        return RequestError(key, what, str(details["ctx"]["actual_length"]))
    message = _PLAIN_TYPES.get(kind) or details["msg"].removeprefix("Input should be ")
    return RequestError(key, message, _shown(value))


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value if len(value) <= 60 else value[:57] + "…", ensure_ascii=False)
    return f"a JSON {_json_type(value)}"


def _json_type(value: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "number")
