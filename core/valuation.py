"""A book as the snapshot shows it: bag, hedge legs, accounts and totals, derived from what is held now.

Whatever is still made of the very same inputs as last time is taken from there: with one new price, one account and its
lines are made anew. A figure that ages, or whose channel is interrupted, is another figure, and so is all that rests on
it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from core.account_risk import AccountRisk
from core.account_valuation import AccountValuation, Standing, priced_by
from core.aim import Aim, aim, declared_aim
from core.bag_valuation import NOTHING, BagPrice, BagValuation, pays_in
from core.book_index import BookIndex
from core.book_scenario import Standing as ScenarioStanding
from core.books import Account, Book, Hedge
from core.exact import exactly
from core.figures import Figure, derive, exact, total
from core.hedge_line import Backing, Own, fees, hedge_line, own_figures
from core.held import HeldPositions
from core.history import History
from core.instruments import ContractKind
from core.ledger import Ledger
from core.market import Market
from core.market_statistics import MarketStatistics
from core.memo import Memo
from core.pool_risk import Valued
from core.positions import Position
from core.risk import report_freshness
from core.snapshot import AccountView, BagLine, BookView, HedgeLine
from core.together import beta_to
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
        self.held = HeldPositions(ledger)
        """Positions that do not change any more, shared with whoever values them too."""
        self._accounts = AccountValuation(market, ledger, self.held, self._statistics)
        self._bag = BagValuation(market, ledger, self.held, self._accounts)
        self._indexes: dict[str, BookIndex] = {}
        self._coins: Memo[Figure] = Memo()
        self._own: Memo[Own] = Memo()
        self._lines: Memo[HedgeLine] = Memo()
        self._books: Memo[BookView] = Memo()

    def _index(self, book: Book) -> BookIndex:
        kept = self._indexes.get(book.name)
        if kept is None or kept.book is not book:
            kept = self._indexes[book.name] = BookIndex(book)
        return kept

    @exactly
    def book(self, book: Book, now_ns: int) -> BookView:
        """The whole book at ``now_ns``; the same object while nothing of it is another."""
        index = self._index(book)
        accounts = {account.name: self._accounts.account(index, account, now_ns) for account in book.accounts}
        prices = {asset: self._bag.price(index, asset, now_ns) for asset in index.coins}
        won = {asset: self._bag.coins_won(index, asset, now_ns) for asset in index.hedges}
        bag = tuple(self._bag.line(index, asset, prices[asset]) for asset in index.assets)
        coins = {asset: self._held_coins(index, asset, won[asset]) for asset in won}
        hedges = tuple(
            self._hedge(index, hedge, accounts[hedge.account], prices[hedge.asset], coins[hedge.asset], now_ns)
            for hedge in book.hedges
        )
        views = tuple(account.view for account in accounts.values())
        made_of = (book, *bag, *hedges, *views)
        kept = self._books.get(book.name, made_of)
        if kept is not None:
            return kept
        totals, limits = book_totals(bag, hedges), book.thresholds
        view = BookView(name=book.name, bag=bag, hedges=hedges, accounts=views, totals=totals, thresholds=limits)
        return self._books.put(book.name, made_of, view)

    @exactly
    def leg(
        self, book: Book, hedge: Hedge, position: Position, wallet: Decimal, now_ns: int
    ) -> tuple[HedgeLine, AccountView]:
        """One hedge leg and its account as they would be with this position and this wallet."""
        index = self._index(book)
        found = self._accounts.assumed(index, position, wallet, now_ns)
        price, coins = self._aimed(index, hedge, now_ns, position)
        valued = found.risk.valued(hedge.key)
        own = own_figures(hedge, valued, self._aim(index, hedge, valued, price, coins))
        return hedge_line(hedge, valued, own, self._backing(valued, found, now_ns)), found.view

    @exactly
    def standing(self, book: Book, bag: tuple[BagLine, ...], now_ns: int) -> ScenarioStanding:
        """What scenarios of the book start from; ``bag`` is its bag as it is valued now."""
        index = self._index(book)
        risks = tuple(self._accounts.account(index, account, now_ns).risk for account in book.accounts)
        priced: dict[str, str] = {}
        for risk in risks:
            priced |= priced_by(book, risk) | priced

        def beta(coin: str, driver: str) -> Figure:
            return beta_to(coin, driver, self._statistics, priced, now_ns)

        return ScenarioStanding(accounts=risks, bag=bag, beta=beta)

    @exactly
    def risk(
        self, book: Book, account: Account, now_ns: int, position: Position | None = None, wallet: Decimal | None = None
    ) -> AccountRisk:
        """An account's pools as they are, or as they would be with another position and another wallet."""
        return self._accounts.risk(self._index(book), account, now_ns, position, wallet)

    def bag_price(self, book: Book, asset: str, now_ns: int) -> tuple[Figure, str, str]:
        """The price of a bag asset, what it is in words, and its currency."""
        return self._bag.price(self._index(book), asset, now_ns)

    # --- hedges ----------------------------------------------------------------------------------------------

    @exactly
    def aim(self, book: Book, hedge: Hedge, now_ns: int) -> Aim:
        """What a hedge aims at, with what its position has earned as it is held now."""
        index = self._index(book)
        held = self._accounts.positions(index, index.accounts[hedge.account], now_ns)
        price, coins = self._aimed(index, hedge, now_ns)
        return self._aim(index, hedge, next(item for item in held if item.key == hedge.key), price, coins)

    def _aimed(
        self, index: BookIndex, hedge: Hedge, now_ns: int, instead: Position | None = None
    ) -> tuple[BagPrice, Figure]:
        """The price of what a hedge hedges, and the coins of it that are held."""
        won = self._bag.coins_won(index, hedge.asset, now_ns, instead)
        return self._bag.price(index, hedge.asset, now_ns), derive(Decimal.__add__, index.coins[hedge.asset], won)

    def _held_coins(self, index: BookIndex, asset: str, won: Figure) -> Figure:
        """The coins of an asset that are held: those of its lots, and those that hedges have won."""
        key, inputs = (index.book.name, asset), (index.coins[asset], won)
        return self._coins.get(key, inputs) or self._coins.put(key, inputs, derive(Decimal.__add__, *inputs))

    def _aim(self, index: BookIndex, hedge: Hedge, valued: Valued, price: BagPrice, held: Figure) -> Aim:
        declared = self._target(index.book.name, hedge.instrument)
        if declared is not None and (found := declared_aim(hedge, held, declared)) is not None:
            return found
        profit, position, instrument = valued.exposure.profit_quote, valued.position, valued.quotes.instrument
        if pays_in(index.book, instrument, hedge.asset):
            profit = NOTHING  # It is among the coins held.
        elif hedge.target_floor is not None and instrument is not None and instrument.kind is ContractKind.LINEAR:
            received = Figure(value=position.funding, estimated=position.funding_estimated)
            paid = derive(Decimal.__neg__, fees(position))
            profit = total(profit, exact(position.realised), paid, received)
        return aim(hedge, held, declared, (price.price, price.currency), valued.quotes, profit)

    def _hedge(
        self, index: BookIndex, hedge: Hedge, account: Standing, price: BagPrice, coins: Figure, now_ns: int
    ) -> HedgeLine:
        valued, key = account.risk.valued(hedge.key), (index.book.name, hedge.instrument)
        inputs = (index, valued, price, coins, self._target(*key))
        own = self._own.get(key, inputs)
        if own is None:
            own = self._own.put(key, inputs, own_figures(hedge, valued, self._aim(index, hedge, valued, price, coins)))
        backing = self._backing(valued, account, now_ns)
        made_of = (hedge, valued, own, *backing)
        return self._lines.get(key, made_of) or self._lines.put(key, made_of, hedge_line(hedge, valued, own, backing))

    def _backing(self, valued: Valued, account: Standing, now_ns: int) -> Backing:
        name = valued.position.instrument
        measured, priced = self._statistics.volatility(name, now_ns), self._market.of(name).priced
        rests = priced is not None and self._market.rests(name, now_ns)
        reported = report_freshness(valued.position, now_ns)
        return Backing(account.view, account.risk, measured, reported, priced, rests)
