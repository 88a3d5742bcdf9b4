"""Frames and REST rows in OKX's format, made from parts after its documentation."""

from __future__ import annotations

from typing import Any

from tests.support.frames import encode

TIME = 1_790_000_000_000
HOUR = 3_600_000
LINEAR, INVERSE, PAIR = "BTC-USDT-SWAP", "BTC-USD-SWAP", "BTC-USDT"

MARK: dict[str, Any] = {"instType": "SWAP", "instId": LINEAR, "markPx": "65117.4", "ts": str(TIME)}
INDEX: dict[str, Any] = {
    "instId": PAIR,
    "idxPx": "65114.2",
    "open24h": "64012.5",
    "high24h": "65867.1",
    "low24h": "63900",
    "sodUtc0": "64800.2",
    "sodUtc8": "64700.9",
    "ts": str(TIME),
}
BOOK: dict[str, Any] = {
    "asks": [["65114.3", "415.25", "0", "13"]],
    "bids": [["65114.2", "256.5", "0", "12"]],
    "ts": str(TIME),
    "seqId": 363996337,
}
TICKER: dict[str, Any] = {
    "instType": "SWAP",
    "instId": LINEAR,
    "last": "65114.3",
    "lastSz": "0.27",
    "askPx": "65114.4",
    "askSz": "415.25",
    "bidPx": "65114.1",
    "bidSz": "256.5",
    "open24h": "64012.5",
    "high24h": "65867.2",
    "low24h": "63901.1",
    "volCcy24h": "76038.36",
    "vol24h": "7603836.5",
    "sodUtc0": "64800.2",
    "sodUtc8": "64700.9",
    "ts": str(TIME),
}
FUNDING: dict[str, Any] = {
    "formulaType": "withRate",
    "fundingRate": "-0.0000419504412774",
    "fundingTime": str(TIME + 2 * HOUR),
    "impactValue": "20000",
    "instId": LINEAR,
    "instType": "SWAP",
    "interestRate": "0.0001",
    "maxFundingRate": "0.00375",
    "method": "current_period",
    "minFundingRate": "-0.00375",
    "nextFundingRate": "",
    "nextFundingTime": str(TIME + 6 * HOUR),
    "premium": "-0.0004195044127414",
    "prevFundingTime": str(TIME - 2 * HOUR),
    "settFundingRate": "0.0000539822210069",
    "settState": "settled",
    "ts": str(TIME),
}

SWAP: dict[str, Any] = {
    "instType": "SWAP",
    "instId": LINEAR,
    "uly": "BTC-USDT",
    "instFamily": "BTC-USDT",
    "baseCcy": "",
    "quoteCcy": "",
    "settleCcy": "USDT",
    "ctVal": "0.01",
    "ctMult": "1",
    "ctValCcy": "BTC",
    "ctType": "linear",
    "expTime": "",
    "lever": "100",
    "tickSz": "0.1",
    "lotSz": "0.01",
    "minSz": "0.01",
    "maxLmtSz": "100000000",
    "maxMktSz": "12000",
    "state": "live",
}
INVERSE_SWAP = SWAP | {
    "instId": INVERSE,
    "uly": "BTC-USD",
    "instFamily": "BTC-USD",
    "settleCcy": "BTC",
    "ctVal": "100",
    "ctValCcy": "USD",
    "ctType": "inverse",
    "lotSz": "1",
    "minSz": "1",
    "maxMktSz": "30000",
}
SPOT: dict[str, Any] = {
    "instType": "SPOT",
    "instId": PAIR,
    "uly": "",
    "instFamily": "",
    "baseCcy": "BTC",
    "quoteCcy": "USDT",
    "settleCcy": "",
    "ctVal": "",
    "ctMult": "",
    "ctValCcy": "",
    "ctType": "",
    "lever": "10",
    "tickSz": "0.1",
    "lotSz": "0.00000001",
    "minSz": "0.00001",
    "maxLmtSz": "9999999999",
    "maxMktSz": "1000000",
    "state": "live",
}


def tier(start: str, end: str, rate: str, leverage: str, family: str = "BTC-USDT") -> dict[str, Any]:
    """A row of ``position-tiers``."""
    return {
        "uly": family,
        "instFamily": family,
        "instId": "",
        "tier": "1",
        "minSz": start,
        "maxSz": end,
        "mmr": rate,
        "imr": "0.01",
        "maxLever": leverage,
        "optMgnFactor": "0",
        "quoteMaxLoan": "",
        "baseMaxLoan": "",
    }


TIERS = [
    tier("0", "500", "0.004", "125"),
    tier("501", "3500", "0.005", "100"),
    tier("3500", "8000", "0.0065", "75"),
]


def frame(channel: str, row: dict[str, Any], step: int = 0, **changed: Any) -> bytes:
    """A frame of one row, 100 ms a step after the first; of the linear swap where the row names none."""
    row = row | {"ts": str(TIME + 100 * step)} | changed
    return encode({"arg": {"channel": channel, "instId": row.get("instId", LINEAR)}, "data": [row]})


def body(*rows: Any, **outer: Any) -> bytes:
    """A REST answer."""
    return encode({"code": "0", "msg": "", "data": list(rows)} | outer)
