"""What is shown of a contract that its sheet prices: a mark, the middle of a pair for its index price, and no quotes.

The mark is as old as its source says, and its age counts only while its market is open: that is no matter of how long
ago anything was heard, so it is looked at anew each time. What then is no other figure is the very same object.
"""

from __future__ import annotations

import msgspec

from core.figures import Figure, Freshness, absent
from core.instrument_market import Field, InstrumentMarket, Shown
from core.instruments import Instrument
from core.memo import Memo
from core.sheet_price import PricedContract
from core.symbols import read_name

NO_INDEX = absent("no index price: the contract's sheet names no pair that could stand for it")


class PricedMarkets:
    """The contracts whose price comes from their sheet; keeps what was shown of each."""

    def __init__(self) -> None:
        self._marks: Memo[Figure] = Memo()
        self._indexes: Memo[Figure] = Memo()
        self._shown: Memo[Shown] = Memo()

    def shown(
        self, market: InstrumentMarket, priced: PricedContract, heard: Shown, middle: Figure | None, now_ns: int
    ) -> Shown:
        """Every field as a figure at ``now_ns``. ``heard`` has what no sheet tells; ``middle`` is that of the pair
        that stands for the index price, ``None`` where the sheet names none."""
        name, mark = market.id, market.mark
        freshness = Freshness.UNKNOWN if mark.value is None else priced.freshness(mark.observed_ns, now_ns)
        seen = None if mark.value is None else mark.observed_ns
        made_of = (mark.value, freshness, seen)
        marked = self._marks.get(name, made_of)
        if marked is None:
            value, gap = (mark.value, ()) if freshness is not Freshness.UNKNOWN else (None, (_gap(name),))
            marked = self._marks.put(name, made_of, Figure(value, gap, "", False, freshness, seen))
        paired = (middle, priced, market.instrument)
        index = self._indexes.get(name, paired) or self._indexes.put(name, paired, _index(*paired))
        rest = (priced, heard.funding_rate, heard.next_funding, heard.funding_interval)
        known = (marked, index, *rest)
        return self._shown.get(name, known) or self._shown.put(name, known, _shown(*known))


def _gap(name: str) -> str:
    return f"{Field.MARK.value} of {name}"


def _index(middle: Figure | None, priced: PricedContract, described: Instrument | None) -> Figure:
    """The middle of the pair; an estimate where the pair is priced in another currency than the contract."""
    if middle is None:
        return NO_INDEX
    terms = read_name(priced.price.index)
    same = terms is not None and described is not None and terms.quote == described.quote
    return middle if same or not middle.known else msgspec.structs.replace(middle, estimated=True)


def _shown(
    mark: Figure, index: Figure, priced: PricedContract, rate: Figure, following: Figure, interval: Figure
) -> Shown:
    no_quotes = absent(f"no quotes: there is only the {priced.price.words}")
    return Shown(mark, index, no_quotes, no_quotes, rate, following, interval)
