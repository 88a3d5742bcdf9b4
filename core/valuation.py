"""A book as the snapshot shows it: bag, hedge legs, accounts and totals, derived anew from what is held now.

The bag is what its lots say and nothing else: coins posted as margin count once, where a lot lists them. A bag asset
is priced at the middle of its named spot instrument; one without is priced at the index price of its hedge. Where a
named spot instrument has no price, the index stands in, marked as an estimate and never fresher than stale: losing
an input must not improve a figure. The last traded price is used for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from core import funding, hedging, holdings
from core.aim import Aim, aim
from core.books import Account, Book, Hedge, MarginMode
from core.contract_sheet import is_sheet_name
from core.errors import RequestError
from core.exact import exactly
from core.figures import Figure, Freshness, absent, derive, exact, total, unknown
from core.ledger import Ledger
from core.legs import PositionKey
from core.market import Field, Market
from core.positions import Position
from core.risk import (
    NO_POSITION,
    ZERO,
    Exposure,
    Others,
    Quotes,
    distance,
    exposure,
    floor_freshness,
    lifted,
    liquidation_price,
    liquidation_source,
    payment,
    quotes,
    usage,
    used_up,
)
from core.snapshot import AccountView, BagLine, BookView, FundingView, HedgeLine
from core.totals import book_totals

USAGE_LABELS = {"binance": "margin ratio", "bybit": "MM rate"}
"""What a venue calls maintenance margin ÷ margin balance on its own screen."""


class Valued(msgspec.Struct, frozen=True, kw_only=True):
    """One position with everything its lines need."""

    account: Account
    position: Position
    quotes: Quotes
    exposure: Exposure


class Valuation:
    """Reads market and ledger; holds nothing of its own."""

    def __init__(self, market: Market, ledger: Ledger, targets: Callable[[str, str], Decimal | None]) -> None:
        self._market = market
        self._ledger = ledger
        self._target = targets

    @exactly
    def book(self, book: Book, now_ns: int) -> BookView:
        """The whole book at ``now_ns``."""
        accounts = {account.name: self._account(book, account, now_ns) for account in book.accounts}
        bag = self._bag(book, now_ns)
        hedges = tuple(self._hedge(book, hedge, accounts, now_ns) for hedge in book.hedges)
        return BookView(
            name=book.name,
            bag=bag,
            hedges=hedges,
            accounts=tuple(view for view, _ in accounts.values()),
            totals=book_totals(bag, hedges),
            thresholds=book.thresholds,
        )

    @exactly
    def leg(
        self, book: Book, hedge: Hedge, position: Position, wallet: Decimal, now_ns: int
    ) -> tuple[HedgeLine, AccountView]:
        """One hedge leg and its account as they would be with this position and this wallet."""
        account = next(item for item in book.accounts if item.name == hedge.account)
        held = self._positions(book, account, now_ns, instead=position)
        view = _account_view(account, self._wallet(account, wallet), held)
        return self._hedge(book, hedge, {account.name: (view, held)}, now_ns), view

    # --- bag -------------------------------------------------------------------------------------------------

    def _bag(self, book: Book, now_ns: int) -> tuple[BagLine, ...]:
        return tuple(self._bag_line(book, asset, now_ns) for asset in holdings.assets(book))

    def _bag_line(self, book: Book, asset: str, now_ns: int) -> BagLine:
        lots = holdings.lots_of(book, asset)
        price, source, currency = self.bag_price(book, asset, now_ns)
        quantity = exact(bag_quantity(book, asset))
        value = derive(Decimal.__mul__, quantity, price)
        unpriced = [lot.note or f"lot of {lot.quantity}" for lot in lots if lot.cost is None]
        cost = exact(sum((lot.quantity * (lot.cost or ZERO) for lot in lots), ZERO))
        if unpriced:
            cost = unknown(*(f"cost of {asset} {name}" for name in unpriced))
        return BagLine(
            asset=asset,
            currency=currency,
            quantity=quantity,
            price=price,
            price_source=source,
            value=value,
            cost=cost,
            profit=derive(Decimal.__sub__, value, cost),
        )

    def bag_price(self, book: Book, asset: str, now_ns: int) -> tuple[Figure, str, str]:
        """The price of a bag asset, what it is in words, and its currency."""
        spot = next((lot.price for lot in holdings.lots_of(book, asset) if lot.price is not None), None)
        legs = [hedge for hedge in book.hedges if hedge.asset == asset and hedge.beta is None]
        leg = next((hedge for hedge in legs if not is_sheet_name(hedge.instrument)), legs[0] if legs else None)
        currency = self._currency(spot, leg)
        middle = self._market.middle(spot, now_ns) if spot is not None else None
        if middle is not None and (middle.known or leg is None):
            return middle, "spot mid", currency
        if leg is None:
            return unknown(f"price of {asset}"), "no price named", currency
        index = self._market.figure(leg.instrument, Field.INDEX, now_ns)
        if middle is None:
            return index, "index price", currency
        if index.value is None:
            return unknown(*middle.missing, *index.missing), "spot mid", currency
        substitute = msgspec.structs.replace(floor_freshness(index, Freshness.STALE), estimated=True)
        return substitute, "index price (no spot mid)", currency

    def _currency(self, spot: str | None, leg: Hedge | None) -> str:
        for name in (spot, leg.instrument if leg else None):
            instrument = self._market.of(name).instrument if name else None
            if instrument is not None:
                return instrument.quote
        return ""

    # --- accounts --------------------------------------------------------------------------------------------

    def _account(self, book: Book, account: Account, now_ns: int) -> tuple[AccountView, list[Valued]]:
        held = self._positions(book, account, now_ns)
        return _account_view(account, self._wallet(account, self._ledger.wallet(account.name)), held), held

    def _wallet(self, account: Account, amount: Decimal) -> Figure:
        gaps = [item.unbooked for item in self._ledger.of_account(account.name) if item.unbooked]
        if gaps:
            return unknown(*gaps)
        return Figure(value=amount, estimated=(account.name, account.settle) in self._ledger.estimated)

    def _positions(self, book: Book, account: Account, now_ns: int, instead: Position | None = None) -> list[Valued]:
        """Every position of an account, hedge or not, valued at ``now_ns``; ``instead`` replaces its namesake."""
        keys: list[PositionKey] = [hedge.key for hedge in book.hedges if hedge.account == account.name]
        keys += [item.key for item in self._ledger.of_account(account.name)]
        found = []
        for key in dict.fromkeys(keys):
            position, name = self._ledger.position(*key), key.instrument
            missing = self._unknown_quantity(position)
            if instead is not None and instead.key == key:
                position, missing = instead, instead.unbooked
            missing = missing or self._wrong_settle(account, name)
            market = quotes(self._market, name, now_ns)
            found.append(
                Valued(
                    account=account,
                    position=position,
                    quotes=market,
                    exposure=exposure(position, account, market, missing=missing),
                )
            )
        return found

    def _unknown_quantity(self, position: Position) -> str:
        undescribed = position.pending and self._market.of(position.instrument).instrument is None
        if undescribed or self._ledger.unfolded(position.instrument):
            return f"description of {position.instrument}"
        return position.pending or position.unbooked

    def _wrong_settle(self, account: Account, name: str) -> str:
        instrument = self._market.of(name).instrument
        if instrument is None or instrument.settle == account.settle:
            return ""
        return f"an account settled in {instrument.settle} for {name}"

    @exactly
    def aim(self, book: Book, hedge: Hedge, now_ns: int) -> Aim:
        """What a hedge aims at, with what its position has earned as it is held now."""
        account = next(item for item in book.accounts if item.name == hedge.account)
        held = self._positions(book, account, now_ns)
        return self._aim(book, hedge, next(item for item in held if item.position.key == hedge.key), now_ns)

    def _aim(self, book: Book, hedge: Hedge, valued: Valued, now_ns: int) -> Aim:
        price, _, currency = self.bag_price(book, hedge.asset, now_ns)
        declared = self._target(book.name, hedge.instrument)
        return aim(book, hedge, declared, (price, currency), valued.quotes, valued.exposure.profit_quote)

    # --- hedges ----------------------------------------------------------------------------------------------

    def _hedge(
        self, book: Book, hedge: Hedge, accounts: dict[str, tuple[AccountView, list[Valued]]], now_ns: int
    ) -> HedgeLine:
        account, held = accounts[hedge.account]
        valued = next(item for item in held if item.position.key == hedge.key)
        position, market, sums = valued.position, valued.quotes, valued.exposure
        isolated = valued.account.margin_mode is MarginMode.ISOLATED
        others = _others(account.wallet_balance, held, valued)
        price = liquidation_price(position, valued.account, market, sums.quantity, others)
        aims = self._aim(book, hedge, valued, now_ns)
        ratio, target = lifted(hedging.hedge_ratio, sums.delta, aims.coins), aims.ratio
        instrument, parts = market.instrument, hedge.instrument.split(":")
        return HedgeLine(
            asset=hedge.asset,
            instrument=hedge.instrument,
            venue=parts[0],
            symbol=parts[-1],
            kind=instrument.kind.value if instrument else "",
            settle=valued.account.settle,
            quote=instrument.quote if instrument else "",
            account=hedge.account,
            quantity=sums.quantity,
            quantity_unit=_unit(market),
            delta=sums.delta,
            entry_price=sums.entry_price,
            mark_price=market.mark,
            index_price=market.index,
            bid_price=self._market.figure(hedge.instrument, Field.BID, now_ns),
            ask_price=self._market.figure(hedge.instrument, Field.ASK, now_ns),
            notional=sums.notional,
            profit=sums.profit,
            profit_quote=sums.profit_quote,
            realised=exact(position.realised),
            fees=_fees(position),
            basis=lifted(lambda mark, index: (mark - index) / index, market.mark, market.index),
            funding=_funding(position, market, sums.quantity),
            margin=_margin(position, isolated=isolated, quantity=sums.quantity),
            maintenance_margin=sums.maintenance,
            margin_usage=position_usage(valued) if isolated else account.margin_usage,
            liquidation_price=price,
            liquidation_distance=distance(price, market.mark, sums.quantity),
            liquidation_source=liquidation_source(position, market, others),
            ratio=ratio,
            target_ratio=target,
            drift=derive(hedging.drift, ratio, target),
            order_to_target=_order_to_target(hedge, market, sums.quantity, aims),
            opened_note=position.note,
            leg=hedge.leg.value,
        )


def bag_quantity(book: Book, asset: str) -> Decimal:
    """Coins of one asset over all lots, each once, and those that count as it."""
    return holdings.coins(book, asset)


def position_usage(valued: Valued) -> Figure:
    """Margin usage of an isolated position: its maintenance over its own margin and profit."""
    margin = _margin(valued.position, isolated=True, quantity=valued.exposure.quantity)
    return usage(valued.exposure.maintenance, total(margin, valued.exposure.profit))


def _unit(market: Quotes) -> str:
    instrument = market.instrument
    if instrument is None:
        return ""
    if instrument.kind.value == "inverse":
        return instrument.quote if instrument.contract_size == 1 else "contracts"
    return instrument.base if instrument.contract_size == 1 else "contracts"


def _fees(position: Position) -> Figure:
    if position.foreign_fees:
        return unknown(*(f"value of fees paid in {asset}" for asset in position.foreign_fees))
    return exact(position.fees)


def _margin(position: Position, *, isolated: bool, quantity: Figure) -> Figure:
    if not isolated:
        return absent("cross margin: the whole wallet backs it")
    if quantity.value is None:
        return unknown(*quantity.missing)
    if not quantity.value:
        return exact(ZERO)
    if position.margin is None:
        return unknown(f"isolated margin of {position.instrument}")
    return Figure(value=position.margin, estimated=position.margin_estimated)


def _others(wallet: Figure, held: Iterable[Valued], besides: Valued) -> Others:
    rest = [item for item in held if item is not besides]
    cross = besides.account.margin_mode is MarginMode.CROSS
    return Others(
        wallet=wallet,
        unrealised=total(*(item.exposure.profit for item in rest)),
        maintenance=total(*(item.exposure.maintenance for item in rest)),
        same_coin=cross and any(item.position.open and _coin(item) == _coin(besides) for item in rest),
    )


def _coin(valued: Valued) -> str:
    instrument = valued.quotes.instrument
    return instrument.base if instrument is not None else ""


def _account_view(account: Account, wallet: Figure, held: list[Valued]) -> AccountView:
    isolated = account.margin_mode is MarginMode.ISOLATED
    margins = total(*(_margin(item.position, isolated=True, quantity=item.exposure.quantity) for item in held))
    unrealised = total(*(item.exposure.profit for item in held))
    balance = total(wallet, unrealised)
    maintenance = total(*(item.exposure.maintenance for item in held))
    initial = margins if isolated else total(*(item.exposure.initial_margin for item in held))
    free = derive(Decimal.__sub__, wallet if isolated else balance, initial)
    label = USAGE_LABELS.get(account.venue, "margin usage")
    return AccountView(
        name=account.name,
        venue=account.venue,
        settle=account.settle,
        margin_mode=account.margin_mode.value,
        paper=account.paper,
        wallet_balance=wallet,
        unrealised=unrealised,
        margin_balance=balance,
        initial_margin=initial,
        maintenance_margin=maintenance,
        margin_usage=_worst_usage(held) if isolated else usage(maintenance, balance),
        usage_label=f"{label}, worst position" if isolated and len(held) > 1 else label,
        available=free,
    )


def _worst_usage(held: list[Valued]) -> Figure:
    """The worst of isolated positions; unknown while one is, unless another is already past liquidation."""
    figures = [position_usage(item) for item in held if item.exposure.quantity.value != ZERO]
    if not figures:
        return NO_POSITION
    gone = [figure for figure in figures if used_up(figure)]
    if gone and not all(figure.known for figure in figures):
        return max(gone, key=lambda figure: Decimal("Infinity") if figure.value is None else figure.value)
    return derive(max, *figures) if len(figures) > 1 else figures[0]


def _funding(position: Position, market: Quotes, quantity: Figure) -> FundingView:
    rate, hours = market.funding_rate, market.funding_interval
    each = payment(market, quantity)
    received = Figure(value=position.funding, estimated=position.funding_estimated)
    if position.unbooked_funding:
        received = unknown(*position.unbooked_funding)
    return FundingView(
        rate=rate,
        interval_hours=hours,
        next_funding_ns=market.next_funding,
        annualised=rate if rate.absent else lifted(lambda r, h: funding.annualised(r, int(h)), rate, hours),
        next_payment=each,
        per_day=each if each.absent else lifted(lambda p, h: funding.per_day(p, int(h)), each, hours),
        received=received,
    )


def _order_to_target(hedge: Hedge, market: Quotes, quantity: Figure, aims: Aim) -> Figure:
    instrument = market.instrument
    if instrument is None:
        return unknown(f"description of {hedge.instrument}")
    inputs = (quantity, market.mark, market.settle_price, aims.coins, aims.ratio)
    gaps = [gap for figure in inputs for gap in figure.missing]
    held, mark, paid_in, coins, ratio = (figure.value for figure in inputs)
    if gaps or held is None or mark is None or coins is None or ratio is None:
        return unknown(*dict.fromkeys(gaps))
    try:
        sizing = hedging.order_to_target(instrument, coins, ratio, held, mark, paid_in)
    except RequestError as error:
        return unknown(str(error))
    if sizing.refusals and not _too_large(sizing, instrument.maximum_quantity):
        return absent(sizing.refusals[0], *inputs)
    return derive(lambda *_: sizing.signed_quantity, *inputs)


def _too_large(sizing: hedging.Sizing, maximum: Decimal | None) -> bool:
    return maximum is not None and sizing.quantity > maximum
