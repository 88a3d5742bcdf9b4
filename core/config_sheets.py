"""The contract sheets of a configuration file as its books see them."""

from __future__ import annotations

from collections.abc import Iterator

from core.config_accounts import at
from core.config_contracts import ContractSection, contract_ids, sheet_faults
from core.config_faults import Problem, nearest, shown
from core.config_sound import sound, texts
from core.contract_sheet import MARKET
from core.symbols import Terms


class Sheets:
    """The contract sheets of the file: their own faults, and what the names of their contracts say."""

    def __init__(self, raw: object) -> None:
        self._sound = sound(ContractSection, raw, ("contracts",))
        venues, symbols = texts(raw, "venue"), texts(raw, "symbol")
        self._written = {f"{venues[index]}:{MARKET}:{symbols[index]}": index for index in venues if index in symbols}
        self._faults = [(path, fault) for path, section in self._sound for fault in sheet_faults(section)]
        self._terms: dict[str, Terms] = {}
        for _, section in self._sound:
            for name in contract_ids(section):
                symbol = name.rpartition(":")[2]
                self._terms[name] = Terms(section.venue, MARKET, symbol, section.base, section.quote, section.settle)

    def problems(self) -> Iterator[Problem]:
        for path, fault in self._faults:
            yield at(path, fault)
        seen: set[tuple[str, str]] = set()
        for path, section in self._sound:
            if (section.venue, section.symbol) in seen:
                expected = f"a symbol that no other contract of {section.venue} has"
                yield Problem((*path, "symbol"), expected, shown(section.symbol))
            seen.add((section.venue, section.symbol))

    def terms(self, name: str) -> Terms | None:
        """What a contract is, where a sheet that is sound by itself describes it."""
        return self._terms.get(name)

    def expectation(self, name: str) -> str:
        """What should stand in place of a name that no sheet gives; empty where its sheet is refused already."""
        owner = next((sheet for sheet in self._written if name == sheet or name.startswith(f"{sheet}-")), None)
        if owner is None:
            return f"a contract described in [[contracts]]{nearest(name, self._terms)}"
        months = [known for known in self._terms if known == owner or known.startswith(f"{owner}-")]
        return f"one of its months: {', '.join(months)}" if months else ""
