"""Binance's own samples, where they lie beside the checkout."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.events import Heard, Ticker
from feeds.binance import reference
from feeds.binance.parse import Decoder
from tests.support.frames import SHARED, said, tickers

FUTURES, SPOT = SHARED / "wire" / "binance-usdm", SHARED / "wire" / "binance-spot"
pytestmark = pytest.mark.skipif(not FUTURES.is_dir(), reason="no venue samples beside the checkout")


def test_the_live_mark_price() -> None:
    (event,) = Decoder("usdm").decode((FUTURES / "ws_raw_markPrice_live.json").read_bytes(), 1)
    assert isinstance(event, Ticker)
    assert said(event) == {
        "instrument": "binance:usdm:BTCUSDT",
        "channel": "btcusdt@markPrice",
        "mark_price": "76888.10000000",
        "index_price": "76935.00826087",
        "funding_rate": "0.00008900",
        "next_funding_time_ns": "1789488000000000000",
    }


@pytest.mark.parametrize(
    ("market", "name", "shown"),
    [
        ("usdm", "ws_raw_bookTicker", {"bid_price": "25.35190000", "ask_size": "40.66000000"}),
        ("usdm", "ws_combined_ticker", {"last_price": "0.0025"}),
        ("spot", "ws_combined_bookTicker", {"bid_size": "31.21000000", "ask_price": "25.36520000"}),
        ("spot", "ws_combined_miniTicker", {"last_price": "0.0025"}),
        ("spot", "ws_combined_ticker", {"last_price": "0.0025"}),
    ],
)
def test_the_samples_with_prices(market: str, name: str, shown: dict[str, str]) -> None:
    folder = FUTURES if market == "usdm" else SPOT
    (event,) = tickers(Decoder(market).decode((folder / f"{name}.json").read_bytes(), 1))
    assert said(event).items() >= shown.items()


@pytest.mark.parametrize(
    ("market", "name", "kind"),
    [
        ("usdm", "ws_combined_kline", "unused"),
        ("usdm", "ws_combined_forceOrder", "unused"),
        ("usdm", "ws_combined_contractInfo", "unused"),
        ("usdm", "ws_private_ACCOUNT_UPDATE", "unused"),
        ("usdm", "ws_subscribe_error", "refusal"),
        ("usdm", "ws_raw_listenKeyExpired", "notice"),
        ("spot", "ws_serverShutdown_raw", "notice"),
        ("spot", "ws_serverShutdown_combined", "notice"),
        ("spot", "ws_eventStreamTerminated", "notice"),
        ("spot", "ws_private_balanceUpdate", "unused"),
    ],
)
def test_the_other_samples_are_heard(market: str, name: str, kind: str) -> None:
    folder = FUTURES if market == "usdm" else SPOT
    (event,) = Decoder(market).decode((folder / f"{name}.json").read_bytes(), 1)
    assert isinstance(event, Heard)
    assert event.kind == kind


def test_the_sample_premium_index() -> None:
    (event,) = reference.mark_prices("usdm", (FUTURES / "rest_premiumIndex_symbol.json").read_bytes(), None, 1)
    assert isinstance(event, Ticker)
    assert (event.instrument, event.mark_price) == ("binance:usdm:BTCUSDT", Decimal("11793.63104562"))
    assert (event.funding_rate, event.next_funding_time_ns) == (Decimal("0.00038246"), 1_597_392_000_000_000_000)


def test_the_sample_funding_terms() -> None:
    terms, faults = reference.funding_terms("usdm", (FUTURES / "rest_fundingInfo.json").read_bytes(), None, 1)
    assert not faults
    assert (terms["BLZUSDT"].hours, terms["BLZUSDT"].cap, terms["BLZUSDT"].floor) == (
        8,
        Decimal("0.025"),
        Decimal("-0.025"),
    )
