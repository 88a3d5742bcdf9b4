"""BingX's signed endpoints that read or set an account, of both kinds of contracts and of spot."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core.books import MarginMode
from feeds.sim.accounts import ZERO, Account, ApiKey, PositionSide
from feeds.sim.bingx import encode
from feeds.sim.bingx.protocol import BingxRefusal, Parameters, number, required, whole
from feeds.sim.bingx.reference import tiers
from feeds.sim.catalogue import Listing
from feeds.sim.events import BalanceChanged
from feeds.sim.exchange import Exchange
from feeds.sim.order_checks import largest_notional
from feeds.sim.risk import spot_locked
from feeds.sim.wire import places, plain

WEEK_MS = 7 * 86_400_000
_PERMISSIONS = {"read": [2], "trade": [1, 2, 3], "withdraw": [1, 2, 3, 4, 5]}
_MODES = {"ISOLATED": MarginMode.ISOLATED, "SEPARATE_ISOLATED": MarginMode.ISOLATED, "CROSSED": MarginMode.CROSS}
_SIDES = {"LONG": PositionSide.LONG, "SHORT": PositionSide.SHORT, "BOTH": PositionSide.BOTH}


class AccountApi:
    """One method an endpoint of one market: parameters, account and key in, ``data`` out. Raises BingxRefusal."""

    def __init__(self, exchange: Exchange, market: str) -> None:
        self._exchange, self._market = exchange, market

    # --- what is there -------------------------------------------------------------------------------------------

    def balance(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET …/user/balance. An asset that was never held comes as empty texts."""
        if self._market == "inverse":
            coins = dict.fromkeys(listing.instrument.settle for listing in self._exchange.listed("inverse"))
            return [encode.balance_row(self._exchange, account, coin) for coin in coins]
        empty = dict.fromkeys(("userId", "balance", "equity", "unrealizedProfit", "availableMargin"), "")
        never = {**empty, "usedMargin": "", "freezedMargin": "", "realisedProfit": "0", "asset": "USDC"}
        return [encode.balance_row(self._exchange, account, "USDT"), {**never, "shortUid": str(account.uid)[:8]}]

    def spot_balance(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /openApi/spot/v1/account/balance."""
        locked = spot_locked(account)
        return {
            "balances": [
                {
                    "asset": asset,
                    "disPlayName": "",
                    "free": plain(amount - locked.get(asset, ZERO)),
                    "locked": plain(locked.get(asset, ZERO)),
                }
                for asset, amount in account.wallets["spot"].items()
            ]
        }

    def positions(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET …/user/positions: what is held."""
        symbol = parameters.get("symbol", "")
        return [
            encode.position_row(self._exchange, account, position)
            for position in account.held()
            if position.listing.category == self._market and symbol in ("", position.listing.symbol)
        ]

    def income(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET /openApi/swap/v2/user/income: newest first; the last week without times."""
        start, end = window(parameters, self._exchange.now_ms, "startTime", "endTime")
        symbol, kind = parameters.get("symbol", ""), parameters.get("incomeType", "")
        rows = [
            encode.income(row)
            for row in reversed(account.ledger)
            if row.wallet == "swap" and row.amount and start <= row.time_ms <= end
        ]
        found = [row for row in rows if symbol in ("", row["symbol"]) and kind in ("", row["incomeType"])]
        return found[: whole(parameters, "limit", 100, lowest=1, highest=1000)]

    def commission(self, _: Parameters, __: Account, ___: ApiKey) -> Any:
        """GET …/user/commissionRate: nested for USDT-margined contracts, and as texts for coin-margined ones."""
        listing = self._exchange.listed(self._market)[0]
        if self._market == "inverse":
            return {
                "takerCommissionRate": plain(listing.taker_fee),
                "makerCommissionRate": plain(listing.maker_fee),
            }
        rates = {"takerCommissionRate": float(listing.taker_fee), "makerCommissionRate": float(listing.maker_fee)}
        return {"commission": rates}

    def tiers(self, parameters: Parameters, _: Account, __: ApiKey) -> Any:
        """GET /openApi/swap/v1/maintMarginRatio."""
        return tiers(self.listing(parameters))

    def permissions(self, _: Parameters, __: Account, key: ApiKey) -> Any:
        """GET /openApi/v1/account/apiPermissions, which has no envelope."""
        return {"apiKey": key.key, "permissions": _PERMISSIONS[key.permissions], "ipAddresses": [], "note": "simulated"}

    def coins(self, _: Parameters, __: Account, ___: ApiKey) -> Any:
        """GET /openApi/wallets/v1/capital/config/getall."""
        coins = dict.fromkeys(("USDT", *(listing.instrument.base for listing in self._exchange.listed("spot"))))
        network = {"depositEnable": True, "withdrawEnable": True, "isDefault": True, "withdrawPrecision": 8}
        limits = {"withdrawMin": "0.001", "withdrawMax": "1000000", "withdrawFee": "0.0001", "depositMin": "0.0001"}
        return [
            {"coin": coin, "name": coin, "networkList": [{"name": coin, "network": coin, **network, **limits}]}
            for coin in coins
        ]

    # --- settings ------------------------------------------------------------------------------------------------

    def position_mode(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /openApi/swap/v1/positionSide/dual: as text."""
        return {"dualSidePosition": "true" if account.hedge_mode else "false"}

    def set_position_mode(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST /openApi/swap/v1/positionSide/dual: only while flat and without orders."""
        hedges = required(parameters, "dualSidePosition").lower() == "true"
        busy = any(account.held()) or any(not order.listing.spot for order in account.open_orders())
        if hedges is not account.hedge_mode:
            if busy:
                raise BingxRefusal(104103, "Position mode cannot be changed while there are positions or orders")
            self._exchange.settings.position_mode(account, hedges=hedges)
        return {"dualSidePosition": "true" if hedges else "false"}

    def margin_type(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET …/trade/marginType."""
        listing = self.listing(parameters)
        mode = "ISOLATED" if account.mode(listing) is MarginMode.ISOLATED else "CROSSED"
        if self._market == "inverse":
            return [{"symbol": listing.symbol, "marginType": mode}]
        return {"marginType": mode}

    def set_margin_type(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST …/trade/marginType: only while flat and without orders."""
        listing, mode = self.listing(parameters), _MODES.get(required(parameters, "marginType").upper())
        if mode is None:
            raise BingxRefusal(109400, "Invalid parameters, err:marginType is invalid")
        if mode is not account.mode(listing):
            if account.open_orders(listing) or any(position.quantity for position in account.sides(listing)):
                raise BingxRefusal(109400, "The margin mode cannot be changed while there are positions or orders")
            self._exchange.settings.margin_mode(account, mode, listing)
        return None

    def leverage(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET …/trade/leverage: of both sides, in either mode."""
        listing = self.listing(parameters)
        most = int(listing.instrument.maximum_leverage or 1)
        long, short = (int(account.leverage(listing, side)) for side in (PositionSide.LONG, PositionSide.SHORT))
        data: dict[str, Any] = {
            "longLeverage": long,
            "shortLeverage": short,
            "maxLongLeverage": most,
            "maxShortLeverage": most,
        }
        return data | {"symbol": listing.symbol} if self._market == "inverse" else data

    def set_leverage(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST …/trade/leverage: of one side in hedge mode, of the contract otherwise."""
        listing, leverage = self.listing(parameters), Decimal(whole(parameters, "leverage", 0))
        side = _SIDES.get(required(parameters, "side").upper())
        if side is None:
            raise BingxRefusal(109400, "Invalid parameters, err:side is invalid")
        if not 1 <= leverage <= (listing.instrument.maximum_leverage or 1):
            raise BingxRefusal(101414, f"leverage {leverage} is over the limit")
        sides = account.sides(listing) if side is PositionSide.BOTH else (account.position(listing, side),)
        most = largest_notional(listing, leverage)
        if any(self._exchange.risk.value(position) > most for position in sides if position.quantity):
            raise BingxRefusal(101209, "The position exceeds the limit at this leverage")
        own = side if account.hedges(listing) else PositionSide.BOTH
        self._exchange.settings.leverage(account, listing, leverage, own)
        return {"leverage": int(leverage), "symbol": listing.symbol}

    def set_position_margin(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST …/trade/positionMargin: move margin to (1) or from (2) an isolated position."""
        listing, amount = self.listing(parameters), number(parameters, "amount")
        kind, side = whole(parameters, "type", 0), _SIDES.get(parameters.get("positionSide", "LONG").upper())
        hedged = account.hedges(listing)
        position = account.position(listing, side if side is not None and hedged else PositionSide.BOTH)
        if account.mode(listing, position.side) is not MarginMode.ISOLATED or not position.quantity or amount <= 0:
            raise BingxRefusal(101205, "No position to adjust")
        free = self._exchange.risk.available(account, listing.instrument.settle)
        if kind not in (1, 2) or (kind == 1 and amount > free) or (kind == 2 and amount >= position.margin):
            raise BingxRefusal(101206, "Insufficient margin")
        position.margin += amount if kind == 1 else -amount
        if self._exchange.risk.doomed(account, position):
            position.margin -= amount if kind == 1 else -amount
            raise BingxRefusal(101206, "Insufficient margin")
        settle, wallet = listing.instrument.settle, account.rules.wallets[listing.category]
        self._exchange.listener(BalanceChanged(account, "margin", (settle,), (position,), ZERO, None, wallet))
        return {"amount": places(amount, 8), "type": kind}

    def listing(self, parameters: Parameters) -> Listing:
        """The contract that a request is about. Raises BingxRefusal."""
        listing = self._exchange.find(self._market, required(parameters, "symbol"))
        if listing is None:
            raise BingxRefusal(109425, f"{parameters['symbol'][:40]} does not exist")
        return listing


def window(parameters: Parameters, now_ms: int, since: str, until: str) -> tuple[int, int]:
    """The stretch that a request is about: a week at most. Raises BingxRefusal."""
    end = whole(parameters, until, now_ms)
    start = whole(parameters, since, max(0, end - WEEK_MS))
    if start > end or end - start > WEEK_MS:
        raise BingxRefusal(109400, f"Invalid parameters, err:{since} and {until} span more than 7 days")
    return start, end


def page(parameters: Parameters, rows: Sequence[Any], default: int) -> Sequence[Any]:
    """One page of rows. Raises BingxRefusal."""
    size = whole(parameters, "pageSize", default, lowest=1, highest=1000)
    first = (whole(parameters, "pageIndex", 1, lowest=1) - 1) * size
    return rows[first : first + size]
