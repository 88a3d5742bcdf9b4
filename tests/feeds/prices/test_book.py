"""A book hedged with a future that no feed prices, from its configuration to a filled paper order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from core.commands import ConfirmStage, Resync, SetTarget, StageHedge, TypeMark
from core.config import parse_config
from core.events import ConnectionState, OrderState
from core.figures import Freshness
from core.snapshot import HedgeLine, Mode, Snapshot
from feeds.host import EngineHost
from tests.core.sheets import PRICED, priced
from tests.support.patience import PATIENCE
from tui.cli.wiring import open_configured_journal, running_engine


@contextmanager
def running(folder: Path, source: str) -> Iterator[EngineHost]:
    """The monitor's engine on the book, with a journal in ``folder``."""
    text = f'{priced(source)}\n[journal]\npath = "journal.sqlite"\n'
    config = parse_config(text, folder / "config.toml")
    with (
        open_configured_journal(config) as journal,
        running_engine(
            config.books, [], mode=Mode.PAPER, source="test", journal=journal, contracts=config.contracts
        ) as host,
    ):
        yield host


def line(snapshot: Snapshot) -> HedgeLine:
    return snapshot.books[0].hedges[0]


def shown(host: EngineHost, predicate: Callable[[Snapshot], bool]) -> Snapshot:
    found = host.wait_until(lambda snapshot: bool(snapshot.books) and predicate(snapshot), PATIENCE)
    assert found is not None
    assert predicate(found), (line(found).mark_price, found.feeds, found.message)
    return found


def marked(host: EngineHost, price: int) -> Snapshot:
    return shown(host, lambda snapshot: line(snapshot).mark_price.value == price)


def state(snapshot: Snapshot) -> tuple[ConnectionState, str]:
    view = next(view for view in snapshot.feeds if view.venue == "cme")
    return view.state, view.reason


def test_a_file_that_grows_prices_the_book_and_its_orders(tmp_path: Path) -> None:
    file = tmp_path / "mbt.txt"
    file.write_text("92000\n")
    with running(tmp_path, 'file = "mbt.txt"') as host:
        seen = line(marked(host, 92_000))
        assert (seen.profit.value, seen.delta.value) == (Decimal(-5 * 2_000), Decimal("-5.0"))
        assert seen.liquidation_price.value == 90_000 + Decimal(300_000 - 50 * 2_260) / 5
        with file.open("a") as stream:
            stream.write("92500\n")
        assert line(marked(host, 92_500)).profit.value == -5 * 2_500
        host.send(SetTarget(book="main", instrument=PRICED, ratio=Decimal("0.7")))
        host.send(StageHedge(book="main", instrument=PRICED))
        stage = shown(host, lambda snapshot: snapshot.stage is not None).stage
        assert stage is not None
        assert (stage.refusals, stage.quantity.value, stage.fee.value) == ((), Decimal(20), Decimal(50))
        host.send(ConfirmStage(client_order_id=stage.client_order_id))
        filled = shown(host, lambda snapshot: any(order.state is OrderState.FILLED for order in snapshot.orders))
        assert (line(filled).quantity.value, line(filled).fees.value) == (Decimal(-70), Decimal(50))
        entry = line(filled).entry_price.value
        assert entry is not None
        assert round(entry * 70, 9) == 50 * 90_000 + 20 * 92_500
        assert filled.books[0].accounts[0].maintenance_margin.value == 70 * 2_260
        file.unlink()
        lost = shown(host, lambda snapshot: state(snapshot)[0] is ConnectionState.RECONNECTING)
        assert "No such file" in state(lost)[1]
        assert line(lost).mark_price.value == 92_500
        assert line(lost).mark_price.freshness is Freshness.LIVE
    with running(tmp_path, 'file = "mbt.txt"') as host:
        again = shown(host, lambda snapshot: line(snapshot).quantity.value == -70)
        assert not line(again).mark_price.known, "the file is gone, and its price with that run"


class Answers(BaseHTTPRequestHandler):
    """Whatever the test wants to answer."""

    answer = (200, b'{"data": {"last": 92000}}')

    def do_GET(self) -> None:
        """Answer."""
        status, body = type(self).answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_ignored: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    class Own(Answers):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Own) as made:
        thread = Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()


def test_an_address_prices_the_book_and_its_faults_are_feed_health(tmp_path: Path, server: ThreadingHTTPServer) -> None:
    handler = server.RequestHandlerClass
    source = f'url = "http://127.0.0.1:{server.server_address[1]}/last"\npointer = "/data/last"\nevery_seconds = 1'
    with running(tmp_path, source) as host:
        assert line(marked(host, 92_000)).price_source.startswith("mark price from 127.0.0.1")
        for answer, words in (
            ((500, b""), "HTTP 500"),
            ((200, b"nonsense"), "no JSON: nonsense"),
            ((200, b'{"data": {"last": -1}}'), "a price above 0 is expected, not -1"),
        ):
            handler.answer = answer  # type: ignore[attr-defined]
            host.send(Resync())
            told = shown(host, lambda snapshot, words=words: state(snapshot)[1] == words)  # type: ignore[misc]
            assert line(told).mark_price.value == 92_000
        handler.answer = (200, b'{"data": {"last": "92500"}}')  # type: ignore[attr-defined]
        host.send(Resync())
        assert state(marked(host, 92_500)) == (ConnectionState.LIVE, "")


def test_a_typed_mark_outlives_the_run_it_was_typed_in(tmp_path: Path) -> None:
    source = "typed = true\nmark = 90000\nat = 2020-01-01T00:00:00Z"
    with running(tmp_path, source) as host:
        first = shown(host, lambda snapshot: bool(snapshot.feeds))
        assert not line(first).mark_price.known, "a mark of years ago is none"
        host.send(TypeMark(instrument=PRICED, price=Decimal(92_501)))
        refused = shown(host, lambda snapshot: "multiple" in snapshot.message)
        assert not line(refused).mark_price.known
        host.send(TypeMark(instrument=PRICED, price=Decimal(92_500)))
        seen = line(marked(host, 92_500))
        assert (seen.profit.value, seen.price_typed) == (Decimal(-5 * 2_500), True)
        typed_ns = seen.mark_price.observed_ns
    with running(tmp_path, source) as host:
        again = marked(host, 92_500)
        assert line(again).mark_price.observed_ns == typed_ns
        assert state(again) == (ConnectionState.LIVE, "")
        assert [view.faults for view in again.feeds if view.venue == "cme"] == [0]
        host.send(SetTarget(book="main", instrument=PRICED, ratio=Decimal("0.4")))
        host.send(StageHedge(book="main", instrument=PRICED))
        stage = shown(host, lambda snapshot: snapshot.stage is not None).stage
        assert stage is not None
        host.send(ConfirmStage(client_order_id=stage.client_order_id))
        filled = shown(host, lambda snapshot: any(order.state is OrderState.FILLED for order in snapshot.orders))
        assert (line(filled).quantity.value, line(filled).fees.value) == (Decimal(-40), Decimal(25))
        assert line(filled).realised.value == -1 * 2_500
