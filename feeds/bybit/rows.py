"""The objects that Bybit tells an account by, alike on private streams and over REST, and what they say. Pure.

Source: https://bybit-exchange.github.io/docs/v5/position, …/v5/order/execution, …/v5/account/wallet-balance and
…/v5/websocket/private
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec
from pydantic import AliasChoices, Field

from core.events import AnyEvent, BalanceUpdate, Fill, FundingPayment, Heard, OrderState, OrderUpdate, PositionUpdate
from core.instruments import instrument_id
from feeds.bodies import Asset, Body, MaybeSymbol, Symbol, bad_row
from feeds.bybit import facts, words
from feeds.bybit.numbers import (
    Amount,
    Index,
    MaybeAmount,
    MaybeMilliseconds,
    MaybePrice,
    MaybeSize,
    Milliseconds,
    Size,
)

_NS: Final = 1_000_000
_Text = Field(default="", max_length=80)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What an object does not say of itself: whose it is, from where and when it came, and its category where it names
    none. ``hedges`` is whether a contract (by instrument id) is in hedge mode, as far as known."""

    account: str
    place: str
    received_ns: int
    market: str = ""
    time_ns: int | None = None
    hedges: Mapping[str, bool] = {}


class Told(Body):
    """An object of one instrument."""

    symbol: Symbol
    category: str = _Text

    def market(self, about: About) -> str:
        """Its category, where contracts are; else "": of pairs and options nothing is told."""
        market = self.category or about.market
        return market if market in facts.CONTRACTS else ""

    def instrument(self, about: About) -> str:
        """The instrument's name everywhere here."""
        return instrument_id(facts.VENUE, self.market(about), self.symbol)


class PositionRow(Told):
    """One position; the stream calls the entry price by another name than REST. ``side`` is "" where there is none.

    A USDC contract's profit goes to the wallet every eight hours: from then on it counts from ``sessionAvgPrice``.
    """

    index: Index = Field(alias="positionIdx")
    side: Literal["Buy", "Sell", "", "None"]
    size: Size
    entry: MaybePrice = Field(validation_alias=AliasChoices("entryPrice", "avgPrice"))
    session: MaybePrice = Field(alias="sessionAvgPrice", default=None)
    liquidation: MaybePrice = Field(alias="liqPrice", default=None)
    leverage: MaybePrice = None
    margin: MaybePrice = Field(alias="positionBalance", default=None)
    updated_ms: MaybeMilliseconds = Field(alias="updatedTime", default=0)

    @property
    def hedges(self) -> bool:
        """True for a leg of hedge mode."""
        return self.index != 0

    @property
    def is_signed(self) -> bool:
        """True where it is told whether the size is long or short."""
        return not self.size or self.side in ("Buy", "Sell")

    def update(self, about: About) -> PositionUpdate:
        """The position, signed. Without a stamp of its own it is as old as what it came in."""
        quantity = -self.size if self.side == "Sell" else self.size
        return PositionUpdate(
            received_ns=about.received_ns,
            account=about.account,
            instrument=self.instrument(about),
            quantity=quantity if self.size else Decimal(0),
            entry_price=self._entry(about) if self.size else None,
            liquidation_price=self.liquidation if self.size else None,
            isolated_margin=self.margin if self.size else None,
            leverage=self.leverage,
            venue_time_ns=self.updated_ms * _NS or about.time_ns,
            leg=words.LEGS[self.index],
        )

    def _entry(self, about: About) -> Decimal | None:
        """From what price on the profit that is not in the wallet yet counts."""
        in_sessions = words.settle_coin(self.market(about), self.symbol) == words.SESSION_COIN
        return self.session if in_sessions and self.session is not None else self.entry


class OrderRow(Told):
    """One order. The ids in the answers of placing and cancelling are all that those tell."""

    number: str = Field(alias="orderId", min_length=1, max_length=80)
    client_id: str = Field(alias="orderLinkId", default="", max_length=80)
    side: Literal["Buy", "Sell"]
    kind: str = Field(alias="orderType", default="", max_length=40)
    index: Index = Field(alias="positionIdx", default=0)
    status: str = Field(alias="orderStatus", max_length=40)
    quantity: Size = Field(alias="qty")
    filled: Size = Field(alias="cumExecQty")
    price: MaybePrice = None
    average: MaybePrice = Field(alias="avgPrice", default=None)
    reduce_only: bool = Field(alias="reduceOnly", default=False)
    reject: str = Field(alias="rejectReason", default="", max_length=80)
    cancel: str = Field(alias="cancelType", default="", max_length=80)
    updated_ms: MaybeMilliseconds = Field(alias="updatedTime", default=0)

    def update(self, about: About) -> OrderUpdate:
        """The order's state."""
        return OrderUpdate(
            received_ns=about.received_ns,
            account=about.account,
            client_order_id=self.client_id,
            instrument=self.instrument(about),
            side=self.side.lower(),
            quantity=self.quantity,
            state=words.STATES.get(self.status, OrderState.UNKNOWN),
            filled_quantity=self.filled,
            average_price=self.average if self.filled else None,
            limit_price=self.price if self.kind == "Limit" else None,
            reduce_only=self.reduce_only,
            reason=words.ending(self.status, self.reject, self.cancel),
            venue_order_id=self.number,
            venue_time_ns=self.updated_ms * _NS or about.time_ns,
            leg=words.LEGS[self.index],
        )


