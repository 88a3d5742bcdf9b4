"""The public calculators: figures from a JSON request, each with its JSON schema.

Decimals come in as JSON strings or numbers (never through a float) and go out as strings, rounded to 40 significant
digits; statistics, whose answers say ``estimated``, to 12. Every answer has a ``status``: ``ok`` with figures, ``none``
with the reason why there is rightly none, ``unknown`` with the inputs that are missing (those sent as null), or
``liquidated``. A request that is not JSON, or has an unknown, lacking or wrong field, is refused with RequestError,
which names the field. :func:`explain` answers with the way to the answer beside it.
"""

from core.calculators.explanation import explain, explain_json, schema
from core.calculators.explanation_text import explain_text
from core.calculators.registry import CALCULATORS, Calculator, answer, answer_json, calculator

__all__ = [
    "CALCULATORS",
    "Calculator",
    "answer",
    "answer_json",
    "calculator",
    "explain",
    "explain_json",
    "explain_text",
    "schema",
]
