"""How venues reckon the liquidation price they print: a dated table, because they change it.

An answer computed here is compared with the venue's own figure and never hides it; ``isolated_exact`` and
``cross_exact`` say where agreement to the tick is to be expected.
"""

from __future__ import annotations

import msgspec

from core.books import MarginMode
from core.errors import RequestError
from core.instruments import ContractKind
from core.liquidation import Requirement


class Convention(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's way, for one kind of contract.

    ``dated`` is the date (or year) of the newest page or account row that the statement rests on. No venue here adds
    a closing fee to the requirement when it reckons the liquidation price.
    """

    name: str
    kind: ContractKind
    requirement_at: Requirement
    dated: str
    isolated_exact: bool
    cross_exact: bool
    note: str

    def exact(self, mode: MarginMode) -> bool:
        """True where the venue's figure should be met to the tick, other positions held at their marks."""
        return self.isolated_exact if mode is MarginMode.ISOLATED else self.cross_exact


CONVENTIONS = (
    Convention(
        name="binance",
        kind=ContractKind.LINEAR,
        requirement_at=Requirement.AT_LIQUIDATION,
        dated="2025",
        isolated_exact=True,
        cross_exact=True,
        note="requirement at the liquidation price with the tier's deduction; isolated account rows are met to 1e-8",
    ),
    Convention(
        name="binance",
        kind=ContractKind.INVERSE,
        requirement_at=Requirement.AT_LIQUIDATION,
        dated="2025",
        isolated_exact=True,
        cross_exact=True,
        note="requirement at the liquidation price, tiers in coin; an isolated account row is met to 1e-7",
    ),
    Convention(
        name="bybit",
        kind=ContractKind.LINEAR,
        requirement_at=Requirement.AT_LIQUIDATION,
        dated="2026-05-27",
        isolated_exact=False,
        cross_exact=False,
        note="estimate: the unified account is taken to re-evaluate linear contracts as it does inverse ones",
    ),
    Convention(
        name="bybit",
        kind=ContractKind.INVERSE,
        requirement_at=Requirement.AT_LIQUIDATION,
        dated="2026-05-27",
        isolated_exact=False,
        cross_exact=False,
        note="estimate: the unified account's page, no account row seen; it counts added margin net of the taker fee",
    ),
    Convention(
        name="bybit-classic",
        kind=ContractKind.LINEAR,
        requirement_at=Requirement.AT_ENTRY,
        dated="2024",
        isolated_exact=True,
        cross_exact=False,
        note="accounts before the unified one: requirement fixed at entry value; rounded to the tick by the venue",
    ),
    Convention(
        name="bybit-classic",
        kind=ContractKind.INVERSE,
        requirement_at=Requirement.AT_ENTRY,
        dated="2024",
        isolated_exact=True,
        cross_exact=False,
        note="accounts before the unified one: requirement fixed at entry value; rounded to the tick by the venue",
    ),
)

CONVENTION_NAMES = tuple(dict.fromkeys(convention.name for convention in CONVENTIONS))


def convention_for(name: str, kind: ContractKind) -> Convention:
    """The convention of that name for that kind of contract; RequestError naming ``venue`` where none is recorded."""
    for convention in CONVENTIONS:
        if convention.name == name and convention.kind is kind:
            return convention
    raise RequestError("venue", f"one of {', '.join(CONVENTION_NAMES)} with a linear or inverse contract", name)
