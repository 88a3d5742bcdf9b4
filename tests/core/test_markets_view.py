"""The snapshot shows every instrument a feed speaks of, not only those a book uses."""

from decimal import Decimal

from core.engine import Engine
from core.events import Ticker
from core.figures import Freshness
from core.snapshot import MarketView, Mode

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND


def views(engine: Engine, now_ns: int) -> dict[str, MarketView]:
    return {view.instrument: view for view in engine.snapshot(now_ns).markets}


def test_an_instrument_outside_every_book_is_shown_and_ages() -> None:
    engine = Engine([], mode=Mode.REPLAY, source="test")
    engine.apply(
        Ticker(
            received_ns=START,
            instrument="bybit:linear:SOLUSDT",
            channel="tickers.SOLUSDT",
            mark_price=Decimal("77.31"),
            funding_rate=Decimal("0.0001"),
        )
    )
    fresh = views(engine, START)["bybit:linear:SOLUSDT"]
    assert fresh.mark_price.value == Decimal("77.31")
    assert fresh.funding_rate.value == Decimal("0.0001")
    assert fresh.index_price.missing == ("index price of bybit:linear:SOLUSDT",)
    old = views(engine, START + 40 * SECOND)["bybit:linear:SOLUSDT"]
    assert old.mark_price.value is None
    assert old.mark_price.freshness is Freshness.UNKNOWN


def test_an_instrument_of_which_nothing_was_heard_is_not_listed() -> None:
    assert views(Engine([], mode=Mode.REPLAY, source="test"), START) == {}
