"""The supervised connection against real servers on loopback that behave well, badly and not at all."""

from __future__ import annotations

import asyncio
import itertools
import json

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from core.events import ConnectionChanged, Ticker
from feeds.timing import DEFAULT_TIMING
from tests.feeds.toy import (
    QUICK,
    EventLog,
    ToyDecoder,
    ToyFeed,
    ToyServer,
    acknowledge,
    connected,
    data,
    stream,
    toy_server,
)
from tests.support.ports import ports_in_a_row
from tests.support.relay import relay_to

PATIENT = msgspec.structs.replace(QUICK, first_data_seconds=10.0, quiet_seconds=10.0, pong_seconds=10.0)
"""For what takes a while on a busy machine."""


async def serve_well(server: ToyServer, socket: ServerConnection) -> None:
    await stream(socket, await acknowledge(server, socket))


async def test_goes_live_on_data_and_says_each_step() -> None:
    async with toy_server(serve_well) as server, connected(ToyFeed(server.url)) as (_, log):
        await log.until(lambda: "live" in log.states)
        assert log.states == ["connecting", "subscribing", "live"]
        assert log.channel_states("a") == ["requested", "acked", "live"]
    assert log.states[-1] == "closed"


async def test_an_ack_is_not_data() -> None:
    """Acked and silent: SILENT is said in time, it is asked for once more, then the socket is given up."""

    async def ack_only(server: ToyServer, socket: ServerConnection) -> None:
        while True:
            await acknowledge(server, socket)

    async with toy_server(ack_only) as server, connected(ToyFeed(server.url)) as (_, log):
        await log.until(lambda: log.states.count("reconnecting") >= 1)
        assert "live" not in log.states
        assert log.channel_states("a") == ["requested", "acked", "silent"]
        assert [json.loads(text)["args"] for text in server.received[:2]] == [["a"], ["a"]]
        assert log.reasons[log.states.index("reconnecting")] == "no data on any channel"


async def test_a_socket_that_falls_silent_is_replaced_without_asking_again() -> None:
    async def fall_silent(server: ToyServer, socket: ServerConnection) -> None:
        await acknowledge(server, socket)
        await socket.send(data("a", server.opened))
        await asyncio.sleep(60)

    async with toy_server(fall_silent) as server, connected(ToyFeed(server.url)) as (_, log):
        await log.until(lambda: len(log.marks()) >= 2)
        assert log.channel_states("a")[:4] == ["requested", "acked", "live", "silent"]
        assert len(server.received) == 2, "one subscribe frame a socket"


async def test_garbage_is_counted_and_is_not_data() -> None:
    async def send_garbage(server: ToyServer, socket: ServerConnection) -> None:
        await acknowledge(server, socket)
        frames: list[bytes | str] = [b"\xff\xfe", "<html>", "[1,2", '{"topic":"a"}', ""]
        for rubbish in itertools.cycle(frames):
            await socket.send(rubbish)
            await asyncio.sleep(0.01)

    async with toy_server(send_garbage) as server, connected(ToyFeed(server.url)) as (_, log):
        await log.until(lambda: "reconnecting" in log.states)
        assert {"not_json", "bad_field"} <= set(log.faults)
        assert "silent" in log.channel_states("a")
        assert log.marks() == []


async def test_a_frame_over_the_limit_is_a_fault_and_the_socket_lives() -> None:
    async def send_giant(server: ToyServer, socket: ServerConnection) -> None:
        await acknowledge(server, socket)
        await socket.send(data("a", 1))
        await socket.send("x" * 10_000_000)
        await stream(socket, ["a"], start=2)

    feed = ToyFeed("")
    feed.silence_seconds = 10.0
    async with toy_server(send_giant) as server:
        feed.url = server.url
        async with connected(feed, PATIENT) as (_, log):
            await log.until(lambda: len(log.marks()) >= 3)
            assert log.faults == ["oversize"]
            assert server.opened == 1


