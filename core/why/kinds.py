"""Formulas that differ by the kind of contract, read from the functions that apply them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.explanation import Input
from core.instruments import ContractKind
from core.snapshot import HedgeLine
from core.why.place import Place


def kind_of(place: Place) -> ContractKind:
    """The kind of the hedge's contract; linear while nobody has described it."""
    return ContractKind(place.the(HedgeLine).kind or ContractKind.LINEAR)


def formula_of(function: Callable[..., Any], place: Place) -> str:
    """The formula of an arithmetic function for the hedge's contract."""
    return by_kind(function, kind_of(place))


def by_kind(function: Callable[..., Any], kind: ContractKind) -> str:
    """The formula that an arithmetic function carries, for one kind of contract."""
    formula = function.__dict__["formula"]
    if isinstance(formula, str):
        return formula
    found: str = formula.get(kind, formula[ContractKind.LINEAR])
    return found


def contract(place: Place) -> tuple[Input, ...]:
    """The contract size, and the price of the settle coin where the contract is a quanto."""
    name = place.the(HedgeLine).instrument
    size = place.sources.contract_size(name)
    if kind_of(place) is not ContractKind.QUANTO:
        return (size,)
    return size, settle_price(place, name)


def settle_price(place: Place, name: str) -> Input:
    """The price of a quanto contract's settle coin."""
    figure, pair = place.sources.settle_price(name)
    words = f"middle of best bid and ask of {pair}"
    return Input(name="settle_price", words=words, figure=figure, source=f"{pair}: best bid and best ask")
