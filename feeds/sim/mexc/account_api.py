"""MEXC's signed contract endpoints that read or set an account: wallets, positions, funding, leverage, modes."""

from __future__ import annotations

from typing import Any

from core.books import MarginMode
from core.pnl import settle_notional
from feeds.sim.accounts import ZERO, Account, ApiKey, Fill, PositionSide, Purpose
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.mexc import encode
from feeds.sim.mexc.encode import HEDGE, ISOLATED, ONE_WAY, PositionIds
from feeds.sim.mexc.market_data import MarketData, paged
from feeds.sim.mexc.protocol import MexcRefusal, Parameters, decimal, number, text, whole

_SIDES = {1: PositionSide.LONG, 2: PositionSide.SHORT}


class AccountApi:
    """One method an endpoint: parameters (a query, or a JSON body), account and key in, ``data`` out."""

    def __init__(self, exchange: Exchange, data: MarketData, ids: PositionIds) -> None:
        self._exchange, self._data, self._ids = exchange, data, ids

    def assets(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET account/assets."""
        return [encode.asset_row(self._exchange, account, currency) for currency in account.wallets["contract"]]

    def asset(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET account/asset/{currency}."""
        currency = text(parameters, "currency")
        if currency not in account.wallets["contract"]:
            raise MexcRefusal(4001, "Currency does not exist")
        return encode.asset_row(self._exchange, account, currency)

    def positions(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET position/open_positions: what is held."""
        symbol = text(parameters, "symbol")
        return [
            encode.position_row(self._exchange, account, position, self._ids)
            for position in account.held()
            if symbol in ("", position.listing.symbol)
        ]

    def funding_records(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET position/funding_records: newest first, + received."""
        symbol = text(parameters, "symbol")
        rows = [
            _funding_row(fill)
            for fill in reversed(account.fills)
            if fill.purpose is Purpose.FUNDING and symbol in ("", fill.listing.symbol)
        ]
        return paged(parameters, rows)

    def leverage(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET position/leverage: of both sides of a contract."""
        listing = self._data.listing(parameters)
        return [encode.leverage_row(account, listing, side) for side in _SIDES.values()]

    def change_leverage(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST position/change_leverage: of a side of a contract, with the margin mode that goes with it."""
        listing = self._data.listing(parameters)
        leverage = decimal(parameters, "leverage", 2006)
        most = listing.instrument.maximum_leverage
        if most is None or not 1 <= leverage <= most:
            raise MexcRefusal(2006, "The leverage ratio error")
        side = _SIDES.get(whole(parameters, "positionType", 1))
        if side is None:
            raise MexcRefusal(2022, "Position type error")
        asked = side if account.hedges(listing) else PositionSide.BOTH
        wanted = MarginMode.ISOLATED if whole(parameters, "openType", 2) == ISOLATED else MarginMode.CROSS
        if account.position(listing, asked).quantity and wanted is not account.mode(listing, asked):
            raise MexcRefusal(2027, "Cross and isolated positions of a contract do not mix")
        self._exchange.settings.margin_mode(account, wanted, listing, asked)
        self._exchange.settings.leverage(account, listing, leverage, asked)
        return None

    def position_mode(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET position/position_mode."""
        return HEDGE if account.hedge_mode else ONE_WAY

    def change_position_mode(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST position/change_position_mode: only while flat and without orders."""
        mode = whole(parameters, "positionMode", 0)
        if mode not in (HEDGE, ONE_WAY):
            raise MexcRefusal(600, "Parameter error: positionMode")
        if any(account.held()) or account.orders:
            raise MexcRefusal(2019, "There are open positions or orders")
        self._exchange.settings.position_mode(account, hedges=mode == HEDGE)
        return None

    def risk_limit(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET account/risk_limit: the level that each side of a contract stands on."""
        symbol = text(parameters, "symbol")
        return {
            listing.symbol: [self._level(account, listing, side) for side in _SIDES.values()]
            for listing in self._data.listings()
            if symbol in ("", listing.symbol)
        }

    def fees(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET account/tiered_fee_rate: what the website charges, which is less than orders by API pay."""
        return {
            "level": 0,
            "dealAmount": 0,
            "walletBalance": number(account.wallets["contract"].get("USDT", ZERO)),
            "makerFee": 0,
            "takerFee": 0.0002,
            "makerFeeDiscount": 1,
            "takerFeeDiscount": 1,
        }

    def _level(self, account: Account, listing: Listing, side: PositionSide) -> dict[str, Any]:
        assert listing.tiers is not None
        asked = side if account.hedges(listing) else PositionSide.BOTH
        held = abs(account.position(listing, asked).quantity)
        level, tier = next(
            (found for found in enumerate(listing.tiers.tiers, 1) if held <= (found[1].cap or held)),
            (len(listing.tiers.tiers), listing.tiers.tiers[-1]),
        )
        row = encode.leverage_row(account, listing, side)
        return {
            "level": level,
            "maxVol": number(tier.cap or ZERO),
            "maxLeverage": number(tier.maximum_leverage or ZERO),
            "mmr": number(tier.rate),
            "imr": row["imr"],
            "symbol": listing.symbol,
            "positionType": row["positionType"],
            "openType": row["openType"],
            "leverage": row["leverage"],
            "limitBySys": False,
        }


def _funding_row(fill: Fill) -> dict[str, Any]:
    instrument, long = fill.listing.instrument, fill.side == "buy"
    value = settle_notional(instrument.kind, fill.quantity, instrument.contract_size, fill.mark)
    return {
        "id": fill.number,
        "symbol": fill.listing.symbol,
        "positionType": 1 if long else 2,
        "positionValue": number(value),
        "funding": number(-fill.fee),
        "rate": number(fill.fee_rate if long else -fill.fee_rate),
        "settleTime": fill.time_ms,
    }
