"""Binance's signed endpoints that read or set a futures account; what COIN-M does otherwise is in ``coin_account``."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from core.books import MarginMode
from core.pnl import settle_notional
from feeds.sim.accounts import ZERO, Account, ApiKey, Position
from feeds.sim.binance import encode
from feeds.sim.binance.protocol import BinanceRefusal, Parameters, mandatory, whole
from feeds.sim.binance.reference import leverage_bracket
from feeds.sim.binance.trade_api import position_side_of
from feeds.sim.catalogue import Listing
from feeds.sim.events import BalanceChanged
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import largest_notional
from feeds.sim.wire import plain

WEEK_MS = 7 * 86_400_000
DONE = {"code": 200, "msg": "success"}


class AccountApi:
    """One method an endpoint: parameters, account and key in, a JSON body out. Raises BinanceRefusal."""

    category = "usdm"

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def account(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /fapi/v3/account: totals, assets, and only positions that hold something or have orders."""
        positions = [encode.account_position(self._exchange, account, position) for position in self._live(account)]
        return {**self._totals(account), "assets": self.assets(account), "positions": positions}

    def account_v2(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /fapi/v2/account: as v3, but every symbol, with leverage, entry price and margin type."""
        positions = []
        for position in self.all_positions(account):
            listing = position.listing
            row = encode.account_position(self._exchange, account, position)
            full = encode.position_risk(self._exchange, account, position)
            positions.append(
                row
                | {
                    "leverage": plain(account.leverage(listing)),
                    "isolated": account.mode(listing) is MarginMode.ISOLATED,
                    "entryPrice": full["entryPrice"],
                    "breakEvenPrice": full["breakEvenPrice"],
                    "maxNotional": plain(largest_notional(listing, account.leverage(listing))),
                    "positionInitialMargin": full["positionInitialMargin"],
                    "openOrderInitialMargin": full["openOrderInitialMargin"],
                    "bidNotional": full["bidNotional"],
                    "askNotional": full["askNotional"],
                }
            )
        head = {
            "feeTier": 0,
            "canTrade": True,
            "canDeposit": True,
            "canWithdraw": True,
            "updateTime": 0,
            "multiAssetsMargin": False,
            "tradeGroupId": -1,
        }
        return {**head, **self._totals(account), "assets": self.assets(account), "positions": positions}

    def balance(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /fapi/v3/balance."""
        rows = []
        for row in self.assets(account):
            names = ("asset", "crossWalletBalance", "crossUnPnl", "availableBalance", "maxWithdrawAmount", "updateTime")
            rows.append(
                {"accountAlias": "SimA", "balance": row["walletBalance"], "marginAvailable": True}
                | {name: row[name] for name in names}
            )
        return rows

    def position_risk(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v3/positionRisk: only what is held or has orders."""
        symbol = parameters.get("symbol", "")
        return [
            encode.position_risk(self._exchange, account, position)
            for position in self._live(account)
            if symbol in ("", position.listing.symbol)
        ]

    def position_risk_v2(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v2/positionRisk: every symbol, with leverage and margin type."""
        symbol = parameters.get("symbol", "")
        rows = []
        for position in self.all_positions(account):
            listing = position.listing
            if symbol not in ("", listing.symbol):
                continue
            isolated, leverage = account.mode(listing) is MarginMode.ISOLATED, account.leverage(listing)
            rows.append(
                encode.position_risk(self._exchange, account, position)
                | {
                    "leverage": plain(leverage),
                    "marginType": "isolated" if isolated else "cross",
                    "isAutoAddMargin": "false",
                    "maxNotionalValue": plain(largest_notional(listing, leverage)),
                }
            )
        return rows

    def symbol_config(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v1/symbolConfig: where leverage and margin type are told."""
        symbol = parameters.get("symbol", "")
        return [
            {
                "symbol": listing.symbol,
                "marginType": "ISOLATED" if account.mode(listing) is MarginMode.ISOLATED else "CROSSED",
                "isAutoAddMargin": False,
                "leverage": int(account.leverage(listing)),
                "maxNotionalValue": plain(largest_notional(listing, account.leverage(listing))),
            }
            for listing in self._exchange.listed(self.category)
            if symbol in ("", listing.symbol)
        ]

    def account_config(self, _: Parameters, account: Account, key: ApiKey) -> Any:
        """GET /fapi/v1/accountConfig."""
        return {
            "feeTier": 0,
            "canTrade": key.may_trade,
            "canDeposit": True,
            "canWithdraw": True,
            "dualSidePosition": account.hedge_mode,
            "updateTime": 0,
            "multiAssetsMargin": False,
            "tradeGroupId": -1,
        }

    def leverage_bracket(self, parameters: Parameters, _: Account, __: ApiKey) -> Any:
        """GET /fapi/v1/leverageBracket."""
        if "symbol" in parameters:
            return [leverage_bracket(self.listing(parameters))]
        return [leverage_bracket(listing) for listing in self._exchange.listed(self.category)]

    def income(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v1/income: ascending; seven days without times."""
        start, end = self._window(parameters)
        symbol, kind = parameters.get("symbol", ""), parameters.get("incomeType", "")
        rows = [
            encode.income(row, self.category)
            for row in account.ledger
            if start <= row.time_ms <= end and row.wallet == self.category
        ]
        found = [row for row in rows if symbol in ("", row["symbol"]) and kind in ("", row["incomeType"])]
        return found[: min(whole(parameters, "limit", 100), 1000)]

    def user_trades(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /fapi/v1/userTrades: ascending, the oldest of the window first."""
        listing, (start, end) = self.listing(parameters), self._window(parameters)
        order = whole(parameters, "orderId", 0)
        rows = [
            encode.trade(fill)
            for fill in account.fills
            if fill.order is not None
            and fill.listing is listing
            and start <= fill.time_ms <= end
            and order in (0, fill.order.number)
        ]
        return rows[: min(whole(parameters, "limit", 500), 1000)]

    def commission_rate(self, parameters: Parameters, _: Account, __: ApiKey) -> Any:
        """GET /fapi/v1/commissionRate."""
        listing = self.listing(parameters)
        return {
            "symbol": listing.symbol,
            "makerCommissionRate": plain(listing.maker_fee),
            "takerCommissionRate": plain(listing.taker_fee),
        }

    def adl_quantile(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /fapi/v1/adlQuantile."""
        return [
            {"symbol": position.listing.symbol, "adlQuantile": {"LONG": 2, "SHORT": 2, "BOTH": 2}}
            for position in account.held()
            if position.listing.category == self.category
        ]

    def position_mode(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /fapi/v1/positionSide/dual: hedge mode or one-way, for all contracts."""
        return {"dualSidePosition": account.hedge_mode}

    def set_position_mode(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /fapi/v1/positionSide/dual: only while flat and without orders."""
        hedges = mandatory(parameters, "dualSidePosition").lower() == "true"
        if hedges is account.hedge_mode:
            raise BinanceRefusal(-4059, "No need to change position side.")
        if any(not order.listing.spot for order in account.open_orders()):
            raise BinanceRefusal(-4067, "Position side cannot be changed if there exists open orders.")
        if any(account.held()):
            raise BinanceRefusal(-4068, "Position side cannot be changed if there exists position.")
        self._exchange.settings.position_mode(account, hedges=hedges)
        return DONE

    def assets_mode(self, _: Parameters, __: Account, ___: ApiKey) -> Any:
        """GET /fapi/v1/multiAssetsMargin: single-asset always."""
        return {"multiAssetsMargin": False}

    def set_margin_type(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /fapi/v1/marginType: only while flat and without orders."""
        listing = self.listing(parameters)
        modes = {"ISOLATED": MarginMode.ISOLATED, "CROSSED": MarginMode.CROSS}
        mode = modes.get(mandatory(parameters, "marginType"))
        if mode is None:
            raise BinanceRefusal(-4051, "Invalid marginType.")
        if mode is account.mode(listing):
            raise BinanceRefusal(-4046, "No need to change margin type.")
        if account.open_orders(listing):
            raise BinanceRefusal(-4047, "Margin type cannot be changed if there exists open orders.")
        if any(position.quantity for position in account.sides(listing)):
            raise BinanceRefusal(-4048, "Margin type cannot be changed if there exists position.")
        self._exchange.settings.margin_mode(account, mode, listing)
        return DONE

    def set_leverage(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /fapi/v1/leverage."""
        listing, leverage = self.listing(parameters), Decimal(whole(parameters, "leverage"))
        if not 1 <= leverage <= (listing.instrument.maximum_leverage or 1):
            raise BinanceRefusal(-4028, f"Leverage {leverage} is not valid")
        held = [position for position in account.sides(listing) if position.quantity]
        if held and account.mode(listing) is MarginMode.ISOLATED and leverage < account.leverage(listing):
            text = "Leverage reduction is not supported in Isolated Margin Mode with open positions."
            raise BinanceRefusal(-4161, text)
        most = largest_notional(listing, leverage)
        if any(self._exchange.risk.value(position) > most for position in held):
            raise BinanceRefusal(-2027, "Exceeded the maximum allowable position at current leverage.")
        self._exchange.settings.leverage(account, listing, leverage)
        name = "maxQty" if listing.inverse else "maxNotionalValue"
        return {"leverage": int(leverage), name: plain(most), "symbol": listing.symbol}

    def set_position_margin(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /fapi/v1/positionMargin: move margin to (1) or from (2) an isolated position."""
        listing, kind = self.listing(parameters), whole(parameters, "type")
        amount, side = _amount(parameters), position_side_of(parameters, hedges=account.hedges(listing))
        position = account.position(listing, side)
        if account.mode(listing) is not MarginMode.ISOLATED or not position.quantity:
            raise BinanceRefusal(-4046, "Add margin only support for isolated position.")
        if kind == 1:
            if amount > self._exchange.risk.available(account, listing.instrument.settle):
                raise BinanceRefusal(-2019, "Margin is insufficient.")
            position.margin += amount
        else:
            instrument = listing.instrument
            assert position.holding.entry_price is not None
            value = settle_notional(
                instrument.kind, position.quantity, instrument.contract_size, position.holding.entry_price
            )
            if position.margin - amount < value / account.leverage(listing):
                raise BinanceRefusal(-4053, "Reduce margin exceeds the removable amount.")
            position.margin -= amount
        position.updated_ms = self._exchange.now_ms
        self._exchange.listener(
            BalanceChanged(account, "margin", (listing.instrument.settle,), (position,), wallet=self.category)
        )
        done = {"code": 200, "msg": "Successfully modify position margin."}
        return {"amount": float(amount), **done, "type": kind}

    def key_restrictions(self, _: Parameters, __: Account, key: ApiKey) -> Any:
        """GET /sapi/v1/account/apiRestrictions: what the key may do."""
        return {
            "ipRestrict": False,
            "createTime": 1_700_000_000_000,
            "enableInternalTransfer": False,
            "enableFutures": key.may_trade,
            "enablePortfolioMarginTrading": False,
            "enableVanillaOptions": False,
            "permitsUniversalTransfer": False,
            "enableReading": True,
            "enableSpotAndMarginTrading": key.may_trade,
            "enableWithdrawals": key.permissions == "withdraw",
            "enableMargin": False,
            "enableFixApiTrade": False,
            "enableFixReadOnly": False,
        }

    def listing(self, parameters: Parameters) -> Listing:
        """The contract of ``symbol``. Raises BinanceRefusal."""
        listing = self._exchange.find(self.category, mandatory(parameters, "symbol"))
        if listing is None:
            raise BinanceRefusal(-1121, "Invalid symbol.")
        return listing

    def all_positions(self, account: Account) -> list[Position]:
        return [position for listing in self._exchange.listed(self.category) for position in account.sides(listing)]

    def _live(self, account: Account) -> Iterable[Position]:
        return (p for p in self.all_positions(account) if p.quantity or _ordered(account, p))

    def assets(self, account: Account) -> list[dict[str, Any]]:
        settled = dict.fromkeys(item.instrument.settle for item in self._exchange.listed(self.category))
        return [encode.asset(self._exchange, account, name, self.category) for name in settled]

    def _totals(self, account: Account) -> dict[str, str]:
        row = encode.asset(self._exchange, account, "USDT", self.category)
        return {
            "totalInitialMargin": row["initialMargin"],
            "totalMaintMargin": row["maintMargin"],
            "totalWalletBalance": row["walletBalance"],
            "totalUnrealizedProfit": row["unrealizedProfit"],
            "totalMarginBalance": row["marginBalance"],
            "totalPositionInitialMargin": row["positionInitialMargin"],
            "totalOpenOrderInitialMargin": row["openOrderInitialMargin"],
            "totalCrossWalletBalance": row["crossWalletBalance"],
            "totalCrossUnPnl": row["crossUnPnl"],
            "availableBalance": row["availableBalance"],
            "maxWithdrawAmount": row["maxWithdrawAmount"],
        }

    def _window(self, parameters: Parameters) -> tuple[int, int]:
        end = whole(parameters, "endTime", self._exchange.now_ms + 1000)
        return whole(parameters, "startTime", end - WEEK_MS), end


def _ordered(account: Account, position: Position) -> bool:
    return any(order.position_side is position.side for order in account.open_orders(position.listing))


def _amount(parameters: Parameters) -> Decimal:
    try:
        amount = Decimal(mandatory(parameters, "amount"))
    except InvalidOperation:
        amount = ZERO
    if not amount.is_finite() or amount <= 0:
        raise BinanceRefusal(-4055, "Amount must be positive.")
    return amount