async def test_a_giant_in_pieces_is_a_fault_too_and_pieces_make_one_frame() -> None:
    async def send_pieces(server: ToyServer, socket: ServerConnection) -> None:
        await acknowledge(server, socket)
        text = data("a", 7)
        await socket.send([text[:5], text[5:9], text[9:]])
        await socket.send(["x" * 1_000_000 for _ in range(3)])
        await socket.send(data("a", 8))
        await asyncio.sleep(60)

    feed = ToyFeed("")
    feed.silence_seconds = 10.0
    async with toy_server(send_pieces) as server:
        feed.url = server.url
        async with connected(feed, PATIENT) as (_, log):
            await log.until(lambda: len(log.marks()) >= 2)
            assert [int(mark or 0) for mark in log.marks()] == [7, 8]
            assert log.faults == ["oversize"]


async def test_a_frame_over_the_hard_limit_ends_the_socket_without_a_storm() -> None:
    async def send_endless(server: ToyServer, socket: ServerConnection) -> None:
        await acknowledge(server, socket)
        await socket.send("x" * 3_000_000)
        await asyncio.sleep(60)

    timing = msgspec.structs.replace(QUICK, hard_limit_bytes=2_000_000, first_delay_seconds=0.1)
    async with toy_server(send_endless) as server, connected(ToyFeed(server.url), timing) as (_, log):
        await log.until(lambda: log.states.count("reconnecting") >= 2)
        assert log.faults[:1] == ["oversize"]
        assert "the venue sent a frame over the size limit" in log.reasons
        assert server.opened <= 3


async def test_a_refused_group_is_asked_for_one_by_one_and_the_bad_topic_is_named() -> None:
    async def refuse_bad(server: ToyServer, socket: ServerConnection) -> None:
        streams: list[asyncio.Task[None]] = []
        while True:
            identity, channels = await server.subscription(socket)
            refused = "bad" in channels
            await socket.send(
                json.dumps({"id": identity, "ok": not refused, "why": "no such symbol" if refused else ""})
            )
            if not refused:
                streams.append(asyncio.create_task(stream(socket, channels)))

    feed = ToyFeed("", ["a", "bad", "c"])
    async with toy_server(refuse_bad) as server:
        feed.url = server.url
        async with connected(feed) as (_, log):
            await log.until(lambda: "degraded" in log.states and "live" in log.channel_states("c"))
            assert log.channel_states("bad") == ["requested", "refused"]
            assert "live" in log.channel_states("a")
            assert [json.loads(text)["args"] for text in server.received] == [["a", "bad", "c"], ["a"], ["bad"], ["c"]]
            await log.until(lambda: "bad refused" in log.reasons)
            await log.until(lambda: log.channel_states("bad").count("refused") >= 2)
            assert server.opened == 1, "a refused symbol is no reason to disturb the others"


async def test_a_silent_channel_among_live_ones_is_asked_again_then_moved_to_a_fresh_socket() -> None:
    """The others never miss a beat: the old socket goes only when the new one has all they had, and more."""

    async def second_socket_is_better(server: ToyServer, socket: ServerConnection) -> None:
        number = server.opened
        await acknowledge(server, socket)
        async with asyncio.TaskGroup() as group:
            group.create_task(stream(socket, ["a"] if number == 1 else ["a", "b"], start=number * 1000))
            group.create_task(acknowledge(server, socket))

    async with toy_server(second_socket_is_better) as server, connected(ToyFeed(server.url, ["a", "b"])) as (_, log):
        await log.until(lambda: "live" in log.channel_states("b"))
        await log.until(lambda: log.states[-1] == "live")
        assert "silent" in log.channel_states("b")
        assert "reconnecting" not in log.states
        assert "silent" not in log.channel_states("a")
        asked = [json.loads(text)["args"] for text in server.received]
        assert asked[:2] == [["a", "b"], ["b"]]


async def test_a_channel_that_stays_silent_never_disturbs_the_others() -> None:
    async def b_is_dead(server: ToyServer, socket: ServerConnection) -> None:
        await acknowledge(server, socket)
        await stream(socket, ["a"], start=server.opened * 1000)

    async with toy_server(b_is_dead) as server, connected(ToyFeed(server.url, ["a", "b"])) as (connection, log):
        await log.until(lambda: "degraded" in log.states)
        connection.timing = msgspec.structs.replace(QUICK, open_seconds=0.5)  # so long an heir may take to open
        await log.until(lambda: server.opened >= 3)
        assert log.states == ["connecting", "subscribing", "degraded"]
        assert all(int(mark or 0) < 2000 for mark in log.marks("a")), "only the first socket speaks"


