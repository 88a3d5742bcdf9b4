"""The accounts of a book at present: every position valued, the balances behind it, and what backs what.

What is made of the very same inputs as last time is the very same object: a line that rests on it need not be made
anew. Ages are no input of their own: a figure that ages is another figure.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core import account as margin_account
from core.account_risk import AccountRisk
from core.account_view import account_view
from core.aim import DOLLARS, at_par
from core.book_index import BookIndex
from core.books import Account, Book, Collateral
from core.collateral import collateral_steps
from core.exposure import exposure
from core.figures import Figure, Freshness, exact, unknown
from core.held import HeldPositions
from core.instruments import Instrument, TierTable
from core.ledger import Ledger
from core.legs import PositionKey
from core.market import Market
from core.market_statistics import MarketStatistics
from core.memo import Memo
from core.pool import Ladder, WeightStep
from core.pool_risk import CoinBalance, Valued
from core.positions import Position
from core.risk import ONE, ZERO, Quotes, quotes, quotes_inputs, settlement_due
from core.snapshot import AccountView, TogetherView
from core.symbols import read_name
from core.together import betas_of, together

PAR = exact(ONE)


class Standing(NamedTuple):
    """An account as the snapshot shows it, and its pools."""

    view: AccountView
    risk: AccountRisk


class AccountValuation:
    """Reads market, ledger and statistics; keeps what is still made of the same."""

    def __init__(self, market: Market, ledger: Ledger, held: HeldPositions, statistics: MarketStatistics) -> None:
        self._market = market
        self._ledger = ledger
        self._held = held
        self._statistics = statistics
        self._ladders: dict[str, tuple[TierTable, Ladder]] = {}
        self._terms: Memo[margin_account.Position] = Memo()
        self._quotes: Memo[Quotes] = Memo()
        self._valued: Memo[Valued] = Memo()
        self._wallets: Memo[Figure] = Memo()
        self._coins: Memo[CoinBalance] = Memo()
        self._risks: Memo[AccountRisk] = Memo()
        self._views: Memo[AccountView] = Memo()
        self._together: dict[tuple[str, str], tuple[AccountRisk, dict[str, Figure], TogetherView]] = {}

    def account(self, index: BookIndex, account: Account, now_ns: int) -> Standing:
        """An account as it is."""
        amount = self._ledger.wallets.settle(account.name)
        known = (amount, self._estimated(account), *self._told(account, now_ns), *self._gaps(account, now_ns))
        wallet = self._wallets.get(account.name, known)
        if wallet is None:
            wallet = self._wallets.put(account.name, known, self._wallet(account, amount, now_ns))
        held, balances = self.positions(index, account, now_ns), self._balances(account, wallet, now_ns)
        key, inputs = (index.book.name, account.name), (account, wallet, *held, *balances[1:])
        risk = self._risks.get(key, inputs)
        if risk is None:
            risk = self._risks.put(key, inputs, AccountRisk(account, held, balances, self._ladders, self._terms))
        moving = self._moving(index.book, risk, now_ns)
        view = self._views.get(key, (risk, wallet, moving))
        if view is None:
            view = self._views.put(key, (risk, wallet, moving), account_view(risk, wallet, moving))
        return Standing(view, risk)

    def assumed(self, index: BookIndex, position: Position, amount: Decimal, now_ns: int) -> Standing:
        """An account as it would be with another position and another wallet."""
        account = index.accounts[position.account]
        risk = self.risk(index, account, now_ns, position, amount)
        moving = together(risk, betas_of(risk, self._statistics, priced_by(index.book, risk), now_ns))
        return Standing(account_view(risk, self._wallet(account, amount, now_ns), moving), risk)

    def risk(
        self, index: BookIndex, account: Account, now_ns: int, position: Position | None, amount: Decimal | None
    ) -> AccountRisk:
        """An account's pools as they are, or as they would be with another position and another wallet: made anew."""
        wallet = self._wallet(account, self._ledger.wallets.settle(account.name) if amount is None else amount, now_ns)
        held = self.positions(index, account, now_ns, position)
        return AccountRisk(account, held, self._balances(account, wallet, now_ns), self._ladders)

    def _moving(self, book: Book, risk: AccountRisk, now_ns: int) -> TogetherView | None:
        """Where the account ends when all of its coins move; betas are few, and compared by what they are."""
        betas, key = betas_of(risk, self._statistics, priced_by(book, risk), now_ns), (book.name, risk.account.name)
        kept = self._together.get(key)
        if kept is not None and kept[0] is risk and kept[1] == betas:
            return kept[2]
        found = together(risk, betas)
        if found is not None:
            self._together[key] = (risk, betas, found)
        return found

    # --- positions -------------------------------------------------------------------------------------------

    def positions(
        self, index: BookIndex, account: Account, now_ns: int, instead: Position | None = None
    ) -> list[Valued]:
        """Every position of an account, hedge or not, valued at ``now_ns``; ``instead`` replaces its namesake."""
        hedged = index.keys.get(account.name, {})
        others = [key for key in self._ledger.positions if key.account == account.name and key not in hedged]
        replaced, told = None if instead is None else instead.key, self._told(account, now_ns)
        valued = []
        for key in (*hedged, *others):
            assumed = key == replaced
            position = instead if instead is not None and assumed else self._held.of(key)
            valued.append(self._value(account, key, position, told, now_ns, is_hedge=key in hedged, assumed=assumed))
        return valued

    def _value(
        self,
        account: Account,
        own: PositionKey,
        position: Position,
        told: tuple[Freshness, int | None],
        now_ns: int,
        *,
        is_hedge: bool,
        assumed: bool,
    ) -> Valued:
        """One position; ``told`` is what ages of its account."""
        name = position.instrument
        missing = self.gap(position, now_ns, assumed=assumed)
        if is_hedge or position.open or position.realised or position.fees:
            missing = missing or self._wrong_settle(account, name)
        market = self.quotes(name, now_ns)
        key, inputs = (own, assumed), (account, market, missing, *told, position)
        kept = self._valued.get(key, inputs)
        if kept is not None:
            return kept
        quantity = Figure(value=position.quantity, freshness=told[0], observed_ns=told[1])
        sums = exposure(position, account, market, missing=missing, told=quantity)
        return self._valued.put(
            key, inputs, Valued(key=own, account=account, position=position, quotes=market, exposure=sums)
        )

    def quotes(self, name: str, now_ns: int) -> Quotes:
        """One contract's market; the same object while it is no other."""
        inputs = quotes_inputs(self._market, name, now_ns)
        return self._quotes.get(name, inputs) or self._quotes.put(name, inputs, quotes(name, inputs))

    def gap(self, position: Position, now_ns: int, *, assumed: bool = False) -> str:
        """Why the quantity of a position is not known, empty where it is; one that is ``assumed`` waits for nothing."""
        instrument = self._market.of(position.instrument).instrument
        if not assumed:
            if untold := self._ledger.reports.missing(position.account, now_ns):
                return untold
            undescribed = position.pending and instrument is None
            if undescribed or self._ledger.unfolded(position.instrument):
                return f"description of {position.instrument}"
            if position.pending:
                return position.pending
        return position.unbooked or (settlement_due(instrument, now_ns) if position.open else "")

    def _wrong_settle(self, account: Account, name: str) -> str:
        instrument = self._market.of(name).instrument
        if instrument is None or instrument.settle == account.settle:
            return ""
        return f"an account settled in {instrument.settle} for {name}"

    # --- balances --------------------------------------------------------------------------------------------

    def _wallet(self, account: Account, amount: Decimal, now_ns: int) -> Figure:
        """So much of the settle currency; unknown while something that happened to it could not be booked, and where
        the venue that keeps it has not told it."""
        gaps = self._gaps(account, now_ns)
        if gaps:
            return unknown(*gaps)
        return self._ledger.reports.figure(account.name, amount, now_ns, estimated=self._estimated(account))

    def _gaps(self, account: Account, now_ns: int) -> tuple[str, ...]:
        unbooked = [item.unbooked for item in self._ledger.of_account(account.name)]
        untold = self._ledger.reports.missing(account.name, now_ns)
        return tuple(gap for gap in (*unbooked, untold) if gap)

    def _told(self, account: Account, now_ns: int) -> tuple[Freshness, int | None]:
        """What ages of an account that its venue keeps."""
        return self._ledger.reports.age(account.name, now_ns)

    def _estimated(self, account: Account) -> bool:
        return (account.name, account.settle) in self._ledger.wallets.estimated

    def _balances(self, account: Account, wallet: Figure, now_ns: int) -> list[CoinBalance]:
        """The settle currency, the coins that back a multi-asset account beside it, and those that it owes."""
        found = [CoinBalance(asset=account.settle, amount=wallet, price=PAR)]
        if not account.multi_asset:
            return found
        declared = {item.asset: item for item in account.collateral}
        for asset, amount in self._ledger.wallets.coins(account.name).items():
            stated = declared.get(asset)
            if stated is None and amount >= 0:
                continue  # What part of it counts is not known: none does, which is never too much.
            pair = None if stated is None else stated.price
            middle, described = None, None
            if pair is not None:
                middle, described = self._market.middle(pair, now_ns), self._market.of(pair).instrument
            estimated = (account.name, asset) in self._ledger.wallets.estimated
            key = (account.name, asset)
            inputs = (account, stated, amount, estimated, middle, described, *self._told(account, now_ns))
            kept = self._coins.get(key, inputs)
            if kept is None:
                held = self._ledger.reports.figure(account.name, amount, now_ns, estimated=estimated)
                kept = self._coins.put(key, inputs, _coins(asset, account, stated, held, middle, described))
            found.append(kept)
        return found


