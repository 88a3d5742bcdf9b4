"""An order from the wish to the intent: staged, previewed, checked, confirmed, handed out once.

The order itself (side, quantity) is fixed when it is staged; its preview and every check are made anew from present
data each time they are looked at, and once more when the user confirms.
"""

from __future__ import annotations

import contextlib
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from hashlib import blake2s

from core import pnl
from core.books import Book, Hedge
from core.errors import RequestError
from core.events import Fill
from core.exact import exactly
from core.figures import Figure, absent, derive, exact, unknown
from core.freshness import SECOND_NS
from core.hedging import Sizing, order_to_target
from core.instrument_market import Field
from core.instruments import Instrument
from core.ledger import Ledger
from core.market import Market
from core.order_gate import OrderGate, Staged, Wanted, entry_gap
from core.orders import OrderRequest
from core.positions import Position, filled
from core.risk import lifted, settle_price
from core.snapshot import AccountView, HedgeLine, PreviewAfter, StageView
from core.targets import Targets
from core.valuation import Valuation

ORDER_LIFETIME_NS = 60 * SECOND_NS
"""How long a confirmed order may rest before its broker is to cancel it."""


class Refused(Exception):
    """A command cannot be carried out; the text is for the user."""


class Staging:
    """At most one staged order, and the gate it must pass."""

    def __init__(self, market: Market, ledger: Ledger, valuation: Valuation, targets: Targets) -> None:
        self._market = market
        self._ledger = ledger
        self._valuation = valuation
        self._targets = targets
        self._gate = OrderGate(market, ledger, valuation)
        self._counter = 0
        self.staged: Staged | None = None

    def count(self) -> None:
        """Take one number out of use: every order ever staged has its own, over restarts too."""
        self._counter += 1

    def stage(self, book: Book, hedge: Hedge, now_ns: int) -> Staged:
        """Stage the order that reaches the hedge's target. Raises Refused where it cannot even be sized."""
        instrument = self._described(hedge)
        position = self._ledger.position(*hedge.key)
        if position.pending:
            raise Refused(f"{hedge.instrument} is about to be opened: waiting for {position.pending}")
        if position.unbooked:
            raise Refused(f"the position is not known: {position.unbooked}")
        if gap := entry_gap(position):
            raise Refused(gap)
        mark = self._market.figure(hedge.instrument, Field.MARK, now_ns)
        if mark.value is None:
            raise Refused(f"cannot size the order: {', '.join(mark.missing)} is unknown")
        aim = self._valuation.aim(book, hedge, now_ns)
        if aim.coins.value is None or aim.ratio.value is None:
            raise Refused(f"cannot size the order: {', '.join(aim.coins.missing or aim.ratio.missing)} is unknown")
        try:
            paid_in = settle_price(self._market, instrument, now_ns).value
            held, coins = position.quantity, aim.coins.value
            sizing = order_to_target(instrument, coins, aim.ratio.value, held, mark.value, paid_in)
        except RequestError as error:
            raise Refused(f"cannot size the order: {error}") from error
        if not sizing.side:
            raise Refused("; ".join(sizing.refusals))
        self.count()
        self.staged = Staged(
            client_order_id=self._identify(book, hedge, sizing, now_ns),
            book=book,
            hedge=hedge,
            account=self._ledger.accounts[hedge.account],
            sizing=sizing,
            held_quantity=position.quantity,
            mark_price=mark.value,
        )
        return self.staged

    def _described(self, hedge: Hedge) -> Instrument:
        instrument = self._market.of(hedge.instrument).instrument
        if instrument is None:
            raise Refused(f"the order filters of {hedge.instrument} are not known yet")
        return instrument

    def _identify(self, book: Book, hedge: Hedge, sizing: Sizing, now_ns: int) -> str:
        """A client order id without chance: the number of the stage, and a digest of the wish and of engine time."""
        wish = (book.name, hedge.account, hedge.instrument, sizing.side, sizing.quantity, self._counter, now_ns)
        digest = blake2s("\n".join(map(str, wish)).encode(), digest_size=5).hexdigest()
        return f"hr-{self._counter}-{digest}"

    def drop(self) -> None:
        """Forget the staged order."""
        self.staged = None

    # --- preview ---------------------------------------------------------------------------------------------

    @exactly
    def view(self, now_ns: int, journal_failure: str) -> StageView | None:
        """The preview from present data; ``None`` where nothing is staged."""
        staged = self.staged
        if staged is None:
            return None
        hedge, sizing, instrument = staged.hedge, staged.sizing, self._described(staged.hedge)
        price, source = self._price(staged, now_ns)
        quantity = exact(sizing.quantity)
        kind, size = instrument.kind, instrument.contract_size
        paid_in = settle_price(self._market, instrument, now_ns)
        notional = lifted(lambda q, p, s: pnl.notional(kind, q, size, p, s), quantity, price, paid_in)
        rate = staged.account.taker_fee
        line, account = self._after(staged, instrument, price, now_ns)
        gap = entry_gap(self._ledger.position(*hedge.key))
        return StageView(
            client_order_id=staged.client_order_id,
            book=staged.book.name,
            instrument=hedge.instrument,
            account=hedge.account,
            paper=staged.account.paper,
            side=sizing.side,
            raw_quantity=exact(sizing.raw_quantity),
            quantity=quantity,
            quantity_unit=line.quantity_unit,
            residual=exact(sizing.residual_coins),
            price=price,
            price_source=source,
            notional=notional,
            fee=lifted(lambda q, p: pnl.order_fee(instrument, q, p, rate), quantity, price, estimated=True),
            settle=staged.account.settle,
            reduce_only=sizing.reduce_only,
            after=_after_view(line, unknown(gap) if gap else price),
            fee_source="at the taker rate" if instrument.fee_per_contract is None else "so much a contract",
            refusals=self._gate.refusals(
                staged, Wanted(instrument, price, source, notional), line, account, now_ns, journal_failure
            ),
        )

    def _price(self, staged: Staged, now_ns: int) -> tuple[Figure, str]:
        selling, name = staged.sizing.side == "sell", staged.hedge.instrument
        if self._market.unquoted(name):
            return self._market.figure(name, Field.MARK, now_ns), "mark price"
        field = Field.BID if selling else Field.ASK
        return self._market.figure(name, field, now_ns), "best bid" if selling else "best ask"

    def _after(
        self, staged: Staged, instrument: Instrument, price: Figure, now_ns: int
    ) -> tuple[HedgeLine, AccountView]:
        """The hedge leg and its account after a fill at ``price``; as they are where that is unknown."""
        position, wallet = self._filled(staged, instrument, price)
        return self._valuation.leg(staged.book, staged.hedge, position, wallet, now_ns)

    def left(self, staged: Staged, now_ns: int) -> tuple[Position, Decimal]:
        """The position and the wallet that the staged order would leave at present prices."""
        return self._filled(staged, self._described(staged.hedge), self._price(staged, now_ns)[0])

    def _filled(self, staged: Staged, instrument: Instrument, price: Figure) -> tuple[Position, Decimal]:
        hedge, account = staged.hedge, staged.account
        position, wallet = self._ledger.position(*hedge.key), self._ledger.wallets.settle(account.name)
        if price.value is not None and staged.sizing.quantity:
            with contextlib.suppress(RequestError):  # a position that became impossible to add to is shown as it is
                position, gained = filled(position, account, instrument, _as_fill(staged, instrument, price.value))
                wallet += gained
        return position, wallet

    # --- confirm ---------------------------------------------------------------------------------------------

    def confirm(self, client_order_id: str, now_ns: int, journal_failure: str) -> OrderRequest:
        """The order to journal and send. Raises Refused; the stage stays as it is until :meth:`drop`."""
        sent = self._ledger.orders.get(client_order_id)
        if sent is not None:
            raise Refused(f"the order to {sent.request.in_words} was already sent: nothing is sent twice")
        staged = self.staged
        if staged is None or staged.client_order_id != client_order_id:
            raise Refused("that preview is no longer the one staged: look again before sending")
        preview = self.view(now_ns, journal_failure)
        if preview is not None and preview.refusals:
            raise Refused(f"not sent: {preview.refusals[0]}")
        mark = self._market.figure(staged.hedge.instrument, Field.MARK, now_ns)
        assert mark.value is not None  # the gate has seen it live
        return OrderRequest(
            client_order_id=client_order_id,
            account=staged.hedge.account,
            instrument=staged.hedge.instrument,
            side=staged.sizing.side,
            quantity=staged.sizing.quantity,
            limit_price=limit_price(
                staged.sizing.side, mark.value, staged.book.limits.price_band, self._described(staged.hedge).tick_size
            ),
            reduce_only=staged.sizing.reduce_only,
            created_ns=now_ns,
            expires_ns=now_ns + ORDER_LIFETIME_NS,
            leg=staged.hedge.leg,
        )