async def test_accept_and_close_sees_few_attempts() -> None:
    """The storm: a server that opens and closes at once. The library's own loop makes some 700 a second."""

    async def slam(server: ToyServer, socket: ServerConnection) -> None:
        await socket.close(1013, "try again\nlater \x1b[31m")

    timing = msgspec.structs.replace(
        QUICK, first_delay_seconds=0.01, longest_delay_seconds=0.02, attempts=5, attempts_window_seconds=0.5
    )
    async with toy_server(slam) as server, connected(ToyFeed(server.url), timing) as (_, log):
        await asyncio.sleep(0)
        await log.until(lambda: server.opened >= 5)
        before = server.opened
        opened_ns = [event.received_ns for event in log.events if isinstance(event, ConnectionChanged)]
        await log.until(lambda: server.opened >= before + 5)
        later_ns = [event.received_ns for event in log.events if isinstance(event, ConnectionChanged)]
        assert (later_ns[-1] - opened_ns[0]) / 1e9 >= 0.4, "ten attempts cannot fit in one window of five"
        assert "closed by the venue: 1013 try againlater [31m" in log.reasons
        attempts = [event.attempt for event in log.events if isinstance(event, ConnectionChanged)]
        assert max(attempts) >= 5, "opening alone never counts as success"


async def test_the_delay_starts_again_only_after_seconds_of_data() -> None:
    log = EventLog()

    def carried_seconds() -> float:
        times = [event.received_ns for event in log.events if isinstance(event, Ticker) and event.venue_time_ns == 4]
        return (times[-1] - times[0]) / 1e9 if times else 0.0

    async def one_frame_then_close(server: ToyServer, socket: ServerConnection) -> None:
        number = server.opened
        await acknowledge(server, socket)
        await socket.send(data("a", number))
        while number == 4 and carried_seconds() < 2 * QUICK.steady_seconds:
            await asyncio.sleep(0.02)
            await socket.send(data("a", number))
        await socket.close(1001)

    def attempts() -> list[int]:
        return [
            event.attempt
            for event in log.events
            if isinstance(event, ConnectionChanged) and event.state.value == "connecting"
        ]

    async with toy_server(one_frame_then_close) as server, connected(ToyFeed(server.url), log=log):
        await log.until(lambda: len(attempts()) >= 6)
        assert attempts()[:6] == [0, 1, 2, 3, 1, 2], "the fourth socket carried data for long enough"


async def test_nobody_listens_then_somebody_does() -> None:
    port, log = ports_in_a_row(1), EventLog()
    async with connected(ToyFeed(f"ws://127.0.0.1:{port}"), log=log):
        await log.until(lambda: "connection refused" in log.reasons)
        async with toy_server(serve_well, port):
            await log.until(lambda: "live" in log.states)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "the venue answered HTTP 403"),
        (b"SSH-2.0-hello\r\n", "the venue did not answer as a websocket"),
        (b"", "the venue did not answer as a websocket"),
    ],
)
async def test_something_else_answers(answer: bytes, reason: str) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with connected(ToyFeed(f"ws://127.0.0.1:{port}")) as (_, log):
            await log.until(lambda: log.states.count("reconnecting") >= 2)
            assert reason in log.reasons


async def test_a_server_that_accepts_and_never_answers() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        timing = msgspec.structs.replace(QUICK, open_seconds=0.1)
        async with connected(ToyFeed(f"ws://127.0.0.1:{port}"), timing) as (_, log):
            await log.until(lambda: "no answer in time" in log.reasons)


async def test_retry_after_is_obeyed() -> None:
    async def banned(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(banned, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        timing = msgspec.structs.replace(QUICK, stay_away_seconds=0.4)
        async with connected(ToyFeed(f"ws://127.0.0.1:{port}"), timing) as (_, log):
            await log.until(lambda: log.states.count("connecting") >= 2)
            times = [event.received_ns for event in log.events if isinstance(event, ConnectionChanged)]
            assert (times[-1] - times[0]) / 1e9 >= 0.39


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "ws://127.0.0.1:99999", "ws://[::bad", "", "ws://a..b/"])
async def test_an_address_that_is_none_is_said_and_kept_trying(url: str) -> None:
    async with connected(ToyFeed(url)) as (_, log):
        await log.until(lambda: log.states.count("reconnecting") >= 2)
        assert not any("internal error" in reason for reason in log.reasons)


