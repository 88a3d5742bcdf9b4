"""Where a figure stands in a snapshot, and the register of what can be told of each.

Every figure of the snapshot has a :class:`Fact`, keyed by the type that holds it and the name of its field. A fact is
entered by :func:`fact` above the function that tells the formula and the inputs from a :class:`Place`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from core.explain import Step
from core.explanation import Explanation, Input
from core.figures import Figure
from core.instruments import Instrument
from core.scenario_view import AdditionView, LiquidatedView, ReverseView, ScenarioBeta, ShockView, TopUpView
from core.snapshot import (
    AccountView,
    AlertView,
    AttributionView,
    BagLine,
    BetaView,
    BookView,
    CollateralView,
    DeathView,
    HedgeLine,
    MarketView,
    OrderView,
    Snapshot,
    TransferView,
)

if TYPE_CHECKING:
    from core.why.sources import Sources

_Struct = TypeVar("_Struct", bound=msgspec.Struct)

Chain = tuple[tuple[str, msgspec.Struct], ...]
"""Structs from the snapshot down to one of them, each with its path."""


def _shock(shock: ShockView) -> str:
    """A shock's name; a rung of the ladder has none but its move."""
    return shock.name or f"{shock.move.value or 0:+.0%}"


NAMED_BY: dict[type[msgspec.Struct], str | Callable[[Any], str]] = {
    BookView: "name",
    BagLine: "asset",
    HedgeLine: "instrument",
    AccountView: "name",
    CollateralView: "asset",
    DeathView: "coin",
    BetaView: "coin",
    MarketView: "instrument",
    OrderView: "client_order_id",
    AlertView: "key",
    AttributionView: "since",
    TransferView: lambda moved: f"{moved.account}/{moved.asset}",
    ScenarioBeta: "asset",
    ShockView: _shock,
    LiquidatedView: "pool",
    ReverseView: lambda end: "rise" if end.rise else "fall",
    TopUpView: "pool",
    AdditionView: "asset",
}
"""What tells one of several of a kind from the others: it stands for it in a path. A field, or what is made of some."""

_WORDS = {"quote": "quote", "settle": "settle currency", "base": "coins", "asset": "coins", "currency": "quote"}
"""What stands for a currency that is not known yet."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What one figure says of itself: see :class:`core.explanation.Explanation`.

    ``estimated`` says why it is an estimate, for where it is marked as one.
    """

    formula: str = ""
    method: str = ""
    source: str = ""
    inputs: tuple[Input, ...] = ()
    steps: tuple[Step, ...] = ()
    rule: str = ""
    estimated: str = ""
    excludes: str = ""


Teller = Callable[["Place"], Told]


@dataclass(frozen=True, slots=True)
class Fact:
    """What never changes about a figure, and what tells the rest. ``unit`` may name fields: ``{quote} a coin``."""

    name: str
    unit: str
    tell: Teller
    sign: str = ""
    includes: str = ""
    excludes: str = ""


FACTS: dict[tuple[type[msgspec.Struct], str], Fact] = {}


def fact(
    owner: type[msgspec.Struct],
    field: str,
    name: str,
    unit: str = "",
    *,
    sign: str = "",
    includes: str = "",
    excludes: str = "",
) -> Callable[[Teller], Teller]:
    """Enter a figure into the register, told by the function below."""

    def enter(tell: Teller) -> Teller:
        FACTS[owner, field] = Fact(name, unit, tell, sign, includes, excludes)
        return tell

    return enter


def fact_of(owner: type[msgspec.Struct], field: str) -> Fact | None:
    """What is known of a figure. The first to ask waits for all subjects to be loaded, and the start of a monitor not
    at all."""
    from core.why import subjects

    assert subjects.SUBJECTS
    return FACTS.get((owner, field))