@exactly
def limit_price(side: str, mark: Decimal, band: Decimal, tick: Decimal) -> Decimal:
    """The worst price an order may fill at: the collar around mark, rounded inwards to the tick."""
    if side == "sell":
        return (mark * (1 - band) / tick).to_integral_value(ROUND_CEILING) * tick
    return (mark * (1 + band) / tick).to_integral_value(ROUND_FLOOR) * tick


def _as_fill(staged: Staged, instrument: Instrument, price: Decimal) -> Fill:
    quantity = staged.sizing.quantity
    paid = pnl.order_fee(instrument, quantity, price, staged.account.taker_fee)
    return Fill(
        account=staged.account.name,
        fill_id="preview",
        client_order_id=staged.client_order_id,
        instrument=staged.hedge.instrument,
        side=staged.sizing.side,
        price=price,
        quantity=quantity,
        fee=paid,
        fee_asset=staged.account.settle,
        leg=staged.hedge.leg,
    )


def _after_view(line: HedgeLine, price: Figure) -> PreviewAfter:
    """The figures after the fill; each depends on the price of the fill, and is unknown without it."""

    def at_price(figure: Figure) -> Figure:
        if price.value is None:
            return unknown(*price.missing)
        if figure.absent:
            return absent(figure.absent, figure, price)
        return derive(lambda value, _: value, figure, price)

    return PreviewAfter(
        quantity=at_price(line.quantity),
        ratio=at_price(line.ratio),
        margin=at_price(line.margin),
        margin_usage=at_price(line.margin_usage),
        liquidation_price=at_price(line.liquidation_price),
        liquidation_distance=at_price(line.liquidation_distance),
    )
