"""What an explanation reads of the engine: books as declared, the market with its channels, positions, pools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from core.account_risk import AccountRisk
from core.account_rules import margin_rules
from core.attribution_view import Span
from core.book_anchor import BookNow
from core.book_scenario import Built
from core.books import Account, Book, Hedge
from core.contract_sheet import is_sheet_name
from core.explain import Step, recording
from core.explanation import Input
from core.figures import Figure, exact
from core.freshness import SECOND_NS
from core.hedging import Sizing
from core.instrument_market import Field
from core.instruments import Instrument, TierTable
from core.ledger import Ledger
from core.legs import PositionKey
from core.market import Market
from core.measuring import Measuring
from core.order_gate import Staged
from core.pool_risk import Valued
from core.positions import Position
from core.risk import settle_price
from core.scenarios import Scenarios
from core.sheet_price import PricedContract
from core.snapshot import AccountView, BookView, HedgeLine, Since
from core.staging import Staging
from core.valuation import Valuation

_Made = TypeVar("_Made")


class Sources:
    """Reads one engine at ``now_ns``; changes nothing."""

    def __init__(
        self,
        books: Iterable[Book],
        market: Market,
        ledger: Ledger,
        targets: Callable[[str, str], Decimal | None],
        valuation: Valuation,
        staging: Staging,
        measuring: Measuring,
        scenarios: Scenarios,
    ) -> None:
        self._books = {book.name: book for book in books}
        self._market = market
        self._ledger = ledger
        self._valuation = valuation
        self._staging = staging
        self._measuring = measuring
        self._scenarios = scenarios
        self.target = targets
        self.now_ns = 0
        self._assumed: tuple[str, Position, Decimal] | None = None
        self._once: tuple[tuple[str, msgspec.Struct], Any] | None = None

    # --- as declared -----------------------------------------------------------------------------------------

    def book(self, name: str) -> Book:
        """The book as its user declared it."""
        return self._books[name]

    def account(self, book: str, name: str) -> Account:
        """An account as its user declared it."""
        return next(account for account in self._books[book].accounts if account.name == name)

    def hedge(self, book: str, instrument: str) -> Hedge:
        """A hedge as its user declared it."""
        return next(hedge for hedge in self._books[book].hedges if hedge.instrument == instrument)

    # --- the market ------------------------------------------------------------------------------------------

    def instrument(self, name: str) -> Instrument | None:
        """The description of a contract or pair."""
        return self._market.of(name).instrument

    def quote(self, name: str, field: Field) -> Figure:
        """One field of the market as a figure."""
        return self._market.figure(name, field, self.now_ns)

    def priced(self, name: str) -> PricedContract | None:
        """The source of the price of a contract whose sheet tells it."""
        return self._market.of(name).priced

    def channel(self, name: str, field: Field) -> str:
        """Which channel of which connection a field of the market was last heard on."""
        quote, _ = self._market.of(name).quote(field)
        if quote.source is None:
            return f"the market data of {name}: nothing of it was heard yet"
        health = quote.source.health
        return f"{health.connection.venue}, connection {health.connection.name}, channel {health.name}"

    def quoted(self, name: str, field: Field, as_: str = "") -> Input:
        """One field of the market as an input: a figure of the markets of the snapshot where a feed speaks of it."""
        words, key = f"{field.value} of {name}", field.value.replace(" ", "_")
        heard = name in self._market.heard()
        column = {Field.NEXT_FUNDING: "next_funding_ns", Field.FUNDING_INTERVAL: "funding_interval_hours"}
        return Input(
            name=as_ or key,
            words=words,
            figure=self.quote(name, field),
            unit=self.price_unit(name),
            path=f"markets/{name}/{column.get(field, key)}" if heard else "",
            source=self.channel(name, field),
        )

    def price_unit(self, name: str) -> str:
        """The unit of a price of this contract or pair."""
        instrument = self.instrument(name)
        return "" if instrument is None else f"{instrument.quote} a {instrument.base}"

    def description(self, name: str) -> str:
        """Where a contract's description comes from."""
        if is_sheet_name(name):
            return "the contract's sheet: [[contracts]] of the configuration"
        return f"{name.partition(':')[0]}, REST: the list of its instruments"

    def contract_size(self, name: str) -> Input:
        """What one unit of a contract's quantity is."""
        return self.described(name, "contract_size", "contract size")

    def described(self, name: str, field: str, words: str, unit: str = "") -> Input:
        """One number of a contract's description."""
        instrument = self.instrument(name)
        value = None if instrument is None else getattr(instrument, field)
        return given(field, f"{words} of {name}", value, unit, self.description(name))

    def settle_price(self, name: str) -> tuple[Figure, str]:
        """The price of a contract's settle coin in its quote, and the pair that it is the middle of."""
        instrument = self.instrument(name)
        pair = "" if instrument is None else f"{instrument.venue}:spot:{instrument.settle}{instrument.quote}"
        return settle_price(self._market, instrument, self.now_ns), pair

    def tiers(self, name: str) -> TierTable | None:
        """The maintenance tiers of a contract, as they were loaded."""
        return self._market.table(name)

    def tiers_words(self, name: str) -> str:
        """Which tiers of a contract they are: their source and their date."""
        table = self.tiers(name)
        if table is None:
            fault = self._market.of(name).tiers_fault
            return f"maintenance tiers of {name}: " + (f"refused, {fault}" if fault else "not loaded")
        if table.estimated:
            return f"maintenance tiers of {name}: not told by its venue, one rate assumed by {table.source}"
        return f"maintenance tiers of {name}: {table.source}, of {day(table.as_of_ns)}"

    # --- positions and accounts ------------------------------------------------------------------------------

    def position(self, key: PositionKey) -> Position:
        """What is held."""
        if self._assumed is not None and self._assumed[1].key == key:
            return self._assumed[1]
        return self._ledger.position(*key)

    def risk(self, book: str, account: str) -> AccountRisk:
        """The pools of an account."""
        _, position, wallet = self._assumed if self._assumed and self._assumed[0] == account else ("", None, None)
        return self._valuation.risk(self.book(book), self.account(book, account), self.now_ns, position, wallet)

    def held(self, book: str, hedge: Hedge) -> tuple[AccountRisk, Valued]:
        """A hedge's position and the pools of its account."""
        risk = self.risk(book, hedge.account)
        return risk, next(item for item in risk.held if item.position.key == hedge.key)

    def bag_price(self, book: str, asset: str) -> tuple[Figure, str]:
        """The price of a bag asset and what it is in words."""
        price, words, _ = self._valuation.bag_price(self.book(book), asset, self.now_ns)
        return price, words

    def coins_to_hedge(self, book: str, hedge: Hedge) -> Figure:
        """The bag in coins of the contract."""
        return self._valuation.aim(self.book(book), hedge, self.now_ns).coins

    # --- profit and scenarios --------------------------------------------------------------------------------

    def span(self, book: BookView, since: Since) -> tuple[Span | None, BookNow]:
        """Over what a profit is measured, and the book as it is now."""
        return self._measuring.span(book, since, self.now_ns)

    def grounds(self) -> tuple[Built, ...]:
        """What the scenarios that are shown were reckoned from, newest first."""
        return self._scenarios.grounds

    def once(self, key: tuple[str, msgspec.Struct], make: Callable[[], _Made]) -> _Made:
        """What costs a while to make, kept while the same is asked for again: ``key`` is a struct with its path."""
        if self._once is None or self._once[0] != key:
            self._once = (key, make())
        made: _Made = self._once[1]
        return made

    # --- the staged order ------------------------------------------------------------------------------------

    @property
    def staged(self) -> Staged | None:
        """The order being looked at."""
        return self._staging.staged

    def sizing(self) -> Sizing:
        """What the staged order was sized as."""
        assert self._staging.staged is not None
        return self._staging.staged.sizing

    def after(self) -> tuple[Sources, HedgeLine, AccountView]:
        """The same sources as they would be after the fill of the staged order, its hedge and its account."""
        staged = self._staging.staged
        assert staged is not None
        position, wallet = self._staging.left(staged, self.now_ns)
        other = copy(self)
        other._assumed = (staged.account.name, position, wallet)
        return other, *self._valuation.leg(staged.book, staged.hedge, position, wallet, self.now_ns)