@dataclass(frozen=True, slots=True)
class Place:
    """One figure of a snapshot: the field ``field`` of the last of ``chain``, which runs from the snapshot down to it.

    Each of the chain comes with its own path.
    """

    chain: Chain
    field: str
    sources: Sources

    @property
    def owner(self) -> msgspec.Struct:
        """The struct that holds the figure."""
        return self.chain[-1][1]

    @property
    def path(self) -> str:
        """The path of the figure."""
        return joined(self.chain[-1][0], self.field)

    @property
    def figure(self) -> Figure:
        """The figure."""
        found = getattr(self.owner, self.field)
        assert isinstance(found, Figure)
        return found

    def the(self, kind: type[_Struct]) -> _Struct:
        """The struct of this type that the figure stands in."""
        return next(item for _, item in reversed(self.chain) if isinstance(item, kind))

    def chain_end(self, kind: type[_Struct]) -> tuple[str, _Struct]:
        """The struct of this type that the figure stands in, with its path."""
        return self.up_to(kind)[-1][0], self.the(kind)

    def up_to(self, kind: type[msgspec.Struct]) -> Chain:
        """The chain down to the struct of this type."""
        index = next(at for at, (_, item) in enumerate(self.chain) if isinstance(item, kind))
        return self.chain[: index + 1]

    def beside(self, field: str, name: str = "") -> Input:
        """Another figure of the same struct as an input."""
        return self.linked(self.chain, field, name)

    def above(self, kind: type[msgspec.Struct], field: str, name: str = "") -> Input:
        """A figure of a struct that this one stands in."""
        return self.linked(self.up_to(kind), field, name)

    def below(self, kind: type[msgspec.Struct], inner: str, item: msgspec.Struct, field: str, name: str = "") -> Input:
        """A figure of ``item``, which is under ``inner`` in a struct that this one stands in."""
        chain = self.up_to(kind)
        path = joined(chain[-1][0], inner, *named(item))
        return self.linked((*chain, (path, item)), field, name)

    def linked(self, chain: Chain, field: str, name: str = "") -> Input:
        """The figure at the end of another chain as an input."""
        other = Place(chain, field, self.sources)
        known = fact_of(type(other.owner), field)
        words = field.replace("_", " ") if known is None else known.name
        unit = "" if known is None else unit_of(known, chain, self.sources.instrument)
        return Input(name=name or field, words=words, figure=other.figure, unit=unit, path=other.path)


def joined(*parts: str) -> str:
    """A path of these parts."""
    return "/".join(part for part in parts if part)


def named(item: msgspec.Struct) -> tuple[str, ...]:
    """What stands for one of several in a path; nothing for a struct that is the only one of its field."""
    key = NAMED_BY.get(type(item))
    if key is None:
        return ()
    return (str(getattr(item, key)) if isinstance(key, str) else key(item),)


def unit_of(known: Fact, chain: Chain, described: Callable[[str], Instrument | None] = lambda name: None) -> str:
    """The unit of a figure in the words of where it stands; ``described`` knows what contracts are of."""
    unit = known.unit
    for name, word in _WORDS.items():
        if f"{{{name}}}" in unit:
            found = _named(chain, name, described)
            unit = unit.replace(f" a {{{name}}}", f" a {found or 'coin'}").replace(f"{{{name}}}", found or word)
    counted = _named(chain, "quantity_unit", described) or _named(chain, "cut_unit", described)
    return unit.replace("{unit}", counted or "order unit")


def _named(chain: Chain, name: str, described: Callable[[str], Instrument | None]) -> str:
    for _, item in reversed(chain):
        found = getattr(item, name, None)
        if isinstance(found, str) and found:
            return found
        instrument = getattr(item, "instrument", None)
        contract = described(instrument) if isinstance(instrument, str) else None
        if contract is not None and name in contract.__struct_fields__:
            return str(getattr(contract, name))
    return ""


def figures(snapshot: Snapshot) -> Iterator[tuple[Chain, str]]:
    """Where every figure of a snapshot stands: the chain down to what holds it, and its field, in the order of both."""
    yield from _inside((("", snapshot),))


def path_of(chain: Chain, field: str) -> str:
    """The path of the figure there."""
    return joined(chain[-1][0], field)


def _inside(chain: Chain) -> Iterator[tuple[Chain, str]]:
    path, owner = chain[-1]
    for field in owner.__struct_fields__:
        value = getattr(owner, field)
        if isinstance(value, Figure):
            yield chain, field
        elif isinstance(value, msgspec.Struct) and not isinstance(value, Explanation):
            yield from _inside((*chain, (joined(path, field), value)))
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, msgspec.Struct):
                    name = named(item) or (str(index),)
                    yield from _inside((*chain, (joined(path, field, *name), item)))