async def test_reopen_drops_the_socket_and_comes_back() -> None:
    async with toy_server(serve_well) as server, connected(ToyFeed(server.url)) as (connection, log):
        await log.until(lambda: "live" in log.states)
        connection.reopen("asked for")
        await log.until(lambda: log.states.count("live") >= 2)
        assert server.opened == 2
        assert "asked for" in log.reasons


async def test_reopen_while_still_connecting_starts_afresh() -> None:
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        feed = ToyFeed(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with connected(feed, msgspec.structs.replace(QUICK, open_seconds=60)) as (connection, log):
            await asked.wait()
            connection.reopen("asked for")
            await log.until(lambda: log.states.count("connecting") >= 2)
            assert "asked for" in log.reasons


async def test_a_feed_that_cannot_even_make_a_decoder_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ToyFeed):
        def decoder(self, plan: object) -> ToyDecoder:
            raise KeyError("secret-canary")

    async with connected(Broken("ws://127.0.0.1:1")) as (_, log):
        await log.until(lambda: "internal error (KeyError)" in log.reasons)
    assert "secret-canary" not in caplog.text + repr(log.events)


async def test_the_swap_overlaps_and_nothing_goes_backwards() -> None:
    """A planned swap: the new socket has data before the old one goes, and what it says late is not shown."""

    async def lag_on_the_second(server: ToyServer, socket: ServerConnection) -> None:
        number = server.opened
        await acknowledge(server, socket)
        while True:
            stamp = round(asyncio.get_running_loop().time() * 1000) - (40 if number > 1 else 0)
            await socket.send(data("a", stamp))
            await asyncio.sleep(0.005)

    feed = ToyFeed("")
    feed.lifetime_seconds = 0.4
    async with toy_server(lag_on_the_second) as server:
        feed.url = server.url
        async with connected(feed) as (_, log):
            await log.until(lambda: server.opened >= 3)
            assert server.most_live == 2, "make before break"
            assert "reconnecting" not in log.states
            assert "replaced by a fresh socket" in log.reasons
            marks = [int(mark or 0) for mark in log.marks()]
            assert marks == sorted(marks)


async def test_a_failed_swap_keeps_the_old_socket() -> None:
    async def only_the_first_works(server: ToyServer, socket: ServerConnection) -> None:
        number = server.opened
        await acknowledge(server, socket)
        if number > 1:
            await asyncio.sleep(60)
        await stream(socket, ["a"])

    feed = ToyFeed("")
    feed.lifetime_seconds = 0.1
    async with toy_server(only_the_first_works) as server:
        feed.url = server.url
        async with connected(feed) as (connection, log):
            await log.until(lambda: "live" in log.states)
            connection.timing = msgspec.structs.replace(QUICK, open_seconds=0.1)  # so long an heir may take to open
            await log.until(lambda: server.opened >= 3)
            assert log.states == ["connecting", "subscribing", "live"]
            assert server.most_live == 2


async def test_the_heir_takes_over_when_the_old_socket_dies_meanwhile() -> None:
    second_is_open = asyncio.Event()

    async def first_dies_when_second_opens(server: ToyServer, socket: ServerConnection) -> None:
        number = server.opened
        channels = await acknowledge(server, socket)
        if number == 1:
            task = asyncio.create_task(stream(socket, channels))
            await second_is_open.wait()
            task.cancel()
            socket.transport.abort()
            return
        second_is_open.set()
        await asyncio.sleep(0.1)
        await stream(socket, channels, start=1000)

    feed = ToyFeed("")
    feed.lifetime_seconds = 0.1
    async with toy_server(first_dies_when_second_opens) as server:
        feed.url = server.url
        async with connected(feed) as (_, log):
            await log.until(lambda: any(int(mark or 0) >= 1000 for mark in log.marks()))
            assert log.states.count("connecting") == 1, "the second socket was already open"
            assert "connection lost" in log.reasons, "yet the gap is said"


