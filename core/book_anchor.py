"""A book as it is now, as an anchor: what its profit is measured to, and what a later one is measured from.

Prices are those of the book's own view, so that no figure rests on another price than the one shown. Stablecoins and
the dollar are worth one another, which is an estimate; any other rate that is not known is missing, by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

import msgspec

from core.aim import DOLLARS
from core.anchors import UNSEEN, Anchor, Coins, Leg, with_trade
from core.books import Book, Hedge
from core.errors import RequestError
from core.exact import ONE, exactly
from core.figures import Figure, Freshness, derive, exact, unknown
from core.held import HeldPositions
from core.instruments import ContractKind, Instrument
from core.ledger import Ledger
from core.market import Market
from core.memo import Memo
from core.positions import Position
from core.risk import floor_freshness, settle_price
from core.snapshot import BagLine, BookView, HedgeLine

Transfers = tuple[tuple[str, str, Decimal], ...]
"""Account, asset, and the running sum of what its venue's word has moved it by."""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An anchor that was set: ``estimated`` where it rests on a price that was estimated or stale."""

    anchor: Anchor
    transfers: Transfers = ()
    estimated: bool = False


class BookNow(msgspec.Struct, frozen=True, kw_only=True):
    """A book's anchor with what is known of its inputs.

    The coins of ``anchor`` have no sums of what came in yet: :func:`since_inception` and :func:`with_sums` give them
    theirs. ``bag_missing`` and ``hedge_missing`` name what keeps a side from being described at all; a price that is
    merely not known is ``None`` in the anchor. ``opened`` is true where a position was held when it was declared, at a
    basis that nobody knows.
    """

    anchor: Anchor
    costs: dict[str, Figure]
    bag_missing: tuple[str, ...]
    hedge_missing: tuple[str, ...]
    bag_inputs: tuple[Figure, ...]
    marks: tuple[Figure, ...]
    coin_marks: tuple[Figure, ...]
    spots: tuple[Figure, ...]
    transfers: Transfers
    bag_at_par: bool
    hedge_at_par: bool
    funding_estimated: bool
    opened: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """All that keeps the book from being described, each once."""
        return tuple(dict.fromkeys((*self.bag_missing, *self.hedge_missing)))

    @property
    def estimated(self) -> bool:
        """True where a price is estimated, or too old to pass for the present one."""
        inputs = (*self.bag_inputs, *self.marks, *self.spots)
        return any(figure.estimated or figure.freshness is Freshness.STALE for figure in inputs)


_LegMemo = Memo[Leg]


class _Bag(msgspec.Struct, kw_only=True):
    """The bag's lines gathered."""

    coins: list[Coins] = []
    missing: list[str] = []
    inputs: list[Figure] = []
    at_par: bool = False


class _Legs(msgspec.Struct, kw_only=True):
    """The hedge's lines gathered; an input that is not known is named elsewhere, and left out here."""

    legs: list[Leg] = []
    missing: list[str] = []
    marks: list[Figure] = []
    coin_marks: list[Figure] = []
    spots: list[Figure] = []
    at_par: bool = False
    funding_estimated: bool = False
    opened: bool = False


