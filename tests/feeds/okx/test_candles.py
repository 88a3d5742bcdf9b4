"""OKX's candles: what is asked, and what its rows tell."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import DecodeError
from core.events import CandlePrice, CandlesLoaded, FrameFault
from core.history import DAY_NS, HOUR_NS
from feeds.okx import candles, facts
from feeds.venue import CandlesWanted
from tests.feeds.okx.samples import HOUR, INVERSE, LINEAR, PAIR, body

DAY_START = 1_789_948_800_000
NOW = (DAY_START + 2 * 24 * HOUR + 60_000) * 1_000_000
ROWS: list[list[str]] = [
    [str(DAY_START + 48 * HOUR), "65114", "65200", "65000", "65100", "0"],
    [str(DAY_START + 24 * HOUR), "64000.5", "65300", "63900", "65114", "1"],
    [str(DAY_START), "63000", "64100", "62900.1", "64000.5", "1"],
]


@pytest.mark.parametrize(
    ("instrument", "interval", "count", "path", "parameters"),
    [
        (
            f"okx:linear:{LINEAR}",
            DAY_NS,
            90,
            facts.MARK_CANDLES_PATH,
            {"instId": LINEAR, "bar": "1Dutc", "limit": "91"},
        ),
        (
            f"okx:inverse:{INVERSE}",
            HOUR_NS,
            336,
            facts.MARK_CANDLES_PATH,
            {"instId": INVERSE, "bar": "1H", "limit": "100"},
        ),
        (f"okx:spot:{PAIR}", DAY_NS, 400, facts.CANDLES_PATH, {"instId": PAIR, "bar": "1Dutc", "limit": "300"}),
    ],
)
def test_days_of_utc_are_asked_for_and_no_more_than_a_page(
    instrument: str, interval: int, count: int, path: str, parameters: dict[str, str]
) -> None:
    wanted = CandlesWanted(instrument=instrument, interval_ns=interval, count=count)
    assert candles.question(wanted) == (path, parameters)
    assert candles.question(wanted, 5) == (path, parameters | {"after": "5"})


@pytest.mark.parametrize(
    ("path", "symbol", "instrument", "price"),
    [
        (facts.MARK_CANDLES_PATH, LINEAR, f"okx:linear:{LINEAR}", CandlePrice.MARK),
        (facts.MARK_CANDLES_PATH, INVERSE, f"okx:inverse:{INVERSE}", CandlePrice.MARK),
        (facts.INDEX_CANDLES_PATH, "BTC-USD", f"okx:inverse:{INVERSE}", CandlePrice.INDEX),
        (facts.CANDLES_PATH, PAIR, f"okx:spot:{PAIR}", CandlePrice.SPOT),
    ],
)
def test_closed_candles_are_told_oldest_first(path: str, symbol: str, instrument: str, price: CandlePrice) -> None:
    (event,) = candles.events(path, {"instId": symbol, "bar": "1Dutc"}, body(*ROWS), NOW)
    assert isinstance(event, CandlesLoaded)
    assert (event.instrument, event.price, event.interval_ns) == (instrument, price, DAY_NS)
    assert [(it.start_ns, str(it.open), str(it.close)) for it in event.candles] == [
        (DAY_START * 10**6, "63000", "64000.5"),
        ((DAY_START + 24 * HOUR) * 10**6, "64000.5", "65114"),
    ]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        (facts.CANDLES_PATH, {"instId": LINEAR, "bar": "1H"}),
        (facts.MARK_CANDLES_PATH, {"instId": PAIR, "bar": "1H"}),
    ],
)
def test_what_is_not_wanted_tells_nothing(path: str, parameters: dict[str, str]) -> None:
    assert candles.events(path, parameters, body(*ROWS), NOW) == []


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({}, "instId"), ({"instId": LINEAR}, "bar"), ({"instId": LINEAR, "bar": "1D"}, "bar"), ({"bar": "1H"}, "instId")],
)
def test_what_the_rows_do_not_tell_has_to_be_known_from_the_question(parameters: dict[str, str], field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        candles.events(facts.MARK_CANDLES_PATH, parameters, body(*ROWS), NOW)
    assert caught.value.field == field


@pytest.mark.parametrize("cell", [1, 2, 3, 4])
@pytest.mark.parametrize("value", ["", "0", "-1", "NaN", None, []])
def test_a_bad_cell_spoils_its_row_only(cell: int, value: Any) -> None:
    rows = [*ROWS[:2], [*ROWS[2][:cell], value, *ROWS[2][cell + 1 :]]]
    loaded, fault = candles.events(facts.MARK_CANDLES_PATH, {"instId": LINEAR, "bar": "1Dutc"}, body(*rows), NOW)
    assert isinstance(loaded, CandlesLoaded)
    assert isinstance(fault, FrameFault)
    assert (len(loaded.candles), fault.field) == (1, ("start", "open", "high", "low", "close")[cell])


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"data":{}}', b"\xff"])
def test_a_body_without_rows_is_named(raw: bytes) -> None:
    with pytest.raises(DecodeError):
        candles.events(facts.MARK_CANDLES_PATH, {"instId": LINEAR, "bar": "1H"}, raw, NOW)
