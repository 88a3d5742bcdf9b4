"""A private stream on a real socket: let in before anything is asked for, answered, kept, and never recorded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
from websockets.asyncio.server import ServerConnection

from core.errors import VenueError
from core.events import AnyEvent, Heard
from feeds.records import AnyRecord, Tap
from feeds.venue import ConnectionPlan, Opening
from tests.feeds.toy import QUICK, EventLog, ToyDecoder, ToyFeed, ToyServer, acknowledge, connected, data, toy_server
from tests.support.patience import PATIENCE


class PrivateDecoder(ToyDecoder):
    """The toy's frames, and those about the stream itself."""

    def decode(self, frame: bytes | str, received_ns: int) -> Sequence[AnyEvent]:
        content = msgspec.json.decode(frame)
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind is None:
            return super().decode(frame, received_ns)
        detail = content.get("detail", "")
        return (Heard(received_ns=received_ns, kind=kind, channel=content.get("channel", ""), detail=detail),)


class PrivateFeed(ToyFeed):
    """A feed that has to be let in, with a key in its address that changes each time."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.silence_seconds = None
        self.openings = self.kept = 0
        self.kept_thrice = asyncio.Event()
        self.keep_alive_seconds: float | None = None
        self.answers_pings = True
        self.refusal: VenueError | None = None
        self.logs_in = True

    def plans(self, instruments: Sequence[str]) -> Sequence[ConnectionPlan]:
        (plan,) = super().plans(instruments)
        return (
            msgspec.structs.replace(
                plan, private=True, keep_alive_seconds=self.keep_alive_seconds, answers_pings=self.answers_pings
            ),
        )

    def decoder(self, plan: ConnectionPlan) -> PrivateDecoder:
        return PrivateDecoder()

    async def opening(self, plan: ConnectionPlan) -> Opening:
        self.openings += 1
        if self.refusal is not None:
            raise self.refusal
        return Opening(f"{plan.url}/?listenKey=secret{self.openings}", {"X-Key": "my key"})

    def login_frames(self, plan: ConnectionPlan) -> Sequence[str]:
        return ('{"op":"login","sign":"secret"}',) if self.logs_in else ()

    def answer_frame(self, plan: ConnectionPlan, heard: Heard) -> str | None:
        return json.dumps({"op": "pong", "of": heard.detail})

    async def keep_alive(self, plan: ConnectionPlan) -> None:
        self.kept += 1
        if self.kept == 3:
            self.kept_thrice.set()


async def let_in(server: ToyServer, socket: ServerConnection) -> None:
    """Take the login, then the subscriptions."""
    server.received.append(str(await socket.recv()))
    await socket.send('{"kind":"login"}')
    await acknowledge(server, socket)


async def hold(server: ToyServer, socket: ServerConnection) -> None:
    await let_in(server, socket)
    await asyncio.sleep(60)


@asynccontextmanager
async def private(feed: PrivateFeed, tap: Tap | None = None) -> AsyncIterator[EventLog]:
    async with connected(feed, tap=tap) as (_, log):
        yield log


async def test_the_login_comes_before_the_subscriptions_and_an_ack_makes_it_live() -> None:
    seen: list[tuple[str, str | None]] = []

    async def noting(server: ToyServer, socket: ServerConnection) -> None:
        assert socket.request is not None
        seen.append((socket.request.path, socket.request.headers.get("X-Key")))
        await hold(server, socket)

    async with toy_server(noting) as server, private(PrivateFeed(server.url)) as log:
        await log.until(lambda: "live" in log.states)
        assert [json.loads(text)["op"] for text in server.received] == ["login", "subscribe"]
        assert seen == [("/?listenKey=secret1", "my key")]


async def test_each_socket_has_a_fresh_address_and_no_word_of_it_is_said() -> None:
    async def drop(server: ToyServer, socket: ServerConnection) -> None:
        await let_in(server, socket)

    async with toy_server(drop) as server:
        feed = PrivateFeed(server.url)
        async with private(feed) as log:
            await log.until(lambda: feed.openings >= 3)
    assert "secret" not in repr(log.events)


async def test_a_refused_login_ends_the_socket_and_says_why() -> None:
    async def refuse(server: ToyServer, socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send('{"kind":"refusal","channel":"login","detail":"10003 invalid key"}')
        await asyncio.sleep(60)

    async with toy_server(refuse) as server, private(PrivateFeed(server.url)) as log:
        await log.until(lambda: "reconnecting" in log.states)
        assert "the login was refused: 10003 invalid key" in log.reasons
        assert "live" not in log.states


async def test_a_login_that_nobody_answers_ends_the_socket() -> None:
    async def ignore(server: ToyServer, socket: ServerConnection) -> None:
        await asyncio.sleep(60)

    async with toy_server(ignore) as server, private(PrivateFeed(server.url)) as log:
        await log.until(lambda: "reconnecting" in log.states)
        assert "no answer to the login" in log.reasons


async def test_a_machine_that_stands_during_the_login_is_no_venue_that_does_not_answer() -> None:
    async def stand(server: ToyServer, socket: ServerConnection) -> None:
        server.received.append(str(await socket.recv()))
        time.sleep(2 * QUICK.first_data_seconds)  # noqa: ASYNC251 - the client on this loop stands too
        await asyncio.sleep(0.01)
        await socket.send('{"kind":"login"}')
        await acknowledge(server, socket)
        await asyncio.sleep(60)

    async with toy_server(stand) as server, private(PrivateFeed(server.url)) as log:
        await log.until(lambda: "live" in log.states)
        assert log.states == ["connecting", "subscribing", "live"]
        assert server.opened == 1


async def test_an_address_that_cannot_be_made_is_tried_again() -> None:
    async with toy_server(hold) as server:
        feed = PrivateFeed(server.url)
        feed.refusal = VenueError("toy", "-1000", "no key today")
        async with private(feed) as log:
            await log.until(lambda: log.states.count("reconnecting") >= 2)
            assert "toy: -1000: no key today" in log.reasons
            feed.refusal = None
            await log.until(lambda: "live" in log.states)


async def test_what_the_venue_asks_is_answered_at_once() -> None:
    answers: list[str] = []
    done = asyncio.Event()

    async def ask(server: ToyServer, socket: ServerConnection) -> None:
        await let_in(server, socket)
        for number in range(3):
            await socket.send(json.dumps({"kind": "ping", "detail": str(number)}))
            answers.append(str(await socket.recv()))
        done.set()
        await asyncio.sleep(60)

    async with toy_server(ask) as server, private(PrivateFeed(server.url)):
        async with asyncio.timeout(PATIENCE):
            await done.wait()
    assert [json.loads(answer) for answer in answers] == [{"op": "pong", "of": str(number)} for number in range(3)]


async def test_a_stream_that_the_venue_ends_is_opened_anew() -> None:
    async def expire(server: ToyServer, socket: ServerConnection) -> None:
        await let_in(server, socket)
        if server.opened == 1:
            await socket.send('{"kind":"expired","detail":"the listen key has expired"}')
        await asyncio.sleep(60)

    async with toy_server(expire) as server:
        feed = PrivateFeed(server.url)
        async with private(feed) as log:
            await log.until(lambda: feed.openings >= 2 and log.states[-1] == "live")
            assert "the listen key has expired" in log.reasons


async def test_a_stream_is_kept_while_it_lives() -> None:
    async with toy_server(hold) as server:
        feed = PrivateFeed(server.url)
        feed.keep_alive_seconds = 0.02
        async with private(feed) as log:
            await log.until(lambda: "live" in log.states)
            async with asyncio.timeout(PATIENCE):
                await feed.kept_thrice.wait()
        assert not [task for task in asyncio.all_tasks() if "_keep_alive" in repr(task.get_coro())]


async def test_a_quiet_venue_that_does_not_answer_pings_is_asked_its_own_way() -> None:
    heartbeats = 0
    enough = asyncio.Event()

    async def answer(server: ToyServer, socket: ServerConnection) -> None:
        nonlocal heartbeats
        await let_in(server, socket)
        async for text in socket:
            heartbeats += text == "are you there"
            await socket.send('{"kind":"pong"}')
            if heartbeats >= 3:
                enough.set()

    async with toy_server(answer) as server:
        feed = PrivateFeed(server.url)
        feed.answers_pings = False
        feed._heartbeat = "are you there"
        async with private(feed) as log:
            async with asyncio.timeout(PATIENCE):
                await enough.wait()
            assert log.states[-1] == "live"
            assert server.opened == 1


async def test_nothing_of_a_private_stream_is_recorded() -> None:
    taken: list[AnyRecord] = []

    async def speak(server: ToyServer, socket: ServerConnection) -> None:
        await let_in(server, socket)
        await socket.send(data("a", 1))
        await asyncio.sleep(60)

    async with toy_server(speak) as server, private(PrivateFeed(server.url), tap=taken.append) as log:
        await log.until(lambda: bool(log.marks()))
    assert not taken