@exactly
def book_now(
    book: Book,
    view: BookView,
    market: Market,
    ledger: Ledger,
    now_ns: int,
    memo: _LegMemo | None = None,
    held: HeldPositions | None = None,
) -> BookNow:
    """The book at ``now_ns``, when ``view`` was derived of it; ``memo`` has its legs of last time."""
    memo, held = Memo() if memo is None else memo, HeldPositions(ledger) if held is None else held
    currency = view.totals.currency or next((line.quote for line in view.hedges if line.quote), "")
    rates: dict[str, Figure] = {}
    bag, hedge = _Bag(), _Legs()
    if not currency:
        bag.missing.append("currency of the bag")
        hedge.missing.append("currency of the bag")
    for line in view.bag:
        _take_coins(bag, line, currency, rates)
    for declared, leg_line in zip(book.hedges, view.hedges, strict=True):
        position, instrument = held.of(declared.key), ledger.contracts.get(declared.instrument)
        if leg_line.quantity.value is None or instrument is None:
            hedge.missing += leg_line.quantity.missing or (f"description of {declared.instrument}",)
            continue
        try:
            spot = _spot(declared, leg_line, view.bag)
            leg = _leg(memo, declared, position, instrument, leg_line.mark_price, spot)
        except RequestError as error:
            hedge.missing.append(str(error))
            continue
        rate = _settle_rate(market, instrument, currency, now_ns)
        _take_leg(hedge, leg, (leg_line.mark_price, spot, rate), rates)
        hedge.funding_estimated = hedge.funding_estimated or position.funding_estimated
        hedge.opened = hedge.opened or bool(position.opened.quantity)
    return BookNow(
        anchor=Anchor(
            time_ns=now_ns,
            currency=currency,
            coins=tuple(bag.coins),
            legs=tuple(hedge.legs),
            rates={name: rate.value for name, rate in rates.items() if name != currency},
        ),
        costs={line.asset: line.cost for line in view.bag},
        bag_missing=tuple(dict.fromkeys(bag.missing)),
        hedge_missing=tuple(dict.fromkeys(hedge.missing)),
        bag_inputs=_known(bag.inputs),
        marks=_known(hedge.marks),
        coin_marks=_known(hedge.coin_marks),
        spots=_known(hedge.spots),
        transfers=_transfers(book, ledger),
        bag_at_par=bag.at_par,
        hedge_at_par=hedge.at_par,
        funding_estimated=hedge.funding_estimated,
        opened=hedge.opened,
    )


def _take_coins(bag: _Bag, line: BagLine, currency: str, rates: dict[str, Figure]) -> None:
    if line.quantity.value is None:
        bag.missing += line.quantity.missing
        return
    own = line.currency or currency
    if line.quantity.value:
        bag.at_par = bag.at_par or rates.setdefault(own, _rate(own, currency)).estimated
        bag.inputs.append(line.price)
    bag.coins.append(Coins(asset=line.asset, currency=own, quantity=line.quantity.value, price=line.price.value))


def _take_leg(hedge: _Legs, leg: Leg, figures: tuple[Figure, Figure, Figure], rates: dict[str, Figure]) -> None:
    mark, spot, rate = figures
    hedge.legs.append(leg)
    inverse = leg.kind is ContractKind.INVERSE
    if not (leg.quantity or leg.realised or leg.fees or leg.funding or leg.traded.coins):
        return
    rates.setdefault(leg.quote if inverse else leg.settle, rate)
    hedge.at_par = hedge.at_par or rate.estimated
    hedge.coin_marks += [mark] if inverse else []
    if leg.quantity or inverse:
        hedge.marks += (mark, rate) if leg.kind is ContractKind.QUANTO else (mark,)
    if leg.quantity:
        hedge.spots.append(spot)


