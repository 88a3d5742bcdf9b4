"""The engine's thread: it serves views that are slow, commands at once, and says why when it is dead."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from core.books import Lot
from core.commands import ConfirmStage, HideScenarios, Resync, ShowScenarios, StageHedge, StepTarget
from core.demo_book import DemoLeg, seed_book
from core.engine import Engine
from core.errors import JournalError, LinkClosed, VenueError
from core.events import AnyEvent, OrderState, Ticker
from core.snapshot import Mode
from feeds.clock import Clock
from feeds.host import EngineHost
from feeds.paper import PaperBroker
from feeds.records import AnyRecord, Connected, Received, Sent
from feeds.registry import venue_feed
from tests.support.builders import LINEAR
from tests.support.bybit_server import (
    BybitServer,
    ScriptedFeed,
    bybit_server,
    feed_state,
    hedge,
    linear,
    mark_is_live,
    running_host,
    shown,
)
from tests.support.patience import PATIENCE


async def test_prices_come_through_to_the_snapshot() -> None:
    async with bybit_server(BybitServer.serve_well) as server:
        with running_host(ScriptedFeed(server.port)) as host:
            snapshot = await shown(
                host,
                lambda item: mark_is_live(item) and hedge(item).liquidation_price.known and feed_state(item) == "live",
            )
            price = hedge(snapshot).mark_price.value
            assert price is not None
            assert Decimal(60_000) <= price < Decimal(60_100)
            await shown(host, lambda item: item.sequence > snapshot.sequence + 3 and item.events > snapshot.events)


async def test_a_key_press_goes_all_the_way_to_a_paper_fill() -> None:
    async with bybit_server(BybitServer.serve_well) as server:
        with running_host(ScriptedFeed(server.port)) as host:
            await shown(host, mark_is_live)
            host.send(StepTarget(book="bitcoin", instrument=LINEAR, step=Decimal("0.05")))
            await shown(host, lambda item: hedge(item).target_ratio.value == Decimal("0.55"))
            host.send(StageHedge(book="bitcoin", instrument=LINEAR))
            stage = (await shown(host, lambda item: item.stage is not None)).stage
            assert stage is not None
            host.send(ConfirmStage(client_order_id=stage.client_order_id))
            done = await shown(host, lambda item: any(order.state is OrderState.FILLED for order in item.orders))
            assert hedge(done).quantity.value == Decimal("-2.75")


async def test_a_view_that_hangs_in_its_own_code_holds_nothing_up() -> None:
    release = threading.Event()
    async with bybit_server(BybitServer.serve_well) as server:
        with running_host(ScriptedFeed(server.port)) as host:
            first = await shown(host, mark_is_live)
            hung = asyncio.create_task(asyncio.to_thread(host.wait_until, lambda _: release.wait(PATIENCE), PATIENCE))
            later = await shown(host, lambda item: item.events > first.events + 10)
            assert not hung.done()
            assert later.sequence > first.sequence
            release.set()
            await hung


async def test_the_engine_loses_no_tick_while_nobody_looks() -> None:
    """Fifty frames with no look at the link: all are counted when somebody looks again."""

    async def fifty_frames(server: BybitServer, socket: Any) -> None:
        await server.acknowledge(socket)
        await server.stream(socket, deltas=50)
        done.set()
        await server.stream(socket)

    done = asyncio.Event()
    async with bybit_server(fifty_frames) as server:
        with running_host(ScriptedFeed(server.port)) as host:
            await done.wait()
            sent = server.frames
            snapshot = await shown(host, lambda item: linear(item).frames >= sent)
            assert sent > 50
            assert linear(snapshot).faults == 0


async def test_stop_is_final_and_leaves_no_thread() -> None:
    async with bybit_server(BybitServer.serve_well) as server:
        before = threading.active_count()
        with running_host(ScriptedFeed(server.port)) as host:
            await shown(host, mark_is_live)
            host.stop(PATIENCE)
        host.stop()
        assert not [thread for thread in threading.enumerate() if thread.name == "hedgerow-engine"]
        assert threading.active_count() <= before + 1, "asyncio.to_thread may keep a worker of its own"
        with pytest.raises(LinkClosed, match="stopped"):
            host.latest()
        with pytest.raises(LinkClosed, match="stopped"):
            host.send(Resync())
        with pytest.raises(LinkClosed, match="stopped"):
            host.wait_until(lambda _: True, 1)


def test_a_host_that_was_never_started_says_so() -> None:
    book = seed_book()
    engine = Engine([book], mode=Mode.PAPER, source="test")
    host = EngineHost(engine, [], [], PaperBroker(book.accounts), Clock())
    assert host.latest() is None
    with pytest.raises(LinkClosed, match="not been started"):
        host.send(Resync())
    host.stop()


class FailingEngine(Engine):
    """An engine that breaks on the tenth ticker."""

    error: Exception = ZeroDivisionError("secret-canary")
    seen = 0

    def apply(self, event: AnyEvent) -> None:
        self.seen += isinstance(event, Ticker)
        if self.seen >= 10:
            raise self.error
        super().apply(event)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ZeroDivisionError("secret-canary"), r"the engine failed \(ZeroDivisionError\)"),
        (JournalError("journal /x cannot be written: disk full"), "the engine stopped: journal /x .* disk full"),
    ],
)
async def test_a_dead_engine_says_why(error: Exception, words: str, caplog: pytest.LogCaptureFixture) -> None:
    async with bybit_server(BybitServer.serve_well) as server:
        book = seed_book()
        engine = FailingEngine([book], mode=Mode.PAPER, source="test")
        engine.error = error
        host = EngineHost(engine, [ScriptedFeed(server.port)], [LINEAR], PaperBroker(book.accounts), Clock())
        host.start()
        with pytest.raises(LinkClosed, match=words):
            await asyncio.to_thread(host.wait_until, lambda _: False, PATIENCE)
        with pytest.raises(LinkClosed, match=words):
            host.send(Resync())
        host.stop()
        assert "secret-canary" not in caplog.text


async def test_reference_data_is_retried_and_its_trouble_shown() -> None:
    class Reluctant(ScriptedFeed):
        async def reference(self, instruments: Sequence[str]) -> Sequence[AnyEvent]:
            events = await super().reference(instruments)
            if self.references < 2:
                raise VenueError("bybit", "HTTP 503", "down for maintenance")
            return events

    async with bybit_server(BybitServer.serve_well) as server:
        feed = Reluctant(server.port)
        with running_host(feed) as host:
            await shown(host, lambda item: hedge(item).liquidation_price.known)
            trouble = next(view for cut in host.cuts for view in cut.feeds if view.connection == "reference")
            assert (trouble.state.value, trouble.reason) == (
                "reconnecting",
                "bybit: HTTP 503: down for maintenance",
            )


async def test_reference_data_is_read_again_in_time() -> None:
    async with bybit_server(BybitServer.serve_well) as server:
        feed = ScriptedFeed(server.port)
        with running_host(feed, reference_seconds=0.05) as host:
            await shown(host, lambda _: feed.references >= 3)


async def test_resync_reopens_every_feed_and_rereads_the_reference() -> None:
    async with bybit_server(BybitServer.serve_well) as server:
        feed = ScriptedFeed(server.port)
        with running_host(feed) as host:
            await shown(host, mark_is_live)
            host.send(Resync())
            await shown(host, lambda item: linear(item).reconnects == 1 and mark_is_live(item))
            assert server.sockets == 2
            await shown(host, lambda _: feed.references == 2)


async def test_the_tap_sees_every_raw_frame() -> None:
    seen: list[AnyRecord] = []
    async with bybit_server(BybitServer.serve_well) as server:
        with running_host(ScriptedFeed(server.port), tap=seen.append) as host:
            await shown(host, mark_is_live)
    kinds = [type(record) for record in seen]
    assert kinds[:2] == [Connected, Sent]
    received = [record.data for record in seen if isinstance(record, Received)]
    assert b'"markPrice"' in received[1]
    assert [record.ns for record in seen] == sorted(record.ns for record in seen)


def test_an_instrument_that_no_feed_serves_is_told_when_the_engine_starts() -> None:
    book = seed_book(DemoLeg("bybit:moon:BTCUSDT", "bybit:spot:BTCUSDT"))
    engine = Engine([book], mode=Mode.PAPER, source="test")
    host = EngineHost(engine, [venue_feed("bybit")], ["bybit:moon:BTCUSDT"], PaperBroker(book.accounts), Clock())
    host.start()
    with pytest.raises(LinkClosed, match="the engine stopped: instrument: expected one of bybit's"):
        host.wait_until(lambda _: False, PATIENCE)
    host.stop()


async def test_waiting_ends_when_time_is_up_with_the_newest_picture() -> None:
    async with bybit_server(BybitServer.serve_well) as server:
        with running_host(ScriptedFeed(server.port)) as host:
            await shown(host, mark_is_live)
            picture = await asyncio.to_thread(host.wait_until, lambda _: False, 0.1)
            assert picture is not None
            assert mark_is_live(picture)


async def test_scenarios_are_reckoned_beside_the_engine_and_their_process_ends_with_it() -> None:
    async with bybit_server(BybitServer.serve_well) as server:
        lots = (Lot(asset="BTC", quantity=Decimal(5), cost=Decimal(60_000)),)
        with running_host(ScriptedFeed(server.port), book=msgspec.structs.replace(seed_book(), lots=lots)) as host:
            await shown(host, mark_is_live)
            host.send(ShowScenarios(book="bitcoin"))
            asked = len(host.cuts)
            snapshot = await shown(host, lambda item: item.scenario is not None and item.scenario.complete)
            assert snapshot.scenario is not None
            assert snapshot.scenario.grid is not None
            assert any(item.scenario is None for item in host.cuts[asked:]), "pictures are cut meanwhile"
            pid = host._reckoner.pid
            assert pid is not None
            host.send(HideScenarios())
            await shown(host, lambda item: item.scenario is None)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
