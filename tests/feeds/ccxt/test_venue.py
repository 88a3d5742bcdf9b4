"""How an exchange that is read through ccxt is named, found and refused."""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from core.config import parse_config
from core.errors import ConfigError, RequestError, VenueError
from core.orders import OrderRequest
from core.symbols import exchange_of, is_contract, is_spot_pair, markets_of, read_name
from feeds.ccxt.client import CcxtFeed
from feeds.ccxt.exchange import Client, moved, refusal
from feeds.registry import account_feed, decoder_for, split_instrument, tiers_need_key, venue_feed, venue_module
from feeds.venue import Credentials, Endpoints
from tui.cli.main import main

KEY = Credentials("the-key", "the-secret", "the-word")


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("ccxt.kraken:swap:BTC/USD:USD", ("BTC", "USD", "USD")),
        ("ccxt.kraken:swap:BTC/USD:BTC", ("BTC", "USD", "BTC")),
        ("ccxt.gate:future:ETH/USDT:USDT-261225", ("ETH", "USDT", "USDT")),
        ("ccxt.kraken:spot:BTC/USD", ("BTC", "USD", "USD")),
    ],
)
def test_a_symbol_tells_its_terms_and_may_hold_colons(name: str, terms: tuple[str, str, str]) -> None:
    told = read_name(name)
    assert told is not None
    assert (told.base, told.quote, told.settle) == terms
    venue, market, symbol = name.split(":", 2)
    assert split_instrument(name) == (venue, market, symbol)
    assert is_spot_pair(name) == (market == "spot") != is_contract(name)


@pytest.mark.parametrize(
    "name",
    [
        *("ccxt.kraken:swap:BTC/USD", "ccxt.kraken:spot:BTC/USD:USD", "ccxt.kraken:future:BTC/USD:USD"),
        *("ccxt.kraken:linear:BTC/USD:USD", "ccxt.:swap:BTC/USD:USD", "ccxt:swap:BTC/USD:USD", "ccxt.kraken:swap:"),
        *("ccxt.kraken:spot:btc/usd", "ccxt.Kraken:spot:BTC/USD", "ccxt.../etc:spot:BTC/USD"),
    ],
)
def test_other_spellings_are_none(name: str) -> None:
    assert read_name(name) is None


def test_a_venue_is_named_after_the_exchange() -> None:
    assert (exchange_of("ccxt.kraken"), exchange_of("kraken"), exchange_of("ccxt.")) == ("kraken", "", "")
    assert markets_of("ccxt.kraken") == ("swap", "future", "spot")
    assert venue_feed("ccxt.kraken").venue == "ccxt.kraken"
    assert not tiers_need_key("ccxt.kraken")


def test_an_exchange_that_ccxt_does_not_know_is_refused_with_what_is_near() -> None:
    with pytest.raises(RequestError, match=r"such as .*ccxt\.kraken"):
        venue_feed("ccxt.krakn")


def test_without_ccxt_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt.pro", None)
    with pytest.raises(RequestError, match=r"pip install 'hedgerow\[ccxt\]'"):
        venue_feed("ccxt.kraken")
    with pytest.raises(RequestError, match=r"pip install 'hedgerow\[ccxt\]'"):
        account_feed("ccxt.kraken", "main", None, KEY)


def test_there_is_nothing_raw_to_decode(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RequestError, match="nothing raw to decode"):
        decoder_for("ccxt.kraken", "swap")
    assert main(["decode", "--venue", "ccxt.kraken"]) == 2
    assert "nothing raw to decode" in capsys.readouterr().err


def test_a_passphrase_is_wanted_where_the_exchange_has_one() -> None:
    assert venue_module("ccxt.kucoin").PASSPHRASE is True
    assert venue_module("ccxt.kraken").PASSPHRASE is False


def test_tiers_are_told_where_ccxt_has_a_call_that_can_be_trusted() -> None:
    told = {name: venue_module(f"ccxt.{name}").TELLS_TIERS for name in ("bybit", "okx", "btcturk", "nobody")}
    assert told == {"bybit": True, "okx": False, "btcturk": False, "nobody": False}


