"""A book as the snapshot shows it: bag, hedge legs, accounts and totals, derived anew from what is held now.

The bag is what its lots say and nothing else: coins posted as margin count once, where a lot lists them. A bag asset
is priced at the middle of its named spot instrument; one without is priced at the index price of its hedge. Where a
named spot instrument has no price, the index stands in, marked as an estimate and never fresher than stale: losing
an input must not improve a figure. The last traded price is used for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from core import funding, hedging, holdings
from core.account_risk import AccountRisk, CoinBalance, Valued, own_margin
from core.account_view import account_view, position_usage
from core.aim import DOLLARS, Aim, aim, at_par
from core.book_scenario import Standing
from core.books import Account, Book, Hedge, MarginMode
from core.collateral import collateral_steps
from core.errors import RequestError
from core.exact import exactly
from core.figures import Figure, Freshness, absent, derive, exact, total, unknown
from core.history import History
from core.instruments import ContractKind, Instrument, TierTable
from core.ledger import Ledger
from core.legs import PositionKey
from core.likelihood import likelihood
from core.market import Field, Market
from core.market_statistics import MarketStatistics
from core.pool import Ladder, WeightStep
from core.positions import Position
from core.risk import (
    ONE,
    ZERO,
    Quotes,
    choose_liquidation,
    distance,
    exposure,
    floor_freshness,
    lifted,
    liquidation_source,
    payment,
    quotes,
    settlement_due,
)
from core.snapshot import AccountView, BagLine, BookView, FundingView, HedgeLine
from core.symbols import read_name
from core.together import beta_to, together
from core.totals import book_totals


class Valuation:
    """Reads market, ledger and history; what it keeps is only worked out from them once."""

    def __init__(
        self, market: Market, ledger: Ledger, targets: Callable[[str, str], Decimal | None], history: History
    ) -> None:
        self._market = market
        self._ledger = ledger
        self._target = targets
        self._statistics = MarketStatistics(history)
        self._ladders: dict[str, tuple[TierTable, Ladder]] = {}
        self._lots: dict[tuple[str, str], Decimal] = {}
        self._prices: dict[tuple[str, str], tuple[Figure, str, str]] = {}
        self._won: dict[tuple[str, str], Figure] = {}
        """What one call reckons once for each asset: emptied at the start of every call."""

    @exactly
    def book(self, book: Book, now_ns: int) -> BookView:
        """The whole book at ``now_ns``."""
        self._forget()
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
        self._forget()
        account = next(item for item in book.accounts if item.name == hedge.account)
        held = self._positions(book, account, now_ns, instead=position)
        found = self._account_of(book, account, held, self._wallet(account, wallet, now_ns), now_ns)
        self._coins_won(book, hedge.asset, now_ns, instead=position)
        return self._hedge(book, hedge, {account.name: found}, now_ns), found[0]

    def _forget(self) -> None:
        self._prices.clear()
        self._won.clear()

    @exactly
    def standing(self, book: Book, bag: tuple[BagLine, ...], now_ns: int) -> Standing:
        """What scenarios of the book start from; ``bag`` is its bag as it is valued now."""
        self._forget()
        risks = tuple(self._account(book, account, now_ns)[1] for account in book.accounts)
        priced: dict[str, str] = {}
        for risk in risks:
            priced |= _priced_by(book, risk.account, list(risk.held)) | priced

        def beta(coin: str, driver: str) -> Figure:
            return beta_to(coin, driver, self._statistics, priced, now_ns)

        return Standing(accounts=risks, bag=bag, beta=beta)

    # --- bag -------------------------------------------------------------------------------------------------

    def _bag(self, book: Book, now_ns: int) -> tuple[BagLine, ...]:
        return tuple(self._bag_line(book, asset, now_ns) for asset in holdings.assets(book))

    def _bag_line(self, book: Book, asset: str, now_ns: int) -> BagLine:
        lots = holdings.lots_of(book, asset)
        price, source, currency = self.bag_price(book, asset, now_ns)
        quantity = exact(self._coins_of_lots(book, asset))
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

    def _coins_of_lots(self, book: Book, asset: str) -> Decimal:
        """Coins of one asset over all lots, each once, and those that count as it; lots never change."""
        kept = self._lots.get((book.name, asset))
        if kept is None:
            kept = self._lots[book.name, asset] = holdings.coins(book, asset)
        return kept

    def _coins_won(self, book: Book, asset: str, now_ns: int, instead: Position | None = None) -> Figure:
        """Coins that coin-margined hedges of an asset have won (+) or lost: they are held beside the lots.

        Unrealised and realised profit less fees, and funding received, of positions settled in the asset itself.
        """
        kept = self._won.get((book.name, asset))
        if kept is not None:
            return kept
        parts = [exact(ZERO)]
        for hedge in book.hedges:
            if hedge.asset != asset:
                continue
            instrument = self._market.of(hedge.instrument).instrument
            replaced = instead is not None and instead.key == hedge.key
            position = instead if instead is not None and replaced else self._ledger.position(*hedge.key)
            terms = read_name(hedge.instrument)
            may_be_inverse = terms is None or terms.settle == terms.base
            if instrument is None and may_be_inverse and (position.open or position.pending):
                parts.append(unknown(f"description of {hedge.instrument}"))
            if not _pays_in(book, instrument, asset):
                continue
            account, market = self._ledger.accounts[hedge.account], quotes(self._market, hedge.instrument, now_ns)
            missing = self._unsettled(position, now_ns) if replaced else self._unknown_quantity(position, now_ns)
            sums = exposure(position, account, market, missing=missing)
            unsure = position.funding_estimated or bool(position.unbooked_funding)
            received = Figure(value=position.funding, estimated=unsure)
            parts += [sums.profit, exact(position.realised - position.fees), received]
        self._won[book.name, asset] = found = total(*parts)
        return found

    def bag_price(self, book: Book, asset: str, now_ns: int) -> tuple[Figure, str, str]:
        """The price of a bag asset, what it is in words, and its currency."""
        kept = self._prices.get((book.name, asset))
        if kept is None:
            kept = self._prices[book.name, asset] = self._price(book, asset, now_ns)
        return kept

    def _price(self, book: Book, asset: str, now_ns: int) -> tuple[Figure, str, str]:
        spot, leg = holdings.priced_by(book, asset)
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

    def _account(self, book: Book, account: Account, now_ns: int) -> tuple[AccountView, AccountRisk]:
        held = self._positions(book, account, now_ns)
        return self._account_of(
            book, account, held, self._wallet(account, self._ledger.wallet(account.name), now_ns), now_ns
        )

    def _account_of(
        self, book: Book, account: Account, held: list[Valued], wallet: Figure, now_ns: int
    ) -> tuple[AccountView, AccountRisk]:
        risk = self._risk(account, held, wallet, now_ns)
        moving = together(risk, self._statistics, _priced_by(book, account, held), now_ns)
        return account_view(risk, wallet, moving), risk

    def _risk(self, account: Account, held: list[Valued], wallet: Figure, now_ns: int) -> AccountRisk:
        balances = [CoinBalance(asset=account.settle, amount=wallet, price=exact(ONE))]
        if account.multi_asset:
            balances += self._coins(account, now_ns)
        return AccountRisk(account, held, balances, self._ladders)

    @exactly
    def risk(
        self, book: Book, account: Account, now_ns: int, position: Position | None = None, wallet: Decimal | None = None
    ) -> AccountRisk:
        """An account's pools as they are, or as they would be with another position and another wallet."""
        self._forget()
        amount = self._ledger.wallet(account.name) if wallet is None else wallet
        held = self._positions(book, account, now_ns, instead=position)
        return self._risk(account, held, self._wallet(account, amount, now_ns), now_ns)

    def _coins(self, account: Account, now_ns: int) -> list[CoinBalance]:
        """The coins that back a multi-asset account beside its settle currency, and those that it owes."""
        declared = {item.asset: item for item in account.collateral}
        found = []
        for asset, amount in self._ledger.coins(account.name).items():
            stated = declared.get(asset)
            if stated is None and amount >= 0:
                continue  # What part of it counts is not known: none does, which is never too much.
            estimated = (account.name, asset) in self._ledger.estimated
            held = self._ledger.reports.figure(account.name, amount, now_ns, estimated=estimated)
            price = unknown(f"price of {asset}")
            if stated is not None and stated.price is not None:
                price = at_par(self._market.middle(stated.price, now_ns), self._quote(stated.price), account.settle)
            elif {asset, account.settle} <= DOLLARS:
                price = Figure(value=ONE, estimated=True)
            steps = (WeightStep(ZERO, ONE),) if stated is None else collateral_steps(stated)
            found.append(CoinBalance(asset=asset, amount=held, price=price, steps=steps))
        return found

    def _quote(self, pair: str) -> str:
        """What a pair is priced in: by its description, or else by its name."""
        instrument, terms = self._market.of(pair).instrument, read_name(pair)
        if instrument is not None:
            return instrument.quote
        return "" if terms is None else terms.quote

    def _wallet(self, account: Account, amount: Decimal, now_ns: int) -> Figure:
        gaps = [item.unbooked for item in self._ledger.of_account(account.name) if item.unbooked]
        if untold := self._ledger.reports.missing(account.name, now_ns):
            gaps.append(untold)
        if gaps:
            return unknown(*gaps)
        estimated = (account.name, account.settle) in self._ledger.estimated
        return self._ledger.reports.figure(account.name, amount, now_ns, estimated=estimated)

    def _positions(self, book: Book, account: Account, now_ns: int, instead: Position | None = None) -> list[Valued]:
        """Every position of an account, hedge or not, valued at ``now_ns``; ``instead`` replaces its namesake."""
        hedged = [hedge.key for hedge in book.hedges if hedge.account == account.name]
        keys: list[PositionKey] = [*hedged, *(item.key for item in self._ledger.of_account(account.name))]
        found = []
        for key in dict.fromkeys(keys):
            position, name = self._ledger.position(*key), key.instrument
            missing = self._unknown_quantity(position, now_ns)
            if instead is not None and instead.key == key:
                position, missing = instead, instead.unbooked or self._unsettled(instead, now_ns)
            if position.open or position.realised or position.fees or key in hedged:
                missing = missing or self._wrong_settle(account, name)
            market = quotes(self._market, name, now_ns)
            found.append(
                Valued(
                    account=account,
                    position=position,
                    quotes=market,
                    exposure=exposure(
                        position,
                        account,
                        market,
                        missing=missing,
                        told=self._ledger.reports.figure(account.name, position.quantity, now_ns),
                    ),
                )
            )
        return found

    def _unknown_quantity(self, position: Position, now_ns: int) -> str:
        if untold := self._ledger.reports.missing(position.account, now_ns):
            return untold
        undescribed = position.pending and self._market.of(position.instrument).instrument is None
        if undescribed or self._ledger.unfolded(position.instrument):
            return f"description of {position.instrument}"
        return position.pending or position.unbooked or self._unsettled(position, now_ns)

    def _unsettled(self, position: Position, now_ns: int) -> str:
        return settlement_due(self._market.of(position.instrument).instrument, now_ns) if position.open else ""

    def _wrong_settle(self, account: Account, name: str) -> str:
        instrument = self._market.of(name).instrument
        if instrument is None or instrument.settle == account.settle:
            return ""
        return f"an account settled in {instrument.settle} for {name}"

    @exactly
    def aim(self, book: Book, hedge: Hedge, now_ns: int) -> Aim:
        """What a hedge aims at, with what its position has earned as it is held now."""
        self._forget()
        account = next(item for item in book.accounts if item.name == hedge.account)
        held = self._positions(book, account, now_ns)
        return self._aim(book, hedge, next(item for item in held if item.position.key == hedge.key), now_ns)

    def _aim(self, book: Book, hedge: Hedge, valued: Valued, now_ns: int) -> Aim:
        price, _, currency = self.bag_price(book, hedge.asset, now_ns)
        declared = self._target(book.name, hedge.instrument)
        held = derive(
            Decimal.__add__, exact(self._coins_of_lots(book, hedge.asset)), self._coins_won(book, hedge.asset, now_ns)
        )
        profit, position, instrument = valued.exposure.profit_quote, valued.position, valued.quotes.instrument
        if _pays_in(book, instrument, hedge.asset):
            profit = exact(ZERO)  # It is among the coins held.
        elif instrument is not None and instrument.kind is ContractKind.LINEAR:
            received = Figure(value=position.funding, estimated=position.funding_estimated)
            paid = derive(Decimal.__neg__, _fees(position))
            profit = total(profit, exact(position.realised), paid, received)
        return aim(hedge, held, declared, (price, currency), valued.quotes, profit)

    # --- hedges ----------------------------------------------------------------------------------------------

    def _hedge(
        self, book: Book, hedge: Hedge, accounts: dict[str, tuple[AccountView, AccountRisk]], now_ns: int
    ) -> HedgeLine:
        account, risk = accounts[hedge.account]
        valued = risk.valued(hedge.key)
        position, market, sums = valued.position, valued.quotes, valued.exposure
        isolated = valued.account.margin_mode is MarginMode.ISOLATED
        facing, death = risk.facing(valued), risk.death(valued)
        chosen = choose_liquidation(position, market, risk.liquidation(valued), facing)
        away = distance(chosen.price, market.mark, facing)
        odds = likelihood(self._statistics.volatility(hedge.instrument, now_ns), chosen.price, market.mark, away)
        aims = self._aim(book, hedge, valued, now_ns)
        ratio, target = lifted(hedging.hedge_ratio, sums.delta, aims.coins), aims.ratio
        instrument, parts = market.instrument, hedge.instrument.split(":", 2)
        priced = self._market.of(hedge.instrument).priced
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
            basis=_basis(market),
            funding=_funding(position, market, sums.quantity),
            margin=_margin(position, isolated=isolated, quantity=sums.quantity),
            maintenance_margin=risk.maintenance(valued),
            margin_usage=position_usage(risk, valued) if isolated else account.margin_usage,
            liquidation_price=chosen.price,
            liquidation_distance=away,
            liquidation_source=liquidation_source(chosen, market, same_coin=risk.same_coin(valued)),
            ratio=ratio,
            target_ratio=target,
            drift=lifted(hedging.drift, ratio, target),
            order_to_target=_order_to_target(hedge, market, sums.quantity, aims),
            opened_note=position.note,
            leg=hedge.leg.value,
            bag_coins=aims.coins,
            liquidation_venue=chosen.venue,
            liquidation_ours=chosen.ours,
            liquidation_difference=chosen.difference,
            liquidation_disputed=chosen.disputed,
            bankruptcy_price=risk.bankruptcy(valued),
            account_liquidation=death,
            account_liquidation_distance=distance(death, market.mark, facing),
            volatility=odds.volatility,
            volatility_source=odds.source,
            liquidation_sigmas=odds.sigmas,
            touch_day=odds.touch_day,
            touch_week=odds.touch_week,
            touch_month=odds.touch_month,
            price_source="" if priced is None else priced.price.words,
            price_typed=priced is not None and priced.typed,
            price_rests=self._market.rests(hedge.instrument, now_ns),
        )


def _pays_in(book: Book, instrument: Instrument | None, asset: str) -> bool:
    """True for a coin-margined contract whose profit is coins of the asset; a proxy pays in its own coin."""
    if instrument is None or instrument.kind is not ContractKind.INVERSE:
        return False
    return holdings.counts_as(book, instrument.settle) == asset


def _basis(market: Quotes) -> Figure:
    if market.index.absent:
        return absent(market.index.absent)
    return lifted(lambda mark, index: (mark - index) / index, market.mark, market.index)


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
    return own_margin(position, quantity) if isolated else absent("cross margin: the whole wallet backs it")


def _priced_by(book: Book, account: Account, held: list[Valued]) -> dict[str, str]:
    """The instrument whose price history stands for each coin: a contract on it, else the pair that values it."""
    found = {item.quotes.instrument.base: item.position.instrument for item in held if item.quotes.instrument}
    pairs = [(coin.asset, coin.price) for coin in account.collateral]
    pairs += [(lot.asset, lot.price) for lot in book.lots]
    for asset, pair in pairs:
        if pair is not None:
            found.setdefault(asset, pair)
    return found


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
