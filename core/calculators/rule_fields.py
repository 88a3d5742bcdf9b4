"""Venues' margin rules as a request names them."""

from __future__ import annotations

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


def check_closing_fee(rules: MarginRules, mode: MarginMode, *, given: bool) -> None:
    """Refuse a request whose rules add the closing fee to the requirement, and that does not say how much it is."""
    if rules.closing_fee(mode) is ClosingFee.AT_PRICE and not given:
        what = f"the fee that {rules.name} adds to the requirement, a fraction (0 to leave it out)"
        raise RequestError("closing_fee_rate", what, "nothing")