def _coins(
    asset: str,
    account: Account,
    stated: Collateral | None,
    amount: Figure,
    middle: Figure | None,
    described: Instrument | None,
) -> CoinBalance:
    """Coins of an account; ``middle`` is that of the pair which values them, which may be ``described``."""
    price = unknown(f"price of {asset}")
    if middle is not None and stated is not None and stated.price is not None:
        price = at_par(middle, _quote(stated.price, described), account.settle)
    elif {asset, account.settle} <= DOLLARS:
        price = Figure(value=ONE, estimated=True)
    steps = (WeightStep(ZERO, ONE),) if stated is None else collateral_steps(stated)
    return CoinBalance(asset=asset, amount=amount, price=price, steps=steps)


def _quote(pair: str, described: Instrument | None) -> str:
    """What a pair is priced in: by its description, or else by its name."""
    if described is not None:
        return described.quote
    terms = read_name(pair)
    return "" if terms is None else terms.quote


def priced_by(book: Book, risk: AccountRisk) -> dict[str, str]:
    """The instrument whose price history stands for each coin: a contract on it, else the pair that values it."""
    found = {item.quotes.instrument.base: item.position.instrument for item in risk.held if item.quotes.instrument}
    pairs = [(coin.asset, coin.price) for coin in risk.account.collateral]
    pairs += [(lot.asset, lot.price) for lot in book.lots]
    for asset, pair in pairs:
        if pair is not None:
            found.setdefault(asset, pair)
    return found
