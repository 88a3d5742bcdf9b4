"""Bybit's signed endpoints that read or set an account: wallet, positions, history, leverage and modes."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from core.books import MarginMode
from core.instruments import ContractKind
from feeds.sim.accounts import Account, ApiKey, Purpose
from feeds.sim.bybit import encode, encode_wallet
from feeds.sim.bybit.protocol import (
    LONGEST_WINDOW_MS,
    BybitRefusal,
    Parameters,
    one_page,
    required,
    text,
    whole,
    window,
)
from feeds.sim.catalogue import COINS, Listing
from feeds.sim.exchange import Exchange
from feeds.sim.wire import plain

Result = dict[str, Any]
DAY_MS = 86_400_000
CREATED_MS = 1_700_000_000_000

_MODES = {"ISOLATED_MARGIN": MarginMode.ISOLATED, "REGULAR_MARGIN": MarginMode.CROSS}


class AccountApi:
    """One method an endpoint: parameters, the account and the key in; ``result`` out. Raises BybitRefusal."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def info(self, _: Parameters, account: Account, __: ApiKey) -> Result:
        """GET /v5/account/info."""
        modes = {mode: name for name, mode in _MODES.items()}
        return {
            "marginMode": modes[account.account_mode],
            "updatedTime": str(CREATED_MS),
            "unifiedMarginStatus": 5,
            "dcpStatus": "OFF",
            "timeWindow": 10,
            "smpGroup": 0,
            "isMasterTrader": False,
            "spotHedgingStatus": "OFF",
        }

    def wallet_balance(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """GET /v5/account/wallet-balance."""
        if text(parameters, "accountType") != "UNIFIED":
            raise BybitRefusal(10001, "accountType only support UNIFIED.")
        named = [coin for coin in text(parameters, "coin").split(",") if coin]
        coins = encode_wallet.chosen_coins(account, named)
        return {"list": [encode_wallet.wallet(self._exchange, account, coins)]}

    def positions(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """GET /v5/position/list: by symbol also when empty, by settle coin only what is held."""
        category, symbol, settle = (text(parameters, name) for name in ("category", "symbol", "settleCoin"))
        if category not in ("linear", "inverse"):
            raise BybitRefusal(10001, "params error: category invalid")
        if category == "linear" and not symbol and not settle:
            raise BybitRefusal(10001, "Missing some parameters that must be filled in, symbol or settleCoin")
        if symbol:
            found = list(account.sides(self.listing(category, symbol)))
        else:
            found = [
                position
                for position in account.held()
                if position.listing.category == category and settle in ("", position.listing.instrument.settle)
            ]
        rows, cursor = one_page(parameters, found, whole(parameters, "limit", 20, lowest=1, highest=200))
        listed = [encode.position(self._exchange, account, position) for position in rows]
        return {"list": listed, "nextPageCursor": cursor, "category": category}

    def executions(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """GET /v5/execution/list: newest first, seven days at most."""
        category, symbol = required(parameters, "category"), text(parameters, "symbol")
        kinds = {"Trade": Purpose.TRADE, "Funding": Purpose.FUNDING, "BustTrade": Purpose.LIQUIDATION}
        kinds |= {"AdlTrade": Purpose.ADL, "Delivery": Purpose.DELIVERY}
        kind, order = text(parameters, "execType"), text(parameters, "orderId")
        start, end = window(parameters, self._exchange.now_ms, LONGEST_WINDOW_MS)
        rows = [
            encode.execution(fill)
            for fill in reversed(account.fills)
            if fill.listing.category == category
            and symbol in ("", fill.listing.symbol)
            and kinds.get(kind, fill.purpose) is fill.purpose
            and (not order or (fill.order is not None and fill.order.identity == order))
            and start <= fill.time_ms <= end
        ]
        page, cursor = one_page(parameters, rows, whole(parameters, "limit", 50, lowest=1, highest=100))
        return {"category": category, "list": page, "nextPageCursor": cursor}

    def transactions(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """GET /v5/account/transaction-log: newest first; a day without times."""
        start, end = window(parameters, self._exchange.now_ms, DAY_MS)
        wanted = {name: text(parameters, name) for name in ("category", "currency", "type")}
        rows = encode_wallet.transactions([row for row in account.ledger if start <= row.time_ms <= end])
        found = [row for row in reversed(rows) if all(value in ("", row[name]) for name, value in wanted.items())]
        page, cursor = one_page(parameters, found, whole(parameters, "limit", 20, lowest=1, highest=50))
        return {"list": page, "nextPageCursor": cursor}

    def closed_profit(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """GET /v5/position/closed-pnl: one row a fill that closed something."""
        category, symbol = required(parameters, "category"), text(parameters, "symbol")
        rows = [
            {
                "symbol": fill.listing.symbol,
                "orderId": "" if fill.order is None else fill.order.identity,
                "side": "Buy" if fill.side == "buy" else "Sell",
                "qty": plain(fill.quantity),
                "orderPrice": plain(fill.price),
                "orderType": "Market",
                "execType": "Trade",
                "closedSize": plain(fill.closed),
                "avgExitPrice": plain(fill.price),
                "closedPnl": plain(fill.realised - fill.fee),
                "createdTime": str(fill.time_ms),
                "updatedTime": str(fill.time_ms),
            }
            for fill in reversed(account.fills)
            if fill.closed and fill.listing.category == category and symbol in ("", fill.listing.symbol)
        ]
        return {"category": category, "list": rows[:100], "nextPageCursor": ""}

    def fee_rates(self, parameters: Parameters, _: Account, __: ApiKey) -> Result:
        """GET /v5/account/fee-rate."""
        category, symbol = required(parameters, "category"), text(parameters, "symbol")
        rows = [
            {
                "symbol": listing.symbol,
                "baseCoin": "",
                "takerFeeRate": plain(listing.taker_fee),
                "makerFeeRate": plain(listing.maker_fee),
            }
            for listing in self._exchange.listed(category)
            if symbol in ("", listing.symbol)
        ]
        return {"category": category, "list": rows}

    def collateral(self, parameters: Parameters, _: Account, __: ApiKey) -> Result:
        """GET /v5/account/collateral-info: what may be borrowed (nothing here), and the first tier's ratio."""
        wanted = text(parameters, "currency")
        rows = [
            {
                "currency": coin,
                "hourlyBorrowRate": "0",
                "maxBorrowingAmount": "0",
                "freeBorrowingLimit": "0",
                "freeBorrowAmount": "0",
                "borrowAmount": "0",
                "otherBorrowAmount": "0",
                "availableToBorrow": "0",
                "borrowable": False,
                "freeBorrowingAmount": "",
                "borrowUsageRate": "0",
                "marginCollateral": True,
                "collateralSwitch": True,
                "collateralRatio": plain(steps[0].ratio),
            }
            for coin, steps in self._exchange.collateral.items()
            if wanted in ("", coin)
        ]
        return {"list": rows}

    def key_info(self, _: Parameters, account: Account, key: ApiKey) -> Result:
        """GET /v5/user/query-api: what the key may do."""
        trade = key.may_trade
        permissions: dict[str, list[str]] = {
            "ContractTrade": ["Order", "Position"],
            "Spot": ["SpotTrade"] if trade else [],
            "Wallet": ["AccountTransfer", "Withdraw"] if key.permissions == "withdraw" else [],
            "Options": [],
            "Derivatives": ["DerivativesTrade"] if trade else [],
            "Exchange": [],
            "Earn": [],
        }
        return {
            "id": str(account.uid),
            "note": f"simulated {key.permissions} key",
            "apiKey": key.key,
            "readOnly": int(not trade),
            "secret": "",
            "permissions": permissions,
            "ips": ["*"],
            "type": 1,
            "deadlineDay": 83,
            "expiredAt": "2099-12-31T00:00:00Z",
            "createdAt": "2023-11-14T22:13:20Z",
            "unified": 0,
            "uta": 1,
            "userID": account.uid,
            "inviterID": 0,
            "vipLevel": "No VIP",
            "isMaster": True,
            "parentUid": "0",
        }

    def coins(self, parameters: Parameters, _: Account, __: ApiKey) -> Result:
        """GET /v5/asset/coin/query-info."""
        wanted = text(parameters, "coin")
        names = ("USDT", "USDC", *(coin.name for coin in COINS))
        rows = [
            {"name": name, "coin": name, "remainAmount": "1000000", "chains": []}
            for name in names
            if wanted in ("", name)
        ]
        return {"rows": rows}

    def set_leverage(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """POST /v5/position/set-leverage: both sides equal."""
        listing = self.listing(required(parameters, "category"), required(parameters, "symbol"))
        buy, sell = (_decimal(parameters, name) for name in ("buyLeverage", "sellLeverage"))
        most = listing.instrument.maximum_leverage
        if buy != sell or most is None or not 1 <= buy <= most:
            raise BybitRefusal(10001, "params error: leverage invalid")
        if account.leverage(listing) == buy:
            raise BybitRefusal(110043, "leverage not modified")
        if any(p.quantity for p in account.sides(listing)) and account.mode(listing) is MarginMode.ISOLATED:
            raise BybitRefusal(110028, "leverage of an open isolated position is not changed here")
        self._exchange.settings.leverage(account, listing, buy)
        return {}

    def switch_mode(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """POST /v5/position/switch-mode: hedge mode (3) or one-way (0), of a USDT perpetual or of all; while flat."""
        mode, symbol = whole(parameters, "mode", 0), text(parameters, "symbol")
        if required(parameters, "category") != "linear" or mode not in (0, 3):
            raise BybitRefusal(10001, "params error: category or mode invalid")
        coin = text(parameters, "coin")
        listings = [
            listing
            for listing in self._exchange.listed("linear")
            if (listing.symbol == symbol if symbol else listing.instrument.settle == coin)
            and listing.instrument.perpetual
            and listing.instrument.settle == "USDT"
        ]
        if not listings:
            raise BybitRefusal(10001, "params error: symbol or coin invalid")
        if all(account.hedges(listing) is (mode == 3) for listing in listings):
            raise BybitRefusal(110025, "Position mode is not modified")
        for listing in listings:
            if any(position.quantity for position in account.sides(listing)) or account.open_orders(listing):
                raise BybitRefusal(110028, "position mode cannot be switched with positions or open orders")
        self._exchange.settings.position_mode(account, hedges=mode == 3, listings=listings)
        return {}

    def set_margin_mode(self, parameters: Parameters, account: Account, _: ApiKey) -> Result:
        """POST /v5/account/set-margin-mode: account wide, only while flat."""
        mode = _MODES.get(required(parameters, "setMarginMode"))
        if mode is None:
            raise BybitRefusal(10001, "setMarginMode invalid")
        if mode is account.account_mode:
            raise BybitRefusal(110026, "Cross/isolated margin mode is not modified")
        if any(account.held()) or account.orders:
            raise BybitRefusal(3400045, "Set margin mode failed")
        self._exchange.settings.margin_mode(account, mode)
        return {"reasons": []}

    def listing(self, category: str, symbol: str) -> Listing:
        """A contract. Raises BybitRefusal."""
        listing = self._exchange.find(category, symbol)
        if listing is None or listing.instrument.kind is ContractKind.SPOT:
            raise BybitRefusal(10001, "params error: symbol invalid")
        return listing


def _decimal(parameters: Parameters, name: str) -> Decimal:
    try:
        return Decimal(required(parameters, name))
    except InvalidOperation:
        raise BybitRefusal(10001, f"params error: {name} invalid") from None
