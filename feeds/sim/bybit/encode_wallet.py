"""Wallets and the transaction log as Bybit writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.books import MarginMode
from feeds.sim.accounts import ZERO, Account, LedgerRow, Purpose
from feeds.sim.bybit.encode import Fields, coin_amount, side_word
from feeds.sim.exchange import Exchange
from feeds.sim.risk import spot_locked
from feeds.sim.wire import places, plain

_LEDGER_TYPES = {
    Purpose.TRADE: "TRADE",
    Purpose.FUNDING: "SETTLEMENT",
    Purpose.LIQUIDATION: "LIQUIDATION",
    Purpose.ADL: "ADL",
    Purpose.DELIVERY: "DELIVERY",
}


def wallet(exchange: Exchange, account: Account, coins: Iterable[str]) -> Fields:
    """The wallet object: complete totals, and the coins asked for. Isolated accounts have no account-wide figures.

    Balances are whole; rates and what is available are reckoned after the haircut on the coins.
    """
    health = exchange.risk.health(account, "USD")
    equity = sum((_coin_equity(exchange, account, coin) * exchange.risk.usd(coin) for coin in account.wallet), ZERO)
    held = sum((amount * exchange.risk.usd(coin) for coin, amount in account.wallet.items()), ZERO)
    isolated = account.account_mode is MarginMode.ISOLATED
    initial = health.initial + health.order_initial
    counted = health.counted
    ratios = (initial / counted, health.maintenance / counted) if counted > 0 else (ZERO, ZERO)
    figures = {
        "accountIMRate": places(ratios[0], 4),
        "accountIMRateByMp": places(ratios[0], 4),
        "accountMMRate": places(ratios[1], 4),
        "accountMMRateByMp": places(ratios[1], 4),
        "totalMarginBalance": places(health.equity, 8),
        "totalAvailableBalance": places(max(ZERO, health.available), 8),
        "totalInitialMargin": places(initial, 8),
        "totalInitialMarginByMp": places(initial, 8),
        "totalMaintenanceMargin": places(health.maintenance, 8),
        "totalMaintenanceMarginByMp": places(health.maintenance, 8),
    }
    return {
        **(dict.fromkeys(figures, "") if isolated else figures),
        "totalEquity": places(equity, 8),
        "totalWalletBalance": places(held, 8),
        "totalPerpUPL": places(equity - held, 8),
        "accountType": "UNIFIED",
        "accountLTV": "0",
        "coin": [_wallet_coin(exchange, account, coin) for coin in coins],
    }


def transactions(rows: Sequence[LedgerRow]) -> list[Fields]:
    """The transaction log of ledger rows, in their order: what one fill did to one coin is one row.

    ``change = cashFlow + funding − fee``; ``funding`` + is received, the opposite of an execution's fee.
    """
    grouped: dict[tuple[str, str], list[LedgerRow]] = {}
    for row in rows:
        grouped.setdefault((str(row.number) if row.fill is None else row.fill.identity, row.asset), []).append(row)
    return [_transaction(group) for group in grouped.values()]


def _transaction(group: Sequence[LedgerRow]) -> Fields:
    row, fill = group[-1], group[-1].fill
    amounts = {kind: sum((r.amount for r in group if r.kind == kind), ZERO) for kind in {r.kind for r in group}}
    fee = -amounts.get("fee", ZERO) - amounts.get("insurance", ZERO)
    funding = amounts.get("funding")
    change = sum(amounts.values(), ZERO)
    order = None if fill is None else fill.order
    return {
        "id": f"{group[0].number}_{row.symbol}",
        "symbol": row.symbol,
        "category": row.category,
        "side": "None" if fill is None else side_word(fill.side),
        "transactionTime": str(row.time_ms),
        "type": "TRANSFER_IN" if fill is None else _LEDGER_TYPES[fill.purpose],
        "transSubType": "",
        "qty": "0" if fill is None else plain(fill.quantity),
        "size": plain(row.position),
        "currency": row.asset,
        "tradePrice": "0" if fill is None else plain(fill.price),
        "funding": "" if funding is None else plain(funding),
        "fee": plain(fee),
        "cashFlow": plain(change + fee - (funding or ZERO)),
        "change": plain(change),
        "cashBalance": plain(row.balance),
        "feeRate": "0" if fill is None else plain(fill.fee_rate),
        "bonusChange": "",
        "tradeId": "" if fill is None else fill.identity,
        "orderId": "" if order is None else order.identity,
        "orderLinkId": "" if order is None else order.client_id,
    }


def chosen_coins(account: Account, named: Sequence[str]) -> list[str]:
    """The coins of a wallet answer: those named, else those that are not zero."""
    return list(named) if named else [coin for coin, amount in account.wallet.items() if amount]


def _wallet_coin(exchange: Exchange, account: Account, coin: str) -> Fields:
    risk, ever = exchange.risk, [p for p in account.positions.values() if p.listing.instrument.settle == coin]
    held = [position for position in ever if position.quantity]
    orders = [o for o in account.orders.values() if o.listing.instrument.settle == coin]
    equity = _coin_equity(exchange, account, coin)
    return {
        "coin": coin,
        "equity": plain(equity.quantize(Decimal("0.00000001"))),
        "usdValue": places(equity * risk.usd(coin), 8),
        "walletBalance": plain(account.wallet.get(coin, ZERO)),
        "locked": plain(spot_locked(account).get(coin, ZERO)),
        "spotHedgingQty": "0",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": coin_amount(sum((risk.order_initial(account, o) for o in orders), ZERO)),
        "totalPositionIM": coin_amount(sum((risk.initial(account, p) for p in held), ZERO)),
        "totalPositionMM": coin_amount(sum((risk.maintenance(p) + risk.closing_fee(account, p) for p in held), ZERO)),
        "unrealisedPnl": coin_amount(sum((risk.unrealised(p) for p in held), ZERO)),
        "cumRealisedPnl": coin_amount(
            sum(
                (p.cumulative_realised for p in account.positions.values() if p.listing.instrument.settle == coin), ZERO
            )
        ),
        "bonus": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
        "colRes": "",
        "spotBorrow": "0",
        "availableToWithdraw": "",
        "availableToBorrow": "",
    }


def _coin_equity(exchange: Exchange, account: Account, coin: str) -> Decimal:
    profit = sum((exchange.risk.unrealised(p) for p in account.held() if p.listing.instrument.settle == coin), ZERO)
    return account.wallet.get(coin, ZERO) + profit