class ExecutionRow(Told):
    """One execution, or a funding payment told as one. ``fee`` is + when paid, for funding too."""

    identity: str = Field(alias="execId", min_length=1, max_length=80)
    order: str = Field(alias="orderId", default="", max_length=80)
    client_id: str = Field(alias="orderLinkId", default="", max_length=80)
    side: Literal["Buy", "Sell"]
    kind: str = Field(alias="execType", max_length=40)
    price: MaybePrice = Field(alias="execPrice")
    quantity: Size = Field(alias="execQty")
    closed: MaybeSize = Field(alias="closedSize", default=None)
    fee: Amount = Field(alias="execFee")
    fee_rate: MaybeAmount = Field(alias="feeRate", default=None)
    fee_coin: str = Field(alias="feeCurrency", default="", max_length=40)
    maker: bool = Field(alias="isMaker", default=False)
    time_ms: Milliseconds = Field(alias="execTime")

    def events(self, about: About) -> list[AnyEvent]:
        """The fill, or the payment; a fault where it has no price."""
        if self.kind == words.FUNDING:
            return [self._payment(about)]
        if self.kind not in words.ORIGINS:
            return [Heard(received_ns=about.received_ns, kind="warning", channel=about.place, detail=self.kind)]
        if self.price is None or not self.quantity:
            field = "execQty" if self.price else "execPrice"
            return [bad_row(facts.VENUE, about.place, field, f"{self.symbol}: expected more than 0", about.received_ns)]
        return [self._fill(about, self.price)]

    def _fill(self, about: About, price: Decimal) -> Fill:
        hedges = about.hedges.get(self.instrument(about))
        return Fill(
            received_ns=about.received_ns,
            account=about.account,
            fill_id=self.identity,
            client_order_id=self.client_id,
            instrument=self.instrument(about),
            side=self.side.lower(),
            price=price,
            quantity=self.quantity,
            fee=self.fee,
            fee_asset=self._coin(about),
            maker=self.maker,
            venue_time_ns=self.time_ms * _NS,
            leg=words.leg_of(hedges, self.side, self.closed or Decimal(0)),
            origin=words.ORIGINS[self.kind],
        )

    def _payment(self, about: About) -> FundingPayment:
        rate = None if self.fee_rate is None else words.funding_rate(self.fee_rate, -self.fee, self.side)
        return FundingPayment(
            received_ns=about.received_ns,
            account=about.account,
            payment_id=words.payment_id(self.symbol, self.time_ms, self.side),
            instrument=self.instrument(about),
            amount=-self.fee,
            asset=self._coin(about),
            rate=rate,
            mark_price=self.price,
            settled_ns=self.time_ms * _NS,
            leg=words.position_leg(about.hedges.get(self.instrument(about)), self.side),
        )

    def _coin(self, about: About) -> str:
        return self.fee_coin or words.settle_coin(self.market(about), self.symbol)


class CoinRow(Body):
    """One coin of the wallet. What was borrowed for spot trades is owed: it lies in ``walletBalance`` no more."""

    coin: Asset
    balance: Amount = Field(alias="walletBalance")
    owed: MaybeAmount = Field(alias="spotBorrow", default=None)
    allowed: bool = Field(alias="marginCollateral", default=True)
    switched_on: bool = Field(alias="collateralSwitch", default=True)

    def events(self, about: About) -> list[AnyEvent]:
        """The balance, and a warning where its owner has switched it off as collateral."""
        owned = self.balance - (self.owed or Decimal(0))
        told: list[AnyEvent] = [
            BalanceUpdate(
                received_ns=about.received_ns,
                account=about.account,
                asset=self.coin,
                wallet_balance=owned,
                venue_time_ns=about.time_ns,
            )
        ]
        if owned > 0 and self.allowed and not self.switched_on:
            detail = f"{self.coin} is switched off as collateral"
            told.append(Heard(received_ns=about.received_ns, kind="warning", channel=about.place, detail=detail))
        return told


class LedgerRow(Told):
    """One entry of the transaction log. ``change`` = ``cashFlow`` + ``funding`` − ``fee``; ``funding`` is + when
    received, the opposite of an execution's fee."""

    symbol: MaybeSymbol = ""
    identity: str = Field(alias="id", default="", max_length=120)
    trade: str = Field(alias="tradeId", default="", max_length=80)
    kind: str = Field(alias="type", min_length=1, max_length=60)
    side: str = Field(default="", max_length=10)
    size: MaybeAmount = None
    coin: Asset = Field(alias="currency")
    price: MaybePrice = Field(alias="tradePrice", default=None)
    funding: MaybeAmount = None
    fee: MaybeAmount = None
    fee_rate: MaybeAmount = Field(alias="feeRate", default=None)
    change: MaybeAmount = None
    time_ms: Milliseconds = Field(alias="transactionTime")
