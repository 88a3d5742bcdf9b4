"""Venues' margin rules as a request names them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from core.books import MarginMode
from core.errors import RequestError
from core.instruments import ContractKind
from core.margin_rules import RULE_NAMES, VENUES_WITH_RULES, ClosingFee, MarginRules, rules_for

_NAMES = tuple(dict.fromkeys((*VENUES_WITH_RULES, *RULE_NAMES)))


def _read_name(value: object) -> str:
    if not isinstance(value, str) or value not in _NAMES:
        raise PydanticCustomError("expectation", "{what}", {"what": f"one of {', '.join(_NAMES)}"})
    return value


RulesName = Annotated[str, BeforeValidator(_read_name), WithJsonSchema({"type": "string", "enum": list(_NAMES)})]


def named_rules(name: str, kind: ContractKind) -> MarginRules:
    """The rule set of that name, or the first of that venue, for ``kind``. Raises RequestError naming ``venue``."""
    try:
        found = rules_for(name, kind, "" if name in VENUES_WITH_RULES else name)
    except RequestError as refused:
        raise RequestError("venue", refused.expected, name) from None
    if found.name == "generic" != name:
        raise RequestError("venue", f"rules that cover {kind} contracts", name)
    return found


def check_closing_fee(rules: MarginRules, mode: MarginMode, rate: Decimal | None) -> None:
    """Refuse a closing fee (``None``: not stated) that is not what the rules reckon with.

    Where they add it to the requirement it must be stated; where they add none, or one at the bankruptcy price of a
    leverage, which one position in cross does not have, it must not change the figure.
    """
    added = rules.closing_fee(mode)
    if added is not ClosingFee.NONE and rate is None:
        what = f"the fee that {rules.name} adds to the requirement, a fraction (0 to leave it out)"
        raise RequestError("closing_fee_rate", what, "nothing")
    if added is ClosingFee.NONE and rate:
        raise RequestError("closing_fee_rate", f"0: {rules.name} adds none to the requirement here", str(rate))
    if added is ClosingFee.AT_BANKRUPTCY and rate:
        what = f"0 to leave it out; the account calculator reckons it at the bankruptcy price, as {rules.name} does"
        raise RequestError("closing_fee_rate", what, str(rate))
