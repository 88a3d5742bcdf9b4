"""Binance's signed REST bodies to events: balances, positions, settings, orders, fills and the ledger. Pure.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api,
.../coin-margined-futures/account/rest-api and https://developers.binance.com/docs/binance-spot-api-docs/rest-api
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal, TypeVar

import msgspec
from pydantic import AliasChoices, Field

from core.events import (
    AccountSettings,
    AnyEvent,
    BalanceUpdate,
    Fill,
    PositionUpdate,
)
from core.instruments import instrument_id
from feeds.binance import facts, orders
from feeds.binance.numbers import Amount, MaybeMilliseconds, MaybePrice, Milliseconds, Price, Size
from feeds.binance.products import SPOT
from feeds.binance.reference import rows_in
from feeds.binance.words import LEGS, fill_id, origin
from feeds.bodies import Asset, Body, Symbol, Whole, bad_row, read_rows, rows_of
from feeds.candles import open_body
from feeds.venue import RestAnswer

_MARGIN_MODES: Final = {"cross": "cross", "crossed": "cross", "isolated": "isolated"}
_Row = TypeVar("_Row", bound=Body)


class _Assets(msgspec.Struct, frozen=True):
    assets: list[msgspec.Raw]


class _SpotBalances(msgspec.Struct, frozen=True):
    balances: list[msgspec.Raw]


class _Asset(Body):
    """A wallet's balance of one asset; negative where a multi-assets account owes it."""

    asset: Asset
    balance: Amount = Field(validation_alias=AliasChoices("walletBalance", "balance"))
    updated_ms: MaybeMilliseconds = Field(alias="updateTime", default=0)


class _SpotBalance(Body):
    asset: Asset
    free: Size
    locked: Size


class _Position(Body):
    """``positionRisk``: the third version of USDⓈ-M tells neither margin mode nor leverage, COIN-M tells both."""

    symbol: Symbol
    side: Literal["BOTH", "LONG", "SHORT"] = Field(alias="positionSide")
    quantity: Amount = Field(alias="positionAmt")
    entry: MaybePrice = Field(alias="entryPrice")
    liquidation: MaybePrice = Field(alias="liquidationPrice", default=None)
    wallet: Amount | None = Field(alias="isolatedWallet", default=None)
    margin: Amount = Field(alias="isolatedMargin", default=Decimal(0))
    profit: Amount = Field(alias="unRealizedProfit", default=Decimal(0))
    mode: str | None = Field(alias="marginType", default=None)
    leverage: Price | None = None
    updated_ms: MaybeMilliseconds = Field(alias="updateTime", default=0)

    @property
    def isolated_wallet(self) -> Decimal | None:
        """What was moved to the position: its margin without its profit. ``None`` for a cross position."""
        if _MARGIN_MODES.get((self.mode or "").lower()) == "cross" or not self.margin:
            return None
        return self.margin - self.profit if self.wallet is None else self.wallet


class _Setting(Body):
    symbol: Symbol
    mode: str = Field(alias="marginType")
    leverage: Price


class _Config(Body):
    """Whichever of these an endpoint tells."""

    dual: bool | None = Field(alias="dualSidePosition", default=None)
    multi: bool | None = Field(alias="multiAssetsMargin", default=None)


class TradeRow(Body):
    """One execution. ``commission`` is + when paid."""

    symbol: Symbol
    trade: Whole = Field(alias="id", ge=0)
    order: Whole = Field(alias="orderId", ge=0)
    side: Literal["BUY", "SELL"]
    position_side: Literal["BOTH", "LONG", "SHORT"] = Field(alias="positionSide", default="BOTH")
    price: Price
    quantity: Size = Field(alias="qty")
    fee: Amount = Field(alias="commission")
    fee_asset: Asset = Field(alias="commissionAsset")
    maker: bool = False
    time_ms: Milliseconds = Field(alias="time")


def balances(market: str, answer: RestAnswer) -> list[AnyEvent]:
    """The wallet of an ``account`` or ``balance`` body; spot counts what its orders lock. Raises DecodeError."""
    place = answer.path
    if market == SPOT:
        return _spot_balances(answer)
    listed = rows_in(answer.body, place)
    if answer.body.lstrip()[:1] == b"{":
        listed = open_body(facts.VENUE, place, answer.body, _Assets).assets
    rows, faults = _read(place, listed, _Asset, answer.received_ns)
    told: list[AnyEvent] = [
        BalanceUpdate(
            received_ns=answer.received_ns,
            account=answer.account,
            asset=row.asset,
            wallet_balance=row.balance,
            venue_time_ns=row.updated_ms * 1_000_000 or None,
        )
        for row in rows
    ]
    return told + faults