async def test_orders_are_refused_as_read_only() -> None:
    desk = account_feed("ccxt.kraken", "main", None, KEY)
    order = OrderRequest(
        client_order_id="x",
        account="main",
        instrument="ccxt.kraken:swap:BTC/USD:USD",
        side="sell",
        quantity=Decimal(1),
        limit_price=Decimal(1),
        reduce_only=False,
        created_ns=1,
    )
    for ask in (desk.place(order), desk.cancel(order), desk.query(order)):
        with pytest.raises(VenueError, match="read only"):
            await ask


def test_other_instruments_are_refused_by_name() -> None:
    for name in ("ccxt.gate:swap:BTC/USD:USD", "kraken:swap:BTC/USD:USD", "ccxt.kraken:swap:BTC/USD"):
        with pytest.raises(RequestError, match=r"ccxt\.kraken:swap:BTC/USDT:USDT"):
            CcxtFeed("kraken", None, None).polls([name])


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_streams_are_preferred_and_linear_and_inverse_contracts_asked_for_apart() -> None:
    names = [
        f"ccxt.bybit:{rest}"
        for rest in ("swap:BTC/USDT:USDT", "swap:ETH/USDT:USDT", "swap:BTC/USD:BTC", "spot:BTC/USDT")
    ]
    plans = {plan.name: plan for plan in venue_feed("ccxt.bybit").polls(names)}
    assert (plans["tickers swap USDT"].channels, plans["tickers swap USDT"].instruments) == (
        ("watchTickers swap USDT",),
        tuple(names[:2]),
    )
    assert plans["tickers swap BTC"].instruments == (names[2],)
    assert plans["funding swap USDT"].channels == ("fetchFundingRates swap USDT",)
    assert plans["tickers swap USDT"].every_seconds < 1 < plans["funding swap USDT"].every_seconds
    assert "funding spot pairs" not in plans
    assert venue_feed("ccxt.bybit").plans(names) == ()


def test_an_exchange_that_ccxt_does_not_stream_is_polled() -> None:
    feed = CcxtFeed("btcturk", None, None)
    calls = {plan.channels[0] for plan in feed.polls(["ccxt.btcturk:spot:BTC/USDT"])}
    assert calls
    assert all(call.startswith("fetch") for call in calls)


# --- the client ------------------------------------------------------------------------------------------------------


def test_addresses_move_to_another_host_and_keep_their_paths() -> None:
    own = {"a": "https://api.{hostname}/v5", "ws": {"public": "wss://stream.x.com/v5/public/linear"}, "n": None}
    assert moved(own, Endpoints(rest="http://127.0.0.1:1", websocket="ws://127.0.0.1:2/base/")) == {
        "a": "http://127.0.0.1:1/v5",
        "ws": {"public": "ws://127.0.0.1:2/base/v5/public/linear"},
        "n": None,
    }


@pytest.mark.parametrize(
    ("error", "code", "unknown", "waits"),
    [
        (ccxt.RateLimitExceeded("x"), "limited", False, True),
        (ccxt.RequestTimeout("x"), "timeout", True, False),
        (ccxt.OnMaintenance("x"), "maintenance", False, True),
        (ccxt.AuthenticationError("x"), "refused", False, False),
        (ccxt.BadSymbol("x"), "no_such_symbol", False, False),
        (ccxt.NetworkError("x"), "unreachable", True, False),
        (ccxt.ExchangeError("x"), "ExchangeError", False, False),
        (KeyError("x"), "bad_answer", False, False),
    ],
)
def test_every_failure_is_a_venue_error(error: Exception, code: str, unknown: bool, waits: bool) -> None:
    told = refusal("ccxt.x1", "fetchTicker", error)
    assert (told.code, told.outcome_unknown, told.retry_after_seconds is not None) == (code, unknown, waits)


def test_nothing_of_a_refusals_text_is_shown_which_may_hold_a_signature() -> None:
    secret = "kraken GET https://x/?apiKey=the-key&signature=5f"
    for kind in (ccxt.ExchangeError, ccxt.NetworkError, ccxt.AuthenticationError, ValueError):
        assert "the-key" not in str(refusal("ccxt.kraken", "fetchBalance", kind(secret)))
    assert "the-key" not in repr(vars(Client("kraken", None, KEY))["_credentials"])


class Slow:
    """An exchange of one stream, which pushes when it is let."""

    markets: dict[str, Any] = {"X": {}}  # noqa: RUF012 - as ccxt's own

    def __init__(self) -> None:
        self.calls = 0
        self.push = asyncio.Event()

    async def watchTicker(self, symbol: str) -> str:
        self.calls += 1
        await self.push.wait()
        return symbol

    async def fetchLost(self) -> None:
        raise asyncio.CancelledError

    async def close(self) -> None:
        self.push.set()


