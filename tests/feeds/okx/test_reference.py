"""OKX's bodies: instruments with the sizes of their contracts, tiers in contracts, funding, prices, refusals."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import DecodeError, RequestError, VenueError
from core.events import (
    AnyEvent,
    DayStatistics,
    FrameFault,
    FundingSettled,
    Heard,
    InstrumentListed,
    Ticker,
    TiersLoaded,
)
from core.instruments import ContractKind, Instrument, Tier, TierTable
from core.margin_rules import rules_for
from core.tiers import check_continuity, tier_for
from feeds.okx import facts, reference, venue
from feeds.registry import reference_events, rest_answer, venue_module
from feeds.venue import Credentials
from tests.feeds.okx.samples import (
    FUNDING,
    HOUR,
    INDEX,
    INVERSE,
    INVERSE_SWAP,
    LINEAR,
    MARK,
    PAIR,
    SPOT,
    SWAP,
    TICKER,
    TIERS,
    TIME,
    body,
    tier,
)
from tests.support.frames import BAD_NUMBERS, encode, said
from tui.cli.main import main

NOW = TIME * 1_000_000


def read(path: str, raw: bytes, **parameters: str) -> list[AnyEvent]:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return list(venue.rest_events(rest_answer("okx", "", f"{path}?{query}", raw, NOW)))


def listed(*rows: Any) -> list[Instrument]:
    events = read(facts.INSTRUMENTS_PATH, body(*rows))
    return [event.instrument for event in events if isinstance(event, InstrumentListed)]


def table_of(*rows: Any) -> TierTable:
    (event,) = read(facts.TIERS_PATH, body(*rows))
    assert isinstance(event, TiersLoaded), event
    return event.table


def only_field(events: list[AnyEvent]) -> str:
    (event,) = events
    assert isinstance(event, FrameFault), event
    return event.field


# --- instruments -----------------------------------------------------------------------------------------------------


@pytest.mark.verifies("okx", "linear", "instruments")
@pytest.mark.verifies("okx", "inverse", "instruments")
@pytest.mark.verifies("okx", "spot", "instruments")
def test_the_size_of_a_contract_is_coins_or_dollars() -> None:
    linear, inverse, pair = listed(SWAP, INVERSE_SWAP, SPOT)
    assert (linear.id, linear.kind, linear.contract_size) == (
        f"okx:linear:{LINEAR}",
        ContractKind.LINEAR,
        Decimal("0.01"),
    )
    assert (linear.base, linear.quote, linear.settle) == ("BTC", "USDT", "USDT")
    assert (linear.quantity_step, linear.minimum_quantity, linear.maximum_quantity) == (
        Decimal("0.01"),
        Decimal("0.01"),
        Decimal(12000),
    )
    assert (linear.tick_size, linear.maximum_leverage, linear.status) == (Decimal("0.1"), Decimal(100), "trading")
    assert (inverse.id, inverse.kind, inverse.contract_size) == (
        f"okx:inverse:{INVERSE}",
        ContractKind.INVERSE,
        Decimal(100),
    )
    assert (inverse.base, inverse.quote, inverse.settle) == ("BTC", "USD", "BTC")
    assert (pair.id, pair.kind, pair.contract_size) == (f"okx:spot:{PAIR}", ContractKind.SPOT, Decimal(1))
    assert (pair.quote, pair.maximum_quantity) == ("USDT", Decimal(9999999999))
    assert linear.funding_interval_hours is None, "not told by this endpoint, and never assumed"


def test_the_multiplier_counts() -> None:
    (instrument,) = listed(SWAP | {"ctMult": "10"})
    assert instrument.contract_size == Decimal("0.1")


def test_a_swap_that_does_not_trade_says_the_venues_word() -> None:
    assert [it.status for it in listed(SWAP | {"state": "suspend"}, SPOT | {"state": "preopen"})] == [
        "suspend",
        "preopen",
    ]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ctType": "inverse"}, "ctType"),
        ({"ctType": ""}, "ctType"),
        ({"ctValCcy": "USDT"}, "ctValCcy"),
        ({"settleCcy": "USDC"}, "settleCcy"),
        ({"uly": "ETH-USDT"}, "uly"),
        ({"ctVal": ""}, "ctVal"),
        ({"ctMult": "0"}, "ctMult"),
        ({"lotSz": "-1"}, "lotSz"),
        ({"tickSz": None}, "tickSz"),
        ({"minSz": "NaN"}, "minSz"),
        ({"state": None}, "state"),
    ],
)
def test_a_contract_that_is_not_what_its_name_says_is_a_fault(changed: dict[str, Any], field: str) -> None:
    good, *rest = read(facts.INSTRUMENTS_PATH, body(SWAP | changed, INVERSE_SWAP))
    assert isinstance(good, InstrumentListed) or isinstance(rest[0], InstrumentListed)
    assert [event.field for event in (good, *rest) if isinstance(event, FrameFault)] == [field]


def test_what_is_not_read_here_is_left_out_silently() -> None:
    future = SWAP | {"instId": "BTC-USDT-260327", "instType": "FUTURES"}
    european = SWAP | {"instId": "ETH-USD_UM-SWAP", "state": "preopen"}
    assert [it.symbol for it in listed(future, european, SWAP)] == [LINEAR]


# --- tiers -----------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("okx", "linear", "maintenance tiers")
@pytest.mark.verifies("okx", "inverse", "maintenance tiers")
def test_tiers_are_in_contracts_and_their_rate_is_of_the_whole_position() -> None:
    table = table_of(*TIERS)
    assert (table.instrument, table.unit, table.whole_position) == (f"okx:linear:{LINEAR}", "contracts", True)
    assert table.tiers == (
        Tier(Decimal(0), Decimal(500), Decimal("0.004"), Decimal(0), Decimal(125)),
        Tier(Decimal(500), Decimal(3500), Decimal("0.005"), Decimal(0), Decimal(100)),
        Tier(Decimal(3500), Decimal(8000), Decimal("0.0065"), Decimal(0), Decimal(75)),
    )
    check_continuity(table)
    inverse = table_of(tier("0", "1000", "0.004", "125", "BTC-USD"))
    rules = rules_for("okx", ContractKind.INVERSE)
    assert (inverse.instrument, inverse.unit, inverse.whole_position) == (
        f"okx:inverse:{INVERSE}",
        rules.tier_unit,
        rules.whole_position,
    )


def test_a_fraction_between_two_tiers_of_whole_contracts_is_held_to_the_dearer_one() -> None:
    table = table_of(*TIERS)
    assert tier_for(table, Decimal("500")).rate == Decimal("0.004")
    assert tier_for(table, Decimal("500.01")).rate == Decimal("0.005")


def test_tiers_may_come_in_any_order_of_several_swaps() -> None:
    events = read(facts.TIERS_PATH, body(*TIERS[::-1], tier("0", "9", "0.01", "50", "ETH-USD")))
    tables = {event.table.instrument: len(event.table.tiers) for event in events if isinstance(event, TiersLoaded)}
    assert tables == {f"okx:linear:{LINEAR}": 3, "okx:inverse:ETH-USD-SWAP": 1}


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([tier("1", "500", "0.004", "125")], "minSz"),
        ([TIERS[0], tier("502", "900", "0.005", "100")], "minSz"),
        ([TIERS[0], tier("400", "900", "0.005", "100")], "minSz"),
        ([TIERS[0], tier("501", "900", "0.004", "100")], "mmr"),
        ([TIERS[0], tier("501", "900", "0.003", "100")], "mmr"),
        ([tier("0", "500", "1.5", "1")], "mmr"),
        ([tier("0", "500", "0", "1")], "mmr"),
        ([tier("0", "", "0.004", "125")], "maxSz"),
        ([tier("0", "0", "0.004", "125")], "maxSz"),
        ([TIERS[0] | {"mmr": None}], "mmr"),
    ],
)
def test_a_table_with_a_hole_or_a_bad_row_is_a_fault_and_no_table(rows: list[Any], field: str) -> None:
    assert only_field(read(facts.TIERS_PATH, body(*rows))) == field


# --- funding and prices ----------------------------------------------------------------------------------------------


def test_funding_terms_give_the_interval_and_its_bounds() -> None:
    found, faults = reference.terms(body(FUNDING), NOW)
    assert not faults
    (event,) = reference.instruments(body(SWAP), [LINEAR], NOW, found)
    assert isinstance(event, InstrumentListed)
    told = event.instrument
    assert (told.funding_interval_hours, told.funding_rate_cap, told.funding_rate_floor) == (
        4,
        Decimal("0.00375"),
        Decimal("-0.00375"),
    )


@pytest.mark.parametrize(
    ("market", "symbol"),
    [
        pytest.param("linear", LINEAR, marks=pytest.mark.verifies("okx", "linear", "last settled funding rate")),
        pytest.param("inverse", INVERSE, marks=pytest.mark.verifies("okx", "inverse", "last settled funding rate")),
    ],
)
def test_the_settled_rate_is_the_realised_one(market: str, symbol: str) -> None:
    row = {"instId": symbol, "fundingRate": "0.018", "realizedRate": "0.017", "fundingTime": str(TIME - 4 * HOUR)}
    older = row | {"realizedRate": "-0.001", "fundingTime": str(TIME - 8 * HOUR)}
    events = read(facts.SETTLED_PATH, body(row, older))
    assert events == [
        FundingSettled(
            received_ns=NOW, instrument=f"okx:{market}:{symbol}", rate=Decimal(rate), settled_ns=when * 10**6
        )
        for rate, when in (("-0.001", TIME - 8 * HOUR), ("0.017", TIME - 4 * HOUR))
    ]
    assert only_field(read(facts.SETTLED_PATH, body(row | {"realizedRate": ""}))) == "realizedRate"


@pytest.mark.parametrize(
    ("path", "row", "expected"),
    [
        (facts.MARK_PATH, MARK, {"mark_price": "65117.4"}),
        (facts.INDEX_PATH, INDEX, {"index_price": "65114.2"}),
        (
            facts.TICKER_PATH,
            TICKER,
            {
                "last_price": "65114.3",
                "bid_price": "65114.1",
                "bid_size": "256.5",
                "ask_price": "65114.4",
                "ask_size": "415.25",
            },
        ),
    ],
)
def test_prices_over_rest_are_those_of_the_streams(path: str, row: dict[str, Any], expected: dict[str, str]) -> None:
    first, *more = read(path, body(row))
    assert isinstance(first, Ticker)
    assert said(first) == {"instrument": f"okx:linear:{LINEAR}", "channel": path} | expected
    assert [type(event) for event in more] == ([DayStatistics] if row is TICKER else [])


def test_a_rate_over_rest_is_that_of_the_stream() -> None:
    ticker, settled = read(facts.FUNDING_PATH, body(FUNDING))
    assert isinstance(ticker, Ticker)
    assert (str(ticker.funding_rate), ticker.funding_interval_hours) == ("-0.0000419504412774", 4)
    assert isinstance(settled, FundingSettled)


@pytest.mark.parametrize("value", BAD_NUMBERS)
def test_a_bad_price_over_rest_is_named(value: Any) -> None:
    assert only_field(read(facts.MARK_PATH, body(MARK | {"markPx": value}))) == "markPx"


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.verifies("okx", "linear", "server time")
@pytest.mark.verifies("okx", "inverse", "server time")
@pytest.mark.verifies("okx", "spot", "server time")
def test_the_venues_time() -> None:
    (event,) = read(facts.CLOCK_PATH, body({"ts": str(TIME)}))
    assert event == Heard(received_ns=NOW, kind="answer", channel=facts.CLOCK_PATH, detail=str(TIME))
    dialect, base = venue.clock_api(None)
    assert (dialect.clock_ms(body({"ts": str(TIME)})), base) == (TIME, "https://www.okx.com")
    for bad in (body(), body({"ts": "soon"}), body({}), b"[]"):
        with pytest.raises(VenueError):
            dialect.clock_ms(bad)


@pytest.mark.parametrize("path", venue.rest_paths())
def test_a_refusal_is_raised_and_a_body_without_rows_is_named(path: str) -> None:
    with pytest.raises(VenueError, match="Too Many Requests") as error:
        read(path, encode({"code": "50011", "msg": "Too Many Requests"}), bar="1H", instId=LINEAR)
    assert error.value.retry_after_seconds is not None
    for bad in (encode({"code": "0", "data": {}}), encode({"code": "0"})):
        with pytest.raises(DecodeError):
            read(path, bad, bar="1H", instId=LINEAR)
    for bad in (b"", b"[]", b"{", b"\xff", b"5"):
        with pytest.raises((DecodeError, VenueError)):
            read(path, bad)


def test_recorded_answers_are_found_by_their_address() -> None:
    events = reference_events("okx", "https://www.okx.com/api/v5/public/instruments?instType=SWAP", body(SWAP), NOW)
    assert [type(event) for event in events] == [InstrumentListed]


ACCOUNT = """
[venues.okx]
rest = "http://127.0.0.1:9"
websocket = "ws://127.0.0.1:9"
api_key_env = "OKX_KEY"
secret_env = "OKX_SECRET"

[[accounts]]
name = "mine"
venue = "okx"
settle = "USDT"
paper = false

[[books]]
name = "main"

[[books.lots]]
asset = "BTC"
quantity = 5
cost = 60000

[[books.hedges]]
asset = "BTC"
instrument = "okx:linear:BTC-USDT-SWAP"
account = "mine"
target_ratio = 0.5
"""


def test_the_doctor_finds_an_account_that_is_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("OKX_KEY", "OKX_SECRET"):
        monkeypatch.setenv(name, "x")
    (tmp_path / "config.toml").write_text(ACCOUNT)
    assert main(["doctor", "--config", str(tmp_path / "config.toml")]) == 2
    assert "fail  okx: account mine: no account is read at okx" in capsys.readouterr().out


async def test_okx_is_read_for_prices_only() -> None:
    module = venue_module("okx")
    with pytest.raises(RequestError, match="accounts"):
        module.account_feed("main", None, Credentials("k", "s", "p"))
    assert module.account_decoder("linear", "main") is None
    assert await module.key_rights(None, Credentials("k", "s", "p")) is None
    assert {market for market, _ in facts.NOT_OFFERED} == set(facts.MARKETS)