def _known(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    return tuple(figure for figure in figures if figure.value is not None)


def _leg(
    memo: _LegMemo, declared: Hedge, position: Position, instrument: Instrument, mark: Figure, spot: Figure
) -> Leg:
    """The leg at its prices, made anew where one of them or the position is another; ``spot`` is the price that its
    basis is reckoned against."""
    name, held = declared.instrument, (declared, instrument, position)
    leg = memo.get((name, True), (*held, mark, spot))
    if leg is None:
        bare = memo.get((name, False), held)
        if bare is None:
            bare = memo.put((name, False), held, _bare_leg(declared, position, instrument))
        priced = msgspec.structs.replace(bare, mark_price=mark.value, spot_price=spot.value)
        leg = memo.put((name, True), (*held, mark, spot), priced)
    return leg


def _bare_leg(declared: Hedge, position: Position, instrument: Instrument) -> Leg:
    """The leg without its prices."""
    kind, size = instrument.kind, instrument.contract_size
    held, traded = position.opened, position.traded
    if held.quantity and held.entry_price is not None:
        begun = with_trade(traded, kind, size, held.quantity, held.entry_price, UNSEEN)
        traded = msgspec.structs.replace(begun, estimated=traded.estimated)
    gaps = tuple(f"value of {paid:f} {asset} paid in fees" for asset, paid in position.foreign_sums.items())
    if position.unexplained:
        gaps = (*gaps, f"fills behind a reported change of {position.unexplained:f} in {position.key.words}")
    return Leg(
        instrument=instrument.id,
        kind=kind,
        contract_size=size,
        asset=declared.asset,
        quote=instrument.quote,
        settle=instrument.settle,
        quantity=position.quantity,
        entry_price=position.entry_price if position.quantity else None,
        realised=position.realised,
        fees=position.fees,
        funding=position.funding,
        traded=traded,
        unknown=gaps + position.unbooked_funding,
    )


def _spot(declared: Hedge, line: HedgeLine, bag: tuple[BagLine, ...]) -> Figure:
    """What the leg's basis is reckoned against: the index, or the bag's price of the same coin where there is none."""
    if line.index_price.known or declared.beta is not None:
        return line.index_price
    own = next((item for item in bag if item.asset == declared.asset and item.currency == line.quote), None)
    if own is None or not own.price.known:
        return line.index_price
    return msgspec.structs.replace(floor_freshness(own.price, Freshness.STALE), estimated=True)


@lru_cache(maxsize=256)
def _rate(currency: str, into: str) -> Figure:
    """What 1 ``currency`` is worth: dollars are worth each other, by estimate."""
    if currency == into:
        return exact(ONE)
    if {currency, into} <= DOLLARS:
        return Figure(value=ONE, estimated=True)
    return unknown(f"rate of {currency} in {into}")


def _settle_rate(market: Market, instrument: Instrument, into: str, now_ns: int) -> Figure:
    """The value of what a leg is reckoned in: its quote, or the coin in which a quanto contract is settled."""
    rate = _rate(instrument.quote, into)
    if instrument.kind is not ContractKind.QUANTO:
        return rate
    return derive(Decimal.__mul__, settle_price(market, instrument, now_ns), rate)


def _transfers(book: Book, ledger: Ledger) -> Transfers:
    names = {account.name for account in book.accounts}
    return tuple((*place, moved) for place, moved in sorted(ledger.wallets.transfers.items()) if place[0] in names)


# --- sums of what came in ----------------------------------------------------------------------------------------


@exactly
def since_inception(now: BookNow) -> tuple[Anchor, tuple[str, ...]]:
    """The anchor with every coin deposited at its cost, and which costs are not known."""
    coins: list[Coins] = []
    missing: list[str] = []
    for line in now.anchor.coins:
        cost = now.costs[line.asset]
        if cost.value is None:
            missing += cost.missing
            continue
        rate = now.anchor.rate(line.currency)
        worth = cost.value * (ONE if rate is None else rate)
        coins.append(
            msgspec.structs.replace(line, deposited=line.quantity, deposited_value=cost.value, deposited_worth=worth)
        )
    return msgspec.structs.replace(now.anchor, coins=tuple(coins)), tuple(missing)


def with_sums(anchor: Anchor, sums: dict[str, Coins]) -> Anchor:
    """The anchor with the running sums of each asset of which any are kept."""
    coins = [
        msgspec.structs.replace(
            line,
            deposited=sums[line.asset].deposited,
            deposited_value=sums[line.asset].deposited_value,
            deposited_worth=sums[line.asset].deposited_worth,
        )
        if line.asset in sums
        else line
        for line in anchor.coins
    ]
    return msgspec.structs.replace(anchor, coins=tuple(coins))


def only_new_gaps(before: Anchor, now: Anchor) -> tuple[Anchor, Anchor]:
    """Both anchors without the gaps that the first had already: what was not known then is in neither's difference."""
    known = {leg.instrument: leg.unknown for leg in before.legs}
    legs = tuple(_without(leg, known.get(leg.instrument, ())) for leg in now.legs)
    cleared = tuple(_without(leg, leg.unknown) for leg in before.legs)
    return msgspec.structs.replace(before, legs=cleared), msgspec.structs.replace(now, legs=legs)


def _without(leg: Leg, gaps: tuple[str, ...]) -> Leg:
    """The leg without these gaps; the very same where it has none of them."""
    if not leg.unknown or not gaps:
        return leg
    return msgspec.structs.replace(leg, unknown=tuple((Counter(leg.unknown) - Counter(gaps)).elements()))


def fits(kept: Anchor, now: Anchor) -> bool:
    """True where the book is still made of what it was made of at ``kept``: assets, contracts and currencies."""
    assets = {line.asset: line.currency for line in now.coins}
    contracts = {leg.instrument: _contract(leg) for leg in now.legs}
    return (
        kept.currency == now.currency
        and all(assets.get(line.asset) == line.currency for line in kept.coins)
        and all(contracts.get(leg.instrument) == _contract(leg) for leg in kept.legs)
    )


def _contract(leg: Leg) -> tuple[object, ...]:
    return leg.kind, leg.contract_size, leg.quote, leg.settle
