"""A margin account of the book, with the marks of what its figures rest on: pools, health, and where it is liquidated.

The arithmetic is that of :mod:`core.account`; here it meets what is known now. Every pool has two grounds, figures
without a value of their own that carry the freshness, the estimates and the gaps of all their inputs: what equity
rests on, and what the requirement rests on besides. A figure of a pool is as good as its ground, never better.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from core import account as margin_account
from core.account import Balance, MarginPool, build_pools
from core.account_figures import pool_figures
from core.account_rules import margin_rules
from core.books import Account, MarginMode
from core.errors import RequestError
from core.explain import is_recording
from core.figures import Figure, absent, derive, ground, on, unknown
from core.instruments import ContractKind, Instrument, TierTable
from core.legs import PositionKey
from core.liquidation import isolated, with_fixed_requirement
from core.margin_rules import Backing, ClosingFee, MarginRules, RequirementAt
from core.memo import Memo
from core.pool import Contract, Ladder
from core.pool_liquidation import bankruptcy_price, printed_price
from core.pool_risk import (
    NOTHING,
    CoinBalance,
    PoolRisk,
    Valued,
    as_figure,
    backing_inputs,
    by_contract,
    losing_side,
    own_margin,
    priced,
    tiers_known,
    with_others_on_their_coin,
)
from core.risk import NO_POSITION, ONE, USED_UP, ZERO


class AccountRisk:
    """One account's pools at present. ``ladders`` keeps tier tables, and ``terms`` positions without their mark prices,
    made ready between one picture and the next."""

    def __init__(
        self,
        account: Account,
        held: Sequence[Valued],
        balances: Sequence[CoinBalance],
        ladders: dict[str, tuple[TierTable, Ladder]],
        terms: Memo[margin_account.Position] | None = None,
    ) -> None:
        self.account, self.held, self.balances = account, tuple(held), tuple(balances)
        self._ladders = ladders
        self._terms: Memo[margin_account.Position] = Memo() if terms is None else terms
        self._rules: dict[tuple[ContractKind, bool], MarginRules] = {}
        self._maintenance: dict[PositionKey, Figure] = {}
        open_ = [item for item in held if not item.flat]
        together = [open_] if open_ else []
        alone = [[item] for item in open_]
        self.pools = tuple(
            self._pool(group) for group in (alone if account.margin_mode is MarginMode.ISOLATED else together)
        )
        self._valued = {item.key: item for item in self.held}
        self._by_key = {item.key: (pool, index) for pool in self.pools for index, item in enumerate(pool.held)}
        self._legs = {item.key: legs for pool in self.pools for legs in by_contract(pool) for item in legs}
        self._crowded = {item.key for pool in self.pools for item in with_others_on_their_coin(pool)}

    def valued(self, key: PositionKey) -> Valued:
        """A position of the account."""
        return self._valued[key]

    def pool_of(self, key: PositionKey) -> PoolRisk | None:
        """The pool that backs a position; ``None`` for a flat one."""
        found = self._by_key.get(key)
        return None if found is None else found[0]

    def rules(self, instrument: Instrument) -> MarginRules:
        """The margin rules by which a contract of this account is reckoned."""
        sort = instrument.kind, instrument.maintenance_per_contract is None
        found = self._rules.get(sort)
        if found is None:
            found = self._rules[sort] = margin_rules(self.account, instrument)
        return found

    # --- building --------------------------------------------------------------------------------------------

    def _pool(self, group: Sequence[Valued]) -> PoolRisk:
        inputs = [item.exposure.ground for item in group]
        if self.account.margin_mode is MarginMode.ISOLATED:
            inputs += [self._own_margin(item) for item in group]
        else:
            inputs += [figure for coin in self.balances for figure in backing_inputs(coin)]
        described = [item.quotes.instrument for item in group if item.quotes.instrument is not None]
        exactly = all(self.rules(instrument).exact(self.account.margin_mode) for instrument in described)
        equity = ground(*inputs)
        if equity.value is None:
            return PoolRisk(held=tuple(group), pool=None, equity=equity, requirement=equity, exact=exactly)
        try:
            pool = self._build(group)
        except RequestError as refused:
            gap = unknown(str(refused))
            return PoolRisk(held=tuple(group), pool=None, equity=gap, requirement=gap, exact=exactly)
        requirement = ground(equity, *(tiers_known(item) for item in group))
        beyond = [name for name in pool.requirement_missing if not name.endswith(".tiers")]
        if requirement.value is not None and beyond:
            requirement = unknown(*beyond)
        return PoolRisk(held=tuple(group), pool=pool, equity=equity, requirement=requirement, exact=exactly)

    def _build(self, group: Sequence[Valued]) -> MarginPool:
        account = self.account
        rules = {}
        for item in group:
            instrument = item.quotes.instrument
            assert instrument is not None
            rules[instrument.kind] = self.rules(instrument)
        balances = [
            Balance(key=coin.asset, asset=coin.asset, amount=coin.amount.value, steps=coin.steps)
            for coin in self.balances
        ]
        prices = {coin.asset: coin.price.value for coin in self.balances if coin.price.value is not None}
        terms = [self._made_ready(item) for item in group]
        (pool,) = build_pools(
            [
                msgspec.structs.replace(term, mark_price=item.quotes.mark.value)
                for term, item in zip(terms, group, strict=True)
            ],
            balances,
            rules,
            prices,
            quote=account.settle,
            backing=Backing.ALL_COINS if account.multi_asset else Backing.SETTLE,
        )
        if not pool.requirement_missing:
            for term, item, leg in zip(terms, group, pool.legs, strict=True):
                if term.leg is None and leg is not None:
                    made = msgspec.structs.replace(term, leg=leg.leg)
                    self._terms.put(item.key, self._made_of(item), made)
        return pool

    def _made_of(self, item: Valued) -> tuple[object, ...]:
        return item.position, item.quotes.instrument, item.quotes.tiers, self.account

    def _made_ready(self, item: Valued) -> margin_account.Position:
        """A position without its mark price; with its leg where nothing but that has changed."""
        made_of = self._made_of(item)
        return self._terms.get(item.key, made_of) or self._terms.put(item.key, made_of, self._position(item))

    def _position(self, item: Valued) -> margin_account.Position:
        instrument, position, account = item.quotes.instrument, item.position, self.account
        assert instrument is not None
        per_contract = instrument.maintenance_per_contract
        return margin_account.Position(
            key=instrument.id,
            contract=Contract(
                name=instrument.id,
                coin=instrument.base,
                kind=instrument.kind,
                contract_size=instrument.contract_size,
                settle=instrument.settle,
            ),
            side="long" if position.quantity > 0 else "short",
            quantity=abs(position.quantity),
            entry_price=position.entry_price,
            mark_price=None,
            ladder=self._ladder(item.quotes.tiers, instrument.kind),
            fixed_requirement=None if per_contract is None else abs(position.quantity) * per_contract,
            leverage=account.leverage,
            taker_fee_rate=self._fee_rate(),
            margin_mode=account.margin_mode,
            isolated_margin=position.margin,
        )

    def _ladder(self, table: TierTable | None, kind: ContractKind) -> Ladder | None:
        if table is None:
            return None
        kept = self._ladders.get(table.instrument)
        if kept is None or kept[0] is not table:
            kept = (table, Ladder(table, kind))
            self._ladders[table.instrument] = kept
        return kept[1]

    # --- one position ----------------------------------------------------------------------------------------

    def maintenance(self, item: Valued) -> Figure:
        """What the venue requires for a position, closing fee included where its rules add one, settle currency."""
        found = self._maintenance.get(item.key)
        if found is None or is_recording():
            found = self._maintenance[item.key] = self._required(item)
        return found

    def _required(self, item: Valued) -> Figure:
        pool = self.pool_of(item.key)
        if pool is None:
            return NOTHING
        own = ground(item.exposure.ground, tiers_known(item))
        if own.value is None:
            return unknown(*own.missing)
        if pool.pool is None:
            return unknown(*pool.requirement.missing)
        leg = pool.pool.legs[self._by_key[item.key][1]]
        own_gaps = f"{item.position.instrument}:"
        beyond = [name for name in pool.pool.requirement_missing if name.startswith(own_gaps)]
        if leg is None or beyond:
            return unknown(*(beyond or pool.requirement.missing or (f"what {item.position.instrument} requires",)))
        return on(own, leg.requirement)

    def liquidation(self, item: Valued) -> Figure:
        """The price a venue prints by these rules, this contract alone moving; an estimate unless they are exact."""
        pool = self.pool_of(item.key)
        if pool is None:
            return NO_POSITION
        if self.account.margin_mode is MarginMode.ISOLATED:
            return self._isolated(item)
        name = item.position.instrument
        return pool.liquidation(lambda value: printed_price(value, name), estimated=not self._exactly(item))

    def _isolated(self, item: Valued) -> Figure:
        """An isolated position's: it rests on no mark price, unless the rules evaluate the requirement there."""
        instrument, position, margin = item.quotes.instrument, item.position, self._own_margin(item)
        entry, tiers = item.exposure.entry_price, tiers_known(item)
        inputs = [item.exposure.quantity, entry, margin, tiers]
        if instrument is None:
            return unknown(*item.exposure.quantity.missing or (f"description of {position.instrument}",))
        rules = self.rules(instrument)
        if rules.requirement_at is RequirementAt.AT_MARK:
            inputs.append(item.quotes.mark)
        known = ground(*inputs)
        if known.value is None or position.entry_price is None or margin.value is None:
            return unknown(*known.missing)
        at_price = rules.closing_fee(MarginMode.ISOLATED) is ClosingFee.AT_PRICE
        size, per_contract = instrument.contract_size, instrument.maintenance_per_contract
        try:
            if per_contract is not None:
                found = with_fixed_requirement(
                    instrument.kind, position.quantity, size, position.entry_price, margin.value,
                    abs(position.quantity) * per_contract,
                )  # fmt: skip
            else:
                found = isolated(
                    instrument.kind, position.quantity, size, position.entry_price, margin.value, item.quotes.tiers,
                    requirement_at=rules.requirement_at,
                    closing_fee_rate=self._fee_rate() if at_price else ZERO,
                    mark_price=item.quotes.mark.value,
                )  # fmt: skip
        except RequestError as refused:
            return unknown(str(refused))
        return as_figure(found, known, estimated=not self._exactly(item))

    def _own_margin(self, item: Valued) -> Figure:
        return own_margin(item.position, item.exposure.quantity)

    def _fee_rate(self) -> Decimal:
        return self.account.closing_fee or max(self.account.taker_fee, ZERO)

    def bankruptcy(self, item: Valued) -> Figure:
        """Where the equity behind the position is used up on the same path."""
        pool = self.pool_of(item.key)
        if pool is None:
            return NO_POSITION
        if pool.equity.value is None or pool.pool is None or pool.pool.value is None:
            return unknown(*pool.equity.missing)
        found = bankruptcy_price(pool.pool.value, item.position.instrument, short=self._short(item))
        return as_figure(found, pool.equity, estimated=not self._exactly(item))

    def death(self, item: Valued) -> Figure:
        """Where the pool is liquidated when the coin alone moves, everything on it included: a mark of this contract.

        It is ours by the recorded rules: an estimate where these are, and never the venue's printed figure.
        """
        pool, instrument, mark = self.pool_of(item.key), item.quotes.instrument, item.quotes.mark.value
        if pool is None:
            return NO_POSITION
        if self.account.margin_mode is MarginMode.ISOLATED:
            return self._isolated(item)  # Alone in its pool, it is liquidated at one price, whatever else moves.
        if instrument is None or mark is None:
            return unknown(*pool.requirement.missing)
        estimated = not self.rules(instrument).exact(self.account.margin_mode) or item.position.margin_estimated
        reach = pool.end(instrument.base)
        if reach is None:
            return unknown(*pool.requirement.missing)
        found = priced(losing_side(reach, short=self._short(item)), mark)
        return as_figure(found, pool.requirement, estimated=estimated)

    def facing(self, item: Valued) -> Figure:
        """A quantity whose sign says what hurts the position: a rise (−) or a fall (+); zero for a flat one.

        Its own, but where both legs of hedge mode share a pool: these are liquidated together, on the side where the
        larger one loses.
        """
        legs = self._legs.get(item.key)
        if legs is None or len(legs) == 1:
            return item.exposure.quantity
        sign = -ONE if self._short(item) else ONE
        return derive(lambda *_: sign, *(leg.exposure.quantity for leg in legs))

    def _short(self, item: Valued) -> bool:
        """Whether a rise hurts; where two legs cancel out it is a rise of what is required, in the settle currency."""
        legs, net = self._legs.get(item.key), item.position.quantity
        if legs is not None and len(legs) > 1:
            net = sum((leg.position.quantity for leg in legs), ZERO)
        instrument = item.quotes.instrument
        if net or instrument is None:
            return net < 0
        return instrument.kind is not ContractKind.INVERSE

    def _exactly(self, item: Valued) -> bool:
        instrument, mode = item.quotes.instrument, self.account.margin_mode
        if instrument is None or item.position.margin_estimated:
            return False
        return self.rules(instrument).exact(mode) and not self.same_coin(item)

    def same_coin(self, item: Valued) -> bool:
        """True where another contract of the pool follows the same coin: venues hold it at its mark, but it moves."""
        return item.key in self._crowded

    # --- the account -----------------------------------------------------------------------------------------

    def shown_ratio(self) -> tuple[Figure, str]:
        """The margin ratio as the venue shows it, of the cross pool, with what it calls it."""
        if self.account.margin_mode is MarginMode.ISOLATED or not self.pools:
            return NO_POSITION, ""
        pool = self.pools[0]
        if pool.requirement.value is None or pool.pool is None:
            return unknown(*pool.requirement.missing), ""
        figures = pool_figures(pool.pool)
        if figures.ratio.value is None:
            gone = figures.equity.value is not None and figures.equity.value <= 0
            return absent(USED_UP if gone else figures.ratio.absent, pool.requirement), figures.ratio_label
        value = figures.ratio.value
        return on(pool.requirement, value), figures.ratio_label