def _spot_balances(answer: RestAnswer) -> list[AnyEvent]:
    body = open_body(facts.VENUE, answer.path, answer.body, _SpotBalances)
    rows, faults = _read(answer.path, body.balances, _SpotBalance, answer.received_ns)
    told: list[AnyEvent] = [
        BalanceUpdate(
            received_ns=answer.received_ns,
            account=answer.account,
            asset=row.asset,
            wallet_balance=row.free + row.locked,
        )
        for row in rows
    ]
    return told + faults


def positions(market: str, answer: RestAnswer) -> list[AnyEvent]:
    """The positions of a ``positionRisk`` body, and how each is set where it says so. Raises DecodeError."""
    rows, faults = _read(answer.path, rows_in(answer.body, answer.path), _Position, answer.received_ns)
    told: list[AnyEvent] = []
    for row in rows:
        told.append(
            PositionUpdate(
                received_ns=answer.received_ns,
                account=answer.account,
                instrument=instrument_id(facts.VENUE, market, row.symbol),
                quantity=row.quantity,
                entry_price=row.entry if row.quantity else None,
                liquidation_price=row.liquidation,
                isolated_margin=row.isolated_wallet,
                leverage=row.leverage,
                venue_time_ns=row.updated_ms * 1_000_000 or None,
                leg=LEGS[row.side],
            )
        )
        if row.mode is not None or row.leverage is not None:
            told.append(_setting(market, answer, row.symbol, row.mode or "", row, row.side))
    return told + faults


def settings(market: str, answer: RestAnswer) -> list[AnyEvent]:
    """Margin mode and leverage of each contract of a ``symbolConfig`` body. Raises DecodeError."""
    rows, faults = _read(answer.path, rows_in(answer.body, answer.path), _Setting, answer.received_ns)
    return [_setting(market, answer, row.symbol, row.mode, row, "BOTH") for row in rows] + faults


def _setting(market: str, answer: RestAnswer, symbol: str, mode: str, row: _Position | _Setting, side: str) -> AnyEvent:
    return AccountSettings(
        received_ns=answer.received_ns,
        account=answer.account,
        instrument=instrument_id(facts.VENUE, market, symbol),
        margin_mode=_MARGIN_MODES.get(mode.lower()),
        leverage=row.leverage,
        leg=LEGS[side],
    )


def config(answer: RestAnswer) -> list[AnyEvent]:
    """Position mode and multi-assets mode of the account, as far as a body tells them. Raises DecodeError."""
    rows, faults = _read(answer.path, rows_in(answer.body, answer.path), _Config, answer.received_ns)
    told: list[AnyEvent] = [
        AccountSettings(
            received_ns=answer.received_ns,
            account=answer.account,
            position_mode=None if row.dual is None else ("hedge" if row.dual else "one-way"),
            multi_asset=row.multi,
        )
        for row in rows
        if row.dual is not None or row.multi is not None
    ]
    if not told and not faults:
        detail = "the body tells neither this nor multiAssetsMargin"
        told = [bad_row(facts.VENUE, answer.path, "dualSidePosition", detail, answer.received_ns)]
    return told + faults


def open_orders(market: str, answer: RestAnswer) -> list[AnyEvent]:
    """The orders of a body: a list, or a lone order. Raises DecodeError."""
    rows, faults = _read(answer.path, rows_in(answer.body, answer.path), orders.OrderRow, answer.received_ns)
    return [orders.update(market, answer.account, row, answer.received_ns) for row in rows] + faults


def order_rows(answer: RestAnswer) -> list[orders.OrderRow]:
    """The orders of a body that can be read. Raises DecodeError."""
    return _read(answer.path, rows_in(answer.body, answer.path), orders.OrderRow, answer.received_ns)[0]


def trades(answer: RestAnswer) -> tuple[list[TradeRow], list[AnyEvent]]:
    """The executions of a ``userTrades`` body, and faults. Raises DecodeError."""
    return _read(answer.path, rows_in(answer.body, answer.path), TradeRow, answer.received_ns)


def fill(market: str, answer: RestAnswer, row: TradeRow, client_id: str = "") -> Fill:
    """An execution. The venue does not say here whose order it was of: ``client_id`` comes from elsewhere."""
    return Fill(
        received_ns=answer.received_ns,
        account=answer.account,
        fill_id=fill_id(row.symbol, row.trade),
        client_order_id=client_id,
        instrument=instrument_id(facts.VENUE, market, row.symbol),
        side=row.side.lower(),
        price=row.price,
        quantity=row.quantity,
        fee=row.fee,
        fee_asset=row.fee_asset,
        maker=row.maker,
        venue_time_ns=row.time_ms * 1_000_000,
        leg=LEGS[row.position_side],
        origin=origin(client_id),
    )


def _read(
    place: str, rows: Sequence[msgspec.Raw], model: type[_Row], received_ns: int
) -> tuple[list[_Row], list[AnyEvent]]:
    return read_rows(facts.VENUE, place, rows_of(rows, None), model, received_ns)
