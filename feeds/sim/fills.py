"""What one fill moves: position, isolated margin, wallet and ledger."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from core.books import MarginMode
from core.pnl import apply_fill, fee, settle_notional
from feeds.sim.accounts import (
    ZERO,
    Account,
    AccountBook,
    Fill,
    LedgerRow,
    Order,
    Position,
    Purpose,
    money,
    order_identity,
)
from feeds.sim.risk import Risk


class Fills:
    """Applies fills to accounts of one venue."""

    def __init__(self, book: AccountBook, risk: Risk, now_ms: Callable[[], int]) -> None:
        self._book, self._risk, self._now = book, risk, now_ms

    def apply(self, account: Account, order: Order, price: Decimal, quantity: Decimal, *, maker: bool) -> Fill:
        """Move everything that this much of the order at this price moves, the order itself included."""
        settle = self._spot_settled if order.listing.spot else self._contract_settled
        fill = settle(account, order, price, quantity, maker=maker)
        order.filled += quantity
        amount = quantity * order.listing.instrument.contract_size
        order.value += amount / price if order.listing.inverse else price * amount
        order.fees += fill.fee
        order.realised += fill.realised
        order.updated_ms = account.updated_ms = self._now()
        account.fills.append(fill)
        return fill

    def _contract_settled(
        self, account: Account, order: Order, price: Decimal, quantity: Decimal, *, maker: bool
    ) -> Fill:
        """Move position, margin and wallet by one fill."""
        listing, instrument = order.listing, order.listing.instrument
        position = account.position(listing, order.position_side)
        before = position.holding
        holding, gained = apply_fill(instrument.kind, instrument.contract_size, before, order.side, price, quantity)
        opposite = before.quantity and (before.quantity > 0) != (order.side == "buy")
        closed = min(abs(before.quantity), quantity) if opposite else ZERO
        opened = quantity - closed
        rate = _fee_rate(order, maker=maker)
        cost = money(fee(instrument.kind, quantity, instrument.contract_size, price, rate))
        realised = money(gained)
        released = position.margin * closed / abs(before.quantity) if closed else ZERO
        if order.purpose is Purpose.LIQUIDATION:
            rate, cost = self._liquidation_fee(account, position, price, quantity, realised)
        position.holding = holding
        position.margin = money(position.margin - released)
        if opened and account.mode(listing, position.side) is MarginMode.ISOLATED:
            moved = settle_notional(instrument.kind, opened, instrument.contract_size, price)
            position.margin += money(moved / account.leverage(listing, position.side))
        now = self._now()
        position.created_ms = position.created_ms or now
        position.updated_ms = now
        position.sequence = self._book.number()
        position.realised = (position.realised if before.quantity else ZERO) + realised - cost
        position.cumulative_realised += realised - cost
        fill = self._make_fill(order, price, quantity, cost, rate, instrument.settle, maker, realised, closed)
        kind = "insurance" if order.purpose is Purpose.LIQUIDATION else "fee"
        self._book_amount(account, "pnl", instrument.settle, realised, fill)
        self._book_amount(account, kind, instrument.settle, -cost, fill)
        return fill

    def _liquidation_fee(
        self, account: Account, position: Position, price: Decimal, quantity: Decimal, realised: Decimal
    ) -> tuple[Decimal, Decimal]:
        """Rate and amount of the clearance fee: at most what is left behind the position; negative if less than nothing
        is left, which the insurance fund then pays."""
        instrument, rate = position.listing.instrument, account.rules.liquidation_fee
        if account.mode(position.listing, position.side) is MarginMode.ISOLATED:
            left = position.margin + realised
        else:
            left = self._risk.pot_equity(account, instrument.settle)
        full = fee(instrument.kind, quantity, instrument.contract_size, price, rate)
        return rate, money(min(full, left))

    def _spot_settled(self, account: Account, order: Order, price: Decimal, quantity: Decimal, *, maker: bool) -> Fill:
        """Exchange coins by one fill; the fee is taken from what is received."""
        listing, instrument = order.listing, order.listing.instrument
        rate = listing.maker_fee if maker else listing.taker_fee
        value = money(price * quantity)
        buying = order.side == "buy"
        received, amount = (instrument.base, quantity) if buying else (instrument.quote, value)
        paid, given = (instrument.quote, value) if buying else (instrument.base, quantity)
        cost = money(amount * rate)
        fill = self._make_fill(order, price, quantity, cost, rate, received, maker, ZERO, ZERO)
        self._book_amount(account, "trade", paid, -given, fill)
        self._book_amount(account, "trade", received, amount, fill)
        self._book_amount(account, "fee", received, -cost, fill)
        return fill

    def _make_fill(
        self,
        order: Order,
        price: Decimal,
        quantity: Decimal,
        cost: Decimal,
        rate: Decimal,
        asset: str,
        maker: bool,
        realised: Decimal,
        closed: Decimal,
    ) -> Fill:
        number = self._book.number()
        return Fill(
            number=number,
            identity=order_identity(number),
            order=order,
            listing=order.listing,
            side=order.side,
            price=price,
            quantity=quantity,
            fee=cost,
            fee_rate=rate,
            fee_asset=asset,
            maker=maker,
            realised=realised,
            closed=closed,
            mark=self._risk.mark(order.listing),
            time_ms=self._now(),
            purpose=order.purpose,
            position_side=order.position_side,
        )

    def _book_amount(self, account: Account, kind: str, asset: str, amount: Decimal, fill: Fill) -> None:
        book_amount(self._book, account, kind, asset, amount, self._now(), fill)


def _fee_rate(order: Order, *, maker: bool) -> Decimal:
    if order.purpose is Purpose.ADL:
        return ZERO
    if order.purpose is Purpose.DELIVERY:
        return order.listing.delivery_fee
    return order.listing.maker_fee if maker else order.listing.taker_fee


def book_amount(
    book: AccountBook,
    account: Account,
    kind: str,
    asset: str,
    amount: Decimal,
    now_ms: int,
    fill: Fill | None,
    wallet_name: str = "",
) -> None:
    """Add an amount to a wallet and write it into the ledger; nothing where it is zero.

    The wallet is that of the fill's category, the one named, or the main one.
    """
    if not amount:
        return
    spot = fill is not None and fill.listing.spot
    name = wallet_name or account.rules.main if fill is None else account.rules.wallets[fill.listing.category]
    wallet = account.wallets[name]
    wallet[asset] = wallet.get(asset, ZERO) + amount
    account.updated_ms = now_ms
    row = LedgerRow(
        number=book.number(),
        time_ms=now_ms,
        kind=kind,
        asset=asset,
        amount=amount,
        balance=wallet[asset],
        wallet=name,
        symbol="" if fill is None else fill.listing.symbol,
        category="" if fill is None else fill.listing.category,
        fill=fill,
        position=ZERO if fill is None or spot else account.position(fill.listing, fill.position_side).quantity,
    )
    account.ledger.append(row)
