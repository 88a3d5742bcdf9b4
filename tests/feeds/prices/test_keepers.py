"""Sources of prices on real files and a real local server: what they tell, and what no fault of theirs can do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.contract_sheet import priced_contracts
from core.events import ChannelState, ConnectionChanged, FrameFault, Ticker
from core.sheet_price import PolledAddress, PricedContract, TailedFile
from feeds.clock import Clock
from feeds.prices.file import FileKeeper
from feeds.prices.keeper import PriceKeeper
from feeds.prices.poll import LARGEST_BODY_BYTES, AddressKeeper
from feeds.prices.sources import first_look, price_keepers
from feeds.prices.typed import TypedKeeper
from tests.core.sheets import PRICED, config, priced
from tests.feeds.toy import EventLog
from tests.support.clocks import let_pass

SECOND = 1_000_000_000
TIMEOUT_SECONDS = 20
NAME = "MBT-2099-12"


def contract(source: str) -> PricedContract:
    return priced_contracts(config(priced(source)).contracts)[PRICED]


def tickers(log: EventLog) -> list[Ticker]:
    return [event for event in log.events if isinstance(event, Ticker)]


def prices(log: EventLog) -> list[Decimal | None]:
    return [event.mark_price for event in tickers(log)]


@asynccontextmanager
async def kept(keeper: PriceKeeper) -> AsyncIterator[None]:
    task = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


# --- files -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def followed(path: Path, options: str = "") -> AsyncIterator[EventLog]:
    held, log = contract(f'file = "{path}"\n{options}'), EventLog()
    assert isinstance(held.price.source, TailedFile)
    async with kept(FileKeeper(held, held.price.source, log.emit, Clock())):
        yield log


def append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


async def test_a_file_is_followed_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "mbt.txt"
    path.write_text("91000\n92000\n")
    os.utime(path, ns=(0, Clock().now_ns() - 3600 * SECOND))
    async with followed(path) as log:
        await log.until(lambda: prices(log) == [92_000])
        (first,) = tickers(log)
        assert first.venue_time_ns == path.stat().st_mtime_ns, "as old as the file, however lately it was read"
        assert first.received_ns - first.venue_time_ns >= 3600 * SECOND
        append(path, "92500\n")
        await log.until(lambda: prices(log) == [92_000, 92_500])
        assert tickers(log)[1].venue_time_ns == tickers(log)[1].received_ns
        assert (tickers(log)[1].instrument, tickers(log)[1].channel) == (PRICED, f"{NAME} file")
        assert log.states == ["connecting", "live"]
        assert log.channel_states(f"{NAME} file") == [ChannelState.REQUESTED, ChannelState.LIVE]


async def test_lines_with_their_own_times_keep_them_and_never_go_back(tmp_path: Path) -> None:
    path, now = tmp_path / "mbt.txt", Clock().now_ns() // SECOND
    path.write_text(f"{now - 90} 92000\n")
    async with followed(path, 'time_format = "epoch_s"') as log:
        await log.until(lambda: prices(log) == [92_000])
        assert tickers(log)[0].venue_time_ns == (now - 90) * SECOND
        append(path, f"{now - 91} 1\n")
        await log.until(lambda: log.faults == ["out_of_order"])
        append(path, f"{now + 3600} 1\n")
        await log.until(lambda: log.faults == ["out_of_order", "bad_field"])
        append(path, f"{now - 90} 92010\n")
        await log.until(lambda: prices(log) == [92_000, 92_010])
        assert log.states == ["connecting", "live", "degraded", "degraded", "live"]


@pytest.mark.parametrize("garbage", ["price: high", "NaN", "-5", "0", "{}", "92500 92510", "\x1b[31m"])
async def test_garbage_is_counted_and_the_next_price_counts_again(tmp_path: Path, garbage: str) -> None:
    path = tmp_path / "mbt.txt"
    path.write_text("92000\n")
    async with followed(path) as log:
        await log.until(lambda: prices(log) == [92_000])
        append(path, f"{garbage}\n")
        await log.until(lambda: log.faults == ["bad_field"])
        assert log.states[-1] == "degraded"
        assert all(reason.isprintable() for reason in log.reasons)
        append(path, "92500\n")
        await log.until(lambda: prices(log) == [92_000, 92_500])
        assert log.states[-1] == "live"


async def test_garbage_at_the_end_of_a_file_that_is_there_already_lets_the_last_price_count(tmp_path: Path) -> None:
    path = tmp_path / "mbt.txt"
    path.write_text("91000\n92000\nrubbish\n")
    async with followed(path) as log:
        await log.until(lambda: prices(log) == [92_000])
        assert log.faults == ["bad_field"]


async def test_a_missing_file_is_told_until_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "mbt.txt"
    async with followed(path) as log:
        await log.until(lambda: "reconnecting" in log.states)
        assert log.reasons[-1] == f"{path}: No such file or directory"
        path.write_text("")
        await log.until(lambda: log.states[-1] == "subscribing")
        assert log.reasons[-1] == "no price yet"
        append(path, "92000\n")
        await log.until(lambda: prices(log) == [92_000])
        path.unlink()
        await log.until(lambda: log.states[-1] == "reconnecting")
        path.write_text("92500\n")
        await log.until(lambda: prices(log) == [92_000, 92_500])
        assert log.states[-1] == "live"
        assert log.faults == []


async def test_a_line_that_stays_unfinished_is_told_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.prices.file.UNFINISHED_NS", SECOND // 10)
    path = tmp_path / "mbt.txt"
    path.write_text("92000\n9250")
    async with followed(path) as log:
        await log.until(lambda: log.faults == ["truncated"])
        assert prices(log) == [92_000]
        append(path, "0\n")
        await log.until(lambda: prices(log) == [92_000, 92_500])
        assert log.faults == ["truncated"], "told once"


async def test_lines_of_json_and_a_replaced_file(tmp_path: Path) -> None:
    path = tmp_path / "mbt.json"
    path.write_text('{"last": "92000"}\n')
    async with followed(path, 'pointer = "/last"') as log:
        await log.until(lambda: prices(log) == [92_000])
        other = tmp_path / "other"
        other.write_text('{"last": 92500.5}\n')
        other.rename(path)
        await log.until(lambda: prices(log) == [92_000, Decimal("92500.5")])
        append(path, '{"bid": 5}\nnonsense\n')
        await log.until(lambda: log.faults == ["bad_field", "not_json"])


async def test_a_source_that_breaks_is_looked_at_again(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(TypedKeeper):
        looks = 0

        async def look(self) -> float:
            self.looks += 1
            if self.looks == 1:
                raise ZeroDivisionError("secret-canary")
            return await super().look()

    held, log = contract("typed = true"), EventLog()
    keeper = Broken(held, held.price.source, log.emit, Clock())  # type: ignore[arg-type]
    async with kept(keeper):
        await log.until(lambda: log.states == ["connecting", "reconnecting"])
        keeper.reread()
        await log.until(lambda: log.states[-1] == "live")
    assert log.reasons[1] == "internal error (ZeroDivisionError)"
    assert "secret-canary" not in caplog.text


# --- addresses -------------------------------------------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Quotes:
    """A server of prices: what it answers with can be changed, and what it was asked is kept."""

    def __init__(self) -> None:
        self.answer: Any = {"data": {"last": 92_000}}
        self.status = 200
        self.headers: dict[str, str] = {}
        self.hang = asyncio.Event()
        self.hang.set()
        self.requests: list[web.Request] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if not self.hang.is_set():
            let_pass(TIMEOUT_SECONDS + 1)
        await self.hang.wait()
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return web.Response(body=body, status=self.status, headers=self.headers)


@asynccontextmanager
async def polled(
    options: str = "", every: int = 3600, **environment: str
) -> AsyncIterator[tuple[Quotes, AddressKeeper, EventLog]]:
    quotes, log, application = Quotes(), EventLog(), web.Application()
    application.router.add_get("/{path:.*}", quotes.handle)
    async with TestServer(application) as server:
        url = server.make_url("/v1/last?symbol=MBT&key=the-key-itself")
        held = contract(f'url = "{url}"\npointer = "/data/last"\nevery_seconds = {every}\n{options}')
        assert isinstance(held.price.source, PolledAddress)
        keeper = AddressKeeper(
            held, held.price.source, log.emit, Clock(), timeout_seconds=TIMEOUT_SECONDS, environment=environment
        )
        async with kept(keeper):
            yield quotes, keeper, log
        quotes.hang.set()
    assert "the-key-itself" not in repr(log.events)


async def test_an_address_is_asked_for_its_price() -> None:
    headers = 'headers = { Authorization = "QUOTES_TOKEN", X-Client = "CLIENT" }'
    async with polled(headers, QUOTES_TOKEN="Bearer the-token-itself", CLIENT="me") as (quotes, keeper, log):
        await log.until(lambda: prices(log) == [92_000])
        (ticker,) = tickers(log)
        assert (ticker.instrument, ticker.channel) == (PRICED, f"{NAME} poll")
        assert ticker.venue_time_ns == ticker.received_ns
        (request,) = quotes.requests
        assert request.raw_path == "/v1/last?symbol=MBT&key=the-key-itself"
        assert request.headers["Authorization"] == "Bearer the-token-itself"
        assert request.headers["X-Client"] == "me"
        quotes.answer = {"data": {"last": "92500.25"}}
        keeper.reread()
        await log.until(lambda: prices(log) == [92_000, Decimal("92500.25")])
        assert log.states == ["connecting", "live"]
    assert "the-token-itself" not in repr(log.events)


# Each row: status, body, the state that follows and its reason, the kinds of fault counted.
FAULTS: list[tuple[int, Any, str, str, list[str]]] = [
    (500, {"data": {"last": 1}}, "reconnecting", "HTTP 500", []),
    (404, b"", "reconnecting", "HTTP 404", []),
    (302, {"data": {"last": 1}}, "reconnecting", "HTTP 302", []),
    (204, b"", "reconnecting", "HTTP 204", []),
    (200, b"<html>down for maintenance</html>", "degraded", "no JSON: <html>down", ["not_json"]),
    (200, b"", "degraded", "no JSON: nothing", ["not_json"]),
    (200, b'{"data": {"last": NaN}}', "degraded", "no JSON", ["not_json"]),
    (200, {"data": {}}, "degraded", "nothing at /data/last: there is no last", ["bad_field"]),
    (200, [], "degraded", "nothing at /data/last: there is no data", ["bad_field"]),
    (200, {"data": {"last": None}}, "degraded", "no price: None", ["bad_field"]),
    (200, {"data": {"last": "NaN"}}, "degraded", "no price: NaN", ["bad_field"]),
    (200, {"data": {"last": -92500}}, "degraded", "a price above 0 is expected", ["bad_field"]),
    (200, {"data": {"last": 0}}, "degraded", "a price above 0 is expected", ["bad_field"]),
    (200, {"data": {"last": {"p": 1}}}, "degraded", "no price", ["bad_field"]),
    (200, b"[" * (LARGEST_BODY_BYTES + 1), "reconnecting", "an answer of more than", []),
]


@pytest.mark.parametrize(("status", "body", "state", "reason", "faults"), FAULTS)
async def test_a_fault_is_told_and_no_price_comes_of_it(
    status: int, body: Any, state: str, reason: str, faults: list[str]
) -> None:
    async with polled() as (quotes, keeper, log):
        await log.until(lambda: prices(log) == [92_000])
        quotes.status, quotes.answer = status, body
        keeper.reread()
        await log.until(lambda: log.states[-1] == state)
        assert log.reasons[-1].startswith(reason)
        await log.until(lambda: log.faults == faults)
        assert prices(log) == [92_000]
        quotes.status, quotes.answer = 200, {"data": {"last": 92_500}}
        keeper.reread()
        await log.until(lambda: prices(log) == [92_000, 92_500])
        assert log.states[-1] == "live"


async def test_a_server_that_does_not_answer_is_given_up_in_time() -> None:
    async with polled() as (quotes, keeper, log):
        await log.until(lambda: prices(log) == [92_000])
        quotes.hang.clear()
        keeper.reread()
        await log.until(lambda: log.states[-1] == "reconnecting")
        assert log.reasons[-1] == f"no answer within {TIMEOUT_SECONDS} s"


async def test_nobody_there_is_told_without_the_query() -> None:
    held, log = contract('url = "http://127.0.0.1:9/x?key=the-key-itself"\npointer = ""'), EventLog()
    async with kept(AddressKeeper(held, held.price.source, log.emit, Clock())):  # type: ignore[arg-type]
        await log.until(lambda: log.states[-1:] == ["reconnecting"])
    assert log.reasons[-1] == "unreachable (ConnectError)"


async def test_times_come_from_where_they_are_pointed_to() -> None:
    async with polled('time_pointer = "/ts"\ntime_format = "epoch_ms"') as (quotes, keeper, log):
        await log.until(lambda: log.faults == ["bad_field"])
        now_ms = Clock().now_ns() // 1_000_000
        for age_ms, price in ((5_000, 92_000), (5_000, 92_100), (5_001, 1), (-60_000, 2), (4_000, 92_200)):
            quotes.answer = {"data": {"last": price}, "ts": str(now_ms - age_ms)}
            told = len(log.faults) + len(prices(log))
            keeper.reread()
            await log.until(lambda told=told: len(log.faults) + len(prices(log)) > told)  # type: ignore[misc]
        assert prices(log) == [92_000, 92_100, 92_200]
        assert [event.venue_time_ns for event in tickers(log)] == [
            (now_ms - age_ms) * 1_000_000 for age_ms in (5_000, 5_000, 4_000)
        ]
        assert log.faults == ["bad_field", "out_of_order", "bad_field"]


async def test_a_header_that_the_environment_lacks_is_asked_for_by_its_name() -> None:
    for value, reason in (("", "is not set"), ("two\nlines", "holds what no header can")):
        async with polled('headers = { A = "QUOTES_TOKEN" }', QUOTES_TOKEN=value) as (quotes, _, log):
            await log.until(lambda: "reconnecting" in log.states)
            assert log.reasons[-1] == f"the environment variable QUOTES_TOKEN {reason}"
            assert quotes.requests == []


async def test_it_is_asked_no_sooner_than_it_wants() -> None:
    held = contract('url = "http://127.0.0.1:9/x"\npointer = ""\nevery_seconds = 20')
    keeper = AddressKeeper(held, held.price.source, lambda _: None, Clock())  # type: ignore[arg-type]
    waits = [await keeper.look() for _ in range(12)]
    assert min(waits) >= 20
    assert max(waits) > 20
    assert max(waits) <= 300
    async with polled(every=60) as (quotes, asked, log):
        await log.until(lambda: bool(prices(log)))
        for said, waits_for in (("900", 900), ("9999999", 3600), ("soon", 60)):
            quotes.status, quotes.headers = 429, {"Retry-After": said}
            assert waits_for <= await asked.look() <= max(waits_for, 300)
        quotes.status, quotes.headers = 200, {}
        assert await asked.look() == 60


async def test_the_log_says_nothing_of_an_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="hedgerow"):
        async with polled() as (_, _, log):
            await log.until(lambda: bool(prices(log)))
    assert "the-key-itself" not in caplog.text


# --- typed marks -----------------------------------------------------------------------------------------------


async def test_a_mark_in_the_configuration_is_told_with_its_own_time() -> None:
    events = await first_look(contract("typed = true\nmark = 92500\nat = 2020-01-01T00:00:00Z"), Clock())
    found = [event for event in events if isinstance(event, Ticker)]
    assert [(event.mark_price, event.venue_time_ns) for event in found] == [(Decimal(92_500), 1_577_836_800 * SECOND)]
    assert [event.state.value for event in events if isinstance(event, ConnectionChanged)] == ["live"]


async def test_a_mark_of_the_future_is_refused_and_one_that_is_not_there_is_no_fault() -> None:
    events = await first_look(contract("typed = true\nmark = 92500\nat = 2098-11-24T22:00:00Z"), Clock())
    assert not any(isinstance(event, Ticker) for event in events)
    (fault,) = [event for event in events if isinstance(event, FrameFault)]
    assert fault.detail == "the mark in the configuration: its time is in the future"
    events = await first_look(contract("typed = true"), Clock())
    assert not any(isinstance(event, Ticker | FrameFault) for event in events)


def test_each_kind_of_source_has_its_keeper() -> None:
    sources = ['file = "a"', 'url = "https://a.b/c"\npointer = ""', "typed = true"]
    made = price_keepers([contract(source) for source in sources], lambda _: None, Clock())
    assert [keeper.name for keeper in made] == [f"{NAME} file", f"{NAME} poll", f"{NAME} typed"]
    assert [type(keeper) for keeper in made] == [FileKeeper, AddressKeeper, TypedKeeper]
