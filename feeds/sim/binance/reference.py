"""Binance's descriptions of what it lists: exchangeInfo of each product, fundingInfo, leverage brackets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from feeds.sim.binance.frames import product
from feeds.sim.catalogue import Listing
from feeds.sim.wire import decimals, places, plain, short

NEVER_MS = 4_133_404_800_000
ONBOARD_MS = 1_569_398_400_000
CONTRACT_TYPES = ("PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER")
"""By ``Listing.quarter``."""
DEFAULT_FUNDING_HOURS = 8

Fields = dict[str, Any]


def futures_exchange_info(listings: list[Listing], now_ms: int) -> Fields:
    """GET /fapi/v1/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": [
            _limit("REQUEST_WEIGHT", "MINUTE", 1, 2400),
            _limit("ORDERS", "MINUTE", 1, 1200),
            _limit("ORDERS", "SECOND", 10, 300),
        ],
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [_contract(listing) for listing in listings],
    }


def spot_exchange_info(listings: list[Listing], now_ms: int) -> Fields:
    """GET /api/v3/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": [_limit("REQUEST_WEIGHT", "MINUTE", 1, 6000), _limit("ORDERS", "SECOND", 10, 100)],
        "exchangeFilters": [],
        "symbols": [_pair(listing) for listing in listings],
    }


def coin_exchange_info(listings: list[Listing], now_ms: int) -> Fields:
    """GET /dapi/v1/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": [_limit("REQUEST_WEIGHT", "MINUTE", 1, 2400), _limit("ORDERS", "MINUTE", 1, 1200)],
        "exchangeFilters": [],
        "symbols": [_coin_contract(listing) for listing in listings],
    }


def funding_info(listings: list[Listing]) -> list[Fields]:
    """GET /fapi/v1/fundingInfo: only contracts whose interval or limits were ever adjusted."""
    rows = []
    for listing in listings:
        instrument = listing.instrument
        if instrument.funding_interval_hours in (None, DEFAULT_FUNDING_HOURS):
            continue
        assert instrument.funding_rate_cap is not None
        rows.append(
            {
                "symbol": listing.symbol,
                "adjustedFundingRateCap": places(instrument.funding_rate_cap, 8),
                "adjustedFundingRateFloor": places(-instrument.funding_rate_cap, 8),
                "fundingIntervalHours": instrument.funding_interval_hours,
                "disclaimer": False,
            }
        )
    return rows


def leverage_bracket(listing: Listing) -> Fields:
    """One element of GET leverageBracket; its figures are JSON numbers, of COIN-M in the coin."""
    assert listing.tiers is not None
    cap, floor = ("qtyCap", "qtylFloor") if listing.inverse else ("notionalCap", "notionalFloor")
    brackets = [
        {
            "bracket": number,
            "initialLeverage": int(tier.maximum_leverage or 1),
            cap: int(tier.cap or 0),
            floor: int(tier.floor),
            "maintMarginRatio": float(tier.rate),
            "cum": float(tier.deduction),
        }
        for number, tier in enumerate(listing.tiers.tiers, start=1)
    ]
    return {"symbol": listing.symbol, "notionalCoef": 1.0, "brackets": brackets}


def contract_info_event(listing: Listing, status: str, now_ms: int) -> Fields:
    """The ``!contractInfo`` event: a contract's status and brackets changed."""
    assert listing.tiers is not None
    previous_leverage = 0
    brackets: list[Fields] = []
    for number, tier in reversed(list(enumerate(listing.tiers.tiers, start=1))):
        top = int(tier.maximum_leverage or 1)
        brackets.append(
            {
                "bs": number,
                "bnf": int(tier.floor),
                "bnc": int(tier.cap or 0),
                "mmr": float(tier.rate),
                "cf": float(tier.deduction),
                "mi": previous_leverage + 1,
                "ma": top,
            }
        )
        previous_leverage = top
    return {
        "e": "contractInfo",
        "E": now_ms,
        "s": listing.symbol,
        **product(listing),
        "ct": CONTRACT_TYPES[listing.quarter],
        "dt": (listing.expiry_ms or NEVER_MS) if status == "TRADING" else now_ms,
        "ot": ONBOARD_MS,
        "cs": status,
        "bks": brackets[::-1],
    }


def _coin_contract(listing: Listing) -> Fields:
    """As a USDⓈ-M contract, with its size, another name for its status, and no least notional."""
    row = _contract(listing)
    row["contractStatus"] = row.pop("status")
    row["contractSize"] = int(listing.instrument.contract_size)
    row["equalQtyPrecision"] = 4
    row["filters"] = [item for item in row["filters"] if item["filterType"] != "MIN_NOTIONAL"]
    return row


def _contract(listing: Listing) -> Fields:
    instrument, tick, step = listing.instrument, listing.instrument.tick_size, listing.instrument.quantity_step
    assert instrument.maximum_quantity is not None
    assert listing.tiers is not None
    lots = {
        "minQty": short(instrument.minimum_quantity),
        "maxQty": short(instrument.maximum_quantity),
        "stepSize": short(step),
    }
    return {
        "symbol": listing.symbol,
        "pair": listing.pair,
        "contractType": CONTRACT_TYPES[listing.quarter],
        "deliveryDate": listing.expiry_ms or NEVER_MS,
        "onboardDate": ONBOARD_MS,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.settle,
        "pricePrecision": decimals(tick),
        "quantityPrecision": decimals(step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"] if instrument.base in ("BTC", "DOGE") else ["Layer-1"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": short(tick),
                "maxPrice": short(listing.maximum_price),
                "tickSize": short(tick),
            },
            {"filterType": "LOT_SIZE", **lots},
            {"filterType": "MARKET_LOT_SIZE", **lots},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": short(instrument.minimum_notional or Decimal(0))},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": "1.0500",
                "multiplierDown": "0.9500",
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def _pair(listing: Listing) -> Fields:
    instrument, tick = listing.instrument, listing.instrument.tick_size
    assert instrument.maximum_quantity is not None
    return {
        "symbol": listing.symbol,
        "status": "TRADING",
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": plain(tick),
                "maxPrice": places(listing.maximum_price, 8),
                "tickSize": places(tick, 8),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": places(instrument.minimum_quantity, 8),
                "maxQty": places(instrument.maximum_quantity, 8),
                "stepSize": places(instrument.quantity_step, 8),
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": places(instrument.minimum_notional or Decimal(0), 8),
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


def _limit(kind: str, interval: str, number: int, limit: int) -> Fields:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