async def test_a_push_that_is_late_is_waited_for_again_and_not_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    client, slow = Client("kraken", None, None), Slow()
    monkeypatch.setattr(client, "_connected", lambda: slow)
    with pytest.raises(VenueError, match="nothing within"):
        await client.ask("watchTicker", "X", seconds=0.01)
    slow.push.set()
    assert await client.ask("watchTicker", "X", seconds=5) == "X"
    assert slow.calls == 1


async def test_a_lost_connection_is_a_venue_error_and_ends_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client("kraken", None, None)
    monkeypatch.setattr(client, "_connected", Slow)
    with pytest.raises(VenueError, match="connection was lost"):
        await client.ask("fetchLost")


def test_what_ccxt_has_open_is_closed_when_its_loop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    client, made = Client("kraken", None, None), list[Slow]()

    def connected() -> Slow:
        made.append(Slow())
        return made[-1]

    async def ask() -> None:
        await client.markets()

    monkeypatch.setattr(client, "_connected", connected)
    asyncio.run(ask())
    asyncio.run(ask())
    assert [it.push.is_set() for it in made] == [True, True], "one a loop, each closed"


async def test_floats_of_bodies_are_never_made() -> None:
    exchange = Client("kraken", None, None)._connected()
    told = exchange.parse_json('{"a": 0.1000000000000000055511151231257827, "b": 12345678901234567890}')
    assert told == {"a": "0.1000000000000000055511151231257827", "b": 12345678901234567890}
    assert exchange.parse_number("0.10") == "0.10"
    await exchange.close()


# --- in the configuration --------------------------------------------------------------------------------------------

CONFIG = """
[venues."ccxt.kraken"]
api_key_env = "KRAKEN_KEY"
secret_env = "KRAKEN_SECRET"

[[accounts]]
name = "kraken"
venue = "ccxt.kraken"
settle = "USD"
paper = false

[[books]]
name = "main"

[[books.lots]]
asset = "BTC"
quantity = 5
cost = 60000
price = "ccxt.kraken:spot:BTC/USD"

[[books.hedges]]
asset = "BTC"
instrument = "ccxt.kraken:swap:BTC/USD:USD"
account = "kraken"
target_ratio = 0.5
"""


def test_a_configuration_names_such_venues_accounts_pairs_and_contracts(tmp_path: Path) -> None:
    config = parse_config(CONFIG, tmp_path / "config.toml")
    (book,) = config.books
    assert (book.hedges[0].instrument, book.lots[0].price) == (
        "ccxt.kraken:swap:BTC/USD:USD",
        "ccxt.kraken:spot:BTC/USD",
    )
    assert [(it.venue, it.paper) for it in book.accounts] == [("ccxt.kraken", False)]
    assert list(config.venues) == ["ccxt.kraken"]


@pytest.mark.parametrize(
    ("hidden", "exchange", "advice"),
    [(True, "kraken", "pip install 'hedgerow[ccxt]'"), (False, "krakn", "ccxt.kraken")],
)
def test_the_doctor_says_what_is_lacking(
    hidden: bool,
    exchange: str,
    advice: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("KRAKEN_KEY", "KRAKEN_SECRET"):
        monkeypatch.setenv(name, "x")
    if hidden:
        monkeypatch.setitem(sys.modules, "ccxt.pro", None)
    (tmp_path / "config.toml").write_text(CONFIG.replace("ccxt.kraken", f"ccxt.{exchange}"))
    assert main(["doctor", "--config", str(tmp_path / "config.toml")]) == 2
    told = capsys.readouterr().out
    assert f"fail  ccxt.{exchange}: it cannot be asked" in told
    assert advice in told


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('[venues."ccxt.kraken"]', "[venues.kraken]", "ccxt.EXCHANGE"),
        ('venue = "ccxt.kraken"', 'venue = "kraken"', "ccxt.EXCHANGE"),
        ("swap:BTC/USD:USD", "swap:BTC/USD:BTC", "BTC"),
    ],
)
def test_a_wrong_name_is_told(old: str, new: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=expected):
        parse_config(CONFIG.replace(old, new), tmp_path / "config.toml")