def given(name: str, words: str, value: Decimal | None, unit: str = "", source: str = "") -> Input:
    """A number that does not age as an input; unknown where there is none."""
    figure = Figure(missing=(words,)) if value is None else exact(value)
    return Input(name=name, words=words, figure=figure, unit=unit, source=source)


def day(time_ns: int) -> str:
    """The date of a moment, UTC."""
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).date().isoformat()


def rule_words(risk: AccountRisk, items: Iterable[Valued], sources: Sources) -> str:
    """The margin rules and the tiers that positions are reckoned by, with their sources and dates."""
    found = []
    for item in items:
        instrument = item.quotes.instrument
        if instrument is None:
            continue
        rules = margin_rules(risk.account, instrument)
        found.append(f"{rules.name} ({rules.dated}): {rules.note}; source: {rules.source}")
        if instrument.maintenance_per_contract is None:
            found.append(sources.tiers_words(instrument.id))
    return "; ".join(dict.fromkeys(found))


def rebuilt(risk: AccountRisk, items: Iterable[Valued] | None = None) -> AccountRisk:
    """The same pools made anew, of these positions alone where they are named: whoever records sees them made."""
    return AccountRisk(risk.account, risk.held if items is None else tuple(items), risk.balances, {})


def recorded(function: Callable[[], object]) -> tuple[Step, ...]:
    """The steps of a computation."""
    with recording() as steps:
        function()
    return tuple(steps)
