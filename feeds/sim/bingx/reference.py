"""Contracts, pairs, tiers, rates and statistics as BingX writes them over REST."""

from __future__ import annotations

from typing import Any

from feeds.sim import figures
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.funding import HOUR_MS
from feeds.sim.order_checks import Trading
from feeds.sim.wire import decimals, places, plain, short

_STATUS = {Trading.TRADING: 1, Trading.CLOSING_ONLY: 25}
_LISTED_MS = 1_700_000_000_000


def contract(exchange: Exchange, listing: Listing, number: int) -> dict[str, Any]:
    """A USDT-margined contract. ``size`` is obsolete and misleads whoever multiplies by it."""
    instrument, state = listing.instrument, exchange.trading(listing)
    return {
        "contractId": str(100 + number),
        "symbol": listing.symbol,
        "size": short(instrument.quantity_step),
        "quantityPrecision": decimals(instrument.quantity_step),
        "pricePrecision": decimals(instrument.tick_size),
        "feeRate": float(listing.taker_fee),
        "makerFeeRate": float(listing.maker_fee),
        "takerFeeRate": float(listing.taker_fee),
        "tradeMinLimit": 0,
        "tradeMinQuantity": float(instrument.minimum_quantity),
        "tradeMinUSDT": float(instrument.minimum_notional or 0),
        "maxLongLeverage": int(instrument.maximum_leverage or 1),
        "maxShortLeverage": int(instrument.maximum_leverage or 1),
        "currency": instrument.settle,
        "asset": instrument.base,
        "status": _STATUS.get(state, 0),
        "apiStateOpen": "true" if state is Trading.TRADING else "false",
        "apiStateClose": "true",
        "ensureTrigger": True,
        "triggerFeeRate": "0.00050000",
        "brokerState": True,
        "launchTime": _LISTED_MS,
        "maintainTime": 0,
        "offTime": 0,
        "displayName": listing.symbol,
    }


def inverse_contract(exchange: Exchange, listing: Listing) -> dict[str, Any]:
    """A coin-margined contract: ``minTickSize`` is what it is worth in US dollars."""
    instrument = listing.instrument
    return {
        "symbol": listing.symbol,
        "pricePrecision": decimals(instrument.tick_size),
        "minTickSize": plain(instrument.contract_size),
        "minTradeValue": plain(instrument.minimum_notional or instrument.contract_size),
        "minQty": places(instrument.minimum_quantity, 8),
        "status": _STATUS.get(exchange.trading(listing), 0),
        "timeOnline": _LISTED_MS,
    }


def pair(exchange: Exchange, listing: Listing) -> dict[str, Any]:
    """A spot pair; its figures are numbers."""
    instrument, state = listing.instrument, exchange.trading(listing)
    return {
        "symbol": listing.symbol,
        "tickSize": float(instrument.tick_size),
        "stepSize": float(instrument.quantity_step),
        "minQty": float(instrument.minimum_quantity),
        "maxQty": float(instrument.maximum_quantity or 0),
        "minNotional": float(instrument.minimum_notional or 0),
        "maxNotional": 500_000,
        "status": _STATUS.get(state, 0),
        "apiStateBuy": state is Trading.TRADING,
        "apiStateSell": True,
        "timeOnline": _LISTED_MS,
        "offTime": 0,
        "maintainTime": 0,
    }


def tiers(listing: Listing) -> list[dict[str, str]]:
    """The maintenance tiers of a USDT-margined contract."""
    assert listing.tiers is not None
    return [
        {
            "tier": f"Tier {number}",
            "symbol": listing.symbol,
            "minPositionVal": plain(tier.floor),
            "maxPositionVal": "" if tier.cap is None else plain(tier.cap),
            "maintMarginRatio": places(tier.rate, 6),
            "maintAmount": places(tier.deduction, 6),
        }
        for number, tier in enumerate(listing.tiers.tiers, 1)
    ]


def premium(exchange: Exchange, listing: Listing) -> dict[str, Any]:
    """Mark, index and funding. ``lastFundingRate`` is the running estimate; ``updateTime`` is the last settlement's.

    Coin-margined contracts tell neither interval nor bounds.
    """
    quote, schedule = exchange.quote(listing), exchange.funding(listing)
    assert schedule is not None
    row: dict[str, Any] = {
        "symbol": listing.symbol,
        "markPrice": plain(quote.mark),
        "indexPrice": plain(quote.index),
        "lastFundingRate": places(schedule.rate, 8),
        "nextFundingTime": schedule.next_ms,
    }
    if not listing.inverse:
        row |= {
            "fundingIntervalHours": schedule.hours,
            "minFundingRate": places(schedule.floor, 8),
            "maxFundingRate": places(schedule.cap, 8),
            "updateTime": schedule.next_ms - schedule.hours * HOUR_MS,
        }
    return row


def statistics(exchange: Exchange, listing: Listing) -> dict[str, Any]:
    """The last 24 hours over REST. The window's start may lie after its end, as it does at the venue."""
    quote, day = exchange.quote(listing), figures.day(exchange, listing)
    now = exchange.now_ms
    per_cent = places(day.change_fraction * 100, 2)
    row: dict[str, Any] = {
        "symbol": listing.symbol,
        "priceChange": plain(day.change),
        "priceChangePercent": per_cent if listing.category == "linear" else f"{per_cent}%",
        "lastPrice": plain(day.last),
        "lastQty": plain(quote.last_size),
        "highPrice": plain(day.high),
        "lowPrice": plain(day.low),
        "volume": plain(day.volume),
        "quoteVolume": plain(day.turnover),
        "openPrice": plain(day.open),
        "bidPrice": plain(quote.bid),
        "bidQty": plain(quote.bid_size),
        "askPrice": plain(quote.ask),
        "askQty": plain(quote.ask_size),
    }
    if listing.category == "linear":
        return row | {"openTime": now + 27, "closeTime": now}
    if listing.category == "inverse":
        return row | {"closeTime": str(now)}
    numbers = ("priceChange", "lastPrice", "highPrice", "lowPrice", "volume", "quoteVolume", "openPrice")
    figures_of = {name: float(row[name]) for name in (*numbers, "bidPrice", "bidQty", "askPrice", "askQty")}
    return row | figures_of | {"openTime": now - 86_400_000, "closeTime": now}
