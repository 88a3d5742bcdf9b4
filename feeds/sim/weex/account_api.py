"""WEEX's signed endpoints that read or set an account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.books import MarginMode
from core.pnl import settle_notional
from feeds.sim.accounts import Account, ApiKey, Position, PositionSide
from feeds.sim.catalogue import Listing
from feeds.sim.events import BalanceChanged
from feeds.sim.exchange import Exchange
from feeds.sim.weex import encode
from feeds.sim.weex.market_data import MarketData
from feeds.sim.weex.protocol import Parameters, WeexRefusal, decimal, done, mandatory, whole
from feeds.sim.wire import places, plain

MODES = {"CROSSED": MarginMode.CROSS, "ISOLATED": MarginMode.ISOLATED}
HUNDRED_DAYS_MS = 100 * 86_400_000


class AccountApi:
    """One method an endpoint: parameters, account and key in, a JSON body out. Raises WeexRefusal."""

    def __init__(self, exchange: Exchange, contracts: MarketData) -> None:
        self._exchange, self._contracts = exchange, contracts

    def balance(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET account/balance."""
        return [encode.balance(self._exchange, account, "USDT")]

    def config(self, _: Parameters, account: Account, key: ApiKey) -> Any:
        """GET account/accountConfig: of the account, whatever the key may do."""
        return {
            "canTrade": True,
            "canDeposit": True,
            "canWithdraw": True,
            "dualSidePosition": account.hedge_mode,
            "updateTime": account.updated_ms,
        }

    def symbol_config(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET account/symbolConfig."""
        wanted = [self._contracts.listing(parameters)] if "symbol" in parameters else self._exchange.listed("linear")
        return [
            {
                "symbol": listing.symbol,
                "marginType": "ISOLATED" if account.mode(listing) is MarginMode.ISOLATED else "CROSSED",
                "separatedType": "COMBINED",
                **{name: plain(value) for name, value in encode.leverages(account, listing).items()},
            }
            for listing in wanted
        ]

    def commission_rate(self, parameters: Parameters, _: Account, __: ApiKey) -> Any:
        """GET account/commissionRate."""
        listing = self._contracts.listing(parameters)
        return {
            "symbol": listing.symbol,
            "makerCommissionRate": plain(listing.maker_fee),
            "takerCommissionRate": plain(listing.taker_fee),
        }

    def positions(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """GET account/position/allPosition and singlePosition: what is held."""
        symbol = str(parameters.get("symbol", ""))
        return [
            encode.position(self._exchange, account, item)
            for item in account.held()
            if item.listing.category == "linear" and symbol in ("", item.listing.symbol)
        ]

    def income(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST account/income: newest first, a hundred at most; times as a pair."""
        if ("startTime" in parameters) is not ("endTime" in parameters):
            raise WeexRefusal(-1170, "startTime and endTime are sent together.")
        start, end = whole(parameters, "startTime", 0), whole(parameters, "endTime", 1 << 53)
        if start > end:
            raise WeexRefusal(-1171, "startTime is after endTime.")
        if "startTime" in parameters and end - start > HUNDRED_DAYS_MS:
            raise WeexRefusal(-1170, "The range is longer than 100 days.")
        kinds = {name: str(parameters.get(name) or "") for name in ("asset", "symbol", "incomeType")}
        rows = [
            encode.income(row) for row in account.ledger if row.wallet == "contract" and start <= row.time_ms <= end
        ]
        found = [row for row in rows if all(value in ("", row[name]) for name, value in kinds.items())][::-1]
        limit = whole(parameters, "limit", 20)
        if not 1 <= limit <= 100:
            raise WeexRefusal(-1142, "Illegal parameter 'limit'.")
        more = len(found) > limit
        return {"hasNextPage": more, "nextKey": str(found[limit]["billId"]) if more else None, "items": found[:limit]}

    def set_margin_type(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST account/marginType: only while flat and without orders; positions are not kept apart here."""
        listing, mode = self._contracts.listing(parameters), MODES.get(mandatory(parameters, "marginType"))
        if mode is None or parameters.get("separatedType", "COMBINED") != "COMBINED":
            raise WeexRefusal(-1142, "Illegal parameter 'marginType' or 'separatedType'.")
        if account.open_orders(listing) or any(item.quantity for item in account.sides(listing)):
            raise WeexRefusal(-1190, "There are open orders or positions.")
        self._exchange.settings.margin_mode(account, mode, listing)
        return done(self._exchange.now_ms)

    def set_leverage(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST account/leverage: those that are named, else the one leverage of both sides."""
        listing = self._contracts.listing(parameters)
        mode = parameters.get("marginType")
        named = {
            name: decimal(parameters, name)
            for name in ("crossLeverage", "isolatedLongLeverage", "isolatedShortLeverage")
            if parameters.get(name) not in (None, "")
        }
        most = listing.instrument.maximum_leverage or Decimal(1)
        if not named or any(not 1 <= value <= most for value in named.values()):
            raise WeexRefusal(-3313, "Invalid leverage.")
        sides = {"isolatedLongLeverage": PositionSide.LONG, "isolatedShortLeverage": PositionSide.SHORT}
        for name, value in named.items():
            for side in (sides[name],) if name in sides else PositionSide:
                self._exchange.settings.leverage(account, listing, value, side)
        told = {name: plain(value) for name, value in encode.leverages(account, listing).items()}
        return {"symbol": listing.symbol, "marginType": mode or "CROSSED", **told}

    def set_position_margin(self, parameters: Parameters, account: Account, _: ApiKey) -> Any:
        """POST account/positionMargin: move margin to (1) or from (2) an isolated position, by its number."""
        number, kind = mandatory(parameters, "isolatedPositionId"), whole(parameters, "type", 0)
        amount, item = decimal(parameters, "amount"), self._isolated(account, number)
        if amount <= 0 or kind not in (1, 2):
            raise WeexRefusal(-1142, "Illegal parameter 'amount' or 'type'.")
        listing, entry = item.listing, item.holding.entry_price
        instrument = listing.instrument
        assert entry is not None
        if kind == 1 and amount > self._exchange.risk.available(account, instrument.settle):
            raise WeexRefusal(-1054, "The amount is not enough.")
        value = settle_notional(instrument.kind, item.quantity, instrument.contract_size, entry)
        if kind == 2 and item.margin - amount < value / account.leverage(listing, item.side):
            raise WeexRefusal(-1054, "The amount is not enough.")
        item.margin += amount if kind == 1 else -amount
        item.updated_ms = self._exchange.now_ms
        self._exchange.listener(BalanceChanged(account, "margin", (instrument.settle,), (item,), wallet="contract"))
        return done(self._exchange.now_ms)

    def spot_account(self, _: Parameters, account: Account, __: ApiKey) -> Any:
        """GET /api/v3/account/: spot balances."""
        return {
            "makerCommission": 10,
            "takerCommission": 10,
            "commissionRates": {"maker": "0.0010", "taker": "0.0010"},
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "updateTime": account.updated_ms,
            "accountType": "SPOT",
            "balances": [
                {"asset": name, "free": places(amount, 8), "locked": "0"}
                for name, amount in account.wallets["spot"].items()
            ],
            "permissions": ["SPOT"],
            "uid": account.uid,
        }

    def _isolated(self, account: Account, number: str) -> Position:
        for item in account.held():
            listing: Listing = item.listing
            told = encode.position(self._exchange, account, item)
            if str(told["id"]) == number and account.mode(listing, item.side) is MarginMode.ISOLATED:
                return item
        raise WeexRefusal(-1142, "Illegal parameter 'isolatedPositionId'.")