async def test_an_announced_shutdown_brings_a_fresh_socket_at_once() -> None:
    async def announce(server: ToyServer, socket: ServerConnection) -> None:
        number = server.opened
        channels = await acknowledge(server, socket)
        if number == 1:
            await socket.send(data("a", 1))
            await socket.send('{"topic":"shutdown"}')
        await stream(socket, channels, start=2)

    async with toy_server(announce) as server, connected(ToyFeed(server.url)) as (_, log):
        await log.until(lambda: "replaced by a fresh socket" in log.reasons)
        assert "reconnecting" not in log.states
        assert server.opened == 2


async def test_a_dead_peer_is_noticed_though_its_channels_may_rest() -> None:
    """Half open: what we send goes nowhere and nothing comes, not even a pong; no channel was due to speak."""
    feed = ToyFeed("")
    feed.silence_seconds = 60.0
    async with toy_server(serve_well) as server, relay_to(int(server.url.rsplit(":", 1)[1])) as relay:
        feed.url = f"ws://127.0.0.1:{relay.port}"
        async with connected(feed) as (_, log):
            await log.until(lambda: "live" in log.states)
            relay.swallow()
            await log.until(lambda: "no answer to a ping" in log.reasons)
            await log.until(lambda: log.states.count("live") >= 2)


@pytest.mark.parametrize("own", ["", '{"method":"PING"}'])
async def test_heartbeats_go_out_as_often_as_the_plan_wants_and_as_it_words_them(own: str) -> None:
    async def collect(server: ToyServer, socket: ServerConnection) -> None:
        channels = await acknowledge(server, socket)
        task = asyncio.create_task(stream(socket, channels))
        try:
            async for text in socket:
                server.received.append(str(text))
        finally:
            task.cancel()

    feed = ToyFeed("", heartbeat='{"op":"ping"}')
    feed.heartbeat_seconds, feed.own_heartbeat = 0.05, own
    async with toy_server(collect) as server:
        feed.url = server.url
        async with connected(feed) as (_, log):
            await log.until(lambda: server.received.count(own or '{"op":"ping"}') >= 3)
            assert not own or '{"op":"ping"}' not in server.received


async def test_a_channel_on_which_silence_is_normal_needs_an_ack_only() -> None:
    async def ack_only(server: ToyServer, socket: ServerConnection) -> None:
        await acknowledge(server, socket)
        await asyncio.sleep(60)

    feed = ToyFeed("")
    feed.silence_seconds = None
    async with toy_server(ack_only) as server:
        feed.url = server.url
        async with connected(feed) as (_, log):
            await log.until(lambda: "live" in log.states)
            assert log.channel_states("a") == ["requested", "acked"]


async def test_cancelling_leaves_no_task_behind() -> None:
    async with toy_server(serve_well) as server:
        before = asyncio.all_tasks()
        feed = ToyFeed(server.url)
        feed.lifetime_seconds = 0.05
        async with connected(feed) as (_, log):
            await log.until(lambda: server.opened >= 2)
        assert not {task.get_name() for task in asyncio.all_tasks() - before if task.get_name().startswith("toy.")}


async def test_a_decoder_that_breaks_its_promise_is_a_fault_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def decode(self, frame: bytes | str, received_ns: int) -> list[object]:
            raise ZeroDivisionError("secret-canary")

        def reset(self) -> None: ...

    class BrokenFeed(ToyFeed):
        def decoder(self, plan: object) -> Broken:  # type: ignore[override]
            return Broken()

    async with toy_server(serve_well) as server, connected(BrokenFeed(server.url)) as (_, log):
        await log.until(lambda: "bad_field" in log.faults)
        await log.until(lambda: "reconnecting" in log.states)
    assert "secret-canary" not in caplog.text + repr(log.events)


def test_the_production_limits_say_so_within_ten_seconds() -> None:
    """From the last frame (or the request) to SILENT, whatever the venue's plan allows itself."""
    assert DEFAULT_TIMING.first_data_seconds <= 9.0
    assert DEFAULT_TIMING.quiet_seconds + DEFAULT_TIMING.pong_seconds <= 9.0
    assert DEFAULT_TIMING.longest_delay_seconds == 30.0
    assert DEFAULT_TIMING.attempts <= 12
    assert DEFAULT_TIMING.attempts_window_seconds == 60.0
