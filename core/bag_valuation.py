"""The bag of a book at present prices: its lines, what prices each asset, and the coins that hedges have won for it.

The bag is what its lots say and nothing else: coins posted as margin count once, where a lot lists them. A bag asset
is priced at the middle of its named spot instrument; one without is priced at the index price of its hedge. Where a
named spot instrument has no price, the index stands in, marked as an estimate and never fresher than stale: losing
an input must not improve a figure. The last traded price is used for nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from core import holdings
from core.account_valuation import AccountValuation
from core.book_index import BookIndex
from core.books import Book, Hedge
from core.exposure import exposure
from core.figures import Figure, Freshness, derive, exact, total, unknown
from core.held import HeldPositions
from core.instrument_market import Field
from core.instruments import ContractKind, Instrument
from core.ledger import Ledger
from core.market import Market
from core.memo import Memo
from core.positions import Position
from core.risk import ZERO, floor_freshness
from core.snapshot import BagLine
from core.symbols import read_name

NOTHING = exact(ZERO)


class BagPrice(NamedTuple):
    """The price of a bag asset, what it is in words, and its currency."""

    price: Figure
    source: str
    currency: str


class BagValuation:
    """Reads market and ledger; keeps what is still made of the same."""

    def __init__(self, market: Market, ledger: Ledger, held: HeldPositions, accounts: AccountValuation) -> None:
        self._market = market
        self._held = held
        self._ledger = ledger
        self._accounts = accounts
        self._prices: Memo[BagPrice] = Memo()
        self._lines: Memo[BagLine] = Memo()
        self._won: Memo[Figure] = Memo()
        self._parts: Memo[tuple[Figure, ...]] = Memo()

    def line(self, index: BookIndex, asset: str, priced: BagPrice) -> BagLine:
        """One asset of the bag."""
        key = (index.book.name, asset)
        return self._lines.get(key, (index, priced)) or self._lines.put(
            key, (index, priced), _line(asset, index.coins[asset], index.cost(asset), priced)
        )

    def price(self, index: BookIndex, asset: str, now_ns: int) -> BagPrice:
        """The price of a bag asset; the same object while it is no other."""
        spot, leg = index.priced_by[asset]
        middle = self._market.middle(spot, now_ns) if spot is not None else None
        stand_in = self._market.figure(leg.instrument, Field.INDEX, now_ns) if leg is not None else None
        key, inputs = (index.book.name, asset), (middle, stand_in, self._currency(spot, leg))
        return self._prices.get(key, inputs) or self._prices.put(key, inputs, _price(asset, *inputs))

    def _currency(self, spot: str | None, leg: Hedge | None) -> str:
        for name in (spot, leg.instrument if leg else None):
            instrument = self._market.of(name).instrument if name else None
            if instrument is not None:
                return instrument.quote
        return ""

    def coins_won(self, index: BookIndex, asset: str, now_ns: int, instead: Position | None = None) -> Figure:
        """Coins that coin-margined hedges of an asset have won (+) or lost: they are held beside the lots.

        Unrealised and realised profit less fees, and funding received, of positions settled in the asset itself.
        """
        parts: list[Figure] = []
        for hedge in index.hedges.get(asset, ()):
            instrument = self._market.of(hedge.instrument).instrument
            if instrument is not None and not pays_in(index.book, instrument, asset):
                continue
            replaced = instead is not None and instead.key == hedge.key
            position = instead if instead is not None and replaced else self._held.of(hedge.key)
            if instrument is None:
                terms = read_name(hedge.instrument)
                may_be_inverse = terms is None or terms.settle == terms.base
                if may_be_inverse and (position.open or self._accounts.gap(position, now_ns, assumed=replaced)):
                    parts.append(unknown(f"description of {hedge.instrument}"))
                continue
            parts += self._won_by(hedge, position, now_ns, replaced=replaced)
        key, inputs = (index.book.name, asset), tuple(parts)
        return self._won.get(key, inputs) or self._won.put(key, inputs, total(NOTHING, *parts))

    def _won_by(self, hedge: Hedge, position: Position, now_ns: int, *, replaced: bool) -> tuple[Figure, ...]:
        """The coins that one hedge has won: open, locked in less fees, and received in funding."""
        account, market = self._ledger.accounts[hedge.account], self._accounts.quotes(hedge.instrument, now_ns)
        missing = self._accounts.gap(position, now_ns, assumed=replaced)
        key, inputs = (hedge.key, replaced), (account, market, missing, position)
        kept = self._parts.get(key, inputs)
        if kept is not None:
            return kept
        sums = exposure(position, account, market, missing=missing)
        unsure = position.funding_estimated or bool(position.unbooked_funding)
        received = Figure(value=position.funding, estimated=unsure)
        return self._parts.put(key, inputs, (sums.profit, exact(position.realised - position.fees), received))


def pays_in(book: Book, instrument: Instrument | None, asset: str) -> bool:
    """True for a coin-margined contract whose profit is coins of the asset; a proxy pays in its own coin."""
    if instrument is None or instrument.kind is not ContractKind.INVERSE:
        return False
    return holdings.counts_as(book, instrument.settle) == asset


def _line(asset: str, quantity: Figure, cost: Figure, priced: BagPrice) -> BagLine:
    value = derive(Decimal.__mul__, quantity, priced.price)
    return BagLine(
        asset=asset,
        currency=priced.currency,
        quantity=quantity,
        price=priced.price,
        price_source=priced.source,
        value=value,
        cost=cost,
        profit=derive(Decimal.__sub__, value, cost),
    )


def _price(asset: str, middle: Figure | None, index: Figure | None, currency: str) -> BagPrice:
    """``middle`` of the spot pair that a lot names and ``index`` of the hedge that can stand in for it, if any."""
    if middle is not None and (middle.known or index is None):
        return BagPrice(middle, "spot mid", currency)
    if index is None:
        return BagPrice(unknown(f"price of {asset}"), "no price named", currency)
    if middle is None:
        return BagPrice(index, "index price", currency)
    if index.value is None:
        return BagPrice(unknown(*middle.missing, *index.missing), "spot mid", currency)
    substitute = msgspec.structs.replace(floor_freshness(index, Freshness.STALE), estimated=True)
    return BagPrice(substitute, "index price (no spot mid)", currency)
