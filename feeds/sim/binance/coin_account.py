"""What COIN-M's signed endpoints say otherwise than USDⓈ-M's: every contract, with its settings, and coins."""

from __future__ import annotations

from typing import Any

from core.books import MarginMode
from feeds.sim.accounts import Account, ApiKey, Position
from feeds.sim.binance import encode
from feeds.sim.binance.account_api import AccountApi
from feeds.sim.binance.protocol import BinanceRefusal, Parameters
from feeds.sim.binance.reference import leverage_bracket
from feeds.sim.order_checks import largest_notional
from feeds.sim.wire import places, plain

_COMMON = ("symbol", "positionSide", "positionAmt", "entryPrice", "breakEvenPrice", "updateTime")
_OF_ACCOUNT = ("initialMargin", "maintMargin", "positionInitialMargin", "openOrderInitialMargin")


class CoinAccountApi(AccountApi):
    """One method an endpoint, as :class:`AccountApi` has them."""

    category = "coinm"

    def account(self, _: Parameters, account: Account, key: ApiKey) -> Any:
        """GET /dapi/v1/account: assets and every contract; no totals, since each coin is a pot of its own."""
        return {
            "assets": self.assets(account),
            "positions": [self._account_position(account, position) for position in self.all_positions(account)],
            "canDeposit": True,
            "canTrade": key.may_trade,
            "canWithdraw": True,
            "feeTier": 0,
            "updateTime": 0,
        }

    def balance(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /dapi/v1/balance."""
        names = ("asset", "crossWalletBalance", "crossUnPnl", "availableBalance", "updateTime")
        return [
            {
                "accountAlias": encode.ALIAS,
                "balance": row["walletBalance"],
                "withdrawAvailable": row["availableBalance"],
            }
            | {name: row[name] for name in names}
            for row in self.assets(account)
        ]

    def position_risk(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /dapi/v1/positionRisk: every contract, those of one pair, or those of one margin asset."""
        pair, asset = parameters.get("pair", ""), parameters.get("marginAsset", "")
        if pair and asset:
            raise BinanceRefusal(-1128, "Combination of optional parameters invalid.")
        return [
            self._risk_row(account, position)
            for position in self.all_positions(account)
            if pair in ("", position.listing.pair) and asset in ("", position.listing.instrument.settle)
        ]

    def pair_brackets(self, parameters: Parameters, _: Account, __: ApiKey) -> Any:
        """GET /dapi/v1/leverageBracket: by pair."""
        pair = parameters.get("pair", "")
        perpetual = [item for item in self._exchange.listed(self.category) if not item.quarter]
        rows = [(item.pair, leverage_bracket(item)) for item in perpetual if pair in ("", item.pair)]
        return [{"pair": name, "brackets": row["brackets"]} for name, row in rows]

    def _risk_row(self, account: Account, position: Position) -> dict[str, Any]:
        listing = position.listing
        full = encode.position_risk(self._exchange, account, position)
        isolated, leverage = account.mode(listing) is MarginMode.ISOLATED, account.leverage(listing)
        value = self._exchange.risk.value(position) if position.quantity else position.quantity
        return {name: full[name] for name in _COMMON} | {
            "markPrice": full["markPrice"],
            "unRealizedProfit": full["unRealizedProfit"],
            "liquidationPrice": full["liquidationPrice"],
            "leverage": plain(leverage),
            "maxQty": plain(largest_notional(listing, leverage)),
            "marginType": "isolated" if isolated else "cross",
            "isolatedMargin": places(position.margin + self._exchange.risk.unrealised(position), 8)
            if isolated and position.quantity
            else "0.00000000",
            "isAutoAddMargin": "false",
            "notionalValue": places(value.copy_sign(position.quantity), 8) if position.quantity else "0",
        }

    def _account_position(self, account: Account, position: Position) -> dict[str, Any]:
        listing = position.listing
        full, risk = encode.position_risk(self._exchange, account, position), self._risk_row(account, position)
        return {name: full[name] for name in (*_COMMON, *_OF_ACCOUNT)} | {
            "unrealizedProfit": full["unRealizedProfit"],
            "leverage": risk["leverage"],
            "isolated": account.mode(listing) is MarginMode.ISOLATED,
            "maxQty": risk["maxQty"],
            "notionalValue": risk["notionalValue"],
        }
