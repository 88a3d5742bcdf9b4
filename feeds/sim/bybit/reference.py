"""Bybit's descriptions of what it lists: instruments-info, risk-limit and tickers, as their JSON bodies."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.instruments import ContractKind
from feeds.sim.catalogue import Listing
from feeds.sim.exchange import Exchange
from feeds.sim.figures import day
from feeds.sim.wire import decimals, places, plain

LAUNCHED_MS = 1_585_526_400_000

Fields = dict[str, Any]


def instrument_info(listing: Listing) -> Fields:
    """One row of instruments-info."""
    return _spot_info(listing) if listing.category == "spot" else _contract_info(listing)


def idle_info(model: Fields, symbol: str) -> Fields:
    """The row of a contract that is listed and never trades, alike to another in all but its name."""
    return model | {"symbol": symbol, "baseCoin": symbol.removesuffix("USDT"), "symbolId": sum(symbol.encode())}


def _contract_info(listing: Listing) -> Fields:
    instrument = listing.instrument
    tick, step = instrument.tick_size, instrument.quantity_step
    assert instrument.maximum_leverage is not None
    assert instrument.maximum_quantity is not None
    dated = listing.expiry_ms is not None
    kind = "Inverse" if instrument.kind is ContractKind.INVERSE else "Linear"
    lots = {
        "maxOrderQty": plain(instrument.maximum_quantity),
        "minOrderQty": plain(instrument.minimum_quantity),
        "qtyStep": plain(step),
        "postOnlyMaxOrderQty": plain(instrument.maximum_quantity),
        "maxMktOrderQty": plain(instrument.maximum_quantity / 2 // step * step),
        "minNotionalValue": plain(instrument.minimum_notional or Decimal(0)),
    }
    return {
        "symbol": instrument.symbol,
        "symbolId": sum(instrument.id.encode()),
        "contractType": f"{kind}Futures" if dated else f"{kind}Perpetual",
        "status": "Trading",
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "launchTime": str(LAUNCHED_MS),
        "deliveryTime": str(listing.expiry_ms or 0),
        "deliveryFeeRate": "0.0005" if dated else "",
        "priceScale": str(decimals(listing.mark_tick)),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": places(instrument.maximum_leverage, 2),
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": plain(tick),
            "maxPrice": plain(listing.maximum_price // tick * tick),
            "tickSize": plain(tick),
        },
        "lotSizeFilter": lots,
        "unifiedMarginTrade": True,
        "fundingInterval": (instrument.funding_interval_hours or 0) * 60,
        "settleCoin": instrument.settle,
        "copyTrading": "none",
        "upperFundingRate": "" if instrument.funding_rate_cap is None else plain(instrument.funding_rate_cap),
        "lowerFundingRate": "" if instrument.funding_rate_floor is None else plain(instrument.funding_rate_floor),
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
        "displayName": "",
        "symbolType": "",
    }


def _spot_info(listing: Listing) -> Fields:
    instrument = listing.instrument
    assert instrument.maximum_quantity is not None
    return {
        "symbolId": sum(instrument.id.encode()),
        "symbol": instrument.symbol,
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": plain(instrument.quantity_step),
            "quotePrecision": "0.0000001",
            "minOrderQty": plain(instrument.minimum_quantity),
            "maxOrderQty": plain(instrument.maximum_quantity),
            "minOrderAmt": plain(instrument.minimum_notional or Decimal(0)),
            "maxOrderAmt": "8000000",
            "maxLimitOrderQty": plain(instrument.maximum_quantity),
            "maxMarketOrderQty": plain(instrument.maximum_quantity / 2),
            "postOnlyMaxLimitOrderSize": plain(instrument.maximum_quantity),
        },
        "priceFilter": {"tickSize": plain(instrument.tick_size)},
        "riskParameters": {"priceLimitRatioX": "0.005", "priceLimitRatioY": "0.01"},
        "symbolType": "",
    }


def risk_limits(listing: Listing, first_id: int) -> list[Fields]:
    """The rows of risk-limit for one contract, lowest tier first."""
    assert listing.tiers is not None
    rows: list[Fields] = []
    for number, tier in enumerate(listing.tiers.tiers):
        assert tier.cap is not None
        assert tier.maximum_leverage is not None
        rows.append(
            {
                "id": first_id + number,
                "symbol": listing.symbol,
                "riskLimitValue": plain(tier.cap),
                "maintenanceMargin": plain(tier.rate),
                "initialMargin": plain((1 / tier.maximum_leverage).quantize(Decimal("0.0001"))),
                "isLowestRisk": int(number == 0),
                "maxLeverage": places(tier.maximum_leverage, 2),
                "mmDeduction": plain(tier.deduction) if tier.deduction else "",
            }
        )
    return rows


def stream_ticker(exchange: Exchange, listing: Listing) -> dict[str, str]:
    """All fields of a ``tickers`` topic now, in the order the venue writes them."""
    return _spot_ticker(exchange, listing) if listing.category == "spot" else _contract_ticker(exchange, listing)


def rest_ticker(exchange: Exchange, listing: Listing) -> dict[str, str]:
    """One row of GET tickers."""
    fields = stream_ticker(exchange, listing)
    if listing.category != "spot":
        fields.pop("tickDirection")
        if listing.expiry_ms is not None:
            return fields | {"nextFundingTime": "0", "deliveryTime": str(listing.expiry_ms)}
        absent = ("deliveryFeeRate", "basis", "basisRate", "basisRateYear", "predictedDeliveryPrice")
        return fields | {"deliveryTime": "0"} | dict.fromkeys(absent, "")
    quote = exchange.quote(listing)
    return fields | {
        "bid1Price": plain(quote.bid),
        "bid1Size": plain(quote.bid_size),
        "ask1Price": plain(quote.ask),
        "ask1Size": plain(quote.ask_size),
    }


def _contract_ticker(exchange: Exchange, listing: Listing) -> dict[str, str]:
    quote = exchange.quote(listing)
    interest = quote.open_interest
    inverse = listing.instrument.kind is ContractKind.INVERSE
    value = interest / quote.mark if inverse else interest * quote.mark
    single = (interest / 2).quantize(listing.instrument.quantity_step)
    head = {
        "symbol": listing.symbol,
        "tickDirection": "PlusTick" if quote.last_side == "Buy" else "MinusTick",
        **_day_fields(exchange, listing),
        "markPrice": plain(quote.mark),
        "indexPrice": plain(quote.index),
        "openInterest": plain(interest),
        "openInterestValue": places(value, 2),
        "turnover24h": places(quote.turnover, 4),
        "volume24h": places(quote.volume, 4),
    }
    terms = _perpetual_fields(exchange, listing) if listing.expiry_ms is None else _dated_fields(exchange, listing)
    return {
        **head,
        **terms,
        "singleOpenInterest": plain(single),
        "singleOpenInterestValue": places(value / 2, 2),
        "bid1Price": plain(quote.bid),
        "bid1Size": plain(quote.bid_size),
        "ask1Price": plain(quote.ask),
        "ask1Size": plain(quote.ask_size),
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
    }


def _perpetual_fields(exchange: Exchange, listing: Listing) -> dict[str, str]:
    funding = exchange.funding(listing)
    assert funding is not None
    return {
        "fundingIntervalHour": str(funding.hours),
        "fundingCap": plain(funding.cap),
        "nextFundingTime": str(funding.next_ms),
        "fundingRate": plain(funding.rate.normalize() + 0),
    }


def _dated_fields(exchange: Exchange, listing: Listing) -> dict[str, str]:
    """What a dated contract says instead of funding; the delivery time is text here and a number over REST."""
    quote, expiry = exchange.quote(listing), listing.expiry_ms
    assert expiry is not None
    basis = quote.last - quote.index
    rate = basis / quote.index
    years = max(Decimal(expiry - exchange.now_ms), Decimal(1)) / (365 * 86_400_000)
    return {
        "deliveryTime": f"{datetime.fromtimestamp(expiry / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "basisRate": places(rate, 8),
        "deliveryFeeRate": "0.0005",
        "predictedDeliveryPrice": "0.00",
        "basis": places(basis, 2),
        "basisRateYear": places(rate / years, 8),
        "nextFundingTime": "",
        "fundingRate": "",
    }


def _day_fields(exchange: Exchange, listing: Listing) -> dict[str, str]:
    figures = day(exchange, listing)
    return {
        "price24hPcnt": places(figures.change_fraction, 6),
        "lastPrice": plain(figures.last),
        "prevPrice24h": plain(figures.open),
        "highPrice24h": plain(figures.high),
        "lowPrice24h": plain(figures.low),
        "prevPrice1h": plain(figures.hour_ago),
    }


def _spot_ticker(exchange: Exchange, listing: Listing) -> dict[str, str]:
    quote, fields = exchange.quote(listing), _day_fields(exchange, listing)
    return {
        "symbol": listing.symbol,
        "lastPrice": fields["lastPrice"],
        "highPrice24h": fields["highPrice24h"],
        "lowPrice24h": fields["lowPrice24h"],
        "prevPrice24h": fields["prevPrice24h"],
        "volume24h": plain(quote.volume),
        "turnover24h": places(quote.turnover, 8),
        "price24hPcnt": f"{float(fields['price24hPcnt']):.4f}",
        "usdIndexPrice": plain(quote.index),
    }
