"""Opening a hedge at its target once, at the first mark price: for demo and replay, where no order is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.books import Book, Hedge
from core.errors import RequestError
from core.events import Fill
from core.figures import Freshness
from core.hedging import order_to_target
from core.instrument_market import Field
from core.ledger import Ledger
from core.market import Market
from core.positions import ZERO, opening_id
from core.requests import Requests
from core.risk import settle_price
from core.valuation import Valuation


class Openings:
    """The hedges that wait to be opened at market; ``fold`` takes the fill of one in."""

    def __init__(
        self,
        books: Iterable[Book],
        market: Market,
        ledger: Ledger,
        valuation: Valuation,
        requests: Requests,
        fold: Callable[[Fill, int], None],
    ) -> None:
        self._market = market
        self._ledger = ledger
        self._valuation = valuation
        self._requests = requests
        self._fold = fold
        legs = [(book, hedge) for book in books for hedge in book.hedges if hedge.open_at_market]
        self.waiting = [(book, hedge) for book, hedge in legs if ledger.position(*hedge.key).pending]

    def run(self, now_ns: int) -> None:
        """Open every hedge that can be opened now."""
        still = []
        for book, hedge in self.waiting:
            if not self._ledger.position(*hedge.key).pending:
                continue  # its venue has told of a position meanwhile
            try:
                fill = opening_fill(book, hedge, self._market, self._ledger, self._valuation, now_ns)
            except RequestError as error:
                self._ledger.not_opened(hedge.key, str(error))
                self._requests.say(f"{hedge.instrument} was not opened: {error}", now_ns)
                continue
            if fill is None:
                still.append((book, hedge))
                continue
            self._fold(fill, now_ns)
            self._requests.say(f"{hedge.instrument}: {self._ledger.position(*hedge.key).note}", now_ns)
        self.waiting = still


def opening_fill(
    book: Book, hedge: Hedge, market: Market, ledger: Ledger, valuation: Valuation, now_ns: int
) -> Fill | None:
    """The fill that opens a hedge, without a fee; ``None`` until its contract is described, its mark is live and what
    it aims at is known.

    Raises RequestError where the target is too small for the venue's filters.
    """
    instrument = market.of(hedge.instrument).instrument
    mark = market.figure(hedge.instrument, Field.MARK, now_ns)
    if instrument is None or mark.value is None or mark.freshness is not Freshness.LIVE:
        return None
    held = ledger.position(*hedge.key).quantity
    aim, paid_in = valuation.aim(book, hedge, now_ns), settle_price(market, instrument, now_ns)
    if aim.coins.value is None or aim.ratio.value is None or paid_in.value is None:
        return None
    sizing = order_to_target(instrument, aim.coins.value, aim.ratio.value, held, mark.value, paid_in.value)
    if sizing.refusals:
        raise RequestError(hedge.instrument, "a target that the venue's order filters allow", sizing.refusals[0])
    return Fill(
        account=hedge.account,
        fill_id=opening_id(hedge.instrument, hedge.leg),
        client_order_id="",
        instrument=hedge.instrument,
        side=sizing.side,
        price=mark.value,
        quantity=sizing.quantity,
        fee=ZERO,
        fee_asset=ledger.accounts[hedge.account].settle,
        received_ns=now_ns,
        leg=hedge.leg,
    )
